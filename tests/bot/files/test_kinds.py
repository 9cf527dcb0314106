"""What a file is, is found by looking."""

from __future__ import annotations

import gzip
import io
import struct
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.files.kinds import EXECUTABLE, UNKNOWN, fitting, look, sniffed
from bot.files.names import EXTENSIONS
from tests.bot.files.photos import exif, film, saved, track


def zipped(*members: str, stored: str = "") -> bytes:
    """An archive of these members, perhaps after one named ``mimetype``."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        if stored:
            archive.writestr("mimetype", stored)
        for member in members:
            archive.writestr(member, "x" * 99)
    return out.getvalue()


ODT = "application/vnd.oasis.opendocument.text"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"

FILES = [
    (saved("JPEG"), "image/jpeg"),
    (saved("PNG"), "image/png"),
    (saved("GIF"), "image/gif"),
    (saved("WEBP"), "image/webp"),
    (saved("TIFF"), "image/tiff"),
    (saved("BMP"), "image/bmp"),
    (saved("AVIF", exif=exif()), "image/avif"),
    (saved("ICO"), "image/x-icon"),
    (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "image/heic"),
    (b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic", "image/heic"),
    (b"\0\0\0\x18ftypcrx \0\0\0\1crx isom", "image/x-raw"),
    (film(track(b"vide", [], [])), "video/mp4"),
    (film(track(b"soun", [], [])), "audio/mp4"),
    (film(track(b"vide", [], []), track(b"soun", [], []), brand=b"qt  "), "video/quicktime"),
    (b"\0\0\0\x14ftyp3gp4\0\0\0\x003gp4", "video/3gpp"),
    (b"\0\0\0\x14ftypM4A \0\0\0\0M4A ", "audio/mp4"),
    (b"\x1aE\xdf\xa3\x87\x42\x82\x84webm\x86\x85V_VP9", "video/webm"),
    (b"\x1aE\xdf\xa3\x87\x42\x82\x84webm\x86\x86A_OPUS", "audio/webm"),
    (b"\x1aE\xdf\xa3\x8b\x42\x82\x88matroska", "video/x-matroska"),
    (b"OggS\0\2" + bytes(20) + b"\1\x13OpusHead", "audio/ogg"),
    (b"OggS\0\2" + bytes(20) + b"\1\x2a\x80theora", "video/ogg"),
    (b"ID3\4\0\0\0\0\0\0", "audio/mpeg"),
    (b"\xff\xfb\x90\x64" + bytes(400), "audio/mpeg"),
    (b"\xff\xf1\x50\x80\0\0", "audio/aac"),
    (b"RIFF\0\0\0\0WAVEfmt ", "audio/wav"),
    (b"fLaC\0\0\0\x22", "audio/flac"),
    (b"#!AMR\n\x3c", "audio/amr"),
    (b"%PDF-1.7\n", "application/pdf"),
    (zipped("a.txt"), "application/zip"),
    (zipped("[Content_Types].xml", "word/document.xml"), DOCX),
    (zipped("content.xml", stored=ODT), ODT),
    (zipped("META-INF/MANIFEST.MF", "A.class"), "application/java-archive"),
    (zipped("AndroidManifest.xml", "META-INF/MANIFEST.MF"), "application/vnd.android.package-archive"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "WordDocument".encode("utf-16-le"), "application/msword"),
    (gzip.compress(b"words"), "application/gzip"),
    (gzip.compress(b'{"tgs":1,"v":"5.5.2"}'), "application/x-tgsticker"),
    (b"7z\xbc\xaf\x27\x1c\0\4", "application/x-7z-compressed"),
    (b"Rar!\x1a\x07\1\0", "application/vnd.rar"),
    (b"\x7fELF\2\1\1", "application/x-executable"),
    (b"MZ\x90\0\3\0\0\0", EXECUTABLE),
    (b"\xcf\xfa\xed\xfe\7\0\0\1", "application/x-mach-binary"),
    (b"\xca\xfe\xba\xbe\0\0\0\2", "application/x-mach-binary"),
    (b"\xca\xfe\xba\xbe\0\0\0\x41", "application/java-vm"),
    (b"#!/bin/sh\nrm", "text/x-shellscript"),
    (b"\xef\xbb\xbf \n<!DOCTYPE html><p>", "text/html"),
    (b"<script>alert(1)</script>", "text/html"),
    (b'<?xml version="1.0"?><!-- <html> --><svg xmlns="x">', "image/svg+xml"),
    (b"<svg onload='x'>", "image/svg+xml"),
    (b'<?xml version="1.0"?><gpx>', "application/xml"),
    (b"BEGIN:VCARD\r\n", "text/vcard"),
    ("Grüße\n".encode(), "text/plain"),
    ("Grüße\n".encode("utf-16"), "text/plain"),
    (b"MZ is how a letter may begin", "text/plain"),
    (b"BM too", "text/plain"),
    (b"\0\1\2\3\4\5\6\7", UNKNOWN),
    (b"", UNKNOWN),
]


@pytest.mark.parametrize(("content", "kind"), FILES, ids=[f"{number}-{kind}" for number, (_, kind) in enumerate(FILES)])
def test_a_file_is_what_it_is(tmp_path: Path, content: bytes, kind: str) -> None:
    """Each format is told by its content alone, and has an extension that goes with it."""
    path = tmp_path / "photo.jpg"
    path.write_bytes(content)
    assert look(path) == kind
    assert kind == UNKNOWN or EXTENSIONS[kind]


@given(st.sampled_from(FILES), st.data())
def test_no_bytes_are_too_odd_to_look_at(told: tuple[bytes, str], data: st.DataObject) -> None:
    """Whatever is done to a file, looking into it finds some type."""
    content = bytearray(told[0][: data.draw(st.integers(0, 200))])
    for _ in range(data.draw(st.integers(0, 5))):
        if content:
            content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    assert "/" in sniffed(bytes(content), data.draw(st.binary(max_size=50)))


@given(content=st.binary(max_size=200))
def test_random_bytes_are_some_type(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    """Bytes that mean nothing are looked at without harm."""
    path = tmp_path_factory.getbasetemp() / "random"
    for start in (b"", b"\0\0\0\x18ftypisom", struct.pack(">I4s", 1, b"moov")):
        path.write_bytes(start + content)
        assert "/" in look(path)


@pytest.mark.parametrize(
    ("said", "kind", "found"),
    [
        ("photo", "image/jpeg", "photo"),
        ("photo", EXECUTABLE, "file"),
        ("photo", "image/heic", "file"),
        ("photo", "image/svg+xml", "file"),
        ("photo", "image/gif", "animation"),
        ("photo", "video/mp4", "file"),
        ("video", "video/mp4", "video"),
        ("video", "text/html", "file"),
        ("animation", "image/gif", "animation"),
        ("animation", "video/mp4", "animation"),
        ("animation", "image/png", "photo"),
        ("audio", "audio/mpeg", "audio"),
        ("audio", "application/zip", "file"),
        ("voice", "audio/ogg", "voice"),
        ("voice", "audio/flac", "audio"),
        ("voice", "video/mp4", "file"),
        ("sticker", "application/x-tgsticker", "sticker"),
        ("sticker", "application/gzip", "file"),
        ("file", "image/jpeg", "file"),
    ],
)
def test_a_file_is_sent_as_what_it_can_be(said: str, kind: str, found: str) -> None:
    """What is said of a file holds as long as its content allows it."""
    assert fitting(said, kind) == found
