"""Who sees what, and why: the visibility rule of the playbook language, whole.

**May partner P see form G of field F of event E in room R at time T?** Yes if and only if all of:

1. F is declared, P is bound and active in this incident, R is P's;
2. G's TLP is within P's clearance, and G's compartments are P's;
3. G's TLP is within the ceiling of R's network now;
4. some ``permit`` matches F (and G is its ``as`` or coarser), P and ``when``; and for every origin of E: nothing more where G is clear
   and not personal, or where the origin is P's own jurisdiction and F is not personal; else that same permit names an agreement
   between the two, in force at T, that lists the permit's purpose; or it is for declared danger, and states its basis;
5. no ``forbid`` matches;
6. no rule that could apply failed to evaluate.

And nobody sees what has expired. P gets the finest form it may see. Every answer carries its reason: the rule's line, the
agreement; or the first thing that would have to change. What was decided becomes text in ``cleared``, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Literal
from weakref import WeakKeyDictionary

from playbooks.labels import Label, Tlp
from playbooks.load import Book
from playbooks.rooms import Network, RoomRef
from playbooks.schema import Everyone, FieldSpec, Forbid, Lead, Matching, One, Permit, Selector
from playbooks.selection import Circumstances, Event, local_time, matches, might_match
from playbooks.values import FORMS, Moment, Shape, take


@dataclass(frozen=True, slots=True)
class Room:
    """A partner's room as sight needs to know it. ``encrypted``: it is, and has always stayed so."""

    ref: RoomRef
    partner: str
    encrypted: bool = False
    world_readable: bool = False
    open_join: bool = False


Obstacle = Literal[
    "undeclared",  # 1: no such field
    "inactive",  # 1: the partner takes no part in this incident, or the room is not its own
    "expired",
    "clearance",  # 2: detail is the TLP needed
    "compartment",  # 2: detail is the compartment lacking
    "ceiling",  # 3: detail is the TLP needed
    "no-permit",  # 4; the line is that of a permit which only holds in other circumstances
    "agreement",  # 4: detail is origin→jurisdiction
    "forbidden",  # 5
    "rule-failed",  # 6
    "no-form",  # the value has no form that may be seen, as a place outside every area has no area
]


@dataclass(frozen=True, slots=True)
class Seen:
    """Yes: in this form, by the permit on this line, under these agreements."""

    form: str
    label: Label
    line: int
    agreements: tuple[str, ...] = ()
    basis: str | None = None


@dataclass(frozen=True, slots=True)
class Withheld:
    """No: the first thing that would have to change, the line that says so (0: none), and for some a detail."""

    why: Obstacle
    line: int = 0
    detail: str = ""


Answer = Seen | Withheld

_NEVER = datetime.min.replace(tzinfo=UTC)


# --- the rule ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Rule:
    """A permit or forbid made ready: ``always`` are the partners whom it means whatever the event; None: ask each time."""

    rule: Permit | Forbid
    line: int
    always: frozenset[str] | None


_DELIVERY_TO_LEAD = Permit(permit=("_delivery",), to=Selector((Lead(),)))
_READY: WeakKeyDictionary[Book, Mapping[str, tuple[tuple[_Rule, ...], tuple[_Rule, ...]]]] = WeakKeyDictionary()


def _rules(book: Book, field: str) -> tuple[tuple[_Rule, ...], tuple[_Rule, ...]]:
    """The permits and the forbids that name a field."""
    ready = _READY.get(book)
    if ready is None:
        permits: dict[str, list[_Rule]] = {}
        forbids: dict[str, list[_Rule]] = {}
        for index, rule in enumerate(book.playbook.sharing):
            prepared = _Rule(rule, book.line("sharing", index), _always(book, rule.to))
            for name in _named(rule):
                (permits if isinstance(rule, Permit) else forbids).setdefault(name, []).append(prepared)
        # Who has it and who is silent is for the lead by its nature: permitting it to others takes it from nobody.
        permits.setdefault("_delivery", []).append(_Rule(_DELIVERY_TO_LEAD, 0, None))
        ready = {name: (tuple(permits.get(name, ())), tuple(forbids.get(name, ()))) for name in {*permits, *forbids}}
        _READY[book] = ready
    return ready.get(field, ((), ()))


def _always(book: Book, selector: Selector) -> frozenset[str] | None:
    """The partners a selector means whatever the event and the room, or None where that depends."""
    for term in selector.terms:
        match term:
            case Everyone() | One():
                continue
            case Matching(network=None, not_=None) if not term.uses_event:
                continue
        return None
    calm = Circumstances(now=_NEVER, phase="", active=frozenset())
    try:
        return frozenset(
            partner
            for partner in book.playbook.partners
            if matches(book, selector, partner, calm, partner, frozenset(), None)
        )
    except Exception:  # noqa: BLE001 condition 6: whatever went wrong, it denies
        return None


