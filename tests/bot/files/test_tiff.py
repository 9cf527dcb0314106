"""TIFF: the entries that tell a place are taken out where they stand."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import pytest
from PIL import Image

from bot.files.places import PlaceRemains
from bot.files.tiff import only_orientation
from tests.bot.files.photos import SECRET, XMP, cleaned, exif, opened, saved, tells


def test_a_tiff_loses_its_place(tmp_path: Path) -> None:
    """GPS, XMP and IPTC are zeros, the other entries and the pixels are what they were, and nothing moved."""
    told = exif()
    told[0x8825] = told.get_ifd(0x8825)
    told[700] = XMP
    told[33723] = SECRET
    tiff = saved("TIFF", exif=told)
    assert len(tells(tiff)) == 3
    bare = cleaned(tmp_path, tiff, "image/tiff")
    assert tells(bare) == []
    found = Image.open(io.BytesIO(bare))
    assert len(bare) == len(tiff)
    assert found.getexif()[0x010F] == "A maker"
    assert found.getexif()[0x0112] == 6
    assert not found.getexif().get_ifd(0x8825)
    assert opened(bare).tobytes() == opened(tiff).tobytes()


def test_what_only_makers_read_is_not_vouched_for(tmp_path: Path) -> None:
    """Makers' notes and the tags of maps raise PlaceRemains."""
    for directory, tag in ((0x8769, 37500), (None, 33550), (None, 50740)):
        told = exif()
        if directory:
            told.get_ifd(directory)[tag] = b"notes of a maker"
            told[directory] = told.get_ifd(directory)
        else:
            told[tag] = (1.0, 2.0) if tag == 33550 else b"notes of a maker"
        with pytest.raises(PlaceRemains):
            cleaned(tmp_path, saved("TIFF", exif=told), "image/tiff")


def test_odd_tiffs_are_not_vouched_for(tmp_path: Path) -> None:
    """Directories in a circle, values beyond the end, and files cut anywhere raise PlaceRemains."""
    circle = struct.pack("<2sHIHHHIII", b"II", 42, 8, 1, 256, 3, 1, 1, 8)
    beyond = struct.pack("<2sHIHHHIII", b"II", 42, 8, 1, 700, 1, 1 << 31, 1 << 31, 0)
    whole = saved("TIFF", exif=exif())
    for odd in (circle, beyond, b"II+\0" + bytes(40), *(whole[:end] for end in range(0, 170, 3))):
        with pytest.raises(PlaceRemains):
            cleaned(tmp_path, odd, "image/tiff")


def test_only_a_turn_is_kept_of_exif() -> None:
    """Upright pictures need no Exif, turned ones the smallest there is, and broken Exif turns nothing."""
    assert only_orientation(exif(1).tobytes()[6:]) == b""
    for turned in range(2, 9):
        kept = only_orientation(exif(turned).tobytes()[6:])
        assert (len(kept), only_orientation(kept)) == (26, kept)
    for odd in (b"", b"II", b"MM\0*", b"II*\0\xff\xff\xff\xff", exif(9).tobytes()[6:]):
        assert only_orientation(odd) == b""
