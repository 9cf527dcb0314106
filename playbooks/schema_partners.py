"""Who is there: jurisdictions, agreements between them, ground, partners with their rooms, and who of them leads."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
)

from playbooks.labels import Tlp
from playbooks.rooms import Network, RoomRef
from playbooks.schema_selectors import Kind, Level
from playbooks.schema_times import Day, Duration
from playbooks.schema_words import (
    AreaRef,
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
    distinct,
    listed,
    quoted,
    refusal,
)

Tier = Literal["strategic", "tactical", "operational"]


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
        raise refusal(Finding("wrong-order", "it ends before it begins", "put `until` on or after `from`", ("until",)))
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
        raise refusal(
            Finding("missing-key", "it has no ground", "add `circle: [lat, lon, km]` or `polygon: [[lat, lon], …]`")
        )
    if value.circle is not None and value.polygon is not None:
        raise refusal(
            Finding("conflicting-keys", "it has a circle and a polygon", "keep one of them", ("polygon",), True)
        )
    return value


# ── Partners ──────────────────────────────────────────────────────────────────────────────────────────────────────

_MATRIX = re.compile(r"[#!][^\s:]+:[^\s:/]+(:[0-9]{1,5})?|![A-Za-z0-9_-]{43}")


def _matrix(value: str) -> str:
    if not _MATRIX.fullmatch(value) or len(value.encode()) > 255:
        raise refusal(
            Finding(
                "bad-address",
                f"{quoted(value)} is not a Matrix room",
                "write its alias `#room:server` or its id `!room:server`",
            )
        )
    return value


def _telegram(value: int) -> int:
    if value == 0 or abs(value) >= 2**52:
        raise refusal(
            Finding("bad-address", f"{quoted(value)} is not a Telegram chat", "write its id, like -1001234567890")
        )
    return value


def _topic(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int):
        raise refusal(Finding("bad-address", f"{quoted(value)} is not a topic", "write the number of the topic"))
    if not 0 < value < 2**31:
        raise refusal(Finding("bad-address", f"{quoted(value)} is not a topic", "write its number, 1 or more"))
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
        raise refusal(
            Finding(
                "missing-key", "this room is on no network", 'write `{matrix: "#room:server"}` or `{telegram: -100…}`'
            )
        )
    if value.matrix is not None and value.telegram is not None:
        raise refusal(
            Finding("conflicting-keys", "this room is on two networks", "write two rooms", ("telegram",), True)
        )
    if value.topic is not None and value.telegram is None:
        raise refusal(
            Finding("misplaced-key", "only Telegram chats have topics", "leave `topic` out", ("topic",), True)
        )
    return value


class Clearance(Part):
    """Up to what a partner may be shown. Clear and no compartments unless stated."""

    tlp: TlpWord = Tlp.CLEAR
    compartments: Many[Name] = ()


_PHONE = re.compile(r"\+?[0-9][0-9 ()./-]{1,30}")


def _phone(value: str) -> str:
    if not _PHONE.fullmatch(value):
        raise refusal(
            Finding("bad-address", f"{quoted(value)} is not a telephone number", 'write it like "+3240000001"')
        )
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
        raise refusal(
            Finding("missing-key", "nobody leads here", "add `lead: PARTNER`, or `unified: [A, B]` with `decides: A`")
        )
    if value.lead is not None and (value.unified or value.decides):
        word = "unified" if value.unified else "decides"
        raise refusal(
            Finding(
                "conflicting-keys",
                f"it has a `lead` and `{word}`",
                "a unified command has no `lead`: keep one of them",
                (word,),
                True,
            )
        )
    if value.unified and value.decides not in value.unified:
        at = ("decides",) if value.decides else ("unified",)
        raise refusal(
            Finding(
                "missing-key",
                "nobody in this unified command has the last word",
                "add `decides:` with one of its partners",
                at,
            )
        )
    return value


AgreementEntry = Annotated[Agreement, AfterValidator(_agreement)]
AreaEntry = Annotated[Area, AfterValidator(_area)]
LeadRuleEntry = Annotated[LeadRule, AfterValidator(_lead_rule)]
