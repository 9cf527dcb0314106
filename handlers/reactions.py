"""Reactions to what was said in a channel: each stands once under every copy, whoever gave it and however many did."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from handlers.carrying import event_of, home
from handlers.channels import Seat, out, seats
from handlers.events import Came, Talk
from handlers.world import World, circumstances, sight_room
from playbooks import sight
from playbooks.emoji import alike, is_emoji
from playbooks.rooms import RoomRef
from storage.deployment import Binding
from storage.effects import Effect, React, Record, Remember
from storage.facts import ReactedTo
from storage.incident import Incident
from storage.store import Reacted, ReactionKept, Utterance

EACH = 10
"""Different reactions that somebody may have under one thing; their own oldest makes way."""

SHOWN = 20
"""Different reactions that are carried under one thing: those that were given first."""

MOST = 500
"""Reactions that are remembered under one thing; later ones are not heard."""

_COMES = ("pending", "inflight", "sent")
"""Copies under which a reaction will stand: it leaves for a room after what it is about."""


def given(world: World, incident: Incident, event: Talk, came: Came) -> list[Effect]:
    """A reaction stands once under each copy, however many gave it elsewhere; nobody is told whose it is. Only an emoji is one.

    In a room that is out none is given any more, but those that were are taken away everywhere as they are there.
    """
    said, book = event.said, world.book_of(incident)
    binding = world.who.binding(incident.playbook, event.room)
    if binding is None or binding.partner not in book.playbook.partners:
        return []
    who = event.whose or _who(world, event)
    may = out(world, event.room) is None and (event.identity is None or not world.who.withdrawn(event.identity))
    emoji = alike(event.emoji) if event.emoji is not None and may and is_emoji(event.emoji) else None
    gone = alike(event.gone) if event.gone is not None else None
    here = str(binding.room)
    now = [one for one in said.reactions if one != (gone, who, here)]
    if emoji is not None:
        now = _with(now, Reacted(emoji, who, here))
    if tuple(now) == said.reactions:
        return []
    changed = [(one, True) for one in said.reactions if one not in now]
    changed += [(one, False) for one in now if one not in said.reactions]
    facts = [
        Record(incident.id, ReactedTo(said.id, binding.partner, who, event.room, one.emoji, away))
        for one, away in changed
    ]
    kept: list[Effect] = []
    if emoji is not None:
        kept = [Remember(ReactionKept(event.room, event.key, said.stream, said.id, emoji, who))]
    after = replace(said, reactions=tuple(now))
    return [*facts, *kept, Remember(after), *_put(world, incident, event, after.reactions, came.now)]


def _who(world: World, event: Talk) -> str:
    person = world.who.person(event.identity) if event.identity else None
    return person.id if person is not None else event.identity or str(event.room)


def _with(reactions: list[Reacted], new: Reacted) -> list[Reacted]:
    """These and a new one: in the place of the oldest of the same person, where they have as many as they may."""
    theirs = list(dict.fromkeys(one.emoji for one in reactions if one.who == new.who))
    if new in reactions:
        return reactions
    if len(theirs) >= EACH and new.emoji not in theirs:
        reactions = [one for one in reactions if (one.emoji, one.who) != (theirs[0], new.who)]
    return [*reactions, new] if len(reactions) < MOST else reactions


def _shown(reactions: Iterable[Reacted]) -> list[Reacted]:
    first = set(list(dict.fromkeys(one.emoji for one in reactions))[:SHOWN])
    return [one for one in reactions if one.emoji in first]


def _put(world: World, incident: Incident, event: Talk, now: Sequence[Reacted], at: datetime) -> Iterator[React]:
    """Where it was said, and where a copy stands or is still to arrive: what stands there after this, and did not, or does not any more.

    Not where it was given. What is taken away is taken away everywhere: where it never stood, nothing is asked of the network.
    """
    said = event.said
    own, whose = home(world, incident, said), world.who.binding(incident.playbook, event.room)
    have = {row.to for row in event.copies if row.kind == "message" and row.state in _COMES} | {own}
    have -= {RoomRef.parse(room) for room, _ in said.removed}
    eyes = _Eyes(world, incident, said, at)
    taken = {one.emoji for one in said.reactions if one not in now}
    before, after = _shown(said.reactions), _shown(now)
    for seat in eyes.seats:
        if seat.room not in have or out(world, seat.room) is not None:
            continue
        room = said.room if seat.room == own else seat.room
        stood, stand = eyes.sees(seat, before), eyes.sees(seat, after)
        # What comes goes first: where a bot has one reaction, it takes the place of what goes, in one step.
        for emoji in sorted(stand - stood):
            yield React(said.stream, said.id, room, emoji)
        goes = stood if seat.binding == whose else stood | taken
        for emoji in sorted(goes - stand):
            yield React(said.stream, said.id, room, emoji, gone=True)


def again(
    world: World, incident: Incident, said: Utterance, rooms: Collection[RoomRef], now: datetime
) -> Iterator[React]:
    """Under copies that are sent anew into these rooms: what stood under those before them went with them. In the order in which they were given, so that
    where a bot has one reaction the last is seen."""
    if not said.reactions or not rooms:
        return
    eyes, shown = _Eyes(world, incident, said, now), _shown(said.reactions)
    for seat in eyes.seats:
        if seat.room in rooms and out(world, seat.room) is None:
            sees = eyes.sees(seat, shown)
            for emoji in dict.fromkeys(one.emoji for one in shown):
                if emoji in sees:
                    yield React(said.stream, said.id, seat.room, emoji)


class _Eyes:
    """Which reactions a room may see: those given elsewhere, by partners whose words on this it may read."""

    def __init__(self, world: World, incident: Incident, said: Utterance, now: datetime) -> None:
        self._world, self._incident, self._said = world, incident, said
        self._book, self._so = world.book_of(incident), circumstances(world, incident, now)
        self._questions: dict[tuple[str, str], sight.Question] = {}
        self._bindings: dict[str, Binding | None] = {}
        self._channels: dict[RoomRef, list[str]] = {}
        self.seats: list[Seat] = []
        for channel in said.channels:
            if channel in self._book.playbook.channels:
                for seat in seats(world, incident, channel, now):
                    if seat.room not in self._channels:
                        self.seats.append(seat)
                    self._channels.setdefault(seat.room, []).append(channel)

    def sees(self, seat: Seat, reactions: Iterable[Reacted]) -> set[str]:
        """The emoji that stand in a room of all these."""
        found: set[str] = set()
        for emoji, _, room in reactions:
            if emoji in found:
                continue
            binding = self._bound(room)
            if binding is not None and binding.room != seat.room and self._may(binding, seat):
                found.add(emoji)
        return found

    def _bound(self, room: str) -> Binding | None:
        if room not in self._bindings:
            self._bindings[room] = self._world.who.binding(self._incident.playbook, RoomRef.parse(room))
        return self._bindings[room]

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
