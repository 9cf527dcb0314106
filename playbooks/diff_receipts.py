"""Who receives an alert under two playbooks: whom it is for, and of them those who see what must be seen.

The rule is that of ``audience``, by which alerts are sent; here it is asked of kinds of partners and circumstances, not of each.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from typing import Literal

from playbooks.audience import place_field
from playbooks.diff_changes import Otherwise, ReceiptChange, Since
from playbooks.diff_domain import ENCRYPTED, NO_PLACE, PLAIN, Actual, Names, Pair, Place
from playbooks.diff_kinds import Cells, Direction, Ground
from playbooks.diff_looks import Looks, asks_who_leads
from playbooks.diff_sight import Seeing
from playbooks.schema import Alert, clause_fields, text_in
from playbooks.selection import matches

Status = Literal["shown", "unselected", "held", "roomless"]


def receipt_changes(ground: Ground) -> Iterator[tuple[Direction, ReceiptChange]]:
    """Each change of whether one partner receives one alert, or several that are alike."""
    old, new = ground.old.edge.playbook.alerts, ground.new.edge.playbook.alerts
    groups: dict[tuple[Hashable, Hashable], list[str]] = {}
    comparing: dict[tuple[Hashable, Hashable], _Comparing] = {}
    for name in dict.fromkeys((*new, *old)):
        was = _Template(ground.old, old[name]) if name in old else None
        now = _Template(ground.new, new[name]) if name in new else None
        key = (was.key if was is not None else None, now.key if now is not None else None)
        groups.setdefault(key, []).append(name)
        comparing.setdefault(key, _Comparing(ground, was, now))
    for key, names in groups.items():
        for pair in ground.pairs:
            rooms, places, turns = comparing[key].changes(pair)
            for (direction, otherwise, since), cells in turns.items():
                for region in ground.regions_of(pair, cells, rooms, places):
                    yield direction, ReceiptChange((pair.name,), tuple(names), otherwise, region, since)


class _Template:
    """An alert as one playbook has it, and to whom it goes."""

    def __init__(self, seeing: Seeing, alert: Alert) -> None:
        self.seeing = seeing
        self.to = alert.to
        self.place = place_field(seeing.book, alert)
        self.required = tuple(sorted(name for name, need in alert.fields.items() if need == "required"))
        lines, _ = text_in(alert.text, seeing.edge.playbook.languages)
        clauses = {frozenset(clause_fields(line)) for line in lines}
        self.clauses = frozenset(clause for clause in clauses if clause <= alert.fields.keys())
        self.by_lead = asks_who_leads(alert.to)
        self.key: Hashable = (alert.to, self.place, self.required, self.clauses)
        needed = {*self.required, *frozenset[str]().union(*self.clauses)}
        if self.to.uses_event and self.place is not None:
            needed.add(self.place)
        self.fields = tuple(sorted(needed))
        # A place outside every area has no area: that it is there can matter wherever a place is shown.
        types = {spec.type for name in self.fields if (spec := seeing.edge.playbook.field(name)) is not None}
        self.by_place = (
            (self.to.uses_event and self.place is not None)
            or "place" in types
            or any(seeing.looks_at_place(name, self.place) for name in self.fields)
        )
        self._visible: dict[tuple[Actual, int, Names], bool] = {}
        self._meant: dict[tuple[str, object, Names | None], bool] = {}

    @property
    def says(self) -> Hashable:
        """All that decides about it but for whom the rules, and the alert itself, mean: the same in both where they say the same."""
        said = tuple(self.seeing.says(name, self.place) for name in self.fields)
        leads = self.seeing.who_leads_when() if self.by_lead else None
        return self.place, self.required, self.clauses, self.to.uses_event, said, leads

    def kin(self, partner: str, rooms: Sequence[str], places: Sequence[Place], names: Sequence[Names]) -> Hashable:
        """What partners have in common who receive the same; None: they are never meant."""
        seeing = self.seeing
        meant = tuple(seeing.means(self.to, partner, None, (None, areas)) for areas in names)
        if not any(map(any, meant)):
            return None
        kin = tuple(
            (name, room, tuple(seeing.kin(name, self.place, partner, room, areas)[0] for areas in names))
            for name in self.fields
            for room in rooms
        )
        return meant, kin, tuple(map(bool, names)), tuple(place.word for place in places)

    def looks(self, partner: str, rooms: Sequence[str], areas: Names) -> Looks:
        """What counts for such a partner."""
        looks = Looks(leads=self.by_lead)
        for name in self.fields:
            for room in rooms:
                looks = looks.with_(self.seeing.kin(name, self.place, partner, room, areas)[1])
        return looks

    def status(self, at: Actual, partner: str, rooms: Sequence[str], areas: Names) -> Status:
        """What becomes of the alert to this partner, which has these rooms."""
        if not rooms:
            return "roomless"
        if self.place is None:
            areas = frozenset()
        chosen = list(rooms)
        if not self._means(at, partner, None):
            if not self.to.uses_event or not self._means(at, partner, areas):
                return "unselected"
            chosen = [room for room in rooms if self._sees_area(at, partner, room, areas)]
        if not chosen:
            return "unselected"
        return "shown" if any(self._shown(at, partner, room, areas) for room in chosen) else "held"

    def _means(self, at: Actual, partner: str, areas: Names | None) -> bool:
        edge = self.seeing.edge
        leaders = self.seeing.leaders(at.phase, at.hazard, at.jurisdiction) if self.by_lead else None
        key = (partner, leaders, areas)
        if key not in self._meant:
            so = edge.circumstances(at.phase, at.hazard, at.danger, at.span)
            origin = edge.speakers[at.jurisdiction]
            self._meant[key] = matches(edge.book, self.to, partner, so, origin, areas, None)
        return self._meant[key]

    def _sees_area(self, at: Actual, partner: str, room: str, areas: Names) -> bool:
        if self.place is None:
            return True
        seeing = self.seeing
        number, _ = seeing.kin(self.place, self.place, partner, room, areas)
        key = (at, number, areas)
        if key not in self._visible:
            question = seeing.question(at, self.place, areas)
            self._visible[key] = question.visible_areas(seeing.room(partner, room)) is not None
        return self._visible[key]

    def _shown(self, at: Actual, partner: str, room: str, areas: Names) -> bool:
        """Whether every required field is seen there, and one clause at least is left."""
        if not all(self._present(at, name, partner, room, areas) for name in self.required):
            return False
        return any(all(self._present(at, name, partner, room, areas) for name in clause) for clause in self.clauses)

    def _present(self, at: Actual, name: str, partner: str, room: str, areas: Names) -> bool:
        form, _ = self.seeing.answer(at, name, self.place, partner, room, areas)
        return form is not None and (form.word != "area" or bool(areas))


_Turn = tuple[Direction, Otherwise, Since | None]


class _Comparing:
    """Alerts that are alike, compared for one partner after the other."""

    def __init__(self, ground: Ground, old: _Template | None, new: _Template | None) -> None:
        self.ground = ground
        self.old, self.new = old, new
        self.by_place = any(one is not None and one.by_place for one in (old, new))
        self._same = ground.nobody_moved and old is not None and new is not None and old.says == new.says
        self._known: dict[object, tuple[tuple[Status, Status, str, Place, int], ...]] = {}

    def changes(self, pair: Pair) -> tuple[tuple[str, ...], tuple[Place, ...], dict[_Turn, Cells]]:
        """How it changes whether one partner receives them, among these kinds of rooms and places."""
        ground = self.ground
        old_rooms = ground.old.edge.rooms(pair.old, "alerts")
        new_rooms = ground.new.edge.rooms(pair.new, "alerts")
        places = ground.places_of(pair) if self.by_place else (NO_PLACE,)
        kinds = (PLAIN, ENCRYPTED) if ENCRYPTED in (*old_rooms, *new_rooms) else ("",)
        was = now = None
        if self.old is not None and pair.old is not None:
            was = (old_rooms, self.old.kin(pair.old, old_rooms, places, [one.old for one in places]))
        if self.new is not None and pair.new is not None:
            now = (new_rooms, self.new.kin(pair.new, new_rooms, places, [one.new for one in places]))
        never = (was is None or was[1] is None) and (now is None or now[1] is None)
        if never or (self._same and was == now):
            return kinds, places, {}
        if (was, now) not in self._known:
            self._known[was, now] = tuple(self._compare(pair, old_rooms, new_rooms, kinds, places))
        turns: dict[_Turn, Cells] = {}
        for before, after, kind, place, points in self._known[was, now]:
            for turn in self._turns(pair, before, after):
                at = points & ground.spoken[turn[0]]
                if at:
                    cells = turns.setdefault(turn, {})
                    cells[kind, place] = cells.get((kind, place), 0) | at
        return kinds, places, turns

    def _compare(
        self,
        pair: Pair,
        old_rooms: Sequence[str],
        new_rooms: Sequence[str],
        kinds: Sequence[str],
        places: Sequence[Place],
    ) -> Iterator[tuple[Status, Status, str, Place, int]]:
        for kind in kinds:
            old_here = [room for room in old_rooms if room not in (PLAIN, ENCRYPTED) or room == kind]
            new_here = [room for room in new_rooms if room not in (PLAIN, ENCRYPTED) or room == kind]
            for place in places:
                was = now = None
                if self.old is not None and pair.old is not None:
                    was = self.old.looks(pair.old, old_here, place.old)
                if self.new is not None and pair.new is not None:
                    now = self.new.looks(pair.new, new_here, place.new)
                for each in self.ground.kinds(was, now):
                    before = _least(self.old, each.old, pair.old, old_here, place.old)
                    after = _least(self.new, each.new, pair.new, new_here, place.new)
                    if (before == "shown") != (after == "shown"):
                        yield before, after, kind, place, each.points

    def _turns(self, pair: Pair, before: Status, after: Status) -> Iterator[_Turn]:
        since: Since | None
        if before != "shown":
            since = "partner" if pair.old is None else "alert" if self.old is None else None
            yield "opens", before, since
        if after != "shown":
            since = "partner" if pair.new is None else "alert" if self.new is None else None
            yield "closes", after, since


def _least(
    template: _Template | None, several: Iterable[Actual], partner: str | None, rooms: Sequence[str], areas: Names
) -> Status:
    """What becomes of the alert in whichever of these circumstances it does not arrive; else that it is shown."""
    if template is None or partner is None:
        return "roomless"
    found = (template.status(at, partner, rooms, areas) for at in several)
    return next((one for one in found if one != "shown"), "shown")
