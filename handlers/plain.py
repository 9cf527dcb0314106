"""Words that are no command: the answer to a question of ours, or to an alert; else not for us."""

from __future__ import annotations

from handlers import ack, alert, checkin, decisions, reach, report, rollcall
from handlers.case import Case
from handlers.choices import choice_in, means_undo
from handlers.which import case_of, which_question
from handlers.world import Request, World
from storage.effects import Effect


def heard(world: World, request: Request) -> list[Effect]:
    """Words that are no command: the answer to a question of ours, or to an alert; else not for us."""
    several = which_question(world, request)
    if several:
        return several
    if request.about is not None and (request.about.about or "").startswith("T-"):
        # Whatever they say: the test has arrived.
        case = case_of(world, request, None)
        return [] if case.actor.revoked or case.actor.partner is None else reach.received(case, "")
    of_report = report.answered(world, request)
    if of_report is not None:
        return of_report
    for incident in world.open:
        case = case_of(world, request, incident)
        if case.actor.revoked or case.actor.partner is None:
            continue
        decision = decisions.awaited(incident, request.identity, request.room)
        if decision is not None and (request.about is None or request.about.about is None):
            return decisions.spoken(case, decision)
        for draft in incident.drafts.values():
            awaited = draft.fact.asking is not None and draft.fact.identity == request.identity
            here = draft.fact.room == request.room
            ours = request.about is not None and request.about.about == draft.fact.draft
            if awaited and here and (ours or request.about is None):
                return alert.answered(case, draft, request.text)
        about = request.about.about if request.about is not None and request.about.stream == incident.id else None
        if about in incident.alerts:
            return _reply(case, str(about))
        if about in incident.rounds:
            return checkin.replied(case, str(about))
        if about in incident.rollcalls:
            return rollcall.replied(case, str(about))
    return [] if request.about is not None or not request.private else _in_private(world, request)


def _in_private(world: World, request: Request) -> list[Effect]:
    """Words to us alone that answer nothing: an answer, where just one thing waits for it."""
    open_ = [case_of(world, request, incident) for incident in world.open]
    cases = [case for case in open_ if not case.actor.revoked]
    found = [effects for case in cases if (effects := rollcall.spoken(case) or checkin.spoken(case))]
    return found[0] if len(found) == 1 else []


def _reply(case: Case, about: str) -> list[Effect]:
    """A reply to an alert: one of its answers, or a word between people."""
    assert case.incident is not None and case.book is not None
    template = case.incident.alerts[about].fact.template
    if means_undo(case.request.text):
        return ack.decide(case, f"{about} undo")
    choice = choice_in(case.request.text, case.book.playbook.alerts[template].ack.choices)
    return ack.decide(case, f"{about} {choice}") if choice is not None else []
