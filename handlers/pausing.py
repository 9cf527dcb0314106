"""An exercise gives way to the real thing: nothing of it is said or falls due until a coordinator lets it go on.

A real incident pauses every exercise in whose chats it takes part, a chat with all its topics. What the exercise still had to say
is never said; what it waited for waits as much longer as it stood still.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from handlers.case import room_reader
from handlers.coordinators import tell_coordinators
from handlers.texts import say
from handlers.which import case_of
from handlers.world import Request, World, played_in
from playbooks.cleared import Cleared, Reader, short_id
from playbooks.load import Book
from playbooks.rooms import RoomRef
from storage.effects import Effect, Hush, Postpone, Record, Send, Urgency, Wake
from storage.facts import DeadlineHeld, ExercisePaused, ExerciseResumed
from storage.incident import Incident, stood_still
from storage.store import Deadline


def chats(world: World, book: Book, *, exercise: bool) -> frozenset[RoomRef]:
    """The chats that take part in a playbook's incidents, or in its exercises."""
    return frozenset(binding.room.chat for binding in played_in(world, book, exercise=exercise))


def in_the_way(world: World, book: Book) -> list[Incident]:
    """The real incidents that are open in a chat of this playbook's exercises."""
    own = chats(world, book, exercise=True)
    real = (one for one in world.open if not one.opened.exercise)
    return [one for one in real if own & chats(world, world.book_of(one), exercise=False)]


def paused_by(world: World, book: Book, incident: str, now: datetime) -> list[Effect]:
    """What a real incident that begins means for the exercises that share a chat with it: they are paused, and told so once."""
    needed = chats(world, book, exercise=False)
    effects: list[Effect] = []
    for exercise in world.open:
        theirs = world.book_of(exercise)
        if exercise.opened.exercise and exercise.paused is None and needed & chats(world, theirs, exercise=True):
            effects += [Record(exercise.id, ExercisePaused(incident)), Hush(exercise.id, "the exercise was paused")]
            effects += _told(world, exercise, incident, needed)
            effects += tell_coordinators(world, exercise.id, now, _over_there)
    return effects


def _over_there(reader: Reader) -> Cleared:
    return say(reader.languages, "Exercise paused: a real incident has begun. /exercise resume lets it go on.")


def _told(world: World, exercise: Incident, incident: str, needed: frozenset[RoomRef]) -> list[Effect]:
    """Each room of an exercise learns that it pauses; which incident it is for, only where that takes part."""
    book = world.book_of(exercise)
    effects: list[Effect] = []
    for binding in played_in(world, book, exercise=True):
        said = room_reader(world, book, binding.room, binding.partner).languages
        words = (
            say(said, "<b>Exercise paused: a real incident has begun.</b> {incident}", incident=short_id(incident))
            if binding.room.chat in needed
            else say(said, "<b>Exercise paused: a real incident has begun.</b>")
        )
        effects.append(
            Send(exercise.id, binding.room, words, Urgency.PROMPT, partner=binding.partner, language=said[0], loud=True)
        )
    return effects


def resumed(world: World, exercise: Incident, person: str, now: datetime) -> list[Effect]:
    """A paused exercise goes on, and what it waited for with it."""
    by = stood_still(exercise, now)
    effects: list[Effect] = [Record(exercise.id, ExerciseResumed(person)), Postpone(exercise.id, by)]
    effects += [Wake(one.key, exercise.id, one.due + by, one.kind, one.about) for one in exercise.held.values()]
    book = world.book_of(exercise)
    for binding in played_in(world, book, exercise=True):
        said = room_reader(world, book, binding.room, binding.partner).languages
        words = say(said, "The exercise goes on: {incident}.", incident=short_id(exercise.id))
        effects.append(
            Send(exercise.id, binding.room, words, Urgency.PROMPT, partner=binding.partner, language=said[0])
        )
    return effects


def held(exercise: Incident, deadline: Deadline) -> list[Effect]:
    """What falls due in a paused exercise: nothing comes of it, and it is kept to be set again."""
    return [Record(exercise.id, DeadlineHeld(deadline.key, deadline.at, deadline.kind, deadline.about))]


def quiet(world: World, effects: Sequence[Effect]) -> list[Effect]:
    """What networks report, without anything that a paused exercise would say to it."""
    paused = _paused(world)
    return [one for one in effects if not (isinstance(one, Send) and one.stream in paused)] if paused else list(effects)


def answered(world: World, request: Request, effects: Sequence[Effect]) -> list[Effect]:
    """What somebody's words lead to; where that would be a matter of a paused exercise, they are told that it is paused."""
    paused = _paused(world)
    concerned = next((one.stream for one in effects if isinstance(one, Send | Record) and one.stream in paused), None)
    return is_paused(world, request, paused[concerned]) if concerned is not None else list(effects)


def is_paused(world: World, request: Request, exercise: Incident) -> list[Effect]:
    """The answer to whatever is asked of a paused exercise."""
    case = case_of(world, request, exercise)
    words = case.say("{incident} is paused. Coordinators: /exercise resume.", incident=short_id(exercise.id))
    return [case.answer(words)]


def _paused(world: World) -> dict[str, Incident]:
    return {one.id: one for one in world.open if one.paused is not None}
