"""Which slips of the pen a playbook's own tests would not notice.

A mutant is caught where a test that holds of the playbook does not hold of the mutant. For one that none catches a witness is
sought wherever a test could ask (``witnesses``). If there is none the mutant is equivalent: it changes nothing, nothing
could catch it, and a rule of which every field may go so is one without effect. Else it has survived.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from playbooks.assertions import Outcome, holds
from playbooks.load import Book
from playbooks.mutants import Mutant, mutants
from playbooks.witnesses import Everywhere, Witness


@dataclass(frozen=True, slots=True)
class Survivor:
    """A mutant that no test catches, and where it could be caught."""

    mutant: Mutant
    witness: Witness


@dataclass(frozen=True, slots=True)
class Survey:
    """What became of every mutant."""

    caught: tuple[Mutant, ...]
    equivalent: tuple[Mutant, ...]
    survivors: tuple[Survivor, ...]

    @property
    def without_effect(self) -> frozenset[int]:
        """The places in ``sharing`` of rules of which no field does anything: taking them away changes nothing."""
        gone = {one.rule for one in (*self.caught, *(s.mutant for s in self.survivors)) if one.path[2:] == ()}
        return frozenset(one.rule for one in self.equivalent if one.rule is not None and one.path[2:] == ()) - gone


def survey(book: Book, outcomes: Sequence[Outcome], now: datetime) -> Survey:
    """Try every mutant on the tests. ``outcomes`` are those of the book itself at the same time."""
    tests = [one for one in outcomes if one.holds]
    everywhere = Everywhere(book, now)
    caught: list[Mutant] = []
    equivalent: list[Mutant] = []
    survivors: list[Survivor] = []
    for mutant in mutants(book):
        apt = (book.playbook.tests[one.index] for one in _apt(book, mutant, tests))
        if any(not holds(mutant.book, test, now, mutant.partners) for test in apt):
            caught.append(mutant)
        elif (witness := everywhere.witness(mutant)) is None:
            equivalent.append(mutant)
        else:
            survivors.append(Survivor(mutant, witness))
    return Survey(tuple(caught), tuple(equivalent), tuple(survivors))


def _apt(book: Book, mutant: Mutant, tests: Iterable[Outcome]) -> list[Outcome]:
    """The tests that could catch a mutant, the likeliest first."""
    found: list[tuple[bool, Outcome]] = []
    for one in tests:
        test = book.playbook.tests[one.index]
        asked = {*book.playbook.alerts[test.alert].fields, *(name for forms in test.sees.values() for name in forms)}
        if mutant.issuing and test.may_issue is None:
            continue
        if not mutant.concerns(test.alert, asked):
            continue
        if mutant.partners is not None and test.receives is None and not mutant.partners & set(test.sees):
            continue
        found.append((mutant.rule not in one.exercised, one))
    return [one for _, one in sorted(found, key=lambda each: each[0])]
