"""When something is or was, for people: the time alone where it is today, and else with its day. It is read long after."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from handlers.texts import say
from playbooks.cleared import Cleared, another_day, clock
from playbooks.load import Book


def moment(book: Book, at: datetime, now: datetime, languages: Sequence[str]) -> Cleared:
    """A time as clocks show it where the playbook lives, with the day where that is not today's there."""
    day = another_day(book, at, now, languages)
    if day is None:
        return clock(book, at)
    return say(languages, "{time} on {day}", time=clock(book, at), day=day)
