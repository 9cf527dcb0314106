"""Which fields are seen otherwise: for every partner, in its rooms, of every alert that carries them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from playbooks.audience import place_field
from playbooks.diff_changes import Reason, SightChange, Since
from playbooks.diff_domain import NO_PLACE, Edge, Pair, Place
from playbooks.diff_kinds import Cells, Direction, Ground, Kind
from playbooks.diff_looks import Form, widens
from playbooks.schema import BUILT_IN

Presence = Literal["here", "field", "alert"]
"""Whether an alert has a field: it does; it has no such field; there is no such alert."""


@dataclass(frozen=True, slots=True)
class Carried:
    """A field as alerts carry it in both playbooks: with their place field, where it is there at all."""

    field: str
    old: Presence
    new: Presence
    old_place: str | None
    new_place: str | None

    @property
    def use(self) -> str:
        """What rooms it goes to."""
        return self.field[1:] if self.field.startswith("#") else "alerts"


def carried(old: Edge, new: Edge) -> dict[Carried, list[str]]:
    """Every field of every alert, with the alerts that carry it alike; built-in fields and channels, with none."""
    result: dict[Carried, list[str]] = {}
    alerts = dict.fromkeys((*new.playbook.alerts, *old.playbook.alerts))
    for alert in alerts:
        sides = [(edge, edge.playbook.alerts.get(alert)) for edge in (old, new)]
        fields = dict.fromkeys(name for _, spec in reversed(sides) if spec is not None for name in spec.fields)
        for name in fields:
            presence: list[Presence] = [
                "alert" if spec is None else "here" if name in spec.fields else "field" for _, spec in sides
            ]
            places = [
                place_field(edge.book, spec) if spec is not None and name in spec.fields else None
                for edge, spec in sides
            ]
            result.setdefault(Carried(name, presence[0], presence[1], places[0], places[1]), []).append(alert)
    for name in BUILT_IN:
        result[Carried(name, "here", "here", None, None)] = []
    for name in dict.fromkeys((*new.playbook.channels, *old.playbook.channels)):
        there: list[Presence] = ["here" if name in edge.playbook.channels else "alert" for edge in (old, new)]
        result[Carried(f"#{name}", there[0], there[1], None, None)] = []
    return result


@dataclass(frozen=True, slots=True)
class _Turn:
    """From what to what, and why there was or is nothing, where one playbook has no such thing at all."""

    direction: Direction
    before: str | None
    after: str | None
    since: Since | None


@dataclass(slots=True)
class _Found:
    cells: Cells
    reasons: set[Reason]


Found = tuple[tuple[tuple[Form | None, Form | None], int, tuple[Reason, ...]], ...]


def sight_changes(ground: Ground) -> Iterator[tuple[Direction, SightChange]]:
    """Each change of one partner's sight of one field."""
    for what, alerts in carried(ground.old.edge, ground.new.edge).items():
        comparing = _Comparing(ground, what)
        for pair in ground.pairs:
            rooms, places, turns = comparing.changes(pair)
            for turn, found in turns.items():
                reasons = tuple(
                    sorted({placed for one in found.reasons for placed in _placed(ground, pair, what.field, one)})
                )
                for region in ground.regions_of(pair, found.cells, rooms, places):
                    yield (
                        turn.direction,
                        SightChange(
                            (pair.name,),
                            (what.field,),
                            tuple(alerts),
                            turn.before,
                            turn.after,
                            region,
                            reasons,
                            turn.since,
                        ),
                    )


def _placed(ground: Ground, pair: Pair, field: str, reason: Reason) -> Iterator[Reason]:
    """A reason; one that speaks of clearance is told where the partner's clearance, or the label, is another now.

    The line of a clearance is filled in when it is known of how many partners it is told.
    """
    if reason.what not in ("clearance", "compartment"):
        yield reason
        return
    old, new = ground.old.edge, ground.new.edge
    edge = old if reason.side == "old" else new
    if pair.old is None or pair.new is None:
        return
    if old.playbook.partners[pair.old].clearance != new.playbook.partners[pair.new].clearance:
        yield Reason(reason.side, "clearance")
    if ground.old.labels(field) != ground.new.labels(field):
        path = ("channels", field[1:], "label") if field.startswith("#") else ("fields", field)
        yield Reason(reason.side, "label", edge.book.line(*path))


