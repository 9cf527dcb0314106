"""Telling the coordinators: who must act when a network, a room or a message fails."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from handlers.world import World, accounts, languages
from playbooks.cleared import Cleared, Reader
from playbooks.guests import present
from playbooks.rooms import RoomRef
from storage.effects import Effect, Send, Urgency

TOLD_LASTS = timedelta(hours=6)


def coordinators(world: World) -> tuple[str, ...]:
    """Their identities: the administrators from the settings, and those enrolled as coordinators, without the revoked."""
    enrolled = [
        p for p in world.who.people.values() if p.role == "coordinator" or world.admins & set(accounts(world, p))
    ]
    found = [*sorted(world.admins), *(identity for person in enrolled for identity in person.identities)]
    return tuple(dict.fromkeys(i for i in found if not world.who.withdrawn(i)))


def _concerned(world: World, identity: str, stream: str) -> bool:
    """Whether news of a stream is for a coordinator: those of a partner hear of incidents that their partner takes part in."""
    person = world.who.person(identity)
    incident = world.incidents.get(stream)
    if person is None or person.partner is None or world.admins & set(accounts(world, person)):
        return True
    return incident is not None and present(world.book_of(incident), person.partner)


def tell_coordinators(
    world: World,
    stream: str,
    now: datetime,
    words: Callable[[Reader], Cleared | None],
    *,
    about: str | None = None,
    not_over: str | None = None,
) -> list[Effect]:
    """The same news to each coordinator's private chat, once a person and network. ``not_over``: a network that is down."""
    effects: list[Effect] = []
    for reader in desks(world, stream):
        said = words(reader) if reader.room.network != not_over else None
        if said is not None:
            spoken, until = next(iter(reader.languages), ""), now + TOLD_LASTS
            effects.append(
                Send(stream, reader.room, said, Urgency.PROMPT, about=about, language=spoken, not_after=until)
            )
    return effects


def desks(world: World, stream: str) -> list[Reader]:
    """The private chats of the coordinators whom a stream concerns, each once."""
    found: dict[RoomRef, Reader] = {}
    for identity in coordinators(world):
        room = private_room(world, identity)
        if room is not None and _concerned(world, identity, stream):
            found.setdefault(room, Reader(room, None, True, _spoken(world, identity, room, stream)))
    return list(found.values())


def _spoken(world: World, identity: str, room: RoomRef, stream: str) -> tuple[str, ...]:
    """The language that a coordinator asked for, else those of their partner; of no partner, English."""
    person = world.who.person(identity)
    asked = world.who.languages.get(identity) or (world.who.languages.get(person.id) if person else None)
    if asked:
        return (asked,)
    incident = world.incidents.get(stream)
    if incident is None or person is None or person.partner is None:
        return ("en",)
    return languages(world, world.book_of(incident), room, person.partner)


def unreachable(world: World, network: str) -> tuple[str, ...]:
    """Coordinators on a network with whom there is no private chat yet: nothing could be told them there."""
    return tuple(
        identity
        for identity in coordinators(world)
        if identity.startswith(f"{network}:") and private_room(world, identity) is None
    )


def private_room(world: World, identity: str) -> RoomRef | None:
    """A person's private chat with the bot: known and still private, or (on Telegram, where it is the person's own id) assumed.

    Whoever is revoked and whatever account is lost has none.
    """
    if world.who.withdrawn(identity):
        return None
    known = world.who.direct.get(identity)
    if known is not None:
        return known if between_two(world, known) else None
    network, _, number = identity.partition(":")
    return RoomRef("telegram", number) if network == "telegram" else None


def between_two(world: World, room: RoomRef) -> bool:
    """Whether a chat that was private has stayed so: nobody else is in it, may come into it, or may read it from outside."""
    seen = world.who.traits.get(room.chat)
    return seen is None or (seen.private and not (seen.world_readable or seen.open_join or seen.public))
