"""kill -9 at every named point of an alert's way and of an answer's: nothing is lost, nothing doubled unmarked, the log verifies."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.emulators.synapse import SynapseServer
from tests.faults.dying import LISTENING, POINTS, Point
from tests.stories.crisis import ADMIN, ANNE, CARL, DRK, RED_CROSS, TOWN_HALL, Crisis, crisis

THROUGH = ["-m", "tests.faults.dying"]
GROUPS = [POINTS[start : start + 5] for start in range(0, len(POINTS), 5)]


async def _begin(town: Crisis, folder: Path, first: Point) -> Path:
    """An incident, and an official who may issue; the program is to die at the first point once armed."""
    armed = folder / "armed"
    await town.start(DIE_AT=first.name, DIE_ARMED=str(armed))
    await town.telegram.say(TOWN_HALL, CARL, "/activate meuse-flood")
    for room in town.rooms.values():
        await town.ada.wait_message(room, "I-1")
    await town.enrol(ANNE, "official", "liege-city")
    await town.program.at_rest()
    return armed


SEND, BESIDE = "send", "beside"
"""What sends an alert; and what does where another one is open in the same place."""


async def _again(town: Crisis, point: Point | None, armed: Path) -> None:
    """Wait for the death, and start again, to die at the next point."""
    assert await town.program.ended() == -9
    armed.unlink()
    await town.start(**({"DIE_AT": point.name, "DIE_ARMED": str(armed)} if point else {}))
    await town.program.at_rest()


async def _alert(town: Crisis, number: int, armed: Path) -> None:
    """Write an alert, and arm the point as the second person confirms."""
    tg = town.telegram
    await tg.say(TOWN_HALL, ANNE, f'/alert evacuation action=leave where="Chênée" wave {number}')
    preview = await tg.wait_message(TOWN_HALL, f"D-{number}")
    await town.program.at_rest()
    armed.touch()
    await tg.press(TOWN_HALL, preview.id, ADMIN, f"/draft D-{number} {SEND if number == 1 else BESIDE}")


def _check(town: Crisis, number: int, point: Point) -> None:
    """Each room has the alert once; on Telegram perhaps again, and then marked."""
    named = re.compile(rf"🚨[^\n]*\bA-{number}\b")
    for alias, room in town.rooms.items():
        got = [body for body in town.ada.messages(room) if named.search(body)]
        assert len(got) == 1, f"killed {point.name}: {alias} has {len(got)} copies of A-{number}"
        assert "⚠" not in got[0], f"killed {point.name}: a repeat on Matrix"
    for chat in (TOWN_HALL, RED_CROSS, DRK):
        got = [message.text for message in town.telegram.messages(chat) if named.search(message.text)]
        plain = [text for text in got if "⚠" not in text]
        assert got, f"killed {point.name}: {chat} has no A-{number}"
        assert len(plain) <= 1, f"killed {point.name}: {chat} has {len(plain)} unmarked copies of A-{number}"


async def _verify(town: Crisis, folder: Path, answers: int) -> None:
    assert await town.program.stop() == 0
    bundle = folder / "log.zip"
    code, out, err = await town.program.run("export", "I-1", "-o", str(bundle), "--reason", "test")
    assert code == 0, out + err
    code, out, err = await town.program.run("verify", str(bundle))
    assert code == 0, out + err
    assert bundle.read_bytes().count(b'"type":"Acknowledged"') == answers


@pytest.mark.parametrize("points", GROUPS, ids=lambda points: points[0].name.replace(" ", "-"))
async def test_killed_on_an_alerts_way_every_room_gets_it_once(
    synapse: SynapseServer, tmp_path: Path, points: tuple[Point, ...]
) -> None:
    """Killed at each point in turn and started again, every alert arrives once (on Telegram perhaps again, marked) and is answered."""
    async with crisis(synapse, tmp_path, through=THROUGH, sign="2s") as town:
        armed = await _begin(town, tmp_path, points[0])
        for number, point in enumerate(points, 1):
            await _alert(town, number, armed)
            await _again(town, points[number] if number < len(points) else None, armed)
            named = re.compile(rf"🚨[^\n]*\bA-{number}\b")
            for room in town.rooms.values():
                await town.ada.wait_seen(
                    lambda seen, room=room, named=named: seen.room == room and bool(named.search(seen.body))
                )
            _check(town, number, point)
            await town.telegram.say(RED_CROSS, CARL, f"/ack A-{number} acting")
            await town.telegram.wait_for(
                lambda n=number: any(
                    f"A-{n}" in m.text and "☎" not in m.text and "🚨" not in m.text
                    for m in town.telegram.messages(RED_CROSS)
                )
            )
        await _verify(town, tmp_path, len(points))


async def test_killed_while_listening_no_answer_is_lost_or_counted_twice(
    synapse: SynapseServer, tmp_path: Path
) -> None:
    """Killed at each point of an encrypted answer's way, the answer is recorded exactly once after the restart."""
    async with crisis(synapse, tmp_path, through=THROUGH) as town:
        armed = await _begin(town, tmp_path, LISTENING[0])
        fire = town.rooms["liege-fire"]
        for number, point in enumerate(LISTENING, 1):
            tg = town.telegram
            await tg.say(TOWN_HALL, ANNE, f'/alert evacuation action=leave where="Chênée" wave {number}')
            preview = await tg.wait_message(TOWN_HALL, f"D-{number}")
            await tg.press(TOWN_HALL, preview.id, ADMIN, f"/draft D-{number} {SEND if number == 1 else BESIDE}")
            await town.ada.wait_message(fire, f"A-{number}")
            await town.program.at_rest()
            armed.touch()
            await town.ada.say(fire, f"/ack A-{number} acting")
            await _again(town, LISTENING[number] if number < len(LISTENING) else None, armed)
            await town.ada.wait_seen(
                lambda seen, n=number: (
                    seen.room == fire
                    and f"· A-{n}" in seen.body
                    and "IILE-SRI Liège" in seen.body
                    and "🚨" not in seen.body
                )
            )
            _check(town, number, point)
        await _verify(town, tmp_path, len(LISTENING))
