"""Who is silent, told to those who must act: one message about each alert or round and kind of step in a room, edited in place.

``handlers.lists`` sends these lists, and keeps them up to date. Each room reads only of those it may know of. The deputies, where the playbook
does not let them see who is silent, learn that somebody is, and whom to ring about it: the lead.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from handlers.addressing import said_event, sees_place
from handlers.case import room_reader
from handlers.coordinators import desks
from handlers.nudges import said_late
from handlers.texts import say, says
from handlers.waiting import waits
from handlers.world import World, circumstances, in_order, rooms_for, sight_room
from playbooks import sight
from playbooks.cleared import Cleared, Reader, clock, glue, listed, name, phone, short_id
from playbooks.guests import present
from playbooks.rooms import RoomRef
from playbooks.selection import Event, Leading
from storage.incident import Incident, Watch

LISTS = ("unreachable", "deputies", "lead", "coordinators")
"""The kinds of news that are a list: the roles of these messages."""
MOST_LINES = 30

HEADINGS = {
    "unreachable": "<b>{about} has not reached these partners at all.</b> Please ring them:",
    "deputies": "<b>Still no answer to {about}.</b> You are the lead's deputies; please see to these partners:",
    "lead": "<b>Still no answer to {about}.</b> Please see to these partners:",
    "coordinators": "<b>Still no answer to {about}</b> from these partners:",
}


@dataclass(frozen=True, slots=True)
class Desk:
    """A room that is told. ``room``: as the rule of sight knows it, None for a coordinator's chat; ``named``: it may know who is silent."""

    reader: Reader
    room: sight.Room | None
    named: bool = True


class Desks:
    """Who is told what about one alert or round, at one moment."""

    def __init__(self, world: World, incident: Incident, about: str, now: datetime) -> None:
        self._world, self._incident, self._about = world, incident, about
        self._book, self._so = world.book_of(incident), circumstances(world, incident, now)
        self._lists: dict[tuple[str, str], list[Desk]] = {}
        self._issued = incident.alerts.get(about)
        self._seeing: dict[RoomRef, bool] = {}
        self._questions: dict[str, sight.Question] = {}

    def origin(self, partner: str) -> str:
        """Whose words it is: for what is nobody's, as a round, the silent partner's own."""
        return self._issued.fact.partner if self._issued is not None else partner

    def leading(self, partner: str) -> Leading | None:
        """Who leads for it."""
        return self._so.lead_for(self._book.playbook.partners[self.origin(partner)].jurisdiction)

    def of(self, kind: str, partner: str) -> list[Desk]:
        """The rooms that are told of this partner by this kind of step. Nobody is told of its own silence."""
        found = [desk for desk in self._all(kind, partner) if self.may_know(desk, partner)]
        if kind == "lead" and not found:
            # The lead is silent itself, or may not be told: somebody must know.
            return [desk for desk in self._all("coordinators", partner) if self.may_know(desk, partner)]
        return found

    def sees(self, reader: Reader, room: sight.Room | None, partner: str) -> bool:
        """Whether a room may see who is silent, where it is this partner."""
        desk = Desk(reader, room)
        if room is None:
            return sight.coordinator_sees(self._book, reader.room.network, "_delivery") and self.may_know(desk, partner)
        return isinstance(self._question(partner).decide(room, "_delivery"), sight.Seen) and self.may_know(
            desk, partner
        )

    def _question(self, partner: str) -> sight.Question:
        origin = self.origin(partner)
        jurisdiction = self._book.playbook.partners[origin].jurisdiction
        if jurisdiction not in self._questions:
            event = Event(origin, frozenset({jurisdiction}))
            self._questions[jurisdiction] = sight.Question(self._book, self._so, event)
        return self._questions[jurisdiction]

    def _all(self, kind: str, partner: str) -> list[Desk]:
        jurisdiction = self._book.playbook.partners[self.origin(partner)].jurisdiction
        if (kind, jurisdiction) not in self._lists:
            leading = self._so.lead_for(jurisdiction)
            found: list[Desk] = []
            if leading is not None and kind != "coordinators":
                found += self._rooms(leading.deputies if kind == "deputies" else leading.partners, kind, partner)
            if kind in ("coordinators", "unreachable"):
                found += [
                    Desk(reader, None)
                    for reader in desks(self._world, self._incident.id)
                    if sight.coordinator_sees(self._book, reader.room.network, "_delivery")
                ]
            self._lists[kind, jurisdiction] = found
        return self._lists[kind, jurisdiction]

    def _rooms(self, partners: Iterable[str], kind: str, silent: str) -> list[Desk]:
        found, question = [], self._question(silent)
        for partner in partners:
            for binding in rooms_for(self._world, self._incident, partner, "alerts"):
                room = sight_room(self._world, binding)
                named = isinstance(question.decide(room, "_delivery"), sight.Seen)
                if named or kind == "deputies":
                    found.append(Desk(room_reader(self._world, self._book, binding.room, partner), room, named))
        return found

    def may_know(self, desk: Desk, partner: str) -> bool:
        """Whether a room may know of a partner, and that this was for it; and is not its own."""
        if desk.reader.partner == partner or not listed(self._book, desk.reader, partner):
            return False
        if self._issued is None or desk.room is None:
            return True
        how = self._issued.addressed.get(partner)
        return not (isinstance(how, Mapping) and how.get("by_place")) or self._sees_place(desk.room)

    def _sees_place(self, room: sight.Room) -> bool:
        if room.ref not in self._seeing:
            assert self._issued is not None
            event = said_event(self._book, self._issued)
            self._seeing[room.ref] = sees_place(self._book, self._so, event, room)
        return self._seeing[room.ref]


