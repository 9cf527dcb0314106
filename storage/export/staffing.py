"""Who acted for which partner, and as what, from what a copy shows: the positions of an activity log.

The log of an incident has persons by their ids and no ranks. What it proves is what they did: who decided, changed the phase or took the lead over acted as
the lead; whom the law's duties were shown to is an official; anybody else who acted represents their agency (the "agency representative" of ICS).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from storage import facts as f
from storage.export.entitled import BEFALLS
from storage.export.for_whom import Recipient
from storage.facts import Fact
from storage.unseen import is_seen

REPRESENTATIVE = "Agency representative"
OFFICIAL = "Official"
ASSISTING = "Assisting or cooperating agency"

_ON_OTHERS = (f.CallTaken, f.CallReported, f.CallAsked, f.CopyReleased, f.CheckinStarted, f.CheckinEnded)
"""Facts in which a person acts, and the partner that is named, if any, is another."""

_NO_ACTS = (f.LogRead, f.ReactedTo, f.Said, f.SaidAnew, f.TakenBack)
"""Facts that tell whom a person belongs to, and of nothing that they did in the incident but talk and read."""

Where = tuple[str | None, str | None]
"""A lead's tier and jurisdiction."""


@dataclass(slots=True)
class Led:
    """A partner's lead, from when until when (None: still)."""

    what: str
    since: datetime
    until: datetime | None = None


@dataclass(slots=True)
class _Acted:
    """What a person did: for which partners, and in which positions."""

    homes: dict[str, None] = field(default_factory=dict)
    positions: dict[str, None] = field(default_factory=dict)
    acted: bool = False


class Staffing:
    """Take in every entry, in order. Memory grows with persons and leads, never with entries."""

    def __init__(self, recipient: Recipient) -> None:
        self._people: dict[str, _Acted] = {}
        self._leads: dict[Where, tuple[str, ...]] = {}
        self._offers: dict[str, str] = {}
        self._led: dict[str, list[Led]] = {}
        if recipient.partner is not None:
            for person in sorted(recipient.people):
                self._of(person).homes[recipient.partner] = None

    def take(self, at: datetime, fact: Fact) -> None:
        """Take in an entry. ``fact``: as far as it is shown (``storage.unseen.visible``)."""
        match fact:
            case f.LeadTaken(partners=partners) if is_seen(partners):
                self._lead((fact.tier, fact.jurisdiction), partners, at)
            case f.LeadEnded() if is_seen(fact.tier):
                self._lead((fact.tier, fact.jurisdiction), (), at)
            case f.LeadOffered(offer=offer) if is_seen(offer) and is_seen(fact.tier):
                self._offers[offer] = _lead((fact.tier, fact.jurisdiction))
            case f.PersonAccounted(person=str() as person, partner=str() as partner) if fact.by == person:
                self._of(person).homes[partner] = None
            case _:
                pass
        self._person(fact)

    def home(self, person: object) -> str | None:
        """The partner that a person acts for; None where it is not known."""
        return (
            next(iter(self._people[person].homes), None) if isinstance(person, str) and person in self._people else None
        )

    def resources(self, partner: str) -> list[tuple[str, str]]:
        """Who acted for a partner: (person, position), in the order in which they first did."""
        found = ((who, one) for who, one in self._people.items() if one.acted and partner in one.homes)
        return [(who, "; ".join(one.positions) or REPRESENTATIVE) for who, one in found]

    def led(self, partner: str) -> list[Led]:
        """What a partner led, in order."""
        return self._led.get(partner, [])

    def _person(self, fact: Fact) -> None:
        person, partner = getattr(fact, "person", None), getattr(fact, "partner", None)
        if not isinstance(person, str) or isinstance(fact, f.PersonAccounted):
            return
        if isinstance(fact, _ON_OTHERS):
            self._of(person).acted = True
        elif isinstance(partner, str) and type(fact).__name__ not in BEFALLS and getattr(fact, "via", None) != "phone":
            one = self._of(person)
            one.homes[partner] = None
            one.acted = one.acted or not isinstance(fact, _NO_ACTS)
            if position := self._position(fact, partner):
                one.positions[position] = None

    def _position(self, fact: Fact, partner: str) -> str | None:
        match fact:
            case f.DutyShown() | f.DutyConfirmed():
                return OFFICIAL
            case f.LeadOfferEnded(why="accepted", offer=offer):
                return self._offers.get(offer)
            case f.DecisionTaken() | f.PhaseChanged():
                return next((_lead(where) for where, who in self._leads.items() if partner in who), None)
            case _:
                return None

    def _lead(self, where: Where, partners: tuple[str, ...], at: datetime) -> None:
        before = self._leads.get(where, ())
        self._leads[where] = partners
        for partner in before:
            if partner not in partners:
                for one in self._led[partner]:
                    if one.what == _lead(where):
                        one.until = one.until or at
        for partner in partners:
            if partner not in before:
                self._led.setdefault(partner, []).append(Led(_lead(where), at))

    def _of(self, person: str) -> _Acted:
        return self._people.setdefault(person, _Acted())


def _lead(where: Where) -> str:
    return " ".join(("Lead", *(str(part) for part in where if part)))
