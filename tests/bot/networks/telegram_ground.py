"""The ground on which tests of Telegram's files stand: the emulator with a group and a forum, the network, and files of every kind."""

from __future__ import annotations

import struct
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.networks.port import Limits, Outgoing, Spooled
from bot.networks.telegram import Telegram
from playbooks.rooms import RoomRef
from playbooks.spoken import File, FileKind
from tests.emulators.telegram import TelegramEmulator

GROUP, FORUM, ADA = -100200, -1001234567890, 501
NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
ROOM = RoomRef("telegram", str(GROUP))
TOPIC = RoomRef("telegram", str(FORUM), "7")

JPEG = b"\xff\xd8\xff\xe0 a photo of the dyke"
GIF = b"GIF89a water that moves"
MP4 = b"\x00\x00\x00\x20ftypisom a film"
MP3 = b"ID3\x04 a siren"
OGG = b"OggS a voice"
WEBP = b"RIFF\x10\x00\x00\x00WEBP a sticker"
PDF = b"%PDF-1.7 a plan"
TYPES: dict[str, bytes] = {
    "image/jpeg": JPEG,
    "image/gif": GIF,
    "video/mp4": MP4,
    "audio/mpeg": MP3,
    "audio/ogg": OGG,
    "image/webp": WEBP,
    "application/pdf": PDF,
}


def png(width: int, height: int) -> bytes:
    """The head of a picture with these sides."""
    return b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + struct.pack(">II", width, height)


class Shelf:
    """A folder of files as the spool hands them over."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._count = 0

    def __call__(
        self,
        kind: FileKind,
        mime: str = "",
        *,
        data: bytes = b"",
        name: str = "",
        spoken: str | None = None,
        **fields: Any,
    ) -> Spooled:
        """A file said to be ``kind``, of this MIME type. ``spoken``: the name that its sender gave it, if it is another."""
        mime = mime or "image/jpeg"
        data = data or TYPES.get(mime, b"something")
        self._count += 1
        path = self._folder / f"{self._count}.whole"
        path.write_bytes(data)
        source = File("matrix", "{}", kind, name if spoken is None else spoken, mime, len(data))
        return Spooled(path, name or kind, mime, len(data), replace(source, **fields))


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    """Where the test's files lie."""
    return Shelf(tmp_path)


@pytest.fixture
async def tg() -> AsyncIterator[TelegramEmulator]:
    """The emulated Telegram: a group in which the bot is a member, a forum in which it is an administrator, and Ada."""
    async with TelegramEmulator() as emulator:
        emulator.now = NOON.timestamp
        emulator.group(GROUP, "Town hall")
        emulator.group(FORUM, "Fire service", forum=True, admin=True)
        emulator.topic(FORUM, 7, "Alerts")
        emulator.user(ADA, "Ada", "fr")
        yield emulator


@pytest.fixture
async def network(tg: TelegramEmulator) -> AsyncIterator[Telegram]:
    """The network under test."""
    made = Telegram(tg.token, tg.url, Limits(), lambda: NOON)
    yield made
    await made.close()


def message(text: str = "", room: RoomRef = ROOM, **fields: Any) -> Outgoing:
    """A message of these words."""
    return Outgoing(token="t1", room=room, html=text, text=text, **fields)
