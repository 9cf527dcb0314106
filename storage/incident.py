"""What an incident's facts add up to. A pure fold; a restart rebuilds it from the log alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import groupby
from typing import Any, Literal

from playbooks.rooms import RoomRef
from playbooks.selection import Leading
from storage.facts import (
    Acknowledged,
    AlertAddressed,
    AlertDrafted,
    AlertExpired,
    AlertIssued,
    CopyHeld,
    DangerDeclared,
    DangerEnded,
    Disclosed,
    DraftConfirmed,
    DraftDropped,
    IncidentClosed,
    IncidentOpened,
    LeadTaken,
    MessageDropped,
    MessageRefused,
    MessageSent,
    MessageUnknown,
    PlaybookKept,
    PlaybookProposed,
    PlaybookReloaded,
)
from storage.store import Kept

CopyState = Literal["waiting", "sent", "refused", "unknown", "dropped"]


@dataclass(frozen=True, slots=True)
class Copy:
    """An alert as one room was to be shown it, and what became of it."""

    partner: str
    room: RoomRef
    language: str
    fields: Mapping[str, Any]
    state: CopyState = "waiting"
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """A partner's answer to an alert."""

    choice: str
    person: str
    at: datetime
    via: str


@dataclass(frozen=True, slots=True)
class Issued:
    """An alert: as issued, whom it was addressed to, its copies by send, what is held, and the answers by partner."""

    fact: AlertIssued
    at: datetime
    addressed: Mapping[str, Any] = field(default_factory=dict)
    copies: Mapping[str, Copy] = field(default_factory=dict)
    held: Mapping[str, CopyHeld] = field(default_factory=dict)
    answers: Mapping[str, tuple[Answer, ...]] = field(default_factory=dict)
    expired: bool = False

    def shown_to(self, partner: str | None) -> bool:
        """Whether a partner has been shown it or is about to be: a copy that was taken back before it left is none."""
        return any(copy.partner == partner and copy.state != "dropped" for copy in self.copies.values())

    @property
    def shown(self) -> tuple[str, ...]:
        """The partners it was shown to, each once."""
        return tuple(dict.fromkeys(copy.partner for copy in self.copies.values() if copy.state != "dropped"))


@dataclass(frozen=True, slots=True)
class Draft:
    """An alert that is being written or waits for its confirmation."""

    fact: AlertDrafted
    at: datetime
    opened_at: datetime
    confirmed: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Danger:
    """Imminent danger to life, as declared."""

    partner: str
    person: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Proposal:
    """Another version of the playbook that waits for somebody's word."""

    fact: PlaybookProposed
    at: datetime


@dataclass(frozen=True, slots=True)
class Incident:
    """An incident as it stands. ``digest`` is that of the playbook it goes by: the one it began with, or was reloaded with.

    ``epoch`` grows whenever something changed that may change what a room may see.
    """

    id: str
    playbook: str
    digest: str
    opened: IncidentOpened
    opened_at: datetime
    phase: str
    hazard: str | None = None
    leads: tuple[Leading, ...] = ()
    danger: Danger | None = None
    proposal: Proposal | None = None
    drafts: Mapping[str, Draft] = field(default_factory=dict)
    alerts: Mapping[str, Issued] = field(default_factory=dict)
    alert_of: Mapping[str, str] = field(default_factory=dict)  # send → alert
    closed_at: datetime | None = None
    size: int = 0
    epoch: int = 0

    def in_danger(self, now: datetime) -> bool:
        """Whether declared danger still lasts."""
        return self.danger is not None and now < self.danger.until


def fold(state: Incident | None, facts: Iterable[Kept]) -> Incident | None:
    """The incident after these facts; None before it opened."""
    # One alert discloses to a thousand rooms: these facts are taken together, so that no mapping is copied for each.
    for disclosed, run in groupby(facts, lambda kept: isinstance(kept.fact, Disclosed)):
        together = list(run)
        state = _disclosed(state, together) if disclosed and state is not None else _one_by_one(state, together)
    return state


def _one_by_one(state: Incident | None, facts: Iterable[Kept]) -> Incident | None:
    for kept in facts:
        if isinstance(kept.fact, IncidentOpened):
            state = Incident(
                kept.fact.incident,
                kept.fact.playbook,
                kept.playbook_sha256 or "",
                kept.fact,
                kept.at,
                kept.fact.phase,
                kept.fact.hazard,
            )
        if state is not None:
            state = replace(_apply(state, kept), size=kept.seq + 1)
    return state


