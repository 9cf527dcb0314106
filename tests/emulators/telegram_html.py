"""Telegram's own reading of ``parse_mode=HTML``: which tags it knows, what it refuses, and the entities it finds.

Offsets and lengths of entities are in UTF-16 code units, as everywhere in the Bot API.
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
_HREF = re.compile(r"""\shref=(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""")
_NAMED = re.compile(r"&(?:lt|gt|amp|quot|#\d{1,7}|#x[0-9a-fA-F]{1,6});")


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
                entities.append(_entity(name, start, length - start, attributes))
        elif name not in KINDS:
            raise bad(f'can\'t parse entities: Unsupported start tag "{name}" at byte offset {offset}')
        else:
            opened.append((name, length, tag["attributes"], offset))
        at = tag.end()
    if opened:
        raise bad(f"can't parse entities: Can't find end tag corresponding to start tag \"{opened[-1][0]}\"")
    return _trimmed("".join(text), [entity for entity in entities if entity])


def _entity(name: str, offset: int, length: int, attributes: str) -> dict[str, Any]:
    entity: dict[str, Any] = {"type": KINDS[name], "offset": offset, "length": length}
    if name == "a":
        href = _HREF.search(attributes)
        if href is None:
            return {}
        entity["url"] = html.unescape(next(group for group in href.groups() if group is not None))
    return entity


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
    return trimmed, kept
