"""Who sees what, and why: the visibility rule of the playbook language, whole.

**May partner P see form G of field F of event E in room R at time T?** Yes if and only if all of:

1. F is declared, P is bound and active in this incident, R is P's; and what was said has not expired;
2. G's TLP is within P's clearance, and G's compartments are P's;
3. G's TLP is within the ceiling of R's network now;
4. some ``permit`` matches F (and G is its ``as`` or coarser), P and ``when``; and for every origin of E: nothing more where G is clear
   and not personal, or where the origin is P's own jurisdiction and F is not personal; else that same permit names an agreement
   between the two, in force at T, that lists the permit's purpose; or it is for declared danger, and states its basis; and what
   somebody passes on from another origin goes to a third only if an agreement by which it came to them lets its receiver do so;
5. no ``forbid`` matches;
6. no rule that could apply failed to evaluate.

What a rule says of where the event is (``affected``) counts only for who may see the event's area there: for the others it is not
met where the rule permits, and met where it forbids. A rule about the place itself never looks at where it is.

P gets the finest form it may see. Every answer carries its reason: the rule's line, the agreement; or the first thing that would
have to change. The conditions stand below under their numbers, in ``Question._may_see``: 5 and 6 before 4, because a forbid beats
every permit, and a rule that fails denies whatever else would allow. The words of the answers are in ``answers``; whom a selector
means is said in ``selection``, and which rules name a field in ``rules``. What was decided becomes text in ``cleared``, and nowhere
else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from playbooks.answers import Answer, Obstacle, Room, Seen, View, Withheld
from playbooks.labels import Label, Tlp
from playbooks.load import Book
from playbooks.rooms import Network
from playbooks.rules import Ready, rules_of, standing
from playbooks.schema import FieldSpec, Forbid, Permit
from playbooks.selection import Circumstances, Event, local_time, matches, might_match
from playbooks.values import FORMS

__all__ = [
    "Answer", "Obstacle", "Question", "Room", "Seen", "View", "Withheld",
    "ceiling_of", "coordinator_sees", "covers", "decide", "label_of", "may_read", "view", "visible_areas",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Asked:
    """A field as one event carries it: its forms, finest first, with their labels there, and the rules that name it now."""

    field: str
    spec: FieldSpec
    forms: Mapping[str, Label]
    permits: tuple[Ready, ...]
    forbids: tuple[Ready, ...]

    @property
    def depends_on_partners_alone(self) -> bool:
        """Whether its rules mean the same partners whatever the event, so that partners alike have one answer."""
        return all(ready.always is not None for ready in (*self.permits, *self.forbids))


class Question:
    """What the rule says of one event at one moment. What does not depend on the room is worked out once, for all rooms."""

    def __init__(self, book: Book, circumstances: Circumstances, event: Event) -> None:
        self.book = book
        self.circumstances = circumstances
        self.event = event
        self._asked: dict[str, _Asked | None] = {}
        self._sees_area: dict[Room, bool] = {}
        self._answered: dict[tuple[int, str, Tlp | None], dict[str, Answer]] = {}

    # --- what can be asked

    def decide(self, room: Room, field: str) -> Answer:
        """May the room's partner see this field of the event there now, in which form, and why or why not?"""
        return self._decide(room, field, self._alike(room))

    def view(self, room: Room, fields: Iterable[str]) -> View:
        """Decide all of these fields for one room."""
        known = self._alike(room)
        return View(room, self.event, {field: self._decide(room, field, known) for field in fields})

    def decide_form(self, room: Room, field: str, form: str) -> Answer:
        """The same of one form alone, one that the field has."""
        asked = self._field(field)
        if asked is None:
            return Withheld("undeclared")
        return self._may_see(room, asked, form) if form in asked.forms else Withheld("no-form")

    def visible_areas(self, room: Room) -> frozenset[str] | None:
        """The event's areas if this partner may see them there: what `affected` may look at. None where it may not."""
        asked = self._field(self.event.place) if self.event.place else None
        if asked is None or asked.spec.type != "place":
            return frozenset()
        sees = self._sees_area.get(room)
        if sees is None:
            sees = self._sees_area[room] = isinstance(self._may_see(room, asked, "area"), Seen)
        return self.event.areas if sees else None

    # --- the rule

    def _finest(self, room: Room, asked: _Asked) -> Answer:
        """The finest form that may be seen; else what stands against the finest, or the rule that failed."""
        against: list[Withheld] = []
        for form in asked.forms:
            answer = self._may_see(room, asked, form)
            if isinstance(answer, Seen):
                return answer
            against.append(answer)
        return next((answer for answer in against if answer.why == "rule-failed"), against[0])

    def _may_see(self, room: Room, asked: _Asked, form: str) -> Answer:
        """The whole rule for one form: the first condition that is not met is the answer."""
        label = asked.forms[form]
        against = self._1_there(room) or self._2_cleared(room, label) or self._3_carried(room, label)
        if against is not None:
            return against
        try:
            forbids = [ready for ready in asked.forbids if self.applies(ready, room, asked.field)]
            permits = [ready for ready in asked.permits if self.applies(ready, room, asked.field)]
        except _FailedError as failed:  # 6
            return failed.answer
        if forbids:  # 5
            return Withheld("forbidden", forbids[0].line, rule=forbids[0].index)
        return self._4_permitted(room, asked, form, label, permits)

    def _1_there(self, room: Room) -> Withheld | None:
        """1: P is a partner of this playbook and takes part, and what was said has not expired."""
        if room.partner not in self.book.playbook.partners or room.partner not in self.circumstances.active:
            return Withheld("inactive")
        if self.event.expires is not None and self.circumstances.now >= self.event.expires:
            return Withheld("expired")
        return None

    def _2_cleared(self, room: Room, label: Label) -> Withheld | None:
        """2: G's TLP is within P's clearance, and G's compartments are P's."""
        clearance = self.book.playbook.partners[room.partner].clearance
        if label.tlp > clearance.tlp:
            return Withheld("clearance", self._clearance_line(room), label.tlp.word)
        lacking = label.compartments.difference(clearance.compartments)
        return Withheld("compartment", self._clearance_line(room), min(lacking)) if lacking else None

    def _3_carried(self, room: Room, label: Label) -> Withheld | None:
        """3: G's TLP is within the ceiling of R's network now."""
        ceiling = ceiling_of(self.book, room)
        if ceiling is None or label.tlp > ceiling:
            return Withheld("ceiling", self.book.line("networks", room.ref.network), label.tlp.word)
        return None

    def _4_permitted(self, room: Room, asked: _Asked, form: str, label: Label, permits: Iterable[Ready]) -> Answer:
        """4: one of the permits that match covers this form, and carries it from every origin to P's jurisdiction."""
        jurisdiction = self.book.playbook.partners[room.partner].jurisdiction
        against: Withheld | None = None
        for ready in permits:
            permit = ready.rule
            assert isinstance(permit, Permit)
            try:
                if not covers(permit, asked.spec, form):
                    continue
                agreements = self._agreements(permit, asked.spec, label, jurisdiction)
            except Exception as error:  # noqa: BLE001 6: whatever went wrong, it denies
                return Withheld("rule-failed", ready.line, type(error).__name__)
            if not isinstance(agreements, str):
                return Seen(form, label, ready.line, agreements, permit.basis, ready.index)
            against = Withheld("agreement", ready.line, f"{agreements}→{jurisdiction}")
        return against or Withheld("no-permit", self._otherwise(room, asked.field))

    def _agreements(self, permit: Permit, spec: FieldSpec, label: Label, to: str) -> tuple[str, ...] | str:
        """The agreements by which a permit carries what has this label to a jurisdiction; or the origin that stops it."""
        if label.tlp is Tlp.CLEAR and not label.personal:  # from every origin, nothing more
            return ()
        in_danger = (
            permit.when is not None and permit.when.danger is True and permit.basis and self.circumstances.danger
        )
        used: list[str] = []
        for origin in sorted(self.event.origins):
            if origin == to and not (spec.personal or self.event.held.personal):  # at home, nothing more
                continue
            if self._ends_with_its_receiver(permit, origin, to):
                return origin
            agreement = next((name for name in permit.under if self._joins(name, permit, origin, to)), None)
            if agreement is not None:
                used.append(agreement)
            elif not in_danger:
                return origin
        return tuple(dict.fromkeys(used))

    def _ends_with_its_receiver(self, permit: Permit, origin: str, to: str) -> bool:
        """Whether words that somebody passes on came to them under agreements that let no receiver do so, and ``to`` is a third."""
        through = self.event.through
        if through is None or origin == through or to in (origin, through):
            return False
        came = [name for name in permit.under if self._joins(name, permit, origin, through)]
        return not any(self.book.playbook.agreements[name].onward for name in came)

    def _joins(self, name: str, permit: Permit, origin: str, to: str) -> bool:
        """Whether an agreement is between the two, in force today where the playbook lives, and for the permit's purpose."""
        agreement = self.book.playbook.agreements.get(name)
        if agreement is None or permit.purpose not in agreement.purposes:
            return False
        today = local_time(self.book, self.circumstances.now).date()
        return agreement.joins(origin, to) and agreement.in_force(today)

    def applies(self, ready: Ready, room: Room, field: str) -> bool:
        """Whether a rule holds now and means P there; 6: where that cannot be said, it raises what denies."""
        try:
            return _holds(ready, self.circumstances) and self._means(ready, room, field)
        except Exception as error:
            raise _FailedError(Withheld("rule-failed", ready.line, type(error).__name__)) from error

    def _means(self, ready: Ready, room: Room, field: str) -> bool:
        """Whether a rule's selector means the room's partner there.

        What it says of the event's area counts only for who may see the area: unseen, it is not met where the rule permits, and
        met where it forbids. Rules about the place itself may not look at where it is, or they would look at themselves.
        """
        if ready.always is not None:
            return ready.always_means(room.partner, room.ref.network)
        rule, event = ready.rule, self.event
        areas = self.visible_areas(room) if rule.to.uses_event and field != event.place else None
        ask = might_match if isinstance(rule, Forbid) else matches
        return ask(self.book, rule.to, room.partner, self.circumstances, event.origin, areas, room.ref.network)

    # --- what is worked out once

    def _alike(self, room: Room) -> dict[str, Answer]:
        """What was answered to rooms that the rule cannot tell from this one. For nobody's room, nothing."""
        number = standing(self.book, room.partner, room.ref.network)
        if number is None or room.partner not in self.circumstances.active:
            return {}
        return self._answered.setdefault((number, room.ref.network, ceiling_of(self.book, room)), {})

    def _decide(self, room: Room, field: str, known: dict[str, Answer]) -> Answer:
        answer = known.get(field)
        if answer is None:
            asked = self._field(field)
            if asked is None:
                return Withheld("undeclared")
            answer = self._finest(room, asked)
            if asked.depends_on_partners_alone:
                known[field] = answer
        if isinstance(answer, Withheld) and answer.why in ("clearance", "compartment"):
            return Withheld(answer.why, self._clearance_line(room), answer.detail)
        return answer

    def _field(self, field: str) -> _Asked | None:
        if field not in self._asked:
            spec = self.book.playbook.field(field)
            self._asked[field] = None
            if spec is not None:
                labels = {form: label_of(spec, form, self.event) for form in spec.all_forms}
                permits, forbids = (tuple(filter(self._could_hold, rules)) for rules in rules_of(self.book, field))
                self._asked[field] = _Asked(field, spec, labels, permits, forbids)
        return self._asked[field]

    def _could_hold(self, ready: Ready) -> bool:
        try:
            return _holds(ready, self.circumstances)
        except Exception:  # noqa: BLE001 6: asked again for each room, it fails where that can be answered
            return True

    def _otherwise(self, room: Room, field: str) -> int:
        """The line of a permit that would mean them in other circumstances: another phase, a hazard, danger. 0: none."""
        permits, _ = rules_of(self.book, field)
        would = (ready for ready in permits if ready.always_means(room.partner, room.ref.network))
        return next((ready.line for ready in would if not self._could_hold(ready)), 0)

    def _clearance_line(self, room: Room) -> int:
        return self.book.line("partners", room.partner, "clearance")


