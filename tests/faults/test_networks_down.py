"""Networks, rooms and tokens that fail: the rest carries on, nobody is forgotten or doubled, and the coordinators are told."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.contracts.road import Road
from tests.emulators.matrix_person import Seen
from tests.emulators.synapse import SynapseServer
from tests.stories.crisis import ADMIN, CARL, DRK, RED_CROSS, TOWN_HALL, Crisis, crisis

TOPIC = -1001000000001
GROUPS = (TOWN_HALL, RED_CROSS, DRK)


@asynccontextmanager
async def _flood(synapse: SynapseServer, folder: Path, homeserver: str | None = None) -> AsyncIterator[Crisis]:
    """A town where ada, an administrator, has a direct chat with the bot, and an incident is open."""
    async with crisis(synapse, folder, MATRIX_HOMESERVER=homeserver or synapse.url) as town:
        await town.start()
        await _befriend(town)
        await town.ada.say(town.rooms["liege-fire"], "/activate meuse-flood")
        await town.ada.wait_message(town.rooms["vr-zl"], "I-1")
        await town.telegram.wait_message(DRK, "I-1")
        await town.program.at_rest()
        yield town


async def _befriend(town: Crisis) -> None:
    """ada opens a direct chat with the bot; the other administrator has one on Telegram."""
    direct = await town.ada.create_room(direct=True, encrypted=True, invite=(town.bot,))
    await town.ada.wait_member(direct, town.bot)
    await town.ada.say(direct, "/start")
    await town.ada.wait_message(direct, "/help")
    town.rooms["direct"] = direct
    await town.telegram.start(ADMIN)
    await town.telegram.wait_message(ADMIN, "/help")


SEND, BESIDE = "send", "beside"
"""What sends an alert; and what does where another one is open in the same place."""


async def _alert(town: Crisis, number: int) -> None:
    """A water level, which goes to everyone, issued from the fire service's Matrix room."""
    ada, fire = town.ada, town.rooms["liege-fire"]
    await ada.say(fire, f"/alert water-level gauge=Chênée level={100 + number} wave {number}")
    await ada.wait_message(fire, f"D-{number}")
    await ada.say(fire, f"/draft D-{number} {SEND if number == 1 else BESIDE}")
    await ada.wait_message(fire, f"A-{number}")


async def _alert_from_telegram(town: Crisis, number: int) -> None:
    """The same, from the fire service's topic on Telegram."""
    tg = town.telegram
    said = await tg.say(TOPIC, ADMIN, f"/alert water-level gauge=Chênée level={100 + number} wave {number}", thread=4)
    preview = await tg.wait_for(lambda: next((m for m in tg.messages(TOPIC) if m.id > said.id and m.buttons), None))
    assert preview is not None
    await tg.press(TOPIC, preview.id, ADMIN, f"/draft D-{number} {SEND if number == 1 else BESIDE}")
    await tg.wait_message(TOPIC, f"A-{number}", after=said.id)


def _waves(bodies: list[str]) -> list[int]:
    """The alerts among what a room was told, in order."""
    return [
        int(found[1])
        for body in bodies
        if "TLP" in body and "pas envoy" not in body and "D-" not in body and (found := re.search(r"\bA-(\d+)\b", body))
    ]


def _at(town: Crisis, chat: int) -> list[int]:
    return _waves([m.text for m in town.telegram.messages(chat)])


def _in(town: Crisis, room: str) -> list[int]:
    return _waves([s.body for s in town.ada.timeline(town.rooms[room]) if s.sender == town.bot])


def _told(town: Crisis) -> list[str]:
    """What the bot told ada in private, each message once, as it was first said; the live cards left out."""
    told = [
        s for s in town.ada.timeline(town.rooms["direct"]) if s.sender == town.bot and "m.new_content" not in s.content
    ]
    return [s.body for s in told if "As of " not in s.body]


async def _until_told(town: Crisis, *words: str) -> str:
    def there(seen: Seen) -> bool:
        return seen.room == town.rooms["direct"] and seen.sender == town.bot and all(w in seen.body for w in words)

    return (await town.ada.wait_seen(there)).body


async def _until(town: Crisis, network: str, *, connected: bool) -> None:
    await town.program.until(lambda _, body: bool(body) and body["networks"][network]["connected"] is connected)


async def test_a_revoked_token_stops_one_network_and_what_waited_leaves_with_the_new_one(
    synapse: SynapseServer, tmp_path: Path
) -> None:
    """Telegram refuses the token: /readyz and the coordinators know, Matrix goes on; with a good token all arrives once."""
    async with _flood(synapse, tmp_path) as town:
        tg, good = town.telegram, town.telegram.token
        tg.revoke_token()
        await tg.say(DRK, CARL, "chatter, which ends the poll that was allowed")
        await _until(town, "telegram", connected=False)
        status, body = await town.program.ask("/readyz")
        assert status == 503
        assert "TOCSIN_TELEGRAM_TOKEN" in body["networks"]["telegram"]["last_error"]
        assert body["networks"]["matrix"]["connected"]
        await _until_told(town, "Telegram", "token")
        for number in (1, 2):
            await _alert(town, number)
        await town.ada.wait_message(town.rooms["vr-zl"], "A-2")
        _, body = await town.program.ask("/readyz")
        assert body["networks"]["telegram"]["backlog"] >= 2 * len(GROUPS)
        assert await town.program.stop() == 0
        assert good not in town.program.log.read_text()
        tg.token = good
        await town.start()
        await town.program.at_rest()
        for chat in GROUPS:
            assert _at(town, chat) == [1, 2], [m.text for m in tg.messages(chat)]
        assert _in(town, "vr-zl") == [1, 2]
        await _until_told(town, "Telegram", "works again")
        assert sum("Telegram" in said for said in _told(town)) == 2


