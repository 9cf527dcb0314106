"""The homeserver takes a message and its answer is lost: it may stand in its room, and is treated so, whatever is decided before it goes again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.emulators.matrix_proxy import Fault, MatrixProxy
from tests.emulators.synapse import SynapseServer
from tests.stories.bridge import ADMIN, CARL, HALL, Bridge, bridge

_MANY = 1_000_000
WORDS = "The mayor is at Secret Street 5"
ALERT = "Leave now"


@asynccontextmanager
async def losing(synapse: SynapseServer, folder: Path) -> AsyncIterator[tuple[Bridge, Fault]]:
    """Both Matrix rooms get the next message, and nobody says so; nothing more is sent until the fault is over."""
    async with MatrixProxy(synapse.url) as road, bridge(synapse, folder, MATRIX_HOMESERVER=road.url) as town:
        road.fault("drop_after", "PUT", "/send/", times=2)
        yield town, road.fault("answer", "PUT", "/send/", times=_MANY, status=502)


async def _decided(town: Bridge) -> None:
    """Wait until what was said last is decided: what is asked after it is answered."""
    before = town.telegram.messages(HALL)[-1].id
    await town.telegram.say(HALL, ADMIN, "/help")
    await town.on_telegram("/", HALL, after=before)


@pytest.mark.parametrize("how", ["raised", "taken back"])
async def test_what_a_room_may_have_is_taken_away_there(synapse: SynapseServer, tmp_path: Path, how: str) -> None:
    """Raised to what a partner may not see, or taken back, before it went again: it does not stay where it had arrived."""
    async with losing(synapse, tmp_path) as (town, fault):
        said = await town.telegram.say(HALL, CARL, WORDS)
        await town.on_matrix(town.plain, WORDS)
        await town.on_matrix(town.sealed, WORDS)
        if how == "raised":
            await town.telegram.edit(HALL, said.id, f"[red] {WORDS}")
        else:
            await town.telegram.say(HALL, CARL, "/retract", reply_to=said.id)
        await _decided(town)
        fault.times = 0
        await town.program.at_rest()
        await town.ada.wait_until(lambda: not any(WORDS in one for one in town.standing(town.plain)))
        held = [one for one in town.standing(town.sealed) if WORDS in one]
        assert len(held) == (1 if how == "raised" else 0)
        assert not any("🗑" in one for room in (town.plain, town.sealed) for one in town.standing(room))


async def test_a_room_that_may_have_an_alert_is_told_that_it_is_over(synapse: SynapseServer, tmp_path: Path) -> None:
    """Cancelled before it went again: the rooms where it stands are told so, as all others are."""
    async with losing(synapse, tmp_path) as (town, fault):
        await town.telegram.say(HALL, ADMIN, "/alert evacuation action=leave")
        await town.on_matrix(town.plain, ALERT)
        await town.on_matrix(town.sealed, ALERT)
        await town.telegram.say(HALL, ADMIN, "/cancel A-1 mistake")
        await town.on_telegram("is cancelled", HALL)
        fault.times = 0
        await town.on_matrix(town.plain, "A-1 was sent by mistake")
        await town.on_matrix(town.sealed, "A-1 was sent by mistake")


async def test_what_is_decided_again_stands_once(synapse: SynapseServer, tmp_path: Path) -> None:
    """The phase changes before it goes again: what had arrived is removed, and what takes its place says that it is perhaps read a second time."""
    async with losing(synapse, tmp_path) as (town, fault):
        await town.telegram.say(HALL, ADMIN, "/alert evacuation action=leave")
        await town.on_matrix(town.plain, ALERT)
        await town.on_matrix(town.sealed, ALERT)
        await town.telegram.say(HALL, ADMIN, "/phase response")
        asked = await town.on_telegram("Change I-1", HALL)
        await town.telegram.press(HALL, asked.id, ADMIN, "Change the phase")
        await town.on_telegram("New phase: response", HALL)
        fault.times = 0
        for room in (town.plain, town.sealed):
            await town.on_matrix(room, "Possible repeat")
        await town.program.at_rest()
        for room in (town.plain, town.sealed):
            assert sum(ALERT in one for one in town.standing(room)) == 1
