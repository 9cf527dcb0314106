"""Matroska and WebM: tags and attachments become empty space."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.files.places import PlaceRemains
from tests.bot.files.photos import SECRET, cleaned, tells


def element(kind: int, body: bytes = b"", size: bytes = b"") -> bytes:
    """One element; ``size`` instead of the true one."""
    return (
        kind.to_bytes((kind.bit_length() + 7) // 8, "big") + (size or (len(body) | 1 << 28).to_bytes(4, "big")) + body
    )


HEADER = element(0x1A45DFA3, element(0x4282, b"webm"))
TRACKS = element(0x1654AE6B, element(0xAE, element(0x83, b"\1")) + element(0xAE, element(0x83, b"\2")))
NOTES = element(0x1254C367, SECRET) + element(0x1941A469, SECRET, bytes((0x80 | len(SECRET),))) + element(0x1043A770)
OPEN = b"\x01\xff\xff\xff\xff\xff\xff\xff"
BLOCKS = element(0xE7, b"\0") + element(0xA3, b"picture")


def test_a_film_loses_its_notes(tmp_path: Path) -> None:
    """Tags, attachments and chapters are voids of the same size, in films that were saved and in those that were streamed."""
    saved = HEADER + element(0x18538067, TRACKS + element(0x1F43B675, BLOCKS) + NOTES)
    streamed = HEADER + element(0x18538067, b"", OPEN) + TRACKS + element(0x1F43B675, b"", OPEN) + BLOCKS + NOTES
    for whole in (saved, streamed):
        for kind in ("video/webm", "video/x-matroska", "audio/webm"):
            bare = cleaned(tmp_path, whole, kind)
            assert tells(bare) == []
            assert len(bare) == len(whole)
            assert bare[: len(whole) - len(NOTES)] == whole[: len(whole) - len(NOTES)]
            assert cleaned(tmp_path, bare, kind) == bare


def test_odd_films_are_not_vouched_for(tmp_path: Path) -> None:
    """Tracks of notes, wrong sizes, films behind films and broken ends raise PlaceRemains."""
    good = HEADER + element(0x18538067, TRACKS + BLOCKS)
    for odd in (
        b"",
        HEADER,
        good[:-1],
        good + b"\0",
        good + good,
        good + element(0xA3, b"", OPEN),
        good + element(0xA3, b"", b"\x1f\xff\xff\xf0"),
        HEADER + element(0x1654AE6B, element(0xAE, element(0x83, b"\x21"))),
        good + b"\xec\x80" * 400_001,
    ):
        with pytest.raises(PlaceRemains):
            cleaned(tmp_path, odd, "video/webm")