class _FailedError(Exception):
    """A rule could not be evaluated: this answer denies."""

    def __init__(self, answer: Withheld) -> None:
        self.answer = answer


def decide(book: Book, circumstances: Circumstances, event: Event, room: Room, field: str) -> Answer:
    """May the room's partner see this field of the event there now, in which form, and why or why not?"""
    return Question(book, circumstances, event).decide(room, field)


def visible_areas(book: Book, circumstances: Circumstances, event: Event, room: Room) -> frozenset[str] | None:
    """The event's areas if this partner may see them there: what `affected` may look at. None where it may not."""
    return Question(book, circumstances, event).visible_areas(room)


def view(book: Book, circumstances: Circumstances, event: Event, room: Room, fields: Iterable[str]) -> View:
    """Decide all of these fields for one room."""
    return Question(book, circumstances, event).view(room, fields)


# --- what the conditions speak of -------------------------------------------------------------------------------------


def _holds(ready: Ready, so: Circumstances) -> bool:
    """Whether a rule's ``when`` holds: its phase, its hazard, its danger, as far as it names them."""
    when = ready.rule.when
    if when is None:
        return True
    if when.phase is not None and so.phase not in when.phase:
        return False
    if when.hazard is not None and so.hazard not in when.hazard:
        return False
    return when.danger is None or when.danger == so.danger


