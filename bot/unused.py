"""Which parts of a playbook are read and checked, but not yet acted on by this version, so that nobody counts on them."""

from __future__ import annotations

from collections.abc import Iterator

from playbooks.load import Book


def asleep(book: Book) -> Iterator[tuple[str, str]]:
    """Each part that is written and does nothing yet, by name, and what that means."""
    playbook = book.playbook
    for section, what, means in _SECTIONS:
        written = getattr(playbook, section)
        if written:
            number = f" ({len(written)})"
            yield f"{what}{number}", means


_SECTIONS = (("risks", "risks", "they are not shown, and nobody is reminded to review them"),)
