"""Slips of the hand: what is said of quotes and spaces that are missing stands where they are missing."""

from __future__ import annotations

import pytest

from tests.playbooks.small import changed, errors

TEXT = 'text: {en: ["{what}", "{where}"]}'
CIRCLE = "[50.6, 5.6, 2]"
QUOTED = "is a key that has no value; put a text in quotes: "


def items(*clauses: str) -> str:
    """The alert's text as a list of these clauses, from line 42."""
    return "text:\n      en:\n" + "\n".join(f"        - {clause}" for clause in clauses)


@pytest.mark.parametrize(
    ("new", "line", "said"),
    [
        (items("{what}", '"{where}"'), "42:11", QUOTED + '"{what}" [empty-value]'),
        (items("{what}.", '"{where}"'), "42:11", QUOTED + '"{what}." [empty-value]'),
        (items('"{what}"', "Where: {where}."), "43:11", QUOTED + '"Where: {where}." [empty-value]'),
        ("text: {what}", "40:11", QUOTED + '"{what}" [empty-value]'),
        ('text: {en: [{what}., "{where}"]}', "40:17", QUOTED + '"{what}" [empty-value]'),
        (items('"{what}', '"{where}"'), "42:11", "a closing quote may be missing on this line"),
        (items('"{what}"', '"{where}'), "43:11", "the quoted text that begins here does not end; close it with"),
        ('text: {en: ["{what}, "{where}"]}', "40:34", "a closing quote is missing on this line"),
    ],
)
def test_a_clause_without_its_quotes_is_told_once_where_it_begins(new: str, line: str, said: str) -> None:
    """A forgotten pair of quotes, and a forgotten one of the two, give one problem, on the line where it was forgotten."""
    (problem,) = errors(changed(TEXT, new))
    assert problem.startswith(f"small.yaml:{line}: ")
    assert said in problem


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("title: Evacuate", 'title: "Evacuate', "36:12", "the text that begins here ends only on line 40"),
        (
            '"#city:example.org"',
            "#city:example.org",
            "25:22",
            'remark, so there is no value here; put it in quotes: "#ci',
        ),
        ("name: City", "name:City", "18:10", "a space is missing after `name:`; write `name: City` [not-yaml]"),
        ("main: what", "main:what", "39:10", "a space is missing after `main:`; write `main: what` [not-yaml]"),
        ("{type: text, tlp: green}", "{type: text, tlp:green}", "30:26", "write `tlp: green` [empty-value]"),
        ("municipality", "municipality\u00a0", "19:23", "no-break space here (U+00A0)"),
        ("kind: municipality", "kind:\u00a0municipality", "19:10", "no-break space here (U+00A0)"),
        ("partners:\n", "partners:\u00a0\n", "16:10", "no-break space here (U+00A0)"),
        (CIRCLE, "[49,95, 6,90, 1,5]", "15:40", "decimals with a point: `[49.95, 6.90, 1.5]` [wrong-count]"),
        (CIRCLE, "[49,95, 6,90, 2]", "15:40", "decimals with a point: `[50.611, 5.615, 2.0]` [wrong-count]"),
    ],
)
def test_a_slip_is_told_on_its_own_line(old: str, new: str, line: str, said: str) -> None:
    """What YAML notices a line or many lines later is told where the hand slipped, with what to write there."""
    (problem,) = errors(changed(old, new))
    assert problem.startswith(f"small.yaml:{line}: ")
    assert said in problem


def test_what_is_no_slip_is_left_alone() -> None:
    """A remark, a text over two lines, and no-break spaces within a text and within quotes are right."""
    assert errors(changed("name: City", "name: City # all of it")) == []
    assert errors(changed("name: City", 'name: "City\n      of: the river"')) == []
    assert errors(changed("name: City", "name: City\u00a0hall")) == []
    assert errors(changed("name: City", 'name: "City:\u00a0hall\u00a0"')) == []
