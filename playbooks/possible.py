"""All that could happen under a playbook, as far as its rules can tell it apart: small enough to ask the rules about everything.

Whether a rule can ever apply, or somebody never sees what an alert must say, is not worked out a second time: the rule itself
(``sight``, ``selection``, ``mandate``) is asked in every circumstance. That stays quick because much is alike. Phases and hazards
that no rule tells apart are one; of partners that no rule tells apart one stands for all (``sample``); of days those count on
which an agreement begins or ends.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from functools import cache, cached_property, partial

from playbooks.audience import place_field
from playbooks.load import Book
from playbooks.mandate import calm_circumstances, leads, owners
from playbooks.rooms import NETWORKS, RoomRef
from playbooks.schema import (
    EVERYONE,
    Deputies,
    FieldSpec,
    Forbid,
    Labelled,
    Lead,
    LeadRule,
    Matching,
    One,
    Partner,
    Permit,
    Rule,
    Selector,
)
from playbooks.selection import Circumstances, Event, ground, matches, might_match, near
from playbooks.sight import Answer, Question, Room, Seen, Withheld
from playbooks.supposing import room_refs, sample
from playbooks.values import Place
from playbooks.whom import Whom, selectors, terms_in


@dataclass(frozen=True, slots=True)
class Source:
    """Where alerts of a template come from: a jurisdiction, a partner there who may issue it, the areas it may be about."""

    jurisdiction: str
    origin: str
    areas: frozenset[str]


class Possible:
    """What could happen under a book, seen from one day (in the playbook's time zone)."""

    def __init__(self, book: Book, today: date) -> None:
        self.book = book
        self.today = today
        self.ground = cache(partial(ground, book))
        """The areas that a partner answers for."""
        self.issuing = cache(self._anyone)
        """The partners who may issue an alert in some circumstances, while no danger is declared."""
        self.sources = cache(self._sources)
        """Where an alert may come from while no danger is declared: a source for each jurisdiction."""
        self.rooms = cache(self._rooms)
        """The rooms of a partner of the sample that the rule can tell apart: for one use, or for any."""
        self._issuing = cache(self._issuers)
        self._question = cache(self._ask)

    # --- circumstances ------------------------------------------------------------------------------------------------

    @cached_property
    def now(self) -> tuple[Circumstances, ...]:
        """Everything that can be so today while no danger is declared."""
        return self._circumstances([self.today], [False])

    @cached_property
    def ever(self) -> tuple[Circumstances, ...]:
        """Everything that can be so on any day, danger declared where the playbook lets it be."""
        agreements = self.book.playbook.agreements.values()
        days = [day for agreement in agreements for day in (agreement.from_, agreement.until) if day is not None]
        return self._circumstances([self.today, *days], [False] if self.book.playbook.danger is None else [False, True])

    def _circumstances(self, days: Iterable[date], dangers: Iterable[bool]) -> tuple[Circumstances, ...]:
        playbook = self.book.playbook
        whens = list(dict.fromkeys((when.phase, when.hazard) for rule in playbook.sharing if (when := rule.when)))
        everyone = frozenset(playbook.partners)
        found: dict[object, Circumstances] = {}
        for day in days:
            now = datetime.combine(day, time(12), tzinfo=playbook.timezone)
            in_force = frozenset(name for name, agreement in playbook.agreements.items() if agreement.in_force(day))
            for phase in playbook.phases:
                for hazard in playbook.hazards or (None,):
                    led = leads(self.book, phase, hazard)
                    told = tuple((p is None or phase in p, h is None or hazard in h) for p, h in whens)
                    for danger in dangers:
                        so = Circumstances(now, phase, everyone, danger, hazard, led)
                        found.setdefault((in_force, danger, told, led), so)
        return tuple(found.values())

    # --- who issues, from where ---------------------------------------------------------------------------------------

    def issuers(self, template: str, so: Circumstances) -> frozenset[str]:
        """The partners who may issue an alert then, somewhere."""
        by = self.book.playbook.alerts[template].by
        # Who may issue depends on the circumstances only through the leads, and through danger.
        led = so.leads if by is None or _asks_for_the_lead(by) or so.danger else ()
        return self._issuing(template, replace(self.now[0], leads=led, danger=so.danger))

    def _issuers(self, template: str, so: Circumstances) -> frozenset[str]:
        book = self.book
        alert = book.playbook.alerts[template]
        theirs = frozenset(owners(book, so, template, None))
        if so.danger and alert.in_danger is not None:
            could = alert.in_danger.by
            theirs |= {
                name for name in book.playbook.partners if matches(book, could, name, so, name, frozenset(), None)
            }
        return theirs

    @cached_property
    def _calm(self) -> tuple[Circumstances, ...]:
        return tuple({so.leads: so for so in self.now}.values())

    def _anyone(self, template: str) -> tuple[str, ...]:
        issuers = frozenset[str]().union(*(self.issuers(template, so) for so in self._calm))
        return tuple(name for name in self.book.playbook.partners if name in issuers)

    def _sources(self, template: str) -> tuple[Source, ...]:
        alert = self.book.playbook.alerts[template]
        needs_ground = alert.fields.get(place_field(self.book, alert) or "") == "required"
        by_land: dict[str, list[str]] = {}
        for name in self.issuing(template):
            if self.ground(name) or not needs_ground:
                by_land.setdefault(self.book.playbook.partners[name].jurisdiction, []).append(name)
        return tuple(
            Source(land, names[0], frozenset[str]().union(*map(self.ground, names))) for land, names in by_land.items()
        )

    def sources_in(self, template: str, so: Circumstances) -> tuple[Source, ...]:
        """Those of its sources from which an alert may come in these circumstances."""
        lands = {self.book.playbook.partners[name].jurisdiction for name in self.issuers(template, so)}
        return tuple(source for source in self.sources(template) if source.jurisdiction in lands)

    # --- partners -----------------------------------------------------------------------------------------------------

    @cached_property
    def alike(self) -> Mapping[str, tuple[str, ...]]:
        """For each partner of the sample, all that no rule tells from it, itself included."""
        groups: dict[object, list[str]] = {}
        for name, who in self.book.playbook.partners.items():
            groups.setdefault(self._traits(name, who), []).append(name)
        return {names[0]: tuple(names) for names in groups.values()}

    @cached_property
    def one_for(self) -> Mapping[str, str]:
        """For each partner the one that stands for it in the sample."""
        return {name: first for first, names in self.alike.items() for name in names}

    @cached_property
    def sample(self) -> Book:
        """The book with one partner of each sort."""
        playbook = self.book.playbook
        few = {name: playbook.partners[name] for name in self.alike}
        return replace(self.book, playbook=playbook.model_copy(update={"partners": few}))

    def _traits(self, name: str, who: Partner) -> object:
        own = self.ground(name)
        return (
            name if name in self._named else None,
            who.kind,
            who.level,
            who.jurisdiction,
            self._competences & frozenset(who.competences),
            tuple(bool(areas & own) for areas in self._regions),
            who.clearance.tlp,
            frozenset(who.clearance.compartments),
            frozenset((room.network, frozenset(room.for_), room.exercises) for room in who.rooms),
        )

    @cached_property
    def _matchings(self) -> tuple[Matching, ...]:
        found = (term for whom in selectors(self.book.playbook) for term in terms_in(whom.selector))
        return tuple(term for term in found if isinstance(term, Matching))

    @cached_property
    def _named(self) -> frozenset[str]:
        """The partners that a selector or a rule about leads calls by name."""
        playbook = self.book.playbook
        terms = [term for whom in selectors(playbook) for term in terms_in(whom.selector)]
        names = {term.partner for term in terms if isinstance(term, One)}
        names |= {name for term in self._matchings for name in term.partner or ()}
        return frozenset(names | {name for rule in playbook.leads for name in led_by(rule)})

    @cached_property
    def _competences(self) -> frozenset[str]:
        return frozenset(word for term in self._matchings for word in term.competence or ())

    @cached_property
    def _regions(self) -> tuple[frozenset[str], ...]:
        """The sets of areas that it makes a difference to have ground in."""
        terms = [term for term in self._matchings if term.area is not None]
        regions = {frozenset(term.area or ()) - {"affected"} for term in terms}
        if any(term.uses_event for term in self._matchings):
            regions |= {source.areas for template in self.book.playbook.alerts for source in self.sources(template)}
            regions.add(frozenset(self.book.playbook.areas))
        return tuple(sorted(regions | {near(self.book, areas) for areas in regions}, key=sorted))

    # --- questions ----------------------------------------------------------------------------------------------------

    def of_alert(self, template: str, source: Source, so: Circumstances) -> Question:
        """An alert from a source with every field filled in, put to the sample."""
        place = place_field(self.book, self.book.playbook.alerts[template])
        return self._question(self.one_for[source.origin], place, source.areas if place else frozenset(), so)

    def _ask(self, origin: str, place: str | None, areas: frozenset[str], so: Circumstances) -> Question:
        return Question(self.sample, so, self._event(origin, place, areas))

    def _event(self, origin: str, place: str | None, areas: frozenset[str]) -> Event:
        playbook = self.book.playbook
        somewhere = Place("…", None, tuple(name for name in playbook.areas if name in areas))
        noon = datetime.combine(self.today, time(12), tzinfo=playbook.timezone)
        values = {
            name: somewhere if spec.type == "place" else sample(spec, None, noon)
            for name, spec in playbook.fields.items()
        }
        return Event(origin, frozenset({playbook.partners[origin].jurisdiction}), values, place=place)

    # --- the sharing rules ----------------------------------------------------------------------------------------------

    def with_rules(self, rules: tuple[Rule, ...], fields: Mapping[str, FieldSpec] | None = None) -> Book:
        """The sample with other sharing rules, and some fields otherwise."""
        playbook = self.sample.playbook
        update = {"sharing": rules, "fields": {**playbook.fields, **(fields or {})}}
        return replace(self.sample, playbook=playbook.model_copy(update=update))

    def answers(self, books: Sequence[Book], field: str) -> Iterator[tuple[Room, tuple[Answer, ...]]]:
        """What these versions of the sample say of a field, for everything that may be said and every room."""
        rooms = [room for partner in self.alike for room in self.rooms(partner)]
        for so in self.ever:
            for event in self.words:
                questions = [Question(book, so, event) for book in books]
                for room in rooms:
                    yield room, tuple(question.decide(room, field) for question in questions)

    @cached_property
    def words(self) -> tuple[Event, ...]:
        """Whatever may be said, as far as sharing rules can tell: words from each jurisdiction, about every place and about none."""
        playbook = self.book.playbook
        nowhere: list[tuple[str | None, frozenset[str]]] = [(None, frozenset())]
        if any(rule.to.uses_event for rule in playbook.sharing):
            places = dict.fromkeys(place_field(self.book, alert) for alert in playbook.alerts.values())
            nowhere += [(place, areas) for place in places if place is not None for areas in self.wheres]
        return tuple(self._event(origin, place, areas) for origin in self.origins for place, areas in nowhere)

    @cached_property
    def origins(self) -> tuple[str, ...]:
        """A partner of the sample from each jurisdiction that has partners."""
        return tuple({who.jurisdiction: name for name, who in self.sample.playbook.partners.items()}.values())

    @cached_property
    def wheres(self) -> tuple[frozenset[str], ...]:
        """Places that a selector can tell apart: everywhere, and, where one leaves out whom it concerns, each area."""
        areas = self.book.playbook.areas
        but = any(term.not_ is not None and term.not_.uses_event for term in self._matchings)
        return (frozenset(areas), *(frozenset({area}) for area in areas if but))

    def meant(self, whom: Whom) -> frozenset[str]:
        """The partners of the sample whom a selector may ever mean."""
        return frozenset(self._meant(whom))

    def means_somebody(self, whom: Whom) -> bool:
        """Whether it may ever mean anybody."""
        return next(self._meant(whom), None) is not None

    def _meant(self, whom: Whom) -> Iterator[str]:
        circumstances = self._calm if _asks_for_the_lead(whom.selector) else self._calm[:1]
        if whom.path[0] == "activate":
            circumstances = (calm_circumstances(self.book),)
        of_room, itself = whom.asked == "of a room", whom.path[-1] == "by"
        wheres: tuple[frozenset[str] | None, ...] = (frozenset(),)
        if whom.asked != "of a partner" and whom.selector.uses_event:
            wheres = (*self.wheres, None)
        ask = matches
        if of_room and isinstance(self.book.playbook.sharing[int(whom.path[1])], Forbid):
            ask = might_match
        for partner in self.alike:
            networks = {room.ref.network for room in self.rooms(partner)} if of_room else {None}
            if any(
                ask(self.sample, whom.selector, partner, so, origin, areas, network)
                for so in circumstances
                for origin in ((partner,) if itself else self.origins)
                for areas in wheres
                for network in networks
            ):
                yield partner

    # --- answers and conversations ------------------------------------------------------------------------------------

    def leading(self, phases: Collection[str]) -> frozenset[str]:
        """Who leads in these phases, on whatever tier."""
        hazards = self.book.playbook.hazards or (None,)
        led = [one for phase in phases for hazard in hazards for one in leads(self.book, phase, hazard)]
        return frozenset(partner for one in led for partner in one.partners)

    def may_read(self, label: Labelled, partners: Iterable[str]) -> bool:
        """Whether any of these (of the sample) may be shown what has this label in a room for check-ins, if it is permitted."""
        spec = FieldSpec(type="text", **label.model_dump())
        book = self.with_rules((Permit(permit=("_answer",), to=EVERYONE),), {"_answer": spec})
        questions = [Question(book, self.now[0], self._event(origin, None, frozenset())) for origin in self.origins]
        rooms = [room for partner in partners for room in self.rooms(partner, "checkins")]
        return any(isinstance(one.decide(room, "_answer"), Seen) for one in questions for room in rooms)

    def heard(self, channel: str, members: Iterable[str]) -> bool:
        """Whether what one of the members (of the sample) says in a channel is ever relayed to another."""
        partners = self.book.playbook.partners
        said = [
            (speaker, Question(self.sample, so, self._event(speaker, None, frozenset())))
            for speaker in {partners[name].jurisdiction: name for name in members}.values()
            for so in self.ever
        ]
        lands = [partners[other].jurisdiction for name in members for other in self.alike[name]]
        return any(
            isinstance(question.decide(room, f"#{channel}"), Seen)
            for speaker, question in said
            for name in members
            if lands.count(partners[speaker].jurisdiction)
            > (partners[name].jurisdiction == partners[speaker].jurisdiction)
            for room in self.rooms(name, channel)
        )

    def _rooms(self, partner: str, use: str | None = None) -> tuple[Room, ...]:
        """The rooms of a partner of the sample that the rule can tell apart: for this use, or all of them, Matrix ones both
        plain and encrypted."""
        own = self.book.playbook.partners[partner].rooms
        refs = [room.ref for room in own] if use is None and own else room_refs(self.book, partner, use or "alerts")
        networks = {ref.network for ref in refs}
        return tuple(
            Room(RoomRef(network, "…"), partner, encrypted)
            for network in NETWORKS
            if network in networks
            for encrypted in ((False, True) if network == "matrix" else (False,))
        )


def led_by(rule: LeadRule) -> tuple[str, ...]:
    """All whom a rule about leads names."""
    names = (rule.lead, *rule.unified, rule.decides, *rule.deputies)
    return tuple(dict.fromkeys(name for name in names if name is not None))


def _asks_for_the_lead(selector: Selector) -> bool:
    return any(isinstance(term, Lead | Deputies) for term in terms_in(selector))


_ORDER = ("clearance", "compartment", "ceiling", "forbidden", "no-permit", "agreement")


def furthest(answers: Iterable[Answer]) -> Withheld | None:
    """Of several denials, the one that came closest to being a yes: what stands in the way last is best removed first."""
    denials = [answer for answer in answers if isinstance(answer, Withheld)]
    return max(denials, key=lambda one: _ORDER.index(one.why) if one.why in _ORDER else -1, default=None)
