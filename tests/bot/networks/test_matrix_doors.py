"""Who can come into a room unasked decides whether it is trusted, also where they come through another room."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.networks.matrix_memory import RoomMark
from bot.networks.matrix_rooms import Room
from tests.emulators.matrix_bench import Bench, running
from tests.emulators.matrix_person import MatrixPerson
from tests.emulators.matrix_proxy import MatrixProxy
from tests.emulators.synapse import SynapseServer

_numbers = itertools.count(1)


@pytest.fixture
async def bench(synapse: SynapseServer, tmp_path: Path) -> AsyncIterator[Bench]:
    async with running(synapse, f"doors{next(_numbers)}", tmp_path / "matrix") as bench:
        yield bench


@pytest.fixture
async def ada(synapse: SynapseServer) -> AsyncIterator[MatrixPerson]:
    async with MatrixPerson(synapse, f"porter{next(_numbers)}") as person:
        yield person


def through(*rooms: str, rule: str = "restricted") -> dict[str, Any]:
    """The join rule by which the members of these rooms may come in."""
    return {"join_rule": rule, "allow": [{"type": "m.room_membership", "room_id": room} for room in rooms]}


async def told_open(bench: Bench, person: MatrixPerson, room: str, *, after: str) -> bool:
    """Whether the room was last told as open, once ``after`` has been heard in it."""
    await person.say(room, after)
    await bench.hear_text(room, after)
    await bench.ears.until(lambda: not bench.ears.kept)
    return last_told(bench, room)


def last_told(bench: Bench, room: str) -> bool:
    """Whether the room was last told as open."""
    traits = bench.heard("room", room)[-1].traits
    assert traits is not None
    return traits.open_join


@pytest.mark.parametrize("rule", ["restricted", "knock_restricted"])
async def test_a_room_behind_another_is_as_open_as_that(bench: Bench, ada: MatrixPerson, rule: str) -> None:
    """Members of a private space are no strangers, those of a public one are; a change is noticed within the hour, and at once where the bot is inside."""
    space = await ada.create_room("Espace")
    room = await ada.create_room("Crue", invite=(bench.user,))
    await bench.enter(room)
    await ada.set_state(room, "m.room.join_rules", through(space, rule=rule))
    assert not await told_open(bench, ada, room, after="un espace privé")
    await ada.set_state(space, "m.room.join_rules", {"join_rule": "public"})
    bench.late = timedelta(hours=2)
    assert await told_open(bench, ada, room, after="un espace public")
    await bench.restart()
    assert await told_open(bench, ada, room, after="après un redémarrage")

    await ada.invite(space, bench.user)
    await bench.enter(space)
    await ada.set_state(space, "m.room.join_rules", {"join_rule": "invite"})
    await bench.ears.until(lambda: last_told(bench, room) is False)
    await ada.set_state(room, "m.room.join_rules", through(space, "!nowhere:localhost", rule=rule))
    assert not await told_open(bench, ada, room, after="et un qui n'existe pas")
    await ada.set_state(room, "m.room.join_rules", {"join_rule": "public"})
    assert await told_open(bench, ada, room, after="ouvert à tous")


async def test_without_an_answer_a_room_counts_as_open(bench: Bench, ada: MatrixPerson) -> None:
    """A server that does not say is asked again after a while and not at every word; what it said before holds meanwhile."""
    async with MatrixProxy(bench.server.url) as proxy:
        await bench.stop()
        bench.url = proxy.url
        bench.matrix = bench.make()
        await bench.start()
        space = await ada.create_room("Espace")
        room = await ada.create_room("Crue", invite=(bench.user,))
        await bench.enter(room)
        proxy.fault("answer", "GET", "/room_summary/", status=502, body={"errcode": "M_UNKNOWN"})
        await ada.set_state(room, "m.room.join_rules", through(space))
        assert await told_open(bench, ada, room, after="pas de réponse")
        assert await told_open(bench, ada, room, after="pas encore")
        assert proxy.count("GET", "/room_summary/") == 1
        bench.late = timedelta(minutes=6)
        assert not await told_open(bench, ada, room, after="une réponse")
        assert not await told_open(bench, ada, room, after="la même")
        assert proxy.count("GET", "/room_summary/") == 2


@pytest.mark.parametrize(
    ("rules", "opened"),
    [
        ({"join_rule": "invite"}, False),
        ({"join_rule": "knock"}, False),
        ({"join_rule": "private"}, False),
        ({"join_rule": "public"}, True),
        ({"join_rule": "restricted"}, False),
        ({"join_rule": "restricted", "allow": "odd"}, False),
        ({"join_rule": "restricted", "allow": [7, {"room_id": 7}]}, False),
        (through("!space"), True),
        (through("!space", rule="knock_restricted"), True),
        (through("!space", rule="invite"), False),
        ({"join_rule": ["odd"]}, False),
        ({}, False),
    ],
)
def test_join_rules_are_judged(rules: dict[str, Any], opened: bool) -> None:
    """Nobody comes in unasked by a rule that no server knows; what is behind another room is open until that was looked at."""
    room = Room("!x")
    room.apply({"type": "m.room.join_rules", "state_key": "", "content": {"join_rule": "public"}})
    room.apply({"type": "m.room.join_rules", "state_key": "", "content": rules})
    assert room.traits(RoomMark(), "@me:x").open_join is opened
    assert room.closed is not opened
