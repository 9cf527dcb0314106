"""Who is there: jurisdictions, agreements, ground, partners with their rooms, and how to select among partners.

A selector is `everyone`, `lead`, `deputies`, a partner id, a mapping whose keys must all match, or a list of these of
which any may match. It is kept as its terms.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Discriminator,
    Field,
    GetCoreSchemaHandler,
    Tag,
    ValidationInfo,
)
from pydantic_core import CoreSchema

from playbooks.labels import Tlp
from playbooks.rooms import Network, RoomRef
from playbooks.schema_words import (
    AreaRef,
    AreaRefOrAffected,
    Day,
    Duration,
    Finding,
    HazardRef,
    JurisdictionRef,
    Language,
    Listed,
    Localized,
    Many,
    Name,
    Number,
    Part,
    PartnerRef,
    PhaseRef,
    RoomUse,
    Some,
    Text,
    TlpWord,
    by_shape,
    distinct,
    listed,
    one_or_many,
    quoted,
    refuse,
    unknown,
)

Kind = Literal[
    "fire", "police", "medical", "municipality", "region", "national", "military", "ngo", "utility", "transport",
    "science", "industry", "european", "media", "other",
]  # fmt: skip
Level = Literal["local", "regional", "national", "european"]
Tier = Literal["strategic", "tactical", "operational"]


# ── Selectors ─────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Everyone:
    """Every partner of the playbook."""


@dataclass(frozen=True, slots=True)
class Lead:
    """The operational lead for the event's origin."""


@dataclass(frozen=True, slots=True)
class Deputies:
    """The deputies of that lead."""


@dataclass(frozen=True, slots=True)
class One:
    """One partner, by its id."""

    partner: str


class Matching(Part):
    """Partners for which every key matches; within a key, any of its values. None where the key was not given."""

    partner: Many[PartnerRef] | None = None
    kind: Many[Kind] | None = None
    level: Many[Level] | None = None
    jurisdiction: Many[JurisdictionRef] | None = None
    competence: Many[Name] | None = None
    area: Many[AreaRefOrAffected] | None = None
    near: bool = False
    network: Many[Network] | None = None
    not_: Selector | None = Field(default=None, alias="not")

    @property
    def uses_event(self) -> bool:
        """Whether the match depends on where the event is (`area: affected`), itself or in its `not`."""
        return "affected" in (self.area or ()) or (self.not_ is not None and self.not_.uses_event)


Term = Everyone | Lead | Deputies | One | Matching
_WORDS: dict[str, Term] = {"everyone": Everyone(), "lead": Lead(), "deputies": Deputies()}


def _word(value: str, info: ValidationInfo) -> Everyone | Lead | Deputies | One:
    special = _WORDS.get(value)
    if special is not None:
        assert not isinstance(special, Matching)
        return special
    known = (info.context or {}).get("partner")
    if known is not None and value not in known:
        unknown("partner", value, [*known, *_WORDS])
    return One(value)


def _terms(value: object) -> object:
    if isinstance(value, Selector):
        return tuple(term.partner if isinstance(term, One) else term for term in value.terms)
    if isinstance(value, list | tuple) and not value:
        refuse(Finding("this selects nobody", "name whom, or leave the key out"))
    return one_or_many(value)


def _spelling(value: object) -> object:
    for word, term in _WORDS.items():
        if value == term and type(value) is type(term):
            return word
    return value


def _matching(value: Matching) -> Matching:
    if not value.model_fields_set:
        refuse(Finding("this mapping matches nothing in particular", "write `everyone`, or say whom: `{kind: fire}`"))
    if value.near and value.area is None:
        refuse(
            Finding("`near` has no `area` to be near to", "add `area: affected`, or leave `near` out", ("near",), True)
        )
    return value


@dataclass(frozen=True, slots=True)
class Selector:
    """Whom this concerns: any of the terms may match."""

    terms: tuple[Term, ...]

    @property
    def uses_event(self) -> bool:
        """Whether it depends on where the event is: then it matches only partners who may see the area."""
        return any(isinstance(term, Matching) and term.uses_event for term in self.terms)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return handler.generate_schema(_SelectorSpelling)


