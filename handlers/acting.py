"""/acting: who stands in for an office holder who is away, and by which instrument, on record; and those who do, for who may know."""

from __future__ import annotations

from datetime import datetime

from handlers.case import Case
from handlers.texts import say
from handlers.world import World, circumstances
from playbooks import sight
from playbooks.cleared import Cleared, Reader, clock, echo, listed, name, of, value
from playbooks.selection import Event
from playbooks.values import Text
from storage.effects import Effect
from storage.facts import StandInNamed
from storage.incident import Incident

_FOR = frozenset(("for", "pour", "voor", "für", "per", "por", "para"))
_BY = frozenset(("by", "par", "door", "bij", "durch", "gemäß", "tramite", "mediante", "con"))
LONGEST = 200


def decide(case: Case, arguments: str) -> list[Effect]:
    """``/acting PERSON for OFFICE by INSTRUMENT``; also ``PERSON; OFFICE; INSTRUMENT``."""
    assert case.book is not None and case.incident is not None
    partner = case.actor.partner
    if partner is None or not case.actor.roles & {"official", "coordinator"}:
        words = case.say(
            "Not recorded. Officials and coordinators name who stands in for their own partner, in its room."
        )
        return case.refuse(words, "/acting", "role")
    read = _read(arguments)
    if read is None:
        return [case.answer(case.say("Who, for whom, and by what? Write /acting PERSON for OFFICE by INSTRUMENT."))]
    who, office, instrument = read
    person = case.world.who.people.get(who.upper())
    if person is not None and person.partner == partner:
        who = person.name
    fact = StandInNamed(case.actor.person, partner, who, office, instrument)
    room = case.request.room
    words = case.say(
        "Noted {time}: {person} stands in for {office}, by {instrument}. /acting again names another.",
        time=clock(case.book, case.now),
        person=echo(who, room),
        office=echo(office, room),
        instrument=echo(instrument, room),
    )
    return [case.record(fact), case.answer(words)]


def _read(arguments: str) -> tuple[str, str, str] | None:
    parts = [part.strip() for part in arguments.split(";")]
    if len(parts) != 3:
        parts = _apart(arguments.split())
    cut = tuple(" ".join(part.split())[:LONGEST] for part in parts)
    return (cut[0], cut[1], cut[2]) if len(cut) == 3 and all(cut) else None


def _apart(words: list[str]) -> list[str]:
    """``PERSON for OFFICE by INSTRUMENT``: each of them at least a word."""
    middle = next((i for i, word in enumerate(words) if i > 0 and word.lower() in _FOR), len(words))
    last = next((i for i, word in enumerate(words) if i > middle + 1 and word.lower() in _BY), None)
    if last is None:
        return []
    return [" ".join(words[:middle]), " ".join(words[middle + 1 : last]), " ".join(words[last + 1 :])]


def stand_ins(
    world: World, incident: Incident, reader: Reader, room: sight.Room | None, now: datetime, only: str | None = None
) -> list[Cleared]:
    """Who stands in for whom, a line for each partner, as far as this room may know who is on duty. ``only``: of this partner."""
    book, so = world.book_of(incident), circumstances(world, incident, now)
    latest: dict[str, dict[str, StandInNamed]] = {}
    for fact in incident.stand_ins:
        latest.setdefault(fact.partner, {})[fact.office.casefold()] = fact
    lines: list[Cleared] = []
    for partner, offices in latest.items():
        if room is None or not listed(book, reader, partner) or only not in (None, partner):
            continue
        text = " · ".join(f"{one.stand_in} → {one.office} ({one.instrument})" for one in offices.values())
        event = Event(partner, frozenset({book.playbook.partners[partner].jurisdiction}), {"_presence": Text(text)})
        words = value(book, sight.view(book, so, event, room, ("_presence",)), "_presence", reader.languages)
        if words is not None:
            who = name(book, reader, partner)
            lines.append(say(reader.languages, "• Acting, {partner}: {words}", partner=who, words=of(partner, words)))
    return lines
