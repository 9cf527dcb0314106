"""Rooms that change while the program, or the homeserver, is away: what waits for them goes where it may, and nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.emulators.matrix_proxy import MatrixProxy
from tests.emulators.synapse import SynapseServer
from tests.stories.bridge import CARL, HALL, Bridge, bridge

_MANY = 1_000_000


@pytest.mark.parametrize("killed", [True, False], ids=["killed", "cut-off"])
async def test_what_waited_does_not_go_into_a_room_that_was_opened_meanwhile(
    synapse: SynapseServer, tmp_path: Path, *, killed: bool
) -> None:
    """Anybody can read the room by now: what was said for it while it was closed stays out, and the room that is as it was is not held up by it."""
    async with MatrixProxy(synapse.url) as road, bridge(synapse, tmp_path, MATRIX_HOMESERVER=road.url) as town:
        away = [road.fault("answer", method, "/", times=_MANY, status=502) for method in ("GET", "PUT", "POST")]
        for number in range(3):
            await town.telegram.say(HALL, CARL, f"Word {number}")
        await _waits(town, 6)
        if killed:
            await town.program.kill()
        await town.ada.set_state(town.plain, "m.room.history_visibility", {"history_visibility": "world_readable"})
        for fault in away:
            fault.times = 0
        if killed:
            await town.program.start()
        await town.on_matrix(town.plain, "not private any more")
        if not killed:
            await town.on_matrix(town.sealed, "Word 0")
        await town.program.at_rest()
        assert not any("Word" in text for text in town.standing(town.plain))


async def test_what_waits_for_a_room_that_is_upgraded_goes_into_the_new_one(
    synapse: SynapseServer, tmp_path: Path
) -> None:
    """The bot is asked into the new room only a while after it was sent there: until then what people said waits, also what the old room refused, and nothing of it is lost."""
    async with MatrixProxy(synapse.url) as road, bridge(synapse, tmp_path, MATRIX_HOMESERVER=road.url) as town:
        slow = road.fault("hold", "PUT", "/send/m.room.message/")  # of the two rooms, the plain one's
        for number in range(4):
            await town.telegram.say(HALL, CARL, f"Word {number}")
        await slow.struck.wait()
        await _waits(town, 4)
        joined = road.count("POST", "/join/")
        new = await town.ada.upgrade(town.plain, "12")
        await road.wait_request("POST", "/join/", joined + 1)
        slow.release.set()
        await road.wait_request("POST", "/join/", joined + 2)
        await town.ada.wait_until(lambda: new in town.ada.client.rooms)
        if town.bot not in town.ada.client.rooms[new].users:
            await town.ada.invite(new, town.bot)
        for number in range(4):
            await town.on_matrix(new, f"Word {number}")
        await town.program.at_rest()
        said = [text.partition("\n")[2] for text in town.standing(new) if "▸" in text]
        assert said == [f"Word {number}" for number in range(4)]


async def _waits(town: Bridge, most: int) -> None:
    """Wait until so many messages wait for Matrix, or are on their way there."""
    await town.program.until(lambda _, told: told["networks"]["matrix"]["backlog"] >= most)
