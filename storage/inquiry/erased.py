"""What was erased of the log since, and what says so: an answer tells it where a value would stand."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from storage.facts import FieldErased, LogErased, PersonErased
from storage.store import Kept


@dataclass(frozen=True, slots=True)
class Erased:
    """When a value was erased, and why in words. ``entry`` says so."""

    at: datetime
    because: str
    entry: int


class Erasures:
    """All that was erased, as these facts tell it."""

    def __init__(self, kept: Iterable[Kept]) -> None:
        self._fields: dict[tuple[int, str], Erased] = {}
        self._persons: list[tuple[str | None, Erased]] = []
        self._logs: list[tuple[int, Erased]] = []
        for one in kept:
            match one.fact:
                case FieldErased(entry=int(entry), path=str(path), reason=reason):
                    self._fields.setdefault((entry, path), Erased(one.at, reason or "", one.seq))
                case PersonErased(person=person, reason=reason):
                    self._persons.append((person, Erased(one.at, reason or "", one.seq)))
                case LogErased(upto=int(upto), reason=reason):
                    self._logs.append((upto, Erased(one.at, reason or "", one.seq)))
                case _:
                    pass

    def field(self, entry: int, path: str) -> Erased | None:
        """The erasure of this field alone; it held something then."""
        return self._fields.get((entry, path))

    def names(self, entry: int, attribute: str) -> list[str]:
        """The keys of an attribute that held something then and were erased."""
        return [
            path.removeprefix(f"{attribute}/")
            for at, path in self._fields
            if at == entry and path.startswith(f"{attribute}/")
        ]

    def of(self, entry: int, path: str, person: str | None) -> Erased | None:
        """What took a field of an entry that is gone: its own erasure, that of all that was held of a ``person`` (None: of an account that is gone, too), or of
        the whole log. None where these facts do not tell it."""
        theirs = (erased for whose, erased in self._persons if whose == person and erased.entry > entry)
        whole = (erased for upto, erased in self._logs if entry < upto)
        return self.field(entry, path) or next(theirs, None) or next(whole, None)
