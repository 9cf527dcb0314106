"""Where a playbook and a mutant of it differ, if they differ anywhere that a test could ask.

They are compared for each alert, as somebody of each jurisdiction issues it who ever could, for each area for which they
could, in each phase and hazard, with danger declared and not, from now to beyond the end of the last agreement, in a room of
each partner on each network, plain and encrypted; and for what Tocsin itself says, the built-in fields, likewise. Where
the rules concerned cannot tell two circumstances apart, one stands for both; what is the same is asked once. It is
always the real rule that answers: nothing here decides what is seen.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from itertools import product

from playbooks.asked import said_by
from playbooks.audience import audience, place_field
from playbooks.load import Book
from playbooks.mandate import Mandated, leads, may_issue
from playbooks.mutants import Mutant
from playbooks.rooms import Network
from playbooks.schema import BUILT_IN, Deputies, Lead, Matching, Permit, Rule, Selector
from playbooks.selection import local_time
from playbooks.sight import Question, Room, Seen
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


@dataclass
class Everywhere:
    """All circumstances in which a book is compared with its mutants, and what the book says in them, asked once."""

    book: Book
    now: datetime
    _questions: dict[Supposition, Question] = field(default_factory=dict)
    _said: dict[Supposition, Question] = field(default_factory=dict)
    _answers: dict[tuple[Supposition, Room, tuple[str, ...]], object] = field(default_factory=dict)
    _pairs: dict[str, tuple[tuple[str, str | None], ...]] = field(default_factory=dict)
    _known_rooms: dict[str, tuple[Room, ...]] = field(default_factory=dict)

    def witness(self, mutant: Mutant) -> Witness | None:
        """The first difference between the book and a mutant, or None."""
        for alert, template in self.book.playbook.alerts.items():
            if not mutant.concerns(alert, template.fields):
                continue
            differs = self._issuing(mutant, alert) if mutant.issuing else self._seeing(mutant, alert)
            if differs is not None:
                return differs
        return None if mutant.issuing else self._saying(mutant)

    def _seeing(self, mutant: Mutant, alert: str) -> Witness | None:
        template = self.book.playbook.alerts[alert]
        if alert in mutant.alerts:
            return self._compare(mutant, alert, template.fields, ())
        # What is shown can only differ where sight of these fields does, and that is asked quickly: first in the few
        # circumstances that their own rules can tell apart, then wherever those of the whole alert might matter.
        names = tuple(name for name in template.fields if name in mutant.fields)
        if not self._sight_ever_differs(mutant, alert, names):
            return None
        return self._compare(mutant, alert, template.fields, names)

    def _sight_ever_differs(self, mutant: Mutant, alert: str, names: tuple[str, ...]) -> bool:
        rules = _rules((self.book, mutant.book), (*names, *self._place(alert)))
        selectors = [rule.to for rule in rules]
        for supposition in self._suppositions(mutant, alert, rules, selectors):
            one, other = self._question(supposition), question(mutant.book, supposition)
            if any(self._differs(one, other, room, names, supposition) for room in self._rooms(mutant)):
                return True
        return False

    def _differs(
        self, one: Question, other: Question, room: Room, names: tuple[str, ...], supposition: Supposition
    ) -> bool:
        """Whether the room's partner sees these fields otherwise, or the place by which it is selected."""
        key = (supposition, room, names)
        if key not in self._answers:
            self._answers[key] = _sight(one, room, names)
        return self._answers[key] != _sight(other, room, names)

    def _compare(self, mutant: Mutant, alert: str, fields: Iterable[str], names: tuple[str, ...]) -> Witness | None:
        """The first room that is shown something else of the alert; where ``names`` are given, only if it differs in them."""
        books = (self.book, mutant.book)
        rules = _rules(books, fields)
        selectors = [*(rule.to for rule in rules), *(book.playbook.alerts[alert].to for book in books)]
        for supposition in self._suppositions(mutant, alert, rules, selectors):
            one, other = self._question(supposition), question(mutant.book, supposition)
            for room in self._rooms(mutant):
                if names and not self._differs(one, other, room, names, supposition):
                    continue
                before, after = (_shown(each, alert, room) for each in (one, other))
                if before != after:
                    return Witness(_where(supposition, room), room.partner, before, after)
        return None

    def _saying(self, mutant: Mutant) -> Witness | None:
        """The same for built-in fields, which belong to no alert."""
        names = [name for name in BUILT_IN if name in mutant.fields]
        if not names or not self.book.playbook.alerts:
            return None
        rules = _rules((self.book, mutant.book), names)
        alert = next(iter(self.book.playbook.alerts))
        lands: dict[str, tuple[str, str | None]] = {}
        for origin in self.book.playbook.partners:
            lands.setdefault(self._jurisdiction(origin), (origin, None))
        settings = self._settings(rules, [rule.to for rule in rules])
        for at, setting, (origin, area) in product(self._times(mutant, rules), settings, lands.values()):
            supposition = _supposition(alert, origin, area, at, setting)
            if supposition not in self._said:
                self._said[supposition] = said_by(self.book, supposition)
            one, other = self._said[supposition], said_by(mutant.book, supposition)
            for room in self._rooms(mutant):
                before = {name: form for name in names if (form := _form(one, room, name))}
                after = {name: form for name in names if (form := _form(other, room, name))}
                if before != after:
                    return Witness(_where(supposition, room), room.partner, before, after)
        return None

    def _issuing(self, mutant: Mutant, alert: str) -> Witness | None:
        for supposed in self._issues(alert):
            before, after = (_issuers(book, supposed) for book in (self.book, mutant.book))
            if before != after:
                partner = next(name for name in self.book.playbook.partners if (name in before) != (name in after))
                return Witness(supposed, partner, issuers=before)
        return None

    # --- circumstances ------------------------------------------------------------------------------------------------

    def _suppositions(
        self, mutant: Mutant, alert: str, rules: Sequence[Rule], selectors: Sequence[Selector]
    ) -> Iterable[Supposition]:
        """All in which these rules and selectors might say something else."""
        pairs = self._origins(alert)
        if not any(selector.uses_event for selector in selectors):
            lands = {self._jurisdiction(origin): (origin, area) for origin, area in reversed(pairs)}
            pairs = tuple(reversed(lands.values()))
        settings = self._settings(rules, selectors)
        for at, setting, (origin, area) in product(self._times(mutant, rules), settings, pairs):
            yield _supposition(alert, origin, area, at, setting)

    def _place(self, alert: str) -> tuple[str, ...]:
        name = place_field(self.book, self.book.playbook.alerts[alert])
        return (name,) if name is not None else ()

    def _question(self, supposition: Supposition) -> Question:
        if supposition not in self._questions:
            self._questions[supposition] = question(self.book, supposition)
        return self._questions[supposition]

    @property
    def _dangers(self) -> tuple[bool, ...]:
        return (False,) if self.book.playbook.danger is None else (False, True)

    def _settings(self, rules: Sequence[Rule], selectors: Sequence[Selector]) -> list[tuple[str, str | None, bool]]:
        """Phases, hazards and danger, once for each way in which they can matter to these rules and selectors."""
        playbook = self.book.playbook
        whens = [rule.when for rule in rules if rule.when is not None]
        led = any(map(_by_lead, selectors))
        found: dict[object, tuple[str, str | None, bool]] = {}
        dangers = self._dangers if any(when.danger is not None for when in whens) else (False,)
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

    def _issues(self, alert: str) -> Iterable[Supposition]:
        """All in which it might be somebody else's to issue an alert."""
        base, playbook = suppose(self.book, alert, self.now), self.book.playbook
        areas: list[str | None] = [*playbook.areas] if self._place(alert) else []
        led: dict[object, tuple[str, str | None]] = {}
        for phase, hazard in product(playbook.phases, playbook.hazards or (None,)):
            led.setdefault(leads(self.book, phase, hazard), (phase, hazard))
        for danger, (phase, hazard), area in product(self._dangers, led.values(), areas or [None]):
            yield replace(base, phase=phase, hazard=hazard, danger=danger, area=area)

    def _origins(self, alert: str) -> tuple[tuple[str, str | None], ...]:
        """Somebody of each jurisdiction who could ever issue this alert, with each area for which they could."""
        if alert not in self._pairs:
            found: dict[tuple[str, str | None], str] = {}
            for supposed in self._issues(alert):
                for partner in _issuers(self.book, supposed):
                    found.setdefault((self._jurisdiction(partner), supposed.area), partner)
            self._pairs[alert] = tuple((partner, area) for (_, area), partner in found.items())
        return self._pairs[alert]

    def _jurisdiction(self, partner: str) -> str:
        return self.book.playbook.partners[partner].jurisdiction

    def _rooms(self, mutant: Mutant) -> Iterable[Room]:
        """One room for each way in which each partner concerned can be reached."""
        for partner in self.book.playbook.partners:
            if mutant.partners is None or partner in mutant.partners:
                if partner not in self._known_rooms:
                    anything = suppose(self.book, next(iter(self.book.playbook.alerts)), self.now)
                    found: dict[tuple[Network, bool], Room] = {}
                    for room in rooms(self.book, replace(anything, network=None, encrypted=None), partner):
                        found.setdefault((room.ref.network, room.encrypted), room)
                    self._known_rooms[partner] = tuple(found.values())
                yield from self._known_rooms[partner]


