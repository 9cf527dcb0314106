"""What an incident is at one moment: plain frozen values, made from its facts by ``storage.incident.fold`` and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from playbooks.labels import Label
from playbooks.rooms import RoomRef
from playbooks.selection import Leading
from storage.facts import (
    AlertDrafted,
    AlertIssued,
    AlertRequested,
    CheckinStarted,
    CopyHeld,
    DeadlineHeld,
    DecisionDrafted,
    DecisionTaken,
    IncidentOpened,
    LeadOffered,
    Objected,
    PartnerAdmitted,
    PlaybookProposed,
    RollCallStarted,
    StandInNamed,
)
from storage.reports import Reported
from storage.stirs import Stir

CopyState = Literal["waiting", "sent", "refused", "unknown", "dropped", "removed"]


@dataclass(frozen=True, slots=True)
class Copy:
    """An alert as one room was to be shown it, and what became of it. ``message`` is the network's id for it, ``at`` when it was accepted."""

    partner: str
    room: RoomRef
    language: str
    fields: Mapping[str, Any]
    state: CopyState = "waiting"
    reason: str | None = None
    message: str | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer to an alert. ``spoke_with``: who gave it by telephone, where ``person`` only wrote it down."""

    choice: str
    person: str
    at: datetime
    via: str
    spoke_with: str | None = None
    late: bool = False


@dataclass(frozen=True, slots=True)
class Call:
    """Somebody rings a partner; ``reached`` is None until they said what came of it."""

    person: str
    at: datetime
    reached: bool | None = None
    spoke_with: str | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """A kind of step that was taken for a silent partner: when first, how late (whole seconds), and where something was said."""

    at: datetime
    late: int = 0
    rooms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Watch:
    """One partner whose answer is awaited, to an alert or to a round.

    ``began``: when it was asked. ``since``: when its network first accepted anything, from which escalation counts; None: nothing yet.
    ``done``: how many steps of the playbook's ``then`` were taken or passed over; ``taken``: each kind of step by which somebody was
    told. ``lost_at``: when it was found to be unreachable. ``ended``: why nobody waits any more:
    ``answered`` (a round), ``cancelled``, ``superseded``, ``expired``, ``retracted`` or ``over``. Whether an alert is answered is
    the playbook's to say (one answer for a partner, or every person's): see ``handlers.waiting``.
    """

    partner: str
    began: datetime
    since: datetime | None = None
    done: int = 0
    unreachable: bool = False
    ended: str | None = None
    calls: tuple[Call, ...] = ()
    taken: Mapping[str, Taken] = field(default_factory=dict)
    lost_at: datetime | None = None

    @property
    def open(self) -> bool:
        """Whether the answer is still awaited."""
        return self.ended is None


AlertState = Literal["open", "expired", "cancelled", "superseded", "retracted"]


@dataclass(frozen=True, slots=True)
class Issued:
    """An alert: as issued, whom it was addressed to, its copies by send, what is held, the answers by partner, and who is waited for."""

    fact: AlertIssued
    at: datetime
    addressed: Mapping[str, Any] = field(default_factory=dict)
    copies: Mapping[str, Copy] = field(default_factory=dict)
    held: Mapping[str, CopyHeld] = field(default_factory=dict)
    answers: Mapping[str, tuple[Answer, ...]] = field(default_factory=dict)
    watches: Mapping[str, Watch] = field(default_factory=dict)
    released: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # partner → values supplied for it alone
    to_ring: frozenset[str] = frozenset()  # partners that were told only to ring who issued it
    state: AlertState = "open"
    mistake: bool = False
    superseded_by: str | None = None
    over_at: datetime | None = None
    over_by: str | None = None  # the partner that cancelled or retracted it
    over_words: str | None = None  # its words, for whoever may see a note

    @property
    def expired(self) -> bool:
        """Whether it is over, for whichever reason."""
        return self.state != "open"

    def shown_to(self, partner: str | None) -> bool:
        """Whether a partner has been shown it or is about to be: a copy that was taken back before it left is none."""
        return any(copy.partner == partner and copy.state != "dropped" for copy in self.copies.values())

    @property
    def shown(self) -> tuple[str, ...]:
        """The partners it was shown to, each once."""
        return tuple(dict.fromkeys(copy.partner for copy in self.copies.values() if copy.state != "dropped"))


@dataclass(frozen=True, slots=True)
class Draft:
    """An alert that is being written or waits for its confirmation. ``exact``: the fields that a room was shown exactly, as they
    are in it now.
    """

    fact: AlertDrafted
    at: datetime
    opened_at: datetime
    confirmed: frozenset[str] = frozenset()
    exact: Mapping[RoomRef, frozenset[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Asked:
    """A request to issue an alert. ``answers``: partner → ``approved`` or ``declined``. ``exact``: the fields that a room was
    shown exactly as they are. ``alert``: what was issued for it.
    """

    fact: AlertRequested
    at: datetime
    answers: Mapping[str, str] = field(default_factory=dict)
    exact: Mapping[RoomRef, frozenset[str]] = field(default_factory=dict)
    alert: str | None = None


@dataclass(frozen=True, slots=True)
class Given:
    """A partner's answer to a round."""

    answer: str
    words: str | None
    person: str
    at: datetime
    late: bool
    raised: str | None = None


