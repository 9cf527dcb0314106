"""Small random playbooks, events, rooms and circumstances: what the properties of the policy are tried on.

A playbook is generated as text and read like any other, so that whatever is tried could have been written by people.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from playbooks.load import Book, parse
from playbooks.mandate import leads
from playbooks.rooms import RoomRef
from playbooks.selection import Circumstances, Event
from playbooks.sight import Room
from playbooks.values import Moment, Number, Person, Place, Text, Value

LANDS = ("be", "nl", "de")
AREAS = ("north", "south", "east")
PARTNERS = ("fire-be", "city-be", "fire-nl", "aid-de")
FIELDS = ("what", "where", "people", "victims", "peak")
TLPS = ("clear", "green", "amber", "amber+strict", "red")
PURPOSES = ("life-safety", "flood-control")
MIDNIGHT = datetime(2026, 5, 31, 22, tzinfo=UTC)
"""The instant at which the first of June begins in Brussels."""

tlps = st.sampled_from(TLPS)
high = st.sampled_from(("green", "amber", "amber+strict", "red", "red", "red"))
"""How far partners and networks are trusted: far enough, mostly, that the rules decide."""


def some(values: tuple[str, ...], least: int = 1) -> st.SearchStrategy[list[str]]:
    """Some of these words, each once."""
    return st.lists(st.sampled_from(values), min_size=least, max_size=len(values), unique=True)


def maybe(**entries: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """A mapping in which any of these keys may be missing."""
    return st.fixed_dictionaries({}, optional=entries)


matching = st.deferred(
    lambda: st.one_of(
        maybe(
            kind=some(("fire", "municipality", "ngo")), jurisdiction=some(LANDS), competence=some(("rescue", "shelter"))
        ),
        maybe(
            partner=some(PARTNERS), level=some(("local", "regional")), network=st.sampled_from(("telegram", "matrix"))
        ),
        st.fixed_dictionaries(
            {"area": some((*AREAS, "affected"))}, optional={"near": st.booleans(), "kind": st.just("fire")}
        ),
        st.fixed_dictionaries({"area": st.just("affected")}, optional={"near": st.booleans()}),
        st.fixed_dictionaries({"not": selectors}, optional={"jurisdiction": some(LANDS)}),
    ).filter(bool)
)
terms = st.one_of(st.just("everyone"), st.sampled_from(("lead", "deputies", *PARTNERS)), matching)
selectors = st.one_of(terms, st.lists(terms, min_size=1, max_size=2))
whens = maybe(phase=some(("watch", "response")), hazard=st.just("flood"), danger=st.booleans())


@st.composite
def permits(draw: st.DrawFn) -> dict[str, Any]:
    """A rule that permits."""
    rule: dict[str, Any] = {
        "permit": draw(some(FIELDS)),
        "to": draw(selectors),
        "purpose": draw(st.sampled_from(PURPOSES)),
    }
    if draw(st.integers(0, 3)) == 3:
        rule["as"] = draw(st.sampled_from(("exact", "area", "range", "initials", "count", "day")))
    if draw(st.booleans()):
        rule["under"] = draw(some(("pact", "home")))
    if draw(st.integers(0, 2)) == 0:
        rule["when"] = draw(whens)
    if draw(st.booleans()):
        rule["basis"] = "vital interests"
    return rule


@st.composite
def forbids(draw: st.DrawFn) -> dict[str, Any]:
    """A rule that forbids."""
    rule: dict[str, Any] = {"forbid": draw(some(FIELDS)), "to": draw(selectors)}
    if draw(st.integers(0, 2)) == 0:
        rule["when"] = draw(whens)
    return rule


rules = st.one_of(permits(), permits(), permits(), forbids())
labels = st.fixed_dictionaries(
    {"tlp": st.sampled_from(("clear", "clear", "green", "green", "amber", "red"))},
    optional={
        "compartments": st.sampled_from(([], [], ["medical"], ["police"])),
        "personal": st.sampled_from((False, False, True)),
    },
)


@st.composite
def fields(draw: st.DrawFn) -> dict[str, Any]:
    """One field of each type that has forms of its own, labelled at random."""
    shapes: Mapping[str, tuple[dict[str, Any], tuple[str, ...]]] = {
        "what": ({"type": "text"}, ()),
        "where": ({"type": "place"}, ("area",)),
        "people": ({"type": "number", "ranges": [1, 10]}, ("range",)),
        "victims": ({"type": "person", "many": True}, ("initials", "count")),
        "peak": ({"type": "time"}, ("day",)),
    }
    result = {}
    for name, (shape, forms) in shapes.items():
        own = {form: draw(labels) for form in forms if draw(st.booleans())}
        result[name] = {**shape, **draw(labels), **({"forms": own} if own else {})}
    return result


@st.composite
def partners(draw: st.DrawFn) -> dict[str, Any]:
    """Four partners in three countries, each with a room on each network."""
    result = {}
    for index, name in enumerate(PARTNERS):
        entry: dict[str, Any] = {
            "name": name.upper(),
            "kind": {"fire": "fire", "city": "municipality", "aid": "ngo"}[name.partition("-")[0]],
            "level": draw(st.sampled_from(("local", "regional"))),
            "jurisdiction": name.rpartition("-")[2],
            "competences": draw(some(("rescue", "shelter"), 0)),
            "clearance": {
                "tlp": draw(high),
                "compartments": draw(st.sampled_from(([], ["medical"], ["medical", "police"]))),
            },
            "rooms": [{"telegram": -1000 - index}, {"matrix": f"#{name}:example.org"}],
        }
        if draw(st.booleans()):
            entry["covers"] = draw(some(AREAS))
        result[name] = entry
    return result


@st.composite
def playbooks(draw: st.DrawFn) -> dict[str, Any]:
    """A whole playbook, as data."""
    days = st.sampled_from(("2026-05-31", "2026-06-01", "2026-06-02"))
    networks = {}
    if draw(st.integers(0, 5)) != 5:
        networks["matrix"] = {"ceiling": draw(high), **draw(maybe(encrypted=high))}
    if draw(st.integers(0, 5)) != 5:
        networks["telegram"] = {"ceiling": draw(high)}
    agreements = {}
    for name in ("pact", "home"):
        between = draw(st.lists(st.sampled_from(LANDS), min_size=2, max_size=4))
        entry = {"title": name, "between": between, "purposes": draw(some(PURPOSES))}
        begins, ends = sorted((draw(days), draw(days)))
        entry |= {"from": begins} if draw(st.booleans()) else {}
        entry |= {"until": ends} if draw(st.booleans()) else {}
        agreements[name] = entry
    lead = st.fixed_dictionaries(
        {"lead": st.sampled_from(PARTNERS)},
        optional={
            "in": some(("watch", "response")),
            "tier": st.sampled_from(("operational", "strategic")),
            "jurisdiction": st.sampled_from(LANDS),
            "deputies": some(PARTNERS, 0),
            "hazard": st.just("flood"),
        },
    )
    return {
        "playbook": "generated",
        "version": 1,
        "title": "Generated",
        "languages": ["en"],
        "timezone": "Europe/Brussels",
        "hazards": ["flood"],
        "networks": networks,
        "jurisdictions": {land: {"name": land.upper()} for land in LANDS},
        "agreements": agreements,
        "areas": {
            "north": {"name": "North", "jurisdiction": "be", "circle": [50.6, 5.6, 1], "near": ["south"]},
            "south": {"name": "South", "jurisdiction": "nl", "circle": [50.8, 5.6, 1]},
            "east": {"name": "East", "jurisdiction": "de", "circle": [50.6, 6.6, 1], "near": ["north"]},
        },
        "partners": draw(partners()),
        "phases": ["watch", "response"],
        "leads": draw(st.lists(lead, max_size=3)),
        "fields": draw(fields()),
        "sharing": draw(st.lists(rules, min_size=draw(st.integers(0, 4)), max_size=8)),
    }


def book_of(data: Mapping[str, Any]) -> Book:
    """The playbook as it is read from its text, a rule a line."""
    entries = [
        f"{key}:\n" + "\n".join(f"  - {json.dumps(rule)}" for rule in value)
        if key == "sharing" and value
        else f"{key}: {json.dumps(value)}"
        for key, value in data.items()
    ]
    return parse("\n".join(entries).encode(), "generated.yaml")


VALUES: Mapping[str, st.SearchStrategy[Value]] = {
    "what": st.sampled_from(("water", "smoke")).map(Text),
    "where": some(AREAS, 0).map(lambda areas: Place("at the bridge", None, tuple(areas))),
    "people": st.integers(0, 20).map(Number),
    "victims": some(("Ada Lovelace", "Jean-Luc Picard"), 0).map(lambda names: Person(tuple(names))),
    "peak": st.sampled_from((MIDNIGHT, MIDNIGHT - timedelta(minutes=1))).map(Moment),
}


@st.composite
def events(draw: st.DrawFn) -> Event:
    """Something said by one of the partners, perhaps quoting others."""
    origin = draw(st.sampled_from(PARTNERS))
    more = draw(some(LANDS, 0)) if draw(st.booleans()) else []
    return Event(
        origin=origin,
        origins=frozenset({origin.rpartition("-")[2], *more}),
        fields={name: draw(values) if draw(st.integers(0, 5)) != 5 else None for name, values in VALUES.items()},
        raised=draw(tlps) if draw(st.integers(0, 3)) == 3 else None,
        expires=draw(st.sampled_from((None, None, None, MIDNIGHT, MIDNIGHT + timedelta(days=2)))),
        place=draw(st.sampled_from(("where", "where", "where", None))),
    )


moments = st.sampled_from(
    [MIDNIGHT + timedelta(days=days, seconds=seconds) for days in (-2, -1, 0, 1, 2) for seconds in (-1, 0)]
)


@st.composite
def situations(draw: st.DrawFn, book: Book) -> Circumstances:
    """What is so at some moment."""
    phase = draw(st.sampled_from(("watch", "response")))
    hazard = draw(st.sampled_from(("flood", None)))
    active = draw(some(PARTNERS, 0)) if draw(st.integers(0, 3)) == 3 else PARTNERS
    return Circumstances(
        now=draw(moments),
        phase=phase,
        active=frozenset(active),
        danger=draw(st.booleans()),
        hazard=hazard,
        leads=leads(book, phase, hazard),
    )


def rooms_of() -> list[Room]:
    """A plain room of each partner on each network, and Matrix rooms in every state of protection."""
    found = []
    for index, name in enumerate(PARTNERS):
        found.append(Room(RoomRef("telegram", str(-1000 - index)), name))
        found += [
            Room(RoomRef("matrix", f"!{name}"), name, encrypted, readable, joinable)
            for encrypted, readable, joinable in (
                (False, False, False),
                (True, False, False),
                (True, True, False),
                (True, False, True),
            )
        ]
    return found


@dataclass(frozen=True)
class Scene:
    """A playbook with its data, an event, and what is so."""

    data: Mapping[str, Any]
    event: Event
    so: Circumstances
    book: Book = field(repr=False)


@st.composite
def scenes(draw: st.DrawFn) -> Scene:
    """Everything that a decision looks at."""
    data = draw(playbooks())
    book = book_of(data)
    return Scene(data, draw(events()), draw(situations(book)), book)
