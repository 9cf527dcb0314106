"""Which slips of the pen a playbook's own tests would not notice, and for each an assertion that would.

A mutant is caught where a test that holds of the playbook does not hold of the mutant. One that none catches is compared with the
playbook wherever a test could ask: each alert, by somebody of each jurisdiction who could ever issue it, for each area,
in each phase, hazard and danger, from now on to beyond the last agreement, in the rooms of each network, plain and
encrypted. Where two circumstances cannot differ for the rules concerned, one stands for both. If the real rule answers
the same everywhere, the mutant is equivalent: it changes nothing, and nothing could catch it. Else the first difference is
its witness.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from itertools import product

from playbooks.asked import said_by
from playbooks.assertions import Outcome, holds
from playbooks.audience import audience, place_field
from playbooks.load import Book
from playbooks.mandate import Mandated, leads, may_issue
from playbooks.mutants import Mutant, mutants
from playbooks.rooms import Network
from playbooks.schema import BUILT_IN, Deputies, Lead, Matching, Permit, Rule, Selector
from playbooks.selection import local_time
from playbooks.sight import Room, Seen
from playbooks.supposing import Supposition, circumstances, question, rooms, suppose
from playbooks.values import Place

Forms = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Witness:
    """Where a mutant differs. ``partner`` there sees ``before`` and would see ``after``; or, where these are None, the
    partners who may issue are ``issuers``, and ``partner`` would be among them or no more."""

    supposed: Supposition
    partner: str
    before: Forms | None = None
    after: Forms | None = None
    issuers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Survivor:
    """A mutant that no test catches, and where it could be caught."""

    mutant: Mutant
    witness: Witness


@dataclass(frozen=True, slots=True)
class Survey:
    """What became of every mutant."""

    caught: tuple[Mutant, ...]
    equivalent: tuple[Mutant, ...]
    survivors: tuple[Survivor, ...]

    @property
    def without_effect(self) -> frozenset[int]:
        """The places in ``sharing`` of rules of which no field does anything: taking them away changes nothing."""
        gone = {one.rule for one in (*self.caught, *(s.mutant for s in self.survivors)) if one.path[2:] == ()}
        return frozenset(one.rule for one in self.equivalent if one.rule is not None and one.path[2:] == ()) - gone


def survey(book: Book, outcomes: Sequence[Outcome], now: datetime) -> Survey:
    """Try every mutant on the tests. ``outcomes`` are those of the book itself at the same time."""
    tests = [one for one in outcomes if one.holds]
    domain = _Domain(book, now)
    caught: list[Mutant] = []
    equivalent: list[Mutant] = []
    survivors: list[Survivor] = []
    for mutant in mutants(book):
        if any(not holds(mutant.book, book.playbook.tests[one.index], now) for one in _apt(book, mutant, tests)):
            caught.append(mutant)
        elif (witness := domain.witness(mutant)) is None:
            equivalent.append(mutant)
        else:
            survivors.append(Survivor(mutant, witness))
    return Survey(tuple(caught), tuple(equivalent), tuple(survivors))


def _apt(book: Book, mutant: Mutant, tests: Iterable[Outcome]) -> list[Outcome]:
    """The tests that could catch a mutant, the likeliest first."""
    found: list[tuple[bool, Outcome]] = []
    for one in tests:
        test = book.playbook.tests[one.index]
        asked = {*book.playbook.alerts[test.alert].fields, *(name for forms in test.sees.values() for name in forms)}
        if mutant.issuing and test.may_issue is None:
            continue
        if not _concerns(mutant, test.alert, asked):
            continue
        if mutant.partners is not None and test.receives is None and not mutant.partners & set(test.sees):
            continue
        found.append((mutant.rule not in one.exercised, one))
    return [one for _, one in sorted(found, key=lambda each: each[0])]


def _concerns(mutant: Mutant, alert: str, fields: Iterable[str]) -> bool:
    return alert in mutant.alerts or mutant.fields is None or not mutant.fields.isdisjoint(fields)


# --- everywhere a test could ask ----------------------------------------------------------------------------------------


@dataclass
class _Domain:
    """The circumstances in which a book and its mutants are compared, and what the book says in them, asked once."""

    book: Book
    now: datetime
    said: dict[tuple[Supposition, str], Mapping[Room, Forms]] = field(default_factory=dict)
    pairs: dict[str, tuple[tuple[str, str | None], ...]] = field(default_factory=dict)

    def witness(self, mutant: Mutant) -> Witness | None:
        """The first difference between the book and a mutant, or None."""
        for alert, template in self.book.playbook.alerts.items():
            if not _concerns(mutant, alert, template.fields):
                continue
            differs = self._issuing(mutant, alert) if mutant.issuing else self._seeing(mutant, alert)
            if differs is not None:
                return differs
        return None if mutant.issuing else self._saying(mutant)

    def _seeing(self, mutant: Mutant, alert: str) -> Witness | None:
        template = self.book.playbook.alerts[alert]
        rules = _rules((self.book, mutant.book), template.fields)
        selectors = [*(rule.to for rule in rules), template.to, mutant.book.playbook.alerts[alert].to]
        by_place = any(selector.uses_event for selector in selectors)
        pairs = self._origins(alert)
        if not by_place:
            pairs = tuple({self._jurisdiction(origin): (origin, area) for origin, area in reversed(pairs)}.values())
        partners = mutant.partners or self.book.playbook.partners.keys()
        for supposition in self._suppositions(mutant, alert, rules, selectors, pairs):
            real = {p: self._rooms(mutant, supposition, p) for p in self.book.playbook.partners if p in partners}
            missing = {p: own for p, own in real.items() if (supposition, p) not in self.said}
            if missing:
                for partner, found in _shown(self.book, supposition, missing).items():
                    self.said[supposition, partner] = found
            for partner, found in _shown(mutant.book, supposition, real).items():
                before = self.said[supposition, partner]
                for room in real[partner]:
                    if found.get(room, {}) != before.get(room, {}):
                        where = self._where(supposition, room)
                        return Witness(where, partner, before.get(room, {}), found.get(room, {}))
        return None

    def _saying(self, mutant: Mutant) -> Witness | None:
        """The same for built-in fields, which belong to no alert."""
        names = [name for name in BUILT_IN if mutant.fields is None or name in mutant.fields]
        if not names or not self.book.playbook.alerts:
            return None
        rules = _rules((self.book, mutant.book), names)
        alert = next(iter(self.book.playbook.alerts))
        by_jurisdiction: dict[str, tuple[str, str | None]] = {}
        for origin in self.book.playbook.partners:
            by_jurisdiction.setdefault(self._jurisdiction(origin), (origin, None))
        selectors = [rule.to for rule in rules]
        pairs = tuple(by_jurisdiction.values())
        for supposition in self._suppositions(mutant, alert, rules, selectors, pairs):
            one, other = said_by(self.book, supposition), said_by(mutant.book, supposition)
            for partner in mutant.partners or self.book.playbook.partners:
                for room in self._rooms(mutant, supposition, partner):
                    before = {n: a.form for n in names if isinstance(a := one.decide(room, n), Seen)}
                    after = {n: a.form for n in names if isinstance(a := other.decide(room, n), Seen)}
                    if before != after:
                        return Witness(self._where(supposition, room), partner, before, after)
        return None

    def _issuing(self, mutant: Mutant, alert: str) -> Witness | None:
        playbook = self.book.playbook
        areas: list[str | None] = [*playbook.areas] if place_field(self.book, playbook.alerts[alert]) else []
        for phase, hazard in product(playbook.phases, playbook.hazards or (None,)):
            for danger, area in product((False, True), areas or [None]):
                supposed = replace(
                    suppose(self.book, alert, self.now), phase=phase, hazard=hazard, danger=danger, area=area
                )
                before, after = (_issuers(book, supposed) for book in (self.book, mutant.book))
                if before != after:
                    partner = next(name for name in playbook.partners if (name in before) != (name in after))
                    return Witness(supposed, partner, issuers=before)
        return None

    # --- dimensions -------------------------------------------------------------------------------------------------

    def _suppositions(
        self,
        mutant: Mutant,
        alert: str,
        rules: Sequence[Rule],
        selectors: Sequence[Selector],
        pairs: Sequence[tuple[str, str | None]],
    ) -> Iterable[Supposition]:
        settings = self._settings(rules, selectors)
        for at, (phase, hazard, danger) in product(self._times(mutant, rules), settings):
            for origin, area in pairs:
                yield Supposition(alert, origin, phase, at, area, danger=danger, hazard=hazard)

    def _settings(self, rules: Sequence[Rule], selectors: Sequence[Selector]) -> list[tuple[str, str | None, bool]]:
        """Phases, hazards and danger, once for each way in which they can matter to these rules and selectors."""
        playbook = self.book.playbook
        whens = [rule.when for rule in rules if rule.when is not None]
        led = any(map(_by_lead, selectors))
        found: dict[object, tuple[str, str | None, bool]] = {}
        dangers = (False, True) if any(when.danger is not None for when in whens) else (False,)
        for danger, phase, hazard in product(dangers, playbook.phases, playbook.hazards or (None,)):
            key = (
                danger,
                tuple(when.phase is None or phase in when.phase for when in whens),
                tuple(when.hazard is None or hazard in when.hazard for when in whens),
                leads(self.book, phase, hazard) if led else None,
            )
            found.setdefault(key, (phase, hazard, danger))
        return list(found.values())

    def _times(self, mutant: Mutant, rules: Sequence[Rule]) -> list[datetime]:
        """Now, and each later first instant of a day on which an agreement that these rules name begins, or is over."""
        named = {name for rule in rules if isinstance(rule, Permit) for name in rule.under}
        agreements = [book.playbook.agreements[name] for book in (self.book, mutant.book) for name in sorted(named)]
        today = local_time(self.book, self.now).date()
        days: set[date] = {one.from_ for one in agreements if one.from_ is not None}
        days |= {one.until + timedelta(days=1) for one in agreements if one.until is not None and one.until < date.max}
        found: dict[object, datetime] = {tuple(one.in_force(today) for one in agreements): self.now}
        for day in sorted(day for day in days if day > today):
            at = datetime.combine(day, time.min, tzinfo=self.book.playbook.timezone)
            found.setdefault(tuple(one.in_force(day) for one in agreements), at)
        return list(found.values())

    def _origins(self, alert: str) -> tuple[tuple[str, str | None], ...]:
        """Somebody of each jurisdiction who could ever issue this alert, with each area for which they could."""
        if alert not in self.pairs:
            playbook = self.book.playbook
            areas: list[str | None] = [*playbook.areas] if place_field(self.book, playbook.alerts[alert]) else []
            found: dict[tuple[str, str | None], str] = {}
            settings = product((False, True), playbook.phases, playbook.hazards or (None,))
            for danger, phase, hazard in settings:
                for area in areas or [None]:
                    base = suppose(self.book, alert, self.now)
                    supposed = replace(base, phase=phase, hazard=hazard, danger=danger, area=area)
                    for partner in _issuers(self.book, supposed):
                        found.setdefault((self._jurisdiction(partner), area), partner)
            self.pairs[alert] = tuple((partner, area) for (_, area), partner in found.items())
        return self.pairs[alert]

    def _jurisdiction(self, partner: str) -> str:
        return self.book.playbook.partners[partner].jurisdiction

    def _rooms(self, mutant: Mutant, supposition: Supposition, partner: str) -> tuple[Room, ...]:
        """One room for each way in which the partner can be reached."""
        found: dict[tuple[Network, bool], Room] = {}
        for room in rooms(self.book, supposition, partner):
            found.setdefault((room.ref.network, room.encrypted), room)
        return tuple(found.values())

    def _where(self, supposition: Supposition, room: Room) -> Supposition:
        return replace(supposition, network=room.ref.network, encrypted=room.encrypted)


def _rules(books: Iterable[Book], fields: Iterable[str]) -> list[Rule]:
    """The rules of these books that name one of these fields."""
    names = frozenset(fields)
    return [
        rule
        for book in books
        for rule in book.playbook.sharing
        if not names.isdisjoint(rule.permit if isinstance(rule, Permit) else rule.forbid)
    ]


def _by_lead(selector: Selector) -> bool:
    return any(
        isinstance(term, Lead | Deputies)
        or (isinstance(term, Matching) and term.not_ is not None and _by_lead(term.not_))
        for term in selector.terms
    )


def _shown(book: Book, supposition: Supposition, own: Mapping[str, Sequence[Room]]) -> dict[str, Mapping[Room, Forms]]:
    """What each room is shown of the supposed alert: the fields with their forms, for those it goes to."""
    asked = audience(question(book, supposition), supposition.alert, own)
    found: dict[str, Mapping[Room, Forms]] = {}
    for partner, to in asked.addressees.items():
        found[partner] = {
            one.view.room: {
                name: shape[0].form for name in one.view.answers if (shape := one.view.shape(book, name)) is not None
            }
            for one in (to.rooms if to.status == "shown" else ())
        }
    return found


def _issuers(book: Book, supposed: Supposition) -> tuple[str, ...]:
    so = circumstances(book, supposed)
    template = book.playbook.alerts[supposed.alert]
    place = Place("…", None, (supposed.area,) if supposed.area else ()) if place_field(book, template) else None
    return tuple(
        name
        for name in book.playbook.partners
        if isinstance(may_issue(book, so, supposed.alert, name, place), Mandated)
    )