_STANDINGS: WeakKeyDictionary[Book, Mapping[str, int]] = WeakKeyDictionary()


def _standings(book: Book) -> Mapping[str, int]:
    """A number for each partner, the same for those whom the rule treats alike: with one clearance and jurisdiction, and meant by
    the same rules, as far as these mean somebody whatever the event."""
    ready = _STANDINGS.get(book)
    if ready is None:
        fields = {name for rule in book.playbook.sharing for name in _named(rule)}
        rules = [
            one for field in sorted(fields) for each in _rules(book, field) for one in each if one.always is not None
        ]
        numbers: dict[object, int] = {}
        ready = {
            name: numbers.setdefault(
                (
                    who.jurisdiction,
                    who.clearance.tlp,
                    frozenset(who.clearance.compartments),
                    tuple(name in (one.always or ()) for one in rules),
                ),
                len(numbers),
            )
            for name, who in book.playbook.partners.items()
        }
        _STANDINGS[book] = ready
    return ready


def _named(rule: Permit | Forbid) -> tuple[str, ...]:
    return rule.permit if isinstance(rule, Permit) else rule.forbid


class Question:
    """What the rule says of one event at one moment. What does not depend on the room is worked out once, for all rooms."""

    def __init__(self, book: Book, circumstances: Circumstances, event: Event) -> None:
        self.book = book
        self.circumstances = circumstances
        self.event = event
        self._fields: dict[str, _Asked | None] = {}
        self._permitted: dict[tuple[int, str, str, str], Seen | Withheld] = {}
        self._standings = _standings(book)
        self._known: dict[tuple[int, str, Tlp | None], dict[str, Answer]] = {}

    def decide(self, room: Room, field: str) -> Answer:
        """May the room's partner see this field of the event there now, in which form, and why or why not?"""
        return self._decide(room, field, self._answers(room))

    def view(self, room: Room, fields: Iterable[str]) -> View:
        """Decide all of these fields for one room."""
        known = self._answers(room)
        return View(room, self.event, {field: self._decide(room, field, known) for field in fields})

    def _answers(self, room: Room) -> dict[str, Answer]:
        """What was answered to rooms that the rule cannot tell from this one. For nobody's room, nothing."""
        if room.partner not in self._standings or room.partner not in self.circumstances.active:
            return {}
        key = (self._standings[room.partner], room.ref.network, ceiling_of(self.book, room))
        return self._known.setdefault(key, {})

    def _decide(self, room: Room, field: str, known: dict[str, Answer]) -> Answer:
        answer = known.get(field)
        if answer is None:
            asked = self._asked(field)
            if asked is None:
                return Withheld("undeclared")
            answer = self._finest(room, asked)
            # What a rule says of a partner in this event is nobody else's.
            if all(ready.always is not None for ready in asked.rules):
                known[field] = answer
        if isinstance(answer, Withheld) and answer.why in ("clearance", "compartment"):
            return Withheld(answer.why, self.book.line("partners", room.partner, "clearance"), answer.detail)
        return answer

    def _finest(self, room: Room, asked: _Asked) -> Answer:
        answer: Answer | None = None
        for form, label in asked.forms.items():
            this = self._decide_form(room, asked, form, label)
            if isinstance(this, Seen):
                return this
            if answer is None or this.why == "rule-failed":
                answer = this
        return answer or Withheld("no-form")

    def visible_areas(self, room: Room) -> frozenset[str] | None:
        """The event's areas if this partner may see them there: what `affected` may look at. None where it may not."""
        asked = self._asked(self.event.place) if self.event.place else None
        if asked is None or asked.spec.type != "place":
            return frozenset()
        answer = self._decide_form(room, asked, "area", asked.forms["area"])
        return self.event.areas if isinstance(answer, Seen) else None

    def _asked(self, field: str) -> _Asked | None:
        if field not in self._fields:
            spec = self.book.playbook.field(field)
            self._fields[field] = None
            if spec is not None:
                labels = {form: label_of(spec, form, self.event) for form in spec.all_forms}
                permits, forbids = _rules(self.book, field)
                rules = tuple(one for one in (*forbids, *permits) if _may_hold(one.rule, self.circumstances))
                self._fields[field] = _Asked(field, spec, labels, rules)
        return self._fields[field]

    def _decide_form(self, room: Room, asked: _Asked, form: str, label: Label) -> Answer:
        book, circumstances, event, partner = self.book, self.circumstances, self.event, room.partner
        who = book.playbook.partners.get(partner)
        # 1
        if who is None or partner not in circumstances.active:
            return Withheld("inactive")
        if event.expires is not None and circumstances.now >= event.expires:
            return Withheld("expired")
        # 2
        if label.tlp > who.clearance.tlp:
            return Withheld("clearance", book.line("partners", partner, "clearance"), label.tlp.word)
        if not label.compartments <= frozenset(who.clearance.compartments):
            lacking = min(label.compartments - frozenset(who.clearance.compartments))
            return Withheld("compartment", book.line("partners", partner, "clearance"), lacking)
        # 3
        ceiling = ceiling_of(book, room)
        if ceiling is None or label.tlp > ceiling:
            return Withheld("ceiling", book.line("networks", room.ref.network), label.tlp.word)
        # 5 and 6 come before 4: a forbid beats every permit, and a rule that fails denies, whatever else would allow.
        matching: list[_Rule] = []
        for ready in asked.rules:
            try:
                applies = _when(ready.rule, circumstances) and self._means(room, asked.field, ready)
            except Exception as error:  # noqa: BLE001 condition 6: whatever went wrong, it denies
                return Withheld("rule-failed", ready.line, type(error).__name__)
            if applies and isinstance(ready.rule, Forbid):
                return Withheld("forbidden", ready.line)
            if applies:
                matching.append(ready)
        # 4
        obstacle = Withheld("no-permit")
        for ready in matching:
            permit = ready.rule
            if not isinstance(permit, Permit):
                continue
            forms = FORMS[asked.spec.type]
            if permit.as_ is not None and (permit.as_ not in forms or forms.index(form) < forms.index(permit.as_)):
                continue
            try:
                answer = self._by_permit(who.jurisdiction, asked, form, label, ready, permit)
            except Exception as error:  # noqa: BLE001 condition 6
                return Withheld("rule-failed", ready.line, type(error).__name__)
            if isinstance(answer, Seen):
                return answer
            obstacle = answer
        return obstacle if obstacle.why != "no-permit" else Withheld("no-permit", self._otherwise(partner, asked.field))

    def _otherwise(self, partner: str, field: str) -> int:
        """The line of a permit that would mean them in other circumstances: another phase, a hazard, danger. 0: none."""
        permits, _ = _rules(self.book, field)
        would = (one for one in permits if one.always is not None and partner in one.always)
        return next((one.line for one in would if not _may_hold(one.rule, self.circumstances)), 0)

    def _means(self, room: Room, field: str, ready: _Rule) -> bool:
        """Whether a rule's selector means the room's partner. Rules about the place itself may not look at where it is."""
        if ready.always is not None:
            return room.partner in ready.always
        selector, event = ready.rule.to, self.event
        areas: frozenset[str] | None = None
        if selector.uses_event and field != event.place:
            areas = self.visible_areas(room)
        ask = might_match if isinstance(ready.rule, Forbid) else matches
        return ask(self.book, selector, room.partner, self.circumstances, event.origin, areas, room.ref.network)

    def _by_permit(
        self, jurisdiction: str, asked: _Asked, form: str, label: Label, ready: _Rule, permit: Permit
    ) -> Seen | Withheld:
        """What a permit that means them leads to in a jurisdiction: whether every origin has an agreement with it."""
        key = (id(permit), jurisdiction, asked.field, form)  # the book keeps the permit, and we keep the book
        if key not in self._permitted:
            so, event = self.circumstances, self.event
            agreements = _agreements(self.book, so, event, jurisdiction, permit, label, asked.spec)
            if isinstance(agreements, str):
                self._permitted[key] = Withheld("agreement", ready.line, f"{agreements}→{jurisdiction}")
            else:
                self._permitted[key] = Seen(form, label, ready.line, agreements, permit.basis)
        return self._permitted[key]


