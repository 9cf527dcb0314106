"""One alert in two hundred rooms, from the tap that confirms it to the last accepted send, beside the same sends alone.

The bot runs as it is, in this process; Telegram is the emulator and Matrix a real homeserver, each in a process of its
own, and neither has limits. The same bodies then go into the same rooms directly, by python-telegram-bot and
matrix-nio as they come, while the bot is down.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import telegram
from nio import AsyncClient, RoomSendResponse
from telegram.request import HTTPXRequest

from bot import wiring
from bot.clock import SystemClock
from bot.networks import matrix_write, telegram_send
from bot.networks.matrix import Matrix
from bot.networks.port import Ears, Limits, Outcome, Outgoing, Refused, Sent
from bot.networks.telegram import Telegram
from bot.supervisor import Attentive
from playbooks.load import Book
from playbooks.rooms import Network
from storage.database import SqliteStore, open_store
from tests.bench.desk import ADMIN, STREAM
from tests.bench.measure import Figure, now
from tests.bench.towns import WORDS, town
from tests.emulators.matrix_bench import homeserver
from tests.emulators.synapse import SynapseServer
from tests.emulators.telegram_remote import RemoteTelegram

ROUNDS = 7
ON_EACH = 100
"""Rooms on each network."""

WITHIN = 60.0
"""Seconds after which something has gone wrong."""


@dataclass
class Arrivals:
    """The copies of an alert that the networks took, and when they took the last one."""

    expected: int
    out: list[Outgoing] = field(default_factory=list)
    last: float = 0.0
    complete: asyncio.Event = field(default_factory=asyncio.Event)

    def note(self, out: Outgoing, outcome: Outcome) -> None:
        """A network answered."""
        if not out.loud:
            return
        if not isinstance(outcome, Sent):
            raise RuntimeError(f"a copy for {out.room} was not taken: {outcome}")
        self.out.append(out)
        if len(self.out) == self.expected:
            self.last = now()
            self.complete.set()


class Announcing(Attentive):
    """The bot's ears, which also say when the network is there."""

    def __init__(self, ears: Ears, here: asyncio.Event) -> None:
        super().__init__(ears)
        self._here = here

    async def connected(self, network: Network, username: str) -> None:
        """The network works."""
        await super().connected(network, username)
        self._here.set()


class WatchedTelegram(Telegram):
    """The bot's Telegram, whose copies are counted."""

    arrivals: Arrivals
    here: asyncio.Event

    async def run(self, ears: Ears) -> None:
        await super().run(Announcing(ears, self.here))

    async def send(self, out: Outgoing) -> Outcome:
        outcome = await super().send(out)
        self.arrivals.note(out, outcome)
        return outcome


class WatchedMatrix(Matrix):
    """The bot's Matrix, whose copies are counted."""

    arrivals: Arrivals
    here: asyncio.Event

    async def run(self, ears: Ears) -> None:
        await super().run(Announcing(ears, self.here))

    async def send(self, out: Outgoing) -> Outcome:
        outcome = await super().send(out)
        self.arrivals.note(out, outcome)
        return outcome


@dataclass
class Places:
    """The two networks with their rooms, and the bot's data."""

    emulator: RemoteTelegram
    server: SynapseServer
    bot: str
    password: str
    groups: Sequence[int]
    book: Book
    store: SqliteStore
    folder: Path


async def alert(folder: Path) -> Figure:
    """The figure for plain rooms."""
    figure = Figure(
        f"One alert to {ON_EACH} Telegram groups and {ON_EACH} plain Matrix rooms, from the tap to the last accepted send",
        "the same sends directly",
        ratio_within=1.2,
    )
    async with _places(folder) as places, _direct(places) as direct:
        for number in range(ROUNDS + 1):
            took, out = await _alert(places)
            alone = await direct(out)
            if number:  # in the first one everybody still gets to know everybody
                figure.ours_took.append(took)
                figure.bare_took.append(alone)
    figure.beside.append(f"at most {Limits().concurrency} sends at a time on each network, ours and directly")
    return figure


