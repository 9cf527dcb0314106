"""Standard cron, as a value: five fields, 0 and 7 are Sunday, day or weekday suffices when both are given."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from pydantic import Field, PlainSerializer, PlainValidator
from pydantic_core import PydanticCustomError

from playbooks.schema_words import Finding, quoted, refuse

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_FIELDS: tuple[tuple[str, int, int, tuple[str, ...]], ...] = (
    ("minute", 0, 59, ()),
    ("hour", 0, 23, ()),
    ("day", 1, 31, ()),
    ("month", 1, 12, _MONTHS),
    ("weekday", 0, 7, _WEEKDAYS),
)
_ITEM = re.compile(r"(\*|(?P<first>[0-9]{1,2}|[a-z]{3})(-(?P<last>[0-9]{1,2}|[a-z]{3}))?)(/(?P<step>[0-9]{1,2}))?")
_LONGEST_MONTH = {2: 29, 4: 30, 6: 30, 9: 30, 11: 30}


@dataclass(frozen=True, slots=True)
class Cron:
    """When a clock time recurs. `days` and `weekdays` are None where the field begins with a star; Sunday is 0."""

    text: str
    minutes: frozenset[int]
    hours: frozenset[int]
    months: frozenset[int]
    days: frozenset[int] | None
    weekdays: frozenset[int] | None

    @classmethod
    def parse(cls, text: str) -> Cron:
        """Read `0 8 * * 1`. Raises ValueError that says which field is wrong."""
        words = text.lower().split()
        if len(words) != 5 or len(text) > 200:
            raise ValueError("a clock time has five fields: minute hour day month weekday")
        minutes, hours, days, months, weekdays = (
            _values(word, name, low, high, names) for word, (name, low, high, names) in zip(words, _FIELDS, strict=True)
        )
        cron = cls(
            text,
            minutes,
            hours,
            months,
            None if words[2].startswith("*") and days == frozenset(range(1, 32)) else days,
            None if words[4].startswith("*") and len(weekdays) >= 7 else frozenset(day % 7 for day in weekdays),
        )
        if cron.weekdays is None and min(days) > max(_LONGEST_MONTH.get(month, 31) for month in months):
            raise ValueError("none of these months has such a day")
        return cron

    def matches(self, wall: datetime) -> bool:
        """Whether this wall-clock minute is one of its times."""
        return (
            wall.minute in self.minutes
            and wall.hour in self.hours
            and wall.month in self.months
            and self._matches_day(wall)
        )

    def _matches_day(self, wall: datetime) -> bool:
        weekday = wall.isoweekday() % 7
        if self.days is not None and self.weekdays is not None:
            return wall.day in self.days or weekday in self.weekdays
        return (self.days is None or wall.day in self.days) and (self.weekdays is None or weekday in self.weekdays)

    def __str__(self) -> str:
        return self.text


def _values(word: str, name: str, low: int, high: int, names: tuple[str, ...]) -> frozenset[int]:
    values: set[int] = set()
    for item in word.split(","):
        found = _ITEM.fullmatch(item)
        if found is None:
            raise ValueError(f"the {name} cannot be {quoted(item)}")
        if found["first"] is None:
            first, last = low, high
        else:
            first = _value(found["first"], name, low, names)
            last = _value(found["last"], name, low, names) if found["last"] else high if found["step"] else first
        step = int(found["step"] or 1)
        if not low <= first <= last <= high or step == 0:
            raise ValueError(f"the {name} goes from {low} to {high}, and {quoted(item)} does not")
        values.update(range(first, last + 1, step))
    return frozenset(values)


def _value(word: str, name: str, low: int, names: tuple[str, ...]) -> int:
    if word.isdigit():
        return int(word)
    if word not in names:
        raise ValueError(f"the {name} cannot be {quoted(word)}")
    return names.index(word) + low


def _cron(value: object) -> Cron:
    if isinstance(value, Cron):
        return value
    if not isinstance(value, str):
        raise PydanticCustomError("string_type", "a text is wanted")
    try:
        return Cron.parse(value)
    except ValueError as error:
        refuse(Finding(str(error), "write it like `0 8 * * 1`, which is Mondays at eight"))


CronTime = Annotated[
    Cron,
    PlainValidator(_cron, json_schema_input_type=Annotated[str, Field(description="minute hour day month weekday")]),
    PlainSerializer(str, return_type=str),
]
