"""Files leave by pieces: the memory of the bot does not depend on their size, and a dead connection does not hold them for ever."""

from __future__ import annotations

import asyncio
import json
import tracemalloc
from hashlib import sha256
from pathlib import Path

import pytest

from bot.networks import telegram_form
from bot.networks.port import Limits, Sent, Spooled, Unknown
from bot.networks.telegram import Telegram
from bot.networks.telegram_form import named
from playbooks.spoken import File
from tests.bot.networks.telegram_ground import GROUP, NOON, Shelf, message
from tests.bot.networks.telegram_ground import shelf as shelf
from tests.emulators.telegram_remote import RemoteTelegram

MIB = 1 << 20


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("plan.pdf", "plan.pdf"),
        ("Überflutung 大水.pdf", "Überflutung 大水.pdf"),
        ('a"; filename="b', "a__ filename=_b"),
        ("a\r\nX-Evil: 1", "aX-Evil: 1"),
        ("a\\b", "a_b"),
        ("\n", "file"),
    ],
)
def test_names_cannot_end_their_header(name: str, safe: str) -> None:
    """Nothing in a name is taken for the end of it; letters of any script stay."""
    assert named(name) == safe


async def test_large_files_take_little_memory(tmp_path: Path) -> None:
    """40 MB go out and come in again byte for byte, and the bot holds less than 8 MB more at any time."""
    path, digest = tmp_path / "large", sha256()
    with path.open("wb") as out:
        for number in range(40):
            piece = sha256(str(number).encode()).digest() * (MIB // 32)
            digest.update(piece)
            out.write(piece)
    large = Spooled(path, "large.bin", "application/octet-stream", 40 * MIB, File("matrix", "{}", "file", "large.bin"))
    async with RemoteTelegram() as town:
        await town.do("group", chat_id=GROUP, title="Town hall")
        await town.do("allow_sizes", upload=50 * MIB, download=50 * MIB)
        network = Telegram(town.token, town.url, Limits(), lambda: NOON)
        assert isinstance(await network.send(message("connects")), Sent)
        tracemalloc.start()
        try:
            assert isinstance(await network.send(message("Ada", files=(large,))), Sent)
            _, sending = tracemalloc.get_traced_memory()
            held = (await town.do("messages", chat=GROUP))[-1]["file"]
            tracemalloc.reset_peak()
            back = sha256()
            async for piece in network.fetch(File("telegram", json.dumps({"file_id": held}))):
                back.update(piece)
            _, fetching = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
            await network.close()
    assert back.digest() == digest.digest()
    assert max(sending, fetching) < 8 * MIB


async def test_a_connection_that_takes_nothing_more(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a server stops reading, the upload ends after a while, and nobody knows what became of it."""
    monkeypatch.setattr(telegram_form, "STALLED_SECONDS", 0.05)
    held: list[asyncio.StreamWriter] = []

    def deaf(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        held.append(writer)
        writer.transport.pause_reading()  # type: ignore[attr-defined]

    server = await asyncio.start_server(deaf, "127.0.0.1", 0)
    network = Telegram("1:x", f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", Limits(), lambda: NOON)
    outcome = await network.send(message(files=(shelf("file", data=b"x" * (20 * MIB)),)))
    assert outcome == Unknown("Telegram did not answer in time")
    await network.close()
    for writer in held:
        writer.transport.abort()
    server.close()
