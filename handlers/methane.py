"""METHANE: the parts of a report, how people write them, and who is shown a report when it is made or has changed.

Source: JESIP, M/ETHANE. What is said is one field, ``_report``; every room passes sight. Who must see to it, the lead of an incident
or those who may start one, learns at least that there is a report, and whom to ring.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from handlers.case import room_reader
from handlers.coordinators import TOLD_LASTS, desks
from handlers.moments import moment
from handlers.texts import say
from handlers.world import World, bound_for, circumstances, sight_room
from playbooks import mandate, sight
from playbooks.cleared import Cleared, Reader, glue, name, phone, quote, short_id, value
from playbooks.load import Book
from playbooks.rooms import RoomRef
from playbooks.selection import Circumstances, Event
from playbooks.values import Text
from storage.deployment import Binding
from storage.effects import Effect, Send, Tap, Urgency
from storage.facts import DEPLOYMENT, ReportMade
from storage.incident import Incident

PARTS = ("major", "location", "type", "hazards", "access", "casualties", "services")
LETTERS = {
    "major": "M",
    "location": "E",
    "type": "T",
    "hazards": "H",
    "access": "A",
    "casualties": "N",
    "services": "E",
}
REQUIRED = ("location", "type")
LONGEST_PART = 1000

_KEYS = {
    **{part: part for part in PARTS},
    "m": "major", "e": "location", "e1": "location", "where": "location", "exact": "location", "t": "type",
    "what": "type", "h": "hazards", "hazard": "hazards", "a": "access", "n": "casualties", "number": "casualties",
    "injured": "casualties", "e2": "services", "emergency": "services", "service": "services",
}  # fmt: skip
_PAIR = re.compile(r'(?<!\S)([A-Za-z][A-Za-z0-9]*)=(?:"([^"]*)(?:"|$)|“([^”]*)(?:”|$)|(\S*))', re.DOTALL)
_YES = frozenset(("yes", "y", "oui", "ja", "sì", "si", "sí", "declared", "1"))
_NO = frozenset(("no", "n", "non", "nein", "nee", "not", "0"))


def read(typed: str) -> tuple[dict[str, str], str | None]:
    """The parts in one line, ``M=yes E="…" T=flood …``; free words are what has happened. And a key that is none, if there is one."""
    found: dict[str, str] = {}
    unknown: str | None = None
    for pair in _PAIR.finditer(typed):
        key = pair[1].lower()
        words = next((part for part in (pair[2], pair[3], pair[4]) if part is not None), "").strip()[:LONGEST_PART]
        part = "services" if key == "e" and "location" in found else _KEYS.get(key)
        if part is None:
            unknown = unknown or pair[1]
        elif words:
            found[part] = major(words) or words if part == "major" else words
    free = " ".join(_PAIR.sub(" ", typed).split())[:LONGEST_PART]
    if free:
        found["type"] = f"{found['type']}. {free}" if "type" in found else free
    return found, unknown


def major(words: str) -> str | None:
    """Whether a major incident is declared, as people say it; None where that cannot be told."""
    said = words.strip(" .!").casefold()
    return "yes" if said in _YES else "no" if said in _NO else None


def missing(parts: Mapping[str, Any]) -> str | None:
    """The first part that a report cannot do without, and lacks."""
    return next((part for part in REQUIRED if not parts.get(part)), None)


def words_of(parts: Mapping[str, Any]) -> str:
    """A report as one text, a line for each part that was said, under its letter."""
    return "\n".join(f"{LETTERS[part]}: {parts[part]}" for part in PARTS if parts.get(part))


# --- where a report stands, and who is shown it ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Place:
    """A report with where it stands: in an incident, or with the deployment before there is one; and what is so there."""

    world: World
    incident: Incident | None
    book: Book
    fact: ReportMade
    version: int
    so: Circumstances

    @property
    def stream(self) -> str:
        """Where its facts belong."""
        return self.incident.id if self.incident is not None else DEPLOYMENT

    @property
    def rooms(self) -> tuple[Binding, ...]:
        """The rooms in which it may be read at all."""
        exercise = self.incident.opened.exercise if self.incident is not None else False
        return bound_for(self.world, self.book, "alerts", exercise=exercise)

    @property
    def jurisdiction(self) -> str:
        """Where it comes from."""
        return self.book.playbook.partners[self.fact.partner].jurisdiction


def placed(world: World, incident: Incident | None, fact: ReportMade, version: int, now: datetime) -> Place | None:
    """Where a report stands now; None where its playbook or partner is not to be found any more."""
    book = world.book_of(incident) if incident is not None else world.shelf.get(fact.playbook)
    if book is None or fact.partner not in book.playbook.partners:
        return None
    if incident is not None:
        return Place(world, incident, book, fact, version, circumstances(world, incident, now))
    phase = book.playbook.phases[0]
    active = frozenset(binding.partner for binding in bound_for(world, book, "alerts", exercise=False))
    so = Circumstances(now, phase, active, leads=mandate.leads(book, phase, None))
    return Place(world, None, book, fact, version, so)


def concerned(place: Place) -> tuple[str, ...]:
    """Who must see to it: the lead for where it comes from; before there is an incident, those who may start one."""
    if place.incident is not None:
        leading = place.so.lead_for(place.jurisdiction)
        return leading.partners if leading is not None else ()
    return tuple(p for p in place.book.playbook.partners if mandate.may_activate(place.book, p) is not None)


def shown(
    place: Place, now: datetime, *, at: datetime, but: RoomRef | None, only: RoomRef | None = None
) -> list[Effect]:
    """The report to each room that may see it, and to the rooms of those who must see to it. ``but``: where it was made.

    Before there is an incident, to the latter alone, for whom it is to say whether there is one.
    """
    must = concerned(place)
    effects: list[Effect] = []
    for binding in place.rooms:
        if binding.room == but or (only is not None and binding.room != only):
            continue
        if binding.partner not in must and place.incident is None:
            continue
        reader = room_reader(place.world, place.book, binding.room, binding.partner)
        content = _content(place, binding, reader)
        if content is None and binding.partner not in must:
            continue
        body = glue([_heading(place, reader, at, now), content or _ring(place, reader)])
        taps = _taps(place, reader, seen=content is not None) if binding.partner in must else ()
        effects.append(
            Send(
                place.stream,
                binding.room,
                body,
                Urgency.PROMPT,
                about=place.fact.report,
                partner=binding.partner,
                language=reader.languages[0],
                taps=taps,
                loud=binding.partner in must and place.version <= 1,
            )
        )
    return effects


def _heading(place: Place, reader: Reader, at: datetime, now: datetime) -> Cleared:
    parts = {
        "report": short_id(place.fact.report),
        "partner": name(place.book, reader, place.fact.partner),
        "time": moment(place.book, at, now, reader.languages),
    }
    if place.version > 1:
        return say(
            reader.languages,
            "<b>METHANE report {report}, changed</b> (version {version}) · {partner}, {time}",
            version=place.version,
            **parts,
        )
    return say(reader.languages, "<b>METHANE report {report}</b> · {partner}, {time}", **parts)


def _content(place: Place, binding: Binding, reader: Reader) -> Cleared | None:
    """Its words, where this room may see them."""
    fields = {"_report": Text(words_of(place.fact.parts))}
    event = Event(place.fact.partner, frozenset({place.jurisdiction}), fields)
    view = sight.view(place.book, place.so, event, sight_room(place.world, binding), ("_report",))
    found = value(place.book, view, "_report", reader.languages)
    return say((), "{tlp}\n{content}", content=found) if found is not None else None


def _ring(place: Place, reader: Reader) -> Cleared:
    number = phone(place.book, reader, place.fact.partner)
    return say(reader.languages, "This room may not see its words. Please ring them. {phone}", phone=number)


def _taps(place: Place, reader: Reader, *, seen: bool) -> tuple[tuple[Tap, ...], ...]:
    """``seen``: whether the room sees the report's words."""
    said, fact = reader.languages, place.fact
    if place.incident is not None:
        return ((Tap(say(said, "Seen"), f"/report {fact.report} seen", "👀"),),)
    return start_taps(place.book, reader, fact if seen else replace(fact, parts={}))


