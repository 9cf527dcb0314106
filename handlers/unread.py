"""Something was said in a partner's room that the bot could not read: the room is told so, once in a while, and whoever wrote it can write it again."""

from __future__ import annotations

from handlers.case import room_reader
from handlers.coordinators import TOLD_LASTS
from handlers.events import Came, RoomEvent
from handlers.texts import say
from handlers.world import World, holds, plays_in
from playbooks.load import Book
from playbooks.rooms import RoomRef
from storage.deployment import Binding
from storage.effects import Effect, Record, Send, Urgency
from storage.facts import DEPLOYMENT, Unread
from storage.incident import Incident
from storage.incident.talk import told_of_unread


def unreadable(world: World, came: Came, event: RoomEvent) -> list[Effect]:
    """Record it, and say so under that message. Nothing in a room that is nobody's."""
    if event.message is None:
        return []
    whose = _whose(world, event.room)
    if whose is None:
        return []
    incident, book, binding = whose
    stream = incident.id if incident is not None else DEPLOYMENT
    told = incident.unread if incident is not None else world.who.unread
    effects: list[Effect] = [Record(stream, Unread(event.room, event.message))]
    if told_of_unread(told, event.room, came.now) == told:  # it was told a moment ago
        return effects
    reader = room_reader(world, book, event.room, binding.partner)
    words = say(
        reader.languages,
        "I could not read this message (its key did not come). If it was for others or for me, please write it again.",
    )
    answer = Send(
        stream,
        event.room,
        words,
        Urgency.ANSWER,
        partner=binding.partner,
        language=next(iter(reader.languages), ""),
        reply_to=event.message,
        not_after=came.now + TOLD_LASTS,
    )
    return [*effects, answer]


def _whose(world: World, room: RoomRef) -> tuple[Incident | None, Book, Binding] | None:
    """Whose room it is: in the open incident that it takes part in, a real one before an exercise; else in a playbook."""
    for incident in sorted(world.open, key=lambda one: one.opened.exercise):
        binding, book = world.who.binding(incident.playbook, room), world.book_of(incident)
        plays = plays_in(world, book, room, incident.opened.exercise) and incident.paused is None
        if binding is not None and plays and holds(book, binding):
            return incident, book, binding
    for playbook, book in world.shelf.items():
        binding = world.who.binding(playbook, room)
        if binding is not None and holds(book, binding):
            return None, book, binding
    return None
