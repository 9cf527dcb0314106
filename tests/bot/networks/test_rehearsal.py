"""The network inside this process keeps the bounds and the manners of the one it plays."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from bot.networks.matrix import Matrix
from bot.networks.port import FileGone, NetworkDown, Outgoing, Refused, RoomTraits, Sent, Spooled
from bot.networks.rehearsal import PIECE, Rehearsal
from bot.networks.telegram import CAPTION_UNITS
from playbooks.rooms import Network, RoomRef
from playbooks.spoken import File, Poll, Spoken
from tests.contracts.inbox import Inbox

ROOMS: dict[Network, RoomRef] = {"telegram": RoomRef("telegram", "-1"), "matrix": RoomRef("matrix", "!room")}
ADA: dict[Network, str] = {"telegram": "telegram:501", "matrix": "matrix:@ada:example.org"}


class Day:
    """A clock that somebody else sets."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 1, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def day() -> Day:
    return Day()


@pytest_asyncio.fixture(params=["telegram", "matrix"])
async def network(request: pytest.FixtureRequest, day: Day) -> AsyncIterator[Rehearsal]:
    """Either network with one room, running."""
    made = Rehearsal(request.param, (), day)
    made.add(ROOMS[made.name], RoomTraits(title="Crue"))
    running = asyncio.create_task(made.run(Inbox()))
    await made.until(lambda: made.state.connected)
    yield made
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


def out(network: Rehearsal, text: str, token: str = "t1", **more: object) -> Outgoing:
    return replace(Outgoing(token, ROOMS[network.name], html=text, text=text), **more)


def spooled(folder: Path, data: bytes) -> Spooled:
    path = folder / "file"
    path.write_bytes(data)
    return Spooled(path, "a.jpg", "image/jpeg", len(data), File("matrix", "", "photo"))


async def test_words_have_their_bounds(network: Rehearsal, tmp_path: Path) -> None:
    """Telegram takes 4096 UTF-16 units of words and 1024 under a file, also when they are changed; parts are cut to fit."""
    files = (spooled(tmp_path, b"jpeg"),)
    telegram = network.name == "telegram"
    for words, more in (("🌊" * 2049, {}), ("🌊" * 513, {"files": files})):
        outcome = await network.send(out(network, words, **more))
        assert isinstance(outcome, Refused if telegram else Sent)
    under = await network.send(out(network, "🌊" * 512, "t2", files=files))
    assert isinstance(under, Sent)
    edit = out(network, "🌊" * 513, "t3", kind="edit", replaces=under.message_id)
    assert isinstance(await network.send(edit), Refused if telegram else Sent)
    assert network.captions == (CAPTION_UNITS if telegram else Matrix.captions)
    for part in network.split("🌊" * 20_000):
        assert isinstance(await network.send(out(network, part, f"p{len(part)}")), Sent)


async def test_too_large_a_file_goes_neither_way(network: Rehearsal, tmp_path: Path) -> None:
    """What the network would not take is refused, and Telegram hands out no more than 20 MB."""
    assert network.largest_upload is not None
    large = replace(spooled(tmp_path, b"x"), size=network.largest_upload + 1)
    assert isinstance(await network.send(out(network, "film", files=(large,))), Refused)
    offered = network.offer(bytes(20_000_001), "film.mp4", "video/mp4", "video")
    pieces = network.fetch(offered)
    if network.name == "telegram":
        with pytest.raises(FileGone):
            await anext(pieces)
    else:
        assert len(await anext(pieces)) == PIECE


async def test_a_file_of_an_earlier_rehearsal_is_gone(network: Rehearsal, day: Day) -> None:
    """Bytes are kept in memory alone; while the network is down they may be asked for later."""
    file = network.offer(b"jpeg", "a.jpg", "image/jpeg", "photo")
    with pytest.raises(FileGone):
        await anext(Rehearsal(network.name, (), day).fetch(file))
    await network.cut()
    with pytest.raises(NetworkDown):
        await anext(network.fetch(file))


async def test_telegram_removes_nothing_old(network: Rehearsal, day: Day) -> None:
    """After two days a message stands for good on Telegram; reactions to it may still come and go."""
    sent = await network.send(out(network, "reste"))
    assert isinstance(sent, Sent)
    day.now += timedelta(hours=48)
    outcome = await network.send(out(network, "", "t2", kind="delete", replaces=sent.message_id))
    assert isinstance(outcome, Refused if network.name == "telegram" else Sent)
    assert len(network.messages(ROOMS[network.name])) == (network.name == "telegram")


async def test_everything_that_befalls_a_message_is_watched(network: Rehearsal) -> None:
    """Whoever looks on is shown what was said, edited, reacted to and removed, as it then was."""
    seen: list[tuple[str, str, int]] = []
    network.watchers.append(lambda shown: seen.append((shown.befell, shown.text, len(shown.reactions))))
    sent = await network.send(out(network, "un"))
    assert isinstance(sent, Sent)
    name = sent.message_id
    await network.send(out(network, "deux", "t2", kind="edit", replaces=name))
    await network.send(out(network, "", "t3", kind="react", replaces=name, emoji="👍"))
    await network.send(out(network, "", "t4", kind="delete", replaces=name))
    await network.send(out(network, "", "t5", kind="delete", replaces=name))
    assert seen == [("said", "un", 0), ("edited", "deux", 0), ("reacted", "deux", 1), ("removed", "deux", 1)]


async def test_only_its_own_words_are_edited(network: Rehearsal) -> None:
    """What a person said is not the bot's to change."""
    room, ada = ROOMS[network.name], ADA[network.name]
    said = await network.say(room, ada, "Ada", "à moi")
    outcome = await network.send(out(network, "à nous", kind="edit", replaces=said))
    assert isinstance(outcome, Refused)
    assert [shown.text for shown in network.standing(room)] == ["à moi"]
    assert network.messages(room) == ()


async def test_votes_are_counted_and_end(network: Rehearsal) -> None:
    """Who chooses anew is counted once, and a poll that ended takes no more."""
    room, ada = ROOMS[network.name], ADA[network.name]
    asked = await network.say(room, ada, "Ada", "", spoken=Spoken(poll=Poll("?", ("a", "b"))))
    await network.vote(room, asked, ada, (0,))
    await network.vote(room, asked, ada, (1,))
    assert network.standing(room)[0].tally() == (0, 1)
    await network.end_poll(room, asked, ada)
    with pytest.raises(LookupError):
        await network.vote(room, asked, ada, (0,))
