"""Selectors: which partners `everyone`, `lead` or `{kind: fire, area: affected}` mean at this moment.

Source of the rules: the playbook language, *Selector*. All keys of a mapping must match, and of a list any. `affected` looks at
the event's place, and therefore matches only partners who may see the area: whoever asks passes the areas that this
partner may see, and an empty set when it may see none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

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
        """The operational lead for what originates in a jurisdiction."""
        for tier in ("operational", None):
            for leading in self.leads:
                if leading.tier == tier and leading.jurisdiction in (jurisdiction, None):
                    return leading
        return None


@dataclass(frozen=True)
class Event:
    """Something said: whose words (``origin``, a partner), from which jurisdictions, and its fields, None where absent.

    ``raised`` is a TLP colour (its word) that the speaker set higher; ``place`` names the field that says where.
    """

    origin: str
    origins: frozenset[str]
    fields: Mapping[str, Value | None] = field(default_factory=dict)
    raised: str | None = None
    expires: datetime | None = None
    place: str | None = None

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
    areas: frozenset[str],
    network: Network | None,
) -> bool:
    """Whether a selector means this partner.

    ``origin`` is the partner whose words they are; ``areas`` are the event's areas as far as this partner may see them;
    ``network`` is that of the room, or None where no room is meant (then any network the partner has a room on).
    """
    return any(_term(book, term, partner, circumstances, origin, areas, network) for term in selector.terms)


def _term(
    book: Book,
    term: Term,
    partner: str,
    circumstances: Circumstances,
    origin: str,
    areas: frozenset[str],
    network: Network | None,
) -> bool:
    match term:
        case Everyone():
            return True
        case One(partner=name):
            return name == partner
        case Lead() | Deputies():
            leading = circumstances.lead_for(book.playbook.partners[origin].jurisdiction)
            if leading is None:
                return False
            return partner in (leading.partners if isinstance(term, Lead) else leading.deputies)
        case Matching():
            return _matching(book, term, partner, circumstances, origin, areas, network)


def _matching(
    book: Book,
    term: Matching,
    partner: str,
    circumstances: Circumstances,
    origin: str,
    areas: frozenset[str],
    network: Network | None,
) -> bool:
    who = book.playbook.partners[partner]
    if term.partner is not None and partner not in term.partner:
        return False
    if term.kind is not None and who.kind not in term.kind:
        return False
    if term.level is not None and who.level not in term.level:
        return False
    if term.jurisdiction is not None and who.jurisdiction not in term.jurisdiction:
        return False
    if term.competence is not None and not set(term.competence) & set(who.competences):
        return False
    if term.network is not None:
        on = {network} if network is not None else {room.network for room in who.rooms}
        if not on & set(term.network):
            return False
    if term.area is not None:
        meant = frozenset(term.area) - {"affected"}
        if "affected" in term.area:
            meant |= areas
        if term.near:
            meant = near(book, meant)
        if not meant & ground(book, partner):
            return False
    return term.not_ is None or not matches(book, term.not_, partner, circumstances, origin, areas, network)


def local_time(book: Book, at: datetime) -> datetime:
    """A time as clocks show it where the playbook lives."""
    return at.astimezone(book.playbook.timezone)
