"""What is otherwise under two playbooks in one set of circumstances, found out without any thought: by asking both.

The comparison in ``playbooks.diff`` groups before it decides. Here everything is asked of the rule each time, and only the
definitions of what is compared with what are written down a second time.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from itertools import product

from playbooks.audience import audience, place_field
from playbooks.diff_changes import Difference, Origin, PowerChange, ReceiptChange, Region, SightChange
from playbooks.load import Book
from playbooks.mandate import Mandated, leads, may_declare_danger, may_issue
from playbooks.rooms import NETWORKS, RoomRef
from playbooks.selection import Circumstances, Event, ground, near
from playbooks.sight import Question, Room, Seen
from playbooks.supposing import sample
from playbooks.values import FORMS, Place

ROOMS = ("telegram", "matrix:plain", "matrix:encrypted")
RAISED = (None, "green", "amber", "amber+strict", "red")


@dataclass(frozen=True)
class Point:
    """One set of circumstances, as both playbooks together can name it. ``areas`` are where the place is."""

    phase: str
    hazard: str | None
    danger: bool
    origin: Origin
    at: datetime
    areas: frozenset[str]
    raised: str | None = None


def points(found: Difference, old: Book, new: Book, random: random.Random, many: int) -> Iterator[Point]:
    """Some circumstances, at random."""
    names = sorted({*old.playbook.areas, *new.playbook.areas})
    domain = found.domain
    for _ in range(many):
        yield Point(
            random.choice(domain.phases),
            random.choice(domain.hazards),
            random.choice(domain.danger),
            random.choice(domain.origins),
            random.choice(domain.spans).since,
            frozenset(name for name in names if random.random() < 0.4),
            random.choice(RAISED) if random.random() < 0.5 else None,
        )


def actual(book: Book, point: Point, jurisdiction: str | None) -> Iterator[tuple[Circumstances, Event]]:
    """What is really so under one of the playbooks: several possibilities where it does not know what is meant."""
    playbook = book.playbook
    phases = [point.phase] if point.phase in playbook.phases else list(playbook.phases)
    known = point.hazard is None or point.hazard in playbook.hazards
    hazards = [point.hazard] if known else [None, *playbook.hazards]
    lands = [who.jurisdiction for who in playbook.partners.values()] if jurisdiction is None else [jurisdiction]
    for phase, hazard, land in product(phases, hazards, dict.fromkeys(lands)):
        so = Circumstances(
            now=point.at,
            phase=phase,
            active=frozenset(playbook.partners),
            danger=point.danger and playbook.danger is not None,
            hazard=hazard,
            leads=leads(book, phase, hazard),
        )
        origin = next(name for name, who in playbook.partners.items() if who.jurisdiction == land)
        yield so, Event(origin, frozenset({land}), {}, point.raised)


def rooms(book: Book, partner: str, use: str) -> list[str]:
    """On what a partner has rooms."""
    own = book.playbook.partners[partner].rooms
    on = {room.network for room in own if use in room.for_ and not room.exercises} if own else book.playbook.networks
    return [room for room in ROOMS if room.partition(":")[0] in on]


def all_rooms(old: Book, new: Book, partner: str, name: str) -> list[str]:
    """On what a partner has rooms for a field, in either."""
    use = name[1:] if name.startswith("#") else "alerts"
    there = (book for book in (old, new) if partner in book.playbook.partners)
    return [room for book in there if use in ("alerts", *book.playbook.channels) for room in rooms(book, partner, use)]


def room_of(partner: str, room: str) -> Room:
    """One of its rooms."""
    network = next(one for one in NETWORKS if room.startswith(one))
    return Room(RoomRef(network, "…"), partner, room.endswith("encrypted"))


def seen(book: Book, point: Point, land: str | None, partner: str, alert: str, name: str, room: str) -> str | None:
    """In which form a partner sees a field of an alert there (or of none), at the least; None: it does not."""
    playbook = book.playbook
    if partner not in playbook.partners:
        return None
    use = name[1:] if name.startswith("#") else "alerts"
    if (use != "alerts" and use not in playbook.channels) or room not in rooms(book, partner, use):
        return None
    place = None
    if alert:
        if alert not in playbook.alerts or name not in playbook.alerts[alert].fields:
            return None
        place = place_field(book, playbook.alerts[alert])
    answers = [question.decide(room_of(partner, room), name) for question in questions(book, point, land, place)]
    return min((answer.form if isinstance(answer, Seen) else None for answer in answers), key=fineness)


@lru_cache(maxsize=64)
def questions(book: Book, point: Point, land: str | None, place: str | None) -> tuple[Question, ...]:
    """The rule, asked of something said there, once for each possibility."""
    areas = tuple(sorted(point.areas & book.playbook.areas.keys()))
    fields = {place: Place("…", None, areas)} if place is not None else {}
    return tuple(
        Question(book, so, Event(event.origin, event.origins, fields, event.raised, None, place))
        for so, event in actual(book, point, land)
    )


def fineness(form: str | None) -> int:
    """How fine a form is; 0 is nothing."""
    forms = next((each for each in FORMS.values() if form in each and (form != "exact" or len(each) > 1)), ())
    return 10 - forms.index(form) if form in forms else 0


def received(book: Book, point: Point, land: str | None, partner: str, alert: str, encrypted: bool) -> bool:
    """Whether a partner gets an alert with every field filled in, whichever of the possibilities it is."""
    playbook = book.playbook
    if partner not in playbook.partners or alert not in playbook.alerts:
        return False
    template = playbook.alerts[alert]
    kind = "matrix:encrypted" if encrypted else "matrix:plain"
    own = [room_of(partner, room) for room in rooms(book, partner, "alerts") if room in ("telegram", kind)]
    areas = tuple(sorted(point.areas & playbook.areas.keys()))
    for so, event in actual(book, point, land):
        fields = {}
        for name in template.fields:
            spec = playbook.field(name)
            assert spec is not None
            value = sample(spec, None, point.at)
            fields[name] = Place("…", None, areas) if isinstance(value, Place) else value
        told = Event(event.origin, event.origins, fields, event.raised, None, place_field(book, template))
        if audience(Question(book, so, told), alert, {partner: own}).addressees[partner].status != "shown":
            return False
    return True


def issuable(book: Book, point: Point, partner: str, alert: str, area: str | None) -> bool:
    """Whether a partner may issue an alert for an area, or without a place, whichever of the possibilities it is."""
    playbook = book.playbook
    if partner not in playbook.partners or alert not in playbook.alerts:
        return False
    place = None if area is None else Place("…", None, tuple({area} & playbook.areas.keys()))
    return all(isinstance(may_issue(book, so, alert, partner, place), Mandated) for so, _ in actual(book, point, None))


def declarable(book: Book, point: Point, partner: str) -> bool:
    """Whether a partner may declare danger, whichever of the possibilities it is."""
    return partner in book.playbook.partners and all(
        may_declare_danger(book, so, partner) is not None for so, _ in actual(book, point, None)
    )


# --- what the comparison says there -------------------------------------------------------------------------------------


def within(found: Difference, old: Book, new: Book, region: Region, partner: str, room: str, point: Point) -> bool:
    """Whether a region holds these circumstances, for this partner."""
    span = next(one for one in found.domain.spans if one.since == point.at)
    return (
        (region.rooms is None or room in region.rooms)
        and (region.phases is None or point.phase in region.phases)
        and (region.hazards is None or point.hazard in region.hazards)
        and (region.danger is None or point.danger in region.danger)
        and (region.origins is None or point.origin in origins_of(found, region, partner))
        and (region.spans is None or span in region.spans)
        and (region.places is None or lies(old, new, partner, point.areas) in region.places)
        and ((region.raised is None) if point.raised is None else point.raised in (region.raised or ()))
    )


def origins_of(found: Difference, region: Region, partner: str) -> tuple[Origin, ...]:
    """Where the words of a region come from, for this partner."""
    land = found.domain.jurisdictions[partner]
    home = Origin(land, land)
    match region.origins:
        case None:
            return found.domain.origins
        case "home":
            return (home,)
        case "abroad":
            return tuple(one for one in found.domain.origins if one != home)
        case origins:
            return origins


def lies(old: Book, new: Book, partner: str, areas: frozenset[str]) -> str:
    """How a place lies to a partner in both."""
    words = []
    for book in (old, new):
        here = areas & book.playbook.areas.keys()
        own = ground(book, partner) if partner in book.playbook.partners else frozenset()
        if here & own:
            words.append("own")
        elif near(book, here) & own:
            words.append("near")
        else:
            words.append("elsewhere" if here else "outside")
    return words[0] if words[0] == words[1] else "→".join(words)


Said = dict[tuple[str, str, str, str, str], set[tuple[str | None, str | None]]]


def said(found: Difference, old: Book, new: Book, point: Point) -> Said:
    """What the comparison says there of each cell: way, partner, alert, field, room; from which form to which."""
    result: Said = {}
    for way, changes in (("opens", found.opens), ("closes", found.closes)):
        for change in changes:
            if not isinstance(change, SightChange):
                continue
            for partner, room in product(change.partners, ROOMS):
                if within(found, old, new, change.region, partner, room, point):
                    for alert, name in product(change.alerts or ("",), change.fields):
                        if room not in all_rooms(old, new, partner, name):
                            continue
                        cell = result.setdefault((way, partner, alert, name, room), set())
                        assert (change.before, change.after) not in cell, "it is said twice"
                        cell.add((change.before, change.after))
    return result


def receiving(found: Difference, old: Book, new: Book, point: Point, kind: str) -> set[tuple[str, str, str]]:
    """Who the comparison says receives an alert there, or no longer: way, partner, alert. ``kind``: how Matrix rooms are."""
    return {
        (way, partner, alert)
        for way, changes in (("opens", found.opens), ("closes", found.closes))
        for change in changes
        if isinstance(change, ReceiptChange)
        for partner, alert in product(change.partners, change.alerts)
        if within(found, old, new, change.region, partner, kind, point)
    }


def empowered(
    found: Difference, old: Book, new: Book, point: Point, power: str, area: str | None
) -> set[tuple[str, str, str]]:
    """Who the comparison says may do something there, or no longer: way, partner, alert."""
    return {
        (way, partner, alert)
        for way, changes, book in (("opens", found.opens, new), ("closes", found.closes, old))
        for change in changes
        if isinstance(change, PowerChange) and change.power == power
        for partner, alert in product(change.partners, change.alerts or ("",))
        if within(found, old, new, change.region, partner, "", replace(point, raised=None))
        and (area in change.areas if change.areas is not None else area in own(book, partner, alert))
    }


def own(book: Book, partner: str, alert: str) -> set[str | None]:
    """Where a partner may do something if it may at all: with no place said, and on its ground."""
    return {None, *ground(book, partner)} if alert else {None}


def placed(old: Book, new: Book, alert: str) -> bool:
    """Whether an alert is somewhere, in every playbook that has it."""
    templates = [(book, book.playbook.alerts[alert]) for book in (old, new) if alert in book.playbook.alerts]
    return all(place_field(book, template) is not None for book, template in templates)
