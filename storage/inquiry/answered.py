"""Who acknowledged each alert, and who never did: what each partner answered, took back, and was rung about.

Silence is said of nobody of whose answers the facts need not tell: where somebody asks who may not see them, or where an answer was erased.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from storage.export.view import is_copy
from storage.facts import (
    Acknowledged,
    AlertAddressed,
    AlertCancelled,
    AlertExpired,
    AlertIssued,
    AlertRetracted,
    AlertSuperseded,
    AnswerUndone,
    CallReported,
    CallTaken,
    CopyReleased,
    Fact,
    PartnerUnreachable,
)
from storage.inquiry.countable import countable
from storage.inquiry.fates import Fates
from storage.inquiry.sights import sights
from storage.store import Kept


@dataclass(frozen=True, slots=True)
class Given:
    """One answer. ``via``: as in ``Acknowledged``; by ``phone``, ``spoke_with`` gave it and ``person`` wrote it down. ``undone_at``: when it was taken back."""

    choice: str
    person: str
    at: datetime
    via: str
    spoke_with: str | None
    late: bool
    undone_at: datetime | None
    entries: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Rung:
    """Somebody rang a partner. ``reached`` is None where nobody said what came of it."""

    person: str
    at: datetime
    reached: bool | None
    spoke_with: str | None
    entries: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """A partner whose answer was awaited. ``shown_at``: when a network first accepted a copy for it; ``unreachable_at``: when it was found that none did in
    time. ``answers``: all it gave, those that were taken back too. ``told``: whether the facts would tell of any other that it gave.
    """

    partner: str
    at: datetime
    shown_at: datetime | None
    answers: tuple[Given, ...]
    calls: tuple[Rung, ...]
    unreachable_at: datetime | None
    entries: tuple[int, ...]
    told: bool = True

    @property
    def answered(self) -> bool:
        """Whether one of its answers stands."""
        return any(one.undone_at is None for one in self.answers)

    @property
    def silent(self) -> bool:
        """Whether none of its answers stands, and there can be no other."""
        return self.told and not self.answered


@dataclass(frozen=True, slots=True)
class AlertAnswers:
    """An alert and who answered it. ``not_reached``: partners it was meant for and was not sent to, each with how it stood (``held``, ``roomless``,
    ``blind``). ``state``: how it ended, ``open`` where it has not. Whoever issued it is asked for no answer. ``addressed``: whether the facts say for whom it
    was; where not, those are known that were sent a copy or answered.
    """

    alert: str
    template: str
    by: str
    at: datetime
    state: str
    over_at: datetime | None
    asked: tuple[Asked, ...]
    not_reached: Mapping[str, str]
    entries: tuple[int, ...]
    addressed: bool = True

    @property
    def never(self) -> tuple[str, ...]:
        """The partners that never acknowledged it."""
        return tuple(one.partner for one in self.asked if one.silent)

    @property
    def unknown(self) -> tuple[str, ...]:
        """The partners of which these facts do not say whether they did."""
        return tuple(one.partner for one in self.asked if not one.told and not one.answered)


_OVER: Mapping[type[Fact], str] = {
    AlertExpired: "expired",
    AlertSuperseded: "superseded",
    AlertCancelled: "cancelled",
    AlertRetracted: "retracted",
}


@dataclass
class _Alert:
    issued: Kept
    fact: AlertIssued
    entries: list[int] = field(default_factory=list)
    state: str = "open"
    over_at: datetime | None = None
    partners: dict[str, _Partner] = field(default_factory=dict)
    not_reached: dict[str, str] = field(default_factory=dict)
    addressed: bool = False


@dataclass
class _Partner:
    at: datetime
    entry: int
    given: list[tuple[Kept, Acknowledged, Kept | None]] = field(default_factory=list)
    rung: list[_Call] = field(default_factory=list)
    unreachable: Kept | None = None


@dataclass
class _Call:
    begun: Kept
    person: str
    reports: list[tuple[Kept, CallReported]] = field(default_factory=list)

    @property
    def reached(self) -> bool | None:
        """As it was reported last."""
        return self.reports[-1][1].reached if self.reports else None


Tells = Callable[[str, str], bool]
"""Whether facts tell of the answers to an alert that a partner gave."""


def silent(
    kept: Sequence[Kept], alert: str | None = None, tells: Tells = lambda alert, partner: True
) -> tuple[AlertAnswers, ...]:
    """Every alert (or one) with who answered it and who never did. ``tells``: of whose answers the facts tell."""
    erased = [f for one in kept if isinstance(f := one.fact, Acknowledged) and None in (f.alert, f.partner)]
    kept, alerts = countable(kept), dict[str, _Alert]()
    for one in kept:
        _note(alerts, one)
    shown = _shown(kept, alerts)

    def told(alert: str, partner: str) -> bool:
        gone = any(f.alert in (None, alert) and f.partner in (None, partner) for f in erased)
        return tells(alert, partner) and not gone

    return tuple(_told(one, shown, told) for name, one in alerts.items() if alert in (None, name))


def _note(alerts: dict[str, _Alert], one: Kept) -> None:
    fact = one.fact
    match fact:
        case AlertIssued():
            alerts[fact.alert] = _Alert(one, fact, [one.seq])
        case AlertAddressed(alert=name, partners=partners) if name in alerts:
            alert = alerts[name]
            alert.entries.append(one.seq)
            alert.addressed = bool(partners)
            for partner, how in (partners or {}).items():
                _addressed(alert, one, partner, how)
        case CopyReleased(alert=name, partner=partner) if name in alerts:
            alerts[name].not_reached.pop(partner, None)
            alerts[name].partners[partner] = _Partner(one.at, one.seq)
        case Acknowledged() if fact.alert in alerts:
            _partner(alerts[fact.alert], fact.partner, one).given.append((one, fact, None))
        case AnswerUndone() if fact.alert in alerts:
            _undo(_partner(alerts[fact.alert], fact.partner, one), fact, one)
        case CallTaken(about=name, partner=partner) if name in alerts:
            _partner(alerts[name], partner, one).rung.append(_Call(one, fact.person))
        case CallReported(about=name, partner=partner) if name in alerts:
            _report(_partner(alerts[name], partner, one), fact, one)
        case PartnerUnreachable(about=name, partner=partner) if name in alerts:
            _partner(alerts[name], partner, one).unreachable = one
        case (
            AlertExpired(alert=name)
            | AlertSuperseded(alert=name)
            | AlertCancelled(alert=name)
            | AlertRetracted(alert=name)
        ) if name in alerts:
            alert = alerts[name]
            alert.entries.append(one.seq)
            if alert.state == "open" or isinstance(fact, AlertRetracted):
                alert.state, alert.over_at = _OVER[type(fact)], one.at
        case _:
            pass


def _addressed(alert: _Alert, one: Kept, partner: str, how: Any) -> None:
    status = how.get("status") if isinstance(how, Mapping) else None
    if status == "shown" and partner != alert.fact.partner:
        alert.partners[partner] = _Partner(one.at, one.seq)
    elif status in ("held", "roomless", "blind"):
        alert.not_reached[partner] = status


def _partner(alert: _Alert, partner: str, one: Kept) -> _Partner:
    """A partner that answered or was rung, asked or not."""
    return alert.partners.setdefault(partner, _Partner(one.at, one.seq))


def _undo(partner: _Partner, fact: AnswerUndone, one: Kept) -> None:
    """The person's last answer of that choice which still stands is taken back."""
    for index in range(len(partner.given) - 1, -1, -1):
        said, given, undone = partner.given[index]
        if undone is None and (given.person, given.choice) == (fact.person, fact.choice):
            partner.given[index] = (said, given, one)
            return


