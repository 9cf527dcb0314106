"""The doctor's part that talks to the networks: whether they are there, know us, and let us into every room."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence

from bot import wiring
from bot.clock import Clock
from bot.findings import Finding, told
from bot.networks.port import NetworkDown, NetworkPort
from bot.settings import Settings, SettingsError
from playbooks.load import Book
from playbooks.rooms import Network, RoomRef
from storage import deployment
from storage.database import SqliteStore
from storage.facts import DEPLOYMENT
from storage.store import Store

CONNECT_SECONDS = 30.0


class _Ears:
    """Keeps what a network tells while it is tried, so that the bot finds it when it starts."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self.here = asyncio.Event()
        self.username = ""
        self.reason = ""
        self.rejected = False

    async def cursor(self, network: Network) -> str | None:
        return await self._store.cursor(network)

    async def keep(self, network: Network, items: Sequence[tuple[str, str]], cursor: str | None) -> None:
        await self._store.keep(network, items, cursor, self._clock.now())

    async def keep_batch(self, network: Network, body: str, cursor: str) -> int:
        return await self._store.keep_batch(network, body, cursor, self._clock.now())

    async def batches(self, network: Network) -> Sequence[tuple[int, str]]:
        return await self._store.batches(network)

    async def settle_batch(self, network: Network, batch: int, items: Sequence[tuple[str, str]]) -> None:
        await self._store.settle_batch(network, batch, items, self._clock.now())

    async def caught_up(self, network: Network) -> None:
        """Nothing is decided here, and nothing said."""

    async def connected(self, network: Network, username: str) -> None:
        del network
        self.username = username
        self.here.set()

    async def lost(self, network: Network, reason: str, *, rejected: bool) -> None:
        """``run`` raises the same; whether it is us that are refused is told here only."""
        del network
        self.reason, self.rejected = reason, rejected


async def networks(
    settings: Settings, store: SqliteStore, clock: Clock, books: Sequence[Book]
) -> AsyncIterator[Finding]:
    """Connect to every network that is configured, and look into every room."""
    try:
        ports = wiring.networks(settings, clock)
    except SettingsError as error:
        for line in error.lines:
            yield told("fail", "networks", line, "set it right", "; ")
        return
    who = deployment.fold(deployment.Deployment(), await store.facts(DEPLOYMENT))
    for name, port in ports.items():
        ears = _Ears(store, clock)
        task = asyncio.create_task(port.run(ears))
        arrived = asyncio.create_task(ears.here.wait())
        try:
            await asyncio.wait({task, arrived}, timeout=CONNECT_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            if not ears.here.is_set():
                yield _not_there(settings, name, task, ears)
                continue
            yield Finding("ok", name, f"connected as {ears.username}")
            if port.state.last_error:
                yield told("warn", name, port.state.last_error, "see the program's log")
            async for finding in _rooms(port, who, books):
                yield finding
        finally:
            arrived.cancel()
            task.cancel()
            await asyncio.gather(task, arrived, return_exceptions=True)
            await port.close()


def address(settings: Settings, name: Network) -> str:
    """Where a network is looked for."""
    return settings.telegram_base_url if name == "telegram" else settings.matrix_homeserver


_ACCOUNT = {
    "telegram": "set TOCSIN_TELEGRAM_TOKEN to the token that @BotFather shows under /mybots",
    "matrix": "see that TOCSIN_MATRIX_USER and TOCSIN_MATRIX_PASSWORD, or TOCSIN_MATRIX_TOKEN, are right",
}
_ADDRESS = {"telegram": "TOCSIN_TELEGRAM_BASE_URL", "matrix": "TOCSIN_MATRIX_HOMESERVER"}


def _not_there(settings: Settings, name: Network, task: asyncio.Task[None], ears: _Ears) -> Finding:
    error = task.exception() if task.done() and not task.cancelled() else None
    where = address(settings, name)
    if ears.rejected:
        return Finding("fail", name, f"{ears.reason or error} ({where})", _ACCOUNT[name])
    words = str(error or ears.reason) or (type(error).__name__ if error is not None else "")
    says = words.rstrip(".") or f"no answer within {CONNECT_SECONDS:.0f} s"
    todo = f"see whether this machine reaches it, as with curl -I {where}, and that {_ADDRESS[name]} is right"
    return Finding("fail", name, f"{says} ({where})", todo)


async def _rooms(port: NetworkPort, who: deployment.Deployment, books: Sequence[Book]) -> AsyncIterator[Finding]:
    """Every room that is bound, or that a playbook names, with what is missing there."""
    wanted: dict[RoomRef, str] = {}
    for (book, room), binding in who.bindings.items():
        if room.network == port.name:
            wanted.setdefault(room, f"{binding.partner} in {book}")
    for name, partner in _named(books):
        for written in partner:
            if written.network != port.name:
                continue
            try:
                found = await port.resolve(written.id) if written.id.startswith(("#", "@")) else written
            except NetworkDown as down:
                yield told("fail", port.name, str(down), "try again once the network answers")
                return
            if found is None:
                yield Finding(
                    "warn",
                    port.name,
                    f"{written.id} of {name}: there is no such room",
                    "make it, or correct the playbook",
                )
            else:
                wanted.setdefault(found, name)
    sound = 0
    for room, owner in wanted.items():
        try:
            troubles = await port.examine(room)
        except NetworkDown as down:
            troubles = [str(down)]
        sound += not troubles
        for trouble in troubles:
            todo = "mend it in that room, or correct the playbook"
            yield told("fail" if _is_bound(who, room) else "warn", port.name, f"{owner}, {trouble}", todo)
    yield Finding("ok", port.name, f"{sound} of {len(wanted)} rooms are as they should be")


def _named(books: Sequence[Book]) -> Iterator[tuple[str, list[RoomRef]]]:
    for book in books:
        for name, partner in book.playbook.partners.items():
            yield f"{name} in {book.playbook.playbook}", [room.ref for room in partner.rooms]


def _is_bound(who: deployment.Deployment, room: RoomRef) -> bool:
    return any(ref == room for _, ref in who.bindings)
