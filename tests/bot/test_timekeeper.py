"""The timekeeper: what falls due is brought to the engine in time, and the log is signed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot import timekeeper as module
from bot.clock import Clock, SystemClock, VirtualClock
from bot.timekeeper import Timekeeper
from handlers.world import Request, World
from storage.effects import Effect, Wake
from storage.facts import DEPLOYMENT, DeadlinePassed, NoteAdded
from storage.store import StorageError
from tests.bot.floor import START, FakeDecisions, Floor, floor, note
from tests.patience import PATIENCE


def waking(after: timedelta) -> FakeDecisions:
    """Whatever is heard sets a deadline; what falls due is noted."""

    def hear(world: World, request: Request) -> list[Effect]:
        return [Wake(request.text, DEPLOYMENT, request.now + after, "remind", "A-1")]

    return FakeDecisions(on_hear=hear, on_due=lambda world, deadline: [note(deadline.key)])


@asynccontextmanager
async def kept(on: Floor) -> AsyncIterator[Timekeeper]:
    """A timekeeper that runs."""
    keeper = Timekeeper(on.store, on.clock, on.engine)
    on.engine.deadlines_changed = keeper.look
    task = asyncio.create_task(keeper.run())
    try:
        yield keeper
    finally:
        keeper.stop()
        async with asyncio.timeout(PATIENCE):
            await task


async def noted(on: Floor, count: int) -> list[str]:
    """The notes, once there are so many."""
    async with asyncio.timeout(PATIENCE):
        while True:
            facts = [one.fact for one in await on.store.facts(DEPLOYMENT)]
            notes = [fact.text for fact in facts if isinstance(fact, NoteAdded)]
            if len(notes) >= count:
                return notes
            await on.engine.settled()


async def test_the_scheduler_wakes_the_sweep_when_a_deadline_passes(tmp_path: Path, monkeypatch: Any) -> None:
    """A deadline fires when it falls due, long before the next sweep for safety's sake."""
    monkeypatch.setattr(module, "SWEEP", 3600.0)
    async with floor(tmp_path, waking(timedelta(milliseconds=80))) as on, kept(on):
        await on.hear("a")
        assert await noted(on, 1) == ["a"]


async def test_a_sweep_finds_what_the_scheduler_missed(tmp_path: Path, monkeypatch: Any) -> None:
    """With a scheduler that never fires, as after a jump of the wall clock, the sweep brings what is due."""
    monkeypatch.setattr(module, "SWEEP", 0.01)
    monkeypatch.setattr(Timekeeper, "_wake_at", lambda self, at: None)
    async with floor(tmp_path, waking(timedelta(milliseconds=30))) as on, kept(on):
        await on.hear("a")
        assert await noted(on, 1) == ["a"]


async def test_what_fell_due_while_we_were_away_fires_once(tmp_path: Path) -> None:
    """After an outage every deadline that passed fires, once, with how late it was."""
    clock = VirtualClock(START)
    async with floor(tmp_path, waking(timedelta(minutes=1)), clock=clock) as on:
        for key in "abc":
            await on.hear(key)
        await on.settled()
        await on.kill()
    clock.advance(timedelta(hours=2))
    async with floor(tmp_path, waking(timedelta(minutes=1)), clock=clock) as on, kept(on):
        assert await noted(on, 3) == ["a", "b", "c"]
        passed = [one.fact.late for one in await on.store.facts(DEPLOYMENT) if isinstance(one.fact, DeadlinePassed)]
        assert passed == [7140] * 3


async def test_on_a_virtual_clock_time_stops_at_each_deadline(tmp_path: Path) -> None:
    """A rehearsal can ask the clock for the next moment at which something falls due, and let time pass until there."""
    clock = VirtualClock(START)
    async with floor(tmp_path, waking(timedelta(minutes=5)), clock=clock) as on, kept(on) as keeper:
        await on.hear("a")
        await on.settled()
        async with asyncio.timeout(PATIENCE):
            while clock.next_wake is None:
                await asyncio.sleep(0)
        assert clock.next_wake == 300
        clock.advance(300)
        await keeper.sweep()
        await on.settled()
        assert await noted(on, 1) == ["a"]


async def test_the_log_is_signed_while_we_run_and_when_we_stop(tmp_path: Path) -> None:
    """There is a checkpoint of everything that was written, up to the last moment."""
    async with floor(tmp_path, FakeDecisions(on_hear=lambda w, r: [note(r.text)])) as on:
        async with kept(on):
            await on.hear("a")
            await on.settled()
        checkpoint = await on.store.checkpoint(DEPLOYMENT)
        assert checkpoint is not None and checkpoint.splitlines()[1] == "1"


