"""The one writer: a single SQLite connection, and a lock around each whole transaction.

aiosqlite's connection is one shared transaction, and a cancelled call still executes: so everything goes through
``write`` and ``read``, which hold the lock from BEGIN to COMMIT and are shielded from cancellation. Other processes
(the command line) have their own connection to the same file; they take turns (``turns``), and a wait of more than
30 s is an error with words.

What is committed goes to a write-ahead log: with a journal each commit would wait for the disk several times, and a message that is carried
from one network to another waits for three commits.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import shutil
import sqlite3
from collections.abc import Callable, Coroutine, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal, TypeVar

import aiosqlite

from storage.migrations import APPLICATION, MIGRATIONS, statements
from storage.queries import SQL
from storage.store import StorageError, StorageFull
from storage.turns import Turns

T = TypeVar("T")

WAIT = 30.0
"""Seconds to wait for another process that holds the database."""

LEAST_ROOM = 64 << 10
"""Bytes: with less room on its disk SQLite cannot even open its write-ahead log."""


class Crossing(aiosqlite.Connection):
    """aiosqlite's connection and its thread, with one crossing for a whole transaction: each crossing costs more than a statement."""

    async def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run ``work`` in the connection's thread."""
        result: T = await self._execute(work, self._conn)  # type: ignore[no-untyped-call]
        return result

    async def begin(self) -> None:
        """Open the file. Raises sqlite3.Error.

        Where it cannot be opened the thread's last word is waited for: it goes to the event loop, and once that is closed the thread would never end.
        """
        try:
            await self
        except BaseException:
            self._thread.join()
            raise


class Inline:
    """SQLite in the caller's own thread, for what is only played: nothing waits for a disk there, and a crossing would cost most of the time."""

    def __init__(self, inner: sqlite3.Connection) -> None:
        self._conn = inner

    async def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run ``work`` now."""
        return work(self._conn)

    async def execute_fetchall(self, query: str, parameters: Iterable[Any] = ()) -> list[Any]:
        """The rows of one statement."""
        return self._conn.execute(query, tuple(parameters)).fetchall()

    async def close(self) -> None:
        """Let go of the file."""
        self._conn.close()


def transaction(inner: sqlite3.Connection, work: Callable[[sqlite3.Connection], T]) -> T:
    """Run ``work`` from BEGIN to COMMIT; whatever it raises, nothing of it is kept."""
    inner.execute("BEGIN IMMEDIATE")
    try:
        result = work(inner)
        inner.execute("COMMIT")
    except BaseException:
        # A full disk makes SQLite roll back by itself; then there is nothing left to roll back.
        if inner.in_transaction:
            inner.execute("ROLLBACK")
        raise
    return result


class Connection:
    """The database file, open."""

    def __init__(self, path: Path, inner: Crossing | Inline, turns: Turns) -> None:
        self.path = path
        self._inner = inner
        self._turns = turns
        self._lock = asyncio.Lock()
        self._running: set[asyncio.Task[Any]] = set()
        self._closed = False

    async def write(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run ``work`` in a transaction: all of it is kept, or nothing. It runs in the connection's thread, in one go.

        Cancelling the caller does not stop what has begun; the cancellation arrives when it is finished. Raises
        StorageFull or StorageError.
        """
        return await self._finished(self._write(work))

    async def read(self, query: str, parameters: Iterable[Any] = ()) -> list[Any]:
        """The rows that a named query finds, outside any transaction of ours."""
        return await self._finished(self._read(query, parameters))

    async def fold(self) -> bool:
        """Bring what the write-ahead log has into the database and empty it: what was blanked is then in neither. False where somebody still reads
        what was before, however long one waits for them; then the log is emptied once nobody has the database open any more.
        """
        work = self._in_turn(lambda inner: inner.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall())
        [(busy, *_)] = await self._finished(work)
        return not busy

    async def close(self) -> None:
        """Wait for what has begun, then let go of the file. Closing twice is harmless."""
        while self._running:
            await asyncio.wait(set(self._running))
        if not self._closed:
            self._closed = True
            try:
                with self._words():
                    await self._inner.run(self._closing)
            finally:
                await self._inner.close()
                self._turns.close()

    def _closing(self, inner: sqlite3.Connection) -> None:
        """Close SQLite's connection, which folds the log if it is the last one."""
        with self._turns.mine():
            inner.close()

    async def _write(self, work: Callable[[sqlite3.Connection], T]) -> T:
        return await self._in_turn(lambda inner: transaction(inner, work))

    async def _in_turn(self, work: Callable[[sqlite3.Connection], T]) -> T:
        def ours(inner: sqlite3.Connection) -> T:
            with self._turns.mine():
                return work(inner)

        async with self._lock:
            with self._words():
                return await self._inner.run(ours)

    async def _read(self, query: str, parameters: Iterable[Any]) -> list[Any]:
        async with self._lock:
            with self._words():
                return list(await self._inner.execute_fetchall(SQL[query], parameters))

    async def _finished(self, work: Coroutine[Any, Any, T]) -> T:
        if self._closed:
            work.close()
            raise StorageError("the database is closed")
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            if not task.done():
                await asyncio.wait({task})
            if not task.cancelled():
                task.exception()  # looked at: the caller is gone, and the transaction kept all or nothing
            raise

    @contextlib.contextmanager
    def _words(self) -> Iterator[None]:
        with words(self.path):
            yield


