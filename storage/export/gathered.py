"""What a report tells before its timeline: who led when, each alert with its deliveries and answers, what was not delivered, what was decided.

Found in one reading of a copy, from what is shown. Memory grows with leads, alerts, partners and decisions, never with entries: of the messages on their
way only the newest ``storage.sentences.REMEMBERED`` are kept in mind.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from playbooks.rooms import RoomRef
from storage import facts as f
from storage.facts import Fact
from storage.plain import shown
from storage.sentences import REMEMBERED
from storage.tongue import ENGLISH, Tongue
from storage.unseen import is_seen

MOST_FAILED = 500
"""Deliveries that failed are listed up to so many; the timeline has them all."""


ASKS_AGAIN = frozenset({"remind", "other_network", "liaisons"})
"""Steps of an escalation in which the partner itself is asked again; in the others, others are told."""


@dataclass(slots=True)
class Led:
    """A lead, from when until when (None: still)."""

    fact: f.LeadTaken
    since: datetime
    until: datetime | None = None


@dataclass(slots=True)
class Told:
    """What became of one alert at one partner. ``sent``: network → when it was first accepted there; ``failed``: network → what went wrong.

    ``answers``: (when, what, late). ``again``: how often it was asked again; ``others``: what else was done about its silence, steps of the playbook's.
    """

    shown_at: datetime | None = None
    sent: dict[str, datetime] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    held: bool = False
    answers: list[tuple[datetime, str, bool]] = field(default_factory=list)
    again: int = 0
    others: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Alert:
    """One alert. ``issued`` None: the recipient is not shown who issued it. ``said``: what the first message about it showed. ``over``: (when, how it ended);
    ``replaced``: by which alert, None where it was not."""

    id: str
    issued: f.AlertIssued | None = None
    at: datetime | None = None
    said: list[str] = field(default_factory=list)
    over: tuple[datetime, str] | None = None
    replaced: str | None = None
    partners: dict[str, Told] = field(default_factory=dict)

    def told(self, partner: str) -> Told:
        """What became of it at a partner."""
        return self.partners.setdefault(partner, Told())


class Gathered:
    """Take in every entry, in order."""

    def __init__(self, tongue: Tongue = ENGLISH) -> None:
        self._tongue = tongue
        self.leads: list[Led] = []
        self.alerts: dict[str, Alert] = {}
        self.decisions: list[tuple[int, datetime, f.DecisionTaken]] = []
        self.outcomes: Counter[tuple[str, str]] = Counter()
        """(network, ``sent``, ``refused``, ``unknown`` or ``dropped``) → messages."""
        self.failed: list[tuple[int, datetime, Fact]] = []
        self._on_the_way: dict[str, tuple[str, str | None]] = {}

    def take(self, seq: int, at: datetime, fact: Fact) -> None:
        """Take in an entry. ``fact``: as far as it is shown (``storage.unseen.visible``)."""
        match fact:
            case f.LeadTaken() | f.LeadEnded():
                for one in self.leads:
                    if one.until is None and (one.fact.tier, one.fact.jurisdiction) == (fact.tier, fact.jurisdiction):
                        one.until = at
                if isinstance(fact, f.LeadTaken) and is_seen(fact.partners):
                    self.leads.append(Led(fact, at))
            case f.IncidentClosed():
                for one in self.leads:
                    one.until = one.until or at
            case f.DecisionTaken():
                self.decisions.append((seq, at, fact))
            case f.MessageSent() | f.MessageRefused() | f.MessageUnknown() | f.MessageDropped():
                self._delivery(seq, at, fact)
            case _:
                self._alert(at, fact)

    def _alert(self, at: datetime, fact: Fact) -> None:
        match fact:
            case f.AlertIssued(alert=alert) if is_seen(alert):
                found = self._of(alert)
                found.issued, found.at = fact, at
            case f.Disclosed(about=about, partner=partner, send=send) if is_seen(send):
                if is_seen(about) and is_seen(partner):
                    self._on_the_way[send] = (about, partner)
                    if len(self._on_the_way) > REMEMBERED:
                        del self._on_the_way[next(iter(self._on_the_way))]
                    if about.startswith("A-") and partner is not None:
                        told = self._of(about).told(partner)
                        if told.shown_at is None:
                            told.shown_at = at
                            self._of(about).said = self._of(about).said or shown(fact, self._tongue)
            case f.AlertExpired(alert=alert) if is_seen(alert):
                self._end(alert, at, self._tongue.word("expired"))
            case f.AlertCancelled(alert=alert) if is_seen(alert):
                mistake = self._tongue.say(", sent by mistake") if fact.mistake is True else ""
                self._end(alert, at, self._tongue.word("cancelled") + mistake)
            case f.AlertRetracted(alert=alert) if is_seen(alert):
                self._end(alert, at, self._tongue.word("retracted"))
            case f.AlertSuperseded(alert=alert) if is_seen(alert):
                by = fact.by if is_seen(fact.by) else self._tongue.word("another")
                self._end(alert, at, self._tongue.word("superseded", by=by))
                self._of(alert).replaced = by
            case f.CopyHeld(alert=alert, partner=partner) if is_seen(alert) and is_seen(partner):
                self._of(alert).told(partner).held = True
            case f.CopyReleased(alert=alert, partner=partner) if is_seen(alert) and is_seen(partner):
                self._of(alert).told(partner).held = False
            case f.Acknowledged(alert=alert, partner=partner) if is_seen(alert) and is_seen(partner):
                self._of(alert).told(partner).answers.append((at, self._tongue.code(fact.choice), fact.late is True))
            case f.AnswerUndone(alert=alert, partner=partner) if is_seen(alert) and is_seen(partner):
                self._of(alert).told(partner).answers.append(
                    (at, self._tongue.say("takes back {answer}", answer=self._tongue.code(fact.choice)), False)
                )
            case f.Escalated(about=about, partner=partner, do=do) if (
                is_seen(about) and about in self.alerts and is_seen(partner)
            ):
                self._silent(self.alerts[about].told(partner), do, is_seen(fact.rooms) and not fact.rooms)
            case _:
                pass

    def _silent(self, told: Told, do: str, passed_over: bool) -> None:
        """A step for a partner that is silent; one that would have reached nobody was passed over."""
        if passed_over or not is_seen(do):
            return
        if do in ASKS_AGAIN:
            told.again += 1
        else:
            told.others.append(do)

    def _delivery(
        self, seq: int, at: datetime, fact: f.MessageSent | f.MessageRefused | f.MessageUnknown | f.MessageDropped
    ) -> None:
        if not is_seen(fact.room) or not is_seen(fact.send):
            return
        what = type(fact).__name__.removeprefix("Message").lower()
        self.outcomes[fact.room.network, what] += 1
        if what != "sent" and len(self.failed) < MOST_FAILED:
            self.failed.append((seq, at, fact))
        about, partner = self._on_the_way.get(fact.send, ("", None))
        if what != "unknown":
            self._on_the_way.pop(fact.send, None)
        if about.startswith("A-") and partner is not None:
            self._tell(self._of(about).told(partner), fact.room, at, what)

    def _tell(self, told: Told, room: RoomRef, at: datetime, what: str) -> None:
        network = room.network.capitalize()
        if what == "sent":
            told.sent.setdefault(network, at)
            told.failed.pop(network, None)
        elif network not in told.sent:
            told.failed[network] = what

    def _of(self, alert: str) -> Alert:
        return self.alerts.setdefault(alert, Alert(alert))

    def _end(self, alert: str, at: datetime, how: str) -> None:
        found = self._of(alert)
        found.over = found.over or (at, how)


def span(time: timedelta) -> str:
    """How long something took: ``4 min 10 s``."""
    seconds = int(time.total_seconds())
    hours, minutes, seconds = seconds // 3600, seconds // 60 % 60, seconds % 60
    parts = [f"{hours} h" if hours else "", f"{minutes} min" if minutes else "", f"{seconds} s" if not hours else ""]
    return " ".join(part for part in parts if part) or "0 s"


def sent_first(told: Told) -> datetime | None:
    """When an alert first reached a partner's room."""
    return min(told.sent.values(), default=None)


def by_network(outcomes: Mapping[tuple[str, str], int]) -> list[tuple[str, dict[str, int]]]:
    """The outcomes of messages, network by network."""
    networks: dict[str, dict[str, int]] = {}
    for (network, what), count in sorted(outcomes.items()):
        networks.setdefault(network.capitalize(), {})[what] = count
    return list(networks.items())
