"""Random playbooks, events, rooms and circumstances from a seed, made quickly: for tests that decide very often.

The shapes are those of ``generated``, with more of everything: channels, built-in fields, choices, unified commands, leads that
were passed on by hand. Nothing shrinks here; ``two_rules`` makes a case small where it needs to.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from random import Random
from typing import Any

from playbooks.load import Book
from playbooks.mandate import leads
from playbooks.rooms import Network, RoomRef
from playbooks.selection import Circumstances, Event, Leading
from playbooks.sight import Room
from playbooks.values import Choice, Moment, Number, Person, Place, Text, Value
from tests.playbooks.generated import AREAS, LANDS, MIDNIGHT, PURPOSES, TLPS

PARTNERS = ("fire-be", "city-be", "fire-nl", "aid-de", "city-nl", "post-be")
TYPED = ("what", "action", "where", "people", "victims", "peak")
BUILT_IN = ("_delivery", "_note", "_title", "_answer")
CHANNELS = ("ops", "staff")
KINDS = ("fire", "municipality", "ngo")
COMPETENCES = ("rescue", "shelter")
FORMS = ("exact", "area", "range", "initials", "count", "day")
HIGH = ("green", "amber", "amber+strict", "red", "red", "red", "red")
LOW = ("clear", "clear", "green", "green", "green", "amber", "red")
MIXED = ("clear", "clear", "clear", "green", "green", "amber", "amber", "amber+strict", "red")


def some(random: Random, values: Sequence[str], least: int = 1) -> list[str]:
    """Some of these words, each once."""
    return random.sample(values, random.randint(least, len(values)))


def some_or_one(random: Random, values: Sequence[str]) -> Any:
    """The same, and now and then one word, not in a list."""
    return random.choice(values) if random.random() < 0.4 else some(random, values)


def playbook(random: Random) -> dict[str, Any]:
    """A whole playbook, as data."""
    names = [*PARTNERS[:4], *some(random, PARTNERS[4:], 0)]
    networks = {}
    for network, odds in (("matrix", 0.9), ("telegram", 0.9)):
        if random.random() < odds:
            networks[network] = {"ceiling": random.choice(HIGH)}
            if random.random() < 0.6:
                networks[network]["encrypted"] = random.choice(HIGH)
    return {
        "playbook": "seeded",
        "version": 1,
        "title": "Seeded",
        "languages": ["en"],
        "timezone": random.choice(("Europe/Brussels", "Europe/Brussels", "UTC", "Pacific/Auckland")),
        "hazards": ["flood", "dam"],
        "networks": networks,
        "jurisdictions": {land: {"name": land.upper()} for land in LANDS},
        "agreements": {name: _agreement(random, name) for name in ("pact", "home")},
        "areas": {
            "north": {
                "name": "North",
                "jurisdiction": "be",
                "circle": [50.6, 5.6, 1],
                "near": some(random, AREAS[1:], 0),
            },
            "south": {"name": "South", "jurisdiction": "nl", "circle": [50.8, 5.6, 1]},
            "east": {"name": "East", "jurisdiction": "de", "circle": [50.6, 6.6, 1], "near": ["north"]},
        },
        "partners": _partners(random, names),
        "phases": ["watch", "response"],
        "leads": [_lead(random, names) for _ in range(random.randint(0, 3))],
        "fields": _fields(random),
        "sharing": [_rule(random, names) for _ in range(random.randint(2, 9))],
        "channels": {name: _channel(random, names) for name in some(random, CHANNELS, 0)},
        "checkins": {"hourly": {"to": "everyone", "ask": "How are you?", "label": _label(random)}},
    }


def _agreement(random: Random, name: str) -> dict[str, Any]:
    between = [random.choice(LANDS) for _ in range(random.choice((2, 2, 2, 3, 4)))]
    entry = {"title": name, "between": between, "purposes": some_or_one(random, PURPOSES)}
    begins, ends = sorted(random.choice(("2026-05-31", "2026-06-01", "2026-06-02")) for _ in "ab")
    entry |= {"from": begins} if random.random() < 0.3 else {}
    return entry | ({"until": ends} if random.random() < 0.3 else {})


def _partners(random: Random, names: Sequence[str]) -> dict[str, Any]:
    """These, and at times one more whom only its ground, if anything, tells apart from the first."""
    found = {name: _partner(random, number, name) for number, name in enumerate(names)}
    if random.random() < 0.5:
        found["twin-be"] = {**found[names[0]], "covers": some(random, AREAS)}
        found["twin-be"]["rooms"] = [{"telegram": -1100}, {"matrix": "#twin-be:example.org"}]
    return found


def _partner(random: Random, number: int, name: str) -> dict[str, Any]:
    kind = {"fire": "fire", "city": "municipality", "aid": "ngo", "post": "other"}[name.partition("-")[0]]
    entry: dict[str, Any] = {
        "name": name.upper(),
        "kind": kind,
        "level": random.choice(("local", "regional")),
        "jurisdiction": name.rpartition("-")[2],
        "competences": some(random, COMPETENCES, 0),
        "clearance": {
            "tlp": random.choice(HIGH),
            "compartments": random.choice(([], ["medical"], ["medical", "police"])),
        },
        "rooms": [{"telegram": -1000 - number}, {"matrix": f"#{name}:example.org"}],
    }
    return entry | ({"covers": some(random, AREAS)} if random.random() < 0.5 else {})


def _lead(random: Random, names: Sequence[str]) -> dict[str, Any]:
    rule: dict[str, Any] = {}
    if random.random() < 0.3:
        rule["unified"] = some(random, names, 2)
        rule["decides"] = rule["unified"][0]
    else:
        rule["lead"] = random.choice(names)
    more = {
        "in": lambda: some_or_one(random, ("watch", "response")),
        "tier": lambda: random.choice(("operational", "operational", "strategic")),
        "jurisdiction": lambda: random.choice(LANDS),
        "deputies": lambda: some(random, names, 0),
        "hazard": lambda: random.choice(("flood", "dam")),
    }
    return rule | {key: made() for key, made in more.items() if random.random() < 0.4}


def _fields(random: Random) -> dict[str, Any]:
    shapes: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
        "what": ({"type": "text"}, ()),
        "action": ({"type": "choice", "options": {"leave": "Leave", "stay": "Stay"}}, ()),
        "where": ({"type": "place"}, ("area",)),
        "people": ({"type": "number"}, ()),
        "victims": ({"type": "person", "many": True}, ("initials", "count")),
        "peak": ({"type": "time"}, ("day",)),
    }
    if random.random() < 0.7:
        shapes["people"] = ({"type": "number", "ranges": [1, 10]}, ("range",))
    result = {}
    for name, (shape, forms) in shapes.items():
        own = {form: _form_label(random) for form in forms if random.random() < 0.6}
        result[name] = {**shape, **_label(random, MIXED), **({"forms": own} if own else {})}
    if random.random() < 0.4:
        result["_delivery"] = _label(random)
    if random.random() < 0.2:
        result["_note"] = _label(random)
    if random.random() < 0.2:
        result["_answer"] = _label(random)
    return result


def _label(random: Random, colours: Sequence[str] = LOW) -> dict[str, Any]:
    label: dict[str, Any] = {"tlp": random.choice(colours)} if random.random() < 0.97 else {}
    if random.random() < 0.25:
        label["compartments"] = random.choice(([], ["medical"], ["police"], ["medical", "police"]))
    if random.random() < 0.3:
        label["personal"] = random.random() < 0.6
    return label


def _form_label(random: Random) -> Any:
    return random.choice(LOW) if random.random() < 0.3 else _label(random)


def _channel(random: Random, names: Sequence[str]) -> dict[str, Any]:
    channel: dict[str, Any] = {"title": "Talk", "members": selector(random, names), "label": _label(random)}
    if random.random() < 0.8:
        channel["purpose"] = random.choice(PURPOSES)
        if random.random() < 0.7:
            channel["under"] = some_or_one(random, ("pact", "home"))
    return channel


def _rule(random: Random, names: Sequence[str]) -> dict[str, Any]:
    fields = (*TYPED, *BUILT_IN)
    when = {"when": _when(random)} if random.random() < 0.35 else {}
    if random.random() < 0.25:
        return {"forbid": some(random, fields)[:3], "to": selector(random, names), **when}
    rule = {"permit": some(random, fields), "to": selector(random, names), **when}
    if random.random() < 0.9:
        rule["purpose"] = random.choice(PURPOSES)
        if random.random() < 0.7:
            rule["under"] = some_or_one(random, ("pact", "home"))
    if random.random() < 0.3:
        rule["as"] = random.choice(FORMS)
    return rule | ({"basis": "vital interests"} if random.random() < 0.5 else {})


def _when(random: Random) -> dict[str, Any]:
    more = {
        "phase": lambda: some_or_one(random, ("watch", "response")),
        "hazard": lambda: some_or_one(random, ("flood", "dam")),
        "danger": lambda: random.random() < 0.7,
    }
    return {key: made() for key, made in more.items() if random.random() < 0.5}


def selector(random: Random, names: Sequence[str], deep: int = 2) -> Any:
    """Whom a rule means; ``deep`` is how many times a `not` may stand in a `not`."""
    if random.random() < 0.25:
        return [_term(random, names, deep) for _ in range(random.randint(1, 3))]
    return _term(random, names, deep)


def _term(random: Random, names: Sequence[str], deep: int) -> Any:
    odds = random.random()
    if odds < 0.2:
        return "everyone"
    if odds < 0.4:
        return random.choice(("lead", "deputies", *names))
    more = {
        "kind": lambda: some_or_one(random, KINDS),
        "partner": lambda: some_or_one(random, names),
        "level": lambda: some_or_one(random, ("local", "regional")),
        "jurisdiction": lambda: some_or_one(random, LANDS),
        "competence": lambda: some_or_one(random, COMPETENCES),
        "network": lambda: some_or_one(random, ("telegram", "matrix")),
        "area": lambda: some_or_one(random, (*AREAS, "affected", "affected")) if odds < 0.9 else "affected",
        "not": lambda: selector(random, names, deep - 1),
    }
    keys = random.sample(sorted(more if deep else {*more} - {"not"}), random.choice((1, 1, 1, 2, 3)))
    found = {key: more[key]() for key in keys}
    if isinstance(found.get("area"), list):
        found["area"] = list(dict.fromkeys(found["area"]))
    return found | ({"near": random.random() < 0.7} if "area" in found and random.random() < 0.5 else {})


def fields(random: Random, book: Book) -> list[str]:
    """Everything that can be asked about, and now and then what nobody declared."""
    channels = [f"#{name}" for name in book.playbook.channels]
    return [
        *TYPED,
        *BUILT_IN,
        *channels,
        "?hourly",
        *(("#unheard-of", "?unheard-of", "unheard-of") if random.random() < 0.05 else ()),
    ]


def event(random: Random, book: Book) -> Event:
    """Something said by one of the partners, perhaps quoting others."""
    origin = random.choice([*book.playbook.partners])
    more = some(random, LANDS, 0) if random.random() < 0.3 else []
    said: dict[str, Value] = {
        "what": Text("water"),
        "action": Choice("leave"),
        "where": Place("at the bridge", None, tuple(some(random, AREAS, 0))),
        "people": Number(random.randint(0, 20)),
        "victims": Person(("Ada Lovelace",)),
        "peak": Moment(MIDNIGHT),
        "_delivery": Text("two have it"),
        "_note": Text("noted"),
        "#ops": Text("said there"),
        "?hourly": Text("degraded"),
    }
    return Event(
        origin=origin,
        origins=frozenset({book.playbook.partners[origin].jurisdiction, *more}),
        fields={name: value if random.random() < 0.9 else None for name, value in said.items()},
        raised=random.choice(TLPS) if random.random() < 0.2 else None,
        expires=random.choice((None, None, None, None, None, MIDNIGHT, MIDNIGHT + timedelta(days=3))),
        place=random.choice(("where", "where", "where", "where", None, "what", "elsewhere")),
    )


def situation(random: Random, book: Book) -> Circumstances:
    """What is so at some moment, around the midnight on which agreements begin and end."""
    everyone = [*book.playbook.partners]
    phase, hazard = random.choice(("watch", "response")), random.choice(("flood", "dam", None))
    leading = leads(book, phase, hazard)
    if random.random() < 0.2:
        by_hand = some(random, everyone)
        tier, where = random.choice(("operational", None)), random.choice((*LANDS, None))
        leading = (Leading(tier, where, tuple(by_hand), by_hand[0], tuple(some(random, everyone, 0))), *leading)
    return Circumstances(
        now=MIDNIGHT + timedelta(days=random.randint(-2, 2), seconds=random.choice((-1, 0, 0, 7200))),
        phase=phase,
        active=frozenset([*some(random, everyone, 0), "stranger"] if random.random() < 0.2 else everyone),
        danger=random.random() < 0.4,
        hazard=hazard,
        leads=leading,
    )


PROTECTION = ((False, False, False), (True, False, False), (True, True, False), (True, False, True))
"""Encrypted, readable by the world, open to anyone."""


def rooms(random: Random, book: Book, many: int) -> list[Room]:
    """Rooms of partners, in every state of protection; now and then one of somebody who is no partner."""
    found = []
    for _ in range(many):
        partner = random.choice([*book.playbook.partners]) if random.random() < 0.99 else "stranger"
        network: Network = random.choice(("telegram", "matrix", "matrix"))
        traits = random.choice(PROTECTION) if network == "matrix" else PROTECTION[0]
        found.append(Room(RoomRef(network, f"{partner}-{network}"), partner, *traits))
    return found
