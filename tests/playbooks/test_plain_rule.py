"""The rule of sight against a second one that was written straight from the language page: a million decisions."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import replace

import pytest

from playbooks.labels import Tlp
from playbooks.load import Book
from playbooks.selection import Circumstances, Event
from playbooks.sight import Room
from tests.examples import examples
from tests.playbooks.two_rules import Case, both, cases, plainly, sight, smallest, told

MANY = 1_000_000
SEED = os.environ.get("SIGHT_SEED", "1")
"""Any word: another one tries other playbooks. Each playbook has a seed of its own, so that a failure is soon repeated."""


@pytest.mark.timeout(900)
def test_a_million_decisions_agree_with_the_plain_rule() -> None:
    """Every answer, and for each no its reason, is what the sentences of the page give; all kinds of answers are met often."""
    needed, done, number = examples(MANY), 0, 0
    met: Counter[str] = Counter()
    print(f"SIGHT_SEED={SEED}")
    while done < needed:
        number += 1
        for book, asked in cases(f"{SEED}:{number}", events=8, rooms=10):
            for case, found in asked:
                wanted = plainly(book, case.so, case.event, case.room, case.field)
                assert found == wanted, _disagreement(case, f"{SEED}:{number}", found, wanted)
                met[found] += 1
            done += len(asked)
    assert done >= needed and done == sum(met.values())
    forms = ("exact", "area", "range", "initials", "count", "day")
    obstacles = ("inactive", "expired", "clearance", "compartment", "ceiling", "forbidden", "no-permit", "agreement")
    rare = done // 1000
    for answer in (*(f"seen: {form}" for form in forms), *(f"withheld: {why}" for why in obstacles)):
        assert met[answer] > rare, f"{answer} was met {met[answer]} times in {done} decisions: {met}"


def _disagreement(case: Case, seed: str, found: str, wanted: str) -> str:
    head = f"sight and the plain rule disagree (playbook {seed}: {found}, {wanted}).\n"
    if both(case, sight, plainly) != (found, wanted):
        head += "Asked alone it is otherwise: what was answered to another room was not for this one.\n\n"
        return head + told(case, sight, plainly)
    return head + "The smallest case:\n\n" + told(smallest(case, sight, plainly), sight, plainly)


def test_a_disagreement_is_told_in_its_smallest_case() -> None:
    """A rule that forgets the ceilings is told by who speaks and who reads, at most one permit, and no more."""

    def careless(book: Book, so: Circumstances, event: Event, room: Room, field: str) -> str:
        free = {name: trust.model_copy(update={"ceiling": Tlp.RED}) for name, trust in book.playbook.networks.items()}
        playbook = book.playbook.model_copy(update={"networks": free})
        return plainly(replace(book, playbook=playbook), so, event, room, field)

    case = next(
        case
        for number in range(100)
        for _, asked in cases(number, events=2, rooms=4)
        for case, _ in asked
        if both(case, sight, careless) == ("withheld: ceiling", "seen: exact")
    )
    small = smallest(case, sight, careless)
    text = told(small, sight, careless)
    assert small.event.origins == frozenset() and small.so.leads == () and not small.so.danger
    permitting = [*small.data.get("sharing", ()), *small.data.get("channels", ())]
    assert len(small.data["partners"]) <= 2 and len(permitting) <= 1
    assert text.endswith("sight says: withheld: ceiling\nthe plain rule says: seen: exact") and len(text) < 1200, text
