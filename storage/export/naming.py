"""What people read for what the log names by an id: areas by their names, alerts by their titles, partners by what they are called.

A partner's copy does not bring the playbook, which may name whom it must not know of. Of it, it brings these words alone: those that stood in a
message that the recipient sees, in the language of that message, from the playbook under which it was written; and in its own language the names of what it
is shown the id of, of partners only where it may know of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from playbooks.schema_words import text_in
from storage.export.books import Books
from storage.export.for_whom import Recipient
from storage.export.template import Template
from storage.export.view import is_copy
from storage.facts import AlertDrafted, AlertIssued, AlertRequested, Disclosed, Fact
from storage.store import Kept
from storage.unseen import is_seen

_PARTNERS = frozenset({"partner", "partners", "decides", "reader", "before", "deputies", "asked", "by", "to"})
"""Attributes of facts that name partners: one, several, or one for each of something."""

_OF_FIELDS = frozenset({"fields", "values"})
"""Attributes of facts that have a part for each field."""


@dataclass(frozen=True, slots=True)
class Naming:
    """``areas``: (SHA-256 of the playbook, language, area) → name. ``titles``: (alert, language) → title. ``partners``, ``places``: id → name of each partner
    and area that is shown, for ``language``, the recipient's."""

    areas: Mapping[tuple[str | None, str, str], str] = field(default_factory=dict)
    titles: Mapping[tuple[str, str], str] = field(default_factory=dict)
    partners: Mapping[str, str] = field(default_factory=dict)
    places: Mapping[str, str] = field(default_factory=dict)
    language: str = "en"
    templates: Mapping[tuple[str, str], Template] = field(default_factory=dict)
    """(alert, language) → the template of which the recipient read a copy."""
    fields: Mapping[str, str] = field(default_factory=dict)
    """Field → its title, for ``language``, where the playbook has one."""
    options: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """(field, option) → what can be chosen there, for ``language``."""
    rooms: Mapping[str, str] = field(default_factory=dict)
    """A room, as the log names it → whose it is."""

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

    def read(self, playbook: str | None, fact: Fact) -> Fact:
        """The fact as people read it: partners and areas by their names too, wherever they are named, and an alert by its title."""
        fact = self.put(playbook, fact)
        said = {name.name: self._called(getattr(fact, name.name)) for name in fields(fact) if name.name in _PARTNERS}
        if isinstance(fact, AlertDrafted | AlertIssued | AlertRequested):
            said["fields"] = {name: self._placed(value) for name, value in fact.fields.items()}
        if isinstance(fact, AlertIssued) and is_seen(fact.alert) and fact.alert in self.alerts:
            said["template"] = self.alerts[fact.alert]
        return replace(fact, **said) if said else fact

    def told(self, playbook: str | None, fact: Fact) -> Fact:
        """The fact as ``read`` has it, with its fields by their titles, and what was chosen in words: for a text in the recipient's language."""
        fact = self.read(playbook, fact)
        if not isinstance(fact, AlertDrafted | AlertIssued | AlertRequested | Disclosed):
            return fact
        said = {self._titled(name): self._chosen(name, value) for name, value in fact.fields.items()}
        return (
            replace(fact, fields=said) if len(said) == len(fact.fields) else fact
        )  # two of one title would be told as one

    def _titled(self, name: str) -> str:
        of, slash, field_ = name.rpartition("/")
        return f"{of}{slash}{self.fields.get(field_, field_)}"

    def _chosen(self, name: str, value: Any) -> Any:
        """A field's value, with what was chosen as the playbook words it."""
        if not isinstance(value, Mapping):
            return value
        field_ = name.rpartition("/")[2]
        return {
            key: self.options.get((field_, one), one) if isinstance(one, str) else one for key, one in value.items()
        }

    def _placed(self, value: Any) -> Any:
        """A field's value, with its areas by their names."""
        if not isinstance(value, Mapping) or not isinstance(value.get("areas"), list):
            return value
        return {**value, "areas": [self.places.get(str(area), area) for area in value["areas"]]}

    def _called(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.partners.get(value, value)
        if isinstance(value, tuple):
            return tuple(map(self._called, value))
        if isinstance(value, Mapping):
            return {self._called(key): one for key, one in value.items()}
        return value

    @property
    def alerts(self) -> dict[str, str]:
        """What each alert was called, in the recipient's language where it was."""
        first = dict(reversed([(alert, title) for (alert, _), title in self.titles.items()]))
        return {alert: self.titles.get((alert, self.language), title) for alert, title in first.items()}

    def words(self) -> dict[str, dict[str, str]]:
        """What is put into words for people beside the ids, for forms that programs read: {"alerts", "areas", "partners"}: id → name."""
        return {"alerts": self.alerts, "areas": dict(self.places), "partners": dict(self.partners)}

    def in_words(self, path: str, shown: Mapping[str, Any]) -> str:
        """What people call the partners or areas that a value names, whose room it is, or what was chosen; empty where there is no word for it. ``shown``: path →
        value of what is shown of the entry."""
        value = shown[path]
        if path == "room":
            whose = self.partners.get(self.rooms.get(str(value), ""))
            return f"{whose} ({str(value).partition(':')[0].title()})" if whose is not None else ""
        if (chosen := self._choice(path, value)) is not None:
            return chosen
        if path.partition("/")[0] in _PARTNERS:
            known, ids = self.partners, list(_texts(value))
        elif isinstance(value, Mapping):
            known, ids = self.places, list(_texts(value.get("areas")))
        elif _shows_areas(path, shown):
            known, ids = self.places, list(_texts(value))
        else:
            return ""
        return ", ".join(known.get(one, one) for one in ids) if any(one in known for one in ids) else ""

    def _choice(self, path: str, value: Any) -> str | None:
        """What was chosen in a field, as the playbook words it."""
        of, _, field_ = path.rpartition("/")
        option = value.get("choice") if isinstance(value, Mapping) else value
        return self.options.get((field_, option)) if of in _OF_FIELDS and isinstance(option, str) else None

    def title(self, alert: str, language: str | None = None) -> str | None:
        """What an alert was called: in a language, or in the first in which it was."""
        if language is not None:
            return self.titles.get((alert, language))
        return next((title for (one, _), title in self.titles.items() if one == alert), None)


class Sought:
    """What is to be put into words, found in one reading of what the recipient sees. Memory grows with alerts, languages, areas and fields, not with entries."""

    def __init__(self) -> None:
        self._areas: dict[tuple[str | None, str, str], None] = {}
        self._issued: dict[str, AlertIssued] = {}
        self._copies: dict[tuple[str, str], str | None] = {}
        self._partners: dict[str, str | None] = {}
        self._places: dict[str, str | None] = {}
        self._guests: dict[str, str] = {}
        self._fields: dict[str, str | None] = {}
        self._rooms: dict[str, str] = {}

    def see(self, playbook: str | None, shown: Mapping[str, Any]) -> None:
        """Take in what an entry names. ``shown``: path → value of what the recipient sees of it."""
        whose, room = shown.get("partner"), shown.get("room")
        if isinstance(whose, str) and isinstance(room, str):
            self._rooms.setdefault(room, whose)
        for path, value in shown.items():
            name, _, key = path.partition("/")
            if name in _OF_FIELDS and value is not None:
                self._fields |= _under(playbook, self._fields, (key.rpartition("/")[2],))
            if name in _PARTNERS:
                self._partners |= _under(playbook, self._partners, (*_texts(value), key))
            elif isinstance(value, Mapping):
                self._places |= _under(playbook, self._places, _texts(value.get("areas")))
            elif _shows_areas(path, shown):
                self._places |= _under(playbook, self._places, _texts(value))
        if isinstance(shown.get("name"), str) and isinstance(shown.get("partner"), str) and "until" in shown:
            self._guests[shown["partner"]] = shown["name"]

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
        found = {digest for digest, _, _ in self._areas}.union(
            self._copies.values(), self._partners.values(), self._places.values(), self._fields.values()
        )
        return frozenset(digest for digest in found if digest is not None)

    def found(self, books: Books, recipient: Recipient) -> Naming:
        """The words. What no playbook says stays as it is."""
        areas: dict[tuple[str | None, str, str], str] = {}
        for digest, language, area in self._areas:
            book = books.get(digest)
            named = book.playbook.areas.get(area) if book is not None else None
            if named is not None:
                areas[digest, language, area] = text_in(named.name, (language,))[0]
        titles: dict[tuple[str, str], str] = {}
        templates: dict[tuple[str, str], Template] = {}
        partners = {guest: name for guest, name in self._guests.items() if _may_know(recipient, guest)}
        for partner, digest in self._partners.items():
            book = books.get(digest)
            whose = book.playbook.partners.get(partner) if book is not None else None
            if whose is not None and _may_know(recipient, partner):
                partners[partner] = whose.name
        places: dict[str, str] = {}
        for area, digest in self._places.items():
            book = books.get(digest)
            named = book.playbook.areas.get(area) if book is not None else None
            if named is not None:
                places[area] = text_in(named.name, (recipient.language,))[0]
        for (about, language), digest in self._copies.items():
            issued, book = self._issued.get(about), books.get(digest)
            if issued is None or book is None:
                continue
            alert = book.playbook.alerts.get(issued.template) if is_seen(issued.template) else None
            if alert is not None:
                titles[about, language] = text_in(alert.title, (language,))[0]
                templates[about, language] = Template(book, alert)
            whose = book.playbook.partners.get(issued.partner) if is_seen(issued.partner) else None
            if whose is not None:
                partners[issued.partner] = whose.name
        words = self._worded(books, recipient)
        return Naming(areas, titles, partners, places, recipient.language, templates, *words, rooms=self._rooms)

    def _worded(self, books: Books, recipient: Recipient) -> tuple[dict[str, str], dict[tuple[str, str], str]]:
        """The titles of the fields of which something is shown, and the words of what can be chosen in them."""
        titles: dict[str, str] = {}
        options: dict[tuple[str, str], str] = {}
        for name, digest in self._fields.items():
            book = books.get(digest)
            spec = book.playbook.fields.get(name) if book is not None else None
            if spec is not None and spec.title is not None:
                titles[name] = text_in(spec.title, (recipient.language,))[0]
            for option, words in (spec.options if spec is not None else {}).items():
                options[name, option] = text_in(words, (recipient.language,))[0]
        return titles, options


def _under(playbook: str | None, before: Mapping[str, str | None], ids: Iterable[str]) -> dict[str, str | None]:
    """The playbook that has these: that of the entry, or of an earlier one where that has none."""
    return {one: playbook or before.get(one) for one in ids}


def _shows_areas(path: str, shown: Mapping[str, Any]) -> bool:
    """Whether a value is what a message showed as the areas in which something lies."""
    values, _, field_ = path.partition("/")
    how = shown.get(f"fields/{field_}") if values == "values" else None
    return isinstance(how, Mapping) and how.get("form") == "area"


def _may_know(recipient: Recipient, partner: str) -> bool:
    return recipient.partner is None or partner in recipient.knows


def _texts(value: Any) -> Iterator[str]:
    """The texts in a value: itself, its members, or its keys."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Iterable):
        yield from (one for one in value if isinstance(one, str))


def _areas(how: Any) -> bool:
    """Whether a message showed a field as the areas in which it lies."""
    return isinstance(how, Mapping) and how.get("form") == "area" and isinstance(how.get("value"), list)
