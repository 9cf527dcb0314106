"""The circumstances in which two playbooks are compared: finitely many, and all that the rule can tell apart.

Circumstances that only one of the playbooks knows need a counterpart in the other:

- A *phase* or *hazard* that only one has is compared with the least that is seen (or may be done) in any of the other's. So an
  added phase opens what is finer there than it was in some phase before, and nothing that was seen in all of them.
- *Words* come from partners. A partner that moved to another jurisdiction is compared with itself. Words from where nobody
  was of before are compared with the least that was seen of anyone's; they can open, and close nothing, for there were none.
- *Danger* that a playbook lets nobody declare is never declared there.
- An *area* that only one has is, in the other, no area: the place may lie in others, or in none.
- A room on a network that a partner does not have shows it nothing.
- What was before ``now`` is over. From then on, nothing changes by itself but where an agreement begins or ends.

Places are taken as they lie to each partner (``places_of``): all that a rule can ask about a place is whether one of its areas is the
partner's ground, or near to one that is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import combinations, product

from playbooks.diff_changes import Origin, Span
from playbooks.labels import Tlp
from playbooks.load import Book
from playbooks.mandate import leads
from playbooks.schema import Partner
from playbooks.selection import Circumstances, Leading, ground, near
from playbooks.supposing import room_refs

RAISED = (None, Tlp.GREEN, Tlp.AMBER, Tlp.AMBER_STRICT, Tlp.RED)
"""To which colour a speaker may have raised a label. None: as it is labelled."""

PLAIN, ENCRYPTED = "matrix:plain", "matrix:encrypted"

Names = frozenset[str]


@dataclass(frozen=True, slots=True)
class Pair:
    """A partner as each playbook calls it; None where it is none of its partners. At least one is there."""

    old: str | None
    new: str | None

    @property
    def name(self) -> str:
        """What people call it now."""
        return self.new or self.old or ""


@dataclass(frozen=True, slots=True)
class Actual:
    """What is really so under one playbook. ``span`` is the place of the moment among the spans that are compared."""

    phase: str
    hazard: str | None
    danger: bool
    jurisdiction: str
    span: int
    raised: Tlp | None


class Edge:
    """One of the two playbooks, asked about circumstances that perhaps only the other one knows."""

    def __init__(self, book: Book, moments: Sequence[datetime]) -> None:
        self.book = book
        self.playbook = book.playbook
        self.moments = moments
        self.speakers: dict[str, str] = {}
        for name, who in book.playbook.partners.items():
            self.speakers.setdefault(who.jurisdiction, name)
        self.everyone = frozenset(book.playbook.partners)
        self._circumstances: dict[tuple[str, str | None, bool, int], Circumstances] = {}
        self._leads: dict[tuple[str, str | None], tuple[Leading, ...]] = {}

    def phases(self, phase: str) -> tuple[str, ...]:
        """The phase if there is one of this name; else all there are, of which the least counts."""
        return (phase,) if phase in self.playbook.phases else self.playbook.phases

    def hazards(self, hazard: str | None) -> tuple[str | None, ...]:
        """The same of a hazard; None is none that is named."""
        return (hazard,) if hazard is None or hazard in self.playbook.hazards else (None, *self.playbook.hazards)

    def danger(self, declared: bool) -> bool:
        """Whether danger is declared: where nobody can, it is not."""
        return declared and self.playbook.danger is not None

    def jurisdictions(self, jurisdiction: str | None) -> tuple[str, ...]:
        """Where words come from: there, or (None) from anywhere, of which the least counts."""
        return tuple(self.speakers) if jurisdiction is None else (jurisdiction,)

    def circumstances(self, phase: str, hazard: str | None, danger: bool, span: int = 0) -> Circumstances:
        """What is so, with every partner there and the playbook's leads in place."""
        key = (phase, hazard, danger, span)
        if key not in self._circumstances:
            self._circumstances[key] = Circumstances(
                now=self.moments[span],
                phase=phase,
                active=self.everyone,
                danger=danger,
                hazard=hazard,
                leads=self.leads(phase, hazard),
            )
        return self._circumstances[key]

    def leads(self, phase: str, hazard: str | None) -> tuple[Leading, ...]:
        """Who leads by the playbook's rules."""
        if (phase, hazard) not in self._leads:
            self._leads[phase, hazard] = leads(self.book, phase, hazard)
        return self._leads[phase, hazard]

    def rooms(self, partner: str | None, use: str) -> tuple[str, ...]:
        """On what a partner has rooms for this use: see ``Region``."""
        if partner is None:
            return ()
        networks = dict.fromkeys(ref.network for ref in room_refs(self.book, partner, use))
        return tuple(one for each in networks for one in ((PLAIN, ENCRYPTED) if each == "matrix" else (each,)))


