"""An incident that is on file and in no world: its log was erased when its time was over, or this version cannot read it.

Whoever answers to it, or names it to look back, is told so; nothing is done, above all not in another incident.
"""

from __future__ import annotations

from datetime import datetime

from handlers.case import Case
from handlers.coordinators import tell_coordinators
from handlers.events import CannotRead
from handlers.resaid import is_said
from handlers.texts import say
from handlers.which import LOOKING_BACK, case_of, named_in_front
from handlers.world import Request, World
from playbooks.cleared import glue, short_id
from storage.effects import Effect
from storage.facts import DEPLOYMENT


def commanded(world: World, request: Request, command: str, arguments: str) -> list[Effect] | None:
    """The answer to a command that means such an incident; None where it means none. Commands of an inquiry may name it."""
    case = case_of(world, request, None)
    if case.actor.revoked or not world.unreadable:
        return None
    named = named_in_front(arguments)
    looks_back = command in LOOKING_BACK and (case.actor.coordinator or case.actor.auditor)
    if looks_back and named is not None and named in world.unreadable:
        return _told(case, named)
    meant = _replied(world, request) if named is None else None
    return _told(case, meant) if meant is not None else None


def answered(world: World, request: Request) -> list[Effect]:
    """The answer to words that are no command, written under a message of such an incident; to what people said there, nothing."""
    meant = _replied(world, request)
    if meant is None or request.automatic or (request.about is not None and is_said(request.about.about)):
        return []
    case = case_of(world, request, None)
    # Its playbook may be gone with it: whoever is enrolled or speaks in a bound room is no stranger by any other.
    bound = any(ref.chat == request.room.chat for _, ref in world.who.bindings)
    known = bound or case.actor.coordinator or world.who.person(request.identity or "") is not None
    return _told(case, meant) if known and not case.actor.revoked else []


def found(world: World, event: CannotRead, now: datetime) -> list[Effect]:
    """Open incidents that cannot be read: the coordinators take over what I can do no more."""
    names = glue([short_id(one) for one in event.incidents], ", ")
    return tell_coordinators(
        world,
        DEPLOYMENT,
        now,
        lambda reader: say(
            reader.languages,
            "I cannot read the log of {incidents}, and do nothing there any more: nobody is called, nothing is passed on. "
            "Take over by telephone, and tell whoever runs my server: what I write there says why.",
            incidents=names,
        ),
    )


def _replied(world: World, request: Request) -> str | None:
    meant = request.about.stream if request.about is not None else None
    return meant if meant in world.unreadable else None


def _told(case: Case, incident: str) -> list[Effect]:
    called = short_id(incident)
    if case.world.unreadable[incident] == "erased":
        words = case.say(
            "The log of {incident} was erased, because the time for which it was kept is over. Nothing was done.",
            incident=called,
        )
    else:
        words = case.say(
            "I cannot read the log of {incident}, so nothing was done. Please tell a coordinator.", incident=called
        )
    return [case.answer(words)]
