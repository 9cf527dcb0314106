"""Formatting as Telegram tells it, a text and entities that point into it, as restricted HTML.

Offsets and lengths of entities are in UTF-16 code units. What they mean: https://core.telegram.org/bots/api#messageentity.
Entities without a tag of ours (mentions, hashtags, addresses, custom emoji …) are the words they stand on; so is a link that leads nowhere
outside Telegram. Wrong ones are left out or cut to the text: the words always come through.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from itertools import accumulate
from typing import Any, TypeGuard

from playbooks.restricted import in_language, restricted

MOST_ENTITIES = 1000  # ten times what Telegram keeps: more only costs time

_TAGS = {
    "blockquote": "blockquote",
    "expandable_blockquote": "blockquote",
    "pre": "pre",
    "text_link": "a",
    "bold": "b",
    "italic": "i",
    "underline": "u",
    "strikethrough": "s",
    "spoiler": "tg-spoiler",
    "code": "code",
}
_ORDER = {tag: place for place, tag in enumerate(_TAGS.values())}  # of two on the same words, the first is outside
_UNSAFE = {ord(one): f"%{ord(one):02X}" for one in '"<> \n\r\t'}


@dataclass(frozen=True, slots=True)
class _Span:
    """Words between two places in the text that stand in a tag."""

    start: int
    end: int
    tag: str
    more: str = ""  # where a link leads, in which language code is, whether a quotation can be expanded

    @property
    def opens(self) -> str:
        if self.tag == "a":
            return f'<a href="{escape(self.more)}">'
        if self.tag == "pre":
            return in_language(self.more)[0]
        return f"<{self.tag} {self.more}>" if self.more else f"<{self.tag}>"

    @property
    def ends(self) -> str:
        return in_language(self.more)[1] if self.tag == "pre" else f"</{self.tag}>"


def marked_up(text: str, entities: object) -> str:
    """A text and its entities as restricted HTML. ``entities`` is whatever stood in the update, None for none. Never raises."""
    waiting = _spans(text, entities) if isinstance(entities, list) and entities else []
    made: list[str] = []
    at = 0
    opened: list[_Span] = []
    while waiting or opened:
        end = min((span.end for span in opened), default=len(text))
        place = min(end, waiting[-1].start) if waiting else end
        made.append(escape(text[at:place], quote=False))
        at = place
        again: list[_Span] = []  # inside one that ends here, but going on: ended and begun again
        while any(span.end <= place for span in opened):
            inner = opened.pop()
            made.append(inner.ends)
            if inner.end > place:
                again.append(inner)
        for span in reversed(again):
            opened.append(span)
            made.append(span.opens)
        while waiting and waiting[-1].start <= place:
            span = waiting.pop()
            if all(span.tag != other.tag for other in opened):
                opened.append(span)
                made.append(span.opens)
            elif longer := _rest(span, opened):
                _put(waiting, longer)
    made.append(escape(text[at:], quote=False))
    return restricted("".join(made))


def _rest(span: _Span, opened: list[_Span]) -> _Span | None:
    """What of a span lies behind the one of the same tag that is open: bold in bold is bold once."""
    end = next(other.end for other in opened if other.tag == span.tag)
    return _Span(end, span.end, span.tag, span.more) if span.end > end else None


def _put(waiting: list[_Span], span: _Span) -> None:
    """Put a span where it belongs among those that wait, the next one last."""
    waiting.insert(bisect_left(waiting, _place(span), key=_place), span)


def _place(span: _Span) -> tuple[int, int, int]:
    """Sorts those that begin later first, and of those that begin together the outermost last."""
    return -span.start, span.end, -_ORDER[span.tag]


def _spans(text: str, entities: list[Any]) -> list[_Span]:
    """What has a tag of ours, sorted by ``_place``."""
    ends = None if text.isascii() else list(accumulate(2 if one > "\uffff" else 1 for one in text))

    def place(units: int) -> int:
        """The place in the text; one inside a character counts as behind it."""
        return (
            min(units, len(text)) if ends is None else 0 if units <= 0 else min(bisect_left(ends, units) + 1, len(text))
        )

    found = []
    for entity in entities[:MOST_ENTITIES]:
        if not isinstance(entity, Mapping):
            continue
        kind, offset, length = entity.get("type"), entity.get("offset"), entity.get("length")
        if not isinstance(kind, str) or not _whole(offset) or not _whole(length):
            continue
        tag = _TAGS.get(kind, "")
        start, end = place(max(offset, 0)), place(max(offset, 0) + length) if length > 0 else 0
        if tag and start < end:
            found.append(_Span(start, end, tag, _more(kind, entity)))
    return sorted(found, key=_place)


def _more(kind: str, entity: Mapping[str, Any]) -> str:
    """What an entity says beside where it stands."""
    if kind == "text_link":
        return str(entity.get("url", "")).translate(_UNSAFE)
    if kind == "pre":
        language = entity.get("language")
        return language if isinstance(language, str) else ""
    return "expandable" if kind == "expandable_blockquote" else ""


def _whole(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)