@dataclass(frozen=True, slots=True)
class Round:
    """A round of a check-in: its answers by partner, and who is waited for. ``ended``: why it is over."""

    fact: CheckinStarted
    at: datetime
    answers: Mapping[str, tuple[Given, ...]] = field(default_factory=dict)
    watches: Mapping[str, Watch] = field(default_factory=dict)
    overdue: bool = False
    ended: str | None = None


@dataclass(frozen=True, slots=True)
class Accounted:
    """What is known of a person in a roll call."""

    state: str
    by: str
    at: datetime
    words: str | None


@dataclass(frozen=True, slots=True)
class RollCall:
    """A roll call: who is accounted for. ``ended``: why it is over."""

    fact: RollCallStarted
    at: datetime
    accounted: Mapping[str, Accounted] = field(default_factory=dict)
    ended: str | None = None

    @property
    def missing(self) -> tuple[str, ...]:
        """The persons of whom nothing is known."""
        return tuple(person for person in self.fact.persons if person not in self.accounted)


@dataclass(frozen=True, slots=True)
class Offer:
    """The lead, as it was offered. ``ended``: how it ended; None while it is open. ``reason``: why it was declined."""

    fact: LeadOffered
    at: datetime
    ended: str | None = None
    ended_at: datetime | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision of the lead."""

    fact: DecisionTaken
    at: datetime


@dataclass(frozen=True, slots=True)
class Objection:
    """Somebody's objection."""

    fact: Objected
    at: datetime


@dataclass(frozen=True, slots=True)
class Live:
    """A message that is edited in place. ``send`` made it or edited it last; ``message``: the network's id, None until it is accepted.

    ``waiting``: it is not known yet what became of its newest version. ``at``: when that version was written, or its fate was
    last heard of. ``digest``: what it says; empty where nobody knows what stands there now. ``refused``: the network does not
    let us write there. ``written_of``: what it is about, as that was when this version was written; see ``Incident.as_it_is``.
    """

    role: str
    about: str
    partner: str | None
    room: RoomRef
    send: str
    at: datetime
    message: str | None = None
    waiting: bool = True
    digest: str = ""
    refused: bool = False
    written_of: tuple[object, ...] = field(default=(), compare=False, repr=False)


RemovalState = Literal["asked", "removed", "remains"]


@dataclass(frozen=True, slots=True)
class Removal:
    """A message of ours that is to be taken out of a room, and whether that came about."""

    send: str
    about: str | None
    partner: str | None
    room: RoomRef
    at: datetime
    state: RemovalState = "asked"


@dataclass(frozen=True, slots=True)
class Recent:
    """Something lately said in a channel, for whoever comes in now. ``words`` are plain; None where they were erased.

    ``kind``: what went with them or was said without any: a file's kind, ``place``, ``poll`` or ``contact``; empty for words alone.
    ``label``: the channel's when it was said. ``former``: what it said before it was changed, the latest last. ``things``: by what else it is known again,
    as ``thing`` names it, the latest last. ``channels``: all in which it was said at once.
    """

    said: str
    at: datetime
    partner: str
    person: str
    name: str
    words: str | None
    room: RoomRef
    raised: str | None
    origins: tuple[str, ...]
    onward: tuple[str, ...]
    album: str | None = None
    kind: str = ""
    label: Label | None = None
    former: tuple[str, ...] = ()
    things: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Stopped:
    """That what is said in channels does not reach a room: why, as ``TalkStopped`` says it, and since when.

    ``told``: it was news; what comes and goes all the time is told of once in a while. ``said``: the first that did not reach it, if any.
    """

    reason: str
    at: datetime
    told: bool = True
    said: str | None = None


Votes = Mapping[tuple[RoomRef, str], tuple[int, ...]]
"""By room and person (an id, or an account that is nobody's): the places of the options, from 0. In the order in which they were given."""


