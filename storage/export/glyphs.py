"""Words as glyphs: which font has a character, which shape it takes beside its neighbours, and how wide it is.

The fonts lie beside this file (``fonts/``). What the chosen font lacks is taken from one that has nearly every sign there is; what that lacks too is
written as its number, ``[U+1FAE8]``: nothing of a record is left out. HarfBuzz (``uharfbuzz``) shapes what needs it, and cuts out of a font what was
used.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal, NamedTuple

import uharfbuzz as hb

from storage.export import bidi

Style = Literal["regular", "bold", "mono"]

_FOLDER = Path(__file__).with_name("fonts")
_FILES = (
    "DejaVuSansCondensed.ttf",
    "DejaVuSansCondensed-Bold.ttf",
    "DejaVuSansMono.ttf",
    "Unifont.otf",
    "UnifontUpper.otf",
)
_OF_STYLE: dict[Style, int] = {"regular": 0, "bold": 1, "mono": 2}
_FALLBACKS = (0, 3, 4)

_SIMPLE_BELOW = 0x530
"""Latin, Greek and Cyrillic letters stand side by side as they are, where no mark is to be put on them."""

_SIGNS = ((0x2010, 0x22FF), (0x3000, 0x9FFF), (0xAC00, 0xD7A3), (0xFF00, 0xFFEF))
"""Dashes, arrows and the like; Chinese, Japanese and Korean, written from left to right."""

_FEATURES = {"liga": False, "clig": False, "kern": False}
"""A ligature would be found as one sign when the text is searched."""


_NOT_DRAWN = [int.from_bytes(tag) for tag in (b"GSUB", b"GPOS", b"GDEF", b"OS/2", b"cmap", b"name", b"post", b"kern")]
"""Tables of a font that a PDF has no use for: its text is glyphs in their places already."""


_WORDS = 5_000
"""Words that are kept as they were shaped: a log says the same ones again and again."""


class Glyph(NamedTuple):
    """One glyph: its number in the font, how wide it is there; how far it moves on, and how far it is shifted. In thousandths of the size."""

    number: int
    width: int
    advance: int
    right: int = 0
    up: int = 0


@dataclass(frozen=True, slots=True)
class Run:
    """Glyphs of one font in one direction, as they stand from the left. ``width`` in thousandths of the size.

    ``numbers``: the glyphs' numbers in hexadecimal, where each stands beside the one before it as it is; empty where one is shifted.
    """

    font: int
    level: int
    glyphs: tuple[Glyph, ...]
    width: int
    numbers: str

    @classmethod
    def of(cls, font: int, level: int, glyphs: tuple[Glyph, ...]) -> Run:
        """A run of these glyphs."""
        plain = all(one.width == one.advance and not one.right and not one.up for one in glyphs)
        numbers = "".join(f"{one.number:04X}" for one in glyphs) if plain else ""
        return cls(font, level, glyphs, sum(one.advance for one in glyphs), numbers)


class Font:
    """One font, and what was used of it."""

    def __init__(self, file: str) -> None:
        self.name = file.partition(".")[0]
        self.face = hb.Face(hb.Blob.from_file_path(str(_FOLDER / file)))
        self._font = hb.Font(self.face)
        self._numbers: dict[str, int | None] = {}
        self._widths: dict[int, int] = {}
        self.used: dict[int, str] = {}
        """Glyph → the characters that it stands for: for searching, and what is to be cut out."""

    def number(self, character: str) -> int | None:
        """The glyph of a character by itself; None where the font has none."""
        if character not in self._numbers:
            self._numbers[character] = self._font.get_nominal_glyph(ord(character)) or None
        return self._numbers[character]

    def width(self, number: int) -> int:
        """How wide a glyph is by itself, in thousandths of the size."""
        if number not in self._widths:
            self._widths[number] = self._scaled(self._font.get_glyph_h_advance(number))
        return self._widths[number]

    def shape(self, text: str, *, leftwards: bool) -> tuple[Glyph, ...]:
        """A text as it is written, from the left."""
        buffer = hb.Buffer()
        buffer.add_str(text)
        buffer.guess_segment_properties()
        buffer.direction = "rtl" if leftwards else "ltr"
        hb.shape(self._font, buffer, _FEATURES)
        starts = sorted({info.cluster for info in buffer.glyph_infos})
        ends = dict(zip(starts, [*starts[1:], len(text)], strict=True))
        untold = {start: text[start : ends[start]] for start in starts}
        glyphs = []
        for info, place in zip(buffer.glyph_infos, buffer.glyph_positions, strict=True):
            rest = untold[info.cluster]
            said = next((one for one in rest if self.number(_turned(one, leftwards)) == info.codepoint), rest)
            untold[info.cluster] = rest.replace(said, "", 1)
            self.used.setdefault(info.codepoint, _turned(said, leftwards))
            moves = map(self._scaled, (place.x_advance, place.x_offset, place.y_offset))
            glyphs.append(Glyph(info.codepoint, self.width(info.codepoint), *moves))
        return tuple(glyphs)

    def subset(self) -> tuple[bytes, bool]:
        """The font with nothing but what was used; glyphs keep their numbers. And whether its outlines are TrueType's; else it is bare CFF."""
        wanted = hb.SubsetInput()
        wanted.glyph_set.update(sorted(self.used))
        wanted.drop_table_tag_set.update(_NOT_DRAWN)
        wanted.flags = hb.SubsetFlags.RETAIN_GIDS | hb.SubsetFlags.NO_HINTING | hb.SubsetFlags.NO_LAYOUT_CLOSURE
        cut = hb.subset(self.face, wanted)
        if "CFF " in cut.table_tags:
            return bytes(cut.reference_table("CFF ").data), False
        return bytes(cut.blob.data), True

    def _scaled(self, units: int) -> int:
        upem: int = self.face.upem
        return round(units * 1000 / upem)


