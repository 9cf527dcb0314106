"""The data folder is put back whole from a backup: the partners' rooms know better, and the bot listens to them."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from storage.checkpoints import FILE
from storage.database import open_store
from storage.export.witnessed import pasted
from storage.facts import DEPLOYMENT, RollbackFound
from storage.notes import Checkpoint, parse_checkpoint, split_note
from tests.emulators.synapse import SynapseServer
from tests.stories.crisis import ADMIN, BRAM, CARL, TOWN_HALL, Crisis, crisis

TOLD = "An older database was put back on my server."


def said(text: str) -> Checkpoint:
    """What the checkpoint in a post says."""
    note = pasted(text)
    assert note is not None
    return parse_checkpoint(split_note(note)[0])


def posts(town: Crisis, room: str | None) -> list[str]:
    """The posts that stand in a Matrix room, or in the town hall's group."""
    if room is None:
        return [one.text for one in town.telegram.messages(TOWN_HALL) if pasted(one.text)]
    return [one.body for one in town.ada.timeline(room) if one.sender == town.bot and pasted(one.body)]


async def posted(town: Crisis, room: str | None, count: int) -> str:
    """The last of so many posts, once it stands."""
    if room is None:
        await town.telegram.wait_for(lambda: len(posts(town, None)) >= count)
    else:
        await town.ada.wait_seen(lambda _: len(posts(town, room)) >= count)
    return posts(town, room)[-1]


async def put_back(town: Crisis, room: str | None) -> str:
    """An incident begins and is posted; a copy of the data is kept; it is closed, which is posted too, and another begins. Then the copy is all that there is.
    Returns the last post of the first incident."""
    data, older = town.program.folder / "data", town.program.folder / "older"
    tg = town.telegram
    await tg.start(ADMIN)
    await town.start()
    await tg.say(TOWN_HALL, CARL, "/activate meuse-flood")
    first = await posted(town, room, 1)
    await town.program.at_rest()
    await town.program.stop()
    shutil.copytree(data, older)

    await town.start()
    await tg.say(ADMIN, ADMIN, "/close I-1 yes")
    last = await posted(town, room, 2)
    assert said(last).size > said(first).size
    await tg.say(TOWN_HALL, CARL, "/activate meuse-flood")
    await posted(town, room, 3)
    await town.program.at_rest()
    await town.program.stop()
    shutil.rmtree(data)
    older.rename(data)
    return last


async def found(town: Crisis) -> set[tuple[str, int]]:
    """Of which logs it is on record that they were longer, and how long they were. The bot is stopped."""
    store = await open_store(town.program.folder / "data", "story")
    facts = [one.fact for one in await store.facts(DEPLOYMENT) if isinstance(one.fact, RollbackFound)]
    await store.close()
    return {(fact.stream, fact.signed) for fact in facts}


def connected(status: int, body: Any) -> bool:
    """Whether both networks are there; it is not ready while a log cannot be signed."""
    return status in (200, 503) and all(one["connected"] for one in body["networks"].values())


def told(town: Crisis) -> list[str]:
    """What the coordinator was told of it."""
    return [one.text for one in town.telegram.messages(ADMIN) if TOLD in one.text]


@pytest.mark.parametrize("encrypted", [False, True], ids=["plain", "encrypted"])
async def test_the_rooms_tell_the_bot_what_it_posted(synapse: SynapseServer, tmp_path: Path, encrypted: bool) -> None:
    """Started on the older folder it reads its own posts back, those too for which it has no keys: it tells the coordinator once, records it, signs
    no more of what is older, gives no number twice, and goes on serving."""
    alias = "liege-fire"
    where = {"encrypted": (alias,), "plain": ()} if encrypted else {"encrypted": (), "plain": (alias,)}
    async with crisis(synapse, tmp_path, sign="1s", **where) as town:  # type: ignore[arg-type]
        last = await put_back(town, town.rooms[alias])
        before = [line for line in (tmp_path / "data" / FILE).read_text().splitlines() if '"I-1"' in line]
        await town.start()
        message = await town.telegram.wait_message(ADMIN, TOLD)
        assert str(said(last).size) in message.text and "I-2" in message.text

        await town.telegram.say(ADMIN, ADMIN, "/close I-1 yes")
        await town.telegram.wait_message(ADMIN, "I-1", after=message.id)
        after = max(one.id for one in town.telegram.messages(TOWN_HALL))
        await town.telegram.say(TOWN_HALL, CARL, "/activate meuse-flood")
        begun = await town.telegram.wait_message(TOWN_HALL, "I-3", after=after)
        assert not re.search(r"\bI-2\b", begun.text)
        await posted(town, town.rooms[alias], 4)
        await town.program.stop()

        sizes = await found(town)
        assert {stream for stream, _ in sizes} == {"I-1", "I-2"} and ("I-1", said(last).size) in sizes
        lines = [json.loads(line) for line in (tmp_path / "data" / FILE).read_text().splitlines()]
        assert [one for one in lines if one["stream"] == "I-1" and "witness" not in one] == [*map(json.loads, before)]
        roots: dict[tuple[str, int], set[str]] = {}
        for one in lines:
            roots.setdefault((one["stream"], one["size"]), set()).add(one["root"])
        assert all(len(known) == 1 for known in roots.values())

        await town.program.start(ready=False)
        await town.program.until(connected)
        await town.telegram.say(ADMIN, ADMIN, "/status")
        await town.telegram.wait_message(ADMIN, "I-3", after=max(one.id for one in town.telegram.messages(ADMIN)))
        assert len(told(town)) == 1
        await town.program.stop()
        assert await found(town) == sizes


async def test_on_telegram_a_partner_tells_it(synapse: SynapseServer, tmp_path: Path) -> None:
    """Nobody gives the posts back there, so nothing is noticed at the start; whoever answers the newest post in their group, or hands it on to the bot in private,
    brings it to light, once; and /verify, answering a post that is on no file any more, says what it is worth."""
    async with crisis(synapse, tmp_path, sign="1s", plain=(), encrypted=()) as town:
        tg = town.telegram
        last = await put_back(town, None)
        await town.start()
        await town.program.at_rest()
        assert told(town) == []
        post = next(one for one in tg.messages(TOWN_HALL) if one.text == last)
        await tg.start(BRAM)
        await tg.forward(BRAM, BRAM, TOWN_HALL, post.id)
        await tg.wait_message(ADMIN, TOLD)
        await tg.say(TOWN_HALL, CARL, "is this still so?", reply_to=post.id)
        await tg.forward(ADMIN, ADMIN, TOWN_HALL, post.id)
        answered = await tg.say(TOWN_HALL, ADMIN, "/verify", reply_to=post.id)
        words = await tg.wait_message(TOWN_HALL, str(said(last).size), after=answered.id)
        assert "I-1" in words.text
        assert len(told(town)) == 1
        await town.program.stop()
        assert await found(town) == {("I-1", said(last).size)}
