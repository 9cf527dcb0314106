"""Restricted HTML: whatever is written comes out as it, once and for all."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playbooks.phrasing import legible
from playbooks.restricted import TAGS, in_language, plain, restricted

_WRITTEN = re.compile(r"<(/?)([a-z-]+)(?: href=\"[^\"<>]*\"| class=\"language-[A-Za-z0-9+#._-]{1,32}\"| expandable)?>")


@pytest.mark.parametrize(
    ("source", "made"),
    [
        ("a <b>x <i>y</b> z", "a <b>x <i>y</i></b> z"),
        ("<script>x</script> & <", "&lt;script&gt;x&lt;/script&gt; &amp; &lt;"),
        ('<a href="javascript:x">l</a>', "l"),
        ('<a href="https://x.org/?a=1&amp;b=2">l</a>', '<a href="https://x.org/?a=1&amp;b=2">l</a>'),
        ('<a href="HTTPS://x.org" onclick="x">l</a>', '&lt;a href="HTTPS://x.org" onclick="x"&gt;l'),
        ("<b>never ended", "<b>never ended</b>"),
        ("ended</b> only", "ended only"),
        ("<tg-spoiler>secret</tg-spoiler>\nline", "<tg-spoiler>secret</tg-spoiler>\nline"),
        ("&lt;b&gt; &amp;amp;", "&lt;b&gt; &amp;amp;"),
        ("\u202eevil\u0000", "evil"),
        ("<blockquote expandable>a</blockquote>", "<blockquote expandable>a</blockquote>"),
        ("<b expandable>a</b>", "<b>a</b>"),
        ('<pre><code class="language-c++">a</code></pre>', '<pre><code class="language-c++">a</code></pre>'),
        ('<b class="language-c">a</b> <code class="language-c">b</code>', "<b>a</b> <code>b</code>"),
    ],
)
def test_only_a_few_tags_are_left_and_all_else_is_text(source: str, made: str) -> None:
    """With links that lead to the web, a mailbox or a telephone."""
    assert restricted(source) == made


PIECES = (
    "<pre>",
    "</pre>",
    '<code class="language-c">',
    "<code>",
    "</code>",
    "<blockquote expandable>",
    "</blockquote>",
    "<a>",
    "</a>",
    "a",
)


@given(
    st.text(alphabet=st.sampled_from('<>/ab iu&;"=href ps:x\n\u202e'), max_size=80)
    | st.text(max_size=60)
    | st.lists(st.sampled_from(PIECES), max_size=12).map("".join)
)
def test_once_is_enough_and_every_tag_is_ended(source: str) -> None:
    """Written again it stays as it is; tags are balanced; the words are those that were written."""
    made = restricted(source)
    assert restricted(made) == made
    opened: list[str] = []
    for tag in _WRITTEN.finditer(made):
        assert tag[2] in TAGS or tag[2] == "a"
        if tag[1]:
            assert opened.pop() == tag[2]
        else:
            opened.append(tag[2])
    assert not opened
    assert "<" not in _WRITTEN.sub("", made)


@given(st.text(max_size=60))
def test_plain_words_come_back_as_they_are(words: str) -> None:
    """Escaped and read again, but for what nobody can read."""
    from html import escape

    assert plain(restricted(escape(words))) == legible(words)


@pytest.mark.parametrize("language", ["", "a b", 'c"><b>', "c\n", "x" * 33, "français"])
def test_a_language_is_a_name_or_is_left_out(language: str) -> None:
    """What somebody calls a language is a short name of few signs; anything else is left out, and the code stays."""
    assert in_language(language) == ("<pre>", "</pre>")
    begins, ends = in_language("objective-c++_2.0#")
    assert (
        restricted(f"{begins}a{ends}")
        == f"{begins}a{ends}"
        == '<pre><code class="language-objective-c++_2.0#">a</code></pre>'
    )
