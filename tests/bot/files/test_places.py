"""Every kind of picture and film goes one way or the other: without its place, or with a word that it may remain."""

from __future__ import annotations

import struct
import tracemalloc
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.files.kinds import UNKNOWN
from bot.files.places import PlaceRemains, without_place
from tests.bot.files.photos import SECRET, XMP, box, cleaned, exif, film, saved, tells, track

DEEP = exif()
DEEP[0x8825] = DEEP.get_ifd(0x8825)

WHOLE = {
    "image/jpeg": saved("JPEG", exif=exif(), xmp=XMP),
    "image/png": saved("PNG", exif=exif()),
    "image/webp": saved("WEBP", exif=exif(), xmp=XMP),
    "image/gif": saved("GIF", comment=SECRET),
    "image/tiff": saved("TIFF", exif=DEEP),
    "image/avif": saved("AVIF", exif=exif(), xmp=XMP),
    "video/mp4": film(track(b"vide", [24], [8]), track(b"meta", [32, 43], [11, 11]), data=bytes(8) + SECRET * 2),
    "video/webm": b"\x1aE\xdf\xa3\x80\x18S\x80g\x01\xff\xff\xff\xff\xff\xff\xff\x16T\xaek\x85\xae\x83\x83\x81\x01\x12T\xc3g"
    + bytes((0x80 | len(SECRET),))
    + SECRET,
}


@pytest.mark.parametrize("kind", WHOLE)
def test_the_place_goes(tmp_path: Path, kind: str) -> None:
    """Each kind of file loses its place, and a second time there is nothing left to lose."""
    assert tells(WHOLE[kind])
    bare = cleaned(tmp_path, WHOLE[kind], kind)
    assert tells(bare) == []
    assert cleaned(tmp_path, bare, kind) == bare


@settings(max_examples=400)
@given(kind=st.sampled_from([*WHOLE]), data=st.data())
def test_no_file_is_too_odd_to_be_cleaned(
    tmp_path_factory: pytest.TempPathFactory, kind: str, data: st.DataObject
) -> None:
    """Whatever bytes are changed, cut or repeated, the file is cleaned or refused, and nothing else happens."""
    content = bytearray(WHOLE[kind])
    near = st.integers(0, min(len(content), 700) - 1) | st.integers(0, len(content) - 1)
    for _ in range(data.draw(st.integers(0, 6))):
        content[data.draw(near)] = data.draw(st.integers(0, 255))
    if data.draw(st.booleans()):
        at = data.draw(near)
        content[at : at + data.draw(st.integers(0, 9))] = data.draw(st.binary(max_size=9))
    with suppress(PlaceRemains):
        cleaned(tmp_path_factory.getbasetemp(), bytes(content), kind)


@given(content=st.binary(max_size=300), kind=st.sampled_from([*WHOLE]))
def test_random_bytes_are_refused(tmp_path_factory: pytest.TempPathFactory, content: bytes, kind: str) -> None:
    """What is no such file at all is not vouched for."""
    with pytest.raises(PlaceRemains):
        cleaned(tmp_path_factory.getbasetemp(), content, kind)


def test_what_cannot_be_looked_into_is_refused(tmp_path: Path) -> None:
    """Pictures and films of other kinds are not vouched for; documents, sounds and drawings go as they are."""
    for kind in ("image/jxl", "image/jp2", "image/x-raw", "image/vnd.adobe.photoshop", "video/x-msvideo", "video/mpeg"):
        with pytest.raises(PlaceRemains):
            cleaned(tmp_path, SECRET, kind)
    for kind in (
        "application/pdf",
        "application/zip",
        "text/plain",
        "audio/ogg",
        "image/bmp",
        "image/svg+xml",
        UNKNOWN,
    ):
        assert cleaned(tmp_path, SECRET, kind) == SECRET


def test_large_files_take_little_memory(tmp_path: Path) -> None:
    """Twenty million bytes of each kind pass through less than two million of memory."""
    much = bytes(20_000_000)
    jpeg, webp = saved("JPEG"), saved("WEBP", lossless=True)
    large = {
        "image/jpeg": jpeg[:-2] + much + b"\xff\xd9",
        "image/png": WHOLE["image/png"][:33] + struct.pack(">I4s", len(much), b"plCe") + much + WHOLE["image/png"][29:],
        "image/webp": webp[:4]
        + struct.pack("<I", len(webp) + len(much))
        + webp[8:]
        + struct.pack("<4sI", b"note", len(much))
        + much,
        "image/gif": saved("GIF")[:-1] + b"\x21\xfe" + (b"\xff" + SECRET.ljust(255)) * 70_000 + b"\0;",
        "image/tiff": WHOLE["image/tiff"] + much,
        "video/mp4": film(track(b"vide", [24], [8]), data=SHOWN, more=box(b"uuid", much)),
        "video/webm": WHOLE["video/webm"] + b"\x12T\xc3g" + struct.pack(">I", len(much) | 1 << 28) + much,
    }
    source, target = tmp_path / "whole", tmp_path / "bare"
    for kind, content in large.items():
        source.write_bytes(content)
        target.write_bytes(b"")
        tracemalloc.start()
        try:
            without_place(source, target, kind)
            assert tracemalloc.get_traced_memory()[1] < 2_000_000, kind
        finally:
            tracemalloc.stop()
        with target.open("rb") as bare:
            assert SECRET not in bare.read()


SHOWN = b"picture!"
