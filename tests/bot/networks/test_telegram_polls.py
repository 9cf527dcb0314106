"""A poll fits Telegram or is spelt out."""

from __future__ import annotations

import pytest

from bot.networks.telegram_polls import fields, poll_fits, question, spelt
from playbooks.spoken import Poll


@pytest.mark.parametrize(
    ("asked", "options", "fits"),
    [
        ("Open the sluice?", ["Yes", "No"], True),
        ("q" * 300, ["o" * 100, "p"], True),
        ("q" * 301, ["Yes", "No"], False),
        ("🌊" * 151, ["Yes", "No"], False),
        ("Q", ["o" * 101, "p"], False),
        ("Q", ["one"], False),
        ("Q", [str(number) for number in range(12)], True),
        ("Q", [str(number) for number in range(13)], False),
        ("Q", ["Yes", " Yes "], False),
        ("Q", ["Yes", " "], False),
        (" ", ["Yes", "No"], False),
    ],
)
def test_what_fits(asked: str, options: list[str], fits: bool) -> None:
    """Telegram's limits are held, counted the strictest way; options that are the same or empty do not fit."""
    assert poll_fits(asked, options) is fits


def test_who_asks_stands_before_the_question() -> None:
    """The question is plain words, who asks first; options are trimmed, and nobody sees who chose what."""
    poll = Poll("Open the <sluice>?", (" Yes", "No "), several=True)
    assert question("<b>Ada &amp; Bo</b> (Fire)", poll) == "Ada & Bo (Fire)\nOpen the <sluice>?"
    made = fields("<b>Ada</b>", poll)
    assert made["options"] == [{"text": "Yes"}, {"text": "No"}]
    assert (made["is_anonymous"], made["allows_multiple_answers"]) == (True, True)


def test_spelt_out() -> None:
    """In words a poll is its question and its options with their numbers, with nothing in them taken for markup."""
    words = spelt("<b>Ada</b>", Poll("1 < 2?", ("Yes & no", "<b>")))
    assert words == "<b>Ada</b>\n<b>1 &lt; 2?</b>\n1. Yes &amp; no\n2. &lt;b&gt;"