@dataclass(frozen=True, slots=True)
class _Asked:
    """A field as one event carries it: its forms, finest first, with their labels there; the rules that name it now, forbids first."""

    field: str
    spec: FieldSpec
    forms: Mapping[str, Label]
    rules: tuple[_Rule, ...]


def decide(book: Book, circumstances: Circumstances, event: Event, room: Room, field: str) -> Answer:
    """May the room's partner see this field of the event there now, in which form, and why or why not?"""
    return Question(book, circumstances, event).decide(room, field)


def _when(rule: Permit | Forbid, circumstances: Circumstances) -> bool:
    when = rule.when
    if when is None:
        return True
    if when.phase is not None and circumstances.phase not in when.phase:
        return False
    if when.hazard is not None and circumstances.hazard not in when.hazard:
        return False
    return when.danger is None or when.danger == circumstances.danger


def _may_hold(rule: Permit | Forbid, circumstances: Circumstances) -> bool:
    try:
        return _when(rule, circumstances)
    except Exception:  # noqa: BLE001 condition 6: asked again for each room, it fails where that can be answered
        return True


def _agreements(
    book: Book,
    circumstances: Circumstances,
    event: Event,
    jurisdiction: str,
    permit: Permit,
    label: Label,
    spec: FieldSpec,
) -> tuple[str, ...] | str:
    """The agreements that carry it from every origin to the jurisdiction; or the origin for which there is none."""
    if label.tlp is Tlp.CLEAR and not label.personal:
        return ()
    in_danger = permit.when is not None and permit.when.danger is True and permit.basis and circumstances.danger
    used: list[str] = []
    for origin in sorted(event.origins):
        if origin == jurisdiction and not spec.personal:
            continue
        agreement = next(
            (name for name in permit.under if _carries(book, circumstances, name, origin, jurisdiction, permit)), None
        )
        if agreement is not None:
            used.append(agreement)
        elif not in_danger:
            return origin
    return tuple(dict.fromkeys(used))


