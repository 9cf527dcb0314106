"""A silence that nobody looks after any more: found within a minute, set right, told as a fault, and counted."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta
from pathlib import Path

import pytest

from bot.clock import VirtualClock
from bot.timekeeper import AUDIT, Timekeeper
from handlers.texts import say
from storage.effects import Effect, Record, Send, Urgency, Wake
from storage.facts import EscalationStalled
from tests.bot.floor import START, FakeDecisions, Floor, floor, opened, room
from tests.patience import PATIENCE


def _put_right(on: Floor, keys: object) -> list[Effect]:
    """What an audit decides that finds one missing."""
    assert isinstance(keys, frozenset)
    if "escalation:A-1:aid" in keys:
        return []
    at = on.clock.now() + timedelta(minutes=9)
    return [
        Record("I-1", EscalationStalled("A-1", "aid")),
        Wake("escalation:A-1:aid", "I-1", at, "escalation", "A-1 aid"),
        Send("I-1", room(1), say((), "a fault"), Urgency.PROMPT),
    ]


async def test_what_is_missing_is_set_again_told_and_counted_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The next audit finds that all is well: nothing is recorded, said or logged."""
    decide = FakeDecisions(on_hear=lambda world, request: [opened()])
    async with floor(tmp_path, decide, clock=VirtualClock(START)) as on:
        await on.hear("begin")
        await on.settled()
        decide.on_audit = lambda world, keys: _put_right(on, keys)
        for _ in range(3):
            with caplog.at_level(logging.ERROR):
                on.engine.audit()
                await on.settled()
        facts = [kept.fact for kept in await on.store.facts("I-1")]
        assert sum(isinstance(fact, EscalationStalled) for fact in facts) == 1
        assert on.engine.stalled == 1 and decide.audits == 3 and on.network.texts == ["a fault"]
        assert [one.message for one in caplog.records] == ["escalations had no next deadline"]
        assert await on.store.open_deadlines({"escalation"}) == {"escalation:A-1:aid"}
        assert await on.store.open_deadlines({"unreachable"}) == frozenset()


async def test_it_is_audited_once_a_minute_also_on_a_virtual_clock(tmp_path: Path) -> None:
    """However often the timekeeper looks; and at once after the clock was put back."""
    clock = VirtualClock(START)
    async with floor(tmp_path, clock=clock) as on:
        keeper = Timekeeper(on.store, clock, on.engine)
        for seconds, audits in ((0, 1), (30, 1), (29, 1), (1, 2), (60, 3)):
            clock.advance(seconds)
            keeper.audit()
            keeper.audit()
            await on.settled()
            assert on.decide.audits == audits, seconds
        clock.set(START - timedelta(hours=1))
        keeper.audit()
        await on.settled()
        assert on.decide.audits == 4 and timedelta(minutes=1) == AUDIT


async def test_a_running_timekeeper_has_it_audited(tmp_path: Path) -> None:
    """As soon as it begins."""
    async with floor(tmp_path, clock=VirtualClock(START)) as on:
        keeper = Timekeeper(on.store, on.clock, on.engine)
        task = asyncio.create_task(keeper.run())
        async with asyncio.timeout(PATIENCE):
            while not on.decide.audits:
                await asyncio.sleep(0)
        keeper.stop()
        await task


async def test_a_fault_while_auditing_stops_nothing(tmp_path: Path) -> None:
    """The engine goes on deciding."""

    def fails(world: object, keys: object) -> list[Effect]:
        raise ValueError("no")

    async with floor(tmp_path, FakeDecisions(on_hear=lambda world, request: [opened()], on_audit=fails)) as on:
        on.engine.audit()
        await on.hear("begin")
        await on.settled()
        assert len(await on.store.facts("I-1")) == 1
