"""Who sees what: partners by fields of one supposed alert (or of what is said in a channel), with what decided each cell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from playbooks.audience import Addressee, audience
from playbooks.load import Book
from playbooks.rooms import Network
from playbooks.sight import Answer, Question, Room, Seen
from playbooks.supposing import Supposition, fields, question, rooms

Gets = Literal["shown", "held", "unselected", "member", "no-member"]
"""What becomes of the whole in such a room: shown or held back there, not meant for the partner, or it has no such room; of a
channel, whether the partner is a member of it."""


@dataclass(frozen=True, slots=True)
class Row:
    """One kind of room of one partner: what it gets, and for each field the answer. ``encrypted`` None: it makes no difference."""

    partner: str
    network: Network
    encrypted: bool | None
    gets: Gets
    answers: Mapping[str, Answer]


@dataclass(frozen=True, slots=True)
class Matrix:
    """The whole of it. ``roomless`` are partners without a room for it (on the supposed network)."""

    supposed: Supposition
    fields: tuple[str, ...]
    rows: tuple[Row, ...]
    roomless: tuple[str, ...]


def who_sees(book: Book, supposed: Supposition) -> Matrix:
    """Decide every cell. Rooms of one partner that are alike in network and encryption are one row."""
    asked, names = question(book, supposed), fields(book, supposed)
    own = {partner: rooms(book, supposed, partner) for partner in book.playbook.partners}
    reached: Mapping[str, Addressee] = {}
    if supposed.alert in book.playbook.alerts:
        reached = audience(asked, supposed.alert, own).addressees
    rows: list[Row] = []
    for partner, each in own.items():
        kinds = {(room.ref.network, room.encrypted): room for room in each}
        found = [_row(asked, names, reached.get(partner), room) for room in kinds.values()]
        rows += _alike(found)
    return Matrix(supposed, names, tuple(rows), tuple(partner for partner, each in own.items() if not each))


def _row(asked: Question, names: tuple[str, ...], reached: Addressee | None, room: Room) -> Row:
    there = next((one for one in reached.rooms if one.view.room is room), None) if reached is not None else None
    view = there.view if there is not None else asked.view(room, names)
    gets: Gets
    if reached is None:
        gets = "member" if isinstance(view.answers[names[0]], Seen) else "no-member"
    elif reached.status == "unselected":
        gets = "unselected"
    else:
        gets = "shown" if reached.status == "shown" and there is not None else "held"
    return Row(room.partner, room.ref.network, room.encrypted, gets, view.answers)


def _alike(rows: list[Row]) -> list[Row]:
    """Where encryption changes nothing, one row; rooms that cannot be encrypted say nothing of it."""
    result: list[Row] = []
    for row in rows:
        before = result[-1] if result else None
        if row.network != "matrix":
            result.append(replace(row, encrypted=None))
        elif before is not None and before.network == "matrix" and _same(before, row):
            result[-1] = replace(before, encrypted=None)
        else:
            result.append(row)
    return result


def _same(one: Row, other: Row) -> bool:
    return one.gets == other.gets and one.answers == other.answers
