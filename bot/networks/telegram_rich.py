"""Telegram's rich messages (headings, lists, tables …), as restricted HTML: their words, in lines, in the order in which they stand.

See https://core.telegram.org/bots/api#richmessage. What is found is told by its fields rather than by its type, so that blocks of a kind that
was not there when this was written are read too. Their pictures are left out: they are none of the files of a message.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from playbooks.restricted import in_language, restricted

_TAGS = {"bold": "b", "italic": "i", "underline": "u", "strikethrough": "s", "spoiler": "tg-spoiler", "code": "code"}
_BLOCKS = {"heading": "b", "pre": "pre", "blockquote": "blockquote", "pullquote": "blockquote"}
_WORDS = ("alternative_text", "expression")


def rich(message: Mapping[str, Any]) -> str:
    """A ``RichMessage`` as restricted HTML."""
    return restricted("\n".join(_blocks(message.get("blocks"))))


def _blocks(blocks: object) -> Iterator[str]:
    for block in blocks if isinstance(blocks, list) else ():
        if isinstance(block, Mapping) and (lines := "\n".join(line for line in _block(block) if line)):
            tag = _BLOCKS.get(str(block.get("type")))
            begins, ends = in_language(str(block.get("language") or "")) if tag == "pre" else (f"<{tag}>", f"</{tag}>")
            yield f"{begins}{lines}{ends}" if tag else lines


def _block(block: Mapping[str, Any]) -> Iterator[str]:
    """The lines of a block, without what says of which kind it is."""
    yield _inline(block.get("summary"))
    yield _inline(block.get("text"))
    yield _inline(block.get("expression"))
    for item in block["items"] if isinstance(block.get("items"), list) else ():
        box = "☑" if item.get("is_checked") else "☐"
        words = "\n".join(_blocks(item.get("blocks")))
        yield f"{box if item.get('has_checkbox') else _inline(item.get('label'))} {words}".strip()
    yield from _blocks(block.get("blocks"))
    for row in block["cells"] if isinstance(block.get("cells"), list) else ():
        yield " | ".join(_inline(cell.get("text")) for cell in row)
    caption = block.get("caption")
    yield _inline(caption.get("text") if isinstance(caption, Mapping) and "type" not in caption else caption)
    credit = block.get("credit") or (caption.get("credit") if isinstance(caption, Mapping) else None)
    yield f"— {_inline(credit)}" if credit else ""


def _inline(piece: object) -> str:
    """A ``RichText``: a string, a list of them, or one in some form."""
    if isinstance(piece, str):
        return escape(piece, quote=False)
    if isinstance(piece, list):
        return "".join(map(_inline, piece))
    if not isinstance(piece, Mapping):
        return ""
    words = _inline(piece.get("text")) or "".join(_inline(piece.get(name)) for name in _WORDS)
    if "url" in piece:
        return f'<a href="{escape(str(piece["url"]))}">{words}</a>'
    tag = _TAGS.get(str(piece.get("type")))
    return f"<{tag}>{words}</{tag}>" if tag else words
