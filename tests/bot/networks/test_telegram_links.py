"""Addresses that Telegram makes no links of stand in the words instead."""

from __future__ import annotations

import pytest

from bot.networks.markup import plain, utf16_units
from bot.networks.port import Limits
from bot.networks.telegram import Telegram
from bot.networks.telegram_links import written_out
from bot.networks.telegram_send import TEXT_UNITS
from tests.bot.networks.telegram_ground import NOON


@pytest.mark.parametrize(
    ("html", "words"),
    [
        ('<a href="mailto:a@b.org">mail</a>', "mail (a@b.org)"),
        ('<a href="mailto:a@b.org">A@B.org</a>', "A@B.org"),
        ('<a href="mailto:a%20b@c.org?subject=x&amp;y=z"><b>mail</b> us</a>', "<b>mail</b> us (a b@c.org)"),
        ('<a href="MAILTO:a&lt;b@c.org">m</a>', "m (a&lt;b@c.org)"),
        ('<a href="tel:+32-2">ring</a>', "ring (+32-2)"),
        ('<a href="tel:+32-2">+32 2</a>', "+32 2"),
        ('<a href="tel:112">the 112</a>\n<a href="https://x.org">x</a>', 'the 112\n<a href="https://x.org">x</a>'),
        ("a &lt;a href&gt; b", "a &lt;a href&gt; b"),
    ],
)
def test_what_stands_in_their_place(html: str, words: str) -> None:
    """The words, and the address where they do not say it; other links stay."""
    assert written_out(html) == words


def test_a_long_text_is_cut_with_its_addresses() -> None:
    """Each part fits, and no address is lost."""
    network = Telegram("1:a", None, Limits(), lambda: NOON)
    html = " ".join(f'<a href="mailto:station{number}@fire.example.org">station</a>' for number in range(200))
    parts = network.split(html)
    assert len(parts) > 1 and all(utf16_units(plain(part)) <= TEXT_UNITS for part in parts)
    assert all(f"station{number}@fire.example.org" in "".join(parts) for number in range(200))
