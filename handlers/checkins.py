"""Rounds of check-ins: when they begin, what each partner is asked, and how they end.

A round begins by hand, at intervals counted from the start of the phases it belongs to, or at clock times. There is one at a time
of each name: a new one ends the earlier. What fell due while nothing ran is begun once, late, and says so; the next comes when it
would have come anyway. What people answer is ``handlers.checkin``'s.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from handlers import cards, checkin_words, waiting
from handlers.case import room_reader
from handlers.moments import moment
from handlers.texts import say
from handlers.world import World, circumstances, rooms_for
from playbooks.cleared import Cleared, Reader, glue, quote, short_id
from playbooks.load import Book
from playbooks.rooms import RoomRef
from playbooks.schema import Checkin
from playbooks.selection import matches
from storage.effects import PROMPT, Effect, Record, Send, Unwake, Urgency, Wake
from storage.facts import CheckinEnded, CheckinOverdue, CheckinStarted
from storage.incident import Incident, Round
from storage.store import Deadline

LATE = timedelta(minutes=1)
"""From when on a round that begins after its time says so."""


# --- when they begin -----------------------------------------------------------------------------------------------------


def scheduled(world: World, incident: Incident, now: datetime) -> list[Effect]:
    """The next round of each check-in that belongs to the phase is set; the others are taken back, and their rounds end."""
    book = world.book_of(incident)
    effects: list[Effect] = []
    for name, checkin in book.playbook.checkins.items():
        at = next_round(world, incident, name, now) if belongs(checkin, incident.phase) else None
        if at is not None:
            effects.append(_set(incident, name, at))
        elif checkin.every is not None or checkin.cron is not None:
            effects.append(Unwake(_key(incident, name)))
    for identifier, round_ in incident.rounds.items():
        known = book.playbook.checkins.get(round_.fact.name)
        if round_.ended is None and (known is None or not belongs(known, incident.phase)):
            effects += ended(world, incident, identifier, "phase" if known is not None else "playbook", None, now)
    return effects


def belongs(checkin: Checkin, phase: str) -> bool:
    """Whether a check-in is held in a phase."""
    return checkin.in_ is None or phase in checkin.in_


def next_round(world: World, incident: Incident, name: str, after: datetime) -> datetime | None:
    """When the next round begins by itself; None: it does not."""
    book = world.book_of(incident)
    checkin = book.playbook.checkins[name]
    if checkin.every is not None:
        since = _begins(incident, checkin)
        return since + ((after - since) // checkin.every + 1) * checkin.every
    if checkin.cron is not None and world.calendar is not None:
        return world.calendar.next(checkin.cron, book.playbook.timezone, after)
    return None


def _begins(incident: Incident, checkin: Checkin) -> datetime:
    """When the phases began that it belongs to, without a break until now."""
    since = incident.phase_since
    for phase, at in reversed(((incident.opened.phase, incident.opened_at), *incident.phases)):
        if not belongs(checkin, phase):
            break
        since = at
    return since


def _key(incident: Incident, name: str) -> str:
    return f"checkin:{incident.id}:{name}"


def _set(incident: Incident, name: str, at: datetime) -> Wake:
    return Wake(_key(incident, name), incident.id, at, "checkin", name)


def due(world: World, incident: Incident, deadline: Deadline, now: datetime) -> list[Effect]:
    """A round is to begin by itself, and the next one is set."""
    name = deadline.about
    checkin = world.book_of(incident).playbook.checkins.get(name)
    if checkin is None or not belongs(checkin, incident.phase):
        return []
    at = next_round(world, incident, name, max(now, deadline.at))
    if at is None:
        return []
    why = "interval" if checkin.every is not None else "clock"
    return [*begin(world, incident, name, why, None, deadline.at, now)[1], _set(incident, name, at)]


def begin(
    world: World, incident: Incident, name: str, why: str, person: str | None, at: datetime, now: datetime
) -> tuple[CheckinStarted, list[Effect]]:
    """A round begins. ``why``: ``hand``, ``interval`` or ``clock``; ``at``: when it was to begin."""
    book = world.book_of(incident)
    checkin = book.playbook.checkins[name]
    identifier = world.next_id("C")
    before = next((i for i, r in incident.rounds.items() if r.fact.name == name and r.ended is None), None)
    asked = {
        p: [b.room for b in rooms_for(world, incident, p, "checkins")] for p in _asked(world, incident, checkin, now)
    }
    fact = CheckinStarted(
        identifier,
        name,
        why,
        person,
        at,
        now + checkin.within if checkin.within is not None else None,
        {p: {"rooms": [str(ref) for ref in rooms]} if rooms else None for p, rooms in asked.items()},
    )
    effects: list[Effect] = ended(world, incident, before, "next", person, now) if before is not None else []
    effects.append(Record(incident.id, fact))
    for partner, rooms in asked.items():
        effects += _prompts(world, incident, fact, partner, rooms, now)
    reached = [partner for partner, rooms in asked.items() if rooms]
    effects += waiting.asked(incident, identifier, checkin.within, reached, now)
    if fact.within is not None:
        effects.append(Wake(f"checkin-over:{identifier}", incident.id, fact.within, "checkin-over", identifier))
    return fact, [*effects, *cards.touched(incident, identifier, now)]


def _asked(world: World, incident: Incident, checkin: Checkin, now: datetime) -> list[str]:
    """Whom the playbook means by ``to``: the lead is each country's own."""
    book, so = world.book_of(incident), circumstances(world, incident, now)
    return [p for p in book.playbook.partners if matches(book, checkin.to, p, so, p, frozenset(), None)]


