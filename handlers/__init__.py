"""The decisions: what people say, what networks report and what falls due, and what each leads to. Pure.

``COMMANDS`` is the one list of commands: it drives the help, the menus, the permission checks and the documentation.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from handlers import (
    cards,
    delivery,
    digest,
    duties,
    pausing,
    pending,
    plain,
    polls,
    posting,
    reach,
    recap,
    relay,
    resaid,
    restraint,
    reworded,
    rollback,
    rooms,
    stamping,
    unreadable,
)
from handlers.case import Case
from handlers.channels import seat
from handlers.command import Command, Typed, is_command, nearest, typed
from handlers.commands import COMMANDS
from handlers.deadlines import due
from handlers.escalation import audited
from handlers.events import (
    Came,
    CannotRead,
    Delivery,
    Flooded,
    NetworkEvent,
    NoStamps,
    Resolved,
    RolledBack,
    RoomEvent,
    Signed,
    Stale,
    Talk,
    TimeStamped,
)
from handlers.taps import fits
from handlers.which import ask, case_of, incidents, without
from handlers.world import Request, World
from playbooks.cleared import Cleared, echo, glue
from playbooks.phrasing import legible
from storage.effects import Effect
from storage.facts import DEPLOYMENT
from storage.store import OutboxRow

__all__ = ["COMMANDS", "DEPLOYMENT", "audited", "due", "failed", "happened", "hear", "started"]

_BY_NAME = {command.name: command for command in COMMANDS}
_VISIBLE = [command.name for command in COMMANDS if not command.hidden]
LONGEST = 8000
"""Characters of one message: twice what Telegram carries."""
LONGEST_CALLED = 200
"""Characters of the name that a network gives somebody."""


# --- what people say ---------------------------------------------------------------------------------------------------


def hear(world: World, request: Request) -> list[Effect]:
    """What a person said or tapped leads to. Nothing, where they were not talking to us.

    Here everything enters that people write: what is longer than anybody writes is refused whole, before it is read.
    """
    name = legible(request.name[:LONGEST_CALLED])
    heard = replace(request, text=legible(request.text[:LONGEST]), name=name)
    wordless = not heard.text.strip() and heard.point is None and request.via != "button"
    effects = [] if wordless else restraint.restrained(world, heard, _heard(world, heard))
    if effects:
        return _too_long(world, heard) if len(request.text) > LONGEST else effects
    # No word for us: it is for the other people of the channel, however long.
    if is_command(heard.text):
        return []
    carried = reworded.on_record(relay.heard(world, replace(request, name=name)), request.versions)
    return [*unreadable.answered(world, heard), *carried]


def _too_long(world: World, request: Request) -> list[Effect]:
    """What was cut is not half of what was meant."""
    case = case_of(world, request, None)
    words = case.says(
        "That is too long, and nothing was done: at most {count} character in one message.",
        "That is too long, and nothing was done: at most {count} characters in one message.",
        LONGEST,
    )
    return [case.answer(words)]


def _heard(world: World, request: Request) -> list[Effect]:
    said = typed(request.text, world.usernames.get(request.room.network))
    if request.automatic:
        return []  # programs command nothing
    if request.identity is None:
        return _anonymous(world, request) if said is not None else []
    if said is None:
        return [] if is_command(request.text) else pausing.answered(world, request, plain.heard(world, request))
    kept = pending.meant(world, request, said.arguments) if said.name == pending.SAYS_WHICH else None
    if kept is not None:
        used, again = kept
        return [*used, *_heard(world, again)]
    command = _BY_NAME.get(said.name)
    if command is None:
        return _unknown(world, request, said)
    return _command(world, request, command, said.arguments)


def _command(world: World, request: Request, command: Command, arguments: str) -> list[Effect]:
    told = unreadable.commanded(world, request, command.name, arguments) if command.incident else None
    if told is not None:
        return told
    found = incidents(world, request, arguments, command.name)
    if command.incident and len(found) != 1:
        return ask(world, request, command.name, arguments, found)
    incident = found[0] if len(found) == 1 else None
    case = case_of(world, request, incident)
    if case.actor.revoked and not _comes_back(world, request, command):
        return case.refuse(
            case.say("Your access was withdrawn. Please ask a coordinator."), f"/{command.name}", "revoked"
        )
    if incident is not None and incident.paused is not None and command.incident and command.name != "close":
        return pausing.is_paused(world, request, incident)
    if command.incident and incident is not None:
        arguments = without(incident.id, arguments)
    refused = command.needs(case)
    if refused is not None:
        return case.refuse(refused, f"/{command.name}", "role")
    return command.decide(case, arguments)


def _comes_back(world: World, request: Request, command: Command) -> bool:
    """Whether somebody redeems a code with an account that was reported as lost: they may have it again."""
    return command.name == "start" and request.identity in world.who.strayed


def _anonymous(world: World, request: Request) -> list[Effect]:
    case = case_of(world, request, None)
    return [
        case.answer(
            case.say(
                "I cannot see who wrote this, so nothing was done. Switch off “remain anonymous” and write it again."
            )
        )
    ]


def _unknown(world: World, request: Request, said: Typed) -> list[Effect]:
    found = incidents(world, request, said.arguments)
    case = case_of(world, request, found[0] if len(found) == 1 else None)
    if case.actor.partner is None and not case.actor.coordinator and not request.private:
        return []
    near = nearest(said.name, _VISIBLE)
    wrote = echo(f"/{said.name}", request.room)
    kept = _not_passed_on(world, request, case)
    if near is None:
        words = case.say("I don't know {command}. /help shows what I know.", command=wrote)
        return [case.answer(glue([words, *kept]))]
    again = f"/{near} {said.arguments}".strip()
    meant = case.say(f"/{near}")
    taps = [[case.tap("{command}", again, "✅", command=meant)]] if fits(again) else []
    words = case.say("I don't know {command}. Did you mean {near}?", command=wrote, near=meant)
    return [case.answer(glue([words, *kept]), taps)]


def _not_passed_on(world: World, request: Request, case: Case) -> list[Cleared]:
    """Where what is said goes to other rooms: that this did not, for it may have been meant for them."""
    if request.private or seat(world, request.room, request.now) is None:
        return []
    return [
        case.say("The other rooms did not get it. For them, write it again and begin with a word, not with / or !.")
    ]


def failed(world: World, request: Request) -> list[Effect]:
    """A fault of ours: say so to whoever asked; what they wrote is kept."""
    case = case_of(world, request, None)
    words = case.say("Something went wrong on my side, and nothing was done. Please try again; if it is urgent, ring.")
    return [case.answer(words)] if typed(request.text, world.usernames.get(request.room.network)) else []


# --- what else comes to pass ---------------------------------------------------------------------------------------------


def happened(world: World, came: Came) -> list[Effect]:
    """What rooms, networks and the courier report. A paused exercise has nothing to say to it."""
    return pausing.quiet(world, _happened(world, came))


def _happened(world: World, came: Came) -> list[Effect]:
    match came.event:
        case RoomEvent() as event:
            return rooms.happened(world, came, event)
        case NetworkEvent() as event:
            return delivery.network(world, came, event)
        case Talk() as event:
            effects = resaid.happened(world, came, event)
            return recap.followed(world, event.said, event.recaps, effects, came.now, event.apart)
        case Flooded() as event:
            return digest.flooded(world, came, event)
        case Delivery() as event if resaid.is_talk(event.row) or _goes_with_talk(event.row):
            return resaid.delivered(world, came, event)
        case Delivery() as event if polls.is_count(event.row):
            return polls.followed(world, came, event, delivery.delivered(world, came, event))
        case Stale() as event if resaid.is_talk(event.row):
            return resaid.stale(world, came, event)
        case Stale() as event if recap.is_recap(event.row):
            return recap.stale(world, came, event)
        case Stale() as event if polls.is_count(event.row):
            return polls.stale(world, came, event)
        case Delivery() as event:
            return cards.followed(world, came, event, delivery.delivered(world, came, event))
        case Stale() as event:
            return cards.followed(world, came, event, delivery.stale(world, came, event))
        case Resolved() as event:
            return rooms.resolved(world, came, event)
        case Signed() as event:
            return posting.posted(world, event, came.now)
        case TimeStamped() as event:
            return stamping.stamped(world, event)
        case NoStamps() as event:
            return stamping.none(world, event, came.now)
        case RolledBack() as event:
            return rollback.found(world, event, came.now)
        case CannotRead() as event:
            return unreadable.found(world, event, came.now)


def _goes_with_talk(row: OutboxRow) -> bool:
    """Whether this takes away what told of something that was said besides its copies: a count, a recap."""
    return row.kind == "delete" and (polls.is_count(row) or recap.is_recap(row))


def started(world: World, now: datetime) -> list[Effect]:
    """What a start leads to: rooms that playbooks name by their own id are bound, and the tests of the alarm chain planned."""
    return [*rooms.by_playbook(world, world.shelf), *reach.begun(world, now), *duties.calm_begun(world, now)]
