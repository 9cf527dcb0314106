"""An incident's course and its command: phase, danger, playbook, who takes part, who leads, what was decided, how it ends."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from playbooks.selection import Leading
from storage import reports
from storage.facts import (
    AdmissionEnded,
    DangerDeclared,
    DangerEnded,
    DeadlineHeld,
    DecisionDrafted,
    DecisionTaken,
    DutyConfirmed,
    DutyShown,
    EscalationStalled,
    ExercisePaused,
    ExerciseResumed,
    IncidentClosed,
    LeadEnded,
    LeadOffered,
    LeadOfferEnded,
    LeadTaken,
    Objected,
    PartnerAdmitted,
    PhaseChanged,
    PlaybookKept,
    PlaybookProposed,
    PlaybookReloaded,
    ReportAnswered,
    ReportMade,
    StandInNamed,
)
from storage.incident.pausing import resumed
from storage.incident.replacing import replace
from storage.incident.state import Danger, Decision, Incident, Objection, Offer, Proposal, Watch
from storage.store import Kept

CONCERNED = (
    AdmissionEnded,
    DangerDeclared,
    DangerEnded,
    DeadlineHeld,
    DecisionDrafted,
    DecisionTaken,
    DutyConfirmed,
    DutyShown,
    EscalationStalled,
    ExercisePaused,
    ExerciseResumed,
    IncidentClosed,
    LeadEnded,
    LeadOffered,
    LeadOfferEnded,
    LeadTaken,
    Objected,
    PartnerAdmitted,
    PhaseChanged,
    PlaybookKept,
    PlaybookProposed,
    PlaybookReloaded,
    ReportAnswered,
    ReportMade,
    StandInNamed,
)


def apply(state: Incident, kept: Kept) -> Incident:
    """The incident after one of these facts."""
    match kept.fact:
        case PhaseChanged(phase=phase):
            entered = (*state.phases, (phase, kept.at))
            return replace(state, phase=phase, phase_since=kept.at, phases=entered, epoch=state.epoch + 1)
        case LeadTaken() as f:
            taken = Leading(f.tier, f.jurisdiction, f.partners, f.decides, f.deputies, f.basis, _line(f.rule))
            others = tuple(one for one in state.leads if (one.tier, one.jurisdiction) != (f.tier, f.jurisdiction))
            return replace(state, leads=(*others, taken), epoch=state.epoch + 1)
        case LeadEnded(tier=tier, jurisdiction=jurisdiction):
            others = tuple(one for one in state.leads if (one.tier, one.jurisdiction) != (tier, jurisdiction))
            return replace(state, leads=others, epoch=state.epoch + 1)
        case LeadOffered() as f:
            return replace(state, offers={**state.offers, f.offer: Offer(f, kept.at)})
        case LeadOfferEnded(offer=name, why=why, reason=reason):
            ended = replace(state.offers[name], ended=why, ended_at=kept.at, reason=reason)
            return replace(state, offers={**state.offers, name: ended})
        case DecisionDrafted() as f:
            return replace(state, deciding=_deciding(state, f))
        case DecisionTaken() as f:
            said = {name: one for name, one in state.deciding.items() if one.person != f.person}
            return replace(state, decisions={**state.decisions, f.decision: Decision(f, kept.at)}, deciding=said)
        case Objected() as f:
            return replace(state, objections=(*state.objections, Objection(f, kept.at)))
        case StandInNamed() as f:
            return replace(state, stand_ins=(*state.stand_ins, f))
        case EscalationStalled(about=about, partner=partner):
            return replace(state, stalled=state.stalled | {(about, partner)})
        case DutyShown(duty=duty, partner=partner):
            return replace(state, duties={(duty, partner): None, **state.duties})
        case DutyConfirmed(duty=duty, partner=partner, person=person):
            return replace(state, duties={**state.duties, (duty, partner): person})
        case PlaybookProposed() as f:
            return replace(state, proposal=Proposal(f, kept.at))
        case PlaybookKept():
            return replace(state, proposal=None)
        case PlaybookReloaded() as f:
            after = replace(state, digest=f.digest, proposal=None, dropped={**state.dropped, **f.dropped})
            return replace(_unwatched(after, f.dropped), epoch=state.epoch + 1)
        case DangerDeclared() as f:
            return replace(state, danger=Danger(f.partner, f.person, f.until), epoch=state.epoch + 1)
        case DangerEnded():
            return replace(state, danger=None, epoch=state.epoch + 1)
        case PartnerAdmitted() as f:
            return replace(state, admitted={**state.admitted, f.partner: f}, epoch=state.epoch + 1)
        case AdmissionEnded(partner=partner):
            return _departed(state, partner)
        case ReportMade() | ReportAnswered():
            return replace(state, reports=reports.apply(state.reports, kept))
        case ExercisePaused(by=by):
            return replace(state, paused=by, paused_at=kept.at)
        case DeadlineHeld(key=key) as f:
            return replace(state, held={**state.held, key: f})
        case ExerciseResumed():
            return resumed(state, kept.at)
        case IncidentClosed():
            return replace(state, closed_at=kept.at)
        case _:
            pass
    return state


def _departed(state: Incident, partner: str) -> Incident:
    """A partner that takes part no longer: it is known by name alone, and nobody waits for its answers."""
    still = {name: one for name, one in state.admitted.items() if name != partner}
    gone = {name: one for name, one in state.admitted.items() if name == partner}
    left = replace(state, admitted=still, departed={**state.departed, **gone}, epoch=state.epoch + 1)
    return _unwatched(left, (partner,))


def _unwatched(state: Incident, partners: Collection[str]) -> Incident:
    """Nobody waits for the answers of these partners any more."""

    def over(watches: Mapping[str, Watch]) -> dict[str, Watch]:
        return {p: replace(w, ended=w.ended or "over") if p in partners else w for p, w in watches.items()}

    return replace(
        state,
        alerts={name: replace(one, watches=over(one.watches)) for name, one in state.alerts.items()},
        rounds={name: replace(one, watches=over(one.watches)) for name, one in state.rounds.items()},
    )


def _deciding(state: Incident, f: DecisionDrafted) -> Mapping[str, DecisionDrafted]:
    others = {name: one for name, one in state.deciding.items() if name != f.identity}
    return others if f.asking is None else {**others, f.identity: f}


def _line(rule: str) -> int:
    """The line number at the end of ``file:line``."""
    tail = rule.rpartition(":")[2]
    return int(tail) if tail.isdigit() else 0