def partners(old: Book, new: Book) -> tuple[Pair, ...]:
    """The partners of both, in the order of the new and then of the old.

    One that is gone and one that is new are the same, renamed, where their entries are the same with all their rooms, and
    nobody else's is.
    """
    before, after = old.playbook.partners, new.playbook.partners
    gone = {name: who for name, who in before.items() if name not in after}
    come = {name: who for name, who in after.items() if name not in before}
    was = {name: former for name, who in come.items() if (former := _former(who, gone, come)) is not None}
    pairs = [Pair(was.get(name, name if name in before else None), name) for name in after]
    return (*pairs, *(Pair(name, None) for name in gone if name not in was.values()))


def _former(who: Partner, gone: dict[str, Partner], come: dict[str, Partner]) -> str | None:
    alike = [name for name, other in gone.items() if other == who]
    alone = sum(other == who for other in come.values()) == 1
    return alike[0] if who.rooms and len(alike) == 1 and alone else None


def origins(old: Book, new: Book, pairs: Iterable[Pair]) -> tuple[Origin, ...]:
    """Where words come from, in both."""
    found: dict[Origin, None] = {}
    for pair in pairs:
        was = old.playbook.partners[pair.old].jurisdiction if pair.old is not None else None
        now = new.playbook.partners[pair.new].jurisdiction if pair.new is not None else None
        found[Origin(was, now)] = None
    # A partner that came or went brings no words from a place that others speak for in both.
    spoken_old, spoken_new = ({one.old for one in found} - {None}), ({one.new for one in found} - {None})
    result: dict[Origin, None] = {}
    for one in found:
        if one.old is None and one.new in spoken_old:
            one = Origin(one.new, one.new)
        elif one.new is None and one.old in spoken_new:
            one = Origin(one.old, one.old)
        result[one] = None
    return tuple(result)


def spans(old: Book, new: Book, now: datetime) -> tuple[Span, ...]:
    """From now on, the stretches of time between the days on which agreements begin and end, in each one's time zone.

    They are told in the new one's.
    """
    starts = {now.astimezone(UTC)}
    for book in (old, new):
        for agreement in book.playbook.agreements.values():
            # A day at the end of the calendar has no morning after; one at its beginning is past.
            after = (
                agreement.until + timedelta(days=1)
                if agreement.until and agreement.until.year < date.max.year
                else None
            )
            days = [day for day in (agreement.from_, after) if day is not None and day.year > date.min.year]
            starts |= {datetime.combine(day, time.min, tzinfo=book.playbook.timezone).astimezone(UTC) for day in days}
    later = [start.astimezone(new.playbook.timezone) for start in sorted(starts) if start >= now]
    return tuple(Span(start, end) for start, end in zip(later, [*later[1:], None], strict=True))


def in_order(old: Iterable[str], new: Iterable[str]) -> tuple[str, ...]:
    """The names of both: the new ones in their order, then those that are gone."""
    return tuple(dict.fromkeys((*new, *old)))


