"""Rounds of check-ins, roll calls, and what silence has led to so far, for rounds and alerts alike."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from storage.facts import (
    CallReported,
    CallTaken,
    CheckinAnswered,
    CheckinEnded,
    CheckinOverdue,
    CheckinStarted,
    Escalated,
    PartnerUnreachable,
    PersonAccounted,
    RollCallEnded,
    RollCallStarted,
)
from storage.incident.replacing import replace
from storage.incident.state import Accounted, Call, Given, Incident, RollCall, Round, Taken, Watch
from storage.store import Kept

CONCERNED = (
    CallReported,
    CallTaken,
    CheckinAnswered,
    CheckinEnded,
    CheckinOverdue,
    CheckinStarted,
    Escalated,
    PartnerUnreachable,
    PersonAccounted,
    RollCallEnded,
    RollCallStarted,
)


def apply(state: Incident, kept: Kept) -> Incident:
    """The incident after one of these facts."""
    match kept.fact:
        case CheckinStarted() as f:
            watches = {p: Watch(p, kept.at) for p, how in f.partners.items() if how is not None}
            return replace(state, rounds={**state.rounds, f.round: Round(f, kept.at, watches=watches)})
        case CheckinAnswered() as f:
            return _answered(state, f, kept.at)
        case CheckinOverdue(round=name):
            return _round(state, name, lambda r: replace(r, overdue=True))
        case CheckinEnded(round=name, why=why):
            return _round(state, name, lambda r: _over(r, why))
        case RollCallStarted() as f:
            return replace(state, rollcalls={**state.rollcalls, f.rollcall: RollCall(f, kept.at)})
        case PersonAccounted() as f:
            call = state.rollcalls[f.rollcall]
            known = {**call.accounted, f.person: Accounted(f.state, f.by, kept.at, f.words)}
            return replace(state, rollcalls={**state.rollcalls, f.rollcall: replace(call, accounted=known)})
        case RollCallEnded(rollcall=name, why=why):
            ended = replace(state.rollcalls[name], ended=why)
            return replace(state, rollcalls={**state.rollcalls, name: ended})
        case Escalated(about=about, partner=partner) as step:
            return watched(state, about, partner, lambda w: _taken(w, step, kept.at))
        case PartnerUnreachable(about=about, partner=partner, late=late):
            return watched(state, about, partner, lambda w: _unreachable(w, late, kept.at))
        case CallTaken(about=about, partner=partner, person=person):
            call_ = Call(person, kept.at)
            return watched(state, about, partner, lambda w: replace(w, calls=(*w.calls, call_)))
        case CallReported(about=about, partner=partner) as f:
            said = Call(f.person, kept.at, f.reached, f.spoke_with)
            return watched(state, about, partner, lambda w: replace(w, calls=(*w.calls, said)))
        case _:
            pass
    return state


def watched(state: Incident, about: str, partner: str, change: Callable[[Watch], Watch]) -> Incident:
    """The incident with what is awaited of a partner changed, for an alert or a round; as it is where nothing is."""
    if about in state.alerts:
        issued = state.alerts[about]
        if partner in issued.watches:
            watches = {**issued.watches, partner: change(issued.watches[partner])}
            return replace(state, alerts={**state.alerts, about: replace(issued, watches=watches)})
    elif about in state.rounds:
        round_ = state.rounds[about]
        if partner in round_.watches:
            watches = {**round_.watches, partner: change(round_.watches[partner])}
            return replace(state, rounds={**state.rounds, about: replace(round_, watches=watches)})
    return state


def _taken(watch: Watch, f: Escalated, at: datetime) -> Watch:
    """A step was taken. What reached nobody was passed over, and says nothing of its kind."""
    done = max(watch.done, f.step + 1)
    if not f.rooms:
        return replace(watch, done=done)
    return replace(watch, done=done, taken={f.do: Taken(at, f.late, f.rooms), **watch.taken})


def _unreachable(watch: Watch, late: int, at: datetime) -> Watch:
    taken = {"unreachable": Taken(at, late), **watch.taken}
    return replace(watch, unreachable=True, lost_at=watch.lost_at or at, taken=taken)


def accepted_prompt(state: Incident, about: str, partner: str | None, at: datetime) -> Incident:
    """A network accepted a question: the first acceptance for a partner begins its time."""
    if partner is None:
        return state
    return watched(state, about, partner, lambda w: w if w.since is not None else replace(w, since=at))


def _round(state: Incident, name: str, change: Callable[[Round], Round]) -> Incident:
    return replace(state, rounds={**state.rounds, name: change(state.rounds[name])})


def _over(round_: Round, why: str) -> Round:
    watches = {p: replace(w, ended=w.ended or "over") for p, w in round_.watches.items()}
    return replace(round_, ended=why, watches=watches)


def _answered(state: Incident, f: CheckinAnswered, at: datetime) -> Incident:
    given = Given(f.answer, f.words, f.person, at, f.late, f.raised)

    def after(round_: Round) -> Round:
        answers = {**round_.answers, f.partner: (*round_.answers.get(f.partner, ()), given)}
        watch = round_.watches.get(f.partner)
        watches = dict(round_.watches)
        if watch is not None:
            watches[f.partner] = replace(watch, ended=watch.ended or "answered")
        return replace(round_, answers=answers, watches=watches)

    return _round(state, f.round, after)
