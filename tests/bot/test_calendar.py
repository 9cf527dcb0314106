"""The calendar against an oracle that looks at every minute there is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.calendar import WallCalendar
from playbooks.schema import Cron
from tests.examples import examples

MINUTE = timedelta(minutes=1)
CHANGES = {
    "Europe/Brussels": ((2026, 3, 29), (2026, 10, 25)),
    "America/New_York": ((2026, 3, 8), (2026, 11, 1)),
    "Australia/Lord_Howe": ((2026, 4, 5), (2026, 10, 4)),  # half an hour
    "America/Havana": ((2026, 3, 8), (2026, 11, 1)),  # midnight is left out
    "Africa/Casablanca": ((2026, 2, 15), (2026, 3, 22)),  # for Ramadan
    "Atlantic/Azores": ((2026, 3, 29), (2026, 10, 25)),  # midnight comes twice
    "Europe/Dublin": ((2026, 3, 29), (2026, 10, 25)),  # winter is what differs
    "Pacific/Apia": ((2011, 12, 30), (2011, 12, 31)),  # a whole day is left out
    "Asia/Kolkata": ((2026, 3, 29), (2026, 10, 25)),  # nothing changes
}
"""Zones, with the days around which their clocks change."""


def fires(cron: Cron, zone: ZoneInfo, begin: datetime, end: datetime) -> Iterator[datetime]:
    """Every minute that is one of its times: shown for the first time, or the first after those left out that were."""
    at = begin
    while at <= end:
        wall = at.astimezone(zone).replace(tzinfo=None)
        before = (at - MINUTE).astimezone(zone).replace(tzinfo=None)
        left_out = [before + MINUTE * n for n in range(1, max(1, int((wall - before) / MINUTE)))]
        if (cron.matches(wall) and at.astimezone(zone).fold == 0) or any(map(cron.matches, left_out)):
            yield at
        at += MINUTE


def _field(low: int, high: int) -> st.SearchStrategy[str]:
    number = st.integers(low, high).map(str)
    steps = st.integers(1, high // 2).map(lambda step: f"*/{step}")
    return st.one_of(st.just("*"), number, st.lists(number, min_size=2, max_size=4).map(",".join), steps)


crons = st.builds(
    lambda *words: " ".join(words),
    _field(0, 59),
    _field(0, 23),
    st.one_of(st.just("*"), st.integers(1, 31).map(str)),
    st.just("*"),
    st.one_of(st.just("*"), st.integers(0, 7).map(str)),
)


@given(st.sampled_from(sorted(CHANGES)), st.sampled_from((0, 1)), crons, st.integers(-36 * 3600, 12 * 3600))
@example("Europe/Brussels", 0, "30 2 * * *", -3600)
@example("Europe/Brussels", 1, "30 2 * * *", -3600)
@example("Europe/Brussels", 1, "* * * * *", 2 * 3600 + 1800)
@example("America/Havana", 0, "0 0 * * *", -3600)
@example("Pacific/Apia", 0, "0 8 * * 5", -3600)
@settings(max_examples=examples(150), deadline=None)
def test_it_is_what_one_finds_by_looking_at_every_minute(name: str, change: int, written: str, shift: int) -> None:
    """From any second around a change of the clocks, every time in the next two days and a half, in order."""
    zone, cron = ZoneInfo(name), Cron.parse(written)
    at = datetime(*CHANGES[name][change], tzinfo=UTC) + timedelta(seconds=shift)
    end = at + timedelta(hours=60)
    first = at.replace(second=0) + MINUTE
    expected = list(fires(cron, zone, first, end))
    for each in expected[:200]:
        found = WallCalendar().next(cron, zone, at)
        assert found == each
        assert found.tzinfo is UTC
        at = found
    if len(expected) < 200:
        later = WallCalendar().next(cron, zone, at)
        assert later is None or later > end


@pytest.mark.parametrize("written", ["0 8 * * 0", "0 8 * * 7", "0 8 * * sun"])
def test_both_names_of_sunday_are_sunday(written: str) -> None:
    """0 and 7 alike, and never Monday."""
    found = WallCalendar().next(Cron.parse(written), ZoneInfo("Europe/Brussels"), datetime(2026, 6, 1, tzinfo=UTC))
    assert found == datetime(2026, 6, 7, 6, tzinfo=UTC)


def test_a_day_or_a_weekday_suffices() -> None:
    """The thirteenth, and every Friday."""
    cron, zone, at = Cron.parse("0 12 13 * 5"), ZoneInfo("UTC"), datetime(2026, 6, 1, tzinfo=UTC)
    days = []
    for _ in range(4):
        found = WallCalendar().next(cron, zone, at)
        assert found is not None
        days.append(found.day)
        at = found
    assert days == [5, 12, 13, 19]


def test_a_leap_day_is_waited_for_and_an_impossible_day_is_not() -> None:
    """Two years ahead; and where only the weekday can ever come, it alone counts."""
    zone, at = ZoneInfo("UTC"), datetime(2026, 6, 1, tzinfo=UTC)
    assert WallCalendar().next(Cron.parse("0 0 29 2 *"), zone, at) == datetime(2028, 2, 29, tzinfo=UTC)
    assert WallCalendar().next(Cron.parse("0 0 31 2 1"), zone, at) == datetime(2027, 2, 1, tzinfo=UTC)
