"""Reads files that may be broken on purpose: no length in them is believed before it is held against what is there."""

from __future__ import annotations

from typing import BinaryIO

PIECE = 1 << 16
"""Bytes held in memory at once of what is only passed on."""

MOST_PARTS = 100_000
"""Parts of a file that are followed: more than any camera writes, few enough to be done in a second."""


class PlaceRemains(Exception):
    """It cannot be made sure that the file tells no place. The message says why, in words without the file's own."""


def exactly(source: BinaryIO, size: int) -> bytes:
    """The next bytes. Raises PlaceRemains where the file ends before, or where they are more than are read at once."""
    if not 0 <= size <= 1 << 20:
        raise PlaceRemains("a part of the file is too large to be looked into")
    found = source.read(size)
    if len(found) < size:
        raise PlaceRemains("the file ends too early")
    return found


def passed(source: BinaryIO, target: BinaryIO, size: int) -> None:
    """Copy the next bytes. Raises PlaceRemains where the file ends before."""
    while size > 0:
        piece = source.read(min(size, PIECE))
        if not piece:
            raise PlaceRemains("the file ends too early")
        target.write(piece)
        size -= len(piece)


def blank(file: BinaryIO, start: int, size: int) -> None:
    """Write zeros over what is there already; never longer than the file. Moves the position."""
    file.seek(start)
    nothing = bytes(min(size, PIECE))
    while size > 0:
        file.write(nothing[:size])
        size -= PIECE


def length(file: BinaryIO) -> int:
    """Bytes of the whole file. The position stays."""
    here = file.tell()
    end = file.seek(0, 2)
    file.seek(here)
    return end
