"""Times: durations, days, moments, time zones, and standard cron.

In cron 0 and 7 are Sunday, and where both day and weekday are given either suffices.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Annotated
from zoneinfo import ZoneInfo, available_timezones

from pydantic import PlainSerializer, PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from playbooks.schema_words import HINT, Finding, quoted, refusal, unknown

_DURATION = re.compile(r"([1-9][0-9]{0,8})([smhdy])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "y": 366 * 86400}
_LONGEST = timedelta(days=366 * 200)


def _duration(value: object) -> timedelta:
    if isinstance(value, timedelta):
        return value
    found = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        fix = "write a number and a unit: `30s`, `5m`, `2h`, `90d`"
        raise refusal(Finding("bad-time", f"{quoted(value)} is not a duration", fix))
    seconds = int(found[1]) * _SECONDS[found[2]]
    if seconds > _LONGEST.total_seconds():
        raise refusal(
            Finding("out-of-range", f"{quoted(value)} is longer than two centuries", "write a shorter duration")
        )
    return timedelta(seconds=seconds)


Duration = Annotated[
    timedelta,
    PlainValidator(_duration),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": f"^{_DURATION.pattern}$",
            HINT: "A duration: a whole number and `s`, `m`, `h`, `d` or `y`, as in `30s`, `5m`, `2h`, `90d`, `10y`.",
        }
    ),
]
"""`30s 5m 2h 90d`; and `10y` for keeping, where a year counts 366 days so that nothing is thrown away early."""

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_WALL = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2})?)?")


def _day(value: object) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if isinstance(value, str) and _DAY.fullmatch(value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            what = f"{quoted(value)} is a day that no calendar has"
            raise refusal(Finding("bad-time", what, "write a date like `2027-12-31`")) from None
    raise refusal(Finding("bad-time", f"{quoted(value)} is not a date", "write it as year-month-day: `2027-12-31`"))


def _wall(value: object) -> datetime:
    if isinstance(value, datetime):
        return value
    if isinstance(value, str) and _WALL.fullmatch(value):
        try:
            return datetime.fromisoformat(value)
        except ValueError:
            what = f"{quoted(value)} is a moment that no calendar has"
            raise refusal(Finding("bad-time", what, "write it like `2027-12-31T14:30`")) from None
    raise refusal(
        Finding(
            "bad-time", f"{quoted(value)} is not a moment", "write a date, or a date and a time: `2027-12-31T14:30`"
        )
    )


Day = Annotated[
    date,
    PlainValidator(_day),
    WithJsonSchema({"type": "string", "pattern": f"^{_DAY.pattern}$", HINT: "A day, as year-month-day."}),
]
WallTime = Annotated[
    datetime,
    PlainValidator(_wall),
    WithJsonSchema(
        {"type": "string", "pattern": f"^{_WALL.pattern}$", HINT: "A day, or a day and a time: `2027-12-31T14:30`."}
    ),
]
"""A moment in the playbook's time zone, without an offset; a bare date is its first instant."""


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _zone(value: object) -> ZoneInfo:
    if isinstance(value, ZoneInfo):
        return value
    if not isinstance(value, str):
        raise PydanticCustomError("string_type", "a text is wanted")
    if value not in _zones():
        raise unknown("time zone", value, _zones())
    return ZoneInfo(value)


Zone = Annotated[
    ZoneInfo,
    PlainValidator(_zone),
    PlainSerializer(str, return_type=str),
    # The names themselves are the machine's, and change from year to year.
    WithJsonSchema({"type": "string", "pattern": r"^[A-Za-z][A-Za-z0-9_+/-]*$"}),
]


# ── Cron ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

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
        raise refusal(Finding("bad-time", str(error), "write it like `0 8 * * 1`, which is Mondays at eight")) from None


CronTime = Annotated[
    Cron,
    PlainValidator(_cron),
    PlainSerializer(str, return_type=str),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": r"^\s*\S+(\s+\S+){4}\s*$",
            HINT: "Five fields: minute, hour, day of the month, month, weekday (0 and 7 are Sunday); `*` is any.",
        }
    ),
]