def _disclosed(state: Incident, facts: Sequence[Kept]) -> Incident:
    copies: dict[str, dict[str, Copy]] = {}
    for kept in facts:
        match kept.fact:
            case Disclosed(about=about, partner=str(partner)) as f if about in state.alerts:
                copies.setdefault(about, {})[f.send] = Copy(partner, f.room, f.language, f.fields)
            case _:
                pass
    for about, new in copies.items():
        state = _alert(state, about, copies={**state.alerts[about].copies, **new})
    sends = {send: about for about, new in copies.items() for send in new}
    return replace(state, alert_of={**state.alert_of, **sends}, size=facts[-1].seq + 1)


def _apply(state: Incident, kept: Kept) -> Incident:
    match kept.fact:
        case LeadTaken() as f:
            taken = Leading(f.tier, f.jurisdiction, f.partners, f.decides, f.deputies, f.basis, _line(f.rule))
            others = tuple(one for one in state.leads if (one.tier, one.jurisdiction) != (f.tier, f.jurisdiction))
            return replace(state, leads=(*others, taken), epoch=state.epoch + 1)
        case PlaybookProposed() as f:
            return replace(state, proposal=Proposal(f, kept.at))
        case PlaybookKept():
            return replace(state, proposal=None)
        case PlaybookReloaded() as f:
            return replace(state, digest=f.digest, proposal=None, epoch=state.epoch + 1)
        case DangerDeclared() as f:
            return replace(state, danger=Danger(f.partner, f.person, f.until), epoch=state.epoch + 1)
        case DangerEnded():
            return replace(state, danger=None, epoch=state.epoch + 1)
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
        case AlertIssued() as f:
            return replace(
                state,
                drafts={key: d for key, d in state.drafts.items() if key != f.draft},
                alerts={**state.alerts, f.alert: Issued(f, kept.at)},
            )
        case AlertAddressed(alert=name, partners=partners):
            return _alert(state, name, addressed=partners)
        case CopyHeld() as f:
            return _alert(state, f.alert, held={**state.alerts[f.alert].held, f.partner: f})
        case MessageSent(send=send):
            return _copy(state, send, "sent", None)
        case MessageRefused(send=send, reason=reason):
            return _copy(state, send, "refused", reason)
        case MessageUnknown(send=send, reason=reason, repeat=repeat):
            return _repeated(_copy(state, send, "unknown", reason), send, repeat)
        case MessageDropped(send=send, reason=reason):
            return _copy(state, send, "dropped", reason)
        case Acknowledged() as f:
            answers = state.alerts[f.alert].answers
            given = Answer(f.choice, f.person, kept.at, f.via)
            return _alert(state, f.alert, answers={**answers, f.partner: (*answers.get(f.partner, ()), given)})
        case AlertExpired(alert=name):
            return _alert(state, name, expired=True)
        case IncidentClosed():
            return replace(state, closed_at=kept.at)
        case _:
            pass
    return state


def _alert(state: Incident, name: str, **changes: Any) -> Incident:
    return replace(state, alerts={**state.alerts, name: replace(state.alerts[name], **changes)})


def _copy(state: Incident, send: str, became: CopyState, reason: str | None) -> Incident:
    name = state.alert_of.get(send)
    if name is None:
        return state
    copies = state.alerts[name].copies
    changed = replace(copies[send], state=became, reason=reason)
    return _alert(state, name, copies={**copies, send: changed})


def _repeated(state: Incident, send: str, repeat: str | None) -> Incident:
    """The marked copy that follows a message of unknown fate is a copy of its own."""
    name = state.alert_of.get(send)
    if name is None or repeat is None:
        return state
    copies = state.alerts[name].copies
    again = replace(copies[send], state="waiting", reason=None)
    return replace(_alert(state, name, copies={**copies, repeat: again}), alert_of={**state.alert_of, repeat: name})


def _line(rule: str) -> int:
    """The line number at the end of ``file:line``."""
    tail = rule.rpartition(":")[2]
    return int(tail) if tail.isdigit() else 0
