"""Facts of answers: acknowledgements, what silence leads to, rounds of check-ins, and roll calls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar

from playbooks.rooms import RoomRef
from storage.facts.fact import EACH, Each, Fact


@dataclass(frozen=True, slots=True)
class Acknowledged(Fact):
    """A partner's person answered an alert. ``via``: button, reaction, reply, command, or ``phone``: then ``person`` is who
    recorded it, and ``spoke_with`` the one who answered the telephone. ``late``: the alert was over already."""

    alert: str
    partner: str
    person: str
    room: RoomRef
    choice: str
    via: str
    spoke_with: str | None = None
    late: bool = False


@dataclass(frozen=True, slots=True)
class AnswerUndone(Fact):
    """Somebody took back their last answer within the time there is for that."""

    alert: str
    partner: str
    person: str
    choice: str


@dataclass(frozen=True, slots=True)
class Escalated(Fact):
    """A step of escalation was taken for a partner that stays silent. ``step`` counts from 0 in the playbook's ``then``.

    ``rooms``: where something was said; none: it would have reached nobody, and was passed over. ``late`` in whole seconds.
    """

    about: str
    partner: str
    step: int
    do: str
    rooms: tuple[str, ...]
    late: int


@dataclass(frozen=True, slots=True)
class PartnerUnreachable(Fact):
    """No network accepted anything for a partner within the time that the playbook gives."""

    about: str
    partner: str
    late: int


@dataclass(frozen=True, slots=True)
class EscalationStalled(Fact):
    """An open escalation had no next deadline: a fault of ours. It was set again."""

    about: str
    partner: str


@dataclass(frozen=True, slots=True)
class CallTaken(Fact):
    """A person is ringing a partner about something."""

    about: str
    partner: str
    person: str


@dataclass(frozen=True, slots=True)
class CallReported(Fact):
    """What came of ringing a partner: reached or not, and whom."""

    about: str
    partner: str
    person: str
    reached: bool
    spoke_with: str | None


@dataclass(frozen=True, slots=True)
class CheckinStarted(Fact):
    """A round of a check-in began. ``why``: ``hand``, ``interval`` or ``clock``. ``due`` is when it was to begin.

    ``partners`` has for each one asked {"rooms"}; None for one without a room that could be asked.
    """

    round: str
    name: str
    why: str
    person: str | None
    due: datetime
    within: datetime | None
    partners: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class CheckinAnswered(Fact):
    """A partner's person answered a round. ``words`` is the free text. ``late``: after its time, or after the next round began.

    ``raised``: the TLP colour that they set on it, where that is above the check-in's label.
    """

    round: str
    partner: str
    person: str
    room: RoomRef
    answer: str
    words: str | None
    late: bool
    via: str
    raised: str | None = None


@dataclass(frozen=True, slots=True)
class CheckinOverdue(Fact):
    """The time to answer a round is over; whoever answers from now on is late."""

    round: str


@dataclass(frozen=True, slots=True)
class CheckinEnded(Fact):
    """A round is over: ``next`` one began, the ``phase`` changed, or a ``person`` ended it."""

    round: str
    why: str
    person: str | None


@dataclass(frozen=True, slots=True)
class RollCallStarted(Fact):
    """Every person of a partner (None: of all partners) is asked whether they are safe. ``persons``: person → {"partner", "name"}.

    ``room``: where it was asked for, and where its end is told.
    """

    LEAST: ClassVar[int] = 64
    rollcall: str
    partner: str | None
    person: str
    by: str | None
    persons: Each = field(metadata=EACH)
    room: RoomRef | None = None


@dataclass(frozen=True, slots=True)
class PersonAccounted(Fact):
    """A person is accounted for: ``safe``, or in need of ``help``. ``by``: who said so, themselves or another.

    ``name``: what somebody is called who is not on the list, and needs help.
    """

    rollcall: str
    person: str
    partner: str
    by: str
    state: str
    words: str | None
    via: str
    name: str | None = None


@dataclass(frozen=True, slots=True)
class RollCallEnded(Fact):
    """A roll call is over: ``complete``, or ended by a person."""

    rollcall: str
    why: str
    person: str | None
