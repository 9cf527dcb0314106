"""The alarm chain's test and a lost telephone through the real engine: what is on file survives a stop, and nothing is sent twice."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import handlers
from bot.clock import VirtualClock
from playbooks.rooms import RoomRef
from storage.facts import DEPLOYMENT, MessageDropped, ReachTestSent, RoomBound, Started
from tests.bot.floor import FakeNetwork, Floor, floor

DECIDE = cast(Any, handlers)
HERE = RoomRef("telegram", "501")


async def sent_tests(on: Floor) -> list[datetime]:
    return [kept.at for kept in await on.store.facts(DEPLOYMENT) if isinstance(kept.fact, ReachTestSent)]


async def test_a_months_test_that_was_missed_is_sent_once_on_return(tmp_path: Path) -> None:
    """Stopped before the day and started after it: it goes, says that it is late, and a third start sends none."""
    clock = VirtualClock(datetime(2026, 3, 20, 9, 0, tzinfo=UTC))
    async with floor(tmp_path, DECIDE, FakeNetwork("matrix"), clock=clock, running=False) as on:
        bound = RoomBound("small", "city", RoomRef("matrix", "!city"), "matrix:#city:example.org", "playbook")
        await on.store.append(DEPLOYMENT, Started("tocsin", {"small": "digest"}), bound, now=clock.now())
        await on.start()
        await on.settled()
        assert await on.store.next_deadline() == datetime(2026, 4, 6, 8, 0, tzinfo=UTC)
        await on.kill()
    clock.advance(18 * 24 * 3600)
    for expected in (1, 0):
        network = FakeNetwork("matrix")
        async with floor(tmp_path, DECIDE, network, clock=clock) as on:
            on.engine.fall_due()
            await on.settled()
            texts = [out.text for out in network.sent if "TEST of the alarm chain" in out.text]
            assert len(texts) == expected and all("is late" in text for text in texts)
            assert len(await sent_tests(on)) == 1


async def test_what_waits_for_a_lost_phone_is_taken_back(tmp_path: Path) -> None:
    """Written while its network was away; the phone is reported meanwhile, and gets that news alone."""
    network = FakeNetwork()
    clock = VirtualClock(datetime(2026, 3, 20, 9, 0, tzinfo=UTC))
    async with floor(tmp_path, DECIDE, network, clock=clock) as on:
        await on.hear("/invite coordinator", HERE, private=True)
        await on.settled()
        code = network.sent[-1].text.split("/start ")[1].split()[0]
        phone = RoomRef("telegram", "77")
        await on.hear(f"/start {code}", phone, private=True, sender="telegram:77")
        await on.settled()
        network.state.connected = False
        before = len(network.sent)
        await on.hear("/duty who", phone, private=True, sender="telegram:77")
        await on.settled()
        await on.hear("/lost P-1", HERE, private=True)
        await on.settled()
        network.state.connected = True
        on.courier.poke()
        await on.settled()
        to_phone = [out.text for out in network.sent[before:] if out.room == phone]
        assert len(to_phone) == 1 and "reported as lost" in to_phone[0]
        dropped = [kept.fact for kept in await on.store.facts(DEPLOYMENT) if isinstance(kept.fact, MessageDropped)]
        assert [one.room for one in dropped] == [phone]
        assert await on.store.unsent() == []
