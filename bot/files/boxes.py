"""MP4, QuickTime, HEIC and AVIF: boxes within boxes. Those that the picture or the sound does not need are written over where they are.

Sources: ISO/IEC 14496-12 (boxes, tracks, items), 23008-12 (HEIF), Apple's QuickTime File Format (user data, metadata, ``©xyz``). Boxes to keep are
named; every other becomes ``free`` space of the same size, so that nothing moves and every offset stays true.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from struct import unpack_from
from typing import BinaryIO

from bot.files.items import blank_items
from bot.files.reading import MOST_PARTS, PlaceRemains, blank, exactly, length
from bot.files.samples import blank_samples

_TOP = frozenset(b"ftyp styp mdat free skip wide pdin sidx ssix prft mfra moov moof meta".split())
_MOVIE = frozenset(b"mvhd iods mvex trak pssh free skip wide".split())
_TRACK = frozenset(b"tkhd tapt edts load tref mdia clip matt txas trgr free skip wide".split())
_MEDIA = frozenset(b"mdhd hdlr minf elng free skip wide".split())
_FORM = frozenset(b"hdlr vmhd smhd hmhd sthd nmhd gmhd dinf stbl free skip wide".split())
_FRAGMENT = frozenset(b"mfhd traf pssh free skip".split())
_RUN = frozenset(b"tfhd tfdt trun sbgp sgpd subs saiz saio senc free skip".split())
_ITEMS = frozenset(b"hdlr pitm iloc iinf iref iprp idat dinf grpl free skip".split())

_SHOWN = frozenset({b"vide", b"soun", b"auxv", b"pict", b"tmcd"})
"""Tracks that are seen or heard, and the time code. Others (telemetry, timed notes, texts) may tell a place at every second."""


@dataclass(frozen=True, slots=True)
class Box:
    """A box: its type, where it begins, where what is in it begins, and where it ends."""

    kind: bytes
    start: int
    body: int
    end: int


def blank_boxes(file: BinaryIO) -> None:
    """Take out of a film or a still of this family, where it stands, what may tell where it was taken. Raises PlaceRemains."""
    _Boxes(file).walk()


class _Boxes:
    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._end = length(file)
        self._seen = 0

    def walk(self) -> None:
        """Go through the whole file."""
        fragments = dropped = pictures = False
        for box in self._inside(0, self._end, top=True):
            fragments |= box.kind == b"moof"
            match box.kind:
                case b"moov":
                    pictures = True
                    dropped |= self._movie(box)
                case b"moof":
                    for part in self._kept(box, _FRAGMENT):
                        if part.kind == b"traf":
                            list(self._kept(part, _RUN))
                case b"meta" if self._handler(Box(b"meta", box.start, box.body + 4, box.end)) == b"pict":
                    pictures = True
                    self._stills(box)
                case b"free" | b"skip" | b"wide":
                    blank(self._file, box.body, box.end - box.body)
                case kind if kind not in _TOP or kind == b"meta":
                    self._free(box)
                case _:
                    pass
        if not pictures:
            raise PlaceRemains("there is no picture in it")
        if fragments and dropped:
            raise PlaceRemains("it has notes between its pictures")

    def _movie(self, movie: Box) -> bool:
        """Whether a track was taken out."""
        dropped = False
        for box in self._kept(movie, _MOVIE):
            if box.kind != b"trak":
                continue
            parts = list(self._kept(box, _TRACK))
            media = [part for part in parts if part.kind == b"mdia"]
            if len(media) != 1:
                raise PlaceRemains("a track is not as the format demands")
            if self._handler(media[0]) in _SHOWN:
                for part in self._kept(media[0], _MEDIA):
                    if part.kind == b"minf":
                        list(self._kept(part, _FORM))
            else:
                self._forget(media[0])
                self._free(box)
                dropped = True
        return dropped

    def _forget(self, media: Box) -> None:
        """Write over what a track holds, wherever in the file that is."""
        form = self._only(media, b"minf")
        table = self._only(form, b"stbl")
        tables = {box.kind: (box.body, box.end) for box in self._inside(table.body, table.end)}
        blank_samples(self._file, tables)

    def _stills(self, meta: Box) -> None:
        """The items of a HEIC or AVIF: pictures stay, notes about them go."""
        whole = Box(meta.kind, meta.start, meta.body + 4, meta.end)
        found = list(self._kept(whole, _ITEMS))
        parts = {box.kind: (box.body, box.end) for box in found}
        if sum(box.kind in (b"iinf", b"iloc", b"idat") for box in found) > len(
            {b"iinf", b"iloc", b"idat"} & set(parts)
        ):
            raise PlaceRemains("it describes its items twice")
        infos: list[tuple[int, int]] = []
        if b"iinf" in parts:
            start, end = parts[b"iinf"]
            infos = [(box.body, box.end) for box in self._inside(start + self._head(start), end) if box.kind == b"infe"]
        blank_items(self._file, infos, parts.get(b"iloc"), parts.get(b"idat"))

    def _head(self, start: int) -> int:
        """Bytes before the first entry of ``iinf``: version, flags and a count."""
        self._file.seek(start)
        return 8 if exactly(self._file, 1)[0] else 6

    def _handler(self, box: Box) -> bytes:
        """What kind of media a box says it describes."""
        found = self._only(box, b"hdlr")
        self._file.seek(found.body + 8)
        return exactly(self._file, 4)

    def _only(self, within: Box, kind: bytes) -> Box:
        found = [box for box in self._inside(within.body, within.end) if box.kind == kind]
        if len(found) != 1:
            raise PlaceRemains("a track is not as the format demands")
        return found[0]

    def _kept(self, within: Box, kinds: frozenset[bytes]) -> Iterator[Box]:
        """The boxes of these kinds inside another; all others are written over."""
        for box in self._inside(within.body, within.end):
            if box.kind == b"cmov":
                raise PlaceRemains("its description is compressed")
            if box.kind in kinds:
                if box.kind in (b"free", b"skip", b"wide"):
                    blank(self._file, box.body, box.end - box.body)
                yield box
            else:
                self._free(box)

    def _inside(self, at: int, end: int, *, top: bool = False) -> Iterator[Box]:
        """The boxes between two places. Raises PlaceRemains where they do not fill that exactly."""
        while at < end:
            self._seen += 1
            self._file.seek(at)
            head = exactly(self._file, min(16, end - at))
            if len(head) < 8 or self._seen > MOST_PARTS:
                raise PlaceRemains("its parts do not fit into each other")
            size: int = unpack_from(">I", head)[0]
            body = 8
            if size == 1:
                size, body = unpack_from(">Q", head, 8)[0], 16
            elif size == 0 and top:
                size = end - at
            if size < body or at + size > end:
                raise PlaceRemains("its parts do not fit into each other")
            yield Box(head[4:8], at, at + body, at + size)
            at += size

    def _free(self, box: Box) -> None:
        """Make a box empty space of the same size."""
        blank(self._file, box.body, box.end - box.body)
        self._file.seek(box.start + 4)
        self._file.write(b"free")
