"""A room that cannot be trusted any more drops out of every channel, and comes back when it is sound: who is told, and what to do.

Its partner learns it in its other rooms, or its liaisons in private; the coordinators, as far as they may know of the partner. Whoever may
be in the room itself reads one plain sentence, without details. Nobody is told the same twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from handlers import recap
from handlers.afterwards import after_here
from handlers.case import room_reader
from handlers.channels import Reason, Seat, out, seats
from handlers.coordinators import tell_coordinators
from handlers.events import Came, RoomEvent
from handlers.persons import in_person
from handlers.presence import on_duty
from handlers.silence import more
from handlers.texts import say
from handlers.world import World, rooms_for
from playbooks.cleared import Cleared, Reader, glue, listed, name, phone, quote, word
from playbooks.load import Book
from playbooks.rooms import RoomRef
from storage.deployment import Binding
from storage.effects import Effect, Record, Send, Urgency
from storage.facts import DEPLOYMENT, TalkResumed, TalkStopped
from storage.incident import Incident

CURES = {
    "tampered": "Its encryption was changed, so nobody can tell who reads along. "
    "Please make a new encrypted room under the same address, invite me, and write /bind {id} in it.",
    "world-readable": "Anybody can read it from outside. Please let only its members read it: then I connect it again by myself.",
    "open": "Anybody can join it. Please let people in by invitation only: then I connect it again by myself.",
    "public": "It has a public name, so anybody can find it. Please make the group private: then I connect it again by myself.",
}
"""For each reason, what is the matter and what to do."""
MOST_LINES = 10


@dataclass(frozen=True, slots=True)
class Cut:
    """A room that drops out of its channels, and why."""

    seat: Seat
    why: Reason


def observed(world: World, came: Came, event: RoomEvent) -> list[Effect]:
    """A network says what a room is like now. ``world``: as it was known before. What is recorded of the room itself is the caller's."""
    if event.observed is None:
        return []
    later = after_here(world, [event.observed], came.now)
    effects: list[Effect] = []
    for incident in later.open:
        here = [one for one in seated(later, incident, came.now) if one.room.chat == event.room.chat]
        known = incident.talk_stopped
        cuts = []
        for seat in here:
            why, before = out(later, seat.room), known.get(seat.room)
            if why is not None and (before is None or before.reason != why):
                cuts.append(Cut(seat, why))
            elif why is None and before is not None and before.reason in CURES:
                effects += _resumed(later, incident, seat, came.now)
                effects += recap.came_back(later, seat.room, before.at, came.now)
        effects += _stopped(later, incident, cuts, came.now)
    return _once(effects)


def at_start(world: World, incident: Incident, now: datetime) -> list[Effect]:
    """An incident has begun, or goes on: the rooms that are out of its channels already. ``world``: with the incident as it is."""
    found = ((one, out(world, one.room)) for one in seated(world, incident, now))
    cuts = [Cut(one, why) for one, why in found if why is not None]
    return _once(_stopped(world, incident, [one for one in cuts if not _known(incident, one)], now))


def moved(world: World, old: RoomRef, new: RoomRef) -> list[Effect]:
    """A room has a new address: that talk does not reach it goes with it, until it is observed or something arrives there."""
    effects: list[Effect] = []
    for incident in world.open:
        for room, stopped in incident.talk_stopped.items():
            binding = world.who.binding(incident.playbook, room)
            if room.chat == old.chat and binding is not None:
                there = RoomRef(new.network, new.id, room.topic)
                effects += [
                    Record(incident.id, TalkResumed(room, binding.partner)),
                    Record(incident.id, TalkStopped(there, binding.partner, stopped.reason, stopped.said)),
                ]
    return effects


def seated(world: World, incident: Incident, now: datetime) -> list[Seat]:
    """The rooms that take part in an incident's channels, each once with all of its channels. A paused exercise has none."""
    if incident.paused is not None:
        return []
    found: dict[RoomRef, Seat] = {}
    for channel in world.book_of(incident).playbook.channels:
        for one in seats(world, incident, channel, now):
            before = found[one.room].channels if one.room in found else ()
            found[one.room] = Seat(one.binding, (*before, channel))
    return list(found.values())


def titles(book: Book, reader: Reader, channels: Iterable[str]) -> Cleared:
    """What channels are called."""
    return glue([quote(book, reader, book.playbook.channels[one].title) for one in channels], ", ")


def _known(incident: Incident, cut: Cut) -> bool:
    before = incident.talk_stopped.get(cut.seat.room)
    return before is not None and before.reason == cut.why


def _once(effects: Sequence[Effect]) -> list[Effect]:
    """A room of several incidents is told of once."""
    told: set[tuple[RoomRef, str]] = set()
    kept: list[Effect] = []
    for one in effects:
        if isinstance(one, Send):
            key = (one.to, one.body.html)
            if key in told:
                continue
            told.add(key)
        kept.append(one)
    return kept


# --- who is told ---------------------------------------------------------------------------------------------------------