@dataclass(frozen=True, slots=True)
class Polled:
    """A poll in a channel, and its votes: by room and person where they are known, and as counted by a network where they are not.

    ``several``: more than one option may be chosen; ``labels``: those of its channels when it was asked. A person may have voted in several rooms: the last
    vote counts, of those that a room may know of.
    """

    said: str
    partner: str
    room: RoomRef
    channels: tuple[str, ...]
    raised: str | None
    origins: tuple[str, ...]
    onward: tuple[str, ...]
    options: tuple[str, ...]
    several: bool = False
    votes: Votes = field(default_factory=dict)
    counts: Mapping[RoomRef, tuple[int, ...]] = field(default_factory=dict)
    labels: Mapping[str, Label] = field(default_factory=dict)
    closed: bool = False
    question: str = ""


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


@dataclass(frozen=True)
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
    phase_since: datetime
    hazard: str | None = None
    leads: tuple[Leading, ...] = ()
    phases: tuple[tuple[str, datetime], ...] = ()  # those entered after the first, each with its time
    offers: Mapping[str, Offer] = field(default_factory=dict)
    decisions: Mapping[str, Decision] = field(default_factory=dict)
    deciding: Mapping[str, DecisionDrafted] = field(default_factory=dict)  # account → what it is saying, step by step
    objections: tuple[Objection, ...] = ()
    stand_ins: tuple[StandInNamed, ...] = ()
    duties: Mapping[tuple[str, str], str | None] = field(default_factory=dict)  # (duty, partner) → who confirmed it
    danger: Danger | None = None
    proposal: Proposal | None = None
    admitted: Mapping[str, PartnerAdmitted] = field(default_factory=dict)
    departed: Mapping[str, PartnerAdmitted] = field(
        default_factory=dict
    )  # whose admission is over: a name, and no more
    dropped: Mapping[str, Any] = field(default_factory=dict)  # that a later version of the playbook lacks: likewise
    stalled: frozenset[tuple[str, str]] = frozenset()  # (about, partner) of which a fault of ours was told
    drafts: Mapping[str, Draft] = field(default_factory=dict)
    requests: Mapping[str, Asked] = field(default_factory=dict)
    alerts: Mapping[str, Issued] = field(default_factory=dict)
    alert_of: Mapping[str, str] = field(default_factory=dict)  # send → alert
    reports: Mapping[str, Reported] = field(default_factory=dict)
    rounds: Mapping[str, Round] = field(default_factory=dict)
    rollcalls: Mapping[str, RollCall] = field(default_factory=dict)
    prompts: Mapping[str, tuple[str, str | None]] = field(default_factory=dict)  # send → (what it is about, partner)
    live: Mapping[tuple[str, str, RoomRef], Live] = field(default_factory=dict)  # (role, about, room)
    live_of: Mapping[str, tuple[str, str, RoomRef]] = field(default_factory=dict)  # send → key of ``live``
    removals: Mapping[str, Removal] = field(default_factory=dict)  # the request to the network → what it is to remove
    talk: Mapping[str, tuple[Recent, ...]] = field(default_factory=dict)  # channel → the last that was said there
    talk_stopped: Mapping[RoomRef, Stopped] = field(default_factory=dict)  # the rooms that talk does not reach
    talk_told: Mapping[RoomRef, datetime] = field(default_factory=dict)  # when that of a room was last news
    unread: Mapping[RoomRef, datetime] = field(
        default_factory=dict
    )  # when a room was last told of what could not be read
    polls: Mapping[str, Polled] = field(default_factory=dict)
    paused: str | None = None  # an exercise that gives way to this incident
    paused_at: datetime | None = None
    held: Mapping[str, DeadlineHeld] = field(default_factory=dict)  # key → what fell due while it was paused
    stirs: tuple[Stir, ...] = ()  # what people lately caused in the rooms of others
    closed_at: datetime | None = None
    size: int = 0
    epoch: int = 0

    def as_it_is(self, about: str) -> tuple[object, ...]:
        """What a message about something may say, as it is now: the same objects for as long as nothing of it changes."""
        thing = self.alerts.get(about) or self.rounds.get(about) or self.rollcalls.get(about)
        return (thing, self.epoch, self.closed_at)

    def in_danger(self, now: datetime) -> bool:
        """Whether declared danger still lasts."""
        return self.danger is not None and now < self.danger.until

    def round_of(self, name: str) -> Round | None:
        """The round of a check-in that is going on, if one is."""
        return next((r for r in reversed(tuple(self.rounds.values())) if r.fact.name == name and r.ended is None), None)
