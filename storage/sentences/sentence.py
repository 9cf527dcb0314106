"""A fact in words: its sentence, and the lines below it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from playbooks.rooms import RoomRef
from storage import facts as f
from storage.facts.fact import Fact
from storage.plain import called, field_value
from storage.sentences.alerts import alerts
from storage.sentences.course import course
from storage.sentences.keeping import keeping
from storage.sentences.messages import messages
from storage.sentences.phrases import Phrases
from storage.tongue import ENGLISH, Tongue
from storage.unseen import ERASED

ADDRESSED = {
    "shown": "goes to: {partners}",
    "held": "held back from: {partners}",
    "unselected": "not meant for: {partners}",
    "roomless": "no room is known of: {partners}",
    "blind": "chosen by an area that they may not see, and so not reached: {partners}",
}
"""To whom an alert goes, and to whom not."""


class Sentences(Phrases):
    """Facts in words. ``local`` puts a time into the zone in which it is told.

    Outcomes of messages name only the message: tell ``heard`` of each ``Disclosed``, in order, and they say whose and about what.
    """

    def __init__(self, local: Callable[[datetime], datetime], tongue: Tongue = ENGLISH) -> None:
        super().__init__(local, tongue)

    def why_withheld(self, disclosed: f.Disclosed, said: Mapping[str, Any]) -> str:
        """Why a field was withheld from a room, in a few words."""
        return self.code(said["withheld"])

    def why_left_out(self, room: RoomRef, partner: str, left: Mapping[str, Any]) -> str:
        """Why a room of a partner was sent nothing, in a few words."""
        return self.code(left["why"])

    def sentence(self, fact: Fact) -> str:
        """What happened, in one sentence without a full stop."""
        said = course(fact, self) or alerts(fact, self) or messages(fact, self) or keeping(fact, self)
        return said or self.tongue.kind(type(fact).__name__)

    def below(self, fact: Fact) -> Iterator[str]:
        """What belongs below the sentence: the fields of an alert, what a message shows and withholds, whom an alert goes to."""
        match fact:
            case f.AlertDrafted() | f.AlertIssued() | f.AlertRequested():
                yield from self._values(fact.fields)
            case f.DecisionDrafted() | f.DecisionTaken():
                yield from self._values({f"_{name.removeprefix('_')}": value for name, value in fact.fields.items()})
            case f.ReportMade():
                yield from self._values({f"_{name}": value for name, value in fact.parts.items()})
            case f.CheckinStarted() as c if c.partners:
                yield self.say("asks {partners}", partners=", ".join(c.partners))
            case f.Disclosed() as d:
                yield from self._shows(d)
                yield from self.withholds(d)
            case f.AlertAddressed():
                for state, partners in _grouped(fact.partners).items():
                    listed = ", ".join(partners)
                    known = state in ADDRESSED
                    yield self.say(ADDRESSED[state], partners=listed) if known else self.tongue.named(state, listed)
                yield from self._left_out(fact)
            case _:
                pass

    def withholds(self, disclosed: f.Disclosed) -> Iterator[str]:
        """What a message does not show, and why."""
        withheld: dict[str, list[str]] = {}
        for path, said in disclosed.fields.items():
            if said is not None and "withheld" in said:
                withheld.setdefault(self.why_withheld(disclosed, said), []).append(called(path, self.tongue))
        for reason, names in withheld.items():
            yield self.say("withholds {fields}: {reason}", fields=", ".join(names), reason=reason)

    def _shows(self, disclosed: f.Disclosed) -> Iterator[str]:
        whole: list[str] = []
        coarser: list[str] = []
        for path, said in disclosed.fields.items():
            if said is None or "withheld" in said or said.get("value", ERASED) is None:
                continue
            name = called(path, self.tongue)
            if "value" not in said:
                name = f"{name} ({self.tongue.word('erased')})"
            if said["form"] == "exact":
                whole.append(name)
            else:
                coarser.append(self.say("{field} only {form}", field=name, form=self.code(said["form"])))
        if shown := [*whole, *coarser]:
            yield self.say("shows {fields}", fields=", ".join(shown))

    def _values(self, values: Mapping[str, Any]) -> Iterator[str]:
        """The parts of what somebody wrote, what it is called first."""
        for name, value in sorted(values.items(), key=lambda one: not one[0].startswith("_")):
            if value is not None:
                yield self.tongue.named(called(name, self.tongue), field_value(value, self.tongue))

    def _left_out(self, addressed: f.AlertAddressed) -> Iterator[str]:
        """The rooms that were sent nothing, though their partner's others may have been."""
        for partner, how in addressed.partners.items():
            for written, left in how.get("left_out", {}).items():
                room = RoomRef.parse(written)
                reason = self.why_left_out(room, partner, left)
                yield self.say("nothing in {where}: {reason}", where=self.whose(partner, room), reason=reason)


def _grouped(partners: Mapping[str, Any]) -> dict[str, list[str]]:
    grouped: dict[str, list[str]] = {}
    for partner, how in partners.items():
        state = how.get("status", "?") if isinstance(how, Mapping) else str(how)
        grouped.setdefault(state, []).append(partner)
    return grouped
