"""The samples of one track of a film, which lie all over the file: found by its tables, and written over.

Source: ISO/IEC 14496-12, 8.7 (``stsc`` samples in a chunk, ``stsz`` sizes, ``stco`` and ``co64`` offsets of chunks).
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Iterator, Mapping
from itertools import pairwise, repeat
from struct import unpack
from typing import BinaryIO

from bot.files.reading import PlaceRemains, blank, exactly, length

_MOST = 120_000
"""Rows of a table that are read: an hour of one note for each picture."""

Place = tuple[int, int]


def blank_samples(file: BinaryIO, tables: Mapping[bytes, Place]) -> None:
    """Write zeros over all samples that these tables (box type to where its body is) name. Raises PlaceRemains."""
    if not {b"stsz", b"stsc"} <= set(tables) or (b"stco" in tables) == (b"co64" in tables):
        raise PlaceRemains("the tables of a track are not as the format demands")
    offsets = _rows(file, tables[b"stco"], 4) if b"stco" in tables else _rows(file, tables[b"co64"], 8)
    runs = _rows(file, tables[b"stsc"], 4, columns=3)
    end = length(file)
    left = end
    sizes = _sizes(file, tables[b"stsz"])
    for start, count in zip(offsets, _counts(runs, len(offsets)), strict=True):
        size = sum(next(sizes, -end) for _ in range(count))
        left -= size
        if size < 0 or left < 0 or start + size > end:
            raise PlaceRemains("the tables of a track are not as the format demands")
        blank(file, start, size)
    if next(sizes, None) is not None:
        raise PlaceRemains("the tables of a track are not as the format demands")


def _rows(file: BinaryIO, place: Place, width: int, columns: int = 1) -> array[int]:
    """The numbers of a table that begins with version, flags and a count of rows."""
    start, end = place
    file.seek(start + 4)
    count = unpack(">I", exactly(file, 4))[0]
    return _numbers(file, count * columns, width, end)


def _numbers(file: BinaryIO, count: int, width: int, end: int) -> array[int]:
    if count > _MOST or file.tell() + count * width > end:
        raise PlaceRemains("the tables of a track are not as the format demands")
    found = array("I" if width == 4 else "Q")
    found.frombytes(exactly(file, count * width))
    if sys.byteorder == "little":
        found.byteswap()
    return found


def _sizes(file: BinaryIO, place: Place) -> Iterator[int]:
    """Bytes of each sample, in order."""
    file.seek(place[0] + 4)
    every, count = unpack(">II", exactly(file, 8))
    if count > _MOST:
        raise PlaceRemains("the tables of a track are not as the format demands")
    return iter(repeat(every, count) if every else _numbers(file, count, 4, place[1]))


def _counts(runs: array[int], chunks: int) -> Iterator[int]:
    """Samples in each chunk: a row holds from its chunk on, until the next row's."""
    firsts = [*runs[::3], chunks + 1]
    if firsts[0] != 1 or any(one >= other for one, other in pairwise(firsts)):
        if chunks:
            raise PlaceRemains("the tables of a track are not as the format demands")
        return
    for (first, following), count in zip(pairwise(firsts), runs[1::3], strict=False):
        if count > _MOST:
            raise PlaceRemains("the tables of a track are not as the format demands")
        for _ in range(following - first):
            yield count
