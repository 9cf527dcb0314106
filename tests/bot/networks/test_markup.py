"""Restricted HTML is cut at sensible places into parts that fit and are whole in themselves."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from bot.networks.markup import escape, plain, split, utf16_units
from tests.emulators import telegram_html

WORDS = st.text(st.sampled_from('ab .\n!<>&"é🚒\u0301👩\u200d🇧🇪x'), max_size=40)
LEAVES = WORDS.map(escape)
TREES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4).map("".join),
        st.tuples(st.sampled_from(["b", "i", "u", "s", "code", "tg-spoiler"]), inner).map(
            lambda t: f"<{t[0]}>{t[1]}</{t[0]}>"
        ),
        inner.map(lambda one: f'<a href="https://example.org/?a=1&amp;b=2">{one}</a>'),
    ),
    max_leaves=12,
)


def bare(text: str) -> str:
    return re.sub(r"\s", "", text)


def test_plain_keeps_every_space() -> None:
    """Tags go, entities are resolved, spaces and newlines stay."""
    assert plain("<tg-spoiler>a</tg-spoiler> -b") == "a -b"
    assert plain('<b>a  &lt; b</b>\n\n<a href="x">&amp;amp;</a> ') == "a  < b\n\n&amp; "


def test_what_fits_is_left_alone() -> None:
    """A text that fits is its own only part, byte for byte."""
    assert split("<b>&quot;x&quot;</b>", 3) == ["<b>&quot;x&quot;</b>"]


def test_paragraphs_before_lines() -> None:
    """A cut falls between paragraphs where there is one in the second half, else between lines."""
    assert split("one two\nthree\n\nfour. five", 20) == ["one two\nthree", "four. five"]
    assert split("one two three\nfour. five", 20) == ["one two three", "four. five"]


def test_sentences_before_words() -> None:
    """Within a line a cut falls between sentences, else between words, else anywhere."""
    assert split("It is high. Go to the church now", 20) == ["It is high.", "Go to the church now"]
    assert split("Go to the church now please", 22) == ["Go to the church now", "please"]
    assert split("abcdefghij", 4) == ["abcd", "efgh", "ij"]


def test_open_markup_is_closed_and_opened_again() -> None:
    """Each part is balanced, links included."""
    parts = split('<b>one <a href="https://x.org">two three</a></b> four', 8)
    assert parts == ['<b>one <a href="https://x.org">two</a></b>', '<b><a href="https://x.org">three</a></b>', "four"]


def test_each_part_of_code_is_in_its_language() -> None:
    """And each part of a quotation that unfolds can be unfolded."""
    source = '<pre><code class="language-c">aaaa\nbbbb</code></pre>'
    assert split(source, 5) == [f'<pre><code class="language-c">{part}</code></pre>' for part in ("aaaa", "bbbb")]
    assert split("<blockquote expandable>aaaa\nbbbb</blockquote>", 5)[1] == "<blockquote expandable>bbbb</blockquote>"


def test_indentation_survives_a_cut_between_lines() -> None:
    """Preformatted lines keep their leading spaces."""
    assert split("<pre>aaaa\n  bbbb</pre>", 7) == ["<pre>aaaa</pre>", "<pre>  bbbb</pre>"]


def test_characters_stay_whole() -> None:
    """Flags, families and accents are not cut in two."""
    assert split("🇧🇪🇳🇱🇩🇪", 6) == ["🇧🇪", "🇳🇱", "🇩🇪"]
    assert split("e\u0301" * 4, 3) == ["e\u0301"] * 4


def test_a_long_text_takes_as_few_parts_as_it_needs() -> None:
    """70,000 characters of prose become 18 messages, each well filled."""
    parts = split("The river rises at the bridge. " * 2260, 4096)
    assert len(parts) == 18
    assert all(utf16_units(plain(part)) <= 4096 for part in parts)


@given(TREES, st.integers(8, 40))
def test_parts_are_whole(source: str, limit: int) -> None:
    """Nothing but space is lost, every part fits, and Telegram's parser takes each."""
    parts = split(source, limit)
    assert bare("".join(plain(part) for part in parts)) == bare(plain(source))
    for part in parts:
        assert utf16_units(plain(part)) <= limit
        telegram_html.parse(part)