async def test_a_log_that_cannot_be_signed_is_trouble_and_stops_nothing(tmp_path: Path) -> None:
    """A rolled-back database is said to be trouble; deadlines go on."""
    async with floor(tmp_path) as on:

        async def refuse(now: Any, streams: Any = None) -> Any:
            raise StorageError("an older database was put back")

        on.store.sign = refuse  # type: ignore[method-assign]
        keeper = Timekeeper(on.store, on.clock, on.engine)
        await keeper.sign()
        assert keeper.trouble == "an older database was put back"


async def test_each_log_is_signed_as_often_as_its_playbook_says(tmp_path: Path) -> None:
    """A log that nobody says anything of is signed each minute, others at their own pace; a clock put back signs at once."""
    clock = VirtualClock(START)
    async with floor(tmp_path, clock=clock) as on:
        for stream in (DEPLOYMENT, "I-1", "I-2"):
            await on.store.append(stream, note("x").fact, now=START)
        signed: list[list[str]] = []

        async def sign(now: Any, streams: Any = None) -> list[str]:
            signed.append(sorted(streams))
            return []

        on.store.sign = sign  # type: ignore[method-assign]
        every = {"I-1": timedelta(seconds=20), "I-2": timedelta(minutes=5)}
        keeper = Timekeeper(on.store, clock, on.engine)
        on.engine.signing = lambda: every  # type: ignore[method-assign]
        for seconds in (0, 20, 20, 20, 240, -200):  # the last: a clock put back
            clock.set(clock.now() + timedelta(seconds=seconds))
            assert await keeper.sign_due() <= 20.0
        fast, both, every_one = ["I-1"], ["I-1", DEPLOYMENT], ["I-1", "I-2", DEPLOYMENT]
        assert signed == [every_one, fast, fast, both, every_one, every_one]
        every.clear()
        assert await keeper.sign_due() <= 60.0


async def test_old_bodies_are_blanked_once_a_day(tmp_path: Path) -> None:
    """Tidying happens at the start and then once a day, even if the clock jumps back."""
    clock = VirtualClock(START)
    async with floor(tmp_path, clock=clock) as on:
        days: list[Any] = []

        async def tidy(before: Any) -> int:
            days.append(before)
            return 0

        on.store.tidy = tidy  # type: ignore[method-assign]
        keeper = Timekeeper(on.store, clock, on.engine)
        for hours in (0, 1, 22, 2, 1):
            clock.advance(timedelta(hours=hours))
            await keeper.tidy()
        assert days == [START - timedelta(days=7), START - timedelta(days=6) + timedelta(hours=1)]


async def test_an_hour_in_which_nothing_happens_leaves_no_line(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing is due, nothing is blanked, the log is signed as ever: none of it is news."""
    caplog.set_level(logging.INFO)
    clock = VirtualClock(START)
    async with floor(tmp_path, clock=clock) as on:
        keeper = Timekeeper(on.store, clock, on.engine)
        for _ in range(60):
            clock.advance(timedelta(minutes=1))
            await keeper.sweep()
            await keeper.sign_due()
            await keeper.tidy()
    assert not [one for one in caplog.records if one.name == "bot.timekeeper"]


async def test_what_stays_wrong_is_one_line_until_it_is_well(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The log cannot be signed for a quarter of an hour: one line says why, one that it is signed again."""
    caplog.set_level(logging.INFO)
    clock = VirtualClock(START)
    async with floor(tmp_path, clock=clock) as on:
        keeper, sign = Timekeeper(on.store, clock, on.engine), on.store.sign

        async def refuse(*_: Any) -> Any:
            raise StorageError("no room left on the disk")

        monkeypatch.setattr(on.store, "sign", refuse)
        for _ in range(15):
            clock.advance(timedelta(minutes=1))
            await keeper.sign()
        monkeypatch.setattr(on.store, "sign", sign)
        await keeper.sign()
        await keeper.sign()
    said = [one.getMessage() for one in caplog.records if one.name == "bot.timekeeper"]
    assert said == ["the log cannot be signed", "the log is signed again"]


def test_clocks_keep_the_protocol() -> None:
    """Both clocks are clocks."""
    clocks: list[Clock] = [SystemClock(), VirtualClock(START)]
    assert all(clock.now().tzinfo is not None for clock in clocks)
