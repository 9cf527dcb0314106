"""Real pictures, and films made of real boxes, that say where they were taken."""

from __future__ import annotations

import io
import struct
from pathlib import Path

from PIL import Image

from bot.files.places import without_place

SECRET = b"SECRETPLACE"
"""Stands wherever a place could be told in words."""

SECONDS = 12_345_679
"""The odd part of the latitude: as a number in the file it is found in either order of bytes."""

XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><exif:GPSLatitude>52,31.2N</exif:GPSLatitude>' + SECRET + b"</x:xmpmeta>"

TELLING = (SECRET, struct.pack(">I", SECONDS), struct.pack("<I", SECONDS), b"GPSLatitude")


def exif(turned: int = 6) -> Image.Exif:
    """Exif with a place, a comment, and a picture that lies on its side."""
    found = Image.Exif()
    found[0x0112] = turned
    found[0x010F] = "A maker"
    found.get_ifd(0x8825).update(
        {
            1: "N",
            2: (52.0, 31.0, SECONDS / 1_000_000),
            3: "E",
            4: (13.0, 24.0, SECONDS / 1_000_000),
            27: b"ASCII\0\0\0" + SECRET,
        }
    )
    return found


def picture(mode: str = "RGB") -> Image.Image:
    """Something to look at, of which no two rows are the same."""
    found = Image.new("RGB", (96, 64))
    found.putdata([(x * 2 % 256, y * 3 % 256, (x * y) % 256) for y in range(64) for x in range(96)])
    return found.convert(mode)


def saved(form: str, mode: str = "RGB", **options: object) -> bytes:
    """The picture in this format."""
    out = io.BytesIO()
    picture(mode).save(out, form, **options)
    return out.getvalue()


def cleaned(folder: Path, content: bytes, kind: str) -> bytes:
    """The file without its place."""
    source, target = folder / "whole", folder / "bare"
    source.write_bytes(content)
    target.write_bytes(b"")
    changed = without_place(source, target, kind)
    assert source.read_bytes() == content
    found = target.read_bytes()
    assert changed == (found != content)
    return found


def opened(content: bytes) -> Image.Image:
    """The picture, decoded."""
    found = Image.open(io.BytesIO(content))
    found.load()
    return found


def tells(content: bytes) -> list[bytes]:
    """What in these bytes tells the place."""
    return [told for told in TELLING if told in content]


def box(kind: bytes, *inside: bytes) -> bytes:
    """One box of MP4 and its kin."""
    body = b"".join(inside)
    return struct.pack(">I4s", len(body) + 8, kind) + body


def track(handler: bytes, offsets: list[int], sizes: list[int], *more: bytes) -> bytes:
    """A track with one sample in each chunk."""
    count = len(sizes)
    table = box(
        b"stbl",
        box(b"stsd", bytes(8)),
        box(b"stsc", struct.pack(">IIIII", 0, 1, 1, 1, 1)),
        box(b"stsz", struct.pack(f">III{count}I", 0, 0, count, *sizes)),
        box(b"stco", struct.pack(f">II{len(offsets)}I", 0, len(offsets), *offsets)),
    )
    named = box(b"hdlr", bytes(8), handler, bytes(13))
    media = box(b"mdia", box(b"mdhd", bytes(24)), named, box(b"minf", box(b"dinf"), table))
    return box(b"trak", box(b"tkhd", bytes(84)), media, *more)


def film(*tracks: bytes, data: bytes = b"", more: bytes = b"", brand: bytes = b"isom") -> bytes:
    """A film: its data first, so that offsets into it do not depend on its description (data begins at byte 24)."""
    place = box(b"udta", box(b"\xa9xyz", b"\0\x12\x15\xc7", SECRET), box(b"loci", bytes(6), SECRET))
    keys = box(b"meta", box(b"hdlr", bytes(8), b"mdta", bytes(13)), box(b"ilst", SECRET))
    movie = box(b"moov", box(b"mvhd", bytes(100)), *tracks, place, keys)
    return box(b"ftyp", brand, bytes(4)) + box(b"mdat", data) + movie + more
