"""Who sees what under one playbook, for kinds of partners and kinds of circumstances instead of for each.

*Kin* are partners whom the rules of a field cannot tell apart in such rooms and at such places: of one jurisdiction and clearance,
under one ceiling, meant by the same rules. What kin see depends on the circumstances only as far as the rules that can mean them look
at these (``Looks``). The answers themselves are all ``sight``'s: it is asked once for each kind.

Kin and what the rules say are numbered for both playbooks together (``Numbers``): where the numbers are the same in both,
nothing is otherwise, and nothing need be asked.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator

from playbooks.diff_changes import Reason, Side
from playbooks.diff_domain import ENCRYPTED, Actual, Edge, Names
from playbooks.diff_looks import Form, Looks, Numbers, asks_who_leads, content, terms, widens
from playbooks.labels import Tlp
from playbooks.rooms import NETWORKS, Network, RoomRef
from playbooks.rules import Ready, rules_of
from playbooks.schema import Forbid, Permit, Selector
from playbooks.selection import Event, local_time, matches, might_match
from playbooks.sight import Answer, Question, Room, Seen, ceiling_of
from playbooks.values import Place

Meant = bool | tuple[bool, ...]
"""Whether a rule means a partner: always, or for each who may lead, seeing the place and not."""


class Seeing:
    """One playbook, asked what is seen. ``place`` is the field that says where the event is, or None."""

    def __init__(self, edge: Edge, side: Side, numbers: Numbers) -> None:
        self.edge = edge
        self.side: Side = side
        self.book = edge.book
        self._numbers = numbers
        self._rules: dict[str, tuple[tuple[Ready, ...], int]] = {}
        self._kin: dict[tuple[object, ...], tuple[int, Looks]] = {}
        self._labelled: dict[str, tuple[tuple[str, Tlp, Names, bool], ...]] = {}
        self._by_lead: dict[int, bool] = {}
        self._looked: dict[int, Looks] = {}
        self._by_place: dict[tuple[str, str | None], bool] = {}
        self._says: dict[tuple[str, str | None], int] = {}
        self._meant: dict[tuple[object, ...], tuple[bool, ...]] = {}
        self._answers: dict[tuple[object, ...], tuple[Form | None, Answer]] = {}
        self._questions: dict[tuple[Actual, str | None, Names], Question] = {}
        self._rooms: dict[tuple[str, str], Room] = {}
        self._leading = list(self._all_leads())

    # --- what the rules say, and of whom

    def says(self, name: str, place: str | None) -> int:
        """The number of all that decides about a field but for whom the rules mean: the same in both where they say the same."""
        key = (name, place)
        if key not in self._says:
            playbook = self.edge.playbook
            rules, contents = self._ready(name)
            agreements = {one for each in rules if isinstance(each.rule, Permit) for one in each.rule.under}
            event = self.looks_at_place(name, place)
            spec = playbook.field(name)
            self._says[key] = self._numbers.of(
                (
                    "says",
                    None if spec is None else (spec.type, spec.ranges, spec.personal, self.labels(name)),
                    contents,
                    playbook.phases,
                    playbook.hazards,
                    playbook.danger is not None,
                    tuple(sorted(self.edge.speakers)),
                    tuple((one, *terms(playbook.agreements[one])) for one in sorted(agreements)),
                    str(playbook.timezone) if agreements else None,
                    self.who_leads_when() if any(asks_who_leads(each.rule.to) for each in rules) else None,
                    self.says(place, place) if event and place is not None else None,
                    place is None,
                )
            )
        return self._says[key]

    def looks_at_place(self, name: str, place: str | None) -> bool:
        """Whether it can matter for a field where the event is."""
        key = (name, place)
        if key not in self._by_place:
            event = any(each.rule.to.uses_event for each in self._ready(name)[0])
            self._by_place[key] = event and place is not None and name != place
        return self._by_place[key]

    def _ready(self, name: str) -> tuple[tuple[Ready, ...], int]:
        """The rules that name a field, and the number of what they say whomever they mean; in an order that does not depend on the file's."""
        if name not in self._rules:
            said = [(content(each), each) for rules in rules_of(self.book, name) for each in rules]
            said.sort(key=lambda one: (one[0], repr(one[1].rule.to)))
            number = self._numbers.of(("rules", *(what for what, _ in said)))
            self._rules[name] = (tuple(each for _, each in said), number)
        return self._rules[name]

    def labels(self, name: str) -> tuple[tuple[str, Tlp, Names, bool], ...]:
        """The forms of a field, each with what its label says."""
        if name not in self._labelled:
            spec = self.edge.playbook.field(name)
            found = [(form, spec.label_of(form)) for form in spec.all_forms] if spec is not None else []
            self._labelled[name] = tuple((form, one.tlp, one.compartments, one.personal) for form, one in found)
        return self._labelled[name]

    # --- kin

    def kin(self, name: str, place: str | None, partner: str, room: str, areas: Names) -> tuple[int, Looks]:
        """The number of a partner's kind for a field, in such a room and for such a place; and what counts for that kind."""
        if not self.looks_at_place(name, place):
            areas = frozenset()
        key = (name, place, partner, room, areas)
        if key not in self._kin:
            self._kin[key] = self._kind(name, place, partner, room, areas)
        return self._kin[key]

    def _kind(self, name: str, place: str | None, partner: str, room: str, areas: Names) -> tuple[int, Looks]:
        who = self.edge.playbook.partners[partner]
        at = self.room(partner, room)
        ceiling = ceiling_of(self.book, at)
        most = -1 if ceiling is None else min(ceiling, who.clearance.tlp)
        rules, _ = self._ready(name)
        looks = Looks(labels=frozenset({(tuple(label[1] for label in self.labels(name)), most)}))
        meant: list[Meant] = []
        place_kin: int | None = None
        for ready in rules:
            means = self._means(ready, name, place, partner, at.ref.network, areas)
            meant.append(means)
            if means is False or (isinstance(means, tuple) and not any(means)):
                continue
            looks = looks.with_(self._looks(ready))
            if ready.rule.to.uses_event and name != place and place is not None:
                place_kin, place_looks = self.kin(place, place, partner, room, areas)
                looks = looks.with_(place_looks)
        number = self._numbers.of(
            (
                "kin",
                who.jurisdiction,
                who.clearance.tlp,
                frozenset(who.clearance.compartments),
                ceiling,
                tuple(meant),
                place_kin,
            )
        )
        return number, looks

    def _looks(self, ready: Ready) -> Looks:
        """What one rule looks at."""
        rule, when = ready.rule, ready.rule.when
        if id(ready) not in self._looked:
            self._looked[id(ready)] = Looks(
                when is not None and when.phase is not None,
                when is not None and when.hazard is not None,
                when is not None and when.danger is not None,
                asks_who_leads(rule.to),
                frozenset(rule.under) if isinstance(rule, Permit) else frozenset(),
            )
        return self._looked[id(ready)]

    def _means(self, ready: Ready, name: str, place: str | None, partner: str, network: Network, areas: Names) -> Meant:
        if ready.always is not None:
            return ready.always_means(partner, network)
        selector = ready.rule.to
        seen: tuple[Names | None, ...] = (None,)
        if selector.uses_event and name != place:
            seen = (areas, None) if place is not None else (frozenset(),)
        ask = might_match if isinstance(ready.rule, Forbid) else matches
        return self.means(selector, partner, network, seen, ask)

    def means(
        self,
        selector: Selector,
        partner: str,
        network: Network | None,
        areas: tuple[Names | None, ...],
        ask: Callable[..., bool] = matches,
    ) -> tuple[bool, ...]:
        """Whether a selector means a partner: for each who may lead (if it asks that), and for each of these sets of areas."""
        key = (id(selector), partner, network, areas, ask is matches)
        if key not in self._meant:
            if id(selector) not in self._by_lead:
                self._by_lead[id(selector)] = asks_who_leads(selector)
            leading = self._leading if self._by_lead[id(selector)] else self._leading[:1]
            self._meant[key] = tuple(
                ask(self.book, selector, partner, self.edge.circumstances(phase, hazard, False), origin, some, network)
                for phase, hazard, origin in leading
                for some in areas
            )
        return self._meant[key]

    def _all_leads(self) -> Iterator[tuple[str, str | None, str]]:
        """Each who may lead, by the first phase and hazard in which, and a partner for whose words, they do."""
        seen = set()
        for phase, hazard, jurisdiction in self._when():
            leading = self.leaders(phase, hazard, jurisdiction)
            if leading not in seen:
                seen.add(leading)
                yield phase, hazard, self.edge.speakers[jurisdiction]

    def who_leads_when(self) -> tuple[int, ...]:
        """Which of those who may lead it is, in each phase and hazard, for the words of each jurisdiction."""
        order: dict[Hashable, int] = {}
        return tuple(order.setdefault(self.leaders(*when), len(order)) for when in self._when())

    def _when(self) -> Iterator[tuple[str, str | None, str]]:
        playbook = self.edge.playbook
        for phase in playbook.phases:
            for hazard in (None, *playbook.hazards):
                for jurisdiction in sorted(self.edge.speakers):
                    yield phase, hazard, jurisdiction

    def leaders(self, phase: str, hazard: str | None, jurisdiction: str) -> Hashable:
        """Who leads there, and their deputies, as far as a selector can ask."""
        found = self.edge.circumstances(phase, hazard, False).lead_for(jurisdiction)
        return None if found is None else (found.partners, found.deputies)

    def in_force(self, agreements: Iterable[str], span: int) -> Names:
        """Those of these agreements that are in force then."""
        today = local_time(self.book, self.edge.moments[span]).date()
        return frozenset(one for one in agreements if self.edge.playbook.agreements[one].in_force(today))

    # --- answers

    def least(
        self, several: Iterable[Actual], name: str, place: str | None, partner: str, room: str, areas: Names
    ) -> tuple[Form | None, Answer]:
        """What a partner sees of a field in its room, in whichever of these circumstances it sees least."""
        answers = iter(several)
        found = self.answer(next(answers), name, place, partner, room, areas)
        for at in answers:
            other = self.answer(at, name, place, partner, room, areas)
            if widens(other[0], found[0]):
                found = other
        return found

    def answer(
        self, at: Actual, name: str, place: str | None, partner: str, room: str, areas: Names
    ) -> tuple[Form | None, Answer]:
        """What a partner sees of a field in its room there, and the answer of the rule."""
        if not self.looks_at_place(name, place):
            areas = frozenset()
        number, _ = self.kin(name, place, partner, room, areas)
        key = (name, place, number, at)
        if key not in self._answers:
            answer = self.question(at, place, areas).decide(self.room(partner, room), name)
            self._answers[key] = (self._form(name, answer), answer)
        return self._answers[key]

    def question(self, at: Actual, place: str | None, areas: Names) -> Question:
        """The rule, asked of something said by somebody of that jurisdiction, in these areas."""
        key = (at, place, areas)
        if key not in self._questions:
            event = Event(
                origin=self.edge.speakers[at.jurisdiction],
                origins=frozenset({at.jurisdiction}),
                fields={place: Place("…", None, tuple(sorted(areas)))} if place is not None else {},
                raised=at.raised.word if at.raised is not None else None,
                place=place,
            )
            so = self.edge.circumstances(at.phase, at.hazard, at.danger, at.span)
            self._questions[key] = Question(self.book, so, event)
        return self._questions[key]

    def room(self, partner: str, room: str) -> Room:
        """A partner's room on what ``room`` says: see ``Region``."""
        key = (partner, room)
        if key not in self._rooms:
            network = next(one for one in NETWORKS if room.startswith(one))
            self._rooms[key] = Room(RoomRef(network, "…"), partner, encrypted=room == ENCRYPTED)
        return self._rooms[key]

    def _form(self, name: str, answer: Answer) -> Form | None:
        if not isinstance(answer, Seen):
            return None
        spec = self.edge.playbook.field(name)
        assert spec is not None
        return Form(spec.type, answer.form, spec.ranges if answer.form == "range" else ())

    def reason(self, name: str, answer: Answer) -> Reason:
        """What decides an answer.

        The line of a clearance is each partner's own, and left open; so is that of a permit which no agreement carries there, of
        which there may be many.
        """
        if isinstance(answer, Seen):
            return Reason(self.side, "members" if name.startswith("#") else "permit", answer.line)
        line = 0 if answer.why in ("clearance", "compartment", "agreement", "no-permit") else answer.line
        return Reason(self.side, answer.why, line)
