"""Copies of the log that somebody asked for in a chat, made when their turn to leave comes.

It is made as ``tocsin export`` makes one beside the running program: by another connection to the same database, and in a thread of its own, so that
whatever else goes on in the program goes on, however long the log is. That it was made becomes a fact before it is written.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from bot.clock import Clock
from bot.networks.port import FileGone, NetworkDown
from storage.database import SqliteStore
from storage.export.forms import form
from storage.export.making import Asked, make
from storage.export.recipients import recipient
from storage.store import StorageError, StorageFull

Opened = Callable[[], AbstractAsyncContextManager[SqliteStore]]
"""Opens what is kept once more, for as long as a copy is made."""


class Copies:
    """Makes copies of the log: see ``bot.spool.Maker``."""

    def __init__(self, opened: Opened, clock: Clock) -> None:
        self._opened = opened
        self._clock = clock

    async def make(self, what: str, path: Path) -> int:
        """Write the copy that ``what`` names (``handlers.exporting``) to ``path``; its bytes. Raises FileGone or NetworkDown."""
        making = asyncio.ensure_future(asyncio.to_thread(self._made, json.loads(what), path))
        try:
            return await asyncio.shield(making)
        except asyncio.CancelledError:
            # A thread cannot be stopped: what it still writes is not left lying about.
            making.add_done_callback(lambda done: _thrown_away(done, path))
            raise
        except StorageFull as full:
            raise NetworkDown(str(full)) from full
        except StorageError as why:
            raise FileGone(str(why)) from why

    def _made(self, what: dict[str, str], path: Path) -> int:
        asyncio.run(self._make(what, path))
        return path.stat().st_size

    async def _now(self) -> datetime:
        return self._clock.now()

    async def _make(self, what: dict[str, str], path: Path) -> None:
        async with self._opened() as store:
            who, zone = await recipient(store, what["stream"], what["for"])
            who = replace(who, language=what.get("language", who.language))
            asked = Asked(what["stream"], who, what["by"], what["reason"], what["form"], None, zone)
            await make(store, asked, form(what["form"]), path, now=self._now, replace=True)


def _thrown_away(made: asyncio.Future[int], path: Path) -> None:
    made.exception()  # of what nobody waits for nobody need hear
    path.unlink(missing_ok=True)
