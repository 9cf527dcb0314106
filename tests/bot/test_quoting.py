"""Which of several things that went as one message is meant by who quotes some of it."""

from __future__ import annotations

import pytest

from bot.quoting import meant, spanned
from bot.speech import Line, plain, shown

SAID = (("Ada", "one 🌊 wave"), ("Ada", "yes"), ("Bo", "two\nlines"), ("Bo", "yes"), ("Bo", "🌊"), ("Ada", "last"))
LINES = [Line(f"▸ <b>{who}</b>", words) for who, words in SAID]


def units(text: str) -> int:
    """Its length as Telegram counts."""
    return len(text.encode("utf-16-le")) // 2


@pytest.mark.parametrize(
    ("quote", "times", "part"),
    [
        ("wave", 0, 0), ("yes", 0, 1), ("yes", 1, 3), ("two\nlines", 0, 2), ("🌊", 0, 0), ("🌊", 1, 4), ("last", 0, 5),
        ("Bo", 0, 2), ("Ada\nlast", 0, 5), ("yes\n\n▸ Bo", 0, 1),
    ],
)  # fmt: skip
def test_the_part_that_is_quoted_is_meant(quote: str, times: int, part: int) -> None:
    """By its words, where these were said twice by their place, counted as Telegram counts; a speaker's name means what they say first under it."""
    text, at = plain(shown(LINES)), -1
    for _ in range(times + 1):
        at = text.index(quote, at + 1)
    assert meant(LINES, quote, units(text[:at])) == part


def test_a_quotation_out_of_nowhere_means_some_part() -> None:
    """Its place decides, also beyond the end; what was removed is never meant."""
    assert meant(LINES, "nobody said this", 0) == 0
    assert meant(LINES, "", 10**9) == 5
    assert meant([None, *LINES[1:]], "wave", 0) == 1
    assert meant([None, None], "yes", 3) is None


@pytest.mark.parametrize(
    ("quote", "times", "parts"),
    [
        ("wave", 0, [0]),
        ("yes", 1, [3]),
        ("Ada\nlast", 0, [5]),
        ("wave\nyes", 0, [0, 1]),
        ("yes\n\n▸ Bo\ntwo", 0, [1, 2]),
        ("wave\nyes\n\n▸ Bo two", 0, [0, 1, 2]),
        ("lines\nyes\n🌊\n\n▸ Ada\nla", 0, [2, 3, 4, 5]),
    ],
)
def test_all_parts_of_which_something_is_quoted_are_found(quote: str, times: int, parts: list[int]) -> None:
    """Also where the place is told wrongly, as long as the words stand there, and with other spaces between them."""
    text, at = plain(shown(LINES)), -1
    for _ in range(times + 1):
        at = text.index(quote.replace("Bo two", "Bo\ntwo"), at + 1)
    assert spanned(LINES, quote, units(text[:at])) == parts
    assert times or spanned(LINES, quote, 0) == parts


def test_of_what_is_quoted_from_nowhere_every_part_is_concerned() -> None:
    """Nobody knows which; what was removed is none of them."""
    assert spanned([None, *LINES[1:]], "wave yes of old", 0) == [1, 2, 3, 4, 5]
    assert spanned([None, None], "yes", 3) == []
