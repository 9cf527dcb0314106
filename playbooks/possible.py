"""All that could happen under a playbook, as far as its rules can tell it apart: small enough to ask the rules about everything.

Whether a rule can ever apply, or somebody never sees what an alert must say, is not worked out a second time: the rule itself
(``sight``, ``selection``, ``mandate``) is asked in every circumstance. That stays quick because much is alike. Phases and hazards
that the rules in question do not tell apart are one; of partners one of each sort is asked (``alike``); of days those count on
which an agreement begins or ends.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from functools import cache, cached_property, partial
from itertools import product

from playbooks.alike import Alike, Areas, Sample
from playbooks.audience import place_field
from playbooks.load import Book
from playbooks.mandate import calm_circumstances, leads, owners
from playbooks.rooms import NETWORKS, Network, RoomRef
from playbooks.rules import named
from playbooks.schema import (
    Alert,
    Deputies,
    FieldSpec,
    Forbid,
    Lead,
    Matching,
    Rule,
    Selector,
    clause_fields,
    text_in,
)
from playbooks.selection import Circumstances, Event, matches, might_match
from playbooks.sight import Answer, Question, Room, Withheld
from playbooks.supposing import room_refs, sample
from playbooks.values import Place, Value
from playbooks.whom import Whom, terms_in

NOWHERE: Areas = frozenset()
_LEAD = Selector((Lead(),))


@dataclass(frozen=True, slots=True)
class Source:
    """Where alerts of a template come from: a jurisdiction, a partner there who may issue it, the areas it may be about."""

    jurisdiction: str
    origin: str
    areas: Areas


@dataclass(frozen=True)
class Scope:
    """What a question is about: some rules and selectors, and one partner of each sort that they tell apart."""

    rules: tuple[Rule, ...]
    selectors: tuple[Selector, ...]
    sample: Sample


@dataclass(frozen=True)
class Version:
    """The playbook as it might be: with these sharing rules alone, and some fields otherwise."""

    rules: tuple[Rule, ...]
    fields: Mapping[str, FieldSpec] = field(default_factory=dict)


class Possible:
    """What could happen under a book, seen from one day (in the playbook's time zone)."""

    def __init__(self, book: Book, today: date) -> None:
        self.book = book
        self.today = today
        self.alike = Alike(book)
        self.issuing = cache(self._anyone)
        """The partners who may issue an alert in some circumstances, while no danger is declared."""
        self.sources = cache(self._sources)
        """Where an alert may come from while no danger is declared: a source for each jurisdiction."""
        self.rooms = cache(self._rooms)
        """The rooms of a partner that the rule can tell apart: for one use, or for any."""
        self._leads = cache(partial(leads, book))
        self._issuing = cache(self._issuers)
        self._values = cache(self._filled_in)

    # --- circumstances ------------------------------------------------------------------------------------------------

    def now(self, rules: Iterable[Rule], selectors: Iterable[Selector]) -> tuple[Circumstances, ...]:
        """Everything that can be so today while no danger is declared, as far as it makes a difference to these."""
        known = self.book.playbook.hazards or (None,)
        return self._circumstances([self.today], [False], known, tuple(rules), selectors)

    def ever(self, rules: Iterable[Rule], selectors: Iterable[Selector]) -> tuple[Circumstances, ...]:
        """Everything that can be so on any day, danger declared where the playbook lets it be, the hazard known or not."""
        agreements = self.book.playbook.agreements.values()
        days = [day for agreement in agreements for day in (agreement.from_, agreement.until) if day is not None]
        dangers = [False] if self.book.playbook.danger is None else [False, True]
        hazards = (*self.book.playbook.hazards, None)
        return self._circumstances([self.today, *days], dangers, hazards, tuple(rules), selectors)

    def _circumstances(
        self,
        days: Iterable[date],
        dangers: Collection[bool],
        hazards: Collection[str | None],
        rules: tuple[Rule, ...],
        selectors: Iterable[Selector],
    ) -> tuple[Circumstances, ...]:
        playbook = self.book.playbook
        whens = dict.fromkeys((when.phase, when.hazard) for rule in rules if (when := rule.when))
        under = dict.fromkeys(name for rule in rules for name in getattr(rule, "under", ()))
        if not any(rule.when is not None and rule.when.danger is not None for rule in rules):
            dangers = [False]
        led = any(_asks_for_the_lead(selector) for selector in selectors)
        found: dict[object, Circumstances] = {}
        for day in dict.fromkeys(days):
            now = datetime.combine(day, time(12), tzinfo=playbook.timezone)
            in_force = tuple(playbook.agreements[name].in_force(day) for name in under)
            for phase, hazard in product(playbook.phases, hazards):
                leading = self._leads(phase, hazard)
                told = tuple((p is None or phase in p, h is None or hazard in h) for p, h in whens)
                for danger in dangers:
                    so = Circumstances(now, phase, self._everyone, danger, hazard, leading)
                    found.setdefault((in_force, danger, told, leading if led else ()), so)
        return tuple(found.values())

    @cached_property
    def _everyone(self) -> frozenset[str]:
        return frozenset(self.book.playbook.partners)

    def leading(self, phases: Collection[str]) -> frozenset[str]:
        """Who leads in these phases, on whatever tier."""
        hazards = self.book.playbook.hazards or (None,)
        led = [one for phase, hazard in product(phases, hazards) for one in self._leads(phase, hazard)]
        return frozenset(partner for one in led for partner in one.partners)

    # --- who issues, from where ---------------------------------------------------------------------------------------

    def issuers(self, template: str, so: Circumstances) -> frozenset[str]:
        """The partners who may issue an alert then, somewhere."""
        # Who may issue depends on the circumstances only through the leads, and through danger.
        alert = self.book.playbook.alerts[template]
        asked = [alert.by or _LEAD, *([alert.in_danger.by] if alert.in_danger is not None else ())]
        led = so.leads if any(map(_asks_for_the_lead, asked)) else ()
        danger = so.danger and alert.in_danger is not None
        return self._issuing(template, replace(self.now((), ())[0], leads=led, danger=danger))

    def _issuers(self, template: str, so: Circumstances) -> frozenset[str]:
        book = self.book
        alert = book.playbook.alerts[template]
        theirs = frozenset(owners(book, so, template, None))
        if so.danger and alert.in_danger is not None:
            could = alert.in_danger.by
            theirs |= {name for name in book.playbook.partners if matches(book, could, name, so, name, NOWHERE, None)}
        return theirs

    def _anyone(self, template: str) -> tuple[str, ...]:
        by = self.book.playbook.alerts[template].by or _LEAD
        issuers = frozenset[str]().union(*(self.issuers(template, so) for so in self.now((), [by])))
        return tuple(name for name in self.book.playbook.partners if name in issuers)

    def _sources(self, template: str) -> tuple[Source, ...]:
        alert = self.book.playbook.alerts[template]
        needs_ground = alert.fields.get(place_field(self.book, alert) or "") == "required"
        by_land: dict[str, list[str]] = {}
        for name in self.issuing(template):
            if self.alike.ground(name) or not needs_ground:
                by_land.setdefault(self.book.playbook.partners[name].jurisdiction, []).append(name)
        return tuple(
            Source(land, names[0], NOWHERE.union(*map(self.alike.ground, names))) for land, names in by_land.items()
        )

    def sources_in(self, template: str, so: Circumstances) -> tuple[Source, ...]:
        """Those of its sources from which an alert may come in these circumstances."""
        lands = {self.book.playbook.partners[name].jurisdiction for name in self.issuers(template, so)}
        return tuple(source for source in self.sources(template) if source.jurisdiction in lands)

    # --- alerts -------------------------------------------------------------------------------------------------------

    def scope(self, template: str) -> Scope:
        """What decides whom an alert reaches: to whom it goes, and the rules about the fields without which it does not go."""
        playbook, alert = self.book.playbook, self._shortest(self.book.playbook.alerts[template])
        rules = [rule for rule in playbook.sharing if not alert.fields.keys().isdisjoint(named(rule))]
        place = place_field(self.book, playbook.alerts[template])
        if place is not None and any(one.uses_event for one in (alert.to, *(rule.to for rule in rules))):
            needed = {*alert.fields, place}
            rules = [rule for rule in playbook.sharing if not needed.isdisjoint(named(rule))]
        asked = (alert.to, alert.by or _LEAD, *(rule.to for rule in rules))
        few = self.alike.sample([alert.to, *asked[2:]], [source.areas for source in self.sources(template)])
        alerts = {**playbook.alerts, template: alert}
        book = replace(few.book, playbook=few.book.playbook.model_copy(update={"alerts": alerts}))
        return Scope(tuple(rules), asked, replace(few, book=book))

    def _shortest(self, alert: Alert) -> Alert:
        """The alert with only the fields that must be seen for it to go, where a clause is left for whoever sees these."""
        needed = {name: need for name, need in alert.fields.items() if need == "required"}
        lines, _ = text_in(alert.text, self.book.playbook.languages)
        if not any(needed.keys() >= set(clause_fields(line)) for line in lines):
            return alert
        return alert.model_copy(update={"fields": needed, "text": {"": ("…",)}})

    def question(self, scope: Scope, template: str, source: Source, so: Circumstances) -> Question:
        """An alert from a source with every field filled in, put to the sample of its scope."""
        place = place_field(self.book, self.book.playbook.alerts[template])
        return Question(scope.sample.book, so, self.event(scope.sample, source.jurisdiction, place, source.areas))

    # --- whatever is said ---------------------------------------------------------------------------------------------

    def answers(self, versions: Sequence[Version], asked: str) -> Iterator[tuple[Room, tuple[Answer, ...]]]:
        """What versions of the playbook say of a field, in all circumstances, of all that may be said, in every sort of room."""
        rules = tuple(dict.fromkeys(rule for version in versions for rule in version.rules))
        looking = any(rule.to.uses_event for rule in rules)
        wheres = self._wheres([rule.to for rule in rules])
        few = self.alike.sample([rule.to for rule in rules], wheres)
        places: list[tuple[str | None, Areas]] = [(None, NOWHERE)]
        if looking:
            alerts = self.book.playbook.alerts.values()
            found = dict.fromkeys(place_field(self.book, alert) for alert in alerts)
            places += [(place, areas) for place in found if place is not None for areas in wheres]
        circumstances = self.ever(rules, [rule.to for rule in rules])
        for part in few.in_parts():
            books = [self._as_it_might_be(part.book, version) for version in versions]
            rooms = [room for partner in part.stands_for for room in self.rooms(partner)]
            for so in circumstances:
                for land in self.lands:
                    for place, areas in places:
                        event = self.event(few, land, place, areas)
                        questions = [Question(book, so, event) for book in books]
                        for room in rooms:
                            yield room, tuple(question.decide(room, asked) for question in questions)

    def _as_it_might_be(self, book: Book, version: Version) -> Book:
        fields = {**book.playbook.fields, **version.fields}
        return replace(book, playbook=book.playbook.model_copy(update={"sharing": version.rules, "fields": fields}))

    def _wheres(self, selectors: Iterable[Selector]) -> tuple[Areas, ...]:
        """Places that selectors can tell apart: everywhere, and, where one leaves out those concerned, nowhere and each area."""
        areas = self.book.playbook.areas
        terms = [term for selector in selectors for term in terms_in(selector) if isinstance(term, Matching)]
        but = any(term.not_ is not None and term.not_.uses_event for term in terms)
        return (frozenset(areas), *([NOWHERE, *(frozenset({area}) for area in areas)] if but else ()))

    @cached_property
    def lands(self) -> tuple[str, ...]:
        """The jurisdictions that have partners."""
        return tuple(dict.fromkeys(who.jurisdiction for who in self.book.playbook.partners.values()))

    def event(self, few: Sample, land: str, place: str | None = None, areas: Areas = NOWHERE) -> Event:
        """Words from a jurisdiction, with every field filled in; ``place`` is the field that says where, ``areas`` what it says."""
        return Event(few.speakers[land], frozenset({land}), self._values(areas), place=place)

    def _filled_in(self, areas: Areas) -> Mapping[str, Value]:
        playbook = self.book.playbook
        somewhere = Place("…", None, tuple(name for name in playbook.areas if name in areas))
        noon = datetime.combine(self.today, time(12), tzinfo=playbook.timezone)
        return {
            name: somewhere if spec.type == "place" else sample(spec, None, noon)
            for name, spec in playbook.fields.items()
        }

    # --- selectors ----------------------------------------------------------------------------------------------------

    def meant(self, whom: Whom) -> frozenset[str]:
        """The partners whom a selector may ever mean."""
        few = self._few(whom)
        return few.everyone(self._meant(whom, few))

    def means_somebody(self, whom: Whom) -> bool:
        """Whether it may ever mean anybody."""
        return next(self._meant(whom, self._few(whom)), None) is not None

    def _few(self, whom: Whom) -> Sample:
        return self.alike.sample([whom.selector], self._wheres([whom.selector]))

    def _meant(self, whom: Whom, few: Sample) -> Iterator[str]:
        circumstances = self.now((), [whom.selector])
        if whom.path[0] == "activate":
            circumstances = (calm_circumstances(self.book),)
        of_room, itself = whom.asked == "of a room", whom.path[-1] == "by"
        wheres: tuple[Areas | None, ...] = (NOWHERE,)
        if whom.asked != "of a partner" and whom.selector.uses_event:
            wheres = (*self._wheres([whom.selector]), None)
        ask = matches
        if of_room and isinstance(self.book.playbook.sharing[int(whom.path[1])], Forbid):
            ask = might_match
        for partner in few.stands_for:
            networks = {room.ref.network for room in self.rooms(partner)} if of_room else {None}
            if any(
                ask(few.book, whom.selector, partner, so, origin, areas, network)
                for so in circumstances
                for origin in ([partner] if itself else few.speakers.values())
                for areas in wheres
                for network in networks
            ):
                yield partner

    def _rooms(self, partner: str, use: str | None = None) -> tuple[Room, ...]:
        own = self.book.playbook.partners[partner].rooms
        refs = [room.ref for room in own] if use is None and own else room_refs(self.book, partner, use or "alerts")
        networks = {ref.network for ref in refs}
        return tuple(
            Room(RoomRef(network, "…"), partner, encrypted)
            for network in NETWORKS
            if network in networks
            for encrypted in self._encryption(network)
        )

    def _encryption(self, network: Network) -> tuple[bool, ...]:
        """Whether a room is taken to be encrypted: it then sees what it would see otherwise, and more, unless it is trusted less."""
        if network != "matrix":
            return (False,)
        less = self.book.playbook.encrypted_ceiling(network) < self.book.playbook.ceiling(network)
        return (False, True) if less else (True,)


def _asks_for_the_lead(selector: Selector) -> bool:
    return any(isinstance(term, Lead | Deputies) for term in terms_in(selector))


_ORDER = ("clearance", "compartment", "ceiling", "forbidden", "no-permit", "agreement")


def furthest(answers: Iterable[Answer]) -> Withheld | None:
    """Of several denials, the one that came closest to being a yes: what stands in the way last is best removed first."""
    denials = [answer for answer in answers if isinstance(answer, Withheld)]
    return max(denials, key=lambda one: _ORDER.index(one.why) if one.why in _ORDER else -1, default=None)
