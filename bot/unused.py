"""Which parts of a playbook are read and checked, but not yet acted on by this version, so that nobody counts on them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from playbooks.load import Book


def asleep(book: Book) -> Iterator[tuple[str, str]]:
    """Each part that is written and does nothing yet, by name, and what that means."""
    playbook = book.playbook
    for section, what, means in _SECTIONS:
        written = getattr(playbook, section)
        if written:
            number = f" ({len(written)})"
            yield f"{what}{number}", means
    log = playbook.log
    if {"post", "in_"} & log.model_fields_set:
        yield "posting the log's state (`log.post`)", "it is signed, and not posted into rooms"
    if log.sign != SIGNED:
        yield "how often the log is signed (`log.sign`)", "it is signed every minute"
    if "keep" in log.model_fields_set:
        yield "how long the log is kept (`log.keep`)", "nothing is deleted"


SIGNED = timedelta(minutes=1)
_SECTIONS = (("risks", "risks", "they are not shown, and nobody is reminded to review them"),)
