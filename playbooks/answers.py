"""What is asked about, and what the rule of sight answers: rooms, yes, no, and a whole view of an event.

These are the words in which ``sight`` speaks; it alone decides which of them holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Literal

from playbooks.labels import Label
from playbooks.load import Book
from playbooks.rooms import RoomRef
from playbooks.selection import Event, local_time
from playbooks.values import Moment, Shape, take


@dataclass(frozen=True, slots=True)
class Room:
    """A partner's room as sight needs to know it. ``encrypted``: it is, and has always stayed so."""

    ref: RoomRef
    partner: str
    encrypted: bool = False
    world_readable: bool = False
    open_join: bool = False


Obstacle = Literal[
    "undeclared",  # 1: no such field
    "inactive",  # 1: the partner takes no part in this incident, or the room is not its own
    "expired",  # 1
    "clearance",  # 2: detail is the TLP needed
    "compartment",  # 2: detail is the compartment lacking
    "ceiling",  # 3: detail is the TLP needed
    "no-permit",  # 4; the line is that of a permit which only holds in other circumstances
    "agreement",  # 4: detail is origin→jurisdiction
    "forbidden",  # 5
    "rule-failed",  # 6
    "no-form",  # the value has no form that may be seen, as a place outside every area has no area
]


@dataclass(frozen=True, slots=True)
class Seen:
    """Yes: in this form, by the permit on this line, under these agreements.

    ``rule`` is the permit's place in ``sharing`` (None: it is not one of those). Answers that differ in it alone are the same.
    """

    form: str
    label: Label
    line: int
    agreements: tuple[str, ...] = ()
    basis: str | None = None
    rule: int | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Withheld:
    """No: the first thing that would have to change, the line that says so (0: none), and for some a detail.

    ``rule`` is, of what is forbidden, the forbid's place in ``sharing``. Answers that differ in it alone are the same.
    """

    why: Obstacle
    line: int = 0
    detail: str = ""
    rule: int | None = field(default=None, compare=False)


Answer = Seen | Withheld


@dataclass(frozen=True, slots=True)
class View:
    """What one room may see of one event: an answer for each field asked about, whether the event has it or not."""

    room: Room
    event: Event
    answers: Mapping[str, Answer]

    def shape(self, book: Book, field: str) -> tuple[Seen, Shape] | None:
        """The field as this room may see it, or None where it may not, or the event does not have it."""
        answer = self.answers.get(field)
        value = self.event.fields.get(field)
        spec = book.playbook.field(field)
        if not isinstance(answer, Seen) or value is None or spec is None:
            return None
        if isinstance(value, Moment):  # its day is the one where the playbook lives
            value = Moment(local_time(book, value.at))
        shape = take(value, answer.form, spec.ranges)
        return None if shape is None else (answer, shape)


def cleared_until(book: Book, answers: Iterable[Answer]) -> datetime | None:
    """When the first of the agreements ends that these answers rely on: the midnight after its last day. None: never."""
    used = {name for answer in answers if isinstance(answer, Seen) for name in answer.agreements}
    last = [until for name in used if (until := book.playbook.agreements[name].until) is not None]
    if not last:
        return None
    return datetime.combine(min(last) + timedelta(days=1), time.min, tzinfo=book.playbook.timezone)
