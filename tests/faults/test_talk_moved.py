"""Rooms that move or slow down while a message is on its way to them, on real networks: it arrives once, where people are, in its order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import pytest_asyncio

from tests.emulators.matrix_proxy import Fault, MatrixProxy
from tests.emulators.synapse import SynapseServer
from tests.patience import PATIENCE
from tests.stories.bridge import ADMIN, CARL, FORUM, TOPIC, Bridge, bridge

pytestmark = pytest.mark.asyncio(loop_scope="module")

killed = pytest.mark.parametrize("killed", [False, True], ids=["alive", "killed"])


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def road(synapse: SynapseServer) -> AsyncIterator[MatrixProxy]:
    """The way from the bot to its homeserver."""
    async with MatrixProxy(synapse.url) as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def town(
    synapse: SynapseServer, road: MatrixProxy, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Bridge]:
    """One town, whose hall is a small group at first; each test leaves it with rooms that talk."""
    async with bridge(synapse, tmp_path_factory.mktemp("moved"), hall=-201, MATRIX_HOMESERVER=road.url) as made:
        await made.telegram.start(ADMIN)
        yield made


def sending(road: MatrixProxy, room: str, kind: str, **more: int) -> Fault:
    """What happens to the next message that the bot sends into a room."""
    return road.fault(kind, "PUT", room.strip("!").partition(":")[0], **more)  # type: ignore[arg-type]


async def struck(fault: Fault) -> None:
    """Wait until it has happened."""
    async with asyncio.timeout(PATIENCE):
        await fault.struck.wait()


async def replaced(town: Bridge, room: str) -> str:
    """The room that takes the place of one, with its people and the bot in it, which is asked in."""
    ada = town.ada
    new = await ada.upgrade(room, "12")
    await ada.wait_until(lambda: new in ada.client.rooms)
    if town.bot not in ada.client.rooms[new].users:
        await ada.invite(new, town.bot)
    return new


def times(town: Bridge, room: str, words: str) -> int:
    """How often the bot has said this in a Matrix room."""
    return sum(words in text for text in town.standing(room))


async def again(town: Bridge, *, after_a_kill: bool) -> None:
    """The program dies where it is and lives again, or goes on."""
    if after_a_kill:
        await town.program.kill()
        await town.program.start(AHEAD=str(town.ahead))


@killed
@pytest.mark.parametrize("which", ["plain", "sealed"])
async def test_what_is_on_its_way_to_a_room_that_is_replaced_goes_to_the_new_one(
    town: Bridge, road: MatrixProxy, which: str, *, killed: bool
) -> None:
    """With what was said after it, in order and once; nothing more is said in the old room."""
    old = town.plain if which == "plain" else town.sealed
    words = [f"{word} {which} {killed}" for word in ("Underway", "Following", "Last")]
    way = sending(road, old, "hold")
    await town.telegram.say(town.hall, CARL, words[0])
    await struck(way)
    await town.telegram.say(town.hall, CARL, words[1])
    new = await replaced(town, old)
    await again(town, after_a_kill=killed)
    way.release.set()
    await town.ada.wait_member(new, town.bot)
    town.plain, town.sealed = (new, town.sealed) if which == "plain" else (town.plain, new)
    await town.telegram.say(town.hall, CARL, words[2])
    await town.on_matrix(new, words[2])
    await town.program.at_rest()
    there = [one for text in town.standing(new) for one in words if one in text]
    assert there == words
    assert not any(times(town, old, one) for one in words)


@killed
async def test_what_may_stand_in_a_room_that_is_replaced_is_asked_for_there(
    town: Bridge, road: MatrixProxy, *, killed: bool
) -> None:
    """It arrived, and the answer was lost: in the new room it would be a second one. What follows is said there."""
    old, words = town.plain, f"Perhaps {killed}"
    lost, down = sending(road, old, "drop_after"), sending(road, old, "drop_before", times=10_000)
    await town.telegram.say(town.hall, CARL, words)
    await struck(lost)
    await struck(down)
    new = await replaced(town, old)
    await town.ada.wait_member(new, town.bot)
    await again(town, after_a_kill=killed)
    down.times = 0
    town.plain = new
    await town.telegram.say(town.hall, CARL, f"Surely {killed}")
    await town.on_matrix(new, f"Surely {killed}")
    await town.program.at_rest()
    assert (times(town, old, words), times(town, new, words)) == (1, 0)


@asynccontextmanager
async def slow(town: Bridge, seconds: int) -> AsyncIterator[None]:
    """The ships' forum lets members write once in so many seconds, and the bot is a member."""
    chat = town.telegram.chats[FORUM]
    chat.slow, chat.status = seconds, "member"
    try:
        yield
    finally:
        chat.slow, chat.status = 0, "administrator"


