"""Times that clocks never show, and those they show twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from playbooks.wall import instants, written

BRUSSELS = ZoneInfo("Europe/Brussels")


def test_clocks_show_a_time_once_twice_or_never() -> None:
    """Once on a common day, twice in the hour that is put back, never in the one that is left out."""
    assert _instants("2027-07-01 12:00") == (datetime(2027, 7, 1, 10, 0, tzinfo=UTC),)
    first = datetime(2027, 10, 31, 0, 30, tzinfo=UTC)
    assert _instants("2027-10-31 02:30") == (first, first + timedelta(hours=1))
    assert _instants("2027-03-28 02:30") == ()


def _instants(wall: str) -> tuple[datetime, ...]:
    return instants(datetime.fromisoformat(wall), BRUSSELS)


@pytest.mark.parametrize("zone", ["Europe/Brussels", "Australia/Lord_Howe", "Atlantic/Azores", "Pacific/Apia"])
def test_what_is_written_is_read_again_as_the_same_moment(zone: str) -> None:
    """Each half hour of a year, whatever the clocks do; an offset stands there only where it must."""
    there, at, offsets = ZoneInfo(zone), datetime(2027, 1, 1, tzinfo=UTC), 0
    while at.year == 2027:
        said = written(at, there)
        read = datetime.fromisoformat(said)
        assert (read if read.tzinfo is not None else read.replace(tzinfo=there)).astimezone(UTC) == at
        offsets += read.tzinfo is not None
        at += timedelta(minutes=30)
    assert offsets <= 4