def start_taps(book: Book, reader: Reader, fact: ReportMade) -> tuple[tuple[Tap, ...], ...]:
    """One tap to start an incident from a report, with the hazard that its words begin with, and one to say that there is none.

    Of a report whose words the reader may not see, without them.
    """
    title, report = quote(book, reader, book.playbook.title), fact.report
    hazards = book.playbook.hazards
    first = str(fact.parts.get("type") or "").strip().lower().partition(" ")[0]
    start = Tap(say(reader.languages, "Start {title}", title=title), f"/report {report} start", "🚨")
    if first in hazards[1:] and len(f"/report {report} start {first}".encode()) <= 64:
        words = say(reader.languages, "Start {title}: {hazard}", title=title, hazard=quote(book, reader, first))
        start = Tap(words, f"/report {report} start {first}", "🚨")
    return (
        (start,),
        (Tap(say(reader.languages, "No incident"), f"/report {report} aside", "❌"),),
    )


def to_coordinators(place: Place, now: datetime, *, silent: bool) -> list[Effect]:
    """The coordinators learn of a report, and whom to ring; its words are not theirs. ``silent``: nobody has seen to it."""
    effects: list[Effect] = []
    for reader in desks(place.world, place.stream):
        parts = {
            "report": short_id(place.fact.report),
            "partner": name(place.book, reader, place.fact.partner),
            "phone": phone(place.book, reader, place.fact.partner),
        }
        words = (
            say(reader.languages, "<b>Nobody has seen to METHANE report {report}</b> of {partner}. {phone}", **parts)
            if silent
            else say(
                reader.languages, "<b>{partner} made METHANE report {report}.</b> Please ring them. {phone}", **parts
            )
        )
        effects.append(
            Send(
                place.stream,
                reader.room,
                words,
                Urgency.PROMPT,
                about=place.fact.report,
                taps=_taps(place, reader, seen=False),
                loud=True,
                not_after=now + TOLD_LASTS,
            )
        )
    return effects
