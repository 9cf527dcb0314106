"""The only reader of the clock. Everything else is given the time, or is given a ``Clock``.

Wall time says when something happened and may jump; monotonic time measures waits and never does.
"""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import time
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Protocol


class Clock(Protocol):
    """What can be asked about time."""

    def now(self) -> datetime:
        """The time of day: aware, in UTC."""

    def monotonic(self) -> float:
        """Seconds since some moment; never goes back."""

    async def sleep(self, seconds: float) -> None:
        """Return after this long."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The time of day: aware, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds since some moment; never goes back."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Return after this long."""
        await asyncio.sleep(seconds)


class VirtualClock:
    """A clock that moves only when told to: for rehearsals and tests."""

    def __init__(self, start: datetime) -> None:
        if start.tzinfo is None:
            raise ValueError(f"a time without a zone: {start}")
        self._wall = start.astimezone(UTC)
        self._elapsed = 0.0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._order = count()

    def now(self) -> datetime:
        """The time of day: aware, in UTC."""
        return self._wall

    def monotonic(self) -> float:
        """Seconds that were let pass."""
        return self._elapsed

    async def sleep(self, seconds: float) -> None:
        """Return once this long was let pass."""
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._elapsed + seconds, next(self._order), woken))
        await woken

    @property
    def next_wake(self) -> float | None:
        """Seconds until somebody who sleeps wants to wake; None where nobody sleeps."""
        while self._sleepers and self._sleepers[0][2].done():
            heapq.heappop(self._sleepers)
        return max(0.0, self._sleepers[0][0] - self._elapsed) if self._sleepers else None

    def advance(self, by: timedelta | float) -> None:
        """Let time pass, and wake whoever slept no longer than that."""
        seconds = by.total_seconds() if isinstance(by, timedelta) else by
        if seconds < 0:
            raise ValueError("time passes forwards; `set` makes the wall clock jump")
        self._elapsed += seconds
        self._wall += timedelta(seconds=seconds)
        while self._sleepers and self._sleepers[0][0] <= self._elapsed:
            woken = heapq.heappop(self._sleepers)[2]
            if not woken.done():
                woken.set_result(None)

    def set(self, wall: datetime) -> None:
        """Make the wall clock jump, as when somebody corrects it; nobody wakes."""
        if wall.tzinfo is None:
            raise ValueError(f"a time without a zone: {wall}")
        self._wall = wall.astimezone(UTC)


async def woken(clock: Clock, event: asyncio.Event, within: float | None) -> bool:
    """Wait until the event is set, at most this many seconds (None: for ever). Whether it was."""
    if within is None or event.is_set():
        return await event.wait()
    sleeps = asyncio.ensure_future(clock.sleep(within))
    try:
        # Whoever waits for the event goes on in the very next step: a message may depend on it.
        async with asyncio.timeout(None) as limit:
            sleeps.add_done_callback(lambda _: _end(limit))
            await event.wait()
    except TimeoutError:
        pass
    finally:
        sleeps.cancel()
    return event.is_set()


def _end(limit: asyncio.Timeout) -> None:
    with contextlib.suppress(RuntimeError):  # it is over already
        limit.reschedule(0)
