"""Lints of dates: agreements that have ended, end soon, or have yet to begin; reviews that are overdue."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from playbooks.examined import Examined
from playbooks.problems import Problem
from playbooks.schema_words import quoted

SOON = timedelta(days=90)


def agreements(x: Examined) -> Iterator[Problem]:
    """Agreements that are not in force today, or will not be in three months."""
    for name, agreement in x.book.playbook.agreements.items():
        begins, ends = agreement.from_, agreement.until
        if ends is not None and ends < x.today:
            what = f"{quoted(name)} ended on {ends}: nothing is shared under it any more"
            yield x.problem("agreement-ended", ("agreements", name, "until"), what, "renew it, or take it out")
        elif begins is not None and begins > x.today:
            what = f"{quoted(name)} begins on {begins}: until then nothing is shared under it"
            fix = "correct `from`, or use this playbook from that day"
            yield x.problem("agreement-not-begun", ("agreements", name, "from"), what, fix)
        elif ends is not None and ends - x.today <= SOON:
            days = (ends - x.today).days
            left = (
                "today is its last day" if days == 0 else f"it ends in {days} day{'' if days == 1 else 's'}, on {ends}"
            )
            what = f"{quoted(name)} is about to end: {left}"
            fix = "renew it now; what is shared under it stops at midnight after that day"
            yield x.problem("agreement-ends-soon", ("agreements", name, "until"), what, fix)


def reviews(x: Examined) -> Iterator[Problem]:
    """Risks and means that were to be looked at again, by now."""
    playbook = x.book.playbook
    for section, entries in (("risks", playbook.risks), ("means", playbook.means)):
        for name, entry in entries.items():
            if entry.review is None or entry.reviewed is None:
                continue
            if x.today - entry.reviewed > entry.review:
                what = f"{quoted(name)} was to be reviewed by {entry.reviewed + entry.review}"
                fix = f"let {quoted(entry.owner)} look at it again, and write the day"
                yield x.problem("review-overdue", (section, name, "reviewed"), what, fix)
