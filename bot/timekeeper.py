"""The timekeeper: wakes the engine when something falls due, has it audited that everything awaited will fall due, signs
the log as often as its playbook says, and tidies once a day.

Deadlines are rows of ours and fire in the engine's transaction; APScheduler only wakes the sweep at the next one.
A sweep by monotonic
time stands beside it, because wall clocks jump. On a clock that moves only when told to, the timekeeper waits on
that clock instead.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from typing import Literal, Protocol

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bot.clock import Clock, VirtualClock, woken
from bot.faults import fault
from bot.once import Once
from storage.store import StorageError, Store

log = logging.getLogger(__name__)

SWEEP = 2.0
"""Seconds between sweeps where nothing is known to fall due."""

LOOK = timedelta(seconds=5)
"""How often it is looked what is to be signed: an incident may begin at any time, whose playbook asks for it more often."""

SIGN = timedelta(minutes=1)
"""How often a log is signed of which no playbook says how often: the deployment's, and those of incidents that are closed."""
AUDIT = timedelta(minutes=1)
"""How often what is awaited is held against the deadlines that are set."""
TIDY = timedelta(days=1)

KEPT = timedelta(days=7)
"""How long the bodies of completed events and messages are kept."""


class Deciding(Protocol):
    """Whom deadlines are brought to: the engine."""

    def fall_due(self) -> None: ...
    def audit(self) -> None: ...
    def signing(self) -> Mapping[str, timedelta]:
        """How often the log of each open incident is signed."""
        ...


