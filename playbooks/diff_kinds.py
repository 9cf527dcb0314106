"""The circumstances in which two playbooks are compared, numbered, and divided into kinds that nothing can tell apart.

Sets of circumstances are bits of an integer (``Grid``): what is alike for many partners is worked out once for all of them. A set is
told as regions, which are products (``Region``).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Literal, TypeVar

from playbooks.diff_changes import Domain, Origin, Region
from playbooks.diff_domain import RAISED, Actual, Edge, Grid, Pair, Place, Places
from playbooks.diff_looks import Looks, Numbers
from playbooks.diff_sight import Seeing

Direction = Literal["opens", "closes"]
Cell = tuple[str, Place]
"""A partner's room, and how the place lies to it."""
Cells = dict[Cell, int]
"""For each the circumstances, as bits."""
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Kind:
    """Circumstances that are alike, as bits; and what is so under each playbook in one of them.

    Under a playbook that does not know them that is several, of which the least counts.
    """

    points: int
    old: tuple[Actual, ...]
    new: tuple[Actual, ...]


class Ground:
    """What both playbooks are compared on: the domain, with its circumstances numbered."""

    def __init__(self, old: Edge, new: Edge, domain: Domain, pairs: Sequence[Pair]) -> None:
        numbers = Numbers()
        self.old = Seeing(old, "old", numbers)
        self.new = Seeing(new, "new", numbers)
        self.domain = domain
        self.pairs = pairs
        self.nobody_moved = all(one.old == one.new for one in domain.origins)
        self.grid = Grid(*map(len, (domain.phases, domain.hazards, domain.danger, domain.origins, domain.spans)))
        self.spoken: dict[Direction, int] = {
            "opens": self._words_from(lambda one: one.new is not None),
            "closes": self._words_from(lambda one: one.old is not None),
        }
        self._kinds = _Kinds(self)
        self._lie = Places(old.book, new.book)
        self._places: dict[Pair, tuple[Place, ...]] = {}
        self._regions: dict[object, tuple[Region, ...]] = {}

    def kinds(self, old: Looks | None, new: Looks | None) -> list[Kind]:
        """All circumstances, in kinds that cannot be told apart by what looks so in the old playbook, and so in the new.

        None: the playbook has nothing to say.
        """
        return self._kinds.of(old, new)

    def places_of(self, pair: Pair) -> tuple[Place, ...]:
        """How places lie to a partner."""
        if pair not in self._places:
            self._places[pair] = self._lie.of(pair)
        return self._places[pair]

    def _words_from(self, spoken: Callable[[Origin], bool]) -> int:
        """Nothing opens of the words of a place where nobody speaks any more, nor closes where nobody did."""
        origins = [spoken(one) for one in self.domain.origins]
        bits = sum(1 << bit for bit, (*_, origin, _) in enumerate(self.grid.points()) if origins[origin])
        return sum(bits << level * self.grid.size for level in range(len(RAISED)))

    # --- regions

    def regions(self, cells: Cells, rooms: Sequence[str], places: Sequence[Place]) -> tuple[Region, ...]:
        """Cells as products, of all the rooms and places that there are for this partner."""
        own = frozenset((room, place.word, points) for (room, place), points in cells.items())
        key = (own, tuple(rooms), tuple(place.word for place in places))
        if key not in self._regions:
            self._regions[key] = tuple(self._products(cells, rooms, [place.word for place in places]))
        return self._regions[key]

    def regions_of(self, pair: Pair, cells: Cells, rooms: Sequence[str], places: Sequence[Place]) -> Iterator[Region]:
        """The same, with words from its own jurisdiction and from all others told as such: so partners of several are alike."""
        at_home = self.domain.jurisdictions[pair.name]
        everywhere = set(self.domain.origins)
        home = {one for one in everywhere if one == Origin(at_home, at_home)}
        for region in self.regions(cells, rooms, places):
            origins = everywhere if region.origins is None else set(region.origins)
            if origins == everywhere:
                yield region
            elif home and origins == home:
                yield replace(region, origins="home")
            elif home and origins == everywhere - home:
                yield replace(region, origins="abroad")
            else:
                yield region

    def _products(self, cells: Cells, rooms: Sequence[str], places: Sequence[str]) -> Iterator[Region]:
        size, domain = self.grid.size, self.domain
        below = (1 << size) - 1
        # What a raised label changes is said only where it is not so without.
        levels: dict[frozenset[tuple[str, str, int]], list[str]] = {}
        for number, raised in enumerate(RAISED):
            own = {}
            for (room, place), points in cells.items():
                rest = (points >> number * size) & below
                if raised is not None:
                    rest &= ~points & below
                if rest:
                    own[room, place.word] = rest
            if own:
                at = frozenset((room, place, points) for (room, place), points in own.items())
                levels.setdefault(at, []).append(raised.word if raised is not None else "")
        for at, words in levels.items():
            colours = None if "" in words else tuple(words)
            for in_rooms, at_places, points in _grouped(at, rooms, places):
                for phases, hazards, danger, origins, spans in self.grid.boxes(points):
                    yield Region(
                        rooms=None if set(in_rooms) >= set(rooms) else in_rooms,
                        phases=chosen(domain.phases, phases),
                        hazards=chosen(domain.hazards, hazards),
                        danger=chosen(domain.danger, danger),
                        origins=chosen(domain.origins, origins),
                        spans=chosen(domain.spans, spans),
                        places=None if set(at_places) >= set(places) else at_places,
                        raised=colours,
                    )


