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
from playbooks.schema import EVERYONE, Agreement, Permit, Rule, Selector, When
from playbooks.sight import Answer, Question, Room, Seen, Withheld, ceiling_of, covers
from playbooks.supposing import Supposition, question, rooms
from playbooks.values import FORMS

MOST_STEPS = 8
_NOBODY = Selector(())
_PURPOSE = "any"
"""What stands for a purpose where a permit that is tried names none."""


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
    """The fewest changes by which this form would be seen; None where no change of the playbook would do it."""
    changes = _nearest(_Trial(book, supposed, room, field, form, ()), MOST_STEPS)
    return None if changes is None else Way(form, changes)


def _nearest(at: _Trial, steps: int) -> tuple[Change, ...] | None:
    answer = question(at.book, at.supposed).decide_form(at.room, at.field, at.form)
    if isinstance(answer, Seen):
        return at.changes
    found = [_nearest(after, steps - 1) for after in at.after(answer)] if steps else []
    return min((changes for changes in found if changes is not None), key=len, default=None)


@dataclass(frozen=True, slots=True)
class _Trial:
    """A copy of the playbook and of what is supposed, in which some obstacles have been taken away by these changes."""

    book: Book
    supposed: Supposition
    room: Room
    field: str
    form: str
    changes: tuple[Change, ...]

    def after(self, obstacle: Withheld) -> list[_Trial]:
        """The ways in which this obstacle can be taken away, each a copy in which it is."""
        match obstacle.why:
            case "clearance" | "compartment":
                return [self._clear(obstacle)]
            case "ceiling":
                return self._carry(obstacle)
            case "forbidden":
                return [self._allow(obstacle)]
            case "no-permit":
                return self._member() if self.field.startswith("#") else self._permit()
            case "agreement":
                return [self._agree(ready, obstacle) for ready in self._matching() if self._covers(ready)]
            case "undeclared" | "inactive" | "expired" | "rule-failed" | "no-form":
                return []

    @property
    def _me(self) -> str:
        return self.room.partner

    def _changed(self, words: str, line: int, **sections: Any) -> _Trial:
        """One more change, of these sections of the playbook."""
        book = replace(self.book, playbook=self.book.playbook.model_copy(update=sections))
        return replace(self, book=book, changes=(*self.changes, Change(words, line)))

    def _clear(self, obstacle: Withheld) -> _Trial:
        """2: the partner's clearance."""
        who = self.book.playbook.partners[self._me]
        clearance = who.clearance
        if obstacle.why == "clearance":
            needed = Tlp.parse(obstacle.detail)
            words = f"raise the clearance of {self._me} from {clearance.tlp.word} to {needed.word}"
            clearance = clearance.model_copy(update={"tlp": needed})
        else:
            words = f"clear {self._me} for the compartment {obstacle.detail}"
            clearance = clearance.model_copy(update={"compartments": (*clearance.compartments, obstacle.detail)})
        who = who.model_copy(update={"clearance": clearance})
        return self._changed(words, obstacle.line, partners={**self.book.playbook.partners, self._me: who})

    def _carry(self, obstacle: Withheld) -> list[_Trial]:
        """3: the network's ceiling."""
        needed, network = Tlp.parse(obstacle.detail), self.room.ref.network
        encrypted = replace(self.room, encrypted=True)
        able = ceiling_of(self.book, encrypted)
        if network == "matrix" and not self.room.encrypted and able is not None and needed <= able:
            words = "have its Matrix room encrypted (and keep it closed)"
            return [replace(self._changed(words, obstacle.line), room=encrypted)]
        trust = self.book.playbook.networks.get(network)
        if trust is None:
            return []
        key = "encrypted" if self.room.encrypted and trust.encrypted is not None else "ceiling"
        name = f"encrypted rooms on {network}" if key == "encrypted" else network
        had: Tlp = getattr(trust, key)
        words = f"raise the ceiling of {name} from {had.word} to {needed.word}, or reach it on a safer network"
        raised = trust.model_copy(update={key: needed})
        return [self._changed(words, obstacle.line, networks={**self.book.playbook.networks, network: raised})]

    def _allow(self, obstacle: Withheld) -> _Trial:
        """5: that forbid, also where others stand on its line."""
        sharing = tuple(
            rule.model_copy(update={"to": _NOBODY}) if index == obstacle.rule else rule
            for index, rule in enumerate(self.book.playbook.sharing)
        )
        return self._changed(
            f"take {self._me} out of the forbid on line {obstacle.line}", obstacle.line, sharing=sharing
        )

    def _permit(self) -> list[_Trial]:
        """4: no permit that applies now names the field and means the partner in this form."""
        written = self._written()
        matching = self._matching()
        found = [self._moved(ready) for ready in written if ready.rule.when is not None and ready not in matching]
        found += [self._finer(ready) for ready in matching if not self._covers(ready)]
        found += [self._also(ready) for ready in written]
        if not found:
            words = f"add a permit of {self.field} to {self._me} under `sharing`"
            rule = Permit(permit=(self.field,), to=EVERYONE)
            line = self.book.line("sharing")
            found.append(self._changed(words, line, sharing=(*self.book.playbook.sharing, rule)))
        return [trial for trial in found if trial is not None]

    def _moved(self, ready: Ready) -> _Trial | None:
        """What this permit asks for is so; None where it would not mean the partner even then."""
        when = ready.rule.when
        assert when is not None
        so = self.supposed
        so = replace(
            so,
            phase=so.phase if when.phase is None or so.phase in when.phase else when.phase[0],
            hazard=so.hazard if when.hazard is None or so.hazard in when.hazard else when.hazard[0],
            danger=so.danger if when.danger is None else when.danger,
        )
        there = replace(self, supposed=so)
        if so == self.supposed or not any(each.line == ready.line for each in there._matching()):
            return None
        words = f"{_in_words(when)}: then the permit on line {ready.line} holds"
        return replace(there, changes=(*self.changes, Change(words, ready.line)))

    def _finer(self, ready: Ready) -> _Trial:
        rule = ready.rule
        assert isinstance(rule, Permit)
        words = f"let the permit on line {ready.line} share it as {self.form}, not only as {rule.as_}"
        return self._changed(
            words, ready.line, sharing=self._sharing_with(ready, rule.model_copy(update={"as_": None}))
        )

    def _also(self, ready: Ready) -> _Trial:
        """One more permit, for this partner, under the purpose and the agreements of one that there is for others."""
        rule = ready.rule.model_copy(update={"permit": (self.field,), "to": EVERYONE, "when": None, "as_": None})
        words = f"permit {self.field} to {self._me} (the permit on line {ready.line} is for others)"
        return self._changed(words, ready.line, sharing=(*self.book.playbook.sharing, rule))

    def _member(self) -> list[_Trial]:
        """4, of a channel: membership is the permit."""
        name = self.field[1:]
        channel = self.book.playbook.channels[name].model_copy(update={"members": EVERYONE})
        line = self.book.line("channels", name, "members")
        words = f"make {self._me} a member of {self.field}"
        return [self._changed(words, line, channels={**self.book.playbook.channels, name: channel})]

    def _agree(self, ready: Ready, obstacle: Withheld) -> _Trial:
        """4: this permit has no agreement in force between the two, for its purpose."""
        permit = ready.rule
        assert isinstance(permit, Permit)
        origin, _, to = obstacle.detail.partition("→")
        # A permit that was added here has no line of its own, but that of the section.
        line = 0 if ready.line == self.book.line("sharing") else ready.line
        this = f"the permit on line {line}" if line else "that permit"
        agreements = self.book.playbook.agreements
        between = [name for name, each in agreements.items() if each.joins(origin, to)]
        fitting = [name for name in between if permit.purpose in agreements[name].purposes]
        name = next(iter([n for n in permit.under if n in fitting] or fitting or between), "…")
        if name == "…":
            home = f"between {origin} and {to}" if origin != to else f"of {origin} with itself, for personal data"
            made = Agreement(title={"": name}, between=(origin, to), purposes=(permit.purpose or _PURPOSE,))
            trial = self._changed(f"conclude an agreement {home}, and name it in {this} (`under`)", line)
        else:
            made, trial = agreements[name], self
            for change in self._lacking(name, permit, this, line):
                trial = trial._changed(change.words, change.line)
            made = made.model_copy(
                update={"until": None, "from_": None, "purposes": (*made.purposes, permit.purpose or _PURPOSE)}
            )
        under = (*permit.under, *(() if name in permit.under else (name,)))
        joined = permit.model_copy(update={"under": under, "purpose": permit.purpose or _PURPOSE})
        sections: dict[str, Any] = {"agreements": {**agreements, name: made}}
        if self.field.startswith("#"):
            channel = self.book.playbook.channels[self.field[1:]]
            channel = channel.model_copy(update={"under": joined.under, "purpose": joined.purpose})
            sections["channels"] = {**self.book.playbook.channels, self.field[1:]: channel}
        else:
            sections["sharing"] = self._sharing_with(ready, joined)
        return replace(trial, book=replace(self.book, playbook=self.book.playbook.model_copy(update=sections)))

    def _lacking(self, name: str, permit: Permit, this: str, line: int) -> list[Change]:
        """What an agreement that there is between the two does not do yet."""
        made, at = self.book.playbook.agreements[name], self.book.line("agreements", name)
        today = self.supposed.at.astimezone(self.book.playbook.timezone).date()
        found: list[Change] = []
        if permit.purpose not in made.purposes:
            found.append(Change(f"have the agreement {name} cover the purpose {permit.purpose or 'meant'}", at))
        if made.until is not None and today > made.until:
            found.append(Change(f"prolong the agreement {name}, which ended on {made.until}", at))
        elif made.from_ is not None and today < made.from_:
            found.append(Change(f"wait for the agreement {name}, which begins on {made.from_}", at))
        if name not in permit.under:
            found.append(Change(f"name the agreement {name} in {this} (`under: {name}`)", line))
        return found

    def _written(self) -> list[Ready]:
        """The permits of the field that stand in the file, by their lines."""
        return [ready for ready in rules_of(self.book, self.field)[0] if ready.line]

    def _matching(self) -> list[Ready]:
        """The permits that hold now and mean the partner there, in whichever form."""
        asked = question(self.book, self.supposed)
        return [ready for ready in rules_of(self.book, self.field)[0] if asked.applies(ready, self.room, self.field)]

    def _covers(self, ready: Ready) -> bool:
        spec = self.book.playbook.field(self.field)
        return spec is not None and isinstance(ready.rule, Permit) and covers(ready.rule, spec, self.form)

    def _sharing_with(self, ready: Ready, rule: Permit) -> tuple[Rule, ...]:
        return tuple(rule if each is ready.rule else each for each in self.book.playbook.sharing)


def _in_words(when: When) -> str:
    """What a rule's `when` asks for."""
    parts = [f"move to the phase {' or '.join(when.phase)}"] if when.phase else []
    parts += [f"face the hazard {' or '.join(when.hazard)}"] if when.hazard else []
    parts += [] if when.danger is None else ["declare danger" if when.danger else "end the danger"]
    return " and ".join(parts)
