"""The supervisor: keeps every network running, each by itself. One that fails is started again, later and later;
the others go on.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Mapping, Sequence

from bot.clock import Clock, woken
from bot.faults import fault
from bot.networks.port import Ears, NetworkDown, NetworkPort, NetworkRejected
from bot.once import Once
from playbooks.rooms import Network
from storage.store import StorageError

log = logging.getLogger(__name__)

FIRST_WAIT = 1.0
LONGEST_WAIT = 60.0
REJECTED_WAIT = 300.0
"""Seconds until a network that refuses who we are is tried again: a person must act first."""


class Supervisor:
    """Runs networks until it is stopped. ``jitter`` gives numbers from 0 to 1, so that many bots do not return at
    once.
    """

    def __init__(
        self,
        networks: Mapping[Network, NetworkPort],
        ears: Ears,
        clock: Clock,
        *,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._networks = networks
        self._ears = ears
        self._clock = clock
        self._jitter = jitter
        self._once = Once(log, clock)
        self._stopped = asyncio.Event()

    async def run(self) -> None:
        """Keep the networks running until ``stop``."""
        async with asyncio.TaskGroup() as group:
            running = [group.create_task(self._keep(port)) for port in self._networks.values()]
            await self._stopped.wait()
            for task in running:
                task.cancel()

    def stop(self) -> None:
        """Hear nothing more."""
        self._stopped.set()

    async def _keep(self, port: NetworkPort) -> None:
        wait = FIRST_WAIT
        while True:
            ears = Attentive(self._ears, self._once)
            rejected = False
            try:
                await port.run(ears)
                reason = "it ended by itself"
            except NetworkRejected as error:
                reason, rejected = str(error), True
            except NetworkDown as error:
                reason = str(error)
            except StorageError as error:
                # The network is not at fault; it is asked again for what could not be kept.
                port.state.connected = False
                self._once.wrong(port.name, "what a network says cannot be kept", network=port.name, reason=str(error))
                await woken(self._clock, self._stopped, FIRST_WAIT)
                continue
            except Exception as error:  # noqa: BLE001 the other networks go on, whatever happens to one
                reason = f"a fault of ours: {fault(error)}"
            port.state.connected = False
            port.state.last_error = reason
            lost = "a network refuses us: a person must act" if rejected else "a network was lost, and is tried again"
            self._once.wrong(port.name, lost, logging.WARNING, network=port.name, reason=reason)
            await self._ears.lost(port.name, reason, rejected=rejected)
            if ears.was_connected:
                wait = FIRST_WAIT
            pause = REJECTED_WAIT if rejected else wait
            await woken(self._clock, self._stopped, pause * (0.5 + self._jitter() / 2))
            wait = min(LONGEST_WAIT, wait * 2)


class Attentive:
    """Ears that remember whether the network worked at all since it was started."""

    def __init__(self, ears: Ears, once: Once) -> None:
        self._ears = ears
        self._once = once
        self.was_connected = False

    async def cursor(self, network: Network) -> str | None:
        """The last cursor committed, or None."""
        return await self._ears.cursor(network)

    async def keep(self, network: Network, items: Sequence[tuple[str, str]], cursor: str | None) -> None:
        """Commit raw events and the cursor."""
        await self._ears.keep(network, items, cursor)

    async def keep_batch(self, network: Network, body: str, cursor: str) -> int:
        """Commit a raw batch with its cursor."""
        return await self._ears.keep_batch(network, body, cursor)

    async def batches(self, network: Network) -> Sequence[tuple[int, str]]:
        """Batches not yet settled."""
        return await self._ears.batches(network)

    async def settle_batch(self, network: Network, batch: int, items: Sequence[tuple[str, str]]) -> None:
        """Commit the events a batch yielded and forget the batch."""
        await self._ears.settle_batch(network, batch, items)

    async def caught_up(self, network: Network) -> None:
        """Return once everything that was kept is decided."""
        await self._ears.caught_up(network)

    async def connected(self, network: Network, username: str) -> None:
        """The network works (again)."""
        self.was_connected = True
        self._once.well(network, "a network answers again", network=network)
        await self._ears.connected(network, username)

    async def lost(self, network: Network, reason: str, *, rejected: bool) -> None:
        """The network does not answer, or refuses us."""
        await self._ears.lost(network, reason, rejected=rejected)
