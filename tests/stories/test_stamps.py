"""Time stamps through the real engine, store and HTTP: they come on the cadence of the posts, and an authority that is no good costs nothing else."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

from bot.rehearsal import identity_of
from bot.stamping import Authority
from storage.facts import CheckpointPosted, CheckpointStamped, Fact
from storage.verify import Need, verify
from tests.emulators import stamping
from tests.storage.bundled import export_bundle
from tests.stories.long_day import ADMIN, START, Town, town

SOON = timedelta(minutes=1, seconds=5)
HOUR = timedelta(hours=1)
F = TypeVar("F", bound=Fact)


async def facts(day: Town, kind: type[F]) -> list[F]:
    """Those of one kind in the day's log."""
    return [one.fact for one in await day.facts() if isinstance(one.fact, kind)]


async def stamped(day: Town, count: int) -> list[CheckpointStamped]:
    """The stamps on record, once there are so many."""
    async with asyncio.timeout(20):
        while len(found := await facts(day, CheckpointStamped)) < count:
            await asyncio.sleep(0)
            await day.settled()
    return found


async def test_each_post_is_stamped_and_the_copy_proves_it(tmp_path: Path) -> None:
    """An hour with an alert in it has two stamps, of the very checkpoints that the partners have; the bundle's lead to the authority."""
    source = stamping.authority(lambda: START)
    async with (
        stamping.serving(source) as url,
        town(tmp_path / "data", Authority(url, (source.root.certificate,))) as day,
    ):
        source.now = day.clock.now
        await day.exercise()
        await day.until(START + SOON)
        await stamped(day, 1)
        await day.enrol(0, "official")
        await day.say(0, "/alert warning people=12 The dam is seeping")
        await day.until(START + HOUR + SOON)
        stamps = await stamped(day, 2)
        assert source.asked == 2
        posted = sorted({(one.size, one.root) for one in await facts(day, CheckpointPosted)})
        assert [(one.size, one.root) for one in stamps] == posted
        assert all(timedelta(0) <= day.clock.now() - one.time < 2 * HOUR for one in stamps)
        assert day.store is not None
        bundle = tmp_path / "b.zip"
        await export_bundle(day.store, day.incident.id, by="ada", reason="inquiry", path=bundle, now=day.clock.now())
        verdict = verify(bundle, roots=[source.root.certificate])
        Need.parse("stamped").demand(verdict)
        assert (verdict.code, [one.size for one in verdict.evidence.stamped]) == (0, [size for size, _ in posted])
        assert {one.doubt for one in verdict.evidence.stamped} == {""}


async def test_one_that_never_answers_holds_nothing_up(tmp_path: Path) -> None:
    """Every post comes at its time, nothing false is recorded, and the coordinator is told once; stopping waits for nothing."""
    source = stamping.authority(lambda: START)
    async with (
        stamping.serving(source, lambda asked: None) as url,
        town(tmp_path, Authority(url, patience=0.1)) as day,
    ):
        await day.exercise()
        for hours in range(8):
            await day.until(START + hours * HOUR + SOON)
            async with asyncio.timeout(20):
                while day.bot.stamper.busy:  # type: ignore[union-attr]
                    await asyncio.sleep(0)
            await day.settled()
        assert len({one.size for one in await facts(day, CheckpointPosted)}) == 8
        assert await facts(day, CheckpointStamped) == []
        told = [
            one.text
            for network in day.networks.values()
            for one in network.messages(network.private(identity_of(ADMIN, network.name)))
            if "time stamp" in one.text
        ]
        assert told and set(told) == {
            "No time stamp for the log for 6 hours. It goes on without. On my server: tocsin doctor."
        }
        assert len(told) <= len(day.networks)
