"""What every network does when the other end is away, or will not have us, and what is left when it ends."""

from __future__ import annotations

import asyncio
import gc
import warnings
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import cast

import aiohttp
import pytest

from bot.networks.port import Delayed, NetworkDown, NetworkRejected, Sent
from playbooks.rooms import RoomRef
from tests.contracts.inbox import Inbox
from tests.contracts.stand import SECRET, Stand
from tests.contracts.talk import PHOTO

SECRETS = (SECRET, "emulator-token", "bell-password")
pytestmark = pytest.mark.asyncio(loop_scope="module")


def assert_for_people(words: str) -> None:
    """Short, on one line, without secrets, addresses or the words of a program that failed."""
    assert 0 < len(words) <= 200
    assert [part for part in ("\n", "Traceback", "http", "127.0.0.1", *SECRETS) if part in words] == []


async def test_an_outage_loses_and_doubles_nothing(stand: Stand, room: RoomRef) -> None:
    """Hearing ends in words that can be shown, sending says that nothing has arrived, and afterwards both go on."""
    await stand.say(room, "avant")
    await stand.hear_text(room, "avant")
    losses = len(stand.inbox.losses)
    await stand.down()
    error = await stand.ended()
    assert isinstance(error, NetworkDown) and not isinstance(error, NetworkRejected)
    assert_for_people(str(error))
    assert stand.inbox.losses[losses:] == [(str(error), False)]
    assert not stand.port.state.connected
    assert stand.port.state.last_error == str(error)

    out = stand.out(room, "pendant", loud=True)
    for _ in range(3):
        delayed = await stand.port.send(out)
        assert isinstance(delayed, Delayed) and delayed.seconds > 0
        assert_for_people(delayed.reason)
    with pytest.raises(NetworkDown):
        await stand.start()

    async def talk() -> None:
        for number in range(3):
            await stand.say(room, f"pendant {number}")

    talking = asyncio.create_task(talk())
    await stand.up()
    await stand.start()
    assert stand.port.state.connected
    assert stand.port.state.last_error is None
    assert isinstance(await stand.port.send(out), Sent)
    await talking
    await stand.say(room, "après")
    await stand.hear_text(room, "après")
    assert stand.texts(room) == ["avant", "pendant 0", "pendant 1", "pendant 2", "après"]
    await stand.sent(room, "fin")
    await stand.see(room, "fin")
    assert [seen.text for seen in await stand.seen(room)] == ["pendant", "fin"]


async def test_asking_while_nobody_answers(stand: Stand, room: RoomRef) -> None:
    """Looking up an alias says that the network is down, instead of that there is no such room."""
    alias = "@open_to_all" if stand.network == "telegram" else "#nobody:localhost"
    assert await stand.port.resolve(alias) is None
    await stand.down()
    await stand.ended()
    with pytest.raises(NetworkDown) as down:
        await stand.port.resolve(alias)
    assert_for_people(str(down.value))
    await stand.up()
    await stand.start()
    assert await stand.port.resolve(alias) is None


async def test_files_wait_for_better_weather(stand: Stand, room: RoomRef) -> None:
    """While nobody answers a file can be neither had nor sent, both say so and may be tried again; afterwards each arrives once."""
    await stand.give(room, PHOTO, "le pont")
    heard = await stand.hear(room, "message")
    assert heard.spoken is not None and heard.spoken.file is not None
    file = heard.spoken.file
    await stand.down()
    await stand.ended()
    with pytest.raises(NetworkDown) as down:
        async for _ in stand.port.fetch(file):
            raise AssertionError("bytes from nowhere")
    assert_for_people(str(down.value))
    out = stand.out(room, "pendant", files=(stand.spooled(PHOTO),))
    signs = stand.out(room, "", kind="react", replaces=heard.message_id, emoji="👍")
    for one in (out, signs, out):
        delayed = await stand.port.send(one)
        assert isinstance(delayed, Delayed)
        assert_for_people(delayed.reason)
    await stand.up()
    await stand.start()
    assert b"".join([piece async for piece in stand.port.fetch(file)]) == PHOTO.data
    assert isinstance(await stand.port.send(out), Sent)
    assert isinstance(await stand.port.send(signs), Sent)
    seen = await stand.see(room, "pendant")
    assert seen.file is not None and seen.file.digest == PHOTO.digest
    assert len(await stand.seen(room)) == 1


async def test_who_is_refused_is_told_so(stand: Stand) -> None:
    """Wrong credentials are final, in words that name no secret. A rehearsal asks for none."""
    if not stand.has_credentials:
        with pytest.raises(LookupError):
            stand.stranger()
        return
    inbox, port = Inbox(), stand.stranger()
    with pytest.raises(NetworkRejected) as refused:
        await port.run(inbox)
    await port.close()
    assert_for_people(str(refused.value))
    assert inbox.losses == [(str(refused.value), True)]
    assert inbox.connections == []
    assert inbox.kept == {}
    assert not port.state.connected


def opened() -> set[str]:
    """Connection pools and files that are open now, by name."""
    gc.collect()
    pools = {
        f"{type(one).__name__} {id(one)}"
        for one in gc.get_objects()
        if isinstance(one, aiohttp.ClientSession | aiohttp.BaseConnector) and not one.closed
    }
    handles = Path("/proc/self/fd").glob("*")
    files = {str(handle.readlink()) for handle in handles if handle.is_symlink()}
    return pools | {file for file in files if file.startswith("/")}


async def test_nothing_is_left_behind(stand: Stand, room: RoomRef) -> None:
    """Stopped and closed, a network has no task running and nothing open; closing twice is closing once."""
    await stand.stop()
    await stand.port.close()
    tasks, before = asyncio.all_tasks(), opened()
    await stand.renew()
    await stand.start()
    await stand.say(room, "bonjour")
    await stand.hear_text(room, "bonjour")
    await asyncio.gather(*(stand.sent(room, f"n° {number}") for number in range(5)))
    await stand.sent(room, "photo", files=(stand.spooled(PHOTO),))
    await stand.give(room, PHOTO, "le pont")
    file = (await stand.hear_text(room, "le pont")).spoken
    assert file is not None and file.file is not None
    pieces = stand.port.fetch(file.file)
    assert await anext(pieces)
    await cast(AsyncGenerator[bytes, None], pieces).aclose()  # whoever fetches may have had enough
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        await stand.stop()
        await stand.port.close()
        await stand.port.close()
        left = [str(task.get_coro()) for task in asyncio.all_tasks() - tasks]
        still_open = opened() - before
        await stand.renew()
        gc.collect()
    assert [name for name in left if "bot" in name or "Client" in name or "Connector" in name] == []
    assert still_open == set()
    assert [str(warning.message) for warning in caught if issubclass(warning.category, ResourceWarning)] == []
    await stand.start()
    assert stand.port.state.connected