class Timekeeper:
    """Keeps time until it is stopped. ``trouble`` says why the log cannot be signed; None when all is well."""

    def __init__(self, store: Store, clock: Clock, engine: Deciding) -> None:
        self._store = store
        self._clock = clock
        self._engine = engine
        self._once = Once(log, clock)
        self._virtual = isinstance(clock, VirtualClock)
        self._scheduler: AsyncIOScheduler | None = None
        self._changed = asyncio.Event()
        self._stopped = asyncio.Event()
        self._at_rest = asyncio.Event()
        self._tidied: datetime | None = None
        self._audited: datetime | None = None
        self._signed: dict[str, datetime] = {}
        self.trouble: str | None = None

    def look(self) -> None:
        """Deadlines have changed."""
        self._changed.set()

    async def settled(self) -> None:
        """On a clock that moves only when told to: return once the next deadline is known, and waited for."""
        if self._virtual and not self._stopped.is_set():
            self._at_rest.clear()
            self._changed.set()
            await self._at_rest.wait()

    def stop(self) -> None:
        """Let ``run`` sign once more and return."""
        self._at_rest.set()
        self._stopped.set()
        self._changed.set()

    async def sweep(self) -> None:
        """Tell the engine if anything is due."""
        if await self._store.due(self._clock.now(), 1):
            self._engine.fall_due()

    def audit(self) -> None:
        """Have it audited, once a minute, that every open escalation has a next deadline. A clock put back begins anew."""
        now = self._clock.now()
        if self._audited is None or not timedelta(0) <= now - self._audited < AUDIT:
            self._audited = now
            self._engine.audit()

    async def sign(self, streams: Collection[str] | None = None) -> bool:
        """Sign what the log has now; ``streams``: only these. Whether that could be done."""
        try:
            await self._store.sign(self._clock.now(), streams)
        except StorageError as error:
            self.trouble = str(error)
            self._once.wrong("signing", "the log cannot be signed", reason=str(error))
            return False
        self.trouble = None
        self._once.well("signing", "the log is signed again")
        return True

    async def sign_due(self) -> float:
        """Sign the streams whose time has come. Returns the seconds until the next may be due."""
        now, every = self._clock.now(), self._engine.signing()
        streams = [head.stream for head in await self._store.heads()]
        due = [one for one in streams if self._is_due(one, now, every.get(one, SIGN))]
        if due and await self.sign(due):
            self._signed = {one: at for one, at in self._signed.items() if one in streams} | dict.fromkeys(due, now)
        return min([LOOK, *every.values()]).total_seconds()

    def _is_due(self, stream: str, now: datetime, every: timedelta) -> bool:
        """A clock put back begins anew."""
        last = self._signed.get(stream)
        return last is None or not timedelta(0) <= now - last < every

    async def tidy(self) -> None:
        """Blank what was completed long ago."""
        now = self._clock.now()
        if self._tidied is None or not timedelta(0) <= now - self._tidied < TIDY:
            blanked = await self._store.tidy(now - KEPT)
            self._tidied = now
            if blanked:
                log.info("what was done with long ago was blanked, as every day", extra={"rows": blanked})

    async def run(self) -> None:
        """Keep time until ``stop``."""
        if self._virtual:
            await self._on_a_virtual_clock()
            return
        self._scheduler = AsyncIOScheduler(timezone=UTC)
        self._scheduler.start()
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._sweeping())
                group.create_task(self._signing())
        finally:
            self._scheduler.shutdown(wait=False)
            self._scheduler = None
        await self.sign()

    async def _sweeping(self) -> None:
        while not self._stopped.is_set():
            self._changed.clear()
            self.audit()
            try:
                await self.sweep()
                self._wake_at(await self._store.next_deadline())
                self._once.well("deadlines", "deadlines are kept again")
            except Exception as error:  # noqa: BLE001 the loop goes on, whatever happens
                self._once.wrong(
                    "deadlines", "deadlines cannot be looked after", fault=fault(error), reason=_said(error)
                )
            await woken(self._clock, self._changed, SWEEP)

    async def _signing(self) -> None:
        while not self._stopped.is_set():
            pause = LOOK.total_seconds()
            try:
                pause = await self.sign_due()
                await self.tidy()
                self._once.well("order", "the log is kept in order again")
            except Exception as error:  # noqa: BLE001 the loop goes on, whatever happens
                self._once.wrong("order", "the log cannot be kept in order", fault=fault(error), reason=_said(error))
            await woken(self._clock, self._stopped, pause)

    async def _on_a_virtual_clock(self) -> None:
        while not self._stopped.is_set():
            self._changed.clear()
            wait = None
            self.audit()
            try:
                at = await self._store.next_deadline()
                wait = None if at is None else (at - self._clock.now()).total_seconds()
                if wait is not None and wait <= 0:
                    self._engine.fall_due()
            except Exception as error:  # noqa: BLE001 the loop goes on, whatever happens
                self._once.wrong(
                    "deadlines", "deadlines cannot be looked after", fault=fault(error), reason=_said(error)
                )
            # What is due already is the engine's now; it says when that is done.
            await self._lie_down(wait if wait is not None and wait > 0 else None)
        await self.sign()

    async def _lie_down(self, within: float | None) -> None:
        """Sleep until deadlines change, or the next one comes; ``settled`` returns once this sleep is known to the clock."""
        waits = {asyncio.ensure_future(self._changed.wait())}
        if within is not None:
            waits.add(asyncio.ensure_future(self._slept(within)))
        try:
            await asyncio.sleep(0)  # both begin to wait
            if not self._changed.is_set():
                self._at_rest.set()
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in waits:
                one.cancel()
            await asyncio.gather(*waits, return_exceptions=True)

    async def _slept(self, seconds: float) -> Literal[True]:
        await self._clock.sleep(seconds)
        return True

    async def _fell_due(self) -> None:
        # A coroutine, because the scheduler runs plain functions in threads.
        self._changed.set()

    def _wake_at(self, at: datetime | None) -> None:
        """One date job: the next deadline. What is due already is on its way, and the next sweep looks after it."""
        if self._scheduler is None:
            return
        if at is None or at <= self._clock.now():
            if self._scheduler.get_job("deadline") is not None:
                self._scheduler.remove_job("deadline")
            return
        self._scheduler.add_job(
            self._fell_due,
            "date",
            run_date=at,
            id="deadline",
            replace_existing=True,
            misfire_grace_time=None,
            coalesce=True,
        )


def _said(error: Exception) -> str:
    """What to do, where the storage says so; of other errors the words may quote people."""
    return str(error) if isinstance(error, StorageError) else ""
