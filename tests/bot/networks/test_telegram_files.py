"""Each file goes as what Telegram takes it for, and what fits nowhere as a document."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bot.networks import telegram_files
from playbooks.spoken import FileKind
from tests.bot.networks.telegram_ground import Shelf
from tests.bot.networks.telegram_ground import shelf as shelf


@pytest.mark.parametrize(
    ("kind", "mime", "more", "goes_as"),
    [
        ("photo", "image/jpeg", {}, "photo"),
        ("photo", "image/webp", {}, "photo"),
        ("photo", "image/png; charset=binary", {"width": 4000, "height": 3000}, "photo"),
        ("photo", "image/gif", {}, "animation"),
        ("photo", "image/heic", {}, "file"),
        ("photo", "image/svg+xml", {}, "file"),
        ("photo", "image/jpeg", {"width": 9000, "height": 2000}, "file"),
        ("photo", "image/jpeg", {"width": 2100, "height": 100}, "file"),
        ("photo", "image/jpeg", {"width": -1, "height": 0}, "photo"),
        ("video", "video/mp4", {}, "video"),
        ("video", "video/webm", {}, "file"),
        ("animation", "video/mp4", {}, "animation"),
        ("animation", "image/gif", {}, "animation"),
        ("animation", "image/png", {}, "file"),
        ("audio", "audio/mpeg", {}, "audio"),
        ("audio", "audio/flac", {}, "file"),
        ("voice", "audio/ogg; codecs=opus", {}, "voice"),
        ("voice", "audio/mp4", {}, "audio"),
        ("voice", "audio/x-wav", {}, "file"),
        ("sticker", "image/webp", {}, "photo"),
        ("sticker", "application/x-tgsticker", {}, "file"),
        ("file", "image/jpeg", {}, "file"),
        ("file", "", {}, "file"),
    ],
)
def test_ways(shelf: Shelf, kind: FileKind, mime: str, more: dict[str, Any], goes_as: FileKind) -> None:
    """With words under it, each kind goes by its own method only where its type and sides allow."""
    assert telegram_files.fit(shelf(kind, mime, **more), worded=True) == goes_as


def test_a_sticker_has_no_words(shelf: Shelf) -> None:
    """A sticker goes as one only where nothing stands under it, and it is small enough."""
    for mime in ("image/webp", "application/x-tgsticker", "video/webm"):
        assert telegram_files.fit(shelf("sticker", mime), worded=False) == "sticker"
    assert telegram_files.fit(shelf("sticker", "image/webp", data=b"x" * (513 << 10)), worded=False) == "photo"
    assert telegram_files.fit(shelf("sticker", "video/mp4"), worded=False) == "file"


def test_what_telegram_has_as_something_can_go_as_that(shelf: Shelf) -> None:
    """A sound of an unusual type that was heard on Telegram goes as the sound it is there; handed over it is a document."""
    sound = shelf("audio", "audio/flac", network="telegram", where=json.dumps({"file_id": "CQAC"}))
    assert telegram_files.fit(sound, worded=True) == "audio"
    assert telegram_files.fit(sound, worded=True, anew=True) == "file"
    assert telegram_files.album([sound, sound]) == ["audio", "audio"]
    sticker = shelf("sticker", "video/webm", network="telegram", where=json.dumps({"file_id": "CAAC"}))
    assert telegram_files.fit(sticker, worded=True) == "file"


def test_a_heavy_photo_is_a_document(shelf: Shelf) -> None:
    """Over 10 MB a picture goes as a document."""
    heavy = shelf("photo", data=b"x" * (telegram_files.PHOTO_BYTES + 1))
    assert telegram_files.fit(heavy, worded=True) == "file"


@pytest.mark.parametrize(
    ("kinds", "together"),
    [
        (["photo", "video"], ["photo", "video"]),
        (["audio", "audio"], ["audio", "audio"]),
        (["file", "file"], ["file", "file"]),
        (["photo", "file"], ["file", "file"]),
        (["photo", "audio"], ["file", "file"]),
        (["voice", "voice"], ["file", "file"]),
        (["animation", "photo"], ["file", "file"]),
    ],
)
def test_albums(shelf: Shelf, kinds: list[FileKind], together: list[FileKind]) -> None:
    """What Telegram does not take in one album goes as an album of documents."""
    mimes = {"photo": "image/jpeg", "video": "video/mp4", "audio": "audio/mpeg", "voice": "audio/ogg"}
    mimes |= {"animation": "image/gif", "file": "application/pdf"}
    assert telegram_files.album([shelf(kind, mimes[kind]) for kind in kinds]) == together


@pytest.mark.parametrize(
    ("change", "known"),
    [
        ({}, True),
        ({"spoken": ""}, True),
        ({"spoken": "../plan.pdf"}, False),
        ({"network": "matrix"}, False),
        ({"where": ""}, False),
        ({"where": "[]"}, False),
        ({"where": '{"file_id": 5}'}, False),
        ({"size": 3}, False),
        ({"size": None}, True),
    ],
)
def test_what_telegram_has_is_not_handed_over_again(shelf: Shelf, change: dict[str, Any], known: bool) -> None:
    """A file of Telegram's goes under its own name there, unless its name or anything else of it was changed."""
    source = {"network": "telegram", "where": json.dumps({"file_id": "BQAC"})}
    file = shelf("file", "application/pdf", name="plan.pdf", **(source | change))
    assert telegram_files.known(file, "file") == ("BQAC" if known else None)
    assert telegram_files.known(file, "photo") is None


def test_what_is_told_of_a_film(shelf: Shelf) -> None:
    """Sides and length go along where they are sane; a document is told to stay one."""
    film = shelf("video", "video/mp4", width=640, height=360, seconds=12)
    assert telegram_files.traits(film, "video") == {
        "duration": 12,
        "width": 640,
        "height": 360,
        "supports_streaming": True,
    }
    odd = shelf("video", "video/mp4", width=-5, height=10**30, seconds=-1)
    assert telegram_files.traits(odd, "video") == {"supports_streaming": True}
    assert telegram_files.traits(film, "file") == {"disable_content_type_detection": True}