def covers(permit: Permit, spec: FieldSpec, form: str) -> bool:
    """Whether a form is the permit's ``as`` or coarser; a permit without ``as`` covers every form."""
    if permit.as_ is None:
        return True
    forms = FORMS[spec.type]
    return permit.as_ in forms and forms.index(form) >= forms.index(permit.as_)


def label_of(spec: FieldSpec, form: str, event: Event) -> Label:
    """The label of a form of a field as this event carries it: raised by the speaker, joined with what else holds it, with origins and expiry."""
    label = spec.label_of(form).join(event.held)
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


def may_read(book: Book, room: Room, label: Label) -> bool:
    """May a room be shown what the playbook itself says under a label: its means, its risks? By clearance and ceiling alone; what
    is about a person needs more than that, and is not shown.
    """
    partner, ceiling = book.playbook.partners.get(room.partner), ceiling_of(book, room)
    if partner is None or ceiling is None or label.personal:
        return False
    clearance = partner.clearance
    return label.tlp <= min(clearance.tlp, ceiling) and label.compartments <= set(clearance.compartments)


def coordinator_sees(book: Book, network: Network, field: str) -> bool:
    """May a coordinator, who acts for no partner, be shown this built-in field in a private chat on this network?

    Who has an alert and who is silent (``_delivery``) is theirs by its nature, as far as the network may carry it.
    """
    trust, spec = book.playbook.networks.get(network), book.playbook.field(field)
    return field == "_delivery" and trust is not None and spec is not None and spec.label.tlp <= trust.ceiling
