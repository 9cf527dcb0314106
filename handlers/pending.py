"""What may be meant in several ways: the words are kept until whoever wrote them says which. A button cannot carry them all.

They are a fact, not a memory: a restart between the question and the tap loses nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from handlers.command import typed
from handlers.taps import fits
from handlers.world import Request, World
from storage.effects import Effect, Record
from storage.facts import DEPLOYMENT, WordsKept, WordsUsed
from storage.store import Mentioned

if TYPE_CHECKING:
    from handlers.case import Case

ANSWERED_WITHIN = timedelta(minutes=10)
SAYS_WHICH = "go"
"""The command by which a tap says it."""


def offered(case: Case, words: str, commands: Mapping[str, str]) -> tuple[list[Effect], Mapping[str, str]]:
    """What is to be recorded, and a command for each choice that fits a button: the whole one, or ``/go W-4 I-2``.

    ``words``: what was written; ``commands``: the whole command for each choice.
    """
    if all(fits(command) for command in commands.values()):
        return [], commands
    return kept(case, words, list(commands))


def kept(case: Case, words: str, choices: Sequence[str]) -> tuple[list[Effect], Mapping[str, str]]:
    """The same for words that are no command."""
    name = case.world.next_id("W")
    who, request = case.actor, case.request
    until = case.now + ANSWERED_WITHIN
    fact = WordsKept(name, who.person, who.identity, request.room, words, until, request.point)
    return [Record(DEPLOYMENT, fact)], {choice: f"/{SAYS_WHICH} {name} {choice}" for choice in choices}


def too_late(case: Case, arguments: str) -> list[Effect]:
    """``/go`` for words that are no longer kept, or are somebody else's."""
    return [case.answer(case.say("That choice is no longer open."))]


def meant(world: World, request: Request, arguments: str) -> tuple[list[Effect], Request] | None:
    """The words that were kept, as they are meant now (``/go W-4 I-2``); None where they are no longer to be had.

    Only whoever wrote them may say so, where they wrote them.
    """
    name, _, choice = arguments.strip().upper().partition(" ")
    found = world.who.words.get(name)
    if found is None or (found.identity, found.room) != (request.identity, request.room) or request.now > found.until:
        return None
    point = (found.point[0], found.point[1]) if found.point is not None else None
    again = replace(request, text=found.text, point=point, about=None)
    used: list[Effect] = [Record(DEPLOYMENT, WordsUsed(name))]
    said = typed(found.text, None)
    if said is not None:
        return used, replace(again, text=f"/{said.name} {choice} {said.arguments}".strip())
    asked = next((one.id for one in world.open if choice in (*one.drafts, *one.reports, one.id)), None)
    if asked is None and choice in world.who.reports:
        asked = DEPLOYMENT
    if asked is None:
        return None
    return used, replace(again, about=Mentioned("", asked, choice, None, request.room, ""))
