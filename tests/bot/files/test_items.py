"""HEIC and AVIF: the items that are notes are written over."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from bot.files.places import PlaceRemains
from tests.bot.files.photos import SECRET, XMP, box, cleaned, exif, opened, saved, tells


def still(items: list[tuple[bytes, int, int, int]], inside: bytes = b"", more: bytes = b"", version: int = 1) -> bytes:
    """A picture whose items have (type, method, offset, size)."""
    infos = [
        box(b"infe", struct.pack(">B3xHH4s", 2, number, 0, kind), b"\0")
        for number, (kind, _, _, _) in enumerate(items, 1)
    ]
    where = struct.pack(">B3xBBH", version, 0x44, 0x00, len(items))
    for number, (_, method, offset, size) in enumerate(items, 1):
        where += struct.pack(">HHHHII", number, method, 0, 1, offset, size)
    named = box(b"hdlr", bytes(8), b"pict", bytes(13))
    meta = box(
        b"meta",
        bytes(4),
        named,
        box(b"iloc", where),
        box(b"iinf", bytes(4), struct.pack(">H", len(items)), *infos),
        box(b"idat", inside),
        more,
    )
    return box(b"ftyp", b"heic", bytes(4)) + meta


def test_an_avif_loses_its_place(tmp_path: Path) -> None:
    """Exif and XMP of a real AVIF are gone, and the picture is the same, turned as it was."""
    avif = saved("AVIF", exif=exif(6), xmp=XMP)
    assert len(tells(avif)) == 3
    bare = cleaned(tmp_path, avif, "image/avif")
    assert tells(bare) == []
    assert len(bare) == len(avif)
    assert opened(bare).size == opened(avif).size
    assert opened(bare).tobytes() == opened(avif).tobytes()


def test_notes_within_the_description_are_found(tmp_path: Path) -> None:
    """Items may lie in ``idat`` instead of somewhere in the file; pictures there are left alone."""
    inside = b"pixels" + SECRET + XMP
    items = [(b"hvc1", 1, 0, 6), (b"Exif", 1, 6, len(SECRET)), (b"mime", 1, 6 + len(SECRET), len(XMP))]
    bare = cleaned(tmp_path, still(items, inside, box(b"xml ", SECRET)), "image/heic")
    assert tells(bare) == []
    assert b"pixels" in bare


def test_odd_stills_are_not_vouched_for(tmp_path: Path) -> None:
    """Unknown items, notes made of other items, elsewhere or of no size, and tables that lie or come twice raise PlaceRemains."""
    good = still([(b"Exif", 1, 0, 11)], SECRET)
    table = good[good.index(b"iloc") - 4 : good.index(b"iinf") - 4]
    endless = struct.pack(">B3xBBH", 1, 0, 0, 0xFFFF) + struct.pack(">HHHH", 1, 0, 0, 0xFFFF) * 0xFFFF
    for odd in (
        still([(b"what", 1, 0, 11)], SECRET),
        still([(b"Exif", 2, 0, 11)], SECRET),
        still([(b"Exif", 1, 0, 0)], SECRET),
        still([(b"Exif", 1, 0, 12)], SECRET),
        still([(b"Exif", 0, 1 << 31, 12)], SECRET),
        still([(b"Exif", 1, 0, 11)], SECRET, table),
        still([(b"Exif", 1, 0, 11)], SECRET, version=3),
        good.replace(b"infe\2\0\0\0\0\1", b"infe\2\0\0\0\0\2"),
        good.replace(b"infe", b"infx"),
        good.replace(b"pict", b"mdta"),
        good.replace(b"infe\2", b"infe\1"),
        good.replace(table, b""),
        good.replace(table, box(b"iloc", endless)),
    ):
        with pytest.raises(PlaceRemains):
            cleaned(tmp_path, odd, "image/heic")
