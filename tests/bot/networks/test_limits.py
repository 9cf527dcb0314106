"""An operator's limits are read as written, and what is no limit is named."""

from __future__ import annotations

import pytest

from bot.networks.limits import TELEGRAM_DEFAULT, parse_limits
from bot.networks.port import Limits


def test_the_default() -> None:
    """The default holds Telegram's three limits."""
    assert parse_limits(TELEGRAM_DEFAULT) == Limits(overall=(30, 1.0), room=(1, 1.0), group=(20, 60.0))


def test_off() -> None:
    """Off is no limit at all."""
    assert parse_limits(" OFF ") == Limits()


def test_one_scope_alone() -> None:
    """A scope that is not named is not limited."""
    assert parse_limits("5/h/chat") == Limits(room=(5, 3600.0))


@pytest.mark.parametrize("text", ["", "fast", "0/s", "30", "30/s 20/s", "1/s/room", "30/s,1/s/chat", "-1/s"])
def test_what_is_no_limit(text: str) -> None:
    """Anything else is refused with an example of what would be right."""
    with pytest.raises(ValueError, match="limit"):
        parse_limits(text)