def _stopped(world: World, incident: Incident, cuts: Sequence[Cut], now: datetime) -> list[Effect]:
    if not cuts:
        return []
    book = world.book_of(incident)
    effects: list[Effect] = [Record(incident.id, TalkStopped(cut.seat.room, cut.seat.partner, cut.why)) for cut in cuts]
    for cut in cuts:
        effects.append(_plainly(world, book, cut.seat, _shut))
        effects += _tell_partner(world, incident, cut.seat, partial(_cut_off, book, cut))

    def words(reader: Reader) -> Cleared | None:
        lines = [_cut_off_of(book, cut, reader) for cut in cuts if listed(book, reader, cut.seat.partner)]
        return glue([*lines[:MOST_LINES], *more(reader, len(lines) - MOST_LINES)]) if lines else None

    return effects + tell_coordinators(world, incident.id, now, words)


def _resumed(world: World, incident: Incident, seat: Seat, now: datetime) -> list[Effect]:
    book = world.book_of(incident)

    def words(reader: Reader) -> Cleared | None:
        if not listed(book, reader, seat.partner):
            return None
        return say(
            reader.languages,
            "The room of {partner} ({room}) is connected to {channels} again.",
            partner=name(book, reader, seat.partner),
            room=_called(book, reader, seat.binding),
            channels=titles(book, reader, seat.channels),
        )

    return [
        Record(incident.id, TalkResumed(seat.room, seat.partner)),
        _plainly(world, book, seat, _open_again),
        *_tell_partner(world, incident, seat, partial(_connected, book, seat)),
        *tell_coordinators(world, incident.id, now, words),
    ]


def _plainly(world: World, book: Book, seat: Seat, words: Callable[[Reader], Cleared]) -> Send:
    """One sentence to the room itself, of no incident: anybody may read it there."""
    reader = room_reader(world, book, seat.room, seat.partner)
    spoken = next(iter(reader.languages), "")
    return Send(DEPLOYMENT, seat.room, words(reader), Urgency.PROMPT, partner=seat.partner, language=spoken)


def _tell_partner(world: World, incident: Incident, seat: Seat, words: Callable[[Reader], Cleared]) -> list[Effect]:
    """Tell a partner in its other rooms that can be trusted; where it has none, its liaisons, those on duty before the others."""
    book, partner = world.book_of(incident), seat.partner
    uses = ("alerts", *book.playbook.channels)
    rooms = dict.fromkeys(one.room for use in uses for one in rooms_for(world, incident, partner, use))
    usable = [r for r in rooms if r.chat != seat.room.chat and r.chat not in world.who.lost and out(world, r) is None]
    readers = [room_reader(world, book, room, partner) for room in usable] or _liaisons(world, incident, partner)
    return [
        Send(
            incident.id,
            reader.room,
            words(reader),
            Urgency.PROMPT,
            partner=partner,
            language=next(iter(reader.languages), ""),
        )
        for reader in readers
    ]


def _liaisons(world: World, incident: Incident, partner: str) -> list[Reader]:
    found = in_person(world, incident, partner, ("liaison",))
    working = [reader for binding, reader in found if binding.by in on_duty(world, partner)]
    return working or [reader for _, reader in found]


# --- what they read --------------------------------------------------------------------------------------------------------


def _shut(reader: Reader) -> Cleared:
    return say(
        reader.languages, "This room is not private any more, so Tocsin carries nothing into it and nothing out of it."
    )


def _open_again(reader: Reader) -> Cleared:
    return say(reader.languages, "This room is private again: Tocsin carries messages into it and out of it.")


def _connected(book: Book, seat: Seat, reader: Reader) -> Cleared:
    return say(
        reader.languages,
        "Your room {room} is connected to {channels} again.",
        room=_called(book, reader, seat.binding),
        channels=titles(book, reader, seat.channels),
    )


def _cut_off(book: Book, cut: Cut, reader: Reader) -> Cleared:
    """For its own people."""
    heading = say(
        reader.languages,
        "<b>Your room {room} is cut off from {channels}.</b>",
        room=_called(book, reader, cut.seat.binding),
        channels=titles(book, reader, cut.seat.channels),
    )
    return glue([heading, _cure(book, reader, cut)])


def _cut_off_of(book: Book, cut: Cut, reader: Reader) -> Cleared:
    """For a coordinator, with the number to ring."""
    partner = cut.seat.partner
    heading = say(
        reader.languages,
        "<b>The room of {partner} ({room}) is cut off from {channels}.</b>",
        partner=name(book, reader, partner),
        room=_called(book, reader, cut.seat.binding),
        channels=titles(book, reader, cut.seat.channels),
    )
    number = phone(book, reader, partner)
    return glue([heading, _cure(book, reader, cut), *([number] if number.text else [])])


def _cure(book: Book, reader: Reader, cut: Cut) -> Cleared:
    return say(reader.languages, CURES[cut.why], id=quote(book, reader, cut.seat.partner))


def _called(book: Book, reader: Reader, binding: Binding) -> Cleared:
    """A room by the address that the playbook gives it, where that is one for people; else by its network."""
    address = (binding.alias or "").partition(":")[2]
    if not address.startswith("#"):
        return word(binding.room.network)
    return quote(book, reader, address)
