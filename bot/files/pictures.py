"""JPEG, PNG, WebP and GIF, written anew from the parts that make the picture: all others are left out.

What is kept is named, part by part, so that a new kind of note about the picture is left out before anybody here has heard of it.
Sources: ITU-T T.81 annex B; PNG 3rd edition (W3C 2025); RFC 9649 (WebP); GIF89a.
"""

from __future__ import annotations

import re
import zlib
from struct import pack, unpack
from typing import BinaryIO

from bot.files.reading import MOST_PARTS, PIECE, PlaceRemains, exactly, length, passed
from bot.files.tiff import only_orientation

_MARKER = re.compile(rb"\xff[^\0\xd0-\xd7\xff]")
_FRAME = frozenset({*range(0xC0, 0xD0), 0xDA, 0xDB, 0xDC, 0xDD, 0xDE, 0xDF}) - {0xC8}
"""JPEG: frames, tables, scans, intervals (T.81, table B.1)."""

_APPS = {0xE0: b"JFIF\0", 0xE2: b"ICC_PROFILE\0", 0xEE: b"Adobe"}
"""JPEG: application segments without which the colours would be others."""

_CHUNKS = frozenset(
    b"IHDR PLTE IDAT IEND tRNS gAMA cHRM sRGB iCCP sBIT bKGD hIST pHYs sPLT cICP mDCV cLLI acTL fcTL fdAT".split()
)
_PARTS = frozenset({b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF", b"ICCP"})
_LOOPS = frozenset({b"NETSCAPE2.0", b"ANIMEXTS1.0", b"ICCRGBG1012"})


def bare_jpeg(source: BinaryIO, target: BinaryIO) -> None:
    """Copy a JPEG without Exif (but for the orientation), XMP, IPTC, comments and whatever follows its end, such as the film of a moving photo."""
    if exactly(source, 2) != b"\xff\xd8":
        raise PlaceRemains("this is no JPEG")
    target.write(b"\xff\xd8")
    turned = scanned = False
    for _ in range(MOST_PARTS // 10):
        marker = _marker(source)
        if marker == 0xD9:
            if not scanned:
                raise PlaceRemains("there is no picture in it")
            target.write(b"\xff\xd9")
            return
        size = unpack(">H", exactly(source, 2))[0]
        body = exactly(source, size - 2)
        if marker == 0xE1 and body.startswith(b"Exif\0") and not turned:
            turned = True
            if kept := only_orientation(body[6:]):
                target.write(pack(">BBH", 0xFF, 0xE1, len(kept) + 8) + b"Exif\0\0" + kept)
        if marker in _FRAME or (marker in _APPS and body.startswith(_APPS[marker])):
            target.write(pack(">BBH", 0xFF, marker, size) + body)
        elif not (0xE0 <= marker <= 0xEF or marker == 0xFE):
            raise PlaceRemains("it has parts that are not known")
        if marker == 0xDA:
            scanned = True
            _scan(source, target)
    raise PlaceRemains("it has too many parts")


def _marker(source: BinaryIO) -> int:
    """The next marker, after any fill bytes before it (T.81, B.1.1.2)."""
    if exactly(source, 1) != b"\xff":
        raise PlaceRemains("a part begins where none should")
    for _ in range(1024):
        if (code := exactly(source, 1)[0]) != 0xFF:
            return code
    raise PlaceRemains("it has too much filling")


def _scan(source: BinaryIO, target: BinaryIO) -> None:
    """Copy compressed data up to the next marker that ends it."""
    while True:
        here = source.tell()
        piece = source.read(PIECE)
        found = _MARKER.search(piece)
        # A last byte that may be half a marker is looked at again, with what follows.
        end = found.start() if found else len(piece) - piece.endswith(b"\xff")
        target.write(piece[:end])
        source.seek(here + end)
        if found:
            return
        if not end:
            raise PlaceRemains("the file ends too early")


def bare_png(source: BinaryIO, target: BinaryIO) -> None:
    """Copy a PNG without Exif (but for the orientation), texts, times, unknown chunks, and whatever follows its end."""
    target.write(exactly(source, 8))
    for number in range(MOST_PARTS):
        size, kind = unpack(">I4s", exactly(source, 8))
        if (number == 0) != (kind == b"IHDR"):
            raise PlaceRemains("it does not begin as a picture does")
        if kind in _CHUNKS:
            target.write(pack(">I4s", size, kind))
            passed(source, target, size + 4)
        elif kind == b"eXIf":
            if kept := only_orientation(exactly(source, size)):
                target.write(pack(">I4s", len(kept), kind) + kept + pack(">I", zlib.crc32(kind + kept)))
            exactly(source, 4)
        elif kind[:1].isupper():
            raise PlaceRemains("it has parts that are not known")
        else:
            _skip(source, size + 4)
        if kind == b"IEND":
            return
    raise PlaceRemains("it has too many parts")


def bare_webp(source: BinaryIO, target: BinaryIO) -> None:
    """Copy a WebP without Exif (but for the orientation), XMP, unknown chunks, and whatever follows its end."""
    head, whole, form = unpack("<4sI4s", exactly(source, 12))
    if head != b"RIFF" or form != b"WEBP" or whole + 8 > length(source):
        raise PlaceRemains("the file ends too early")
    target.write(pack("<4sI4s", head, 0, form))
    features: int | None = None
    flags = 0
    turned = False
    for _ in range(MOST_PARTS):
        if source.tell() >= whole + 8:
            break
        kind, size = unpack("<4sI", exactly(source, 8))
        padded = size + size % 2
        if source.tell() + padded > whole + 8:
            raise PlaceRemains("a part is longer than the file")
        if kind == b"VP8X" and features is None:
            features = target.tell() + 8
            flags = exactly(source, 1)[0] & ~0x0C
            source.seek(-1, 1)
        if kind in _PARTS:
            target.write(pack("<4sI", kind, size))
            passed(source, target, padded)
        elif kind == b"EXIF" and features is not None and not turned:
            kept = only_orientation(exactly(source, padded)[:size].removeprefix(b"Exif\0\0"))
            if kept:
                turned = True
                target.write(pack("<4sI", kind, len(kept)) + kept)
        else:
            _skip(source, padded)
    else:
        raise PlaceRemains("it has too many parts")
    size = target.tell() - 8
    target.seek(4)
    target.write(pack("<I", size))
    if features is not None:
        target.seek(features)
        target.write(bytes((flags | (0x08 if turned else 0),)))


def bare_gif(source: BinaryIO, target: BinaryIO) -> None:
    """Copy a GIF without comments, XMP and other applications' notes (but for how often it plays), and whatever follows its end."""
    head = exactly(source, 13)
    target.write(head)
    _colours(source, target, head[10])
    blocks = 0
    while blocks < 10 * MOST_PARTS:
        blocks += 1
        what = exactly(source, 1)[0]
        if what == 0x3B:
            target.write(b";")
            return
        if what == 0x2C:
            frame = exactly(source, 9)
            target.write(b"," + frame)
            _colours(source, target, frame[8])
            target.write(exactly(source, 1))
            blocks += _blocks(source, target)
        elif what == 0x21:
            blocks += _extension(source, target)
        else:
            raise PlaceRemains("a part begins where none should")
    raise PlaceRemains("it has too many parts")


def _colours(source: BinaryIO, target: BinaryIO, flags: int) -> None:
    """Copy the table of colours that the flags announce."""
    if flags & 0x80:
        passed(source, target, 3 << (flags & 7) + 1)


def _extension(source: BinaryIO, target: BinaryIO) -> int:
    """Copy an extension that the picture needs; read past any other. Returns of how many blocks it was."""
    label = exactly(source, 1)[0]
    size = exactly(source, 1)
    body = exactly(source, size[0])
    kept = (label, size[0]) in ((0xF9, 4), (0x01, 12)) or (label == 0xFF and body in _LOOPS)
    if kept:
        target.write(bytes((0x21, label)) + size + body)
    return _blocks(source, target if kept else None) if size[0] else 0


def _blocks(source: BinaryIO, target: BinaryIO | None) -> int:
    """Copy, or read past, a chain of blocks. Returns how many."""
    for number in range(10 * MOST_PARTS):
        size = exactly(source, 1)
        body = exactly(source, size[0])
        if target is not None:
            target.write(size + body)
        if not size[0]:
            return number
    raise PlaceRemains("it has too many parts")


def _skip(source: BinaryIO, size: int) -> None:
    """Go past what is left out; it must be there."""
    if source.tell() + size > length(source):
        raise PlaceRemains("the file ends too early")
    source.seek(size, 1)