def _supposition(
    alert: str, origin: str, area: str | None, at: datetime, setting: tuple[str, str | None, bool]
) -> Supposition:
    phase, hazard, danger = setting
    return Supposition(alert, origin, phase, at, area, danger=danger, hazard=hazard)


def _where(supposition: Supposition, room: Room) -> Supposition:
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


def _form(asked: Question, room: Room, name: str) -> str | None:
    answer = asked.decide(room, name)
    return answer.form if isinstance(answer, Seen) else None


def _sight(asked: Question, room: Room, names: tuple[str, ...]) -> object:
    forms = [_form(asked, room, name) for name in names]
    return forms, asked.visible_areas(room) if asked.event.place in names else None


def _shown(asked: Question, alert: str, room: Room) -> Forms:
    """What a room is shown of an alert: the fields with their forms; nothing where it does not go there."""
    to = audience(asked, alert, {room.partner: [room]}).addressees[room.partner]
    if to.status != "shown":
        return {}
    view = to.rooms[0].view
    shapes = {name: view.shape(asked.book, name) for name in view.answers}
    return {name: shape[0].form for name, shape in shapes.items() if shape is not None}


def _issuers(book: Book, supposed: Supposition) -> tuple[str, ...]:
    so = circumstances(book, supposed)
    template = book.playbook.alerts[supposed.alert]
    place = Place("…", None, (supposed.area,) if supposed.area else ()) if place_field(book, template) else None
    return tuple(
        name
        for name in book.playbook.partners
        if isinstance(may_issue(book, so, supposed.alert, name, place), Mandated)
    )
