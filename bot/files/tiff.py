"""TIFF, and Exif, which is a TIFF without a picture: directories of numbered entries that point anywhere in the file.

Source: TIFF 6.0, section 2; Exif 3.0 (CIPA DC-008), 4.6. In a TIFF the entries that may tell a place are taken out where they stand, and
what they pointed to is written over.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from struct import pack, unpack, unpack_from
from typing import BinaryIO

from bot.files.reading import MOST_PARTS, PlaceRemains, blank, exactly, length

_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
"""Bytes of one value, by type."""

_ORIENTATION, _SUB, _EXIF, _GPS = 0x0112, 330, 34665, 34853

_TAKEN_OUT = frozenset({700, 33723, 34377, 37724, 32932, 37510, _GPS})
"""XMP, IPTC, Photoshop's notes and layers, annotations, the comment, and the place."""

_KNOWN = frozenset({32995, 32996, 32997, 32998, 33432, 34675, _EXIF})
"""Private entries (above 32767) of the picture itself that tell no place: old ones of its form, whose it is, its colours, and Exif."""

_MOST_ENTRIES, _MOST_DIRECTORIES = 4096, 1000


def only_orientation(exif: bytes) -> bytes:
    """An Exif that says which way up the picture is, as the given one does, and nothing else; empty where it stands upright."""
    try:
        order = {b"II": "<", b"MM": ">"}[exif[:2]]
        start: int = unpack_from(f"{order}I", exif, 4)[0]
        for number in range(unpack_from(f"{order}H", exif, start)[0]):
            tag, kind, count, value = unpack_from(f"{order}HHIH", exif, start + 2 + 12 * number)
            if (tag, kind, count) == (_ORIENTATION, 3, 1):
                # One directory at byte 8 with one entry, and no further directory.
                whole = pack(">2sHIHHHIHHI", b"MM", 42, 8, 1, _ORIENTATION, 3, 1, value, 0, 0)
                return whole if 2 <= value <= 8 else b""
    except (KeyError, struct.error):
        pass  # an Exif that cannot be read turns no picture
    return b""


@dataclass(frozen=True, slots=True)
class _Entry:
    raw: bytes
    tag: int
    kind: int
    count: int
    start: int  # where its values are
    size: int  # bytes of its values


def blank_tiff(file: BinaryIO) -> None:
    """Take out of a TIFF, where it stands, what may tell where it was taken.

    Raises PlaceRemains, also for what belongs to a camera's maker or to maps, which only they can read.
    """
    order = {b"II": "<", b"MM": ">"}.get(exactly(file, 2))
    if order is None or unpack(f"{order}H", exactly(file, 2))[0] != 42:
        raise PlaceRemains("this kind of TIFF is not looked into")
    _Tiff(file, order).walk(unpack(f"{order}I", exactly(file, 4))[0])


class _Tiff:
    def __init__(self, file: BinaryIO, order: str) -> None:
        self._file = file
        self._order = order
        self._end = length(file)
        self._blanked = 0
        self._entries_left = MOST_PARTS
        self._seen: set[int] = set()
        self._forgotten: set[int] = set()

    def walk(self, first: int) -> None:
        """Go through every directory once, and take out of each what may tell a place."""
        waiting = [(first, False)]
        while waiting:
            start, exif = waiting.pop()
            if start in self._seen or len(self._seen) >= _MOST_DIRECTORIES:
                raise PlaceRemains("its directories go round in a circle")
            self._seen.add(start)
            entries, following = self._directory(start)
            if following and not exif:
                waiting.append((following, False))
            kept = [entry for entry in entries if entry.tag not in _TAKEN_OUT]
            for entry in kept:
                if (entry.tag > 32767 and entry.tag not in _KNOWN and not exif) or entry.tag == 37500:
                    raise PlaceRemains("it has notes that only its maker can read")
                if entry.tag in (_SUB, _EXIF):
                    waiting += [(offset, entry.tag == _EXIF) for offset in self._offsets(entry)]
            self._rewrite(start, entries, kept, following)

    def _directory(self, start: int) -> tuple[list[_Entry], int]:
        """The entries of a directory, and where the next one is (0: nowhere)."""
        self._file.seek(start)
        count = self._unpack("H", 2)
        self._entries_left -= count
        if not count or count > _MOST_ENTRIES or self._entries_left < 0:
            raise PlaceRemains("a directory is not as the format demands")
        entries = list(self._entries(start + 2, exactly(self._file, 12 * count)))
        return entries, self._unpack("I", 4)

    def _entries(self, start: int, raw: bytes) -> Iterator[_Entry]:
        for at in range(0, len(raw), 12):
            tag, kind, count, value = unpack_from(f"{self._order}HHII", raw, at)
            size = _SIZES.get(kind, 0) * count
            where = start + at + 8 if size <= 4 else value
            if kind not in _SIZES or where + size > self._end:
                raise PlaceRemains("an entry is not as the format demands")
            yield _Entry(raw[at : at + 12], tag, kind, count, where, size)

    def _offsets(self, entry: _Entry) -> list[int]:
        """The directories to which an entry points."""
        if entry.kind not in (4, 13) or not 0 < entry.count <= _MOST_DIRECTORIES:
            raise PlaceRemains("an entry is not as the format demands")
        self._file.seek(entry.start)
        return list(unpack(f"{self._order}{entry.count}I", exactly(self._file, entry.size)))

    def _rewrite(self, start: int, entries: list[_Entry], kept: list[_Entry], following: int) -> None:
        """Write the directory with the entries kept; the others' values become zeros."""
        if len(kept) == len(entries):
            return
        if not kept:
            raise PlaceRemains("nothing of the picture would be left")
        for entry in entries:
            if entry.tag in _TAKEN_OUT:
                if entry.tag == _GPS:
                    self._forget(entry)
                self._blank(entry.start, entry.size)
        self._file.seek(start)
        told = pack(f"{self._order}H", len(kept)) + b"".join(entry.raw for entry in kept)
        told += pack(f"{self._order}I", following)
        self._file.write(told.ljust(2 + 12 * len(entries) + 4, b"\0"))

    def _forget(self, gps: _Entry) -> None:
        """Write over the directory that holds the place, and over its values."""
        for start in self._offsets(gps):
            if start in self._forgotten:
                continue  # several pictures taken at one place
            self._forgotten.add(start)
            entries, _ = self._directory(start)
            for entry in entries:
                self._blank(entry.start, entry.size)
            self._blank(start, 2 + 12 * len(entries))

    def _blank(self, start: int, size: int) -> None:
        self._blanked += size
        if self._blanked > self._end:
            raise PlaceRemains("its entries lie over each other")
        blank(self._file, start, size)

    def _unpack(self, form: str, size: int) -> int:
        return int(unpack(self._order + form, exactly(self._file, size))[0])
