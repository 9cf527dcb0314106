"""The engine at its desk: a real store on a real disk, the real handlers, and networks that are never connected.

What somebody says is handed to the engine's ears as the network would hand it over; nothing leaves.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bot import wiring
from bot.clock import SystemClock
from bot.courier import Courier
from bot.engine import Engine
from bot.networks import telegram_read
from bot.networks.matrix import Matrix
from bot.networks.port import Limits, NetworkPort
from bot.networks.telegram import Telegram
from playbooks.load import Book
from playbooks.rooms import Network, RoomRef
from storage.database import SqliteStore, open_store
from storage.facts import DEPLOYMENT, Fact, RoomObserved
from storage.store import Changes
from tests.bench.measure import now

ADMIN = 501
STREAM = "I-1"


class Watched:
    """A store that notes when a commit is done which handled something that was heard."""

    def __init__(self, store: SqliteStore) -> None:
        self._store = store
        self.committed = asyncio.Event()
        self.at = 0.0

    def __getattr__(self, name: str) -> object:
        return getattr(self._store, name)

    async def commit(self, changes: Changes) -> None:
        await self._store.commit(changes)
        if changes.handled:
            self.at = now()
            self.committed.set()


@dataclass
class Desk:
    """What a bench does with the engine."""

    store: SqliteStore
    engine: Engine
    watched: Watched
    folder: Path
    _updates: int = 0

    @property
    def database(self) -> Path:
        """The file behind the store."""
        return self.folder / "tocsin.sqlite"

    async def hear(self, update: dict[str, object]) -> float:
        """Hand an update over. Seconds from handing it over to the commit of what it led to."""
        self._updates += 1
        item = telegram_read.keep_form({"update_id": self._updates, **update}, SystemClock().now())
        self.watched.committed.clear()
        start = now()
        await self.engine.keep("telegram", [item], str(self._updates))
        await self.watched.committed.wait()
        took = self.watched.at - start
        await self.engine.at_rest.wait()
        return took

    async def say(self, chat: int, text: str) -> float:
        """Somebody writes in a group."""
        return await self.hear({"message": {**_message(chat, self._updates), "from": _person(), "text": text}})

    async def tap(self, chat: int, data: str) -> float:
        """Somebody taps a button under a message of ours."""
        query = {"id": str(self._updates), "from": _person(), "message": _message(chat, 1), "data": data}
        return await self.hear({"callback_query": {**query, "chat_instance": str(chat)}})

    async def draft(self, chat: int, words: str) -> str:
        """Write an alert up to its confirmation. The draft's id."""
        await self.say(chat, words)
        [name] = self.engine.world.incidents[STREAM].drafts
        return name


@asynccontextmanager
async def desk(folder: Path, book: Book, encrypted: Sequence[RoomRef] = ()) -> AsyncIterator[Desk]:
    """An engine with this playbook, its rooms bound, and one incident open."""
    wiring.read_for_good()
    store = await open_store(folder, "bench")
    clock = SystemClock()
    known: list[Fact] = [RoomObserved(room, True, False, False, False, False, False, "") for room in encrypted]
    if known:
        await store.append(DEPLOYMENT, *known, now=clock.now())
    ports: dict[Network, NetworkPort] = {
        "telegram": Telegram("1:token", "http://127.0.0.1:9", Limits(), clock.now),
        "matrix": Matrix("http://127.0.0.1:9", store_folder=folder / "matrix", clock=clock.now),
    }
    watched = Watched(store)
    shelf = {book.playbook.playbook: book}
    engine = Engine(watched, clock, shelf, {f"telegram:{ADMIN}"}, "bench", ports)  # type: ignore[arg-type]
    courier = Courier(store, clock, ports, engine)
    engine.hand_to(courier)
    running = [asyncio.create_task(engine.run()), asyncio.create_task(courier.run())]
    try:
        async with asyncio.timeout(60):
            await engine.started.wait()
        made = Desk(store, engine, watched, folder)
        yield made
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        for port in ports.values():
            await port.close()
        await store.close()


def bare_database(path: Path, like: Path) -> sqlite3.Connection:
    """A database with one table and the journal, the syncs and the overwriting of the store at ``like``."""
    there = sqlite3.connect(like)
    [journal] = there.execute("PRAGMA journal_mode").fetchone()
    there.close()
    bare = sqlite3.connect(path, isolation_level=None)
    for pragma in (f"journal_mode = {journal}", "synchronous = FULL", "secure_delete = ON"):
        bare.execute(f"PRAGMA {pragma}").fetchall()
    bare.execute("CREATE TABLE rows (id INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT")
    return bare


def _person() -> dict[str, object]:
    return {"id": ADMIN, "is_bot": False, "first_name": "Ada", "language_code": "fr"}


def _message(chat: int, number: int) -> dict[str, object]:
    there = {"id": chat, "type": "supergroup", "title": "Room"}
    return {"message_id": number + 1, "chat": there, "date": int(SystemClock().now().timestamp())}
