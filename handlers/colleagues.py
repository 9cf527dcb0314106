"""The enrolled people of a partner: who they are, whom somebody means by a name, and where one can write to them alone."""

from __future__ import annotations

import re
from collections.abc import Sequence

from handlers.command import nearest
from handlers.coordinators import private_room
from handlers.world import World
from playbooks.rooms import RoomRef
from storage.deployment import PersonOnFile


def colleagues(world: World, partner: str | None) -> tuple[PersonOnFile, ...]:
    """A partner's people (None: the deployment's own), as they were enrolled, without the revoked."""
    return tuple(p for p in world.who.people.values() if p.partner == partner and p.id not in world.who.revoked)


def meant(people: Sequence[PersonOnFile], wanted: str) -> list[PersonOnFile]:
    """Who is meant: the one of this id or account, else those of this name, else those with a name that begins like it."""
    folded = " ".join(wanted.casefold().split())
    if not folded:
        return []
    exactly = [p for p in people if p.id.casefold() == folded or wanted.strip() in p.identities]
    by_name = [p for p in people if p.name.casefold() == folded]
    by_part = [p for p in people if any(part.startswith(folded) for part in _parts(p.name))]
    return exactly or by_name or by_part


def close_to(people: Sequence[PersonOnFile], wanted: str) -> PersonOnFile | None:
    """Whose name or id is nearest to one that was mistyped."""
    known = {spelling: person for person in people for spelling in (person.id.casefold(), *_parts(person.name))}
    near = nearest(wanted, list(known))
    return known[near] if near is not None else None


def _parts(called: str) -> list[str]:
    """A name, and each of the words in it."""
    folded = called.casefold()
    return [folded, *(part for part in re.split(r"[\W_]+", folded) if part)]


def chat_with(world: World, person: PersonOnFile) -> RoomRef | None:
    """A private chat that a person has opened with us, on a network that works if there is one."""
    opened = [i for i in person.identities if i in world.who.direct and person.id not in world.who.revoked]
    rooms = [room for i in opened if (room := private_room(world, i)) is not None]
    return next((room for room in rooms if room.network not in world.who.down), rooms[0] if rooms else None)
