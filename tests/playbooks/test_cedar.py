"""A third opinion on the rule of sight, from an engine that others wrote: Cedar."""

from __future__ import annotations

from collections import Counter
from random import Random

from playbooks.sight import Question, Seen
from tests.examples import examples
from tests.playbooks import seeded
from tests.playbooks.cedar import Cedar
from tests.playbooks.generated import book_of
from tests.playbooks.two_rules import Case, plainly, sight, told

BOOKS = 160
SEED = "cedar"


def test_cedar_allows_what_sight_shows() -> None:
    """Every form of every field, in rooms of every kind, under playbooks of every shape: Cedar's answer is the same."""
    met: Counter[bool] = Counter()
    for number in range(examples(BOOKS)):
        random = Random(f"{SEED}:{number}")
        data = seeded.playbook(random)
        book = book_of(data)
        cedar = Cedar(book)
        for _ in range(2):
            event, so = seeded.event(random, book), seeded.situation(random, book)
            question = Question(book, so, event)
            asked = [
                (room, field, form)
                for room in seeded.rooms(random, book, 5)
                for field, spec in cedar.fields.items()
                for form in spec.all_forms
            ]
            for (room, field, form), allowed in zip(asked, cedar.seen(so, event, asked), strict=True):
                shown = isinstance(question.decide_form(room, field, form), Seen)
                case = Case(data, so, event, room, field)
                assert shown == allowed, f"{form}: Cedar {allowed}\n{told(case, sight, plainly)}\n{cedar.text}"
                met[allowed] += 1
    assert min(met.values()) > sum(met.values()) // 20
