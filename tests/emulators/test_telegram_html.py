"""The emulated Telegram makes of markup what the real one makes of it, so that tests see what people see."""

from __future__ import annotations

import pytest

from tests.emulators.telegram_html import parse

QUOTE, BOLD, CODE, PRE, LINK = "blockquote", "bold", "code", "pre", "text_link"


@pytest.mark.parametrize(
    ("source", "seen"),
    [
        ("<b>a <code>b</code> c</b>", [(BOLD, 0, 2), (CODE, 2, 1), (BOLD, 3, 2)]),
        ("<code>a <b>b</b></code>", [(CODE, 0, 3)]),
        ("<b>a<b>b</b></b><b>c</b>", [(BOLD, 0, 3)]),
        ("<blockquote>a <blockquote>b</blockquote></blockquote>", [(QUOTE, 0, 3)]),
        ("<blockquote><code>a</code></blockquote>", [(QUOTE, 0, 1), (CODE, 0, 1)]),
        ('<a href="https://x.org">a <blockquote>b</blockquote></a>', [(QUOTE, 2, 1)]),
        ('<a href="https://x.org"><code>a</code></a>', [(CODE, 0, 1)]),
        ('<a href="https://x.org">a <code>b</code></a>', [(LINK, 0, 3)]),
        ('<b><a href="https://x.org">a</a></b>', [(LINK, 0, 1), (BOLD, 0, 1)]),
        ('<a href="tel:112">a</a><a href="mailto:a@b.org">b</a>', []),
        ("<pre>a</pre> <tg-spoiler>🚒</tg-spoiler>", [(PRE, 0, 1), ("spoiler", 2, 2)]),
    ],
)
def test_what_is_kept(source: str, seen: list[tuple[str, int, int]]) -> None:
    """Of forms that Telegram does not combine, those stay that it keeps."""
    assert [(one["type"], one["offset"], one["length"]) for one in parse(source)[1]] == seen


def test_what_a_form_says_more() -> None:
    """Code that is all there is in a block names its language, alone or in part of one it does not; a quotation may be folded."""
    language = '<code class="language-python">'
    assert parse(f"<pre>{language}a</code></pre>")[1] == [{"type": PRE, "offset": 0, "length": 1, "language": "python"}]
    assert parse(f"{language}a</code>")[1] == [{"type": CODE, "offset": 0, "length": 1}]
    assert parse(f"<pre>a{language}b</code></pre>")[1] == [{"type": PRE, "offset": 0, "length": 2}]
    assert parse("<blockquote expandable>a</blockquote>")[1] == [
        {"type": "expandable_blockquote", "offset": 0, "length": 1}
    ]