def _report(partner: _Partner, fact: CallReported, one: Kept) -> None:
    """What came of the last call that nobody has reported yet. Where there is none, of the last one if the same person says the same of it again, as
    with an answer that they write down; else of a call of its own.
    """
    call = next((call for call in reversed(partner.rung) if not call.reports), None)
    last = partner.rung[-1] if partner.rung else None
    if call is None and last is not None and last.person == fact.person and last.reached == fact.reached:
        call = last
    if call is None:
        call = _Call(one, fact.person)
        partner.rung.append(call)
    call.reports.append((one, fact))


def _shown(kept: Sequence[Kept], alerts: Mapping[str, _Alert]) -> Mapping[tuple[str, str], tuple[datetime, int]]:
    """When a network first accepted some of each alert for each partner, and the entry that says so.

    Of an alert of which the facts do not say for whom it was meant, a partner that was sent a copy was to answer it.
    """
    first: dict[tuple[str, str], tuple[datetime, int]] = {}
    for one in sights(kept, Fates(kept), lambda fact: fact.partner is not None and fact.about in alerts and is_copy(fact)):  # fmt: skip
        alert, partner = alerts.get(one.about), str(one.partner)
        if alert is None or one.form is None:
            continue
        if not alert.addressed and partner != alert.fact.partner:
            alert.partners.setdefault(partner, _Partner(one.decided_at, one.entry))
        if one.fate.at is not None:
            found = (one.fate.at, one.fate.entries[0])
            first[one.about, partner] = min(first.get((one.about, partner), found), found)
    return first


def _told(alert: _Alert, shown: Mapping[tuple[str, str], tuple[datetime, int]], told: Tells) -> AlertAnswers:
    name = alert.fact.alert
    asked = (_asked(name, partner, one, shown, told(name, partner)) for partner, one in alert.partners.items())
    return AlertAnswers(
        alert.fact.alert,
        alert.fact.template,
        alert.fact.partner,
        alert.issued.at,
        alert.state,
        alert.over_at,
        tuple(asked),
        alert.not_reached,
        tuple(alert.entries),
        alert.addressed,
    )


def _asked(
    alert: str, name: str, one: _Partner, shown: Mapping[tuple[str, str], tuple[datetime, int]], told: bool
) -> Asked:
    given, calls = tuple(_given(one.given)), tuple(_calls(one.rung))
    at, accepted = shown.get((alert, name), (None, None))
    proofs = [one.entry]
    proofs += [entry for answer in given for entry in answer.entries] + [
        entry for call in calls for entry in call.entries
    ]
    proofs += [accepted] if accepted is not None else []
    proofs += [one.unreachable.seq] if one.unreachable is not None else []
    lost = one.unreachable.at if one.unreachable is not None else None
    return Asked(name, one.at, at, given, calls, lost, tuple(sorted(set(proofs))), told)


def _given(answers: Iterable[tuple[Kept, Acknowledged, Kept | None]]) -> Iterable[Given]:
    for said, fact, undone in answers:
        proofs = (said.seq, *((undone.seq,) if undone is not None else ()))
        taken = undone.at if undone is not None else None
        yield Given(fact.choice, fact.person, said.at, fact.via, fact.spoke_with, fact.late, taken, proofs)


def _calls(rung: Iterable[_Call]) -> Iterable[Rung]:
    for call in rung:
        proofs = {call.begun.seq, *(said.seq for said, _ in call.reports)}
        spoke = next((fact.spoke_with for _, fact in call.reports if fact.spoke_with), None)
        yield Rung(call.person, call.begun.at, call.reached, spoke, tuple(sorted(proofs)))
