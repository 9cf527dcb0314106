"""The items of a HEIC or AVIF picture: which of them are notes, and where in the file those lie.

Source: ISO/IEC 14496-12, 8.11.3 (``iloc``, where items are) and 8.11.6 (``iinf``, what they are); 23008-12, annex A (Exif).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from struct import pack
from typing import BinaryIO

from bot.files.reading import MOST_PARTS, PlaceRemains, blank, exactly, length

_SHOWN = frozenset(b"hvc1 hev1 lhv1 av01 avc1 jpeg j2k1 vvc1 grid iovl iden tmap mski".split())
_NOTES = frozenset({b"Exif", b"mime", b"uri "})

_NOTHING = pack(">I2sHIHI", 0, b"MM", 42, 8, 0, 0)
"""An Exif item without an entry. A picture of this family is turned by a property of its own, and never by Exif."""

Place = tuple[int, int]


def blank_items(file: BinaryIO, infos: Sequence[Place], where: Place | None, inside: Place | None) -> None:
    """Write over every item that is a note.

    ``infos``: the bodies of the ``infe`` boxes; ``where``: that of ``iloc``; ``inside``: that of ``idat``. Raises PlaceRemains.
    """
    notes: dict[int, bytes] = {}
    shown: set[int] = set()
    for start, end in infos:
        number, kind = _info(file, start, end)
        if kind in _NOTES:
            notes[number] = kind
        elif kind in _SHOWN:
            shown.add(number)
        else:
            raise PlaceRemains("it has items that are not known")
    if where is None:
        if notes:
            raise PlaceRemains("it does not say where its items are")
        return
    end = left = length(file)
    spots = [spot for spot in _spots(_Numbers(file, *where), inside) if spot[0] not in shown]
    if {number for number, _, _ in spots} != set(notes) or shown & set(notes):
        raise PlaceRemains("its items are not where it says")
    for number, start, size in spots:
        left -= size
        if not size or start + size > end or left < 0:
            raise PlaceRemains("its items are not where it says")
        blank(file, start, size)
        if notes[number] == b"Exif" and size >= len(_NOTHING):
            file.seek(start)
            file.write(_NOTHING)


def _info(file: BinaryIO, start: int, end: int) -> tuple[int, bytes]:
    """An item's number and type."""
    file.seek(start)
    numbers = _Numbers(file, start, end)
    version = numbers.next(1)
    numbers.next(3)
    if version not in (2, 3):
        raise PlaceRemains("it has items that are not known")
    item = numbers.next(2 if version == 2 else 4)
    numbers.next(2)
    return item, numbers.next(4).to_bytes(4, "big")


def _spots(numbers: _Numbers, inside: Place | None) -> Iterator[tuple[int, int, int]]:
    """Each extent of each item: the item, where the extent begins in the file, and its bytes."""
    version = numbers.next(1)
    numbers.next(3)
    if version > 2:
        raise PlaceRemains("it does not say where its items are")
    widths = numbers.next(2)
    left = MOST_PARTS
    offset, size, first, index = (widths >> shift & 15 for shift in (12, 8, 4, 0))
    for _ in range(numbers.next(4 if version == 2 else 2)):
        item = numbers.next(4 if version == 2 else 2)
        method = numbers.next(2) & 15 if version else 0
        elsewhere = numbers.next(2)
        start = numbers.next(first)
        extents = numbers.next(2)
        left -= extents
        if left < 0:
            raise PlaceRemains("it has too many parts")
        for _ in range(extents):
            if version:
                numbers.next(index)
            at = start + numbers.next(offset)
            bytes_ = numbers.next(size)
            if elsewhere or method > 1 or (method and inside is None):
                # Only of notes does it matter: they would be out of reach. Size 0 says so.
                yield item, 0, 0
            elif method and inside is not None:
                yield item, inside[0] + at, bytes_ if inside[0] + at + bytes_ <= inside[1] else 0
            else:
                yield item, at, bytes_


class _Numbers:
    """Reads numbers of some bytes each from one part of a file, all at once held in memory."""

    def __init__(self, file: BinaryIO, start: int, end: int) -> None:
        file.seek(start)
        self._raw = exactly(file, end - start)
        self._at = 0

    def next(self, width: int) -> int:
        """The next number, big end first; of width 0 it is 0."""
        self._at += width
        if self._at > len(self._raw):
            raise PlaceRemains("a table is shorter than it says")
        return int.from_bytes(self._raw[self._at - width : self._at], "big")
