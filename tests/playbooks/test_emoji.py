"""What counts as one emoji."""

from __future__ import annotations

import pytest

from bot.networks.telegram_emoji import _KNOWN, _NEAREST
from handlers.signs import ALL, NONE, SOME
from playbooks.emoji import LONGEST, alike, is_emoji


@pytest.mark.parametrize(
    "emoji",
    [
        "👍", "👍🏽", "❤", "❤️", "✅", "☑️", "‼️", "ℹ️", "1️⃣", "#⃣", "🇧🇪", "🏴󠁧󠁢󠁷󠁬󠁳󠁿", "👨‍👩‍👧‍👦", "👩🏽‍❤️‍💋‍👨🏿", "🤷‍♀️", "❤️‍🔥", "🆗", "🫡", "🟢", "⏰",
    ],
)  # fmt: skip
def test_an_emoji_is_one(emoji: str) -> None:
    """With tones, joined, flags and keys."""
    assert is_emoji(emoji)


def test_every_reaction_of_telegram_is_an_emoji() -> None:
    """And every one for which there is a near one, and every sign of ours."""
    assert [one for one in (*_KNOWN, *_NEAREST, ALL, SOME, NONE) if not is_emoji(one)] == []


@pytest.mark.parametrize(
    "words",
    [
        "", " ", "a", "NO! Mayor says stay", "👍 ", "👍👍", "1", "🇧🇴🇲🇧", "🇧", "🅱‍🅾‍🅼‍🅱", ":party:", "mxc://x.org/y", "👍" + "🏽" * 40,
        "🏴" + "".join(chr(0xE0000 + ord(one)) for one in "secret") + "\U000e007f", "👨" + "\u200d👨" * 6, "й", "中", "!", "→",
    ],
)  # fmt: skip
def test_words_are_none(words: str) -> None:
    """However they are written: letters, names of pictures, flags that spell, several in a row."""
    assert not is_emoji(words)


def test_a_hostile_key_is_looked_at_no_longer_than_an_emoji() -> None:
    """Matrix takes 60 kB for a reaction."""
    assert LONGEST == 16 and not is_emoji("👍\u200d" * 20_000)


def test_the_mark_that_asks_for_colour_makes_no_other_emoji() -> None:
    """A heart is a heart."""
    assert alike("❤️") == alike("❤") == "❤" and alike("❤️‍🔥") == "❤️‍🔥"
