"""Selectors: which partners `everyone`, `lead` or `{kind: fire, area: affected}` mean at this moment.

Source of the rules: the playbook language, *Selector*. All keys of a mapping must match, and of a list any. `affected` looks at
the event's place, and therefore matches only partners who may see the area: whoever asks passes the event's areas, or None
for a partner who may not see them. Then what looks at them, `not: {area: affected}` included, matches nobody where a rule
permits or selects (``matches``), and counts as met where it forbids (``might_match``): hiding the area never shows more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Literal

from playbooks.labels import PUBLIC, Label
from playbooks.load import Book
from playbooks.rooms import Network
from playbooks.schema import Deputies, Everyone, Lead, Matching, One, Selector, Term
from playbooks.values import Value


@dataclass(frozen=True, slots=True)
class Leading:
    """Who leads one tier in one jurisdiction now: several in unified command, of whom ``decides`` decides."""

    tier: str | None
    jurisdiction: str | None
    partners: tuple[str, ...]
    decides: str
    deputies: tuple[str, ...] = ()
    basis: str | None = None
    rule: int = 0  # the line in the playbook


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What is so at the moment of a decision: ``now`` is aware; ``active`` are the partners bound and active."""

    now: datetime
    phase: str
    active: frozenset[str]
    danger: bool = False
    hazard: str | None = None
    leads: tuple[Leading, ...] = ()

    def lead_for(self, jurisdiction: str) -> Leading | None:
        """The operational lead for what originates in a jurisdiction: its own, else the one for all of them."""
        for tier in ("operational", None):
            for where in (jurisdiction, None):
                for leading in self.leads:
                    if (leading.tier, leading.jurisdiction) == (tier, where):
                        return leading
        return None


@dataclass(frozen=True)
class Event:
    """Something said: whose words (``origin``, a partner), from which jurisdictions, and its fields, None where absent.

    ``raised`` is a TLP colour (its word) that the speaker set higher; ``place`` names the field that says where. ``through``: the jurisdiction
    that passes on what came to it from the others of ``origins``; None where nothing is passed on. ``held``: how closely all of it is held besides,
    for where else it was said.
    """

    origin: str
    origins: frozenset[str]
    fields: Mapping[str, Value | None] = field(default_factory=dict)
    raised: str | None = None
    expires: datetime | None = None
    place: str | None = None
    through: str | None = None
    held: Label = PUBLIC

    @cached_property
    def areas(self) -> frozenset[str]:
        """The areas the event's place lies in. Not for anyone's eyes without asking ``sight``."""
        value = self.fields.get(self.place) if self.place else None
        return frozenset(getattr(value, "areas", ()))


def ground(book: Book, partner: str) -> frozenset[str]:
    """The areas a partner's competences hold in: what it covers, or else everything in its jurisdiction."""
    who = book.playbook.partners[partner]
    if who.covers:
        return frozenset(who.covers)
    return frozenset(name for name, area in book.playbook.areas.items() if area.jurisdiction == who.jurisdiction)


def near(book: Book, areas: frozenset[str]) -> frozenset[str]:
    """These areas and those that the playbook calls near to them."""
    return areas.union(*(book.playbook.areas[area].near for area in areas if area in book.playbook.areas))


def matches(
    book: Book,
    selector: Selector,
    partner: str,
    circumstances: Circumstances,
    origin: str,
    areas: frozenset[str] | None,
    network: Network | None,
) -> bool:
    """Whether a selector means this partner.

    ``origin`` is the partner whose words they are; ``areas`` are the event's areas, or None where this partner may not see
    them; ``network`` is that of the room, or None where no room is meant (then any network the partner has a room on).
    """
    return _Asked(book, partner, circumstances, origin, areas, network, unseen="not met").any(selector)


def might_match(
    book: Book,
    selector: Selector,
    partner: str,
    circumstances: Circumstances,
    origin: str,
    areas: frozenset[str] | None,
    network: Network | None,
) -> bool:
    """The same for a selector that forbids: what it says of areas that this partner may not see counts as met."""
    return _Asked(book, partner, circumstances, origin, areas, network, unseen="met").any(selector)


@dataclass(slots=True)
class _Asked:
    """The question whether a selector means a partner; ``unseen``: how a condition counts that looks at hidden areas."""

    book: Book
    partner: str
    circumstances: Circumstances
    origin: str
    areas: frozenset[str] | None
    network: Network | None
    unseen: Literal["met", "not met"]

    def any(self, selector: Selector) -> bool:
        if self.partner in self.book.departed:
            return False
        return any(self._term(term) for term in selector.terms)

    def _term(self, term: Term) -> bool:
        match term:
            case Everyone():
                return True
            case One(partner=name):
                return name == self.partner
            case Lead() | Deputies():
                leading = self.circumstances.lead_for(self.book.playbook.partners[self.origin].jurisdiction)
                if leading is None:
                    return False
                return self.partner in (leading.partners if isinstance(term, Lead) else leading.deputies)
            case Matching():
                if term.uses_event and self.areas is None and self.unseen == "not met":
                    return False
                return self._who(term) and self._where(term) and not self._excluded(term)

    def _who(self, term: Matching) -> bool:
        who = self.book.playbook.partners[self.partner]
        return (
            (term.partner is None or self.partner in term.partner)
            and (term.kind is None or who.kind in term.kind)
            and (term.level is None or who.level in term.level)
            and (term.jurisdiction is None or who.jurisdiction in term.jurisdiction)
            and (term.competence is None or bool(set(term.competence) & set(who.competences)))
            and (term.network is None or bool(self._networks() & set(term.network)))
        )

    def _networks(self) -> set[Network]:
        if self.network is not None:
            return {self.network}
        return {room.network for room in self.book.playbook.partners[self.partner].rooms}

    def _where(self, term: Matching) -> bool:
        if term.area is None:
            return True
        meant = frozenset(term.area) - {"affected"}
        if "affected" in term.area:
            if self.areas is None:
                return True
            meant |= self.areas
        if term.near:
            meant = near(self.book, meant)
        return bool(meant & ground(self.book, self.partner))

    def _excluded(self, term: Matching) -> bool:
        if term.not_ is None or (self.areas is None and term.not_.uses_event):
            return False
        return self.any(term.not_)


def local_time(book: Book, at: datetime) -> datetime:
    """A time as clocks show it where the playbook lives."""
    return at.astimezone(book.playbook.timezone)