class Fonts:
    """The fonts of one document."""

    def __init__(self) -> None:
        self.all = [Font(file) for file in _FILES]
        self.width = lru_cache(maxsize=_WORDS)(self._width)
        """How wide a text is, in thousandths of the size."""
        self._word = lru_cache(maxsize=_WORDS)(self._shaped)

    def line(self, text: str, style: Style, levels: Sequence[int] | None = None) -> list[Run]:
        """A line as it stands from the left. ``levels``: in which direction each character runs, where the line is a part of a paragraph."""
        if levels is None and bidi.needed(text):
            levels = bidi.levels(text, bidi.base(text))
        if levels is not None:
            runs = list(self._runs(text, style, levels))
            return [runs[place] for place in bidi.order([run.level for run in runs])]
        found: list[Run] = []
        for number, word in enumerate(text.split(" ")):
            if number:
                found += self._word(" ", style)
            if word:
                found += self._word(word, style)
        return found

    def _width(self, text: str, style: Style) -> int:
        return sum(run.width for run in self.line(text, style))

    def _shaped(self, text: str, style: Style) -> tuple[Run, ...]:
        return tuple(self._runs(text, style, [0] * len(text)))

    def _runs(self, text: str, style: Style, levels: Sequence[int]) -> Iterator[Run]:
        """The runs in the order in which they are read."""
        for font, level, part in self._parts(text, style, levels):
            own = self.all[font]
            leftwards = bool(level % 2)
            if part.isascii() or (not leftwards and all(map(_stands_alone, part))):
                seen = [_turned(one, leftwards) for one in (reversed(part) if leftwards else part)]
                yield Run.of(font, level, tuple(self._alone(own, one) for one in seen))
            else:
                yield Run.of(font, level, own.shape(part, leftwards=leftwards))

    def _alone(self, font: Font, character: str) -> Glyph:
        number = font.number(character) or 0
        font.used.setdefault(number, character)
        return Glyph(number, font.width(number), font.width(number))

    def _parts(self, text: str, style: Style, levels: Sequence[int]) -> Iterator[tuple[int, int, str]]:
        """Pieces of one font and level: (font, level, text)."""
        own = _OF_STYLE[style]
        font, level, part = own, levels[0] if levels else 0, ""
        for character, at in zip(text, levels, strict=True):
            found, said = self._holder(own, font, character)
            if part and (found, at) != (font, level):
                yield font, level, part
                part = ""
            font, level = found, at
            part += said
        if part:
            yield font, level, part

    def _holder(self, own: int, before: int, character: str) -> tuple[int, str]:
        """Which font has a character, and what is to be written for it."""
        if unicodedata.combining(character) and self.all[before].number(character):
            return before, character
        for font in (own, *_FALLBACKS):
            if self.all[font].number(character):
                return font, character
        if unicodedata.category(character) in ("Cc", "Cf") or "\ufe00" <= character <= "\ufe0f":
            return before, ""  # joiners, marks of direction, selectors of variants: nothing to be seen
        return own, f"[U+{ord(character):04X}]"


def _turned(text: str, leftwards: bool) -> str:
    """The sign whose shape a sign has: a bracket that runs from right to left looks like the other of its pair (L4)."""
    return bidi.MIRRORED.get(text, text) if leftwards else text


def _stands_alone(character: str) -> bool:
    """Whether a character's glyph does not depend on its neighbours."""
    number = ord(character)
    return (number < _SIMPLE_BELOW and not unicodedata.combining(character)) or any(
        first <= number <= last for first, last in _SIGNS
    )
