"""The decisions: what people say, what networks report and what falls due, and what each leads to. Pure.

``COMMANDS`` is the one list of commands: it drives the help, the menus, the permission checks and the documentation.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from handlers import ack, activate, alert, danger, delivery, people, playbook, prerogative, rooms, small, status, who
from handlers import help as helping
from handlers.case import Case
from handlers.choices import choice_in
from handlers.command import Command, Typed, is_command, nearest, short_ids, typed
from handlers.deadlines import due
from handlers.events import Came, Delivery, NetworkEvent, Resolved, RoomEvent, Stale
from handlers.world import Request, World, actor, actor_in
from playbooks import mandate
from playbooks.cleared import Cleared, code, echo, glue, secret, short_id
from playbooks.phrasing import legible
from storage.effects import Effect
from storage.facts import DEPLOYMENT
from storage.incident import Incident

__all__ = ["COMMANDS", "DEPLOYMENT", "due", "failed", "happened", "hear", "started"]


# --- who may -------------------------------------------------------------------------------------------------------------


def _anyone(case: Case) -> Cleared | None:
    return None


def _partner(case: Case) -> Cleared | None:
    """People of a partner, and coordinators in a private chat."""
    if case.actor.partner is not None or (case.actor.coordinator and case.request.private):
        return None
    return case.say("This chat belongs to no partner. Please write in your partner's room.")


def _issuers(case: Case) -> Cleared | None:
    """People of a partner; which alerts are theirs is the playbook's to say, and said with the alert."""
    if case.actor.partner is not None:
        return None
    return case.say("This chat belongs to no partner. Please write in your partner's room.")


def _revokers(case: Case) -> Cleared | None:
    """Coordinators, and liaisons: whose people they may revoke is said with the person."""
    if case.actor.coordinator or "liaison" in case.actor.roles:
        return None
    return case.say("Not revoked. Coordinators, and liaisons of the person's own partner, may do that.")


def _coordinator(case: Case) -> Cleared | None:
    return None if case.actor.coordinator else case.say("Only coordinators may do this.")


def _starters(case: Case) -> Cleared | None:
    """Those whom a playbook's ``activate`` names; asked for a certain playbook, the refusal says who may."""
    return _partner(case)


def _auditors(case: Case) -> Cleared | None:
    if case.actor.coordinator or "auditor" in case.actor.roles:
        return None
    return case.say("Only auditors and coordinators may read the log here.")


def _has_alerts(case: Case) -> bool:
    """Whether some alert is theirs to issue as things are now."""
    assert case.book is not None
    partner, issuer = case.actor.partner, case.actor.may_issue
    return issuer and any(
        isinstance(mandate.may_issue(case.book, case.so, template, str(partner), None), mandate.Mandated)
        for template in case.book.playbook.alerts
    )


def _declares(case: Case) -> bool:
    """Whether it is theirs to declare danger."""
    assert case.book is not None
    partner, issuer = case.actor.partner, case.actor.may_issue
    return issuer and mandate.may_declare_danger(case.book, case.so, str(partner)) is not None


def _starts(case: Case) -> bool:
    """Whether there is a playbook that they may start an incident from."""
    return bool(activate.startable(case))


def _help(case: Case, arguments: str) -> list[Effect]:
    return helping.decide(case, COMMANDS)


COMMANDS: tuple[Command, ...] = (
    Command("help", "", "what you can do here", "anyone", _anyone, _help, incident=False),
    Command(
        "status",
        "[A-17]",
        "what is happening, who leads, what is open for you",
        "a partner's people",
        _partner,
        status.decide,
    ),
    Command("who", "", "partners, leads and their numbers", "a partner's people", _partner, who.decide),
    Command("ack", "A-17 [acting|seen|cannot]", "answer an alert", "a partner's people", _partner, ack.decide),
    Command("note", "WORDS", "a remark for the log", "a partner's people", _partner, small.note),
    Command("lang", "[room] fr", "the language I speak to you", "anyone", _anyone, small.lang, incident=False),
    Command(
        "alert",
        "TEMPLATE key=value words",
        "issue an alert; alone, I ask step by step",
        "whoever the playbook names",
        _issuers,
        alert.decide,
        offered=_has_alerts,
    ),
    Command(
        "danger",
        "REASON",
        "declare imminent danger to life; /danger off ends it",
        "whoever the playbook names",
        _issuers,
        danger.decide,
        offered=_declares,
    ),
    Command(
        "activate",
        "PLAYBOOK [hazard] [title]",
        "start an incident",
        "whoever the playbook names, coordinators",
        _starters,
        activate.decide,
        incident=False,
        offered=_starts,
    ),
    Command(
        "invite",
        "ROLE [PARTNER]",
        "a code that enrols a person",
        "a partner's people, coordinators",
        _partner,
        people.invite,
        incident=False,
    ),
    Command(
        "start", "CODE", "redeem an invitation", "anyone, in a private chat", _anyone, people.start, incident=False
    ),
    Command(
        "revoke",
        "PERSON",
        "take every role from a person, at once",
        "liaisons, coordinators",
        _revokers,
        people.revoke,
        incident=False,
    ),
    Command("bind", "PARTNER", "this room is that partner's", "coordinators", _coordinator, rooms.bind, incident=False),
    Command(
        "playbook",
        "[reload]",
        "the rules this goes by; reload: go by the file as it is now",
        "a partner's people; reload: coordinators",
        _partner,
        playbook.decide,
    ),
    Command("close", "[reason]", "the incident is over", "coordinators", _coordinator, small.close),
    Command("log", "[reason]", "the incident's log", "auditors, coordinators", _auditors, small.log),
    Command(
        "draft",
        "D-3 send",
        "what a draft's buttons say",
        "whoever the playbook names",
        _issuers,
        alert.draft,
        hidden=True,
    ),
    Command(
        "ask", "TEMPLATE", "ask those whose alert it is", "a partner's people", _issuers, prerogative.ask, hidden=True
    ),
)
"""Every command, in the order of the help."""

