"""Reactions find the nearest that Telegram knows."""

from __future__ import annotations

import pytest
from telegram.constants import ReactionEmoji

from bot.networks.telegram_emoji import _KNOWN, _NEAREST, reaction


def test_the_list_is_telegrams() -> None:
    """The list is the one that the library knows, no more and no less; and whatever is near leads into it."""
    assert {one.value.replace("\ufe0f", "") for one in ReactionEmoji} == _KNOWN
    assert set(_NEAREST).isdisjoint(_KNOWN)
    assert {reaction(one) for one in _NEAREST} <= _KNOWN


@pytest.mark.parametrize(
    ("said", "carried"),
    [
        ("👍", "👍"),
        ("👍🏽", "👍"),
        ("❤️", "❤"),
        ("❤️\u200d🔥", "❤\u200d🔥"),
        ("🤷🏾\u200d♀️", "🤷\u200d♀"),
        ("✅", "👍"),
        ("✔️", "👍"),
        ("❌", "👎"),
        ("😂", "🤣"),
        ("🥝", None),
        ("seen", None),
        ("", None),
    ],
)
def test_the_nearest(said: str, carried: str | None) -> None:
    """Skin and variant do not matter, what means the same is carried, and nothing else is."""
    assert reaction(said) == carried
