"""Files on the homeserver: brought there once, however many rooms see them, and fetched from it.

A plain file and its sealed form (for encrypted rooms) are two files there. Where each lies is remembered for some days, and
what was said of a file in an event for longer, so that the words under it can be changed: an edit must say everything again.
The memory is a small database in the Matrix folder, and holds keys. Losing it costs no more than bringing a file again.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import sqlite3
from collections import defaultdict
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from datetime import datetime, timedelta
from io import BufferedReader
from pathlib import Path
from typing import Any
from urllib.parse import quote

from bot.networks.matrix_attachment import Opening, Sealing, Stored, stored
from bot.networks.matrix_http import PIECE, Homeserver, MatrixError
from bot.networks.port import FileGone, NetworkDown, Spooled

SHELF_FILE = "files.db"

_MEDIA, _OLD_MEDIA = "/_matrix/client/v1/media", "/_matrix/media/v3"
_LYING = timedelta(days=3)  # homeservers may throw old files away
_SAID = timedelta(days=30)
_LYING_AT_MOST, _SAID_AT_MOST = 5_000, 20_000
_AT_ONCE = 4
_CONFIG_SECONDS = 10.0
_SCHEMA = """
CREATE TABLE IF NOT EXISTS lying (
    digest TEXT NOT NULL,                -- of the file as it is here
    sealed INTEGER NOT NULL,
    url TEXT NOT NULL,
    seal TEXT,                           -- the rest of the EncryptedFile, as JSON
    since REAL NOT NULL,
    PRIMARY KEY (digest, sealed)
) STRICT;
CREATE TABLE IF NOT EXISTS said (
    event TEXT PRIMARY KEY,
    content TEXT NOT NULL,               -- of the event that shows a file, as JSON
    since REAL NOT NULL
) STRICT;
"""


class FileRefused(Exception):
    """The file cannot be brought to the homeserver, now or later. The message says why."""


class Shelf:
    """What lies on ``home``, remembered in ``folder``. ``largest``: bytes of a file that it takes, None if it does not say."""

    def __init__(self, home: Homeserver, folder: Path, clock: Callable[[], datetime]) -> None:
        self.largest: int | None = None
        self._home = home
        self._clock = clock
        path = folder / SHELF_FILE
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.execute("PRAGMA secure_delete = ON")
        self._db.executescript(_SCHEMA)
        self._turns = asyncio.Semaphore(_AT_ONCE)
        self._bringing: defaultdict[tuple[str, bool], asyncio.Lock] = defaultdict(asyncio.Lock)
        self._prune()

    def close(self) -> None:
        self._db.close()

    async def ask_largest(self) -> None:
        """Learn how large a file may be. Where the server does not tell, its word when a file comes has to do."""
        for path in (f"{_MEDIA}/config", f"{_OLD_MEDIA}/config"):
            try:
                told = (await self._home.call("GET", path, seconds=_CONFIG_SECONDS)).get("m.upload.size")
            except NetworkDown:
                continue
            self.largest = told if isinstance(told, int) and told > 0 else None
            return

    async def bring(self, file: Spooled, *, sealed: bool) -> Stored:
        """Have ``file`` on the homeserver, ``sealed`` for encrypted rooms; only brought if it does not lie there.

        Raises FileRefused, MatrixError for what trying later may mend, and NetworkDown.
        """
        try:
            opened = await asyncio.to_thread(file.path.open, "rb")
        except OSError as trouble:
            raise FileRefused(f"the file is not kept here any more ({type(trouble).__name__})") from None
        with opened:
            size = os.fstat(opened.fileno()).st_size
            if self.largest is not None and size > self.largest:
                raise FileRefused("the file is too large for the homeserver")
            digest = await asyncio.to_thread(_digest, opened)
            async with self._bringing[digest, sealed]:
                lies = self._lying(digest, sealed)
                if lies is None:
                    async with self._turns:
                        lies = await self._upload(opened, size, None if sealed else file.type)
                    self._note(digest, sealed, lies)
        self._bringing.pop((digest, sealed), None)
        return lies

    def remember(self, event: str, content: dict[str, Any]) -> None:
        """``event`` shows a file, and says ``content``."""
        self._db.execute(
            "INSERT OR REPLACE INTO said (event, content, since) VALUES (?, ?, ?)",
            (event, json.dumps(content), self._now()),
        )

    def recall(self, event: str) -> dict[str, Any] | None:
        """What ``event`` said when it showed a file; None when it did not, or that was long ago."""
        row = self._db.execute("SELECT content FROM said WHERE event = ?", (event,)).fetchone()
        said: dict[str, Any] | None = json.loads(row[0]) if row is not None else None
        return said

    def forget(self, event: str) -> None:
        """``event`` is no more."""
        self._db.execute("DELETE FROM said WHERE event = ?", (event,))

    async def _upload(self, opened: BufferedReader, size: int, kind: str | None) -> Stored:
        """``kind`` is the MIME type of a plain file; None: sealed. The server learns no name: rooms may see different ones."""
        sealing = Sealing() if kind is None else None
        opened.seek(0)
        try:
            told = await self._home.upload(
                f"{_OLD_MEDIA}/upload", _pieces(opened, sealing), size, kind or "application/octet-stream"
            )
        except MatrixError as error:
            if error.status == 413 or error.errcode == "M_TOO_LARGE":
                raise FileRefused("the file is too large for the homeserver") from None
            if error.status == 403 and error.errcode != "M_LIMIT_EXCEEDED":
                raise FileRefused(f"the homeserver does not take the file ({error.errcode or error.status})") from None
            raise
        except NetworkDown:
            # Servers hang up on what is too large, without a word; perhaps they tell when asked.
            await self.ask_largest()
            if self.largest is not None and size > self.largest:
                raise FileRefused("the file is too large for the homeserver") from None
            raise
        url = told.get("content_uri")
        if not isinstance(url, str) or not url.startswith("mxc://"):
            raise NetworkDown("the homeserver took a file and did not say where it is")
        return Stored(url, sealing.seal() if sealing is not None else None)

    def _lying(self, digest: str, sealed: bool) -> Stored | None:
        row = self._db.execute(
            "SELECT url, seal FROM lying WHERE digest = ? AND sealed = ? AND since > ?",
            (digest, int(sealed), self._now() - _LYING.total_seconds()),
        ).fetchone()
        return Stored(row[0], json.loads(row[1]) if row[1] else None) if row is not None else None

    def _note(self, digest: str, sealed: bool, lies: Stored) -> None:
        self._prune()
        seal = json.dumps(lies.seal) if lies.seal is not None else None
        self._db.execute(
            "INSERT OR REPLACE INTO lying (digest, sealed, url, seal, since) VALUES (?, ?, ?, ?, ?)",
            (digest, int(sealed), lies.url, seal, self._now()),
        )

    def _prune(self) -> None:
        now = self._now()
        for table, age, most in (("lying", _LYING, _LYING_AT_MOST), ("said", _SAID, _SAID_AT_MOST)):
            self._db.execute(
                f"DELETE FROM {table} WHERE since <= ? OR rowid <="  # noqa: S608
                f" (SELECT rowid FROM {table} ORDER BY rowid DESC LIMIT 1 OFFSET ?)",
                (now - age.total_seconds(), most),
            )

    def _now(self) -> float:
        return self._clock().timestamp()


async def fetch(home: Homeserver, where: str) -> AsyncIterator[bytes]:
    """The bytes of the file that ``where`` names, opened if it is sealed. Raises NetworkDown, and FileGone.

    The last piece of a sealed file comes only when all of it was found to be what its sender sealed.
    """
    if home.token is None:
        raise NetworkDown("Matrix is not connected yet")
    lies = stored(where)
    server, name = (quote(part, safe="") for part in lies.address)
    opening = Opening(lies.seal) if lies.seal is not None else None
    held = b""
    async with aclosing(_downloaded(home, server, name)) as pieces:
        async for piece in pieces:
            if held:
                yield held
            held = opening.update(piece) if opening is not None else piece
    if opening is not None:
        opening.check()
    if held:
        yield held


async def _downloaded(home: Homeserver, server: str, name: str) -> AsyncGenerator[bytes, None]:
    for media in (_MEDIA, _OLD_MEDIA):
        try:
            async with aclosing(home.download(f"{media}/download/{server}/{name}")) as pieces:
                async for piece in pieces:
                    yield piece
            return
        except MatrixError as error:
            unheard_of = error.status in (400, 404, 405) and error.errcode in ("", "M_UNRECOGNIZED")
            if unheard_of and media == _MEDIA:
                continue  # a server of before files were asked for by name
            if error.status in (400, 403, 404, 405, 410, 413):
                raise FileGone(f"the homeserver does not give the file ({error.errcode or error.status})") from None
            raise


async def _pieces(opened: BufferedReader, sealing: Sealing | None) -> AsyncGenerator[bytes, None]:
    while piece := await asyncio.to_thread(opened.read, PIECE):
        yield sealing.update(piece) if sealing is not None else piece


def _digest(opened: BufferedReader) -> str:
    return hashlib.file_digest(opened, "sha256").hexdigest()
