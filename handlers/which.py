"""Which incident is meant: by its id in front, a reply, what is named, or the room; else the bot asks. And who asks, as its playbook
sees them.

A room for exercises takes part in exercises alone, and no other room does; a coordinator's private chat takes part in both.
"""

from __future__ import annotations

from handlers import marks, pending
from handlers.case import Case
from handlers.command import short_ids
from handlers.world import Request, World, actor, actor_in
from playbooks.cleared import Cleared, code, glue, secret, short_id
from storage.effects import Effect, Urgency
from storage.incident import Incident

INCIDENTS = "IEX"
"""The letters of incidents: the real ones, exercises, and those of rehearsals."""
REAL_FIRST = frozenset(("alert", "report", "danger", "safe", "checkin"))
"""Commands that in a private chat mean the real thing where there is one; an exercise has to be named, or replied to."""
FREE_WORDS = frozenset(("alert", "report", "danger"))
"""Commands whose words may speak of other alerts: an id among them says nothing of which incident is meant."""
LOOKING_BACK = frozenset(("audit", "export", "log"))
"""Commands of an inquiry: where it is named, they mean an incident that is over too."""
MOST_OFFERED = 9
"""Incidents that one question offers; all are named in it."""


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


def incidents(world: World, request: Request, arguments: str, command: str = "") -> list[Incident]:
    """Which incident is meant: the one named in front, or replied to; else one whose alert (or the like) is named; else those here.

    Several: whoever asks has to say. None: nothing here is called so, or nothing is open.
    """
    here = [incident for incident in world.open if takes_part(world, request, incident)]
    replied = _replied(world, request, here)
    named = named_in_front(arguments)
    if named is not None:
        over = world.incidents.get(named) if command in LOOKING_BACK else None
        if over is not None and over.closed_at is not None and takes_part(world, request, over):
            here.append(over)
        found = [incident for incident in here if incident.id == named]
        # Whoever answers to one and names another must say which of them; to one that is over, they meant what they named.
        return found if replied is None or replied in found or replied not in here else [replied, *found]
    if replied is not None:
        return [replied] if replied in here or (replied.closed_at is None and not replied.opened.exercise) else []
    if command in REAL_FIRST and request.private:
        here = [incident for incident in here if not incident.opened.exercise] or here
    for identifier in short_ids(arguments) if command not in FREE_WORDS else ():
        for incident in here:
            if identifier == incident.id or _was_shown(world, request, incident, identifier):
                return [incident]
    return _in_topic(world, request, here)


def _replied(world: World, request: Request, here: list[Incident]) -> Incident | None:
    """The incident of the message of ours that this answers."""
    return world.incidents.get(request.about.stream) if request.about is not None else None


def _in_topic(world: World, request: Request, here: list[Incident]) -> list[Incident]:
    """Those whose own topic this is, rather than some topic of a chat of theirs."""
    if request.room.topic is None:
        return here
    return [one for one in here if (one.playbook, request.room) in world.who.bindings] or here


def named_in_front(arguments: str) -> str | None:
    """The incident whose id stands before everything else."""
    first = arguments.partition(" ")[0]
    found = short_ids(first)
    return found[0] if len(found) == 1 and found[0][0] in INCIDENTS and len(first) < 12 and "=" not in first else None


def _was_shown(world: World, request: Request, incident: Incident, identifier: str) -> bool:
    """Whether an id tells this incident from others for whoever asks: what they were not shown is no different from what is not."""
    whose = _whose(incident, identifier)
    if whose is None:
        return False
    who_asks = actor_in(world, request, incident)
    return who_asks.partner in whose or (who_asks.coordinator and request.private)