# --- what is asked -------------------------------------------------------------------------------------------------------


def prompt(
    world: World,
    incident: Incident,
    round_id: str,
    partner: str,
    now: datetime,
    rooms: Iterable[RoomRef],
    again: bool = False,
) -> list[Send]:
    """The question of a round to these rooms of a partner. ``again``: it was asked before."""
    return _prompts(world, incident, incident.rounds[round_id].fact, partner, rooms, now, again=again)


def _prompts(
    world: World,
    incident: Incident,
    fact: CheckinStarted,
    partner: str,
    rooms: Iterable[RoomRef],
    now: datetime,
    *,
    again: bool = False,
) -> list[Send]:
    book = world.book_of(incident)
    checkin = book.playbook.checkins.get(fact.name)
    if checkin is None:
        return []
    sends = []
    for room in rooms:
        reader = room_reader(world, book, room, partner)
        sends.append(
            Send(
                incident.id,
                room,
                question(book, reader, checkin, fact, now, again=again),
                Urgency.PROMPT,
                about=fact.round,
                partner=partner,
                language=reader.languages[0],
                taps=checkin_words.taps_for(book, reader, fact.round, checkin.answers),
                role=PROMPT,
            )
        )
    return sends


def question(
    book: Book, reader: Reader, checkin: Checkin, fact: CheckinStarted, now: datetime, *, again: bool
) -> Cleared:
    """A round's question in words, with what one may answer and until when."""
    spoken = reader.languages
    lines = [say(spoken, "<b>{ask}</b>", ask=quote(book, reader, checkin.ask))]
    round_ = short_id(fact.round)
    if again:
        lines.append(say(spoken, "Reminder: {round} still waits for your answer.", round=round_))
    elif fact.within is not None and fact.within > now:
        until = moment(book, fact.within, now, spoken)
        lines.append(say(spoken, "Check-in {round} · please answer by {time}", round=round_, time=until))
    else:
        lines.append(say(spoken, "Check-in {round}", round=round_))
    if not again and fact.why != "hand" and now - fact.due >= LATE:
        late = moment(book, fact.due, now, spoken)
        lines.append(say(spoken, "This round was due at {time} and begins late.", time=late))
    return glue(lines)


# --- how they end --------------------------------------------------------------------------------------------------------


def ended(world: World, incident: Incident, round_id: str, why: str, person: str | None, now: datetime) -> list[Effect]:
    """A round is over: nobody is reminded of it any more. ``why``: ``next``, ``phase``, ``playbook`` or ``person``."""
    effects: list[Effect] = [
        Record(incident.id, CheckinEnded(round_id, why, person)),
        Unwake(f"checkin-over:{round_id}"),
    ]
    for partner in waiting.waits(world.book_of(incident), incident, round_id, world.who):
        effects += waiting.stopped(round_id, partner)
    return [*effects, *cards.touched(incident, round_id, now)]


def over(world: World, incident: Incident, deadline: Deadline, now: datetime) -> list[Effect]:
    """The time to answer a round is up: from now on answers are late."""
    round_ = incident.rounds.get(deadline.about)
    if round_ is None or round_.ended is not None or round_.overdue:
        return []
    return [Record(incident.id, CheckinOverdue(deadline.about)), *cards.touched(incident, deadline.about, now)]


def is_late(round_: Round, now: datetime) -> bool:
    """Whether an answer comes late: after its time, or after the round is over."""
    up = round_.fact.within is not None and now >= round_.fact.within
    return up or round_.overdue or round_.ended is not None
