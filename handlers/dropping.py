"""A network does not take what is said in channels for a room: whoever must know is told once, until something arrives there again."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime

from handlers import recap
from handlers.afterwards import after
from handlers.channels import Seat
from handlers.coordinators import tell_coordinators
from handlers.distrust import CURES, seated, titles
from handlers.events import Came, Delivery
from handlers.notify import tell_lead_of
from handlers.rooms import told_lost
from handlers.texts import say
from handlers.world import World
from playbooks.cleared import Cleared, Reader, glue, listed, name, phone, word
from storage.effects import Effect, Record
from storage.facts import DEPLOYMENT, RoomLost, TalkResumed, TalkStopped
from storage.incident import Incident
from storage.store import OutboxRow

ABOUT = "talk"
"""What the news is about, in the outbox: nothing that has an id."""

REASONS = {
    "not-in": "I am not in it",
    "topic-closed": "the topic is closed",
    "no-rights": "I may not write there",
    "unknown": "nobody knows whether it arrived",
    "delayed": "the network holds it back",
    "refused": "the network refused it",
}
"""Why a room is not reached, by the code that the log has. A network's own words are for nobody's eyes: they may quote anything."""

_CODES = (
    ("topic-closed", re.compile(r"topic|thread not found")),
    ("not-in", re.compile(r"not in the room|not a member|was kicked|chat not found|no such room|deactivated")),
    ("no-rights", re.compile(r"may not|rights|let the bot send|power level|forbidden|blocked")),
)
"""What networks say, in English: see ``bot.networks``."""
_THIS_ONE_ALONE = re.compile(
    r"too (?:large|big|long|many)|\bfile|voice|sticker|\bpoll|let the bot send (?!plain|text|messages)|message is not there"
)
"""Refusals of one message for what it is, which say nothing of the next."""
_ARRIVES_LATER = ("delayed", "unknown")
"""What may have arrived after all, or will."""


def refused(world: World, came: Came, event: Delivery) -> list[Effect]:
    """A network refused a copy of talk for good, or holds it back for long, or nobody knows what became of it."""
    lost: list[Effect] = []
    if event.gone and event.row.to.chat not in world.who.lost:
        lost = [Record(DEPLOYMENT, RoomLost(event.row.to.chat, event.reason)), *told_lost(world, came, event.row.to)]
    return [*lost, *_stopped(world, came, event)]


def _stopped(world: World, came: Came, event: Delivery) -> list[Effect]:
    code = _code(event)
    found = _concerned(world, event.row, came.now)
    if found is None or code is None or (code == "delayed" and event.row.to.network in world.who.down):
        return []
    incident, seat = found
    before = incident.talk_stopped.get(seat.room)
    if before is not None and (before.told or before.reason in CURES):
        return []
    stopped = TalkStopped(seat.room, seat.partner, code, event.row.about)
    later = after(world, incident.id, [stopped], came.now).incidents[incident.id]
    if later.talk_stopped[seat.room].told:
        return [
            Record(incident.id, stopped),
            *_told(world, incident, event, came.now, _stops(world, incident, seat, code)),
        ]
    return [Record(incident.id, stopped)] if before is None else []


def reached(world: World, came: Came, event: Delivery) -> list[Effect]:
    """A network accepted a copy of talk: the room is reached again, if it was not, and told what it missed."""
    found = _concerned(world, event.row, came.now)
    if found is None:
        return []
    incident, seat = found
    before = incident.talk_stopped.get(seat.room)
    if before is None or before.reason in CURES:
        return []
    effects: list[Effect] = [Record(incident.id, TalkResumed(seat.room, seat.partner))]
    if before.told:
        effects += _told(world, incident, event, came.now, _goes_on(world, incident, seat))
    told_on_return = before.reason == "not-in" and event.row.to.chat not in world.who.lost
    over = before.reason not in _ARRIVES_LATER or came.now - before.at > recap.AWAY
    if over and not told_on_return:
        missed = recap.Missed(before.at, before.said, event.row.about)
        effects += recap.caught_up(world, incident, seat, missed, came.now)
    return effects


def _concerned(world: World, row: OutboxRow, now: datetime) -> tuple[Incident, Seat] | None:
    """The open incident and the channels that a copy was carried in; None for an edit, and where the room takes no part any more."""
    incident = world.incidents.get(row.stream)
    if incident is None or incident.closed_at is not None or row.kind != "message":
        return None
    seat = next((one for one in seated(world, incident, now) if one.room == row.to), None)
    return None if seat is None else (incident, seat)


def _code(event: Delivery) -> str | None:
    """Why, as the log says it; None where only this one message was refused, for what it is."""
    if event.became != "refused":
        return event.became if event.became in REASONS else None
    if event.gone:
        return "not-in"
    said = event.reason.lower()
    if _THIS_ONE_ALONE.search(said) and "topic" not in said:
        return None
    return next((code for code, pattern in _CODES if pattern.search(said)), "refused")


def _told(
    world: World, incident: Incident, event: Delivery, now: datetime, words: Callable[[Reader], Cleared | None]
) -> list[Effect]:
    """The lead for whoever spoke, and the coordinators; but that I am not in a room the coordinators learn otherwise: ``rooms.told_lost``."""

    def to(reader: Reader) -> Cleared | None:
        return None if event.gone and reader.partner is None else words(reader)

    speaker = event.said.partner if event.said is not None else event.row.partner
    if speaker is None or speaker not in world.book_of(incident).playbook.partners:
        return tell_coordinators(world, incident.id, now, to, about=ABOUT)
    return tell_lead_of(world, incident, speaker, now, to, about=ABOUT, avoiding=event.row.to)


def _stops(world: World, incident: Incident, seat: Seat, code: str) -> Callable[[Reader], Cleared | None]:
    book = world.book_of(incident)

    def words(reader: Reader) -> Cleared | None:
        if not listed(book, reader, seat.partner):
            return None
        line = say(
            reader.languages,
            "<b>What is said in {channels} does not reach a room of {partner}</b> ({network}: {reason}).",
            channels=titles(book, reader, seat.channels),
            partner=name(book, reader, seat.partner),
            network=word(seat.room.network),
            reason=say(reader.languages, REASONS[code]),
        )
        number = phone(book, reader, seat.partner)
        if not number.text:
            return line
        return glue(
            [line, say(reader.languages, "What matters to them, tell them by telephone: {phone}", phone=number)]
        )

    return words


def _goes_on(world: World, incident: Incident, seat: Seat) -> Callable[[Reader], Cleared | None]:
    book = world.book_of(incident)

    def words(reader: Reader) -> Cleared | None:
        if not listed(book, reader, seat.partner):
            return None
        return say(
            reader.languages,
            "What is said in {channels} reaches {partner} ({network}) again.",
            channels=titles(book, reader, seat.channels),
            partner=name(book, reader, seat.partner),
            network=word(seat.room.network),
        )

    return words
