"""Reactions to what was said in a channel: each stands once under every copy, whoever gave it and however many did."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime

from handlers.carrying import event_of, home
from handlers.channels import Seat, out, seats
from handlers.events import Came, Talk
from handlers.world import World, circumstances, sight_room
from playbooks import sight
from playbooks.rooms import RoomRef
from storage.deployment import Binding
from storage.effects import Effect, React, Record, Remember
from storage.facts import ReactedTo
from storage.incident import Incident
from storage.store import ReactionKept, Utterance

MOST = 100
"""Reactions that are remembered under one thing."""

_COMES = ("pending", "inflight", "sent")
"""Copies under which a reaction will stand: it leaves for a room after what it is about."""


def given(world: World, incident: Incident, event: Talk, came: Came) -> list[Effect]:
    """A reaction stands once under each copy, however many gave it elsewhere; nobody is told whose it is."""
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
    here = f"{who} {binding.room}"
    before = said.reactions
    reactions = [one for one in before if event.gone is None or one != f"{event.gone} {here}"]
    if event.emoji is not None:
        reactions = [*reactions, f"{event.emoji} {here}"][-MOST:]
    now = tuple(dict.fromkeys(reactions))
    if now == before:
        return []
    facts = [
        Record(incident.id, ReactedTo(said.id, binding.partner, who, event.room, emoji, gone))
        for emoji, gone in ((event.gone, True), (event.emoji, False))
        if emoji is not None
    ]
    kept: list[Effect] = []
    if event.emoji is not None:
        kept = [Remember(ReactionKept(event.room, event.key, said.stream, said.id, event.emoji))]
    return [*facts, *kept, Remember(replace(said, reactions=now)), *_put(world, incident, event, now, came.now)]


def _put(world: World, incident: Incident, event: Talk, now: Iterable[str], at: datetime) -> Iterator[React]:
    """Where it was said, and where a copy stands or is still to arrive: what stands there after this, and did not, or does not any more.

    Not where it was given. What is taken away is taken away everywhere: where it never stood, nothing is asked of the network.
    """
    said = event.said
    own, whose = home(world, incident, said), world.who.binding(incident.playbook, event.room)
    have = {row.to for row in event.copies if row.kind == "message" and row.state in _COMES} | {own}
    eyes = _Eyes(world, incident, said, at)
    before = [one for one in said.reactions if _parts(one)[0] != event.gone]
    for seat in eyes.seats:
        if seat.room not in have or seat.binding == whose or out(world, seat.room) is not None:
            continue
        room = said.room if seat.room == own else seat.room
        stand = eyes.sees(seat, now)
        # What comes goes first: where a bot has one reaction, it takes the place of what goes, in one step.
        if event.emoji is not None and event.emoji in stand - eyes.sees(seat, before):
            yield React(said.stream, said.id, room, event.emoji)
        if event.gone is not None and event.gone not in stand:
            yield React(said.stream, said.id, room, event.gone, gone=True)


def _parts(reaction: str) -> tuple[str, RoomRef]:
    """What was given, and where. Matrix takes any words for an emoji."""
    emoji, _, room = reaction.rsplit(" ", 2)
    return emoji, RoomRef.parse(room)


class _Eyes:
    """Which reactions a room may see: those given elsewhere, by partners whose words on this it may read."""

    def __init__(self, world: World, incident: Incident, said: Utterance, now: datetime) -> None:
        self._world, self._incident, self._said = world, incident, said
        self._book, self._so = world.book_of(incident), circumstances(world, incident, now)
        self._questions: dict[tuple[str, str], sight.Question] = {}
        self._channels: dict[RoomRef, list[str]] = {}
        self.seats: list[Seat] = []
        for channel in said.channels:
            if channel in self._book.playbook.channels:
                for seat in seats(world, incident, channel, now):
                    if seat.room not in self._channels:
                        self.seats.append(seat)
                    self._channels.setdefault(seat.room, []).append(channel)

    def sees(self, seat: Seat, reactions: Iterable[str]) -> set[str]:
        """The emoji that stand in a room of all these, each ``EMOJI WHO ROOM``."""
        found: set[str] = set()
        for one in reactions:
            emoji, given_in = _parts(one)
            binding = self._world.who.binding(self._incident.playbook, given_in)
            if emoji not in found and binding is not None and binding.room != seat.room and self._may(binding, seat):
                found.add(emoji)
        return found

    def _may(self, giver: Binding, seat: Seat) -> bool:
        if giver.partner not in self._book.playbook.partners:
            return False
        room = sight_room(self._world, seat.binding)
        return any(
            isinstance(self._question(channel, giver.partner).decide(room, f"#{channel}"), sight.Seen)
            for channel in self._channels[seat.room]
        )

    def _question(self, channel: str, partner: str) -> sight.Question:
        if (channel, partner) not in self._questions:
            origin = self._book.playbook.partners[partner].jurisdiction
            origins = tuple(sorted({*self._said.origins, origin}))
            theirs = replace(self._said, partner=partner, origins=origins, onward=())
            self._questions[channel, partner] = sight.Question(
                self._book, self._so, event_of(self._book, theirs, channel)
            )
        return self._questions[channel, partner]