# --- in words ------------------------------------------------------------------------------------------------------------


def written(
    world: World, incident: Incident, about: str, kind: str, room: RoomRef, everyone: Desks
) -> tuple[Reader, Cleared] | None:
    """The list as a room may read it: who is silent, with the number to ring, or that nobody is any more. None: nothing is for it."""
    book, subject = world.book_of(incident), incident.alerts.get(about) or incident.rounds.get(about)
    watches = subject.watches if subject is not None else {}
    ever = {p: watches[p] for p in in_order(book, watches) if kind in watches[p].taken}
    desks_ = {p: desk for p in ever for desk in everyone.of(kind, p) if desk.reader.room == room}
    if not desks_:
        return None
    reader = next(iter(desks_.values())).reader
    waiting = waits(book, incident, about, world.who)
    silent = [p for p in desks_ if p in waiting and not (kind == "unreachable" and waiting[p].since is not None)]
    if not silent:
        return reader, say(
            reader.languages, "Nobody on this list is silent about {about} any more.", about=short_id(about)
        )
    late = said_late(reader.languages, max(ever[p].taken[kind].late for p in silent))
    if not all(desk.named for desk in desks_.values()):
        return reader, glue([_ask_the_lead(world, incident, about, reader, everyone, silent[0]), *late])
    lines = [say(reader.languages, HEADINGS[kind], about=short_id(about)), *late]
    lines += [line(world, incident, reader, p, waiting[p]) for p in silent[:MOST_LINES]]
    return reader, glue([*lines, *more(reader, len(silent) - MOST_LINES)])


def more(reader: Reader, count: int) -> list[Cleared]:
    """How many are left out of a list."""
    if count <= 0:
        return []
    return [
        says(reader.languages, "and {count} more. /status shows all.", "and {count} more. /status shows all.", count)
    ]


def line(world: World, incident: Incident, reader: Reader, partner: str, watch: Watch) -> Cleared:
    """A silent partner: its number, and what came of ringing it."""
    book, said = world.book_of(incident), reader.languages
    who, number = name(book, reader, partner), phone(book, reader, partner)
    call = watch.calls[-1] if watch.calls else None
    if call is None:
        return say(said, "• {partner} {phone}", partner=who, phone=number)
    at = clock(book, call.at)
    if call.reached is None:
        return say(said, "• {partner} {phone}: being rung since {time}", partner=who, phone=number, time=at)
    if call.reached:
        return say(said, "• {partner} {phone}: on the telephone at {time}", partner=who, phone=number, time=at)
    return say(said, "• {partner} {phone}: nobody picked up at {time}", partner=who, phone=number, time=at)


def _ask_the_lead(
    world: World, incident: Incident, about: str, reader: Reader, everyone: Desks, partner: str
) -> Cleared:
    book, leading = world.book_of(incident), everyone.leading(partner)
    lead = next(
        (p for p in (leading.partners if leading else ()) if listed(book, reader, p) and present(book, p)), None
    )
    if lead is None:
        return say(reader.languages, "<b>Some have not answered {about}.</b>", about=short_id(about))
    return say(
        reader.languages,
        "<b>Some have not answered {about}.</b> You are deputies: please ask {lead} whether you can help. {phone}",
        about=short_id(about),
        lead=name(book, reader, lead),
        phone=phone(book, reader, lead),
    )
