"""What silence leads to: one decision for each kind of deadline."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

from handlers import (
    admission,
    bell,
    cards,
    checkins,
    corrections,
    decisions,
    deputies,
    duties,
    escalation,
    expiry,
    lists,
    pausing,
    polls,
    reach,
    requests,
    rollcalls,
    unfinished,
)
from handlers.case import room_reader
from handlers.delivery import tell_lost
from handlers.texts import say
from handlers.world import World, circumstances, rooms_for
from playbooks import mandate
from playbooks.cleared import clock, short_id
from playbooks.rooms import NETWORKS
from storage.effects import Effect, Record, Send, Tap, Urgency
from storage.facts import DEPLOYMENT, DangerEnded
from storage.incident import Incident
from storage.store import Deadline

Fell = Callable[[World, Incident, Deadline, datetime], list[Effect]]
"""What a deadline of an open incident leads to."""


def due(world: World, deadline: Deadline, now: datetime) -> list[Effect]:
    """What a deadline leads to; nothing where what it was set for is over."""
    if deadline.kind == "network-down":
        return _still_down(world, deadline.about, now)
    if deadline.kind == "calm-duties":
        return duties.recalled(world, deadline, now)
    if deadline.kind == "reach-test":
        return reach.due(world, deadline, now)
    if deadline.kind == "reach-report":
        return reach.over(world, deadline, now)
    if deadline.stream == DEPLOYMENT and deadline.kind == "report":
        return bell.unanswered(world, deadline, now)
    if deadline.stream == DEPLOYMENT and deadline.kind == "report-asks":
        return bell.unfinished(world, deadline, now)
    incident = world.incidents.get(deadline.stream)
    if incident is None or deadline.kind not in _KINDS:
        return []
    if incident.closed_at is not None and deadline.kind not in ("card", "remains", "silent"):
        return []
    if incident.paused is not None and incident.closed_at is None:
        return pausing.held(incident, deadline)
    return _KINDS[deadline.kind](world, incident, deadline, now)


def _still_down(world: World, name: str, now: datetime) -> list[Effect]:
    """A network that had come and gone stays away: now it is told."""
    network = next((network for network in NETWORKS if network == name), None)
    if network is None or name not in world.who.down:
        return []
    return tell_lost(world, now, network, refused=world.who.outages[name].refused)


def _danger(world: World, incident: Incident, deadline: Deadline, now: datetime) -> list[Effect]:
    """Declared danger ends by time: whoever declared it and whoever was told of it is told so."""
    if incident.danger is None:
        return []
    book = world.book_of(incident)
    rule = book.playbook.danger
    so = circumstances(world, incident, now)
    declared = incident.danger.partner
    told = mandate.chosen(book, rule.tell if rule else None, so, declared)
    effects: list[Effect] = [Record(incident.id, DangerEnded("time"))]
    for partner in dict.fromkeys((declared, *told)):
        for binding in rooms_for(world, incident, partner, "alerts"):
            said, time = room_reader(world, book, binding.room, partner).languages, clock(book, now)
            if mandate.may_declare_danger(book, so, partner) is not None:
                words = say(said, "The declared danger ended at {time}. /danger REASON declares it again.", time=time)
            else:
                words = say(said, "The declared danger ended at {time}.", time=time)
            effects.append(Send(incident.id, binding.room, words, Urgency.PROMPT, partner=partner))
    return effects


def _alone(world: World, incident: Incident, deadline: Deadline, now: datetime) -> list[Effect]:
    """The second person has not come: the author may go on alone, on the record."""
    name = deadline.about
    draft = incident.drafts.get(name)
    if draft is None or draft.fact.asking is not None:
        return []
    book = world.book_of(incident)
    reader = room_reader(world, book, draft.fact.room, draft.fact.partner)
    words = say(
        reader.languages,
        "Nobody else has confirmed draft {draft} ({time}). Its author may now send it alone.",
        draft=short_id(name),
        time=clock(book, now),
    )
    taps = (
        (
            Tap(say(reader.languages, "Send alone"), f"/draft {name} send", "✅"),
            Tap(say(reader.languages, "Discard"), f"/draft {name} drop", "❌"),
        ),
    )
    return [
        Send(
            incident.id,
            draft.fact.room,
            words,
            Urgency.PROMPT,
            about=name,
            partner=draft.fact.partner,
            taps=taps,
            loud=True,
        )
    ]


def _draft_over(world: World, incident: Incident, deadline: Deadline, now: datetime) -> list[Effect]:
    name = deadline.about
    draft = incident.drafts.get(name)
    if draft is None:
        return []
    book = world.book_of(incident)
    place = requests.place_of(book, draft.fact.template, draft.fact.fields)
    so = circumstances(world, incident, now)
    danger, rules = incident.danger, book.playbook.danger
    if danger is not None and rules is not None and draft.at < danger.until - rules.lasts:
        so = replace(so, danger=False)  # what was written before danger was declared was not theirs to send
    if isinstance(mandate.may_issue(book, so, draft.fact.template, draft.fact.partner, place), mandate.NotMandated):
        # It was kept for asking others, and they were not asked.
        return unfinished.dropped(world, incident, draft.fact, "time")
    reader = room_reader(world, book, draft.fact.room, draft.fact.partner)
    words = say(reader.languages, "Draft {draft} was never sent and is discarded.", draft=short_id(name))
    return [
        *unfinished.dropped(world, incident, draft.fact, "time"),
        Send(incident.id, draft.fact.room, words, Urgency.PROMPT, about=name, partner=draft.fact.partner),
    ]


def _card(world: World, incident: Incident, deadline: Deadline, now: datetime) -> list[Effect]:
    """What changes a card changes the lists of those who are silent."""
    written = cards.due(world, incident, deadline, now)
    return [*written, *lists.due(world, incident, deadline.about, now, besides=written)]


def _lists(world: World, incident: Incident, deadline: Deadline, now: datetime) -> list[Effect]:
    return lists.due(world, incident, deadline.about, now)


def _silence(world: World, incident: Incident, deadline: Deadline, now: datetime) -> list[Effect]:
    """A step that is taken changes what its card says comes next."""
    effects = escalation.due(world, incident, deadline, now)
    about = deadline.about.partition(" ")[0]
    return [*effects, *cards.touched(incident, about, now)] if effects else []


_KINDS: Mapping[str, Fell] = {
    "danger-ends": _danger,
    "admission-ends": admission.ended,
    "request-waits": requests.unanswered,
    "report": lambda world, incident, deadline, now: bell.unanswered(world, deadline, now),
    "report-asks": lambda world, incident, deadline, now: bell.unfinished(world, deadline, now),
    "alert-expires": expiry.expired,
    "offer-silent": deputies.silent,
    "remains": corrections.tell_remains,
    "poll": polls.due,
    "card": _card,
    "silent": _lists,
    "escalation": _silence,
    "unreachable": _silence,
    "checkin": checkins.due,
    "checkin-over": checkins.over,
    "rollcall-list": rollcalls.list_due,
    "rollcall-remind": rollcalls.remind_due,
    "decision-over": decisions.over,
    "draft-alone": _alone,
    "draft-expires": _draft_over,
}
"""Each kind of deadline, and what it leads to."""
