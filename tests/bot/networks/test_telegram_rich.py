"""A rich message keeps its words, in their order, whatever blocks they stand in."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.networks.telegram_rich import rich
from playbooks.restricted import plain, restricted

PIECE: Any = st.recursive(
    st.text("ab<&\"'é🚒\n", max_size=5) | st.none() | st.integers(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.fixed_dictionaries(
            {"text": inner},
            optional={"type": st.sampled_from(["bold", "code", "spoiler", "new"]), "url": st.just('https://x/"')},
        )
    ),
    max_leaves=6,
)
BLOCK: Any = st.recursive(
    st.fixed_dictionaries(
        {"type": st.sampled_from(["paragraph", "pre", "heading", "new"])}, optional={"text": PIECE, "summary": PIECE}
    ),
    lambda inner: st.fixed_dictionaries({"blocks": st.lists(inner, max_size=3)}, optional={"credit": PIECE}),
    max_leaves=5,
)


def words(piece: Any) -> str:
    """All strings that stand as text in something rich, in order."""
    if isinstance(piece, str):
        return piece
    if isinstance(piece, list):
        return "".join(map(words, piece))
    if isinstance(piece, dict):
        return "".join(words(piece.get(name)) for name in ("summary", "text", "blocks", "credit"))
    return ""


@given(st.lists(BLOCK, max_size=4))
def test_no_word_is_lost(blocks: list[Any]) -> None:
    """Every word of every block comes through, in order, as restricted HTML."""
    html = rich({"blocks": blocks})
    assert restricted(html) == html
    assert plain(html).replace("\n", "").replace("— ", "") == words(blocks).replace("\n", "")


@pytest.mark.parametrize(
    ("block", "html"),
    [
        ({"type": "pre", "text": "x < 1", "language": "python"}, '<pre><code class="language-python">x &lt; 1</code></pre>'),
        ({"type": "details", "summary": "More", "blocks": [{"type": "paragraph", "text": "x"}]}, "More\nx"),
        (
            {"type": "blockquote", "blocks": [{"type": "paragraph", "text": "x"}], "credit": "Ada"},
            "<blockquote>x\n— Ada</blockquote>",
        ),
        (
            {"type": "list", "items": [
                {"label": "1.", "has_checkbox": True, "is_checked": True, "blocks": [{"type": "paragraph", "text": "a"}]},
                {"label": "•", "blocks": [{"type": "paragraph", "text": "b"}]},
            ]},
            "☑ a\n• b",
        ),
        ({"type": "table", "cells": [[{"text": "a"}, {"text": "b"}], [{}, {"text": "c"}]]}, "a | b\n | c"),
        ({"type": "photo", "photo": [], "caption": {"text": "the dyke", "credit": "Bob"}}, "the dyke\n— Bob"),
        ({"type": "paragraph", "text": {"type": "custom_emoji", "custom_emoji_id": "5", "alternative_text": "👍"}}, "👍"),
        ({"type": "mathematical_expression", "expression": "a<b"}, "a&lt;b"),
        ({"type": "divider"}, ""),
    ],
    ids=lambda value: value["type"] if isinstance(value, dict) else "",
)  # fmt: skip
def test_blocks(block: dict[str, Any], html: str) -> None:
    """Blocks become lines: lists with their labels, tables row by row, quotes with whose they are."""
    assert rich({"blocks": [block]}) == html
