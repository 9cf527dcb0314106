"""Restricted HTML, the form in which every message leaves the deciding floors: its plain text, and its parts.

Restricted HTML (``playbooks.restricted``) is text with ``b i u s code pre blockquote tg-spoiler`` and ``a href``, with ``&lt; &gt; &amp; &quot;`` and
newlines as they are. Cutting happens in the plain text, so no cut can fall inside an entity or a tag; each part
closes what is open and the next one opens it again.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

_TAG = re.compile(r"<(/?)([a-zA-Z][-a-zA-Z0-9]*)((?:\s[^<>]*)?)>")
_BREAKS = (re.compile(r"\n[ \t]*\n"), re.compile(r"\n"), re.compile(r"[.!?…:;](?=\s)"), re.compile(r"\s"))
_JOINERS = frozenset("\u200d\ufe0e\ufe0f\u20e3")


@dataclass(frozen=True, slots=True)
class _Mark:
    """A tag at a place in the plain text; ``opens`` is None for an end tag."""

    at: int
    opens: str | None
    name: str


def utf16_units(text: str) -> int:
    """The length as Telegram counts it, in UTF-16 code units."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def plain(source: str) -> str:
    """The text without markup: tags gone, entities resolved, every space and newline kept."""
    return html.unescape(_TAG.sub("", source))


def escape(text: str) -> str:
    """Plain text as restricted HTML."""
    return html.escape(text, quote=False)


def split(source: str, limit: int, measure: Callable[[str], int] = utf16_units) -> list[str]:
    """Cut into parts whose plain text measures at most ``limit`` each.

    Cuts fall between paragraphs, else between lines, sentences or words, each only where it leaves a part more than
    half full; else anywhere between two characters as a reader sees them. Spaces around a cut are dropped.
    Text that fits is returned as it is, as the only part.
    """
    text, marks = _read(source)
    if measure(text) <= limit:
        return [source]
    parts: list[str] = []
    start = 0
    while start < len(text):
        end = _end(text, start, limit, measure)
        after = end
        while after < len(text) and text[after] == "\n":
            after += 1
        if after == end:  # not a cut between lines: no indentation to keep
            while after < len(text) and text[after].isspace():
                after += 1
        shown = start + len(text[start:end].rstrip())
        if shown > start:
            parts.append(_part(text, marks, start, shown))
        start = after
    return parts or [source]


def _read(source: str) -> tuple[str, list[_Mark]]:
    pieces: list[str] = []
    marks: list[_Mark] = []
    length = at = 0
    for tag in _TAG.finditer(source):
        piece = html.unescape(source[at : tag.start()])
        pieces.append(piece)
        length += len(piece)
        marks.append(_Mark(length, None if tag[1] else tag[0], tag[2].lower()))
        at = tag.end()
    pieces.append(html.unescape(source[at:]))
    return "".join(pieces), marks


def _end(text: str, start: int, limit: int, measure: Callable[[str], int]) -> int:
    """Where the part that begins at ``start`` ends, always beyond it."""
    low, high = start + 1, min(len(text), start + limit)
    while low < high:
        middle = (low + high + 1) // 2
        if measure(text[start:middle]) <= limit:
            low = middle
        else:
            high = middle - 1
    if low >= len(text):
        return len(text)
    half = start + (low - start) // 2
    for kind in _BREAKS:
        # One character more is looked at: a break right behind the last that fits is the best of all.
        places = [match.start() + (match[0] in ".!?…:;") for match in kind.finditer(text, half, low + 1)]
        if fitting := [place for place in places if half < place <= low]:
            return fitting[-1]
    end = low
    while end > half and _inside(text, end):
        end -= 1
    return end if end > half else low


def _inside(text: str, at: int) -> bool:
    """Whether a cut here would fall inside what a reader sees as one character."""
    before, behind = text[at - 1], text[at]
    if behind in _JOINERS or before == "\u200d" or unicodedata.combining(behind):
        return True
    if "\U0001f3fb" <= behind <= "\U0001f3ff":  # skin tones
        return True
    flags = 0
    while flags < at and "\U0001f1e6" <= text[at - 1 - flags] <= "\U0001f1ff":
        flags += 1
    return flags % 2 == 1 and "\U0001f1e6" <= behind <= "\U0001f1ff"


def _part(text: str, marks: list[_Mark], start: int, end: int) -> str:
    """The text from ``start`` to ``end`` with the markup that holds there, balanced."""
    opened: list[_Mark] = []
    made: list[str] = []
    index = 0

    def turn(mark: _Mark) -> None:
        if mark.opens is not None:
            opened.append(mark)
        elif opened:
            opened.pop()

    while index < len(marks) and marks[index].at <= start:
        turn(marks[index])
        index += 1
    made.extend(mark.opens or "" for mark in opened)
    at = start
    while index < len(marks) and marks[index].at < end:
        mark = marks[index]
        made.append(escape(text[at : mark.at]))
        at = mark.at
        if mark.opens is not None:
            made.append(mark.opens)
        elif opened:
            made.append(f"</{opened[-1].name}>")
        turn(mark)
        index += 1
    made.append(escape(text[at:end]))
    made.extend(f"</{mark.name}>" for mark in reversed(opened))
    return "".join(made)
