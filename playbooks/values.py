"""The values of fields, and the coarser forms in which some of them may be shared.

Every type has a finest form, ``exact``, and some have coarser ones, from fine to coarse: a place its ``area``, a number its
``range``, persons their ``initials`` and then their ``count``, a time its ``day``. A form that a value does not have (a place
outside every area, a number whose field names no ranges) simply does not exist.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

FORMS: Mapping[str, tuple[str, ...]] = {
    "text": ("exact",),
    "choice": ("exact",),
    "place": ("exact", "area"),
    "number": ("exact", "range"),
    "person": ("exact", "initials", "count"),
    "time": ("exact", "day"),
}
"""The forms of each type of field, finest first."""


@dataclass(frozen=True, slots=True)
class Text:
    """Free words, as said."""

    words: str


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the field's options, translated beforehand."""

    option: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where: the words as said, a point in microdegrees if one is known, and the playbook areas it lies in."""

    words: str
    point: tuple[int, int] | None = None
    areas: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Number:
    """How many, a whole number."""

    amount: int


@dataclass(frozen=True, slots=True)
class Person:
    """Who: one name or several."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Moment:
    """When: an aware time."""

    at: datetime


Value = Text | Choice | Place | Number | Person | Moment

Shape = str | int | tuple[str, ...] | tuple[int, int | None] | datetime | date
"""A value in one form, before it is put into words: see ``take``."""


def take(value: Value, form: str, ranges: Sequence[int] = ()) -> Shape | None:
    """The value in a form, or None where it has no such form.

    Shapes: words for text; the option's id for a choice; words for a place, or its area ids; a number, or the (first, last)
    of its range with last None for "and more"; names, initials, or a count; a datetime, or a date.
    """
    match value, form:
        case Text(words), "exact":
            return words
        case Choice(option), "exact":
            return option
        case Place(words), "exact":
            return words
        case Place(areas=areas), "area":
            return areas or None
        case Number(amount), "exact":
            return amount
        case Number(amount), "range":
            return _range(amount, ranges)
        case Person(names), "exact":
            return names
        case Person(names), "initials":
            return tuple(_initials(name) for name in names)
        case Person(names), "count":
            return len(names)
        case Moment(at), "exact":
            return at
        case Moment(at), "day":
            return at.date()
        case _:
            pass
    return None


def _range(amount: int, ranges: Sequence[int]) -> tuple[int, int | None] | None:
    """The range an amount falls into: bounds 1, 10, 50 make 0, 1-9, 10-49, and 50 or more."""
    if not ranges:
        return None
    index = bisect_right(ranges, amount)
    first = 0 if index == 0 else ranges[index - 1]
    last = None if index == len(ranges) else ranges[index] - 1
    return (first, last)


def _initials(name: str) -> str:
    return " ".join(f"{part[0].upper()}." for part in name.replace("-", " ").split() if part)


def to_json(value: Value) -> dict[str, Any]:
    """A value as JSON, without floats: coordinates are microdegrees, times RFC 3339 strings."""
    match value:
        case Text(words):
            return {"text": words}
        case Choice(option):
            return {"choice": option}
        case Place(words, point, areas):
            return {"place": words, "point": list(point) if point else None, "areas": list(areas)}
        case Number(amount):
            return {"number": amount}
        case Person(names):
            return {"person": list(names)}
        case Moment(at):
            return {"time": at.isoformat()}


def from_json(data: Mapping[str, Any]) -> Value:
    """Read what ``to_json`` wrote. Raises ValueError for anything else."""
    match data:
        case {"text": str(words)}:
            return Text(words)
        case {"choice": str(option)}:
            return Choice(option)
        case {"place": str(words), "point": point, "areas": list(areas)}:
            return Place(words, (int(point[0]), int(point[1])) if point else None, tuple(areas))
        case {"number": int(amount)}:
            return Number(amount)
        case {"person": list(names)}:
            return Person(tuple(names))
        case {"time": str(at)}:
            return Moment(datetime.fromisoformat(at))
        case _:
            pass
    raise ValueError(f"not a value: {sorted(data)}")
