"""The calendar: when a clock time comes next, in a time zone that changes its clocks.

APScheduler knows how months, weekdays and leap years go on; but its cron is not the standard one, and with clocks that change it
fires twice, or not at all. So it is asked about the wall alone, in a zone without changes, with the weekdays in its own numbers,
and once for each of two fields of which either suffices. What the wall says is then found among the instants there are.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from apscheduler.triggers.cron import CronTrigger

from playbooks.schema import Cron

_INSTANT = timedelta(microseconds=1)
_SECOND = timedelta(seconds=1)


class WallCalendar:
    """The ``Calendar`` of the handlers. It keeps nothing."""

    def next(self, cron: Cron, zone: ZoneInfo, after: datetime) -> datetime | None:
        """The first of its times later than this one, in UTC; None: it comes no more."""
        wall = after.astimezone(zone).replace(tzinfo=None)
        while (found := _next_on_the_wall(cron, wall)) is not None:
            at = _instant(found, zone)
            if at > after:
                return at
            wall = found  # the clocks were put back: it came before
        return None


def _next_on_the_wall(cron: Cron, wall: datetime) -> datetime | None:
    found = (
        trigger.get_next_fire_time(None, wall.replace(tzinfo=UTC) + _INSTANT)
        for trigger in _triggers(cron.minutes, cron.hours, cron.months, cron.days, cron.weekdays)
    )
    return min((at.replace(tzinfo=None) for at in found if at is not None), default=None)


@lru_cache(maxsize=256)
def _triggers(
    minutes: frozenset[int],
    hours: frozenset[int],
    months: frozenset[int],
    days: frozenset[int] | None,
    weekdays: frozenset[int] | None,
) -> tuple[CronTrigger, ...]:
    """One trigger; two where a day of the month or a weekday suffices."""
    always = {"minute": _listed(minutes), "hour": _listed(hours), "month": _listed(months), "second": "0"}
    # In standard cron Sunday is 0; in APScheduler Monday is.
    by_weekday = None if weekdays is None else {"day_of_week": _listed((day - 1) % 7 for day in weekdays)}
    by_day = None if days is None else {"day": _listed(days)}
    if by_day is not None and min(days or {1}) > max(_LONGEST.get(month, 31) for month in months):
        by_day = None if by_weekday is not None else by_day  # it would be looked for until the year 9999
    either = [one for one in (by_day, by_weekday) if one is not None] or [{}]
    return tuple(CronTrigger(timezone=UTC, **always, **one) for one in either)


_LONGEST = {2: 29, 4: 30, 6: 30, 9: 30, 11: 30}


def _listed(numbers: Iterable[int]) -> str:
    return ",".join(map(str, sorted(numbers)))


def _instant(wall: datetime, zone: ZoneInfo) -> datetime:
    """When clocks show this for the first time; where they leave it out, when they go on."""
    at = wall.replace(tzinfo=zone).astimezone(UTC)
    if at.astimezone(zone).replace(tzinfo=None) == wall:
        return at
    # The change lies between what the wall would mean by the rule after it and by the rule before it.
    early, late = wall.replace(tzinfo=zone, fold=1).astimezone(UTC), at
    while late - early > _SECOND:
        middle = early + (late - early) // 2 // _SECOND * _SECOND
        if middle.astimezone(zone).replace(tzinfo=None) > wall:
            late = middle
        else:
            early = middle
    return late
