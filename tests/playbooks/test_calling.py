"""Who is called by name in what is said, and how that becomes a link."""

from __future__ import annotations

import time

import pytest

from playbooks.calling import called, linked
from playbooks.restricted import plain, restricted


@pytest.mark.parametrize(
    ("html", "shown"),
    [
        ("@Ada", "[@Ada]"),
        ("come, @ADA!", "come, [@ADA]!"),
        ("@ada and @Ada", "[@ada] and @Ada"),
        ("<b>@Ada</b>'s", "<b>[@Ada]</b>'s"),
        ("@Ada Smith, not @Ada", "{@Ada Smith}, not [@Ada]"),
        ("@Ada\nSmith", "{@Ada\nSmith}"),
        ("@Adam, info@ada.org, @@ada", "@Adam, info@ada.org, @@ada"),
        ("<code>@Ada</code><pre>@Ada</pre>", "<code>@Ada</code><pre>@Ada</pre>"),
        ("<pre><code>@Ada</code></pre> @Ada", "<pre><code>@Ada</code></pre> [@Ada]"),
        ('<a href="https://x.org/@Ada">@Ada</a> @Ada', '<a href="https://x.org/@Ada">@Ada</a> [@Ada]'),
        ("@B &amp; &lt;C&gt;", "(@B &amp; &lt;C&gt;)"),
        ("nobody", "nobody"),
        ("", ""),
    ],
)
def test_a_call_is_the_longest_name_that_stands_in_the_text(html: str, shown: str) -> None:
    """Whatever the case, the first time, and never in a tag, a link, code or the middle of a word."""
    links = [("1", "Ada"), ("2", "Ada Smith"), ("3", "B & <C>"), ("4", "")]
    made = linked(html, links)
    for number, (opens, ends) in {"1": ("[", "]"), "2": ("{", "}"), "3": ("(", ")")}.items():
        before, found, after = made.partition(f'<a href="{number}">')
        made = f"{before}{opens}{after.replace('</a>', ends, 1)}" if found else before
    assert made == shown
    assert plain(linked(html, links)) == plain(html)
    wanted = {name for name, opens in (("Ada", "["), ("Ada Smith", "{"), ("B & <C>", "(")) if opens in shown}
    assert called(html, [name for _, name in links]) == wanted


def test_people_of_the_same_name_have_a_place_each() -> None:
    """As far as the name stands there."""
    assert linked("@Ada, @ada", [("a&b", "Ada"), ("2", "ADA"), ("3", "Ada")]) == (
        '<a href="a&amp;b">@Ada</a>, <a href="2">@ada</a>'
    )
    assert called("@ada", ["Ada", "ADA", "Bo"]) == {"Ada", "ADA"}


def test_odd_names_and_words_harm_nobody() -> None:
    """Names may be patterns, markup or invisible; long words take no long time."""
    assert called("@.*", ["a", ".*", "(", "\u202e", " "]) == {".*"}
    assert linked('@"Z" @é', [("1", '"Z"'), ("2", "É")]) == '<a href="1">@"Z"</a> <a href="2">@é</a>'
    html = restricted("@a <b>@" * 20_000 + "@" * 50_000)
    began = time.process_time()
    assert called(html, [f"name {number}" for number in range(100)]) == frozenset()
    assert time.process_time() - began < 5
