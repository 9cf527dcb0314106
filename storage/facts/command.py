"""Facts of command: who leads, how the lead passes on, what is decided, and what the law asks of officials."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from playbooks.rooms import RoomRef
from storage.facts.fact import EACH, Each, Fact


@dataclass(frozen=True, slots=True)
class LeadTaken(Fact):
    """Who leads, for a tier and a jurisdiction, from now on, and on which basis."""

    tier: str | None
    jurisdiction: str | None
    partners: tuple[str, ...]
    decides: str
    deputies: tuple[str, ...]
    basis: str | None
    rule: str


@dataclass(frozen=True, slots=True)
class LeadOffered(Fact):
    """The lead of a tier and jurisdiction is offered to others; who has it stays accountable until they accept.

    ``why``: ``phase`` (the playbook names them in this phase), ``hand`` (the lead hands it over), ``silence`` (the lead does not
    answer, and they are its deputies). ``until``: when the coordinators are told that nobody has accepted.
    """

    offer: str
    tier: str | None
    jurisdiction: str | None
    before: tuple[str, ...]
    partners: tuple[str, ...]
    decides: str
    deputies: tuple[str, ...]
    basis: str | None
    rule: str
    why: str
    person: str | None
    partner: str | None
    until: datetime | None


@dataclass(frozen=True, slots=True)
class LeadOfferEnded(Fact):
    """An offer is over: ``accepted``, ``declined``, ``withdrawn`` by who made it, or ``replaced`` by another."""

    offer: str
    why: str
    person: str | None
    partner: str | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class LeadEnded(Fact):
    """Nobody leads a tier and jurisdiction by a rule of its own any more: another lead covers it."""

    tier: str | None
    jurisdiction: str | None


@dataclass(frozen=True, slots=True)
class BriefingGiven(Fact):
    """A briefing (ICS-201) was written for a partner, from the log up to this many entries; with an offer of the lead, or
    for who asked."""

    offer: str | None
    partner: str
    upto: int


@dataclass(frozen=True, slots=True)
class DecisionDrafted(Fact):
    """A decision as far as it is said; a later one by the same account replaces it. Its words as in ``DecisionTaken``.

    ``asking`` names the part that was asked for and is awaited; None: it is given up.
    """

    LEAST: ClassVar[int] = 8
    identity: str
    person: str
    partner: str
    room: RoomRef
    fields: Each = field(metadata=EACH)
    asking: str | None = None


@dataclass(frozen=True, slots=True)
class DecisionTaken(Fact):
    """A decision of the lead. Its words are fields: ``_decision`` (what), ``rationale``, ``rejected`` (the options not taken)."""

    LEAST: ClassVar[int] = 8
    decision: str
    person: str
    partner: str
    room: RoomRef
    rule: str
    fields: Each = field(metadata=EACH)


@dataclass(frozen=True, slots=True)
class Objected(Fact):
    """Somebody objects to something, on the record. It stops nothing."""

    about: str
    person: str
    partner: str
    room: RoomRef
    text: str


@dataclass(frozen=True, slots=True)
class DutyShown(Fact):
    """An official was shown what the law asks. ``rule``: its place in the playbook; ``duty``: which one it is, by what it says."""

    rule: str
    partner: str
    person: str | None
    room: RoomRef
    duty: str = ""


@dataclass(frozen=True, slots=True)
class DutyConfirmed(Fact):
    """An official confirmed that they know what the law asks of them. ``rule`` and ``duty`` as where it was shown."""

    rule: str
    partner: str
    person: str
    duty: str = ""


@dataclass(frozen=True, slots=True)
class StandInNamed(Fact):
    """Somebody stands in for an absent office holder, by an instrument (a decree, a delegation), until a time or for good."""

    person: str
    partner: str
    stand_in: str
    office: str
    instrument: str
