"""What people say in one room, until another network has accepted it: beside the same done with the two libraries alone.

The bare bridge hears with one library and sends with the other as soon as it has heard, keeps nothing, checks nothing, and runs in this process
too, on a Telegram emulator and in Matrix rooms of its own, so that both sides of a figure can alternate.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from statistics import median

import telegram
from nio import AsyncClient, RoomMessageText, RoomSendResponse, SyncResponse
from telegram.request import HTTPXRequest

from bot.networks.port import Limits, Outgoing
from tests.bench.channels import WITHIN, Arrivals, Rooms, pairs, rooms_of
from tests.bench.desk import ADMIN
from tests.bench.measure import milliseconds, now, spread, word
from tests.emulators.telegram_remote import RemoteTelegram

LONE = 40
"""Messages relayed one at a time, each way."""

MANY = 200
ROUNDS = 3

FAR = 0.05
"""Seconds that a Telegram takes to answer that is not on this machine."""

AT_ONCE = 20
EACH = 10
"""Messages in each of the rooms that talk at once."""

HELD = 20
"""Messages relayed while another destination is told to wait."""


@dataclass
class Bare:
    """A bridge of two libraries: in each pair of rooms it says on one network what it hears on the other."""

    library: telegram.Bot
    client: AsyncClient
    emulator: RemoteTelegram
    group: int
    rooms: list[str]
    taken: asyncio.Queue[float] = field(default_factory=asyncio.Queue)

    async def over(self) -> float:
        """When the next message had been accepted on the other side."""
        async with asyncio.timeout(WITHIN):
            return await self.taken.get()

    async def to_matrix(self, room: str, text: str) -> None:
        """Say it in a Matrix room. Raises RuntimeError."""
        reply = await self.client.room_send(room, "m.room.message", {"msgtype": "m.text", "body": text})
        if not isinstance(reply, RoomSendResponse):
            raise RuntimeError(f"a direct send was not taken: {reply}")

    async def to_telegram(self, text: str) -> None:
        """Say it in the Telegram group."""
        await self.library.send_message(chat_id=self.group, text=text)

    async def hear_telegram(self) -> None:
        """Pass on what is said in the group, for ever."""
        offset = None
        while True:
            for update in await self.library.get_updates(offset=offset, timeout=50):
                offset = update.update_id + 1
                if update.message is not None and update.message.text:
                    await self.to_matrix(self.rooms[0], update.message.text)
                    self.taken.put_nowait(now())

    async def hear_matrix(self) -> None:
        """Pass on what is said in the first room, for ever."""
        while True:
            heard = await self.client.sync(timeout=30000)
            if not isinstance(heard, SyncResponse):
                raise RuntimeError(f"a direct sync failed: {heard}")
            told = heard.rooms.join.get(self.rooms[0])
            for event in told.timeline.events if told is not None else ():
                if isinstance(event, RoomMessageText) and event.sender != self.client.user_id:
                    await self.to_telegram(event.body)
                    self.taken.put_nowait(now())


@asynccontextmanager
async def _bare(ours: Rooms) -> AsyncIterator[Bare]:
    """The bare bridge beside ours, hearing."""
    request = HTTPXRequest(connection_pool_size=8, httpx_kwargs={"trust_env": False})
    polling = HTTPXRequest(httpx_kwargs={"trust_env": False})
    user = ours.server.register("bare", "bare-password")
    client = AsyncClient(ours.server.url, user)
    await client.login("bare-password")
    group = -1002000000000
    async with RemoteTelegram(token="7000000002:bare") as emulator:
        await emulator.do("user", user_id=ADMIN, name="Ada", language_code="en")
        await emulator.do("group", chat_id=group, title="Bare", admin=True)
        rooms = await rooms_of(ours.server, ours.bert.token, user, len(ours.rooms))
        for room in rooms:
            await client.join(room)
        await client.sync(timeout=0)
        library = telegram.Bot(
            emulator.token, base_url=f"{emulator.url}/bot", request=request, get_updates_request=polling
        )
        async with library:
            made = Bare(library, client, emulator, group, rooms)
            tasks = [asyncio.create_task(made.hear_telegram()), asyncio.create_task(made.hear_matrix())]
            try:
                yield made
            finally:
                for task in tasks:
                    task.cancel()
                for task in tasks:
                    with contextlib.suppress(asyncio.CancelledError):
                        await task
                await client.close()


async def everything(folder: Path) -> list[str]:
    """All figures but the one of memory."""
    lines: list[str] = []
    async with pairs(folder, AT_ONCE) as ours, _bare(ours) as bare:
        lines += await _alone(ours, bare)
        lines += await _in_order(ours, bare)
        lines += await _at_once(ours, bare)
        lines += await _held(ours)
    return lines


# -- one message ----------------------------------------------------------------------------------------------------------


async def _alone(ours: Rooms, bare: Bare) -> list[str]:
    """One message, each way, when nothing else happens."""

    async def said_here(text: str) -> float:
        return await ours.say(0, text)

    async def bare_said_here(text: str) -> float:
        start = now()
        await bare.emulator.do("say", chat=bare.group, user=ADMIN, text=text)
        return start

    def in_matrix(room: str) -> Callable[[str], Awaitable[float]]:
        async def said_there(text: str) -> float:
            start = now()
            await ours.bert.say(room, text)
            return start

        return said_there

    there, back = ours.over_matrix.arrivals, ours.over_telegram.arrivals
    lines = await _one_way(ours, bare, "Telegram to Matrix", there, said_here, bare_said_here)
    ways = in_matrix(ours.rooms[0]), in_matrix(bare.rooms[0])
    return lines + await _one_way(ours, bare, "Matrix to Telegram", back, *ways)


async def _one_way(
    ours: Rooms,
    bare: Bare,
    way: str,
    arrivals: Arrivals,
    say: Callable[[str], Awaitable[float]],
    say_bare: Callable[[str], Awaitable[float]],
) -> list[str]:
    took, bare_took = [], []
    for number in range(LONE + 3):
        arrivals.expect(1)
        start = await say(f"Word {number}")
        [arrived] = await arrivals.all()
        await ours.settled()
        began = await say_bare(f"Word {number}")
        over = await bare.over()
        await ours.settled()
        if number >= 3:
            took.append(arrived[1] - start)
            bare_took.append(over - began)
    more = median(mine - theirs for mine, theirs in zip(took, bare_took, strict=True))
    return [
        f"One message, {way}, until it is accepted: {milliseconds(more)} more than bare ({word(more <= 0.003)} ≤ 3.00 ms)",
        f"    ours {spread(took)}; received and sent by the libraries {spread(bare_took)}; {LONE} rounds",
    ]


# -- many in one room -----------------------------------------------------------------------------------------------------


async def _in_order(ours: Rooms, bare: Bare) -> list[str]:
    """Many messages of one room, which wait at the network as we begin to hear; and as many direct sends one after the other."""

    async def speak_here(text: str) -> None:
        await ours.say(0, text)

    async def speak_there(text: str) -> None:
        await ours.bert.say(ours.rooms[0], text)

    async def direct_there(text: str) -> None:
        await bare.to_matrix(bare.rooms[1], text)

    async def far(seconds: float) -> None:
        for emulator in (ours.emulator, bare.emulator):
            await emulator.do("fault", failure="delay-before", times=10**6, seconds=seconds)

    back = ours.over_telegram, ours.over_matrix.gate, speak_there, bare.to_telegram
    lines = []
    for way, port, gate, speak, direct in (
        ("Telegram to Matrix", ours.over_matrix, ours.over_telegram.gate, speak_here, direct_there),
        ("Matrix to Telegram", *back),
        (f"Matrix to a Telegram {milliseconds(FAR)} away", *back),
    ):
        if "away" in way:
            await far(FAR)
        rates, ours_took, bare_took = [], [], []
        for _ in range(ROUNDS):
            port.arrivals.expect(MANY)
            gate.clear()
            for number in range(MANY):
                await speak(f"Line {number}")
            start = now()
            gate.set()
            came = await port.arrivals.all()
            ours_took.append(came[-1][1] - start)
            _in_their_order([out for out, _ in came])
            await ours.settled()
            start = now()
            for number in range(MANY):
                await direct(f"▸ Ada · Partner t0\nLine {number}")
            bare_took.append(now() - start)
            rates.append(bare_took[-1] / ours_took[-1])
        lines += _rate(f"{MANY} messages of one room in order, {way}", 0.95, rates, ours_took, bare_took)
    for emulator in (ours.emulator, bare.emulator):
        await emulator.do("clear_faults")
    return lines


def _in_their_order(out: list[Outgoing]) -> None:
    """Raises RuntimeError unless each line is there once, after the one before it."""
    numbers = [int(one.text.rpartition(" ")[2]) for one in out]
    if numbers != list(range(MANY)):
        wrong = next((pair for pair in pairwise([-1, *numbers]) if pair[1] != pair[0] + 1), None)
        raise RuntimeError(f"lines were lost, doubled or out of order: {wrong}, {len(numbers)} in all")


def _rate(title: str, wanted: float, rates: list[float], ours: list[float], bare: list[float]) -> list[str]:
    rate = median(rates)
    return [
        f"{title}: {rate:.2f} of the rate of direct sends ({word(rate >= wanted)} ≥ {wanted})",
        f"    ours {spread(ours)}; directly {spread(bare)}; rates {min(rates):.2f} to {max(rates):.2f}; {len(rates)} rounds",
    ]


# -- many rooms -----------------------------------------------------------------------------------------------------------


async def _at_once(ours: Rooms, bare: Bare) -> list[str]:
    """Messages of many Telegram groups to as many Matrix rooms, and the same sends by as many at once."""
    rates, ours_took, bare_took = [], [], []
    for _ in range(ROUNDS):
        arrivals, gate = ours.over_matrix.arrivals, ours.over_telegram.gate
        arrivals.expect(AT_ONCE * EACH)
        gate.clear()
        for number in range(EACH):
            for pair in range(AT_ONCE):
                await ours.say(pair, f"Line {number}")
        start = now()
        gate.set()
        came = await arrivals.all()
        ours_took.append(came[-1][1] - start)
        await ours.settled()

        async def one(room: str) -> None:
            for number in range(EACH):
                await bare.to_matrix(room, f"▸ Ada · Partner t0\nLine {number}")

        start = now()
        await asyncio.gather(*(one(room) for room in bare.rooms))
        bare_took.append(now() - start)
        rates.append(bare_took[-1] / ours_took[-1])
    title = f"{AT_ONCE} Telegram groups at once, {EACH} messages each, to as many Matrix rooms"
    return _rate(title, 0.9, rates, ours_took, bare_took)


# -- one that is told to wait ---------------------------------------------------------------------------------------------


async def _held(ours: Rooms) -> list[str]:
    """Messages to one Telegram group, before and while another is told to wait a minute, with more and more waiting for it."""

    async def one(number: int) -> float:
        ours.over_telegram.arrivals.expect(1)
        start = now()
        await ours.bert.say(ours.rooms[0], f"Word {number}")
        [came] = await ours.over_telegram.arrivals.all()
        return came[1] - start

    free, held = [], []
    for number in range(HELD):
        free.append(await one(number))
        await ours.settled()
    await ours.emulator.do("fault", failure="429", chat=ours.groups[1], times=1000, retry_after=60)
    for number in range(HELD):
        await ours.bert.say(ours.rooms[1], f"Held {number}")
        held.append(await one(number))
        await ours.settled()
    await ours.emulator.do("clear_faults")
    more = median(held) - median(free)
    waiting = ours.bot.backlog("telegram")
    return [
        f"One destination answers 429 for 60 s: {milliseconds(more)} more for another ({word(more <= 0.05)} ≤ 50.00 ms)",
        f"    free {spread(free)}; while {waiting} messages wait for the other {spread(held)}; at most {Limits().concurrency} at once",
    ]
