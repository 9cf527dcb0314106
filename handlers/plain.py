"""Words that are no command: the answer to a question of ours, or to an alert; else not for us."""

from __future__ import annotations

from handlers import accounted, ack, checkin, checkin_words, questions, reach, rollcall
from handlers.case import Case
from handlers.choices import choice_in, means_undo
from handlers.which import MOST_OFFERED, case_of
from handlers.world import Request, World
from playbooks.cleared import short_id
from storage.effects import Effect, Record, Send, Urgency
from storage.facts import CheckinAnswered, PersonAccounted


def heard(world: World, request: Request) -> list[Effect]:
    """Words that are no command: the answer to a question of ours, or to an alert; else not for us."""
    if request.about is not None and (request.about.about or "").startswith("T-"):
        # Whatever they say: the test has arrived.
        case = case_of(world, request, None)
        return [] if case.actor.revoked or case.actor.partner is None else reach.received(case, "")
    answer = questions.heard(world, request)
    if answer is not None:
        return answer
    for incident in world.open:
        case = case_of(world, request, incident)
        if case.actor.revoked or case.actor.partner is None:
            continue
        about = request.about.about if request.about is not None and request.about.stream == incident.id else None
        if about in incident.alerts:
            return _reply(case, str(about))
        if about in incident.rounds:
            return checkin.replied(case, str(about))
        if about in incident.rollcalls:
            return rollcall.replied(case, str(about))
    return [] if request.about is not None or not request.private else _in_private(world, request)


def _in_private(world: World, request: Request) -> list[Effect]:
    """Words to us alone that answer nothing: an answer to what waits for one. A cry for help is for all of it; else we ask for which."""
    open_ = [case_of(world, request, incident) for incident in world.open]
    cases = [case for case in open_ if not case.actor.revoked and case.incident is not None]
    given = [(case, effects) for case in cases if (effects := rollcall.spoken(case) or checkin.spoken(case))]
    real = [(case, effects) for case, effects in given if case.incident and not case.incident.opened.exercise]
    crying = checkin_words.answer_in(request.text, (accounted.HELP,)) is not None
    if crying and not real:  # said again, it is no exercise either
        real = [(case, effects) for case in cases if (effects := rollcall.spoken_again(case))]
    meant = real or given
    if len(meant) < 2 or crying:
        return [effect for _, effects in meant for effect in effects]
    return _which(world, request, meant)


def _which(world: World, request: Request, given: list[tuple[Case, list[Effect]]]) -> list[Effect]:
    """The same words would answer several: ask which."""
    outside = case_of(world, request, None)
    taps = []
    for number, (case, effects) in enumerate(given[:MOST_OFFERED], 1):
        assert case.incident is not None
        identifier, command = _command(effects)
        called = case.say("{incident}: {about}", incident=short_id(case.incident.id), about=short_id(identifier))
        taps.append([outside.choice("{about}", command, f"{number}️⃣", about=called)])
    return [outside.answer(outside.say("Which question is that for?"), taps, urgency=Urgency.PROMPT)]


def _command(effects: list[Effect]) -> tuple[str, str]:
    """What an answer is for, and the command that gives it."""
    for effect in effects:
        if isinstance(effect, Record) and isinstance(effect.fact, PersonAccounted):
            return effect.fact.rollcall, f"/safe {effect.fact.rollcall}"
        if isinstance(effect, Record) and isinstance(effect.fact, CheckinAnswered):
            answer = f"{effect.fact.answer} {effect.fact.words or ''}".strip()
            return effect.fact.round, f"/checkin {effect.fact.round} {answer}"
    about = next(effect.about for effect in effects if isinstance(effect, Send) and effect.about)
    return about, f"/{'safe' if about.startswith('R-') else 'checkin'} {about}"


def _reply(case: Case, about: str) -> list[Effect]:
    """A reply to an alert: one of its answers, or a word between people."""
    assert case.incident is not None and case.book is not None
    template = case.incident.alerts[about].fact.template
    if means_undo(case.request.text):
        return ack.decide(case, f"{about} undo")
    choice = choice_in(case.request.text, case.book.playbook.alerts[template].ack.choices)
    return ack.decide(case, f"{about} {choice}") if choice is not None else []