@contextlib.contextmanager
def words(path: Path) -> Iterator[None]:
    """Turn what SQLite and the disk complain of into StorageError and StorageFull, with what to do."""
    try:
        yield
    except sqlite3.Error as error:
        raise _explain(path, error) from error
    except TimeoutError as error:
        raise StorageError(_LOCKED.format(path=path)) from error
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StorageFull(f"no room left on the disk that holds {path.parent}: make room there") from error
        raise StorageError(f"{error.filename or path}: {error.strerror or error}") from error


_LOCKED = f"{{path}} has been locked by another process for {WAIT:.0f} s: end that process, then try again"


def _explain(path: Path, error: sqlite3.Error) -> StorageError:
    code = getattr(error, "sqlite_errorcode", None)
    primary = code & 0xFF if code is not None else None
    # A file that cannot grow while it is mapped into memory is SQLite's "disk I/O error".
    if primary == sqlite3.SQLITE_FULL or (primary == sqlite3.SQLITE_IOERR and _is_full(path.parent)):
        return StorageFull(f"no room left on the disk that holds {path.parent}: make room there")
    if primary in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return StorageError(_LOCKED.format(path=path))
    if primary in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
        return StorageError(f"{path} is damaged or is no Tocsin database ({error}): put it aside and restore a backup")
    if primary in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM):
        return StorageError(
            f"{path} cannot be opened for writing ({error}): give the program's user the folder and its files"
        )
    return StorageError(f"{path}: {error}")


def _is_full(folder: Path) -> bool:
    try:
        return shutil.disk_usage(folder).free < LEAST_ROOM
    except OSError:
        return False


Outlives = Literal["power failure", "process"]
"""What a commit outlives: a failure of the power, or only the end of the process, which costs far less."""


async def connect(path: Path, outlives: Outlives = "power failure") -> Connection:
    """Open the database, made with mode 600 if need be, with its schema brought up to today's.

    Raises StorageError for a file of a newer program, of another one, or a damaged one.
    """
    with words(path):
        _made(path)
        turns = Turns(path, WAIT)
        inner: Crossing | Inline
        try:
            if outlives == "power failure":
                await (inner := Crossing(lambda: opened(path), 64)).begin()
            else:
                inner = Inline(opened(path))
        except BaseException:
            turns.close()
            raise
    connection = Connection(path, inner, turns)
    try:
        with words(path):
            version = await _version(path, inner)
            await inner.run(lambda ours: _set(ours, turns, outlives))
        while version < len(MIGRATIONS):
            version = await connection.write(_migrate)
    except BaseException:
        await connection.close()
        raise
    return connection


def _made(path: Path) -> None:
    """See to it that the file is there, with mode 600. One that is there is not opened, not even for a moment: whoever closes a file lets go of every lock
    that this process holds on it (fcntl(2)), SQLite's as well; another process then takes itself for the last one, and removes the write-ahead log
    that we still write to (https://sqlite.org/howtocorrupt.html, "Posix advisory locks canceled by a separate thread doing close()").
    """
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))


def opened(path: Path) -> sqlite3.Connection:
    """SQLite's own connection; transactions begin where we say so."""
    return sqlite3.connect(path, isolation_level=None, timeout=WAIT)


def _set(inner: sqlite3.Connection, turns: Turns, outlives: Outlives) -> None:
    """How the connection writes. A file system that has no shared memory has no write-ahead log either."""
    with turns.mine():
        [(mode,)] = inner.execute("PRAGMA journal_mode = WAL").fetchall()
        if mode != "wal":
            inner.execute("PRAGMA journal_mode = TRUNCATE").fetchall()
    inner.execute(f"PRAGMA synchronous = {'FULL' if outlives == 'power failure' else 'OFF'}")
    inner.execute("PRAGMA foreign_keys = ON")
    inner.execute("PRAGMA secure_delete = ON").fetchall()


async def _version(path: Path, inner: Crossing | Inline) -> int:
    [(application,)] = await inner.execute_fetchall("PRAGMA application_id")
    [(version,)] = await inner.execute_fetchall("PRAGMA user_version")
    [(tables,)] = await inner.execute_fetchall("SELECT count(*) FROM sqlite_schema")
    if application != APPLICATION and (tables or application):
        raise StorageError(f"{path} belongs to another program: name another file, or move it away")
    if version > len(MIGRATIONS):
        raise StorageError(
            f"{path} was written by a newer Tocsin (its schema is {version}, this program knows {len(MIGRATIONS)}): "
            "install that version again, or restore the backup made before the update"
        )
    return int(version)


def _migrate(inner: sqlite3.Connection) -> int:
    """One step forward, in its own transaction. Another process may have taken it while we waited."""
    [(version,)] = inner.execute("PRAGMA user_version")
    if version >= len(MIGRATIONS):
        return int(version)
    for statement in statements(MIGRATIONS[version]):
        inner.execute(statement)
    inner.execute(f"PRAGMA application_id = {APPLICATION}")
    inner.execute(f"PRAGMA user_version = {version + 1}")
    return int(version) + 1


def change(inner: sqlite3.Connection, query: str, rows: Sequence[Sequence[Any]]) -> int:
    """Run a named statement once for each row of parameters. Returns how many rows of the table it touched."""
    if not rows:
        return 0
    return inner.executemany(SQL[query], rows).rowcount