async def test_either_network_may_be_down_at_the_start_or_during_an_alert(
    synapse: SynapseServer, tmp_path: Path
) -> None:
    """Each network in turn is away at start and while alerts are sent: the other carries them, the backlog follows in order."""
    road = Road(synapse.port)
    await road.open()
    try:
        async with _flood(synapse, tmp_path, road.url) as town:
            tg = town.telegram
            await road.close()
            await _until(town, "matrix", connected=False)
            await _alert_from_telegram(town, 1)
            await _alert_from_telegram(town, 2)
            await tg.wait_message(DRK, "A-2")
            await tg.wait_message(ADMIN, "Matrix")
            assert await town.program.stop() == 0

            await town.program.start(ready=False)
            await _until(town, "telegram", connected=True)
            await _alert_from_telegram(town, 3)
            await tg.wait_message(DRK, "A-3")
            assert (await town.program.ask("/readyz"))[0] == 503
            await road.open()
            await town.ada.wait_message(town.rooms["vr-zl"], "A-3")
            await town.program.at_rest()

            assert await town.program.stop() == 0
            await tg.down()
            await town.program.start(ready=False)
            await _until(town, "matrix", connected=True)
            await _alert(town, 4)
            await _alert(town, 5)
            await town.ada.wait_message(town.rooms["vr-zl"], "A-5")
            await tg.up()
            await tg.wait_message(DRK, "A-5")
            await town.program.at_rest()
            await tg.down()
            await _until(town, "telegram", connected=False)
            await _alert(town, 6)
            await tg.up()
            await tg.wait_message(DRK, "A-6")
            await town.program.at_rest()
            for chat in GROUPS:
                assert _at(town, chat) == [1, 2, 3, 4, 5, 6]
            for room in ("liege-fire", "vr-zl"):
                assert _in(town, room) == [1, 2, 3, 4, 5, 6]
            assert await town.program.stop() == 0
    finally:
        await road.close()


async def test_rooms_that_throw_the_bot_out_or_move_are_told_and_taken_up_again(
    synapse: SynapseServer, tmp_path: Path
) -> None:
    """Kicked from a group and a room: the coordinators get the number to ring; back again it works; a migrated group gets its alert once."""
    async with _flood(synapse, tmp_path) as town:
        tg, ada = town.telegram, town.ada
        await tg.kick(RED_CROSS, CARL)
        await _until_told(town, "Croix-Rouge", "+3240000007")
        await ada.kick(town.rooms["vr-zl"], town.bot)
        await _until_told(town, "Zuid-Limburg", "+3143000001")
        await _alert(town, 1)
        await _until_told(town, "A-1", "Croix-Rouge", "+3240000007")
        await _until_told(town, "A-1", "Zuid-Limburg", "+3143000001")
        assert _at(town, RED_CROSS) == []
        await tg.wait_message(DRK, "A-1")
        assert sum("Croix-Rouge" in said for said in _told(town)) == 2

        await tg.add(RED_CROSS, CARL)
        await ada.invite(town.rooms["vr-zl"], town.bot)
        await ada.wait_member(town.rooms["vr-zl"], town.bot)
        back = await tg.say(RED_CROSS, CARL, "/status")
        await tg.wait_message(RED_CROSS, "I-1", after=back.id)
        await _alert(town, 2)
        await tg.wait_message(RED_CROSS, "A-2")
        await ada.wait_message(town.rooms["vr-zl"], "A-2")

        tg.fault("429", chat=DRK, retry_after=2)
        await _alert(town, 3)
        await tg.wait_message(RED_CROSS, "A-3")
        new = await tg.migrate(DRK)
        await tg.wait_message(new, "A-3")
        await _alert(town, 4)
        await tg.wait_message(new, "A-4")
        moved = await tg.say(new, CARL, "/status")
        await tg.wait_message(new, "I-1", after=moved.id)
        await tg.down()
        await _until(town, "telegram", connected=False)
        await _alert(town, 5)
        newer = await tg.migrate(TOWN_HALL)
        await tg.up()
        await tg.wait_message(newer, "A-5")
        await town.program.at_rest()
        assert _at(town, new) == [3, 4, 5]
        assert _at(town, DRK) == [1, 2]
        assert _at(town, newer) == [5]
        assert _at(town, TOWN_HALL) == [1, 2, 3, 4]
        assert _at(town, RED_CROSS) == [2, 3, 4, 5]
        assert await town.program.stop() == 0


async def test_a_network_that_comes_and_goes_is_told_once(synapse: SynapseServer, tmp_path: Path) -> None:
    """Telegram goes and comes four times in a few seconds: the coordinators read that it went and came, once each."""
    async with _flood(synapse, tmp_path) as town:
        for _ in range(4):
            await town.telegram.down()
            await _until(town, "telegram", connected=False)
            await town.telegram.up()
            await _until(town, "telegram", connected=True)
        await _alert(town, 1)
        await town.telegram.wait_message(DRK, "A-1")
        await town.program.at_rest()
        await _until_told(town, "Telegram", "works again")
        assert sum("Telegram" in said for said in _told(town)) == 2
        assert await town.program.stop() == 0
