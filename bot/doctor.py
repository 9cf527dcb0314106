"""Tries every setting as the bot would use it, and says what to do. Changes nothing that the bot would not."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import socket
import sqlite3
import stat
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

from bot import filed, wiring
from bot.clock import Clock
from bot.networks.port import NetworkDown, NetworkPort
from bot.settings import Settings, SettingsError
from playbooks.load import Book, PlaybookErrors, load
from playbooks.rooms import Network, RoomRef
from storage import deployment
from storage.connection import SAFE_WAL
from storage.database import SqliteStore, hold
from storage.facts import DEPLOYMENT
from storage.keys import KEY
from storage.store import StorageError, Store

Level = Literal["ok", "warn", "fail"]

CONNECT_SECONDS = 30.0
LITTLE_DISK = 1 << 30
NO_DISK = 100 << 20
BUILT = datetime(2025, 1, 1, tzinfo=UTC)
"""No true clock shows an earlier time."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was tried. ``todo`` says what to do about it; empty where all is well."""

    level: Level
    about: str
    says: str
    todo: str = ""


async def examine(settings: Settings, clock: Clock) -> AsyncIterator[Finding]:
    """Try everything, in the order in which trouble should be mended."""
    for finding in (*_folder(settings.data), _sqlite(), _clock(clock), *_admins(settings)):
        yield finding
    books: list[Book] = []
    for finding in _playbooks(settings, books):
        yield finding
    if not (settings.data.is_dir() and os.access(settings.data, os.W_OK)):
        return
    with contextlib.ExitStack() as held:
        runs = False
        try:
            held.enter_context(hold(settings.data))
        except StorageError as error:
            runs = True
            yield Finding("ok", "program", str(error).partition(":")[0])
        if not runs:
            yield _web(settings)
        try:
            async with filed.real(settings) as store:
                async for finding in _kept(settings, store, clock):
                    yield finding
                async for finding in _networks(settings, store, clock, books, runs=runs):
                    yield finding
        except StorageError as error:
            yield Finding("fail", "database", str(error))


def _folder(folder: Path) -> Iterator[Finding]:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        yield Finding(
            "fail", "data", f"{folder} cannot be made: {error.strerror}", "set TOCSIN_DATA to a folder that can"
        )
        return
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        yield Finding(
            "fail", "data", f"{folder} cannot be written to", f"give it to the user that runs the bot: chown {folder}"
        )
        return
    mode = stat.S_IMODE(folder.stat().st_mode)
    if mode & 0o077:
        yield Finding("warn", "data", f"{folder} can be entered by others (mode {mode:o})", f"chmod 700 {folder}")
    else:
        yield Finding("ok", "data", f"{folder} is writable, for us alone (mode {mode:o})")
    free = shutil.disk_usage(folder).free
    says = f"{free / (1 << 30):.1f} GiB are free"
    if free < NO_DISK:
        yield Finding("fail", "disk", says, "make room: without it nothing can be kept, and nothing is sent")
    elif free < LITTLE_DISK:
        yield Finding("warn", "disk", says, "make room before a crisis does")
    else:
        yield Finding("ok", "disk", says)


def _sqlite() -> Finding:
    version = sqlite3.sqlite_version
    if sqlite3.sqlite_version_info >= SAFE_WAL:
        return Finding("ok", "sqlite", f"version {version}, write-ahead log")
    safe = ".".join(map(str, SAFE_WAL))
    return Finding(
        "ok",
        "sqlite",
        f"version {version}, rollback journal: before {safe} two programs can damage a write-ahead log",
    )


def _clock(clock: Clock) -> Finding:
    now = clock.now()
    if now < BUILT:
        return Finding(
            "fail", "clock", f"the clock says {now:%Y-%m-%d %H:%M} UTC", "set it: a log with wrong times proves nothing"
        )
    return Finding("ok", "clock", f"{now:%Y-%m-%d %H:%M:%S} UTC; compare it with a watch")


def _admins(settings: Settings) -> Iterator[Finding]:
    if not settings.networks:
        yield Finding(
            "warn",
            "networks",
            "none is configured: `tocsin run` rehearses",
            "set TOCSIN_TELEGRAM_TOKEN, or TOCSIN_MATRIX_HOMESERVER with its account",
        )
        return
    named = {identity.partition(":")[0] for identity in settings.identities}
    if not named:
        yield Finding(
            "warn", "admins", "nobody is a coordinator from the start", "set TOCSIN_ADMINS, like telegram:501"
        )
    elif not named & set(settings.networks):
        yield Finding(
            "fail", "admins", "no administrator is on a network that is configured", "add one to TOCSIN_ADMINS"
        )
    else:
        yield Finding("ok", "admins", ", ".join(sorted(settings.identities)))


