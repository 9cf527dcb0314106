"""Partners that a few rules cannot tell apart, so that one of them can be asked about in place of all.

A playbook may have a thousand partners; one sharing rule makes few differences between them. Two partners are alike, as far as
some selectors go, if they have the same clearance, jurisdiction and sorts of rooms, and each condition in the selectors holds for
both or for neither.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache, cached_property, partial
from itertools import pairwise

from playbooks.load import Book
from playbooks.schema import Deputies, Lead, LeadRule, Matching, One, Selector
from playbooks.selection import Circumstances, ground, matches, near
from playbooks.whom import terms_in

Areas = frozenset[str]


@dataclass(frozen=True)
class Sample:
    """A book with one partner of each sort, and all those for whom each of them stands, itself first."""

    book: Book
    stands_for: Mapping[str, tuple[str, ...]]

    @cached_property
    def speakers(self) -> Mapping[str, str]:
        """The first partner of each jurisdiction."""
        partners = self.book.playbook.partners
        return {partners[name].jurisdiction: name for name in reversed(list(partners))}

    def everyone(self, ones: Iterable[str]) -> frozenset[str]:
        """All for whom these stand."""
        return frozenset(name for one in ones for name in self.stands_for[one])

    def in_parts(self) -> Iterator[Sample]:
        """The same in parts, small ones first: who looks for one partner seldom has to look at all.

        The first partner of each jurisdiction is in the book of every part, since somebody must speak.
        """
        names, partners = list(self.stands_for), self.book.playbook.partners
        for first, last in pairwise((0, 8, 64, max(len(names), 65))):
            if some := names[first:last]:
                few = {name: partners[name] for name in (*self.speakers.values(), *some)}
                book = replace(self.book, playbook=self.book.playbook.model_copy(update={"partners": few}))
                yield Sample(book, {name: self.stands_for[name] for name in some})


class Alike:
    """The partners of a book, sorted by what selectors can see of them."""

    def __init__(self, book: Book) -> None:
        self.book = book
        self.ground = cache(partial(ground, book))
        """The areas that a partner answers for."""
        self._who = cache(self._whom_it_matches)
        self._on = cache(self._on_the_ground)
        self._samples: dict[frozenset[frozenset[str]], Sample] = {}

    def sample(self, selectors: Iterable[Selector], wheres: Iterable[Areas] = ()) -> Sample:
        """One partner of each sort that these selectors tell apart, for events in these areas."""
        areas = tuple(wheres)
        conditions = frozenset(found for selector in set(selectors) for found in self._conditions(selector, areas))
        if conditions not in self._samples:
            groups: dict[object, list[str]] = {}
            for name in self.book.playbook.partners:
                groups.setdefault((self._plain[name], *(name in those for those in conditions)), []).append(name)
            few = {names[0]: self.book.playbook.partners[names[0]] for names in groups.values()}
            book = replace(self.book, playbook=self.book.playbook.model_copy(update={"partners": few}))
            self._samples[conditions] = Sample(book, {names[0]: tuple(names) for names in groups.values()})
        return self._samples[conditions]

    @cached_property
    def _plain(self) -> Mapping[str, int]:
        """A number for what rules look at in a partner besides selectors: the same for those in whom it is the same."""
        numbers: dict[object, int] = {}
        return {
            name: numbers.setdefault(
                (
                    who.jurisdiction,
                    who.clearance.tlp,
                    frozenset(who.clearance.compartments),
                    frozenset((room.network, frozenset(room.for_), room.exercises) for room in who.rooms),
                ),
                len(numbers),
            )
            for name, who in self.book.playbook.partners.items()
        }

    def _conditions(self, selector: Selector, wheres: tuple[Areas, ...]) -> Iterator[frozenset[str]]:
        """For each condition in a selector, the partners who meet it. Of networks nothing is asked but what rooms there are."""
        for term in terms_in(selector):
            if isinstance(term, One):
                yield frozenset({term.partner})
            elif isinstance(term, Lead | Deputies):
                yield from (frozenset({name}) for rule in self.book.playbook.leads for name in led_by(rule))
            elif isinstance(term, Matching):
                yield self._who(term.model_copy(update={"area": None, "near": False, "network": None, "not_": None}))
                if term.area is not None:
                    named = frozenset(term.area) - {"affected"}
                    regions = (named, *wheres) if "affected" in term.area else (named,)
                    yield from (self._on(near(self.book, one) if term.near else one) for one in regions)

    def _whom_it_matches(self, term: Matching) -> frozenset[str]:
        calm = Circumstances(now=datetime.min.replace(tzinfo=UTC), phase="", active=frozenset())
        selector = Selector((term,))
        return frozenset(
            name
            for name in self.book.playbook.partners
            if matches(self.book, selector, name, calm, name, frozenset(), None)
        )

    def _on_the_ground(self, areas: Areas) -> frozenset[str]:
        return frozenset(name for name in self.book.playbook.partners if not areas.isdisjoint(self.ground(name)))


def led_by(rule: LeadRule) -> tuple[str, ...]:
    """All whom a rule about leads names."""
    names = (rule.lead, *rule.unified, rule.decides, *rule.deputies)
    return tuple(dict.fromkeys(name for name in names if name is not None))
