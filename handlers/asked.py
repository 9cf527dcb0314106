"""What those are told who asked others to send an alert: who answered, and what became of it."""

from __future__ import annotations

from collections.abc import Callable

from handlers.case import room_reader
from handlers.texts import say
from handlers.world import World
from playbooks.cleared import Cleared, Reader, listed, name, short_id, strong
from storage.effects import Effect, Send, Unwake, Urgency
from storage.incident import Incident


def key(request: str) -> str:
    """The deadline at which those who asked learn that nobody answers."""
    return f"request:{request}"


def tell_asker(
    world: World, incident: Incident, request: str, words: Callable[[Reader], Cleared | None]
) -> list[Effect]:
    """News of a request, where it was made."""
    fact = incident.requests[request].fact
    said = words(room_reader(world, world.book_of(incident), fact.room, fact.partner))
    if said is None:
        return []
    return [Send(incident.id, fact.room, said, Urgency.PROMPT, about=request, partner=fact.partner)]


def fulfilled(world: World, incident: Incident, request: str | None, partner: str, alert: str) -> list[Effect]:
    """An alert was sent for a request; nothing where it was sent for none."""
    if request is None or request not in incident.requests:
        return []
    book = world.book_of(incident)

    def words(reader: Reader) -> Cleared:
        parts = {"request": short_id(request), "alert": strong(short_id(alert))}
        if not listed(book, reader, partner):
            return say(reader.languages, "{request} was sent as {alert}.", **parts)
        who = name(book, reader, partner)
        return say(reader.languages, "{partner} has sent {request} as {alert}.", partner=who, **parts)

    return [*tell_asker(world, incident, request, words), Unwake(key(request))]


def unfulfilled(world: World, incident: Incident, request: str | None) -> list[Effect]:
    """What was drafted for a request was never sent."""
    if request is None or request not in incident.requests:
        return []
    return tell_asker(
        world,
        incident,
        request,
        lambda reader: say(
            reader.languages, "{request} was not sent: its draft was discarded.", request=short_id(request)
        ),
    )
