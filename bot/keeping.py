"""What networks hear is kept before anything is done about it: the part of the networks' ``Ears`` that only keeps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from bot.clock import Clock
from playbooks.rooms import Network
from storage.store import StorageError, Store


class Keeping:
    """Commits what networks hand over. ``_listen`` is called when something new waits.

    ``unkept`` says for a network why its last words could not be kept; it will hand them over again.
    """

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self.unkept: dict[Network, str] = {}

    @contextmanager
    def _keeps(self, network: Network) -> Iterator[None]:
        try:
            yield
        except StorageError as error:
            self.unkept[network] = str(error)
            raise
        self.unkept.pop(network, None)

    def _listen(self) -> None:
        raise NotImplementedError

    async def cursor(self, network: Network) -> str | None:
        """The last cursor committed, or None."""
        return await self._store.cursor(network)

    async def keep(self, network: Network, items: Sequence[tuple[str, str]], cursor: str | None) -> None:
        """Commit raw events and the cursor; then they are decided."""
        with self._keeps(network):
            new = await self._store.keep(network, items, cursor, self._clock.now())
        if new:
            self._listen()

    async def keep_batch(self, network: Network, body: str, cursor: str) -> int:
        """Commit a raw batch with its cursor. Returns its id."""
        with self._keeps(network):
            return await self._store.keep_batch(network, body, cursor, self._clock.now())

    async def batches(self, network: Network) -> Sequence[tuple[int, str]]:
        """Batches not yet settled, oldest first."""
        return await self._store.batches(network)

    async def settle_batch(self, network: Network, batch: int, items: Sequence[tuple[str, str]]) -> None:
        """Commit the events a batch yielded and forget the batch; then they are decided."""
        with self._keeps(network):
            new = await self._store.settle_batch(network, batch, items, self._clock.now())
        if new:
            self._listen()
