"""Lints of dates: which day is the last on which nothing is said."""

from __future__ import annotations

from datetime import date, timedelta

from tests.playbooks.linted import codes

LAST = date(2035, 12, 31)
END = "    label: {tlp: green}\n"
BOATS = "means:\n  boats: {kind: boat, count: 1, owner: rescue, review: 30d, reviewed: 2026-01-01, tlp: green}\n"


def test_an_agreement_is_spoken_of_in_its_last_ninety_days() -> None:
    """On the ninety-first day before its last it is quiet; on its last day it is in force; on the next it has ended."""
    assert codes(today=LAST - timedelta(days=91)) == []
    assert codes(today=LAST - timedelta(days=90)) == ["agreement-ends-soon"]
    assert codes(today=LAST) == ["agreement-ends-soon"]
    assert codes(today=LAST + timedelta(days=1)) == ["agreement-ended", "partner-gets-nothing"]


def test_an_agreement_begins_on_its_first_day() -> None:
    """The day before, it has not begun; on its first day it is quiet."""
    assert codes(today=date(2020, 12, 31)) == ["agreement-not-begun", "partner-gets-nothing"]
    assert codes(today=date(2021, 1, 1)) == []


def test_a_review_is_due_on_a_day_and_overdue_on_the_next() -> None:
    """What does not say when it was last looked at is left in peace."""
    assert codes((END, END + BOATS), today=date(2026, 1, 31)) == []
    assert codes((END, END + BOATS), today=date(2026, 2, 1)) == ["review-overdue"]
    assert codes((END, END + BOATS.replace("reviewed: 2026-01-01, ", "")), today=date(2030, 1, 1)) == []