def _carries(
    book: Book, circumstances: Circumstances, name: str, origin: str, jurisdiction: str, permit: Permit
) -> bool:
    """Whether an agreement is between the two, in force today where the playbook lives, and for the permit's purpose."""
    agreement = book.playbook.agreements.get(name)
    if agreement is None or permit.purpose not in agreement.purposes:
        return False
    return agreement.joins(origin, jurisdiction) and agreement.in_force(local_time(book, circumstances.now).date())


def cleared_until(book: Book, answers: Iterable[Answer]) -> datetime | None:
    """When the first of the agreements ends that these answers rely on: the midnight after its last day. None: never."""
    used = {name for answer in answers if isinstance(answer, Seen) for name in answer.agreements}
    last = [until for name in used if (until := book.playbook.agreements[name].until) is not None]
    if not last:
        return None
    return datetime.combine(min(last) + timedelta(days=1), time.min, tzinfo=book.playbook.timezone)


def label_of(spec: FieldSpec, form: str, event: Event) -> Label:
    """The label of a form of a field as this event carries it: raised by the speaker, with origins and expiry."""
    label = spec.label_of(form)
    tlp = max(label.tlp, Tlp.parse(event.raised)) if event.raised else label.tlp
    return Label(tlp, label.compartments, label.personal, event.origins, event.expires)


def ceiling_of(book: Book, room: Room) -> Tlp | None:
    """How far a room can be trusted now, or None where the playbook does not know its network."""
    network = book.playbook.networks.get(room.ref.network)
    if network is None:
        return None
    if network.encrypted is not None and room.encrypted and not room.world_readable and not room.open_join:
        return network.encrypted
    return network.ceiling


def coordinator_sees(book: Book, network: Network, field: str) -> bool:
    """May a coordinator, who acts for no partner, be shown this built-in field in a private chat on this network?

    Who has an alert and who is silent (``_delivery``) is theirs by its nature, as far as the network may carry it.
    """
    trust, spec = book.playbook.networks.get(network), book.playbook.field(field)
    return field == "_delivery" and trust is not None and spec is not None and spec.label.tlp <= trust.ceiling


def visible_areas(book: Book, circumstances: Circumstances, event: Event, room: Room) -> frozenset[str] | None:
    """The event's areas if this partner may see them there: what `affected` may look at. None where it may not."""
    return Question(book, circumstances, event).visible_areas(room)


# --- a whole view ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class View:
    """What one room may see of one event: an answer for each field asked about, whether the event has it or not."""

    room: Room
    event: Event
    answers: Mapping[str, Answer]

    def shape(self, book: Book, field: str) -> tuple[Seen, Shape] | None:
        """The field as this room may see it, or None where it may not, or the event does not have it."""
        answer = self.answers.get(field)
        value = self.event.fields.get(field)
        spec = book.playbook.field(field)
        if not isinstance(answer, Seen) or value is None or spec is None:
            return None
        if isinstance(value, Moment):  # its day is the one where the playbook lives
            value = Moment(local_time(book, value.at))
        shape = take(value, answer.form, spec.ranges)
        return None if shape is None else (answer, shape)


def view(book: Book, circumstances: Circumstances, event: Event, room: Room, fields: Iterable[str]) -> View:
    """Decide all of these fields for one room."""
    return Question(book, circumstances, event).view(room, fields)
