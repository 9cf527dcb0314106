"""Where one can speak to a partner: its rooms, and its people in person.

An exercise comes into rooms that the playbook opens to exercises, and into the private chats of the people of partners that have
such a room, always marked: whoever rings or is called in earnest is to have practised it. The people of other partners hear
nothing of it unless they ask. ``in_private`` is the one place that decides this, for all that is sent unasked.
"""

from __future__ import annotations

from collections.abc import Iterable

from handlers.case import room_reader
from handlers.colleagues import chat_with, colleagues
from handlers.coordinators import private_room
from handlers.world import World, playing, rooms_for
from playbooks.cleared import Reader
from playbooks.rooms import RoomRef
from storage.deployment import Binding, PersonOnFile
from storage.incident import Incident


def in_private(world: World, incident: Incident, partner: str | None) -> bool:
    """Whether what is said of an incident may come unasked into private chats of a partner's people."""
    return not incident.opened.exercise or partner in playing(world, incident)


def chat_of(world: World, person: PersonOnFile) -> RoomRef | None:
    """A person's private chat: one they have opened with us, else one that their network lets us write to."""
    rooms = (room for identity in person.identities if (room := private_room(world, identity)) is not None)
    return chat_with(world, person) or next(rooms, None)


def in_person(world: World, incident: Incident, partner: str, roles: Iterable[str]) -> list[tuple[Binding, Reader]]:
    """The private chats of a partner's people with one of these roles, where these may be used."""
    if not in_private(world, incident, partner):
        return []
    book = world.book_of(incident)
    found: list[tuple[Binding, Reader]] = []
    for person in colleagues(world, partner):
        room = chat_of(world, person) if person.role in set(roles) else None
        if room is None:
            continue
        asked = [world.who.languages.get(who) for who in (person.id, *person.identities)]
        spoken = (*(each for each in asked if each), *room_reader(world, book, room, partner).languages)
        reader = Reader(room, partner, partner in book.playbook.partners, tuple(dict.fromkeys(spoken)))
        found.append((Binding(incident.playbook, partner, room, None, person.id), reader))
    return found


def doors(world: World, incident: Incident, partner: str, roles: Iterable[str]) -> list[tuple[Binding, Reader]]:
    """The rooms in which a partner reads alerts, and the private chats of its people with one of these roles; each once."""
    book = world.book_of(incident)
    found = {
        binding.room: (binding, room_reader(world, book, binding.room, partner))
        for binding in rooms_for(world, incident, partner, "alerts")
    }
    for binding, reader in in_person(world, incident, partner, roles):
        found.setdefault(binding.room, (binding, reader))
    return list(found.values())