def _playbooks(settings: Settings, books: list[Book]) -> Iterator[Finding]:
    files = settings.playbook_files
    if not files:
        yield Finding("fail", "playbooks", "there is none", "set TOCSIN_PLAYBOOKS to files or folders that have some")
    for file in files:
        try:
            book = load(file)
        except PlaybookErrors as wrong:
            more = f", and {len(wrong.errors) - 1} more" if len(wrong.errors) > 1 else ""
            yield Finding("fail", "playbook", f"{wrong.errors[0]}{more}", f"see them all: tocsin check {file}")
        except OSError as error:
            yield Finding("fail", "playbook", f"{file} cannot be read: {error.strerror}", "make it readable")
        else:
            books.append(book)
            yield Finding("ok", "playbook", f"{book.playbook.playbook} version {book.playbook.version} ({file})")


def _web(settings: Settings) -> Finding:
    host, port = settings.address
    try:
        with socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET):
            return Finding("ok", "web", f"http://{settings.web} is free")
    except OSError as error:
        return Finding(
            "fail", "web", f"cannot listen on {settings.web}: {error.strerror}", "set TOCSIN_WEB to another host:port"
        )


async def _kept(settings: Settings, store: SqliteStore, clock: Clock) -> AsyncIterator[Finding]:
    wrong = await store.health()
    for says in wrong:
        yield Finding("fail", "log", says)
    heads = await store.heads()
    if not wrong:
        entries = sum(head.size for head in heads)
        yield Finding("ok", "log", f"{len(heads)} streams, {entries} entries, none lost since it was last signed")
    facts = await store.facts(DEPLOYMENT)
    if facts and facts[-1].at > clock.now() + timedelta(minutes=1):
        yield Finding(
            "fail",
            "clock",
            f"the log's last entry is of {facts[-1].at:%Y-%m-%d %H:%M} UTC, later than now",
            "set the clock right",
        )
    key = settings.data / KEY
    mode = stat.S_IMODE(key.stat().st_mode)
    if mode & 0o077:
        yield Finding(
            "fail",
            "key",
            f"others can read {key} (mode {mode:o})",
            f"chmod 600 {key}, and tell the partners that it may be known",
        )
    else:
        yield Finding(
            "ok",
            "key",
            f"{key} signs the log (mode {mode:o}); keep a copy of it apart from the backups of the database",
        )


# -- networks --------------------------------------------------------------------------------------------------------


class _Ears:
    """Keeps what a network tells while it is tried, so that the bot finds it when it starts."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self.here = asyncio.Event()
        self.username = ""

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

    async def connected(self, network: Network, username: str) -> None:
        del network
        self.username = username
        self.here.set()

    async def lost(self, network: Network, reason: str, *, rejected: bool) -> None:
        """``run`` raises the same."""


async def _networks(
    settings: Settings, store: SqliteStore, clock: Clock, books: Sequence[Book], *, runs: bool
) -> AsyncIterator[Finding]:
    if not settings.networks:
        return
    if runs:
        yield Finding(
            "ok", "networks", "the bot is running, so they are not tried here", f"see http://{settings.web}/readyz"
        )
        return
    try:
        networks = wiring.networks(settings, clock)
    except SettingsError as error:
        for line in error.lines:
            yield Finding("fail", "networks", line)
        return
    who = deployment.fold(deployment.Deployment(), await store.facts(DEPLOYMENT))
    for name, port in networks.items():
        ears = _Ears(store, clock)
        task = asyncio.create_task(port.run(ears))
        arrived = asyncio.create_task(ears.here.wait())
        try:
            await asyncio.wait({task, arrived}, timeout=CONNECT_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            if not ears.here.is_set():
                yield _not_there(name, task)
                continue
            yield Finding("ok", name, f"connected as {ears.username}")
            async for finding in _rooms(port, who, books):
                yield finding
        finally:
            arrived.cancel()
            task.cancel()
            await asyncio.gather(task, arrived, return_exceptions=True)
            await port.close()


def _not_there(name: Network, task: asyncio.Task[None]) -> Finding:
    error = task.exception() if task.done() and not task.cancelled() else None
    if error is None:
        return Finding("fail", name, f"no answer within {CONNECT_SECONDS:.0f} s", "see whether this machine reaches it")
    return Finding("fail", name, str(error) or type(error).__name__)


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
                yield Finding("fail", port.name, str(down))
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
            yield Finding("fail" if _is_bound(who, room) else "warn", port.name, f"{owner}: {trouble}")
    yield Finding("ok", port.name, f"{sound} of {len(wanted)} rooms are as they should be")


def _named(books: Sequence[Book]) -> Iterator[tuple[str, list[RoomRef]]]:
    for book in books:
        for name, partner in book.playbook.partners.items():
            yield f"{name} in {book.playbook.playbook}", [room.ref for room in partner.rooms]


def _is_bound(who: deployment.Deployment, room: RoomRef) -> bool:
    return any(ref == room for _, ref in who.bindings)
