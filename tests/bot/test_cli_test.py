"""`tocsin test`: what its exit code says, what people read, what programs read, and that what it proposes can be put to use."""

from __future__ import annotations

import json
import textwrap
from pathlib import Path

import pytest

from bot.cli_test import as_data, as_text, examine
from playbooks.load import parse
from tests.bot.running import FLOOD, tocsin
from tests.playbooks.border import BORDER, NOON
from tests.playbooks.test_assertions import AID, CITY, asserting

ONE = f"{CITY}, sees: {{aid: {AID}}}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the border: without tests, with one that holds, with one that does not; and what cannot be read."""
    (tmp_path / "none.yaml").write_text(BORDER)
    (tmp_path / "one.yaml").write_bytes(asserting(ONE).source)
    (tmp_path / "wrong.yaml").write_bytes(asserting(ONE.replace("what: exact, ", "")).source)
    (tmp_path / "broken.yaml").write_text("playbook: x\n")
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("one.yaml",), 0),
        (("--strict", "one.yaml"), 1),
        (("none.yaml",), 0),
        (("--strict", "none.yaml"), 1),
        (("wrong.yaml", "one.yaml"), 1),
        (("wrong.yaml", "broken.yaml"), 2),
        (("nowhere.yaml",), 2),
        (("--strict", FLOOD), 0),
        ((FLOOD.with_name("meuse-flood.script.yaml"),), 2),
    ],
)
def test_the_exit_code_is_that_of_the_worst(folder: Path, arguments: tuple[str | Path, ...], code: int) -> None:
    """0 where all holds, 1 where something does not (with --strict: where something is untested), 2 where it cannot be said."""
    assert tocsin(folder, "test", *arguments).code == code


def test_a_folder_is_its_playbooks_and_what_cannot_be_read_goes_to_standard_error(folder: Path) -> None:
    """Each playbook is told, each unreadable one in lines of its own; an empty folder is no answer."""
    (folder / "deep").mkdir()
    ran = tocsin(folder, "test", ".")
    assert ran.code == 2
    assert [line for line in ran.out.splitlines() if line.endswith("border version 1")] == [
        f"{name}.yaml: border version 1" for name in ("none", "one", "wrong")
    ]
    assert ran.err
    assert all(line.startswith("broken.yaml:1:1: ") for line in ran.err.splitlines())
    assert tocsin(folder, "test", "deep").code == 2


def test_people_read_what_differs_and_where(folder: Path) -> None:
    """A line for each test, below it what differs in words, and how many hold."""
    lines = tocsin(folder, "test", "wrong.yaml").out.splitlines()
    place = f"wrong.yaml:{BORDER.count(chr(10)) + 2}"
    assert lines[1] == f"✗ {place}:5: Number 0"
    assert lines[2].startswith(f"    {place}:")
    assert "aid sees `what` as exact, and the test says withheld: the permit on line " in lines[2]
    assert lines[3] == "0 of 1 assertion holds."


def test_a_playbook_without_tests_says_so(folder: Path) -> None:
    """In words, and to programs by nulls, not by zeroes that could be taken for success."""
    assert "It has no tests" in tocsin(folder, "test", "none.yaml").out
    said = json.loads(tocsin(folder, "test", "--json", "none.yaml").out)["playbooks"][0]
    assert (said["holds"], said["assertions"], said["changes"]) == (None, [], None)
    assert len(said["rules"]["unexercised"]) == said["rules"]["count"] == 8


def test_programs_read_the_same(folder: Path) -> None:
    """Each difference, each idle rule and each survivor, with its place; and what could not be read."""
    ran = tocsin(folder, "test", "--json", "wrong.yaml", "broken.yaml")
    wrong, broken = json.loads(ran.out)["playbooks"]
    assert (ran.code, ran.err) == (2, "")
    [differs] = wrong["assertions"][0]["differences"]
    assert (wrong["holds"], differs["partner"], differs["field"], differs["wanted"], differs["found"]) == (
        False, "aid", "what", None, "exact",
    )  # fmt: skip
    assert differs["decided_by_line"] == next(
        number for number, text in enumerate(BORDER.splitlines(), 1) if "permit: [what], to: {jurisdiction" in text
    )
    assert all(one["line"] and one["column"] for one in wrong["changes"]["survived"])
    assert all(one["assert"]["given"]["from"] for one in wrong["changes"]["survived"])
    assert broken["holds"] is None
    assert broken["unreadable"]


def test_what_is_proposed_can_be_put_under_tests_and_leaves_nothing_untested() -> None:
    """The lines that a person copies from the terminal are a playbook's language: with them every rule is exercised and
    every slip noticed."""
    book = asserting(ONE)
    lines = as_text(examine(book, NOON))
    start = next(number for number, line in enumerate(lines) if line.startswith("What follows"))
    block = textwrap.dedent("\n".join(lines[start + 1 :]))
    more = parse(book.source + textwrap.indent(block, "  ").encode() + b"\n", "border.yaml")
    report = examine(more, NOON)
    assert len(report.outcomes) > 10
    assert report.code("strict") == 0, "\n".join(as_text(report))
    assert as_text(report)[-1].startswith("Every slip of the pen would be noticed: ")
    assert as_data(report)["changes"]["survived"] == []


def test_a_rule_that_no_test_exercises_is_shown_as_it_is_written() -> None:
    """With its place, on one line, however long it is."""
    lines = as_text(examine(asserting(ONE), NOON))
    head = next(number for number, line in enumerate(lines) if "decide nothing that is asserted" in line)
    secret = next(number for number, text in enumerate(BORDER.splitlines(), 1) if "permit: [secret]" in text)
    assert f"  border.yaml:{secret}:5: {{permit: [secret], to: city, purpose: life-safety}}" in lines[head:]
    wide = asserting(ONE, then=(("permit: [secret], to: city,", f"permit: [secret], basis: {'x' * 200}, to: city,"),))
    [cut] = [line for line in as_text(examine(wide, NOON)) if "xxx" in line]
    assert cut.startswith(f"  border.yaml:{secret}:5: ")
    assert cut.endswith("x…")
