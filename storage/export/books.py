"""The playbooks that a copy brings, read: an auditor's has them, a partner's has none."""

from __future__ import annotations

from collections.abc import Mapping

from playbooks.load import Book, PlaybookErrors, parse


class Books:
    """The playbooks of a copy, each read once."""

    def __init__(self, sources: Mapping[str, bytes]) -> None:
        self._sources = sources
        self._read: dict[str, Book | None] = {}

    def names(self) -> dict[str, str]:
        """What partners are called: id → name, as the last of these playbooks has it."""
        books = [book for digest in self._sources if (book := self.get(digest)) is not None]
        return {name: partner.name for book in books for name, partner in book.playbook.partners.items()}

    def get(self, digest: str | None) -> Book | None:
        """The playbook with this digest; None where the copy does not have it, or this program cannot read it."""
        if digest is None or digest not in self._sources:
            return None
        if digest not in self._read:
            try:
                self._read[digest] = parse(self._sources[digest], digest)
            except PlaybookErrors:
                self._read[digest] = None
        return self._read[digest]
