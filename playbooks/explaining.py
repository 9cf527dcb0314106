"""Why a partner sees a field or not, and for what is withheld the nearest change that would open it.

The nearest change is found by making changes: whatever the rule names as the first thing that would have to change is changed, in
a copy of the playbook or of what is supposed, and the rule is asked again, until it says yes. What is told are these changes.
They are not advice: that a change would open something does not mean that it should be made.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from playbooks.labels import Tlp
from playbooks.load import Book
from playbooks.rules import Ready, rules_of
from playbooks.schema import EVERYONE, Agreement, Permit, Selector, When
from playbooks.selection import matches
from playbooks.sight import Answer, Question, Room, Seen, Withheld, ceiling_of
from playbooks.supposing import Supposition, question, rooms
from playbooks.values import FORMS

MOST_STEPS = 8
_NOBODY = Selector(())


@dataclass(frozen=True, slots=True)
class Change:
    """One change that would be needed: in words, and the line it is about (0: a line that is not there yet, or none)."""

    words: str
    line: int = 0


@dataclass(frozen=True, slots=True)
class Way:
    """All the changes, one after the other, by which one form would be seen."""

    form: str
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Explained:
    """What one kind of room of the partner sees: the answer, what stands against each finer form, and the nearest ways on.

    ``ways`` are the nearest way to see anything at all, where nothing is seen, and the way to the exact form.
    """

    room: Room
    answer: Answer
    finer: Mapping[str, Withheld]
    ways: tuple[Way, ...]


def explain(book: Book, supposed: Supposition, field: str, partner: str) -> tuple[Explained, ...]:
    """Each kind of room that the partner has there, in the order of the playbook; none where it has no room."""
    asked = question(book, supposed)
    kinds = {(room.ref.network, room.encrypted): room for room in rooms(book, supposed, partner)}
    return tuple(_explained(asked, supposed, room, field) for room in kinds.values())


def _explained(asked: Question, supposed: Supposition, room: Room, field: str) -> Explained:
    answer = asked.decide(room, field)
    spec = asked.book.playbook.field(field)
    if spec is None:
        return Explained(room, answer, {}, ())
    against: dict[str, Withheld] = {}
    for form in spec.all_forms:
        this = asked.decide_form(room, field, form)
        if not isinstance(this, Withheld):
            break
        against[form] = this
    found = [way for form in against if (way := _way(asked.book, supposed, room, field, form)) is not None]
    if isinstance(answer, Withheld):
        nearest = min(found, key=lambda way: (len(way.changes), -FORMS[spec.type].index(way.form)), default=None)
        found = [way for way in found if way is nearest or way.form == "exact"]
    finest: dict[tuple[Change, ...], Way] = {}
    for way in found:  # finest first: what one and the same change opens is said of the finest
        finest.setdefault(way.changes, way)
    found = sorted(finest.values(), key=lambda way: len(way.changes))
    return Explained(room, answer, against, tuple(found))


def _way(book: Book, supposed: Supposition, room: Room, field: str, form: str) -> Way | None:
    """The changes by which this form would be seen; None where no change of the playbook would do it."""
    at = _Trial(book, supposed, room, field, form)
    for _ in range(MOST_STEPS):
        answer = at.asked.decide_form(at.room, field, form)
        if isinstance(answer, Seen):
            return Way(form, tuple(at.changes))
        if not at.change(answer):
            return None
    return None


class _Trial:
    """A copy in which one obstacle after the other is taken away."""

    def __init__(self, book: Book, supposed: Supposition, room: Room, field: str, form: str) -> None:
        self.book = book
        self.supposed = supposed
        self.room = room
        self.field = field
        self.form = form
        self.changes: list[Change] = []
        self.asked = question(book, supposed)

    def change(self, obstacle: Withheld) -> bool:
        """Take this obstacle away, and say how; False where that cannot be done."""
        before = len(self.changes)
        match obstacle.why:
            case "clearance" | "compartment":
                self._clear(obstacle)
            case "ceiling":
                self._carry(obstacle)
            case "forbidden":
                self._allow(obstacle)
            case "no-permit":
                self._permit(obstacle)
            case "agreement":
                self._agree(obstacle)
            case "undeclared" | "inactive" | "expired" | "rule-failed" | "no-form":
                return False
        self.asked = question(self.book, self.supposed)
        return len(self.changes) > before

    @property
    def _me(self) -> str:
        return self.room.partner

    def _say(self, words: str, line: int = 0) -> None:
        self.changes.append(Change(words, line))

    def _with(self, **sections: Any) -> None:
        self.book = replace(self.book, playbook=self.book.playbook.model_copy(update=sections))

    def _clear(self, obstacle: Withheld) -> None:
        """2: the partner's clearance."""
        who = self.book.playbook.partners[self._me]
        line = self.book.line("partners", self._me, "clearance")
        clearance = who.clearance
        if obstacle.why == "clearance":
            needed = Tlp.parse(obstacle.detail)
            self._say(f"raise the clearance of {self._me} from {clearance.tlp.word} to {needed.word}", line)
            clearance = clearance.model_copy(update={"tlp": needed})
        else:
            self._say(f"clear {self._me} for the compartment {obstacle.detail}", line)
            clearance = clearance.model_copy(update={"compartments": (*clearance.compartments, obstacle.detail)})
        who = who.model_copy(update={"clearance": clearance})
        self._with(partners={**self.book.playbook.partners, self._me: who})

    def _carry(self, obstacle: Withheld) -> None:
        """3: the network's ceiling."""
        needed, network = Tlp.parse(obstacle.detail), self.room.ref.network
        encrypted = replace(self.room, encrypted=True)
        able = ceiling_of(self.book, encrypted)
        if network == "matrix" and not self.room.encrypted and able is not None and needed <= able:
            self._say("have its Matrix room encrypted (and keep it closed)", obstacle.line)
            self.room = encrypted
            return
        trust = self.book.playbook.networks.get(network)
        if trust is None:
            return
        key = "encrypted" if self.room.encrypted and trust.encrypted is not None else "ceiling"
        name = f"encrypted rooms on {network}" if key == "encrypted" else network
        had: Tlp = getattr(trust, key)
        self._say(
            f"raise the ceiling of {name} from {had.word} to {needed.word}, or reach it on a safer network",
            obstacle.line,
        )
        self._with(networks={**self.book.playbook.networks, network: trust.model_copy(update={key: needed})})

    def _allow(self, obstacle: Withheld) -> None:
        """5: the forbid on that line."""
        self._say(f"take {self._me} out of the forbid on line {obstacle.line}", obstacle.line)
        self._with(
            sharing=tuple(
                rule.model_copy(update={"to": _NOBODY}) if self.book.line("sharing", index) == obstacle.line else rule
                for index, rule in enumerate(self.book.playbook.sharing)
            )
        )

    def _permit(self, obstacle: Withheld) -> None:
        """4: no permit that applies now names the field and means the partner in this form."""
        permits, _ = rules_of(self.book, self.field)
        otherwise = next((ready for ready in permits if obstacle.line and ready.line == obstacle.line), None)
        if otherwise is not None and otherwise.rule.when is not None and self._move_to(otherwise.rule.when):
            self._say(
                f"{_in_words(otherwise.rule.when)}: then the permit on line {otherwise.line} holds", otherwise.line
            )
            return
        mine = [
            ready for ready in permits if self._means_me(ready) and isinstance(ready.rule, Permit) and ready.rule.as_
        ]
        if mine:
            rule = mine[0].rule
            assert isinstance(rule, Permit)
            self._say(
                f"let the permit on line {mine[0].line} share it as {self.form}, not only as {rule.as_}", mine[0].line
            )
            self._change_rule(mine[0], rule.model_copy(update={"as_": None}))
            return
        nearest = next((ready for ready in permits if ready.line and not self.field.startswith("#")), None)
        if self.field.startswith("#"):
            channel = self.book.playbook.channels[self.field[1:]]
            everyone = channel.model_copy(update={"members": EVERYONE})
            line = self.book.line("channels", self.field[1:], "members")
            self._say(f"make {self._me} a member of {self.field}", line)
            self._with(channels={**self.book.playbook.channels, self.field[1:]: everyone})
        elif nearest is not None and isinstance(nearest.rule, Permit):
            also = f" (the one on line {nearest.line} is for others)"
            self._say(f"permit {self.field} to {self._me}{also}", nearest.line)
            self._add_permit(nearest.rule)
        else:
            self._say(f"add a permit of {self.field} to {self._me} under `sharing`", self.book.line("sharing"))
            self._add_permit(None)

    def _agree(self, obstacle: Withheld) -> None:
        """4: the permit on that line has no agreement in force between the two, for its purpose."""
        origin, _, to = obstacle.detail.partition("→")
        ready = next(one for one in rules_of(self.book, self.field)[0] if one.line == obstacle.line)
        permit = ready.rule
        assert isinstance(permit, Permit)
        today = self.supposed.at.astimezone(self.book.playbook.timezone).date()
        agreements = self.book.playbook.agreements
        between = [name for name, each in agreements.items() if each.joins(origin, to)]
        fitting = [name for name in between if permit.purpose in agreements[name].purposes]
        name = next(iter([n for n in permit.under if n in fitting] or fitting or between), None)
        home = f"between {origin} and {to}" if origin != to else f"of {origin} with itself, for personal data"
        if name is None:
            self._say(
                f"conclude an agreement {home}, and name it in the permit on line {obstacle.line} (`under`)",
                obstacle.line,
            )
            name = "…"
            made = Agreement(title={"": name}, between=(origin, to), purposes=(permit.purpose or "…",))
        else:
            made, line = agreements[name], self.book.line("agreements", name)
            if permit.purpose not in made.purposes:
                purpose = permit.purpose or "…"
                self._say(f"have the agreement {name} cover the purpose {purpose}", line)
                made = made.model_copy(update={"purposes": (*made.purposes, purpose)})
            if made.until is not None and today > made.until:
                self._say(f"prolong the agreement {name}, which ended on {made.until}", line)
            elif made.from_ is not None and today < made.from_:
                self._say(f"wait for the agreement {name}, which begins on {made.from_}", line)
            made = made.model_copy(update={"until": None, "from_": None})
            if name not in permit.under:
                self._say(
                    f"name the agreement {name} in the permit on line {obstacle.line} (`under: {name}`)", obstacle.line
                )
        self._with(agreements={**agreements, name: made})
        under = (*permit.under, *(() if name in permit.under else (name,)))
        self._change_rule(ready, permit.model_copy(update={"under": under, "purpose": permit.purpose or "…"}))

    def _change_rule(self, ready: Ready, rule: Permit) -> None:
        if self.field.startswith("#"):
            name = self.field[1:]
            channel = self.book.playbook.channels[name].model_copy(
                update={"under": rule.under, "purpose": rule.purpose}
            )
            self._with(channels={**self.book.playbook.channels, name: channel})
            return
        self._with(sharing=tuple(rule if each is ready.rule else each for each in self.book.playbook.sharing))

    def _add_permit(self, like: Permit | None) -> None:
        """One more for this partner, under the purpose and agreements of one that there is."""
        if like is None:
            rule = Permit(permit=(self.field,), to=EVERYONE)
        else:
            rule = like.model_copy(update={"permit": (self.field,), "to": EVERYONE, "when": None, "as_": None})
        self._with(sharing=(*self.book.playbook.sharing, rule))

    def _means_me(self, ready: Ready) -> bool:
        so, event = self.asked.circumstances, self.asked.event
        areas = self.asked.visible_areas(self.room)
        return matches(self.book, ready.rule.to, self._me, so, event.origin, areas, self.room.ref.network)

    def _move_to(self, when: When) -> bool:
        """Suppose what a rule asks for; False where it is so already."""
        moved = replace(
            self.supposed,
            phase=self.supposed.phase if when.phase is None or self.supposed.phase in when.phase else when.phase[0],
            hazard=self.supposed.hazard
            if when.hazard is None or self.supposed.hazard in when.hazard
            else when.hazard[0],
            danger=self.supposed.danger if when.danger is None else when.danger,
        )
        changed, self.supposed = moved != self.supposed, moved
        return changed


def _in_words(when: When) -> str:
    """What a rule's `when` asks for."""
    parts = [f"move to the phase {' or '.join(when.phase)}"] if when.phase else []
    parts += [f"face the hazard {' or '.join(when.hazard)}"] if when.hazard else []
    parts += [] if when.danger is None else ["declare danger" if when.danger else "end the danger"]
    return " and ".join(parts)
