"""The ears of these tests: an inbox in memory that commits like the real one, and that can be told to fail."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from playbooks.rooms import Network
from tests.patience import PATIENCE


class Inbox:
    """What a network committed. ``kept`` has the events by key, ``again`` the keys that came more than once."""

    def __init__(self) -> None:
        self.committed: str | None = None
        self.kept: dict[str, str] = {}
        self.again: list[str] = []
        self.batched: dict[int, str] = {}
        self.connections: list[str] = []
        self.losses: list[tuple[str, bool]] = []
        self._count = 0
        self._fails_in = 0
        self._waiting: set[asyncio.Event] = set()

    def fail(self, nth: int) -> None:
        """The ``nth`` commit from now on does not happen: the disk is full."""
        self._fails_in = nth

    async def until(self, so: Callable[[], bool]) -> None:
        """Wait until something is so; it is looked at whenever the network has told something."""
        news = asyncio.Event()
        self._waiting.add(news)
        try:
            async with asyncio.timeout(PATIENCE):
                while not so():
                    news.clear()
                    await news.wait()
        finally:
            self._waiting.discard(news)

    def wake(self) -> None:
        """Look again at what is waited for."""
        for news in self._waiting:
            news.set()

    # -- the port's Ears -------------------------------------------------------------------------------------------

    async def cursor(self, network: Network) -> str | None:
        return self.committed

    async def keep(self, network: Network, items: Sequence[tuple[str, str]], cursor: str | None) -> None:
        self._commit()
        self._add(items)
        self.committed = cursor if cursor is not None else self.committed
        self.wake()

    async def keep_batch(self, network: Network, body: str, cursor: str) -> int:
        self._commit()
        self._count += 1
        self.batched[self._count] = body
        self.committed = cursor
        return self._count

    async def batches(self, network: Network) -> Sequence[tuple[int, str]]:
        return sorted(self.batched.items())

    async def settle_batch(self, network: Network, batch: int, items: Sequence[tuple[str, str]]) -> None:
        self._commit()
        self._add(items)
        self.batched.pop(batch)
        self.wake()

    async def caught_up(self, network: Network) -> None:
        """Nothing is decided here."""

    async def connected(self, network: Network, username: str) -> None:
        self.connections.append(username)
        self.wake()

    async def lost(self, network: Network, reason: str, *, rejected: bool) -> None:
        self.losses.append((reason, rejected))
        self.wake()

    # -- parts -----------------------------------------------------------------------------------------------------

    def _commit(self) -> None:
        self._fails_in -= 1
        if self._fails_in == 0:
            raise OSError("disk full")

    def _add(self, items: Sequence[tuple[str, str]]) -> None:
        for key, body in items:
            if key in self.kept:
                self.again.append(key)
            self.kept.setdefault(key, body)