_BY_NAME = {command.name: command for command in COMMANDS}
_VISIBLE = [command.name for command in COMMANDS if not command.hidden]


# --- what people say ---------------------------------------------------------------------------------------------------


def hear(world: World, request: Request) -> list[Effect]:
    """What a person said or tapped leads to. Nothing, where they were not talking to us."""
    request = replace(request, text=legible(request.text), name=legible(request.name))
    said = typed(request.text, world.usernames.get(request.room.network))
    if request.identity is None:
        return _anonymous(world, request) if said is not None else []
    if said is None:
        return [] if is_command(request.text) else _plain(world, request)
    command = _BY_NAME.get(said.name)
    if command is None:
        return _unknown(world, request, said)
    return _command(world, request, command, said.arguments)


def _command(world: World, request: Request, command: Command, arguments: str) -> list[Effect]:
    found = _incidents(world, request, arguments)
    if command.incident and len(found) != 1:
        return _which(world, request, command, arguments, found)
    incident = found[0] if len(found) == 1 else None
    case = _case(world, request, incident)
    if case.actor.revoked:
        return case.refuse(
            case.say("Your access was withdrawn. Please ask a coordinator."), f"/{command.name}", "revoked"
        )
    if command.incident and incident is not None:
        arguments = _without(incident.id, arguments)
    refused = command.needs(case)
    if refused is not None:
        return case.refuse(refused, f"/{command.name}", "role")
    return command.decide(case, arguments)


def _case(world: World, request: Request, incident: Incident | None) -> Case:
    """The request with who asks, as the incident's playbook sees it, else the playbook that knows this room."""
    if incident is not None:
        return Case(world, request, actor_in(world, request, incident), incident, world.book_of(incident))
    cases = [Case(world, request, actor(world, request, book), None, book) for book in world.shelf.values()]
    for case in cases:
        if case.actor.partner is not None:
            return case
    who_asks = actor(world, request, None)
    return Case(world, request, who_asks, None, None)


def _incidents(world: World, request: Request, arguments: str) -> list[Incident]:
    """Which incident is meant: the one replied to, else the one whose id is named, else those this room takes part in."""
    if request.about is not None and request.about.stream in world.incidents:
        meant = world.incidents[request.about.stream]
        if meant.closed_at is None:
            return [meant]
    for identifier in short_ids(arguments):
        for incident in world.open:
            if _takes_part(world, request, incident) and _knows(world, request, incident, identifier):
                return [incident]
    return [incident for incident in world.open if _takes_part(world, request, incident)]


def _knows(world: World, request: Request, incident: Incident, identifier: str) -> bool:
    """Whether an id tells this incident from others for whoever asks: what they were not shown is no different from what is not."""
    if identifier == incident.id:
        return True
    who_asks = actor_in(world, request, incident)
    issued, draft = incident.alerts.get(identifier), incident.drafts.get(identifier)
    if issued is not None:
        shown = {*issued.shown, issued.fact.partner}
        return who_asks.partner in shown or (who_asks.coordinator and request.private)
    return draft is not None and draft.fact.partner == who_asks.partner


def _without(incident: str, arguments: str) -> str:
    """The arguments without the incident's id in front, which said only which incident is meant."""
    first, _, rest = arguments.partition(" ")
    return rest.strip() if first.upper() == incident else arguments


