"""Telegram's own reading of ``parse_mode=HTML``: which tags it knows, what it refuses, and the entities it finds.

What it then makes of them (``settled``) is what people see: code and links stand in no other code or link, nothing is bold in code, quotes stand in
no quotes, links that are not of the web are none. Offsets and lengths of entities are in UTF-16 code units, as everywhere in the Bot API.
"""

from __future__ import annotations

import html
import re
from typing import Any

from tests.emulators.bot_api import bad

KINDS = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
    "a": "text_link",
    "tg-spoiler": "spoiler",
}
_TAG = re.compile(r"<(?P<end>/)?(?P<name>[a-zA-Z][-a-zA-Z0-9]*)(?P<attributes>(?:\s[^<>]*)?)>")
_LANGUAGE = re.compile(r"""\sclass=(?:"language-([^"]*)"|'language-([^']*)'|language-([^\s"'>]+))""")
_QUOTES = ("blockquote", "expandable_blockquote")
_HREF = re.compile(r"""\shref=(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""")
_NAMED = re.compile(r"&(?:lt|gt|amp|quot|#\d{1,7}|#x[0-9a-fA-F]{1,6});")


_APART = (
    "pre",
    "code",
    "text_link",
)  # one of them never stands inside another; of two on the same words the first stays
_INNER = ("bold", "italic", "underline", "strikethrough", "spoiler")
_WEB = ("http://", "https://", "tg://")


def units(text: str) -> int:
    """The length of a text as Telegram counts: in UTF-16 code units."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def parse(source: str) -> tuple[str, list[dict[str, Any]]]:
    """The plain text and its entities. Raises Refusal with the wording of the real server."""
    if "<" not in source and "&" not in source:
        return source.strip(), []
    text: list[str] = []
    length = 0
    opened: list[tuple[str, int, str, int]] = []  # tag, offset of its text, attributes, place in the source
    entities: list[dict[str, Any]] = []
    at = 0
    while at < len(source):
        if source[at] != "<":
            end = source.find("<", at)
            end = len(source) if end < 0 else end
            piece = _NAMED.sub(lambda match: html.unescape(match.group()), source[at:end])
            text.append(piece)
            length += units(piece)
            at = end
            continue
        offset = len(source[:at].encode())
        tag = _TAG.match(source, at)
        if tag is None:
            raise bad(f"can't parse entities: Unsupported start tag at byte offset {offset}")
        name = tag["name"].lower()
        if tag["end"]:
            if not opened:
                raise bad(f"can't parse entities: Unexpected end tag at byte offset {offset}")
            begun, start, attributes, _ = opened.pop()
            if begun != name:
                raise bad(
                    f'can\'t parse entities: Unmatched end tag at byte offset {offset}, expected "</{begun}>", '
                    f'found "</{name}>"'
                )
            if length > start:
                entity = _entity(name, start, length - start, attributes)
                inner = entities[-1] if entities else {}
                if name == "pre" and inner.get("language") and _same_place(inner, entity):
                    entity = entities.pop() | {
                        "type": "pre"
                    }  # code that is all there is in a block gives it its language
                entities.append(entity)
        elif name not in KINDS:
            raise bad(f'can\'t parse entities: Unsupported start tag "{name}" at byte offset {offset}')
        else:
            opened.append((name, length, tag["attributes"], offset))
        at = tag.end()
    if opened:
        raise bad(f"can't parse entities: Can't find end tag corresponding to start tag \"{opened[-1][0]}\"")
    bare = [{k: v for k, v in one.items() if k != "language" or one["type"] == "pre"} for one in entities if one]
    return _trimmed("".join(text), bare)


def _same_place(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return (one["offset"], one["length"]) == (other["offset"], other["length"])


def _entity(name: str, offset: int, length: int, attributes: str) -> dict[str, Any]:
    entity: dict[str, Any] = {"type": KINDS[name], "offset": offset, "length": length}
    if name == "a":
        href = _HREF.search(attributes)
        if href is None:
            return {}
        entity["url"] = html.unescape(next(group for group in href.groups() if group is not None))
        if not entity["url"].lower().startswith(_WEB):
            return {}
    if name == "code" and (found := _LANGUAGE.search(attributes)) is not None:
        entity["language"] = html.unescape(next(group for group in found.groups() if group is not None))
    if name == "blockquote" and re.search(r"\sexpandable(?=[\s=]|$)", attributes):
        entity["type"] = "expandable_blockquote"
    return entity


def settled(entities: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The entities that Telegram keeps, sorted, of those that were asked for: derived from ``fix_entities`` of tdlib."""
    quotes = _outermost([one for one in entities if one["type"] in _QUOTES])
    apart = _outermost([one for one in entities if one["type"] in _APART])
    apart = [one for one in apart if all(_apart_or_within(one, quote) for quote in quotes)]
    bare = [one for one in apart if one["type"] != "text_link"]
    inner = [part for kind in _INNER for part in _merged([one for one in entities if one["type"] == kind], bare)]
    return sorted([*quotes, *apart, *inner], key=_order)


def _begin(entity: dict[str, Any]) -> int:
    return int(entity["offset"])


def _end(entity: dict[str, Any]) -> int:
    return int(entity["offset"] + entity["length"])


def _apart_or_within(entity: dict[str, Any], quote: dict[str, Any]) -> bool:
    within = _begin(quote) <= _begin(entity) and _end(entity) <= _end(quote)
    return within or _end(entity) <= _begin(quote) or _end(quote) <= _begin(entity)


def _order(entity: dict[str, Any]) -> tuple[int, int, int]:
    kinds = (*_QUOTES, *_APART, *_INNER)
    return _begin(entity), -entity["length"], kinds.index(entity["type"])


def _outermost(entities: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those that do not stand inside another."""
    kept: list[dict[str, Any]] = []
    for one in sorted(entities, key=_order):
        if not kept or _begin(one) >= _end(kept[-1]):
            kept.append(one)
    return kept


def _merged(entities: list[dict[str, Any]], bare: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Entities of one kind, those that touch as one, without the words of ``bare``."""
    places = {at for one in entities for at in range(_begin(one), _end(one))}
    places -= {at for one in bare for at in range(_begin(one), _end(one))}
    made: list[dict[str, Any]] = []
    for at in sorted(places):
        if made and _end(made[-1]) == at:
            made[-1]["length"] += 1
        else:
            made.append({"type": entities[0]["type"], "offset": at, "length": 1})
    return made


def _trimmed(text: str, entities: list[dict[str, Any]]) -> tuple[str, list[dict[str, Any]]]:
    trimmed = text.strip()
    lead = units(text[: len(text) - len(text.lstrip())])
    total = units(trimmed)
    kept = []
    for entity in sorted(entities, key=lambda one: (one["offset"], -one["length"])):
        start = max(entity["offset"] - lead, 0)
        end = min(entity["offset"] + entity["length"] - lead, total)
        if end > start:
            kept.append({**entity, "offset": start, "length": end - start})
    return trimmed, settled(kept)
