"""Reactions to what was said in a channel: each stands once under every copy, whoever gave it and however many did."""

from __future__ import annotations

from dataclasses import replace

from handlers.carrying import event_of, home
from handlers.channels import out, seats
from handlers.events import Came, Talk
from handlers.world import World, circumstances, sight_room
from playbooks import sight
from playbooks.rooms import RoomRef
from storage.effects import Effect, React, Record, Remember
from storage.facts import ReactedTo
from storage.incident import Incident
from storage.store import ReactionKept

MOST = 100
"""Reactions that are remembered under one thing."""

_COMES = ("pending", "inflight", "sent")
"""Copies under which a reaction will stand: it leaves for a room after what it is about."""


def given(world: World, incident: Incident, event: Talk, came: Came) -> list[Effect]:
    """A reaction stands once under each copy, however many gave it; nobody is told whose it is."""
    said, book = event.said, world.book_of(incident)
    binding = world.who.binding(incident.playbook, event.room)
    if (
        binding is None
        or out(world, event.room) is not None
        or (event.identity and world.who.withdrawn(event.identity))
    ):
        return []
    if binding.partner not in book.playbook.partners:
        return []
    person = world.who.person(event.identity) if event.identity else None
    who = person.id if person is not None else event.identity or str(event.room)
    before = said.reactions
    reactions = [one for one in before if event.gone is None or one != f"{event.gone} {who}"]
    if event.emoji is not None:
        reactions = [*reactions, f"{event.emoji} {who}"][-MOST:]
    now = tuple(dict.fromkeys(reactions))
    if now == before:
        return []
    had, has = ({one.partition(" ")[0] for one in some} for some in (before, now))
    changed = [(emoji, emoji in had) for emoji in sorted(had ^ has)]
    facts = [
        Record(incident.id, ReactedTo(said.id, binding.partner, who, event.room, emoji, gone))
        for emoji, gone in ((event.gone, True), (event.emoji, False))
        if emoji is not None
    ]
    kept: list[Effect] = []
    if event.emoji is not None:
        kept = [Remember(ReactionKept(event.room, event.key, said.stream, said.id, event.emoji))]
    rooms = _may_see_reaction(world, incident, event, binding.partner, came)
    put = [React(said.stream, said.id, room, emoji, gone=gone) for room in rooms for emoji, gone in changed]
    return [*facts, *kept, Remember(replace(said, reactions=now)), *put]


def _may_see_reaction(world: World, incident: Incident, event: Talk, partner: str, came: Came) -> list[RoomRef]:
    """Where it was said, and where a copy stands or is still to arrive, as far as what this partner says there may be shown there. Not where it
    was given.
    """
    said, book = event.said, world.book_of(incident)
    own = home(world, incident, said)
    given = world.who.binding(incident.playbook, event.room)
    have = {row.to for row in event.copies if row.kind == "message" and row.state in _COMES} | {own}
    origin = book.playbook.partners[partner].jurisdiction
    theirs = replace(said, partner=partner, origins=tuple(sorted({*said.origins, origin})), onward=())
    so = circumstances(world, incident, came.now)
    found: dict[RoomRef, None] = {}
    for channel in said.channels:
        if channel not in book.playbook.channels:
            continue
        question = sight.Question(book, so, event_of(book, theirs, channel))
        for seat in seats(world, incident, channel, came.now):
            if seat.room not in have or seat.binding == given or out(world, seat.room) is not None:
                continue
            if isinstance(question.decide(sight_room(world, seat.binding), f"#{channel}"), sight.Seen):
                found[said.room if seat.room == own else seat.room] = None
    return list(found)
