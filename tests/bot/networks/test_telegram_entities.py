"""Telegram's formatting becomes restricted HTML, and the words stay what they were."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.networks.telegram_entities import MOST_ENTITIES, marked_up
from playbooks.phrasing import legible
from playbooks.restricted import TAGS, plain, restricted
from tests.emulators.telegram_html import parse, units

KINDS = [
    "bold",
    "italic",
    "underline",
    "strikethrough",
    "spoiler",
    "code",
    "pre",
    "text_link",
    "blockquote",
    "expandable_blockquote",
    "text_mention",
    "mention",
    "hashtag",
    "url",
    "custom_emoji",
    "bot_command",
    "date_time",
    "nonsense",
]
TEXT = st.text(st.characters() | st.sampled_from("🚒👩‍🚒é<>&\"'\n b\u200d"), max_size=40)
_TAG = re.compile(r"<(/?)([a-z-]+)(?: href=\"[^\"<>]*\"| class=\"language-[a-z+]*\"| expandable)?>")


def entity(kind: str, offset: int, length: int, **more: Any) -> dict[str, Any]:
    return {"type": kind, "offset": offset, "length": length, **more}


@st.composite
def formatted(draw: st.DrawFn) -> tuple[str, list[Any]]:
    """A text and entities over it, most of them in their place, some nowhere, some nothing."""
    text = draw(TEXT)
    number = st.integers(-3, units(text) + 3)
    one = st.builds(
        lambda kind, offset, length, url, language: entity(kind, offset, length, url=url, language=language),
        st.sampled_from(KINDS),
        number,
        number,
        st.sampled_from(
            ["https://x.org/?a=1&b=2", 'http://x/"<', "javascript:alert(1)", "tg://user?id=1", "", "mailto:a@b"]
        ),
        st.sampled_from(["python", "c++", 'x"><b>', "", None, 7]),
    )
    odd = st.sampled_from([None, 7, [], {}, {"type": [], "offset": 0, "length": 1}, entity("bold", 10**30, 10**30)])
    return text, draw(st.lists(one | odd, max_size=12))


def balanced(html: str) -> bool:
    """Whether every tag is allowed and ended, the innermost first, and no other angle bracket is left."""
    opened: list[str] = []
    for end, name in _TAG.findall(html):
        if name not in TAGS | {"a"}:
            return False
        if not end:
            opened.append(name)
        elif not opened or opened.pop() != name:
            return False
    return not opened and not set("<>") & set(_TAG.sub("", html))


@given(formatted())
def test_the_words_stay_what_they_were(given_: tuple[str, list[Any]]) -> None:
    """Whatever the entities are, the words without markup are the text, and the markup is restricted HTML."""
    text, entities = given_
    html = marked_up(text, entities)
    assert plain(html) == legible(text)
    assert balanced(html)
    assert restricted(html) == html


@given(formatted())
def test_every_character_has_the_forms_that_were_given_to_it(given_: tuple[str, list[Any]]) -> None:
    """Read as Telegram reads HTML, each character of the result stands in the same bold, italic and spoiler as it did."""
    text, entities = given_
    text = legible(text).strip()
    ours = [one for one in entities if isinstance(one, dict) and one.get("type") in ("bold", "italic", "spoiler")]

    def forms(text: str, found: list[dict[str, Any]]) -> list[set[str]]:
        at, made = 0, []
        for one in text:
            # A place inside a character counts as behind it, so what begins or ends there is told by the character's end.
            end = at + units(one)
            spans = [(e["type"], max(e["offset"], 0), max(e["offset"], 0) + e["length"]) for e in found]
            behind = [(kind, _behind(text, start), _behind(text, stop)) for kind, start, stop in spans if stop > start]
            made.append({kind for kind, start, stop in behind if start < end <= stop})
            at = end
        return made

    again, parsed = parse(marked_up(text, ours))
    assert again == text
    assert forms(again, parsed) == forms(text, ours)


def _behind(text: str, place: int) -> int:
    """This place in UTF-16 units, or the end of the character that it is inside of."""
    at = 0
    for one in text:
        if at >= place:
            break
        at += units(one)
    return at


@pytest.mark.parametrize(
    ("text", "entities", "html"),
    [
        ("🚒 go now", [entity("bold", 3, 2)], "🚒 <b>go</b> now"),
        ("abc", [entity("bold", 0, 2), entity("italic", 1, 2)], "<b>a<i>b</i></b><i>c</i>"),
        ("abc", [entity("bold", 0, 2), entity("bold", 1, 2)], "<b>ab</b><b>c</b>"),
        ("abc", [entity("italic", 0, 3), entity("blockquote", 0, 3)], "<blockquote><i>abc</i></blockquote>"),
        ("a<b>", [entity("code", 0, 4)], "<code>a&lt;b&gt;</code>"),
        ("x = 1", [entity("pre", 0, 5, language="python")], '<pre><code class="language-python">x = 1</code></pre>'),
        ("who", [entity("spoiler", 0, 3)], "<tg-spoiler>who</tg-spoiler>"),
        ("long", [entity("expandable_blockquote", 0, 4)], "<blockquote expandable>long</blockquote>"),
        ("map", [entity("text_link", 0, 3, url='https://x.org/?q="a b"&r')],
         '<a href="https://x.org/?q=%22a%20b%22&amp;r">map</a>'),
        ("hm", [entity("text_link", 0, 2, url="javascript:alert(1)")], "hm"),
        ("Ada and @bob", [entity("text_mention", 0, 3, user={"id": 501}), entity("mention", 8, 4)], "Ada and @bob"),
        ("👍", [entity("custom_emoji", 0, 2, custom_emoji_id="5")], "👍"),
        ("ab", [entity("bold", -1, 99)], "<b>ab</b>"),
        ("🚒b", [entity("bold", 1, 1)], "🚒b"),
        ("ab", [entity("bold", 2, 5), entity("bold", 0, 0), entity("bold", 1, -1)], "ab"),
        ("ab", "bold", "ab"),
    ],
)  # fmt: skip
def test_forms(text: str, entities: Any, html: str) -> None:
    """Each form that has a tag gets it, around exactly its words; the others, and wrong places, leave the words alone."""
    assert marked_up(text, entities) == html


def test_a_flood_of_entities_is_quick() -> None:
    """No number of entities makes a message costly: what is beyond ten times Telegram's own bound is left out."""
    text = "a🚒" * 5_000
    html = marked_up(
        text, [entity(KINDS[number % 8], number, number * 3, url="https://x") for number in range(100_000)]
    )
    assert plain(html) == text
    assert html.count("<") < 40 * MOST_ENTITIES
