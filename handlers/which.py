"""Which incident is meant: by a reply, a short id, or the room; else the bot asks. And who asks, as its playbook sees them."""

from __future__ import annotations

from handlers.case import Case
from handlers.command import Command, short_ids
from handlers.world import Request, World, actor, actor_in
from playbooks.cleared import Cleared, code, glue, secret, short_id
from storage.effects import Effect
from storage.incident import Incident


def case_of(world: World, request: Request, incident: Incident | None) -> Case:
    """The request with who asks, as the incident's playbook sees it, else the playbook that knows this room."""
    if incident is not None:
        return Case(world, request, actor_in(world, request, incident), incident, world.book_of(incident))
    cases = [Case(world, request, actor(world, request, book), None, book) for book in world.shelf.values()]
    for case in cases:
        if case.actor.partner is not None:
            return case
    who_asks = actor(world, request, None)
    return Case(world, request, who_asks, None, None)


def incidents(world: World, request: Request, arguments: str) -> list[Incident]:
    """Which incident is meant: the one replied to, else the one whose id is named, else those this room takes part in."""
    if request.about is not None and request.about.stream in world.incidents:
        meant = world.incidents[request.about.stream]
        if meant.closed_at is None:
            return [meant]
    for identifier in short_ids(arguments):
        for incident in world.open:
            if takes_part(world, request, incident) and _knows(world, request, incident, identifier):
                return [incident]
    return [incident for incident in world.open if takes_part(world, request, incident)]


def _knows(world: World, request: Request, incident: Incident, identifier: str) -> bool:
    """Whether an id tells this incident from others for whoever asks: what they were not shown is no different from what is not."""
    if identifier == incident.id:
        return True
    who_asks = actor_in(world, request, incident)
    issued, draft = incident.alerts.get(identifier), incident.drafts.get(identifier)
    if issued is not None:
        shown = {*issued.shown, issued.fact.partner}
        return who_asks.partner in shown or (who_asks.coordinator and request.private)
    asked = incident.requests.get(identifier)
    if asked is not None:
        return who_asks.partner in (asked.fact.partner, *asked.fact.asked)
    return draft is not None and draft.fact.partner == who_asks.partner


def without(incident: str, arguments: str) -> str:
    """The arguments without the incident's id in front, which said only which incident is meant."""
    first, _, rest = arguments.partition(" ")
    return rest.strip() if first.upper() == incident else arguments


def takes_part(world: World, request: Request, incident: Incident) -> bool:
    who_asks = actor_in(world, request, incident)
    return who_asks.partner is not None or (who_asks.coordinator and request.private)


def ask(world: World, request: Request, command: Command, arguments: str, found: list[Incident]) -> list[Effect]:
    case = case_of(world, request, None)
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
