"""Who follows how things go: the rooms of the lead, and the coordinators in their private chats.

Who has something and who is silent is the built-in field ``_delivery``: for the lead by its nature, for others where the
playbook permits it, and only in rooms that may carry it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from handlers.case import room_reader
from handlers.coordinators import desks
from handlers.world import World, circumstances, rooms_for, sight_room
from playbooks import sight
from playbooks.cleared import Reader
from playbooks.load import Book
from playbooks.selection import Circumstances, Event, Leading
from storage.incident import Incident


@dataclass(frozen=True, slots=True)
class Watcher:
    """A room that follows something. ``room``: as the visibility rule knows it; None for a coordinator's private chat."""

    reader: Reader
    room: sight.Room | None


def watchers(world: World, incident: Incident, about: str, now: datetime) -> list[Watcher]:
    """The rooms of the operational lead for whose words it was, and the coordinators' private chats; each once.

    What is nobody's words, such as a round of a check-in, is followed by every operational lead.
    """
    book, so = world.book_of(incident), circumstances(world, incident, now)
    found: dict[object, Watcher] = {}
    issued = incident.alerts.get(about)
    copies = issued.copies.values() if issued is not None else ()
    has = {world.who.now_at(copy.room) for copy in copies if copy.state != "dropped"}
    for origin, leading in _leading(book, so, incident, about):
        event = _event(book, origin)
        for partner in leading.partners:
            rooms = {b.room: sight_room(world, b) for b in rooms_for(world, incident, partner, "alerts")}
            may = [
                room
                for room in rooms.values()
                if isinstance(sight.decide(book, so, event, room, "_delivery"), sight.Seen)
            ]
            # A room that was not shown the alert itself has no card of it either, where another of theirs was.
            for room in [room for room in may if room.ref in has] or may:
                reader = room_reader(world, book, room.ref, partner)
                found.setdefault(room.ref, Watcher(reader, room))
    for reader in desks(world, incident.id):
        if sight.coordinator_sees(book, reader.room.network, "_delivery"):
            found.setdefault(reader.room, Watcher(reader, None))
    return list(found.values())


def may_watch(world: World, incident: Incident, about: str, room: sight.Room, now: datetime) -> bool:
    """Whether a partner's room may know of this who has it and who is silent."""
    book, so = world.book_of(incident), circumstances(world, incident, now)
    origins = [incident.alerts[about].fact.partner] if about in incident.alerts else None
    if origins is None:
        origins = [origin for origin, _ in _leading(book, so, incident, about)]
    return any(
        isinstance(sight.decide(book, so, _event(book, origin), room, "_delivery"), sight.Seen) for origin in origins
    )


def _event(book: Book, origin: str) -> Event:
    return Event(origin, frozenset({book.playbook.partners[origin].jurisdiction}))


def _leading(book: Book, so: Circumstances, incident: Incident, about: str) -> Iterator[tuple[str, Leading]]:
    """Each lead that follows it, with a partner from whose jurisdiction it leads."""
    partners = book.playbook.partners
    if about in incident.alerts:
        origin = incident.alerts[about].fact.partner
        leading = so.lead_for(partners[origin].jurisdiction) if origin in partners else None
        if leading is not None:
            yield origin, leading
        return
    for leading in so.leads:
        if leading.tier not in ("operational", None):
            continue
        at_home = (name for name, who in partners.items() if who.jurisdiction == leading.jurisdiction)
        origin = leading.partners[0] if leading.jurisdiction is None else next(at_home, leading.partners[0])
        yield origin, leading