def _whose(incident: Incident, identifier: str) -> frozenset[str | None] | None:
    """The partners that know of what is called so in an incident; None where nothing is."""
    i = incident
    if (alert := i.alerts.get(identifier)) is not None:
        return frozenset((*alert.shown, alert.fact.partner))
    if (draft := i.drafts.get(identifier)) is not None:
        return frozenset((draft.fact.partner,))
    if (asked := i.requests.get(identifier)) is not None:
        return frozenset((asked.fact.partner, *asked.fact.asked))
    if (round_ := i.rounds.get(identifier)) is not None:
        return frozenset((*round_.watches, *round_.answers))
    if (roll := i.rollcalls.get(identifier)) is not None:
        return frozenset(str(one["partner"]) for one in roll.fact.persons.values() if one)
    if (offer := i.offers.get(identifier)) is not None:
        return frozenset((*offer.fact.partners, *offer.fact.before))
    if (decision := i.decisions.get(identifier)) is not None:
        return frozenset((decision.fact.partner,))
    if (report := i.reports.get(identifier)) is not None:
        return frozenset((report.fact.partner,))
    return None


def without(incident: str, arguments: str) -> str:
    """The arguments without the incident's id in front, which said only which incident is meant."""
    first, _, rest = arguments.partition(" ")
    return rest.strip() if first.upper() == incident else arguments


def takes_part(world: World, request: Request, incident: Incident) -> bool:
    who_asks = actor_in(world, request, incident)
    return who_asks.partner is not None or ((who_asks.coordinator or who_asks.auditor) and request.private)


def ask(world: World, request: Request, command: str, arguments: str, found: list[Incident]) -> list[Effect]:
    """Several incidents are open here, and nothing says which is meant: ask, and keep the words until that is answered."""
    case = case_of(world, request, None)
    if case.actor.revoked:
        return case.refuse(case.say("Your access was withdrawn. Please ask a coordinator."), f"/{command}", "revoked")
    if not found:
        return [case.answer(_nothing(case, arguments, command))]
    rest = without(named_in_front(arguments) or "", arguments)
    offered = {one.id: f"/{command} {one.id} {rest}".strip() for one in found[:MOST_OFFERED]}
    kept, commands = pending.offered(case, f"/{command} {rest}".strip(), offered)
    taps = []
    for index, one in enumerate(found[:MOST_OFFERED], 1):
        reader = case_of(world, request, one).reader
        others = [other for other in found if other is not one]
        played = [case.say("EXERCISE")] if one.opened.exercise else []
        called = glue([*played, marks.title(world, one, others, reader, case.now)], " · ")
        taps.append([case.tap("{incident}", commands[one.id], f"{index}️⃣", incident=called)])
    names = glue([short_id(one.id) for one in found], ", ")
    words = case.say("Which incident? Write its id with the command: {incidents}.", incidents=names)
    return [*kept, case.answer(words, taps, urgency=Urgency.PROMPT)]


def _nothing(case: Case, arguments: str, command: str) -> Cleared:
    """Nothing is open here, or nothing that is called so, or what was answered is over."""
    if case.actor.partner is None and not ((case.actor.coordinator or case.actor.auditor) and case.request.private):
        return unbound(case)
    world, about = case.world, case.request.about
    replied = world.incidents.get(about.stream) if about is not None else None
    named = named_in_front(arguments) or (replied.id if replied is not None else None)
    over = world.incidents.get(named) if named is not None else None
    if command == "close" and over is not None and over.closed_at is not None and takes_part(world, case.request, over):
        return case.say("{incident} is closed already. Nothing was done.", incident=short_id(over.id))
    if named is not None:
        return case.say("{incident} is not open here. Nothing was done.", incident=short_id(named))
    if command in LOOKING_BACK:
        again = code(secret(f"/{command} I-…", case.request.room))
        return case.say("No incident is open here. Name the one that you mean: {command}", command=again)
    return case.say("No incident is open here. /activate starts one.")


def unbound(case: Case) -> Cleared:
    """A room that is no partner's: its address, which a playbook may name, and who can bind it."""
    here = code(secret(str(case.request.room), case.request.room))
    return case.say("This room ({room}) belongs to no partner. A coordinator can bind it: /bind PARTNER.", room=here)