# --- places ---------------------------------------------------------------------------------------------------------------

_OUTSIDE, _ELSEWHERE, _NEAR, _OWN = range(4)
_WORDS = ("outside", "elsewhere", "near", "own")


@dataclass(frozen=True, slots=True)
class Place:
    """How a place lies to a partner in both playbooks, one such place in each, and all areas (or two together) that do so."""

    word: str
    old: Names
    new: Names
    examples: tuple[Names, ...]


NO_PLACE = Place("", frozenset(), frozenset(), ())
"""Where nothing looks at where it is."""


class Places:
    """The places there are, as they lie to each partner."""

    def __init__(self, old: Book, new: Book) -> None:
        self._books = (old, new)
        self._areas = in_order(old.playbook.areas, new.playbook.areas)
        # A place outside every area, one in each, and in two at once: no rule can tell a third from these.
        self._near = [{area: near(book, frozenset({area})) for area in book.playbook.areas} for book in self._books]

    def of(self, pair: Pair) -> tuple[Place, ...]:
        """How places can lie to a partner."""
        own = [
            frozenset() if name is None else ground(book, name)
            for book, name in zip(self._books, (pair.old, pair.new), strict=True)
        ]
        lies = {area: (self._lies(0, own[0], area), self._lies(1, own[1], area)) for area in self._areas}
        found: dict[tuple[int, int], list[Names]] = {(_OUTSIDE, _OUTSIDE): [frozenset()]}
        for area, how in lies.items():
            found.setdefault(how, []).append(frozenset({area}))
        first = {how: next(area for area in lies if lies[area] == how) for how in dict.fromkeys(lies.values())}
        for (how, one), (other_how, other) in combinations(first.items(), 2):
            together = (max(how[0], other_how[0]), max(how[1], other_how[1]))
            if together not in found:
                found[together] = [frozenset({one, other})]
        return tuple(self._place(how, examples) for how, examples in sorted(found.items(), reverse=True))

    def _lies(self, side: int, own: Names, area: str) -> int:
        if area not in self._near[side]:
            return _OUTSIDE
        return _OWN if area in own else _NEAR if own & self._near[side][area] else _ELSEWHERE

    def _place(self, how: tuple[int, int], examples: list[Names]) -> Place:
        was, now = how
        word = _WORDS[now] if was == now else f"{_WORDS[was]}→{_WORDS[now]}"
        old, new = (examples[0] & frozenset(book.playbook.areas) for book in self._books)
        return Place(word, old, new, tuple(examples))


# --- sets of circumstances ----------------------------------------------------------------------------------------------

Box = tuple[tuple[int, ...], ...]
"""For each dimension the values (by their place) that it combines."""


class Grid:
    """All combinations of some dimensions, numbered; sets of them are integers, a bit for each."""

    def __init__(self, *sizes: int) -> None:
        self.sizes = sizes
        self._boxes: dict[tuple[int, int], list[Box]] = {}
        self.size = 1
        for size in sizes:
            self.size *= size

    def points(self) -> Iterable[tuple[int, ...]]:
        """Each combination, in the order of the bits."""
        return product(*(range(size) for size in self.sizes))

    def boxes(self, points: int) -> list[Box]:
        """A set as products that do not overlap and leave out nothing: few, where it has few reasons."""
        return self._split(points, 0, self.size)

    def _split(self, points: int, depth: int, size: int) -> list[Box]:
        if depth == len(self.sizes):
            return [()]
        key = (depth, points)
        if key not in self._boxes:
            size //= self.sizes[depth]
            alike: dict[int, list[int]] = {}
            for value in range(self.sizes[depth]):
                rest = (points >> value * size) & ((1 << size) - 1)
                if rest:
                    alike.setdefault(rest, []).append(value)
            self._boxes[key] = [
                (tuple(values), *box) for rest, values in alike.items() for box in self._split(rest, depth + 1, size)
            ]
        return self._boxes[key]
