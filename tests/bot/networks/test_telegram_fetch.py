"""Files are fetched by pieces, and what cannot be had is told apart from what may be had later. Nobody is told the token."""

from __future__ import annotations

import json
import logging
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from bot.networks.port import FileGone, Limits, NetworkDown, NetworkRejected
from bot.networks.telegram import Telegram
from playbooks.spoken import File
from tests.bot.networks.telegram_ground import JPEG, NOON
from tests.bot.networks.telegram_ground import network as network
from tests.bot.networks.telegram_ground import tg as tg
from tests.emulators.telegram import TelegramEmulator


def named(file_id: str) -> File:
    return File("telegram", json.dumps({"file_id": file_id}))


async def fetched(network: Telegram, file: File) -> list[bytes]:
    return [piece async for piece in network.fetch(file)]


async def test_a_file_comes_by_pieces(tg: TelegramEmulator, network: Telegram) -> None:
    """A file arrives byte for byte, no piece larger than 64 KiB."""
    data = b"".join(sha256(str(number).encode()).digest() for number in range(10_000))
    pieces = await fetched(network, named(tg.keep("document", data, "plan.pdf").id))
    assert b"".join(pieces) == data
    assert max(map(len, pieces)) <= 64 << 10
    assert len(pieces) > 1


@pytest.mark.parametrize("where", ["", "[]", "{}", '{"file_id": 7}', '{"file_id": "nobody knows it"}'])
async def test_what_nobody_can_name_is_gone(tg: TelegramEmulator, network: Telegram, where: str) -> None:
    """Without a name that Telegram knows there is nothing to wait for."""
    with pytest.raises(FileGone):
        await fetched(network, File("telegram", where))


async def test_what_is_too_large_is_gone(tg: TelegramEmulator, network: Telegram) -> None:
    """Telegram gives bots no file over 20 MB, and the reason says so."""
    tg.allow_sizes(upload=100, download=100)
    with pytest.raises(FileGone, match="no file over 20 MB"):
        await fetched(network, named(tg.keep("document", b"x" * 101).id))


async def test_what_was_deleted_meanwhile_is_gone(tg: TelegramEmulator, network: Telegram) -> None:
    """A path that leads nowhere is final."""
    kept = tg.keep("document", b"x")
    told = type(kept).told

    def elsewhere(self: Any) -> dict[str, Any]:
        return {**told(self), "file_path": "documents/nothing.pdf"}

    with pytest.MonkeyPatch.context() as patch, pytest.raises(FileGone, match="any more"):
        patch.setattr(type(kept), "told", elsewhere)
        await fetched(network, named(kept.id))


@pytest.mark.parametrize("method", ["getFile", "file"])
@pytest.mark.parametrize("failure", ["429", "5xx-before", "drop-before", "truncated"])
async def test_what_may_be_had_later(
    tg: TelegramEmulator, network: Telegram, caplog: pytest.LogCaptureFixture, method: str, failure: Any
) -> None:
    """Whatever breaks on the way, the file may be asked for again; no message and no log line holds the token."""
    caplog.set_level(logging.DEBUG)
    kept = tg.keep("photo", JPEG * 10_000)
    tg.fault(
        failure, method=method, times=2
    )  # a connection that breaks is tried once more by itself: fetching changes nothing
    with pytest.raises(NetworkDown) as down:
        await fetched(network, named(kept.id))
    assert "emulator-token" not in repr(down.value) + repr(down.value.__context__) + caplog.text
    tg.clear_faults()
    assert b"".join(await fetched(network, named(kept.id))) == kept.data


async def test_nobody_listens_and_nobody_knows_us(tg: TelegramEmulator, network: Telegram) -> None:
    """Without a connection one waits; with a token that is refused a person must act."""
    kept = tg.keep("photo", JPEG)
    await tg.down()
    with pytest.raises(NetworkDown, match="no connection"):
        await fetched(network, named(kept.id))
    await tg.up()
    tg.revoke_token()
    with pytest.raises(NetworkRejected):
        await fetched(network, named(kept.id))


async def test_a_server_of_ones_own_names_its_disk(tg: TelegramEmulator, network: Telegram, tmp_path: Path) -> None:
    """A server in local mode keeps the file on its disk, from which it is read, however large."""
    tg.local_mode(str(tmp_path))
    tg.allow_sizes(upload=100, download=100)
    data = b"0123456789" * 20_000
    pieces = await fetched(network, named(tg.keep("video", data).id))
    assert b"".join(pieces) == data
    assert max(map(len, pieces)) <= 64 << 10
    assert "file" not in tg.calls


async def test_a_disk_that_is_not_ours(tg: TelegramEmulator, network: Telegram, tmp_path: Path) -> None:
    """Where that disk is not shared the file is asked for over the wire, and gone if it is not there either."""
    tg.local_mode(str(tmp_path))
    kept = tg.keep("photo", JPEG)
    path = f"{tmp_path}/nowhere.jpg"
    with pytest.MonkeyPatch.context() as patch, pytest.raises(FileGone):
        patch.setattr(Path, "is_file", lambda _: False)
        await fetched(network, named(kept.id))
    assert tg.calls["file"] == 1
    assert not Path(path).exists()


async def test_the_official_server_names_no_disk(
    tg: TelegramEmulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A path from the official server is never looked for on this machine."""
    monkeypatch.setattr("bot.networks.telegram.OFFICIAL", tg.url)
    official = Telegram(tg.token, tg.url, Limits(), lambda: NOON)
    tg.local_mode(str(tmp_path))
    kept = tg.keep("photo", JPEG)
    with pytest.raises(FileGone):
        await fetched(official, named(kept.id))
    await official.close()