_TermSpelling = Annotated[
    Annotated[Annotated[Matching, AfterValidator(_matching)], Tag("<mapping>")]
    | Annotated[Annotated[str, AfterValidator(_word)], Tag("<word>")],
    Discriminator(by_shape),
    BeforeValidator(_spelling),
]
_SelectorSpelling = Annotated[
    tuple[_TermSpelling, ...],
    BeforeValidator(_terms, json_schema_input_type=_TermSpelling | list[_TermSpelling]),
    AfterValidator(Selector),
]
EVERYONE = Selector((Everyone(),))


# ── Places, jurisdictions, agreements ─────────────────────────────────────────────────────────────────────────────


class Jurisdiction(Part):
    """A country or region with its own law."""

    name: Localized
    language: Language | None = None


class Agreement(Part):
    """What allows sharing across a border, or of personal data at home."""

    title: Localized
    between: Annotated[tuple[JurisdictionRef, ...], Field(min_length=2), BeforeValidator(listed)]
    purposes: Annotated[Some[Name], AfterValidator(distinct)]
    from_: Day | None = Field(default=None, alias="from")
    until: Day | None = None
    onward: bool = False

    def in_force(self, day: date) -> bool:
        """On this day, both dates inclusive. The day is one of the playbook's time zone."""
        return (self.from_ is None or self.from_ <= day) and (self.until is None or day <= self.until)

    def joins(self, one: str, other: str) -> bool:
        """Whether it is between these two jurisdictions; a jurisdiction with itself only where it is listed twice."""
        if one == other:
            return self.between.count(one) >= 2
        return one in self.between and other in self.between


def _agreement(value: Agreement) -> Agreement:
    if value.from_ is not None and value.until is not None and value.until < value.from_:
        refuse(Finding("it ends before it begins", "put `until` on or after `from`", ("until",)))
    return value


Latitude = Annotated[Number, Field(ge=-90, le=90)]
Longitude = Annotated[Number, Field(ge=-180, le=180)]
Kilometres = Annotated[Number, Field(gt=0, le=20000)]


Point = Annotated[tuple[Latitude, Longitude], BeforeValidator(listed)]


class Area(Part):
    """A named piece of ground: a circle (latitude, longitude, km) or a polygon of at least three points."""

    name: Localized
    jurisdiction: JurisdictionRef
    circle: Annotated[tuple[Latitude, Longitude, Kilometres], BeforeValidator(listed)] | None = None
    polygon: Annotated[tuple[Point, ...], Field(min_length=3, max_length=10000), BeforeValidator(listed)] | None = None
    near: Many[AreaRef] = ()


def _area(value: Area) -> Area:
    if value.circle is None and value.polygon is None:
        refuse(Finding("it has no ground", "add `circle: [lat, lon, km]` or `polygon: [[lat, lon], …]`"))
    if value.circle is not None and value.polygon is not None:
        refuse(Finding("it has a circle and a polygon", "keep one of them", ("polygon",), True))
    return value


# ── Partners ──────────────────────────────────────────────────────────────────────────────────────────────────────

_MATRIX = re.compile(r"[#!][^\s:]+:[^\s:/]+(:[0-9]{1,5})?|![A-Za-z0-9_-]{43}")


def _matrix(value: str) -> str:
    if not _MATRIX.fullmatch(value) or len(value.encode()) > 255:
        refuse(
            Finding(f"{quoted(value)} is not a Matrix room", "write its alias `#room:server` or its id `!room:server`")
        )
    return value


def _telegram(value: int) -> int:
    if value == 0 or abs(value) >= 2**52:
        refuse(Finding(f"{quoted(value)} is not a Telegram chat", "write its id, like -1001234567890"))
    return value


def _topic(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int):
        refuse(Finding(f"{quoted(value)} is not a topic", "write the number of the topic"))
    if not 0 < value < 2**31:
        refuse(Finding(f"{quoted(value)} is not a topic", "write its number, 1 or more"))
    return str(value)