async def _alert(places: Places) -> tuple[float, list[Outgoing]]:
    """Start the bot, write an alert, confirm it, stop the bot: seconds from the tap to the last copy, and the copies."""
    arrivals = Arrivals(2 * ON_EACH)
    clock, tg = SystemClock(), places.emulator
    over_telegram = WatchedTelegram(tg.token, tg.url, Limits(), clock.now)
    over_matrix = WatchedMatrix(
        places.server.url, places.bot, password=places.password, store_folder=places.folder / "matrix", clock=clock.now
    )
    over_telegram.arrivals = over_matrix.arrivals = arrivals
    over_telegram.here, over_matrix.here = asyncio.Event(), asyncio.Event()
    ports: dict[Network, Any] = {"telegram": over_telegram, "matrix": over_matrix}
    shelf = {places.book.playbook.playbook: places.book}
    bot = wiring.Bot(places.store, clock, shelf, {f"telegram:{ADMIN}"}, "bench", ports)
    running = asyncio.create_task(bot.run())
    try:
        async with asyncio.timeout(WITHIN):
            await over_telegram.here.wait()
            await over_matrix.here.wait()
            await bot.settled()
            where = places.groups[0]
            if not bot.engine.world.open:
                await tg.do("say", chat=where, user=ADMIN, text="/activate meuse-flood")
                await tg.do("wait_message", chat=where, containing=STREAM, timeout=WITHIN)
                await bot.settled()
            draft = bot.engine.world.next_id("D")
            await tg.do("say", chat=where, user=ADMIN, text=WORDS)
            asked = await tg.do("wait_message", chat=where, containing=draft, timeout=WITHIN)
            await bot.settled()
            start = now()
            await tg.do("press", chat=where, message_id=asked["id"], user=ADMIN, label_or_data=f"/draft {draft} send")
            await arrivals.complete.wait()
            await bot.settled()
    finally:
        bot.stop("the round is over")
        await running
    return arrivals.last - start, arrivals.out


@asynccontextmanager
async def _direct(places: Places) -> AsyncIterator[Callable[[list[Outgoing]], Awaitable[float]]]:
    """Send these messages with the two libraries: the seconds it took."""
    at_once = Limits().concurrency
    request = HTTPXRequest(connection_pool_size=at_once, httpx_kwargs={"trust_env": False})
    library = telegram.Bot(places.emulator.token, base_url=f"{places.emulator.url}/bot", request=request)
    client = AsyncClient(places.server.url, places.bot)
    await client.login(places.password)

    async def say(out: Outgoing) -> None:
        if out.room.network == "telegram":
            found = telegram_send.request(out)
            if isinstance(found, Refused):
                raise RuntimeError(f"a copy for {out.room} cannot be asked for: {found.reason}")
            asked = found.fields
            await library.send_message(
                chat_id=asked["chat_id"],
                text=asked["text"],
                parse_mode=asked["parse_mode"],
                link_preview_options=telegram.LinkPreviewOptions(is_disabled=True),
                reply_markup=_keyboard(asked),
            )
        else:
            (said,) = matrix_write.events_of(out)
            reply = await client.room_send(out.room.id, said.type, said.content, tx_id=secrets.token_hex(12))
            if not isinstance(reply, RoomSendResponse):
                raise RuntimeError(f"a direct send was not taken: {reply}")

    async def all_of(network: str, out: list[Outgoing]) -> None:
        turns = asyncio.Semaphore(at_once)

        async def one(message: Outgoing) -> None:
            async with turns:
                await say(message)

        await asyncio.gather(*(one(message) for message in out if message.room.network == network))

    async def timed(out: list[Outgoing]) -> float:
        start = now()
        await asyncio.gather(all_of("telegram", out), all_of("matrix", out))
        return now() - start

    async with library:
        try:
            yield timed
        finally:
            await client.close()


def _keyboard(asked: dict[str, Any]) -> telegram.InlineKeyboardMarkup:
    rows = asked["reply_markup"]["inline_keyboard"]
    return telegram.InlineKeyboardMarkup([[telegram.InlineKeyboardButton(**one) for one in row] for row in rows])


@asynccontextmanager
async def _places(folder: Path) -> AsyncIterator[Places]:
    groups = [-1001000000000 - number for number in range(ON_EACH)]
    with homeserver() as server:
        async with RemoteTelegram() as emulator:
            await emulator.do("user", user_id=ADMIN, name="Ada", language_code="fr")
            for group in groups:
                await emulator.do("group", chat_id=group, title=f"Group {group}")
            bot = server.register("tocsin", "bot-password")
            rooms = await _rooms(server, bot)
            book = town([[f"telegram: {g}", f'matrix: "{r}"'] for g, r in zip(groups, rooms, strict=True)])
            store = await open_store(folder / "data", "bench")
            try:
                yield Places(emulator, server, bot, "bot-password", groups, book, store, folder)
            finally:
                await store.close()


async def _rooms(server: SynapseServer, bot: str) -> list[str]:
    """Rooms of somebody else, to which the bot is invited."""
    server.register("ada", "ada-password")
    login = {"type": "m.login.password", "identifier": {"type": "m.id.user", "user": "ada"}, "password": "ada-password"}
    token = server.call("POST", "/_matrix/client/v3/login", login)["access_token"]
    turns = asyncio.Semaphore(4)

    async def one(number: int) -> str:
        body = {"preset": "private_chat", "name": f"Room {number}", "invite": [bot]}
        async with turns:
            made = await asyncio.to_thread(server.call, "POST", "/_matrix/client/v3/createRoom", body, token)
        return str(made["room_id"])

    return await asyncio.gather(*(one(number) for number in range(ON_EACH)))
