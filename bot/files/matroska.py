"""Matroska and WebM: elements, of which those that hold notes become empty space of the same size.

Source: RFC 8794 (EBML), RFC 9559 (Matroska).
"""

from __future__ import annotations

from typing import BinaryIO

from bot.files.reading import MOST_PARTS, PlaceRemains, blank, exactly, length

_HEADER, _SEGMENT, _CLUSTER, _TRACKS, _VOID = 0x1A45DFA3, 0x18538067, 0x1F43B675, 0x1654AE6B, 0xEC
_TRACK, _TRACK_KIND = 0xAE, 0x83

_KEPT = frozenset({0x114D9B74, 0x1549A966, _TRACKS, 0x1C53BB6B, 0xE7, 0xA7, 0xAB, 0xA3, 0xA0, 0x5854})
"""Where things are, how long it plays, tracks, an index; and what is in a cluster, which may end where the next begins."""


def blank_elements(file: BinaryIO) -> None:
    """Take out of a Matroska or WebM film, where it stands, tags, attachments and all else that is neither seen nor heard. Raises PlaceRemains."""
    end = length(file)
    at, seen, tracks = 0, 0, False
    while at < end:
        seen += 1
        if seen > 4 * MOST_PARTS:
            raise PlaceRemains("it has too many parts")
        kind, body, size = _element(file, at)
        if (kind == _HEADER) != (at == 0):
            raise PlaceRemains("it is several films in one")
        if kind in (_SEGMENT, _CLUSTER) and (size is None or kind == _SEGMENT):
            # Gone into: what is in it follows as if it stood outside. A segment's size is not needed: it ends with the file.
            at = body
            continue
        if size is None or body + size > end:
            raise PlaceRemains("its parts do not fit into each other")
        if kind == _TRACKS:
            tracks = True
            _only_seen_and_heard(file, body, body + size)
        if kind not in (*_KEPT, _HEADER, _CLUSTER):
            _void(file, at, body + size - at)
        at = body + size
    if not tracks:
        raise PlaceRemains("there is no picture in it")


def _only_seen_and_heard(file: BinaryIO, at: int, end: int) -> None:
    """Raise PlaceRemains where a track is neither picture (1) nor sound (2): it may be telemetry."""
    for _ in range(MOST_PARTS):
        if at >= end:
            return
        kind, body, size = _element(file, at)
        if size is None or body + size > end:
            raise PlaceRemains("its parts do not fit into each other")
        if kind == _TRACK_KIND:
            file.seek(body)
            if int.from_bytes(exactly(file, size), "big") not in (1, 2):
                raise PlaceRemains("it has tracks that are neither picture nor sound")
        at = body if kind == _TRACK else body + size
    raise PlaceRemains("it has too many parts")


def _element(file: BinaryIO, at: int) -> tuple[int, int, int | None]:
    """An element's identifier, where its body is, and the body's bytes (None: it does not say)."""
    file.seek(at)
    head = file.read(12)
    wide = 9 - head[0].bit_length()
    if wide > 4:
        raise PlaceRemains("a part begins where none should")
    kind = int.from_bytes(head[:wide], "big")
    more = 9 - head[wide].bit_length()
    if more > 8 or wide + more > len(head):
        raise PlaceRemains("a part begins where none should")
    size = int.from_bytes(head[wide : wide + more], "big") & (1 << 7 * more) - 1
    return kind, at + wide + more, None if size == (1 << 7 * more) - 1 else size


def _void(file: BinaryIO, start: int, size: int) -> None:
    """Make what is there an empty element of as many bytes."""
    wide = 8 if size >= 9 else 1
    told = (size - 1 - wide) | 1 << 7 * wide
    blank(file, start, size)
    file.seek(start)
    file.write(bytes((_VOID,)) + told.to_bytes(wide, "big"))