def _takes_part(world: World, request: Request, incident: Incident) -> bool:
    who_asks = actor_in(world, request, incident)
    return who_asks.partner is not None or (who_asks.coordinator and request.private)


def _which(world: World, request: Request, command: Command, arguments: str, found: list[Incident]) -> list[Effect]:
    case = _case(world, request, None)
    if case.actor.revoked:
        return case.refuse(
            case.say("Your access was withdrawn. Please ask a coordinator."), f"/{command.name}", "revoked"
        )
    if not found:
        if case.actor.partner is None and not (case.actor.coordinator and request.private):
            return [case.answer(_nobodys(case))]
        return [case.answer(case.say("No incident is open here. /activate starts one."))]
    taps = []
    for index, incident in enumerate(found[:9], 1):
        text = f"/{command.name} {incident.id} {arguments}".strip()
        if len(text.encode()) <= 64:
            taps.append([case.tap("{incident}", text, f"{index}️⃣", incident=short_id(incident.id))])
    names = glue([short_id(incident.id) for incident in found], ", ")
    return [case.answer(case.say("Which incident? Write its id with the command: {incidents}.", incidents=names), taps)]


def _nobodys(case: Case) -> Cleared:
    """A room that is no partner's: its address, which a playbook may name, and who can bind it."""
    here = code(secret(str(case.request.room), case.request.room))
    return case.say("This room ({room}) belongs to no partner. A coordinator can bind it: /bind PARTNER.", room=here)


def _plain(world: World, request: Request) -> list[Effect]:
    """Words that are no command: the answer to a question of ours, or to an alert; else not for us."""
    for incident in world.open:
        case = _case(world, request, incident)
        if case.actor.revoked or case.actor.partner is None:
            continue
        for draft in incident.drafts.values():
            awaited = draft.fact.asking is not None and draft.fact.identity == request.identity
            here = draft.fact.room == request.room
            ours = request.about is not None and request.about.about == draft.fact.draft
            if awaited and here and (ours or request.about is None):
                return alert.answered(case, draft, request.text)
        about = request.about.about if request.about is not None and request.about.stream == incident.id else None
        if about in incident.alerts:
            return _reply(case, str(about))
    return []


def _reply(case: Case, about: str) -> list[Effect]:
    """A reply to an alert: one of its answers, or a word between people."""
    assert case.incident is not None and case.book is not None
    template = case.incident.alerts[about].fact.template
    choice = choice_in(case.request.text, case.book.playbook.alerts[template].ack.choices)
    return ack.decide(case, f"{about} {choice}") if choice is not None else []


def _anonymous(world: World, request: Request) -> list[Effect]:
    case = _case(world, request, None)
    return [
        case.answer(
            case.say(
                "I cannot see who wrote this, so nothing was done. Switch off “remain anonymous” and write it again."
            )
        )
    ]


def _unknown(world: World, request: Request, said: Typed) -> list[Effect]:
    found = _incidents(world, request, said.arguments)
    case = _case(world, request, found[0] if len(found) == 1 else None)
    if case.actor.partner is None and not case.actor.coordinator and not request.private:
        return []
    near = nearest(said.name, _VISIBLE)
    wrote = echo(f"/{said.name}", request.room)
    if near is None:
        return [case.answer(case.say("I don't know {command}. /help shows what I know.", command=wrote))]
    again = f"/{near} {said.arguments}".strip()
    meant = case.say(f"/{near}")
    taps = [[case.tap("{command}", again, "✅", command=meant)]] if len(again.encode()) <= 64 else []
    return [case.answer(case.say("I don't know {command}. Did you mean {near}?", command=wrote, near=meant), taps)]


def failed(world: World, request: Request) -> list[Effect]:
    """A fault of ours: say so to whoever asked; what they wrote is kept."""
    case = _case(world, request, None)
    words = case.say("Something went wrong on my side, and nothing was done. Please try again; if it is urgent, ring.")
    return [case.answer(words)] if typed(request.text, world.usernames.get(request.room.network)) else []


# --- what else comes to pass ---------------------------------------------------------------------------------------------


def happened(world: World, came: Came) -> list[Effect]:
    """What rooms, networks and the courier report."""
    match came.event:
        case RoomEvent() as event:
            return rooms.happened(world, came, event)
        case NetworkEvent() as event:
            return delivery.network(world, came, event)
        case Delivery() as event:
            return delivery.delivered(world, came, event)
        case Stale() as event:
            return delivery.stale(world, came, event)
        case Resolved() as event:
            return rooms.resolved(world, came, event)


def started(world: World, now: datetime, seed: bytes) -> list[Effect]:
    """What a start leads to: rooms that playbooks name by their own id are bound."""
    return rooms.by_playbook(world, world.shelf)
