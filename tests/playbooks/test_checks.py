"""CHECKS.md cannot lag: every code is explained there, and every example gives what it says, where it says."""

from __future__ import annotations

from datetime import date

import pytest

from playbooks.codes import CODES, Code
from playbooks.lint import lint
from playbooks.load import PlaybookErrors, parse
from tests.playbooks.checks import PAGE, WHOLE, Placed, Section, changed, examples, right, sections

TEXT = PAGE.read_text()
SMALL = right(TEXT)
SECTIONS = sections(TEXT)
TODAY = date(2026, 1, 15)

BY_BYTES: dict[str, tuple[bytes, Placed]] = {
    "too-large": (b"#" * (8 * 1024 * 1024 + 1), (1, 1, "too-large")),
    "not-utf8": (SMALL.replace("Rivière", "Riviere").encode() + b"# \xe8\n", (SMALL.count("\n") + 1, 3, "not-utf8")),
    "not-listed": (
        SMALL.encode() + b"".join(b"k%d: 1\n" % i for i in range(101)),
        (SMALL.count("\n") + 101, 1, "not-listed"),
    ),
}
"""What no text on the page can show: the bytes, and the last problem in them."""
BY_FILE = {"unreadable-file"}
"""What is wrong with a file rather than with what is in it: tests/bot/test_cli_check.py has the files."""


def found(source: str | bytes) -> list[Placed]:
    """Everything that reading and linting find."""
    try:
        book = parse(source if isinstance(source, bytes) else source.encode(), "river.yaml")
    except PlaybookErrors as wrong:
        problems = wrong.errors
    else:
        problems = lint(book, TODAY)
    assert all(problem.severity == CODES[problem.code].severity for problem in problems)
    return [(problem.line, problem.column, problem.code) for problem in problems]


def test_every_code_is_explained_and_nothing_else_in_the_order_of_the_registry() -> None:
    """A code without a section, a section without a code, and another order than the registry's are found."""
    assert [section.code for section in SECTIONS] == list(CODES)


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.code)
def test_a_section_says_how_severe_it_is_what_it_does_in_a_crisis_and_the_way_out(section: Section) -> None:
    """Each section begins as the registry has it, and has its two paragraphs."""
    code = CODES[section.code]
    assert section.head == f"**{code.severity}** · {code.title}."
    for beginning in ("**In a crisis:** ", "**Way out:** "):
        assert section.body.count(f"\n\n{beginning}") == 1, beginning


def test_there_is_nothing_to_find_in_the_small_playbook() -> None:
    """What the examples change is right, and free of warnings."""
    assert str(TODAY) in TEXT
    assert found(SMALL) == []


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.code)
def test_an_example_gives_its_code_at_its_place_and_nothing_else(section: Section) -> None:
    """Every code has an example, on the page or in bytes; what is found is what is marked, to the line and column."""
    shown = list(examples(section, SMALL))
    assert bool(shown) != (section.code in BY_BYTES or section.code in BY_FILE)
    for example in shown:
        assert example.marked
        assert {code for _, _, code in example.marked} == {section.code}
        assert found(example.source) == list(example.marked), example.source
    if section.code in BY_BYTES:
        source, last = BY_BYTES[section.code]
        assert found(source)[-1] == last


def test_a_code_is_a_few_words_and_its_title_a_line() -> None:
    """Codes are kebab case and titles have no full stop, so that they can stand in a sentence, a link and a table."""
    for name, code in CODES.items():
        assert isinstance(code, Code)
        assert name == code.code
        assert all(part.isalnum() and part.islower() for part in name.split("-")), name
        assert code.title[0].isupper() or code.title[0] == "`"
        assert len(code.title) <= 100
        assert not code.title.endswith(".")


def test_an_example_is_read_as_it_is_written() -> None:
    """Lines go out and come in at their place, a mark belongs to the line above it, and a passage must be there once."""
    small = "a: 1\nb: 2\nc: 3\nb: 2\n"
    example = changed(small, [" a: 1", "-b: 2", "+b: x", "!   ^ wrong-type", " c: 3", "@@", "+d: 4"])
    assert example.source == "a: 1\nb: x\nc: 3\nd: 4\nb: 2\n"
    assert example.marked == ((2, 4, "wrong-type"),)
    assert changed(small, [WHOLE, "+- x", "!^ not-a-playbook"]).source == "- x\n"
    for wrong in (["-b: 2"], ["-e: 5"], ["-c: 3", "@@", "-a: 1"], ["b: 2"], [" a: 1", "! wrong-type"]):
        with pytest.raises(AssertionError):
            changed(small, wrong)