def chosen(values: Sequence[T], places: Sequence[int]) -> tuple[T, ...] | None:
    """Some of the values, by their places; None: all of them."""
    return None if len(places) == len(values) else tuple(values[place] for place in places)


def _grouped(
    at: Iterable[tuple[str, str, int]], rooms: Sequence[str], places: Sequence[str]
) -> Iterator[tuple[tuple[str, ...], tuple[str, ...], int]]:
    """Rooms and places with the same circumstances, as products."""
    by_room: dict[str, dict[int, list[str]]] = {}
    for room, place, points in sorted(at, key=lambda one: (rooms.index(one[0]), places.index(one[1]))):
        by_room.setdefault(room, {}).setdefault(points, []).append(place)
    alike: dict[tuple[tuple[str, ...], int], list[str]] = {}
    for room, found in by_room.items():
        for points, there in found.items():
            alike.setdefault((tuple(there), points), []).append(room)
    for (some, points), in_rooms in alike.items():
        yield tuple(in_rooms), some, points


class _Kinds:
    """The circumstances of a ground, in kinds: each dimension is divided on its own, but phases and hazards together have leads."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._bits = [[0] * size for size in ground.grid.sizes]
        for bit, values in enumerate(ground.grid.points()):
            for dimension, value in enumerate(values):
                self._bits[dimension][value] |= 1 << bit
        sizes = ground.grid.sizes
        self._times = list(product(range(sizes[0]), range(sizes[1])))
        self._known: dict[tuple[Looks | None, Looks | None], list[Kind]] = {}
        self._actual: dict[Actual, Actual] = {}

    def of(self, old: Looks | None, new: Looks | None) -> list[Kind]:
        """All circumstances, in kinds."""
        key = (old, new)
        if key not in self._known:
            self._known[key] = list(self._divide(old, new))
        return self._known[key]

    def _divide(self, old: Looks | None, new: Looks | None) -> Iterator[Kind]:
        ground = self._ground
        domain, size = ground.domain, ground.grid.size
        sides = [(seeing, looks) for seeing, looks in ((ground.old, old), (ground.new, new)) if looks is not None]
        times = _alike(self._times, lambda at: tuple(self._time(seeing.edge, looks, *at) for seeing, looks in sides))
        danger = _alike(
            range(len(domain.danger)),
            lambda d: tuple(looks.danger and seeing.edge.danger(domain.danger[d]) for seeing, looks in sides),
        )
        spans = _alike(
            range(len(domain.spans)), lambda s: tuple(seeing.in_force(looks.agreements, s) for seeing, looks in sides)
        )
        raised = _alike(range(len(RAISED)), lambda r: tuple(looks.raised(RAISED[r]) for _, looks in sides))
        for at, d, o, s, r in product(times, danger, range(len(domain.origins)), spans, raised):
            bits = sum(self._bits[0][phase] & self._bits[1][hazard] for phase, hazard in at)
            bits &= sum(self._bits[2][one] for one in d) & self._bits[3][o] & sum(self._bits[4][one] for one in s)
            points = sum(bits << level * size for level in r)
            words, first = domain.origins[o], (*at[0], d[0], s[0], r[0])
            yield Kind(
                points,
                tuple(self._actuals(ground.old.edge, words.old, *first)) if old is not None else (),
                tuple(self._actuals(ground.new.edge, words.new, *first)) if new is not None else (),
            )

    def _time(self, edge: Edge, looks: Looks, phase: int, hazard: int) -> Hashable:
        """All that can be told of a phase and a hazard."""
        domain = self._ground.domain
        phases, hazards = edge.phases(domain.phases[phase]), edge.hazards(domain.hazards[hazard])
        leads = {edge.leads(p, h) for p in phases for h in hazards} if looks.leads else ()
        return phases if looks.phase else (), hazards if looks.hazard else (), frozenset(leads)

    def _actuals(
        self, edge: Edge, words_from: str | None, phase: int, hazard: int, danger: int, span: int, raised: int
    ) -> Iterator[Actual]:
        domain = self._ground.domain
        declared = edge.danger(domain.danger[danger])
        for p in edge.phases(domain.phases[phase]):
            for h in edge.hazards(domain.hazards[hazard]):
                for jurisdiction in edge.jurisdictions(words_from):
                    one = Actual(p, h, declared, jurisdiction, span, RAISED[raised])
                    yield self._actual.setdefault(one, one)


def _alike(values: Iterable[T], key: Callable[[T], Hashable]) -> list[list[T]]:
    """Values in groups that have the same key."""
    groups: dict[Hashable, list[T]] = {}
    for value in values:
        groups.setdefault(key(value), []).append(value)
    return list(groups.values())