class _Comparing:
    """One field as some alerts carry it, compared for one partner after the other."""

    def __init__(self, ground: Ground, what: Carried) -> None:
        self.ground = ground
        self.what = what
        old, new = ground.old, ground.new
        self.by_place = (what.old == "here" and old.looks_at_place(what.field, what.old_place)) or (
            what.new == "here" and new.looks_at_place(what.field, what.new_place)
        )
        self._same = (
            ground.nobody_moved
            and what.old == what.new == "here"
            and old.says(what.field, what.old_place) == new.says(what.field, what.new_place)
        )
        self._known: dict[tuple[int | None, int | None], Found] = {}

    def changes(self, pair: Pair) -> tuple[tuple[str, ...], tuple[Place, ...], dict[_Turn, _Found]]:
        """How one partner's sight of it changes, among these rooms and places."""
        ground, what = self.ground, self.what
        had = ground.old.edge.rooms(pair.old, what.use) if what.use == "alerts" or what.old == "here" else ()
        has = ground.new.edge.rooms(pair.new, what.use) if what.use == "alerts" or what.new == "here" else ()
        old_rooms = had if what.old == "here" else ()
        new_rooms = has if what.new == "here" else ()
        rooms = tuple(dict.fromkeys((*has, *had)))
        places = ground.places_of(pair) if self.by_place else (NO_PLACE,)
        turns: dict[_Turn, _Found] = {}
        for room in rooms:
            for place in places:
                for (before, after), points, reasons in self._found(pair, room, place, old_rooms, new_rooms):
                    for direction in ("opens", "closes"):
                        if not (widens(before, after) if direction == "opens" else widens(after, before)):
                            continue
                        at = points & ground.spoken[direction]
                        if not at:
                            continue
                        turn = self._turn(direction, before, after, pair, room in old_rooms, room in new_rooms)
                        found = turns.setdefault(turn, _Found({}, set()))
                        found.cells[room, place] = found.cells.get((room, place), 0) | at
                        found.reasons.update(reasons)
        return rooms, places, turns

    def _found(self, pair: Pair, room: str, place: Place, old_rooms: Sequence[str], new_rooms: Sequence[str]) -> Found:
        """From which form to which, in which circumstances: where it is otherwise."""
        what, ground = self.what, self.ground
        old = pair.old if room in old_rooms else None
        new = pair.new if room in new_rooms else None
        was = ground.old.kin(what.field, what.old_place, old, room, place.old) if old is not None else (None, None)
        now = ground.new.kin(what.field, what.new_place, new, room, place.new) if new is not None else (None, None)
        if self._same and was[0] == now[0]:
            return ()
        key = (was[0], now[0])
        if key not in self._known:
            self._known[key] = self._compare(ground.kinds(was[1], now[1]), old, new, room, place)
        return self._known[key]

    def _compare(self, kinds: Iterable[Kind], old: str | None, new: str | None, room: str, place: Place) -> Found:
        ground, what = self.ground, self.what
        result: dict[tuple[Form | None, Form | None], tuple[int, set[Reason]]] = {}
        for kind in kinds:
            before: Form | None = None
            after: Form | None = None
            reasons = set()
            if old is not None:
                before, answer = ground.old.least(kind.old, what.field, what.old_place, old, room, place.old)
                reasons.add(ground.old.reason(what.field, answer))
            if new is not None:
                after, answer = ground.new.least(kind.new, what.field, what.new_place, new, room, place.new)
                reasons.add(ground.new.reason(what.field, answer))
            if before != after:
                points, known = result.get((before, after), (0, set()))
                result[before, after] = (points | kind.points, known | reasons)
        return tuple((turn, points, tuple(reasons)) for turn, (points, reasons) in result.items())

    def _turn(
        self,
        direction: Direction,
        before: Form | None,
        after: Form | None,
        pair: Pair,
        had_room: bool,
        has_room: bool,
    ) -> _Turn:
        what = self.what
        partner, presence, there = (
            (pair.old, what.old, had_room) if direction == "opens" else (pair.new, what.new, has_room)
        )
        since: Since | None = None
        if partner is None:
            since = "partner"
        elif presence != "here":
            since = presence
        elif not there:
            since = "room"
        elif before is not None and after is not None and before.type != after.type:
            since = "type"
        return _Turn(direction, before.word if before else None, after.word if after else None, since)
