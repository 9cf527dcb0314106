"""What Matrix clients write as HTML reads the same as restricted HTML, and nothing a stranger writes gets through it or holds it up."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.networks.matrix_html import LONGEST, from_matrix, from_plain
from playbooks.restricted import plain, restricted


@pytest.mark.parametrize(
    ("source", "made"),
    [
        ("<strong>a</strong> <em>b</em> <u>c</u> <del>d</del> <code>e&lt;</code>", "<b>a</b> <i>b</i> <u>c</u> <s>d</s> <code>e&lt;</code>"),
        ("<p>one\n  two</p>\n<p>three<br/>four</p>", "one two\n\nthree\nfour"),
        ("<h1>Crue</h1>l'eau<hr>monte", "<b>Crue</b>\n\nl'eau\n———\nmonte"),
        ("<b><p>a</p><p>b</p></b>", "<b>a\n\nb</b>"),
        ("before<ul><li>a</li><li><p>b</p></li></ul>after", "before\n• a\n• b\nafter"),
        ('<ol start="3"><li>a<ul><li>b</li></ul></li><li>c</li></ol>', "3. a\n\u2003• b\n4. c"),
        ("<ul><li></li></ul>x", "x"),
        ("<blockquote><p>a</p><p>b</p></blockquote><p>c</p>", "<blockquote>a\n\nb</blockquote>\n\nc"),
        ('<pre><code class="language-py">def f():\n    x\n\n# end\n</code></pre>then', '<pre><code class="language-py">def f():\n    x\n\n# end</code></pre>\nthen'),
        ('<pre>\n<code class="hljs language-c++ x">a<b>b</b></code></pre>c', '<pre><code class="language-c++">ab</code></pre>\nc'),
        ('<pre><code class="language-a&quot;b">a</code></pre>', "<pre>a</pre>"),
        ('<pre>a<code class="language-c">b</code></pre>', "<pre>ab</pre>"),
        ('<code class="language-c">a</code><pre><code>b</code></pre>', "<code>a</code>\n<pre>b</pre>"),
        ("<code><b>a</b></code>", "<code>a</code>"),
        ("<b>a<b>b</b>c</b>", "<b>abc</b>"),
        ('<span data-mx-spoiler="end">she dies</span> <span data-mx-spoiler>x</span>', "(end) <tg-spoiler>she dies</tg-spoiler> <tg-spoiler>x</tg-spoiler>"),
        ('<a href="https://x.be/?a=1&amp;b=2">map</a> <a href=\'tel:112\'>ring</a>', '<a href="https://x.be/?a=1&amp;b=2">map</a> <a href="tel:112">ring</a>'),
        ('<a href="javascript:alert(1)">a</a> <a href="/x">b</a> <a>c</a> <a href="ftp://x/y">d</a>', "a b c d (ftp://x/y)"),
        ('<a href="https://matrix.to/#/@bo:x">Bo</a>: <a href="matrix:r/x:y">room</a>', "@Bo: room"),
        ('<a href="https://matrix.to/#/%40bo%3Ax"><b>@Bo</b></a> <a href="matrix:u/al:x"></a>yes', "<b>@Bo</b> yes"),
        ("<mx-reply><blockquote>he said</blockquote></mx-reply>yes", "yes"),
        ('<img src="mxc://x/y" alt=":cat:" height=32> <img src="https://tracker/x">', ":cat:"),
        ("<table><tr><th>a</th><th>b</th></tr><tr><td>1</td><td>2</td></tr></table>", "<b>a</b> | <b>b</b>\n1 | 2"),
        ("<details><summary>More</summary>here</details>", "<b>More</b>\nhere"),
        ("a<!-- <b> -->b<script>alert(1)</script><style>x</style>", "ab"),
        ("1 < 2 > 0 & &amp;lt; <3 <unknown>x</unknown> <b>open", "1 &lt; 2 &gt; 0 &amp; &amp;lt; &lt;3 x <b>open</b>"),
        ("</b></p>a</i><b>b</p>c</b>", "a<b>bc</b>"),
        ("a\u202eb\x00c\ud800", "abc\ufffd"),
        ("<b> </b><p></p><br>", ""),
    ],
)  # fmt: skip
def test_what_clients_write_is_read(source: str, made: str) -> None:
    """Each element becomes what comes nearest to it; what has no equal leaves its words; nothing dangles."""
    assert from_matrix(source) == made
    assert restricted(made) == made


_WORST: list[Callable[[int], str]] = [
    lambda n: "<b>" * (n // 3),
    lambda n: "<b>" * (n // 7) + "</i>" * (n // 7),
    lambda n: "<b>x<p>" * (n // 7),
    lambda n: "".join(f"<font x={number}>y" for number in range(n // 14)),
    lambda n: "<ul><li>x" * (n // 9),
    lambda n: "<table><tr><td>" * (n // 15),
    lambda n: "<b>x" * 100 + "</i>x</b><b>x" * (n // 14),
    lambda n: "<a href=https://x>x</a>" * (n // 23),
    lambda n: "<a " + "a" * n + ">",
    lambda n: "<a " + "a=" * (n // 2) + ">",
    lambda n: "<a " + "a='b\"" * (n // 5) + ">",
    lambda n: "<a '" * (n // 4),
    lambda n: "<!--" * (n // 4),
    lambda n: "<" * n,
    lambda n: "&" * n,
    lambda n: "<pre>" + "\n" * n + "x",
    lambda n: "<pre>" + "\nx" * (n // 2),
    lambda n: "<span data-mx-spoiler=x>y" * (n // 25),
]


@pytest.mark.parametrize("worst", _WORST)
def test_nothing_takes_long(worst: Callable[[int], str]) -> None:
    """An event full of whatever is worst is read at once: in time that grows with its length and no faster."""
    source = worst(64_000)
    spent = min(_seconds(source) for _ in range(3))
    assert spent < 1.0  # on the slowest machine; what grew with its square would take a minute
    made = from_matrix(source)
    assert restricted(made) == made


def _seconds(source: str) -> float:
    began = time.process_time()
    from_matrix(source)
    return time.process_time() - began


def test_what_no_event_can_hold_is_not_read() -> None:
    """The plain words of such a message are taken instead."""
    assert from_matrix("x" * (LONGEST + 1)) == ""


_PIECES = st.sampled_from(
    ["<b>", "</b>", "<p>", "</p>", "<pre>", "</pre>", "<code>", "<ul>", "<ol start=2>", "<li>", "</li>", "</ul>", "<br/>", "<td>", "<tr>", "<hr>",
     '<a href="https://x/&quot;">', "<a href='tel:1'>", "</a>", "<span data-mx-spoiler='&lt;b>'>", "</span>", "<mx-reply>", "</mx-reply>", "<!--", "-->",
     "<blockquote>", "&lt;", "&amp;", "&", "<", ">", '"', "'", "&#60;b&#62;", "&#0;", "&nbsp;", "\n", " ", "x", "\u202e", "\ud83d", "<img alt='<'>", "="],
)  # fmt: skip


@given(st.lists(_PIECES | st.text(st.characters()), max_size=40).map("".join))
def test_whatever_is_written_what_is_made_is_restricted(source: str) -> None:
    """Reading it as restricted HTML once more changes nothing, and it can be written down."""
    made = from_matrix(source)
    assert restricted(made) == made
    made.encode()


@given(st.text(st.characters()))
def test_plain_words_stay_as_they_are(text: str) -> None:
    """Nothing in them is markup."""
    made = from_plain(text)
    assert restricted(made) == made
    assert from_plain(plain(made)) == made
