"""The files of messages, fetched before a message is claimed: while one is on its way here, no message of unknown fate is.

The first of a room waits for its file, and what is more urgent passes it. Where the file cannot be had now, the message steps aside
and everything passes it, until the file is there or nobody waits for it any more: then the words go without it, and say so.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Container, Mapping
from typing import Any, Protocol

from bot.clock import Clock, woken
from bot.faults import fault
from bot.merging import age
from bot.networks.port import FileGone, FileTooLarge, NetworkDown, NetworkPort, Spooled
from bot.spool import PlaceRemains
from playbooks.rooms import Network
from playbooks.spoken import File, file_of
from storage.store import OutboxRow

log = logging.getLogger(__name__)

HOLDS_UP = 30.0
"""Seconds for which what is behind a message waits for its file."""

LONGEST_FETCH = 3600.0
"""Seconds after which a message goes without a file that could not be had until then."""

WHOLE_ALBUM = 1.0
"""Seconds after something was said for which a file of an album waits for the others: a label on any of them holds for all (``handlers.anew``)."""

FIRST_RETRY, LAST_RETRY = 2.0, 60.0
"""Seconds between two tries, at first and at last."""


class Files(Protocol):
    """Where files are had from: the spool."""

    async def hold(self, file: File, *, place: bool) -> Spooled:
        """A file, which stays until ``release``. Raises FileGone, NetworkDown or PlaceRemains."""

    def release(self, spooled: Spooled) -> None:
        """Let go of a file that ``hold`` gave."""


TOO_LARGE, NOT_TAKEN, NOT_HAD = "too-large", "not-taken", "not-had"
"""Why a message goes without its file: its own network does not give one so large, or the room's does not take it; the room's takes none like it;
it cannot be had any more."""


class Fetching:
    """The files of messages that wait. ``ready`` and ``aside`` are called with a token as its message may leave, or steps aside."""

    def __init__(
        self,
        files: Files | None,
        clock: Clock,
        networks: Mapping[Network, NetworkPort],
        waiting: Container[str],
        ready: Callable[[str], None],
        aside: Callable[[str], None],
    ) -> None:
        self._files = files
        self._clock = clock
        self._networks = networks
        self._waiting = waiting
        self._ready = ready
        self._aside = aside
        self._held: dict[str, Spooled | None] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._aside_now: set[str] = set()
        self._left_out: set[str] = set()
        self._lacks: dict[str, str] = {}

    @property
    def active(self) -> int:
        """Files that are on their way, and for which something waits."""
        return len(self._tasks) - len(self._aside_now)

    def has(self, row: OutboxRow) -> bool:
        """Whether the row may leave: its file is here, or is not to be waited for. Else it is fetched from now on."""
        if row.token in self._held or row.token in self._left_out:
            return True
        if row.token in self._tasks:
            return False
        said = wanted(row)
        if said is None:
            return True
        file = file_of(said["file"])
        too_large = self._too_large(file, row)
        if self._files is None or too_large:
            self._held[row.token] = None
            if too_large:
                self._lacks[row.token] = TOO_LARGE
            return True
        self._tasks[row.token] = asyncio.create_task(self._fetch(self._files, row, file, place=bool(said.get("place"))))
        return False

    def of(self, token: str) -> Spooled | None:
        """The file of a message that may leave; None where it goes without."""
        return self._held.get(token)

    def leave_out(self, token: str) -> None:
        """A message goes without its file from now on, whatever can be had: its network does not take it."""
        self.let_go(token)
        self._left_out.add(token)
        self._lacks[token] = NOT_TAKEN

    def lacks(self, token: str) -> str:
        """Why a message goes without its file, if it does."""
        return self._lacks.get(token, NOT_HAD)

    def forget(self, token: str) -> None:
        """A message has found its end."""
        self.let_go(token)
        self._left_out.discard(token)

    def let_go(self, token: str) -> None:
        """A message has left, or does not leave now."""
        spooled = self._held.pop(token, None)
        self._lacks.pop(token, None)
        if spooled is not None and self._files is not None:
            self._files.release(spooled)

    async def close(self) -> None:
        """Stop fetching, and let go of everything."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for token in list(self._held):
            self.let_go(token)

    async def _fetch(self, files: Files, row: OutboxRow, file: File, *, place: bool) -> None:
        try:
            spooled = await self._had(files, row, file, place=place)
        finally:
            self._tasks.pop(row.token, None)
            self._aside_now.discard(row.token)
        if spooled is not None and (row.token not in self._waiting or self._too_large(file, row, spooled.size)):
            files.release(spooled)
            spooled = None
            if row.token in self._waiting:
                self._lacks[row.token] = TOO_LARGE
        if row.token in self._waiting:
            self._held[row.token] = spooled
        self._ready(row.token)

    async def _had(self, files: Files, row: OutboxRow, file: File, *, place: bool) -> Spooled | None:
        """The file, or None where the message goes without; of an album once that can be expected to be complete."""
        spooled: Spooled | None = None
        try:
            spooled = await self._until_had(files, row, file, place=place)
        except (FileGone, PlaceRemains) as why:
            if isinstance(why, FileTooLarge):
                self._lacks[row.token] = TOO_LARGE
            log.info("a file cannot be carried", extra={"send": row.token, "reason": str(why)})
        except Exception as error:  # noqa: BLE001 the words go, whatever happens
            log.error("a file could not be fetched", extra={"send": row.token, "fault": fault(error)})
        if file.album is None:
            return spooled
        left = WHOLE_ALBUM - age(row, self._clock.now()).total_seconds()
        try:
            await self._clock.sleep(min(max(left, 0.0), WHOLE_ALBUM))
        except asyncio.CancelledError:
            if spooled is not None:
                files.release(spooled)
            raise
        return spooled

    async def _until_had(self, files: Files, row: OutboxRow, file: File, *, place: bool) -> Spooled | None:
        """Try until it is here; None where nobody waits for it any more. Raises FileGone or PlaceRemains."""
        begun, wait = self._clock.monotonic(), FIRST_RETRY
        while row.token in self._waiting and (left := begun + LONGEST_FETCH - self._clock.monotonic()) > 0:
            try:
                return await self._try(files, row.token, file, left, place=place)
            except NetworkDown:
                self._pass(row.token)
                await self._clock.sleep(wait)
                self._aside_now.discard(row.token)
                wait = min(LAST_RETRY, wait * 2)
        return None

    async def _try(self, files: Files, token: str, file: File, most: float, *, place: bool) -> Spooled:
        """Fetch once, in at most so many seconds; what takes long is passed by what stands behind it. Raises FileGone where it does not end."""
        done = asyncio.Event()
        holding = asyncio.create_task(self._hold(files, file, done, place=place))
        try:
            if not await woken(self._clock, done, min(HOLDS_UP, most)):
                self._pass(token)
                if not await woken(self._clock, done, max(0.0, most - HOLDS_UP)):
                    raise FileGone("it did not come to an end")
            return await holding
        finally:
            holding.cancel()

    def _pass(self, token: str) -> None:
        """Let everything else go on."""
        self._aside_now.add(token)
        self._aside(token)

    @staticmethod
    async def _hold(files: Files, file: File, done: asyncio.Event, *, place: bool) -> Spooled:
        try:
            return await files.hold(file, place=place)
        finally:
            done.set()

    def _too_large(self, file: File, row: OutboxRow, size: int | None = None) -> bool:
        """Whether its own network does not give it, or the room's does not take it."""
        size = file.size if size is None else size
        there, here = self._networks.get(file.network), self._networks.get(row.to.network)
        bounds = (
            there.largest_download if there is not None else None,
            here.largest_upload if here is not None else None,
        )
        return size is not None and any(bound is not None and size > bound for bound in bounds)


def wanted(row: OutboxRow) -> Mapping[str, Any] | None:
    """The payload of a row that cannot leave without looking for its file; None of any other. An edit names a file anew only if it is another."""
    if '"file":' not in row.payload:
        return None
    said: Mapping[str, Any] = json.loads(row.payload)
    return said if said.get("file") and (row.kind == "message" or said.get("anew")) else None
