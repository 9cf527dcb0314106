"""Facts of an incident's course: how it begins, by which rules it goes, what befalls it, and how it ends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar

from playbooks.rooms import RoomRef
from storage.facts.fact import EACH, Each, Fact


@dataclass(frozen=True, slots=True)
class IncidentOpened(Fact):
    """An incident began from a playbook, in its first phase, with one of its hazards (None: it names none)."""

    incident: str
    playbook: str
    playbook_version: int
    title: str | None
    person: str
    partner: str | None
    room: RoomRef
    phase: str
    exercise: bool
    rehearsal: bool
    rule: str
    hazard: str | None = None


@dataclass(frozen=True, slots=True)
class PlaybookProposed(Fact):
    """Somebody asked to go on under another version of the playbook, and was shown what it opens and closes (how many
    changes of each). ``before`` and ``digest`` are the SHA-256 of the bytes; those proposed are kept from here on."""

    playbook: str
    version: int
    digest: str
    before: str
    person: str
    identity: str
    partner: str | None
    opens: int
    closes: int


@dataclass(frozen=True, slots=True)
class PlaybookKept(Fact):
    """What was proposed was declined: the incident goes on under the version it had."""

    digest: str
    person: str
    partner: str | None


@dataclass(frozen=True, slots=True)
class PlaybookReloaded(Fact):
    """From here on the incident goes by another version of its playbook. Where that opens anything, ``person`` is not who proposed.

    ``dropped``: the partners that it does not have any more, with what they were (name, kind, level, jurisdiction, listed).
    """

    playbook: str
    version: int
    digest: str
    before: str
    proposed_by: str
    person: str
    partner: str | None
    opens: int
    closes: int
    dropped: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DangerDeclared(Fact):
    """Imminent danger to life was declared, until a time."""

    person: str
    partner: str
    reason: str
    until: datetime
    rule: str


@dataclass(frozen=True, slots=True)
class DangerEnded(Fact):
    """The declared danger ended: by a person, or by ``time``."""

    by: str


@dataclass(frozen=True, slots=True)
class NoteAdded(Fact):
    """A remark for the log."""

    person: str
    partner: str | None
    room: RoomRef
    text: str


@dataclass(frozen=True, slots=True)
class CommandRefused(Fact):
    """Somebody asked for what they may not do, and was told why."""

    person: str
    partner: str | None
    room: RoomRef
    command: str
    reason: str
    rule: str | None


@dataclass(frozen=True, slots=True)
class LogRead(Fact):
    """Somebody read the log, up to which entry, and why in their own words (None: they gave no reason).

    ``question``: what they asked of it, as ``tocsin ask`` writes it; None: they read the log itself. ``shown``: of how many of these entries they were
    shown something, or their answer was drawn from something; None: of none, they were told how many there are.
    """

    person: str
    partner: str | None
    reason: str | None
    upto: int
    question: str | None = None
    shown: int | None = None


@dataclass(frozen=True, slots=True)
class Exported(Fact):
    """A copy of the log was made for somebody: ``by`` whom, for which ``reader`` (a partner's id, or ``auditor``), why, by which right.

    ``form``: bundle, csv, …; ``size``: entries with this one. ``disclosed``: how many of their fields it shows; ``withheld``: how many it does not,
    for each kind of fact.
    """

    by: str
    reader: str
    reason: str
    form: str
    size: int
    basis: str | None = None
    disclosed: int = 0
    withheld: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DeadlinePassed(Fact):
    """Something fell due and was seen to. ``late`` is in whole seconds."""

    key: str
    due: datetime
    late: int


@dataclass(frozen=True, slots=True)
class EventFailed(Fact):
    """An event could not be handled because of a fault of ours; it is kept for examination."""

    inbox: int
    error: str


@dataclass(frozen=True, slots=True)
class IncidentClosed(Fact):
    """The incident is over."""

    person: str
    partner: str | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class PhaseChanged(Fact):
    """The incident is in another phase from now on."""

    phase: str
    before: str
    person: str
    partner: str | None


@dataclass(frozen=True, slots=True)
class ExercisePaused(Fact):
    """A real incident needs the rooms of this exercise: nothing of the exercise is said or falls due until it is resumed."""

    by: str


@dataclass(frozen=True, slots=True)
class DeadlineHeld(Fact):
    """Something fell due while the exercise was paused: nothing came of it, and it is set again when the exercise goes on."""

    key: str
    due: datetime
    kind: str
    about: str


@dataclass(frozen=True, slots=True)
class ExerciseResumed(Fact):
    """The exercise goes on."""

    person: str


@dataclass(frozen=True, slots=True)
class PartnerAdmitted(Fact):
    """A partner that the playbook did not foresee takes part until a time, with what the playbook grants to its ``kind``."""

    partner: str
    name: str
    kind: str
    jurisdiction: str
    level: str
    tlp: str
    compartments: tuple[str, ...]
    languages: tuple[str, ...]
    phone: str | None
    until: datetime
    person: str
    by: str | None
    rule: str


@dataclass(frozen=True, slots=True)
class AdmissionEnded(Fact):
    """An admitted partner takes part no longer. ``by``: a person, or ``time``."""

    partner: str
    by: str


@dataclass(frozen=True, slots=True)
class ReportMade(Fact):
    """A METHANE report, as it stands now; a later one with the same id replaces it. ``asking``: the part that is awaited;
    ``stepwise``: every part is asked for.

    In the deployment's stream while there is no incident; ``playbook`` says whose partner speaks. Parts: ``major``,
    ``location``, ``type``, ``hazards``, ``access``, ``casualties``, ``services``.
    """

    LEAST: ClassVar[int] = 16
    report: str
    playbook: str
    person: str
    identity: str
    partner: str
    room: RoomRef
    parts: Each = field(metadata=EACH)
    asking: str | None = None
    complete: bool = False
    stepwise: bool = False


@dataclass(frozen=True, slots=True)
class ReportAnswered(Fact):
    """What came of a report: an incident was begun from it, or it was set aside."""

    report: str
    person: str
    incident: str | None
