"""What the lints say of the small playbook of CHECKS.md, in which there is nothing to find, with a few changes."""

from __future__ import annotations

from datetime import date

from playbooks.lint import lint
from playbooks.load import Book, parse
from playbooks.problems import Problem
from tests.playbooks.checks import PAGE, right

TODAY = date(2026, 1, 15)
RULE = "  - {permit: [what, where, people], to: everyone, purpose: life-safety, under: pact}\n"


def river(*changes: tuple[str, str]) -> Book:
    """The playbook with passages replaced that each stand in it once."""
    text = right(PAGE.read_text("utf-8"))
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return parse(text.encode(), "river.yaml")


def problems(*changes: tuple[str, str], today: date = TODAY) -> tuple[Problem, ...]:
    """What is found, in the order of the file."""
    return lint(river(*changes), today)


def codes(*changes: tuple[str, str], today: date = TODAY) -> list[str]:
    """The codes of what is found."""
    return [problem.code for problem in problems(*changes, today=today)]
