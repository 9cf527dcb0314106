"""For whom a copy is made."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Recipient:
    """For whom a copy is made. ``partner``: its id, None for an auditor, to whom everything is shown. ``name``: for people.
    ``knows``: the partners of whom it may know that they take part, itself among them; ``people``: the ids of those enrolled for it. Of no use for an
    auditor. ``language``: that in which it reads, a tag of BCP 47; ``chosen``: that it was asked for this copy, and goes before what the reader's browser has.
    """

    partner: str | None
    name: str
    knows: frozenset[str] = frozenset()
    people: frozenset[str] = frozenset()
    language: str = "en"
    chosen: bool = False

    @property
    def id(self) -> str:
        """How the log and a manifest name it: the partner's id, or ``auditor``."""
        return self.partner or "auditor"


AUDITOR = Recipient(None, "auditor")
