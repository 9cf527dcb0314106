"""Facts of what becomes of the log itself: what is erased of it, by which right, and what must not be."""

from __future__ import annotations

from dataclasses import dataclass

from storage.facts.fact import Fact


@dataclass(frozen=True, slots=True)
class FieldErased(Fact):
    """One field of an entry of this stream is not held any more: its salt and its value are destroyed. The entry stands. ``basis``: by which right."""

    entry: int
    path: str
    by: str
    reason: str
    basis: str


@dataclass(frozen=True, slots=True)
class PersonErased(Fact):
    """What was held of a person is destroyed: in this stream, so many entries show less. ``person``: their id; None for an account that was never enrolled."""

    person: str | None
    by: str
    reason: str
    basis: str
    entries: int


@dataclass(frozen=True, slots=True)
class LogErased(Fact):
    """The time for which the playbook keeps this log is over (``days``): whatever its entries held up to here is destroyed. The entries stand."""

    days: int
    by: str
    reason: str
    upto: int


@dataclass(frozen=True, slots=True)
class HoldPlaced(Fact):
    """Nothing of an incident's log, or of a person, may be erased, whatever else says so: a legal hold. ``on``: an incident's or a person's id."""

    on: str
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class HoldLifted(Fact):
    """A legal hold is over."""

    on: str
    by: str
    reason: str
