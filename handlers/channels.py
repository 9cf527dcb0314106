"""Channels: which rooms one joins in an incident, and why a room that is one of its members' is out of it.

A room is out while it cannot be trusted at all, however low the label: whoever may come in there, or read it from outside, could read
what is said in the others, and be read in them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from handlers.world import World, bound_for, circumstances, rooms_for
from playbooks.load import Book
from playbooks.rooms import RoomRef
from playbooks.selection import Circumstances, matches
from storage.deployment import Binding
from storage.incident import Incident

Reason = Literal["tampered", "world-readable", "open", "public"]
"""Its encryption was changed; anybody may read it; anybody may join it; a Telegram group with a public name."""


@dataclass(frozen=True, slots=True)
class Seat:
    """A room that takes part in a channel: whose, and of which channels."""

    binding: Binding
    channels: tuple[str, ...]

    @property
    def partner(self) -> str:
        return self.binding.partner

    @property
    def room(self) -> RoomRef:
        return self.binding.room


def out(world: World, room: RoomRef) -> Reason | None:
    """Why a room is out of every channel now; None where it is not."""
    seen = world.who.traits.get(room.chat)
    if seen is None:
        return None
    if seen.tampered:
        return "tampered"
    if seen.world_readable:
        return "world-readable"
    if seen.open_join:
        return "open"
    return "public" if seen.public else None


def seats(world: World, incident: Incident, channel: str, now: datetime) -> Iterator[Seat]:
    """The rooms that a channel joins in this incident, in the order in which they were bound, those that are out included."""
    book, so = world.book_of(incident), circumstances(world, incident, now)
    for binding in bound_for(world, book, channel, exercise=incident.opened.exercise):
        if _member(book, so, binding, channel):
            yield Seat(binding, (channel,))


def seat(world: World, room: RoomRef, now: datetime, *, prefer: str | None = None) -> tuple[Incident, Seat] | None:
    """The channels that a room takes part in, and the open incident in which what is said there counts: the first that was opened.

    A real incident goes before an exercise; a paused exercise has no channels. ``prefer``: an incident that goes before all others, where the room
    takes part in it too: what is said there answers its words.
    """
    for incident in sorted(world.open, key=lambda one: (one.id != prefer, one.opened.exercise)):
        binding = world.who.binding(incident.playbook, room)
        if binding is None or incident.paused is not None:
            continue
        book, so = world.book_of(incident), circumstances(world, incident, now)
        channels = tuple(
            channel
            for channel in book.playbook.channels
            if binding in rooms_for(world, incident, binding.partner, channel) and _member(book, so, binding, channel)
        )
        if channels:
            return incident, Seat(binding, channels)
    return None


def threaded(world: World, topic: RoomRef, now: datetime) -> Incident | None:
    """The incident in which what is said in a topic is a thread: where the playbook binds the whole forum. None elsewhere.

    A topic that is bound by itself is a room like any other.
    """
    found = seat(world, topic, now)
    return found[0] if found is not None and found[1].room != topic else None


def _member(book: Book, so: Circumstances, binding: Binding, channel: str) -> bool:
    """Whether a channel's ``members`` means the partner of this room. A rule that fails means nobody."""
    if binding.partner not in so.active:
        return False
    chosen, network = book.playbook.channels[channel].members, binding.room.network
    try:
        return matches(book, chosen, binding.partner, so, binding.partner, frozenset(), network)
    except Exception:  # noqa: BLE001 an error in a rule denies: see playbooks.sight, 6
        return False
