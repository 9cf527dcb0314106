"""A text in lines of a given width: where it may be parted, and in which direction each of its characters runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from playbooks.phrasing import legible
from storage.export import bidi
from storage.export.glyphs import Fonts, Style


class Line(NamedTuple):
    """A part of a paragraph that fits on a line. ``levels``: in which direction each character runs; None where all run from the left."""

    text: str
    levels: Sequence[int] | None = None


def wrapped(fonts: Fonts, text: str, style: Style, width: float, size: float) -> Iterator[Line]:
    """A text in lines of at most this width, in points; words that are wider are cut."""
    most = width * 1000 / size
    space = fonts.width(" ", style)
    for paragraph in legible(text).replace("\t", "    ").split("\n"):
        start = end = 0
        taken = 0
        parts: list[slice] = []
        for place, word in enumerate(paragraph.split(" ")):
            for number, part in enumerate(_cut(fonts, word, style, most)):
                needs = fonts.width(part, style)
                gap = 1 if place and not number else 0
                if end > start and (number or taken + gap * space + needs > most):
                    parts.append(slice(start, end))
                    start = end = end + gap
                    gap = taken = 0
                end += gap + len(part)
                taken += gap * space + needs
        parts.append(slice(start, end))
        yield from _lines(paragraph, parts)


def _cut(fonts: Fonts, word: str, style: Style, most: float) -> Iterator[str]:
    """A word in pieces that fit on a line."""
    if fonts.width(word, style) <= most:
        yield word
        return
    piece, taken = "", 0
    for character in word:
        needs = fonts.width(character, style)
        if piece and taken + needs > most:
            yield piece
            piece, taken = "", 0
        piece += character
        taken += needs
    yield piece


def _lines(paragraph: str, parts: Sequence[slice]) -> Iterator[Line]:
    """The lines of a paragraph, whose characters run as they do in all of it."""
    if not bidi.needed(paragraph):
        yield from (Line(paragraph[part]) for part in parts)
        return
    base = bidi.base(paragraph)
    levels = bidi.levels(paragraph, base)
    yield from (Line(paragraph[part], bidi.ended(paragraph[part], levels[part], base)) for part in parts)
