"""Restraint: nobody is called away from their work again and again by one partner, or by one person at it.

- What one partner causes in the rooms of others, of one kind and about the same thing, is loud once a minute, then silent.
- The same question that waits for its answer is not asked again: whoever asks it reads when it was asked, and whom to ring.
- Of one kind, and about the same thing where it is an answer, a person has six in five minutes; then they are asked to ring.
- A call for help is never held back: after the first of a minute it is silent, that is all.

It stands behind every command, so that none can forget it; what happened before it knows from the facts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from handlers.case import Case
from handlers.command import typed
from handlers.moments import moment
from handlers.which import case_of
from handlers.world import Request, World
from playbooks.cleared import Cleared, glue, listed, name, phone, short_id
from storage import stirs
from storage.effects import Effect, Record, Send
from storage.facts import Acknowledged, AlertRequested, AskedToIssue
from storage.incident import Asked, Incident
from storage.stirs import Stir

LOUD_ONCE_IN = timedelta(minutes=1)
MOST, WITHIN = 6, timedelta(minutes=5)
NEVER_HELD_BACK = frozenset(("help",))
ANSWERS = frozenset(("ack",))
"""Kinds that are counted for each thing by itself: whoever cannot act on ten alerts may say so of each."""


def restrained(world: World, request: Request, effects: list[Effect]) -> list[Effect]:
    """What a person's words lead to, as far as that may disturb others now."""
    for record in effects:
        if not isinstance(record, Record):
            continue
        incident = world.incidents.get(record.stream)
        before = incident.stirs if incident is not None else world.who.stirs
        stir = stirs.of(record.fact, request.now, before)
        if stir is None:
            continue
        case = case_of(world, request, incident)
        if isinstance(record.fact, AlertRequested | AskedToIssue):
            asked = _asked_already(incident, record.fact, stir, before)
            if asked is not None:
                return [case.answer(_waits(case, asked[0], asked[1], record.fact.asked), about=asked[1])]
        if _too_often(stir, before, request, effects):
            return _held_back(case, request, effects)
        if any(_alike(stir, one) and request.now - one.at < LOUD_ONCE_IN for one in before):
            return [replace(one, loud=False) if isinstance(one, Send) else one for one in effects]
        return effects
    return effects


def _alike(stir: Stir, other: Stir) -> bool:
    return (stir.kind, stir.about, stir.partner) == (other.kind, other.about, other.partner)


# --- asked already -------------------------------------------------------------------------------------------------------


def _asked_already(
    incident: Incident | None, fact: AlertRequested | AskedToIssue, stir: Stir, before: Sequence[Stir]
) -> tuple[datetime, str | None] | None:
    """When the same was asked that still waits for its answer, and as which request; None where it was not."""
    if incident is None:
        return None
    if isinstance(fact, AlertRequested):
        same = [one for one in incident.requests.values() if _waits_for(incident, one) and _same(one.fact, fact)]
        return (same[-1].at, same[-1].fact.request) if same else None
    since = [one.at for one in before if _alike(stir, one) and stir.at - one.at < WITHIN]
    if not since:
        return None
    came = [one for one in incident.alerts.values() if one.fact.template == fact.template and one.at >= since[-1]]
    return None if came else (since[-1], None)


def _waits_for(incident: Incident, asked: Asked) -> bool:
    drafted = any(draft.fact.request == asked.fact.request for draft in incident.drafts.values())
    return asked.alert is None and not drafted and not asked.answers


def _same(one: AlertRequested, other: AlertRequested) -> bool:
    return replace(one, request="", person="", room=other.room) == replace(other, request="", person="")


def _waits(case: Case, at: datetime, request: str | None, partners: Sequence[str]) -> Cleared:
    assert case.book is not None
    time = moment(case.book, at, case.now, case.reader.languages)
    lines = [
        case.say("Already asked, {time}: {request}.", time=time, request=short_id(request))
        if request is not None
        else case.say("Already asked, {time}.", time=time)
    ]
    return glue([*lines, _ring(case, partners)])


# --- too often -----------------------------------------------------------------------------------------------------------


def _too_often(stir: Stir, before: Sequence[Stir], request: Request, effects: Sequence[Effect]) -> bool:
    facts = [effect.fact for effect in effects if isinstance(effect, Record)]
    acts = any(isinstance(fact, Acknowledged) and fact.choice != "cannot" for fact in facts)
    if stir.kind in NEVER_HELD_BACK or acts:
        return False
    theirs = [
        one
        for one in before
        if (one.kind, one.person) == (stir.kind, stir.person) and request.now - one.at < WITHIN
        and (stir.kind not in ANSWERS or one.about == stir.about)
    ]  # fmt: skip
    return len(theirs) >= MOST


def _held_back(case: Case, request: Request, effects: Sequence[Effect]) -> list[Effect]:
    elsewhere = [effect.partner for effect in effects if isinstance(effect, Send) and effect.to != request.room]
    partners = [partner for partner in dict.fromkeys(elsewhere) if partner not in (None, case.actor.partner)]
    words = case.say("Not sent: that is more than others can read in five minutes.")
    said = typed(request.text, None)
    return case.refuse(
        glue([words, _ring(case, [str(one) for one in partners])]), f"/{said.name}" if said else "reply", "too-often"
    )


def _ring(case: Case, partners: Sequence[str]) -> Cleared:
    """Whom to ring, as far as whoever reads it may know of them."""
    book, reader = case.book, case.reader
    known = [p for p in partners if book is not None and p in book.playbook.partners and listed(book, reader, p)]
    if book is None or not known:
        return case.say("If it is urgent, please ring.")
    each = [glue([name(book, reader, one), phone(book, reader, one)], " ") for one in known]
    return case.say("If it is urgent, please ring: {partners}", partners=glue(each, " · "))
