"""kill -9 while the log's evidence is made: the key's replacement is whole or not there, and no room has a post that the log does not know."""

from __future__ import annotations

import asyncio
import re
import signal
from pathlib import Path

import pytest

from storage import keys, rotation
from storage.database import open_store
from storage.export.witnessed import checkpoints_in
from storage.facts import CheckpointPosted
from storage.notes import parse_checkpoint, split_note
from tests.bot.running import ROOT, environment
from tests.emulators import forked
from tests.emulators.synapse import SynapseServer
from tests.faults.dying import POSTING, ROTATION
from tests.storage.small import NOW, STREAM, opened
from tests.stories.crisis import CARL, DRK, RED_CROSS, TOWN_HALL, crisis

THROUGH = ["-m", "tests.faults.dying"]


def rotate(folder: Path, dies: str = "") -> int:
    """Replace the key in a process of its own, which may die on the way; how it ended."""
    armed = folder / "armed"
    armed.touch()
    more = {"DIE_AT": dies, "DIE_ARMED": str(armed)} if dies else {}
    command = ["rotate-key", "--reason", "a laptop was lost"]
    return forked.run(ROOT, command, {**environment(folder), **more}, module=THROUGH[1])[0]


async def begun(folder: Path) -> str:
    """A log with an incident, signed; the key."""
    store = await open_store(folder / "data", "tocsin")
    await opened(store)
    await store.sign(NOW)
    await store.close()
    return store.signer.verifier.vkey


async def examined(folder: Path, first: str) -> tuple[int, bool]:
    """After whatever happened: how many replacements there were, and whether links lead from the first key to the one that signs."""
    store = await open_store(folder / "data", "tocsin")
    chain, now = await store.key_chain(), store.signer.verifier.vkey
    assert await store.health() == []
    await store.sign(NOW)
    note = await store.checkpoint(STREAM)
    assert note is not None and (await store.compared(note)).stands == "part"
    await store.close()
    assert not (folder / "data" / keys.FOLLOWING).exists() or now == first
    return len(chain), rotation.follow(first, chain, "tocsin") == now


def test_a_replacement_killed_anywhere_is_whole_or_not_there(tmp_path: Path) -> None:
    """At every point: what is found afterwards has a chain that leads to the key that signs; and the next try succeeds."""
    first = asyncio.run(begun(tmp_path))
    done = 0
    for point in ROTATION:
        assert rotate(tmp_path, point.name) == -signal.SIGKILL, point.name
        links, leads = asyncio.run(examined(tmp_path, first))
        assert leads and links in (done, done + 1), point.name
        done = links
    assert rotate(tmp_path) == 0
    assert asyncio.run(examined(tmp_path, first)) == (done + 1, True)
    assert 0 < done < len(ROTATION)


def _often(text: str) -> str:
    """The shipped playbook, whose log is posted every few seconds."""
    return re.sub(r"^log:.*$", "", text, flags=re.MULTILINE).rstrip() + "\nlog: {sign: 1s, post: 3s}\n"


async def _known(folder: Path) -> dict[str, set[tuple[int, str]]]:
    """By room, size and root of every post that the log knows."""
    store = await open_store(folder / "data", "story")
    found: dict[str, set[tuple[int, str]]] = {}
    for kept in await store.facts("I-1"):
        if isinstance(kept.fact, CheckpointPosted):
            found.setdefault(kept.fact.room.id, set()).add((kept.fact.size, kept.fact.root))
    assert await store.health() == []
    await store.close()
    return found


@pytest.mark.timeout(600)
async def test_a_post_killed_anywhere_is_known_to_the_log_and_there_once(
    synapse: SynapseServer, tmp_path: Path
) -> None:
    """Posted every few seconds, and killed at every point of its way: what stands in a room is on record, signed, and no two are the same."""
    async with crisis(synapse, tmp_path, through=THROUGH) as town:
        town.playbook.write_text(_often(town.playbook.read_text()))
        armed = tmp_path / "armed"
        await town.start(DIE_AT=POSTING[0].name, DIE_ARMED=str(armed))
        await town.telegram.say(TOWN_HALL, CARL, "/activate meuse-flood")
        for room in town.rooms.values():
            await town.ada.wait_message(room, "I-1")
        for following in (*POSTING[1:], None):
            armed.touch()
            assert await town.program.ended() == -signal.SIGKILL
            armed.unlink()
            await town.start(**({"DIE_AT": following.name, "DIE_ARMED": str(armed)} if following is not None else {}))
        await town.program.stop()
        known = await _known(tmp_path)
        rooms = {room: list(town.ada.messages(room)) for room in town.rooms.values()}
        rooms |= {str(chat): [one.text for one in town.telegram.messages(chat)] for chat in (TOWN_HALL, RED_CROSS, DRK)}
        for room, texts in rooms.items():
            said = [
                parse_checkpoint(split_note(note)[0])
                for text in texts
                if "\u2014 story " in text
                for note in checkpoints_in(text.encode())
            ]
            stands = [(one.size, one.root.hex()) for one in said]
            assert len(set(stands)) == len(stands), room
            assert stands and set(stands) <= known[room], room
