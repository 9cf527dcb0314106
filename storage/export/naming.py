"""What rooms read for what the log names by an id: areas by their names, alerts by their titles, partners by what they are called.

A partner's copy does not bring the playbook, which may name whom it must not know of. Of it, it brings these words alone, and only those that stood in a
message that the recipient sees: in the language of that message, from the playbook under which it was written.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from playbooks.schema_words import text_in
from storage.export.books import Books
from storage.export.view import is_copy
from storage.facts import AlertIssued, Disclosed, Fact
from storage.store import Kept
from storage.unseen import is_seen


@dataclass(frozen=True, slots=True)
class Naming:
    """``areas``: (SHA-256 of the playbook, language, area) → name. ``titles``: (alert, language) → title. ``partners``: id → name, of who issued an alert."""

    areas: Mapping[tuple[str | None, str, str], str] = field(default_factory=dict)
    titles: Mapping[tuple[str, str], str] = field(default_factory=dict)
    partners: Mapping[str, str] = field(default_factory=dict)

    def put(self, playbook: str | None, fact: Fact) -> Fact:
        """The fact, with areas by their names where a message showed some; the form stays what it was."""
        if not isinstance(fact, Disclosed) or not is_seen(fact.language):
            return fact
        said = {
            name: {**how, "value": [self.areas.get((playbook, fact.language, str(one)), one) for one in how["value"]]}
            for name, how in fact.fields.items()
            if _areas(how)
        }
        return replace(fact, fields={**fact.fields, **said}) if said else fact

    def title(self, alert: str, language: str | None = None) -> str | None:
        """What an alert was called: in a language, or in the first in which it was."""
        if language is not None:
            return self.titles.get((alert, language))
        return next((title for (one, _), title in self.titles.items() if one == alert), None)


class Sought:
    """What is to be put into words, found in one reading of what the recipient sees. Memory grows with alerts, languages and areas, not with entries."""

    def __init__(self) -> None:
        self._areas: dict[tuple[str | None, str, str], None] = {}
        self._issued: dict[str, AlertIssued] = {}
        self._copies: dict[tuple[str, str], str | None] = {}

    def take(self, kept: Kept, fact: Fact) -> None:
        """Take in an entry. ``fact``: as far as it is shown (``storage.unseen.visible``)."""
        match fact:
            case AlertIssued(alert=alert) if is_seen(alert):
                self._issued[alert] = fact
            case Disclosed(language=str() as language, about=str() as about):
                for how in fact.fields.values():
                    if _areas(how):
                        self._areas.update(
                            dict.fromkeys((kept.playbook_sha256, language, str(one)) for one in how["value"])
                        )
                if is_copy(fact):
                    self._copies.setdefault((about, language), kept.playbook_sha256)
            case _:
                pass

    def digests(self) -> frozenset[str]:
        """The playbooks that are needed."""
        found = {digest for digest, _, _ in self._areas} | set(self._copies.values())
        return frozenset(digest for digest in found if digest is not None)

    def found(self, books: Books) -> Naming:
        """The words. What no playbook says stays as it is."""
        areas: dict[tuple[str | None, str, str], str] = {}
        for digest, language, area in self._areas:
            book = books.get(digest)
            named = book.playbook.areas.get(area) if book is not None else None
            if named is not None:
                areas[digest, language, area] = text_in(named.name, (language,))[0]
        titles: dict[tuple[str, str], str] = {}
        partners: dict[str, str] = {}
        for (about, language), digest in self._copies.items():
            issued, book = self._issued.get(about), books.get(digest)
            if issued is None or book is None:
                continue
            alert = book.playbook.alerts.get(issued.template) if is_seen(issued.template) else None
            if alert is not None:
                titles[about, language] = text_in(alert.title, (language,))[0]
            whose = book.playbook.partners.get(issued.partner) if is_seen(issued.partner) else None
            if whose is not None:
                partners[issued.partner] = whose.name
        return Naming(areas, titles, partners)


def _areas(how: Any) -> bool:
    """Whether a message showed a field as the areas in which it lies."""
    return isinstance(how, Mapping) and how.get("form") == "area" and isinstance(how.get("value"), list)
