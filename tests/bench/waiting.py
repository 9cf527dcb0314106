"""What waits: a sweep over a thousand open deadlines, and a long day of forty partners in virtual time."""

from __future__ import annotations

import sqlite3
from datetime import timedelta
from pathlib import Path

from bot.clock import SystemClock
from bot.timekeeper import Timekeeper
from storage.database import open_store
from storage.facts import DEPLOYMENT
from storage.queries import SQL, micros
from storage.store import Changes, Deadline
from tests.bench.measure import Figure, now
from tests.stories.long_day import HOURS, lived, town

OPEN = 1000
ROUNDS = 50


class _Nobody:
    def fall_due(self) -> None: ...


async def sweep(folder: Path) -> Figure:
    """Look what is due among a thousand open deadlines, and when the next one is."""
    clock = SystemClock()
    store = await open_store(folder, "bench")
    at = clock.now() + timedelta(hours=1)
    wakes = [
        Deadline(f"escalation:A-{n}:p", DEPLOYMENT, at + timedelta(seconds=n), "escalation", "") for n in range(OPEN)
    ]
    await store.commit(Changes(clock.now(), wakes=wakes))
    keeper = Timekeeper(store, clock, _Nobody())
    figure = Figure(f"A sweep over {OPEN} open deadlines", "the same two questions to sqlite3", seconds_within=0.020)
    with sqlite3.connect(folder / "tocsin.sqlite") as bare:
        for _ in range(ROUNDS):
            start = now()
            await keeper.sweep()
            await store.next_deadline()
            figure.ours_took.append(now() - start)
            start = now()
            bare.execute(SQL["due"], (micros(clock.now()), 1)).fetchall()
            bare.execute(SQL["next_deadline"]).fetchall()
            figure.bare_took.append(now() - start)
    bare.close()
    await store.close()
    return figure


async def day(folder: Path) -> list[str]:
    """Live through a long day."""
    async with town(folder) as lived_in:
        start = now()
        await lived(lived_in, seed=1)
        took = now() - start
        facts = len(await lived_in.facts())
    verdict = "meets" if took < 20 else "misses"
    return [
        f"{HOURS} hours of 40 partners, 30 alerts, hourly check-ins: {took:.1f} s in virtual time ({verdict} < 20 s)",
        f"    {facts} entries in the log, {lived_in.commits} commits",
    ]
