"""Time stamps for checkpoints: an authority (RFC 3161) is asked over HTTP, beside everything else that the bot does.

Nothing waits for it. What it answers is read up to a limit, within a time, and believed in nothing that it cannot show. A checkpoint for which it gave
no stamp is not asked for again: the next is asked for at its own time, and speaks for everything before it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import aiohttp
from cryptography.x509 import Certificate

from bot.clock import Clock
from bot.faults import fault
from bot.settings import Settings
from handlers.events import Event, NoStamps, TimeStamped
from storage.stamping import MOST_BYTES, BadStamp, Question, Stamped, question, roots_in, stamped

log = logging.getLogger(__name__)

PATIENCE = 20.0
"""Seconds in which it must have answered."""

LONG = timedelta(hours=6)
"""After so long without a stamp, though some were asked for, the coordinators are told."""

_ASKS = {"Content-Type": "application/timestamp-query", "Accept": "application/timestamp-reply"}


class Unstamped(Exception):
    """There is no stamp. The message says why."""


@dataclass(frozen=True, slots=True)
class Authority:
    """Where it is asked, and whom it must lead to; without ``roots`` its answers are kept, and said to be unchecked."""

    url: str
    roots: tuple[Certificate, ...] = ()
    patience: float = PATIENCE

    @classmethod
    def chosen(cls, settings: Settings) -> Authority | None:
        """The one that the settings name; None where they name none. Raises OSError and ValueError, as where a file went since the settings were read."""
        if not settings.timestamps:
            return None
        pem = settings.timestamps_ca
        return cls(settings.timestamps, tuple(roots_in(Path(pem).read_bytes())) if pem is not None else ())

    async def stamp(self, note: str) -> Stamped:
        """Its stamp of a note. Raises Unstamped."""
        asked = question(note)
        try:
            async with asyncio.timeout(self.patience):
                answer = await self._asked(asked)
            # A chain of certificates takes a while to check.
            return await asyncio.to_thread(stamped, asked, answer, self.roots)
        except TimeoutError:
            raise Unstamped(f"{self.url} does not answer within {self.patience:g} s") from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            why = f"its answer cannot be used: {error}" if isinstance(error, BadStamp) else str(error) or fault(error)
            raise Unstamped(f"{self.url}: {why}") from error

    async def _asked(self, asked: Question) -> bytes:
        found = bytearray()
        async with (
            aiohttp.ClientSession(trust_env=True, auto_decompress=False) as session,
            session.post(self.url, data=asked.body, headers=_ASKS, allow_redirects=False) as response,
        ):
            if response.status != 200:
                raise Unstamped(f"{self.url} answers {response.status}, not with a time stamp")
            async for block in response.content.iter_chunked(4096):
                found += block
                if len(found) > MOST_BYTES:
                    raise Unstamped(f"{self.url} answers with more than any time stamp has")
        return bytes(found)


class Stamper:
    """Has checkpoints stamped, one after the other, the newest of each log. ``trouble`` says why the last could not be; None when all is well."""

    def __init__(self, authority: Authority, clock: Clock, tell: Callable[[Event], None]) -> None:
        self._authority = authority
        self._clock = clock
        self._tell = tell
        self._waiting: dict[str, str] = {}
        self._wake = asyncio.Event()
        self._since: datetime | None = None
        self._told = False
        self._asking = False
        self.trouble: str | None = None

    @property
    def busy(self) -> bool:
        """Whether a checkpoint waits for its stamp."""
        return self._asking or bool(self._waiting)

    def ask(self, stream: str, note: str) -> None:
        """A checkpoint of a stream is to be stamped. Returns at once."""
        self._waiting[stream] = note
        self._wake.set()

    async def run(self) -> None:
        """Ask until it is cancelled."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._waiting:
                stream, note = self._waiting.popitem()
                self._asking = True
                try:
                    await self._one(stream, note)
                except Exception as error:  # noqa: BLE001 the loop goes on, whatever happens
                    self._failed(fault(error))
                finally:
                    self._asking = False

    async def _one(self, stream: str, note: str) -> None:
        try:
            stamp = await self._authority.stamp(note)
        except Unstamped as why:
            self._failed(str(why))
            return
        self._since, self._told, self.trouble = None, False, None
        self._tell(TimeStamped(stream, stamp))

    def _failed(self, why: str) -> None:
        log.warning("a checkpoint could not be time-stamped", extra={"reason": why})
        now = self._clock.now()
        self.trouble = why
        if self._since is None or now < self._since:
            self._since = now
        lasts = now - self._since
        if lasts >= LONG and not self._told:
            self._told = True
            self._tell(NoStamps(lasts // timedelta(hours=1)))
