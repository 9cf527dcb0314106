"""A time of day means the day on which the log has it, and says so where it has it twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.cli_ending import Stop
from bot.cli_until import moment_of
from storage.facts import NoteAdded
from storage.store import Kept
from tests.playbooks.linted import river
from tests.storage.small import ROOM

BOOK = river()
BACK = datetime(2027, 10, 31, 0, 45, tzinfo=UTC)
"""02:45 in Brussels; a quarter of an hour later it is 02:00 once more."""


def _log(*at: datetime) -> list[Kept]:
    return [Kept("I-1", seq, one, None, NoteAdded("ada", None, ROOM, "note")) for seq, one in enumerate(at)]


def test_a_time_that_the_log_has_once_is_meant() -> None:
    """Past midnight, in the hour that is left out of the log's first day, and where the clocks were put back between."""
    evening = datetime(2026, 12, 31, 22, 50, tzinfo=UTC)  # ten minutes to a new year in Brussels
    assert moment_of("00:05", _log(evening, evening + timedelta(hours=1)), BOOK) == evening + timedelta(minutes=15)
    assert moment_of("02:20", _log(BACK, BACK + timedelta(minutes=50)), BOOK) == BACK + timedelta(minutes=35)
    assert moment_of("02:50", _log(BACK, BACK + timedelta(minutes=50)), BOOK) == BACK + timedelta(minutes=5)


@pytest.mark.parametrize(
    ("end", "wanted"),
    [
        (timedelta(minutes=70), 'the log has it twice; write "2027-10-31 02:50+02:00" or "2027-10-31 02:50+01:00"'),
        (timedelta(days=2), 'the log has it 3 times; write "2027-10-31 02:50+02:00" or "2027-10-31 02:50+01:00"'),
    ],
    ids=["one night", "three nights"],
)
def test_a_time_that_the_log_has_more_than_once_is_asked_for_again(end: timedelta, wanted: str) -> None:
    """On several days, or twice in one night; what is proposed is understood."""
    kept = _log(BACK, BACK + end)
    with pytest.raises(Stop) as asked:
        moment_of("02:50", kept, BOOK)
    assert wanted in str(asked.value)
    assert moment_of("2027-10-31 02:50+01:00", kept, BOOK) == BACK + timedelta(minutes=65)
