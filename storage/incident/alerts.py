"""Alerts: drafts, requests, what was issued, and how each answer and each silence stands."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from storage.facts import (
    Acknowledged,
    AlertAddressed,
    AlertCancelled,
    AlertDrafted,
    AlertExpired,
    AlertIssued,
    AlertRequested,
    AlertRetracted,
    AlertSuperseded,
    AnswerUndone,
    CallAsked,
    CopyHeld,
    CopyReleased,
    DraftConfirmed,
    DraftDropped,
    RequestAnswered,
)
from storage.incident.replacing import replace
from storage.incident.state import AlertState, Answer, Asked, Draft, Incident, Issued, Watch
from storage.store import Kept

CONCERNED = (
    Acknowledged,
    AlertAddressed,
    AlertCancelled,
    AlertDrafted,
    AlertExpired,
    AlertIssued,
    AlertRequested,
    AlertRetracted,
    AlertSuperseded,
    AnswerUndone,
    CallAsked,
    CopyHeld,
    CopyReleased,
    DraftConfirmed,
    DraftDropped,
    RequestAnswered,
)


def apply(state: Incident, kept: Kept) -> Incident:
    """The incident after one of these facts."""
    match kept.fact:
        case AlertDrafted() as f:
            before = state.drafts.get(f.draft)
            draft = Draft(f, kept.at, before.opened_at if before else kept.at)
            return replace(state, drafts={**state.drafts, f.draft: draft})
        case DraftConfirmed(draft=name, person=person):
            waiting = state.drafts[name]
            confirmed = replace(waiting, confirmed=waiting.confirmed | {person})
            return replace(state, drafts={**state.drafts, name: confirmed})
        case DraftDropped(draft=name):
            return replace(state, drafts={key: d for key, d in state.drafts.items() if key != name})
        case AlertRequested() as f:
            return replace(state, requests={**state.requests, f.request: Asked(f, kept.at)})
        case RequestAnswered(request=name, partner=partner, answer=answer):
            asked = state.requests[name]
            answered = replace(asked, answers={**asked.answers, partner: answer})
            return replace(state, requests={**state.requests, name: answered})
        case AlertIssued() as f:
            fulfilled = {q: replace(a, alert=f.alert) for q, a in state.requests.items() if q == f.request}
            return replace(
                state,
                drafts={key: d for key, d in state.drafts.items() if key != f.draft},
                alerts={**state.alerts, f.alert: Issued(f, kept.at)},
                requests={**state.requests, **fulfilled},
            )
        case AlertAddressed(alert=name, partners=partners):
            watches = {p: Watch(p, kept.at) for p, how in partners.items() if _is_shown(how)}
            return changed(state, name, addressed=partners, watches=watches)
        case CopyHeld() as f:
            return changed(state, f.alert, held={**state.alerts[f.alert].held, f.partner: f})
        case CallAsked(alert=name, partner=partner):
            return changed(state, name, to_ring=state.alerts[name].to_ring | {partner})
        case CopyReleased() as f:
            return _released(state, f, kept.at)
        case Acknowledged() as f:
            given = Answer(f.choice, f.person, kept.at, f.via, f.spoke_with, f.late)
            answers = state.alerts[f.alert].answers
            return changed(state, f.alert, answers={**answers, f.partner: (*answers.get(f.partner, ()), given)})
        case AnswerUndone() as f:
            return _undone(state, f)
        case AlertExpired(alert=name):
            return over(state, name, "expired", kept.at)
        case AlertSuperseded(alert=name, by=by):
            return _as_it_is(changed(over(state, name, "superseded", kept.at), name, superseded_by=by))
        case AlertCancelled(alert=name, mistake=mistake, partner=partner, text=text):
            state = over(state, name, "cancelled", kept.at)
            return _as_it_is(changed(state, name, mistake=mistake, over_by=partner, over_words=text))
        case AlertRetracted(alert=name, partner=partner, text=text):
            state = over(state, name, "retracted", kept.at)
            return _as_it_is(changed(state, name, over_by=partner, over_words=text))
        case _:
            pass
    return state


def changed(state: Incident, name: str, **changes: Any) -> Incident:
    """The incident with an alert changed."""
    return replace(state, alerts={**state.alerts, name: replace(state.alerts[name], **changes)})


def over(state: Incident, name: str, became: AlertState, at: datetime) -> Incident:
    """The incident with an alert that nobody waits for any more. What is over stays over for its first reason, retraction apart."""
    issued = state.alerts[name]
    if issued.state == "open" or became == "retracted":
        issued = replace(issued, state=became, over_at=at)
    watches = {p: replace(w, ended=w.ended or became) for p, w in issued.watches.items()}
    return replace(state, alerts={**state.alerts, name: replace(issued, watches=watches)})


def _as_it_is(state: Incident) -> Incident:
    """What was cleared while the alert stood is decided anew before it leaves."""
    return replace(state, epoch=state.epoch + 1)


def _is_shown(how: object) -> bool:
    return isinstance(how, Mapping) and how.get("status") == "shown"


def _released(state: Incident, f: CopyReleased, at: datetime) -> Incident:
    issued = state.alerts[f.alert]
    supplied = {name: value for name, value in f.fields.items() if value is not None}
    return changed(
        state,
        f.alert,
        held={partner: held for partner, held in issued.held.items() if partner != f.partner},
        released={**issued.released, f.partner: supplied},
        watches={**issued.watches, f.partner: Watch(f.partner, at)},
    )


def _undone(state: Incident, f: AnswerUndone) -> Incident:
    """The person's last answer of that choice is taken out."""
    answers = state.alerts[f.alert].answers
    theirs = list(answers.get(f.partner, ()))
    for index in range(len(theirs) - 1, -1, -1):
        if (theirs[index].person, theirs[index].choice) == (f.person, f.choice):
            del theirs[index]
            break
    left = {**answers, f.partner: tuple(theirs)} if theirs else {p: a for p, a in answers.items() if p != f.partner}
    return changed(state, f.alert, answers=left)