async def test_slow_mode_merges_what_waits_and_delays_nobody_else(town: Bridge) -> None:
    """Everything is there once and in order, in few messages; the others have it long before."""
    said = [f"slow {number:02}" for number in range(10)]
    async with slow(town, 2):
        for words in said:
            await town.ada.say(town.plain, words)
        await town.on_telegram(said[-1])
        assert not any(said[-1] in one.text for one in town.telegram.messages(FORUM))
        await town.on_telegram(said[-1], FORUM)
    came = [one for one in town.telegram.messages(FORUM, TOPIC) if "slow" in one.text]
    assert [word for one in came for word in said if word in one.text] == said
    assert len(came) <= 3
    answer = await town.telegram.say(FORUM, CARL, "Which?", thread=TOPIC, reply_to=came[-1].id, quote=said[-2])
    shown = await town.on_matrix(town.plain, "Which?")
    quoted = next(one for one in town.ada.view(town.plain) if one.text == said[-2])
    assert answer.id and shown.reply_to == quoted.event_id


@killed
async def test_what_is_on_its_way_to_a_group_that_becomes_a_supergroup(town: Bridge, *, killed: bool) -> None:
    """It arrives in the new chat; killed meanwhile, nobody knows and it is not sent again, but shown as such. What follows comes in order."""
    tg, old = town.telegram, town.hall
    tg.fault("delay-before", chat=old, seconds=1.0)
    under_way = await town.ada.say(town.sealed, f"Under way {killed}")
    await tg.wait_for(lambda: not tg._faults)
    await town.ada.say(town.sealed, f"Next {killed}")
    town.hall = await tg.migrate(old)
    await again(town, after_a_kill=killed)
    await town.on_telegram(f"Next {killed}")
    await town.ada.say(town.sealed, f"Then {killed}")
    await town.on_telegram(f"Then {killed}")
    words = [f"{word} {killed}" for word in ("Under way", "Next", "Then")]
    there = [word for one in tg.messages(town.hall) for word in words if word in one.text]
    assert there == (words[1:] if killed else words)
    assert not [one for one in tg.messages(old) if any(word in one.text for word in words)]
    if killed:
        await town.sign(town.sealed, under_way, "🤔")


async def test_an_edit_on_its_way_to_a_group_that_becomes_a_supergroup_is_said_there(town: Bridge) -> None:
    """What it changes stays behind where nobody reads; where people are it is said once, and changed from then on."""
    tg, old = town.telegram, town.hall
    event = await town.ada.say(town.plain, "The lock is shut")
    await town.on_telegram("The lock is shut")
    await town.program.at_rest()
    tg.fault("delay-before", method="editMessageText", chat=old, seconds=1.0)
    await town.ada.edit(town.plain, event, "The lock is open")
    await tg.wait_for(lambda: not tg._faults)
    town.hall = await tg.migrate(old)
    copy = await town.on_telegram("The lock is open")
    await town.ada.edit(town.plain, event, "The lock is half open")
    await tg.wait_for(lambda: "half open" in copy.text)
    await town.program.at_rest()
    assert sum("lock is" in one.text for one in tg.messages(town.hall)) == 1


@pytest.mark.parametrize("which", ["plain", "sealed"])
async def test_an_edit_on_its_way_to_a_room_that_is_replaced_is_said_in_the_new_one(
    town: Bridge, road: MatrixProxy, which: str
) -> None:
    """Once, and changed there from then on; the old room keeps what was said in it."""
    old = town.plain if which == "plain" else town.sealed
    said = await town.telegram.say(town.hall, CARL, f"The {which} gate is shut")
    await town.on_matrix(old, f"{which} gate is shut")
    await town.program.at_rest()
    way = sending(road, old, "hold")
    await town.telegram.edit(town.hall, said.id, f"The {which} gate is open")
    await struck(way)
    new = await replaced(town, old)
    way.release.set()
    await town.ada.wait_member(new, town.bot)
    town.plain, town.sealed = (new, town.sealed) if which == "plain" else (town.plain, new)
    await town.on_matrix(new, f"{which} gate is open")
    await town.telegram.edit(town.hall, said.id, f"The {which} gate is half open")
    await town.on_matrix(new, f"{which} gate is half open")
    await town.program.at_rest()
    assert (times(town, new, f"{which} gate"), times(town, old, f"{which} gate is open")) == (1, 0)
