"""What a Matrix room's state says of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bot.networks.matrix_rooms import MEGOLM, Room

HOUR = 3_600_000


def encryption(**more: Any) -> dict[str, Any]:
    return {"type": "m.room.encryption", "state_key": "", "content": {"algorithm": MEGOLM, **more}}


def test_a_room_that_says_nothing_changes_its_key_as_the_specification_has_it() -> None:
    """After a hundred messages or a week."""
    room = Room("!r")
    room.apply(encryption())
    assert room.rotation == (100, timedelta(days=7))


@pytest.mark.parametrize("messages", [0, -1, 10_001, True, "3", 3.0, None, [], 10**30])
@pytest.mark.parametrize("milliseconds", [0, HOUR - 1, 32 * 24 * HOUR, True, str(HOUR), 1e300])
def test_how_often_a_key_changes_is_within_reason(messages: Any, milliseconds: Any) -> None:
    """What is no number that makes sense changes nothing, and each of the two stands for itself."""
    room = Room("!r")
    room.apply(encryption(rotation_period_msgs=5, rotation_period_ms=HOUR))
    room.apply(encryption(rotation_period_msgs=messages, rotation_period_ms=milliseconds))
    assert room.rotation == (5, timedelta(hours=1))
    room.apply(encryption(rotation_period_msgs=10_000, rotation_period_ms=milliseconds))
    assert room.rotation == (10_000, timedelta(hours=1)) and room.encrypted
