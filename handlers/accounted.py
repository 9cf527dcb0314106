"""A roll call as far as one reader may see it: of each partner, how many are safe, need help, or are missing; and who.

A partner's own people know each other by name. Others read names where the playbook lets them know who is on duty (``_presence``),
and else a number, where they may know who is silent (``_delivery``). Of partners that they may not know they read nothing, and
nothing is counted: for them a roll call is complete when everybody is there of whom they know.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from handlers.world import World, circumstances
from playbooks import sight
from playbooks.cleared import NOTHING, Cleared, Reader, colleague, listed, value
from playbooks.load import Book
from playbooks.selection import Circumstances, Event
from playbooks.values import Text
from storage.incident import Incident, RollCall

SAFE, HELP = "safe", "help"


@dataclass(frozen=True)
class Called:
    """One partner's people in a roll call, by person's id, for a reader who may know of them. ``named``: they may read the names."""

    partner: str
    safe: tuple[str, ...]
    help: tuple[str, ...]
    missing: tuple[str, ...]
    named: bool

    @property
    def everybody(self) -> int:
        """How many there are."""
        return len(self.safe) + len(self.help) + len(self.missing)


class Names:
    """What one reader may read of a roll call. ``room``: as the rule of sight knows it; None: a coordinator's private chat."""

    def __init__(
        self, world: World, incident: Incident, call: RollCall, reader: Reader, room: sight.Room | None, now: datetime
    ) -> None:
        self._book: Book = world.book_of(incident)
        self._so: Circumstances = circumstances(world, incident, now)
        self._call, self._reader, self._room = call, reader, room

    def partners(self) -> list[Called]:
        """Every partner with somebody on the list, of which this reader may know."""
        everyone = dict.fromkeys(partner_of(self._call, person) for person in self._call.fact.persons)
        return [self._called(partner) for partner in everyone if self.knows_of(partner)]

    def knows_of(self, partner: str) -> bool:
        """Whether this reader may know how a partner's people are, at least in numbers."""
        if not listed(self._book, self._reader, partner):
            return False
        if partner == self._reader.partner or self._room is None:
            return True
        return self.named(partner) or self._sees(partner, "_delivery")

    def named(self, partner: str) -> bool:
        """Whether this reader may know who they are."""
        return partner == self._reader.partner or (self._room is not None and self._sees(partner, "_presence"))

    def name(self, partner: str, called: str, words: str | None = None) -> Cleared | None:
        """A person's name, with what they said, if this reader may know it."""
        told = f"{called}: {words}" if words else called
        if partner == self._reader.partner:
            return colleague(self._reader, partner, told)
        if self._room is None or not self._sees(partner, "_presence"):
            return None
        view = sight.view(self._book, self._so, self._event(partner, told), self._room, ("_presence",))
        return value(self._book, view, "_presence", self._reader.languages)

    def names(self, partner: str, persons: tuple[str, ...]) -> Cleared:
        """Several of them in a row, with what they said."""
        told = self.name(partner, ", ".join(self._told(person) for person in persons))
        return told if told is not None else NOTHING

    def _told(self, person: str) -> str:
        known = self._call.accounted.get(person)
        words = known.words if known is not None and known.state == HELP else None
        return f"{called(self._call, person)} ({words})" if words else called(self._call, person)

    def _called(self, partner: str) -> Called:
        persons = [person for person in self._call.fact.persons if partner_of(self._call, person) == partner]
        states = {p: self._call.accounted[p].state for p in persons if p in self._call.accounted}
        return Called(
            partner,
            tuple(p for p in persons if states.get(p) == SAFE),
            tuple(p for p in persons if states.get(p) == HELP),
            tuple(p for p in persons if p not in states),
            self.named(partner),
        )

    def _event(self, partner: str, told: str | None = None) -> Event:
        home = self._book.playbook.partners[partner].jurisdiction
        return Event(partner, frozenset({home}), {"_presence": Text(told) if told is not None else None})

    def _sees(self, partner: str, field: str) -> bool:
        assert self._room is not None
        answer = sight.decide(self._book, self._so, self._event(partner), self._room, field)
        return isinstance(answer, sight.Seen)


def _entry(call: RollCall, person: str) -> Mapping[str, Any]:
    return dict(call.fact.persons.get(person) or {})


def partner_of(call: RollCall, person: str) -> str:
    """Whose person it is, as the roll call began."""
    return str(_entry(call, person).get("partner", ""))


def called(call: RollCall, person: str) -> str:
    """What they are called."""
    return str(_entry(call, person).get("name", person))
