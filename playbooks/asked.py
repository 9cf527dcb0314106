"""A test of a playbook as a question put to the rule that decides real alerts; what a test means is told in ``assertions``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from functools import cached_property

from playbooks.audience import Addressee, audience
from playbooks.happening import place
from playbooks.load import Book
from playbooks.mandate import Mandated, may_issue
from playbooks.schema import BUILT_IN, Expectation
from playbooks.selection import Event
from playbooks.sight import Answer, Question, Room, Seen, Withheld
from playbooks.supposing import Supposition, circumstances, question, rooms, suppose
from playbooks.values import Place


def supposed(book: Book, test: Expectation, now: datetime) -> Supposition:
    """What a test supposes."""
    supposition = suppose(book, test.alert, now, test.given)
    return replace(supposition, encrypted=bool(supposition.encrypted))


def said_by(book: Book, supposition: Supposition) -> Question:
    """Something said by the one who would issue the alert, that is no alert and is nowhere: what built-in fields are for."""
    jurisdiction = book.playbook.partners[supposition.origin].jurisdiction
    return Question(book, circumstances(book, supposition), Event(supposition.origin, frozenset({jurisdiction})))


class Asked:
    """A test's question, put to the rule. Each part of the answer is worked out when it is wanted."""

    def __init__(self, book: Book, test: Expectation, now: datetime) -> None:
        self.book = book
        self.test = test
        self.supposed = supposed(book, test, now)
        self.question = question(book, self.supposed)
        self.alert = book.playbook.alerts[test.alert]
        listed = dict.fromkeys(field for forms in test.sees.values() for field in forms)
        self.built_in = tuple(name for name in listed if name in BUILT_IN and name not in self.alert.fields)
        self._addressees: dict[str, Addressee] = {}

    @cached_property
    def _said(self) -> Question:
        return said_by(self.book, self.supposed)

    def rooms(self, partner: str) -> tuple[Room, ...]:
        """The partner's rooms that the test asks about."""
        return rooms(self.book, self.supposed, partner)

    def addressee(self, partner: str) -> Addressee:
        """What becomes of the alert for one partner."""
        if partner not in self._addressees:
            found = audience(self.question, self.test.alert, {partner: self.rooms(partner)})
            self._addressees |= found.addressees
        return self._addressees[partner]

    def cells(self, partner: str) -> Mapping[str, Answer | Addressee]:
        """For each field asked about the answer that counts: the finest over the rooms; or the partner's fate, if it gets nothing."""
        to = self.addressee(partner)
        found: dict[str, Answer | Addressee] = {}
        for field in self.alert.fields:
            if to.status != "shown":
                found[field] = to
                continue
            shaped = [(one.view.answers[field], one.view.shape(self.book, field)) for one in to.rooms]
            answers = [
                answer if shape is not None or isinstance(answer, Withheld) else Withheld("no-form", answer.line)
                for answer, shape in shaped
            ]
            found[field] = self._finest(field, answers)
        for field in self.built_in:
            said = [self._said.decide(room, field) for room in self.rooms(partner)]
            found[field] = self._finest(field, said) if said else Addressee(partner, "roomless")
        return found

    def _finest(self, field: str, answers: list[Answer]) -> Answer:
        spec = self.book.playbook.field(field)
        seen = {answer.form: answer for answer in reversed(answers) if isinstance(answer, Seen)}
        best = next((seen[form] for form in spec.all_forms if form in seen), None) if spec else None
        if best is not None:
            return best
        forbidden = (one for one in answers if isinstance(one, Withheld) and one.why == "forbidden")
        return next(forbidden, answers[0])

    def against(self, partner: str, field: str, form: str) -> Withheld | None:
        """Why a partner does not see a field in this form; None where it does, or has no room."""
        asked = self._said if field in self.built_in else self.question
        answers = [asked.decide_form(room, field, form) for room in self.rooms(partner)]
        withheld = [answer for answer in answers if isinstance(answer, Withheld)]
        return withheld[0] if len(withheld) == len(answers) and withheld else None

    def forms(self, partner: str) -> dict[str, str]:
        """The fields that a partner sees, each with its form."""
        return {name: cell.form for name, cell in self.cells(partner).items() if isinstance(cell, Seen)}

    def receives(self, partner: str) -> bool:
        """Whether a partner gets the alert."""
        return self.addressee(partner).status == "shown"

    @cached_property
    def place(self) -> Place | None:
        """Where the alert is for."""
        return place(self.question)

    @cached_property
    def issuers(self) -> Mapping[str, Mandated]:
        """The partners that may issue the alert for this place, each with its ground."""
        so, template = self.question.circumstances, self.test.alert
        answers = {name: may_issue(self.book, so, template, name, self.place) for name in self.book.playbook.partners}
        return {name: answer for name, answer in answers.items() if isinstance(answer, Mandated)}

    @property
    def exercised(self) -> frozenset[int]:
        """The places in ``sharing`` of the rules that decide a cell of the test."""
        decided: set[int | None] = set()
        for partner in self.test.sees:
            for field, cell in self.cells(partner).items():
                if isinstance(cell, Addressee) and cell.status == "held" and field == cell.field and cell.obstacle:
                    cell = cell.obstacle
                if isinstance(cell, Seen) or (isinstance(cell, Withheld) and cell.why == "forbidden"):
                    decided.add(cell.rule)
        return frozenset(index for index in decided if index is not None)