class Room(Part):
    """A room that a partner owns, as the playbook names it: `network`, `id`, `topic`, and what it is for."""

    matrix: Annotated[str, AfterValidator(_matrix)] | None = None
    telegram: Annotated[int, AfterValidator(_telegram)] | None = None
    topic: Annotated[str, BeforeValidator(_topic, json_schema_input_type=int)] | None = None
    for_: Annotated[Many[RoomUse], AfterValidator(distinct)] = Field(default=("alerts", "checkins"), alias="for")
    exercises: bool = False

    @property
    def network(self) -> Network:
        """The network it is on."""
        return "matrix" if self.matrix is not None else "telegram"

    @property
    def id(self) -> str:
        """The network's name for it as written: `#alias:server`, `!id`, `-100…`."""
        return self.matrix if self.matrix is not None else str(self.telegram)

    @property
    def ref(self) -> RoomRef:
        """Its address as written. A Matrix alias must be resolved to the room's id before anything is pinned to it."""
        return RoomRef(self.network, self.id, self.topic)


def _room(value: Room) -> Room:
    if value.matrix is None and value.telegram is None:
        refuse(Finding("this room is on no network", 'write `{matrix: "#room:server"}` or `{telegram: -100…}`'))
    if value.matrix is not None and value.telegram is not None:
        refuse(Finding("this room is on two networks", "write two rooms", ("telegram",), True))
    if value.topic is not None and value.telegram is None:
        refuse(Finding("only Telegram chats have topics", "leave `topic` out", ("topic",), True))
    return value


class Clearance(Part):
    """Up to what a partner may be shown. Clear and no compartments unless stated."""

    tlp: TlpWord = Tlp.CLEAR
    compartments: Many[Name] = ()


_PHONE = re.compile(r"\+?[0-9][0-9 ()./-]{1,30}")


def _phone(value: str) -> str:
    if not _PHONE.fullmatch(value):
        refuse(Finding(f"{quoted(value)} is not a telephone number", 'write it like "+3240000001"'))
    return value


class Partner(Part):
    """An organisation: what it is, what it can do, where its ground is, what it may see, and where it is reached."""

    name: Text
    kind: Kind
    level: Level
    jurisdiction: JurisdictionRef
    mandate: Localized | None = None
    competences: Annotated[Many[Name], AfterValidator(distinct)] = ()
    covers: Annotated[Some[AreaRef], AfterValidator(distinct)] = ()
    """Its ground; empty means everywhere in its jurisdiction."""
    clearance: Clearance = Clearance()
    languages: Annotated[Many[Language], AfterValidator(distinct)] = ()
    phone_24h: Annotated[str, AfterValidator(_phone)] | None = None
    rooms: Listed[Annotated[Room, AfterValidator(_room)]] = ()
    listed: bool = True


# ── Leads ─────────────────────────────────────────────────────────────────────────────────────────────────────────


class LeadRule(Part):
    """Who leads in these phases, on this tier, in this jurisdiction; None where it serves all of them."""

    in_: Some[PhaseRef] | None = Field(default=None, alias="in")
    hazard: Some[HazardRef] | None = None
    tier: Tier | None = None
    jurisdiction: JurisdictionRef | None = None
    lead: PartnerRef | None = None
    unified: Annotated[
        tuple[PartnerRef, ...], Field(min_length=2), BeforeValidator(listed), AfterValidator(distinct)
    ] = ()
    decides: PartnerRef | None = None
    deputies: Annotated[Many[PartnerRef], AfterValidator(distinct)] = ()
    basis: Text | None = None
    accept_within: Duration | None = None

    @property
    def accountable(self) -> str:
        """The partner that answers for decisions: the lead, or the one who decides in a unified command."""
        partner = self.lead or self.decides
        assert partner is not None
        return partner


def _lead_rule(value: LeadRule) -> LeadRule:
    if value.lead is None and not value.unified:
        refuse(Finding("nobody leads here", "add `lead: PARTNER`, or `unified: [A, B]` with `decides: A`"))
    if value.lead is not None and (value.unified or value.decides):
        word = "unified" if value.unified else "decides"
        refuse(
            Finding(f"it has a `lead` and `{word}`", "a unified command has no `lead`: keep one of them", (word,), True)
        )
    if value.unified and value.decides not in value.unified:
        at = ("decides",) if value.decides else ("unified",)
        refuse(
            Finding("nobody in this unified command has the last word", "add `decides:` with one of its partners", at)
        )
    return value


AgreementEntry = Annotated[Agreement, AfterValidator(_agreement)]
AreaEntry = Annotated[Area, AfterValidator(_area)]
LeadRuleEntry = Annotated[LeadRule, AfterValidator(_lead_rule)]
