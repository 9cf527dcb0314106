"""What the Matrix tests share: a homeserver, an inbox in memory that can be killed, a bot that can be restarted."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bot.networks.matrix import Matrix
from bot.networks.port import Heard, Outcome, Outgoing
from playbooks.rooms import Network, RoomRef
from tests.emulators.synapse import SynapseServer
from tests.patience import PATIENCE


class Kill(BaseException):
    """Stands for a kill: nothing may catch it and go on."""


class ListEars:
    """An inbox in memory: commits like the real one, outlives the bot, can be told to die before or after a commit."""

    def __init__(self) -> None:
        self.committed: str | None = None
        self.kept: dict[int, str] = {}
        self.items: dict[str, str] = {}
        self.repeats: list[str] = []
        self.connections: list[str] = []
        self.losses: list[tuple[str, bool]] = []
        self.die: set[str] = set()
        self._number = 0
        self._news = asyncio.Condition()

    async def cursor(self, network: Network) -> str | None:
        return self.committed

    async def keep(self, network: Network, items: Sequence[tuple[str, str]], cursor: str | None) -> None:
        self._add(items)
        self.committed = cursor if cursor is not None else self.committed
        await self._tell()

    async def keep_batch(self, network: Network, body: str, cursor: str) -> int:
        self._perhaps_die("before keep_batch")
        self._number += 1
        self.kept[self._number] = body
        self.committed = cursor
        self._perhaps_die("after keep_batch")
        return self._number

    async def batches(self, network: Network) -> Sequence[tuple[int, str]]:
        return sorted(self.kept.items())

    async def settle_batch(self, network: Network, batch: int, items: Sequence[tuple[str, str]]) -> None:
        self._perhaps_die("before settle_batch")
        self._add(items)
        self.kept.pop(batch)
        await self._tell()
        self._perhaps_die("after settle_batch")

    async def caught_up(self, network: Network) -> None:
        """Nothing is decided here."""

    async def connected(self, network: Network, username: str) -> None:
        self.connections.append(username)
        await self._tell()

    async def lost(self, network: Network, reason: str, *, rejected: bool) -> None:
        self.losses.append((reason, rejected))
        await self._tell()

    async def until(self, test: Callable[[], bool], seconds: float = PATIENCE) -> None:
        """Wait until ``test`` holds; it is asked after every commit."""
        async with asyncio.timeout(seconds), self._news:
            await self._news.wait_for(test)

    def _add(self, items: Sequence[tuple[str, str]]) -> None:
        for key, body in items:
            if key in self.items:
                self.repeats.append(key)
            self.items.setdefault(key, body)

    def _perhaps_die(self, where: str) -> None:
        if where in self.die:
            self.die.discard(where)
            raise Kill(where)

    async def _tell(self) -> None:
        async with self._news:
            self._news.notify_all()


class Bench:
    """A bot under test: its inbox and folder stay while it is started and stopped."""

    def __init__(self, server: SynapseServer, name: str, folder: Path, url: str | None = None) -> None:
        self.server = server
        self.name = name
        self.user = server.register(name, f"{name}-password")
        self.folder = folder
        self.url = url or server.url
        self.ears = ListEars()
        self.late = timedelta(0)
        self.matrix = self.make()
        self._task: asyncio.Task[None] | None = None
        self._tokens = 0

    def now(self) -> datetime:
        return datetime.now(UTC) + self.late

    def make(self, **settings: Any) -> Matrix:
        settings = {"user": self.name, "password": f"{self.name}-password"} | settings
        return Matrix(self.url, store_folder=self.folder, clock=self.now, **settings)

    async def start(self) -> None:
        """Start hearing and wait until connected; raises what ``run`` raised."""
        before = len(self.ears.connections)
        self._task = asyncio.create_task(self.matrix.run(self.ears))
        waiting = asyncio.create_task(self.ears.until(lambda: len(self.ears.connections) > before))
        await asyncio.wait({self._task, waiting}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        if self._task.done():
            self._task.result()

    async def died(self) -> BaseException:
        """Wait until ``run`` ended by itself; returns what ended it."""
        assert self._task is not None
        async with asyncio.timeout(PATIENCE):
            await asyncio.wait({self._task})
        error = self._task.exception()
        assert error is not None
        return error

    async def stop(self) -> None:
        """End the process, so to speak: what was only in memory is gone."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception, Kill):
                await self._task
            self._task = None
        await self.matrix.close()

    async def restart(self) -> None:
        await self.stop()
        self.matrix = self.make()
        await self.start()

    # -- hearing ---------------------------------------------------------------------------------------------------

    def heard(self, kind: str | None = None, room: str | None = None) -> list[Heard]:
        """What was heard so far, in the order of the inbox."""
        read = [self.matrix.read(body) for body in self.ears.items.values()]
        return [h for h in read if h is not None and kind in (None, h.kind) and room in (None, h.room.id)]

    def texts(self, room: str) -> list[str]:
        return [heard.text for heard in self.heard("message", room)]

    async def hear(self, test: Callable[[Heard], bool], seconds: float = PATIENCE) -> Heard:
        """The first thing heard for which ``test`` holds; waits for it, and fails at once when ``run`` has died."""

        def dead() -> bool:
            return self._task is not None and self._task.done()

        await self.ears.until(lambda: dead() or any(test(heard) for heard in self.heard()), seconds)
        found = next((heard for heard in self.heard() if test(heard)), None)
        if found is None and self._task is not None:
            self._task.result()
        assert found is not None
        return found

    async def hear_text(self, room: str, text: str) -> Heard:
        return await self.hear(lambda heard: heard.kind == "message" and heard.room.id == room and heard.text == text)

    # -- speaking --------------------------------------------------------------------------------------------------

    async def enter(self, room: str) -> None:
        """Accept the invitation into ``room`` when it comes, and know that we are in."""
        await self.hear(lambda heard: heard.kind == "invited" and heard.room.id == room)
        await self.send(room, kind="join")
        await self.hear(lambda heard: heard.kind == "joined" and heard.room.id == room)

    async def send(self, room: str, text: str = "", **more: Any) -> Outcome:
        self._tokens += 1
        more = {"token": f"t{self._tokens}", "html": text, "text": text} | more
        return await self.matrix.send(Outgoing(room=RoomRef("matrix", room), **more))


@contextmanager
def homeserver(overlay: dict[str, Any] | None = None) -> Iterator[SynapseServer]:
    """A homeserver in a folder of its own, gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="synapse-") as folder:
        server = SynapseServer.start(Path(folder), overlay)
        try:
            yield server
        finally:
            server.stop()


@asynccontextmanager
async def running(server: SynapseServer, name: str, folder: Path, url: str | None = None) -> AsyncIterator[Bench]:
    """A bot called ``name``, connected."""
    bench = Bench(server, name, folder, url)
    try:
        await bench.start()
        yield bench
    finally:
        await bench.stop()
