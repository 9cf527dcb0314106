"""What a field can be seen as, and what the rules that name it look at: by these, circumstances and partners are told apart."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

from playbooks.diff_domain import Names
from playbooks.labels import Tlp
from playbooks.rules import Ready
from playbooks.schema import Agreement, Deputies, Forbid, Lead, Matching, Selector
from playbooks.values import FORMS


@dataclass(frozen=True, slots=True)
class Form:
    """A form in which a field is seen. Two playbooks may mean different things by the same word."""

    type: str
    word: str
    ranges: tuple[int, ...] = ()

    def within(self, other: Form | None) -> bool:
        """Whether this shows no more than the other."""
        if other is None or self.type != other.type:
            return False
        forms = FORMS[self.type]
        if self.word != other.word:
            return forms.index(self.word) > forms.index(other.word)
        return set(self.ranges) <= set(other.ranges)


def widens(before: Form | None, after: Form | None) -> bool:
    """Whether more is seen after than before."""
    return after is not None and not after.within(before)


@dataclass(frozen=True, slots=True)
class Looks:
    """What some rules look at, beside the partner and its room: all else cannot change what they say.

    ``labels`` are the levels of the forms (of each field that counts), and the highest that can be seen at all: what is above
    that is hidden, however far above.
    """

    phase: bool = False
    hazard: bool = False
    danger: bool = False
    leads: bool = False
    agreements: Names = frozenset()
    labels: frozenset[tuple[tuple[Tlp, ...], int]] = frozenset()

    def with_(self, other: Looks) -> Looks:
        """What either looks at."""
        return Looks(
            self.phase or other.phase,
            self.hazard or other.hazard,
            self.danger or other.danger,
            self.leads or other.leads,
            self.agreements | other.agreements,
            self.labels | other.labels,
        )

    def raised(self, to: Tlp | None) -> Hashable:
        """What raising to a colour comes to."""
        return frozenset(
            (levels, tuple(min(max(level, to or Tlp.CLEAR), most + 1) for level in levels), most)
            for levels, most in self.labels
        )


class Numbers:
    """A number for each thing, the same for what is equal."""

    def __init__(self) -> None:
        self._numbers: dict[Hashable, int] = {}

    def of(self, thing: Hashable) -> int:
        """The number of a thing."""
        return self._numbers.setdefault(thing, len(self._numbers))


def asks_who_leads(selector: Selector) -> bool:
    """Whether whom a selector means depends on who leads."""
    return any(
        isinstance(term, Lead | Deputies)
        or (isinstance(term, Matching) and term.not_ is not None and asks_who_leads(term.not_))
        for term in selector.terms
    )


def terms(agreement: Agreement) -> tuple[Hashable, ...]:
    """What of an agreement decides."""
    return tuple(sorted(agreement.between)), frozenset(agreement.purposes), agreement.from_, agreement.until


def content(ready: Ready) -> str:
    """What a rule says, whomever it means."""
    rule = ready.rule
    when = repr(rule.when)
    if isinstance(rule, Forbid):
        return f"forbid {when}"
    return f"permit {rule.as_} {rule.purpose} {sorted(rule.under)} {bool(rule.basis)} {when}"
