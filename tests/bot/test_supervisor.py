"""The supervisor: networks are started again and again, each by itself."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from bot.clock import VirtualClock
from bot.networks.port import Ears, NetworkDown, NetworkRejected
from bot.supervisor import Supervisor
from tests.bot.floor import START, FakeNetwork
from tests.patience import PATIENCE


@dataclass
class Failing(FakeNetwork):
    """A network that fails at each start, with what it is given in turn; then it stays up."""

    failures: list[Exception] = field(default_factory=list)
    starts: int = 0
    connects_first: bool = False

    async def run(self, ears: Ears) -> None:
        self.starts += 1
        if self.connects_first:
            await ears.connected(self.name, "bot")
        if self.failures:
            raise self.failures.pop(0)
        await ears.connected(self.name, "bot")
        await asyncio.Event().wait()


class Heard:
    """Ears that remember."""

    def __init__(self) -> None:
        self.told: list[tuple[Any, ...]] = []

    async def connected(self, network: Any, username: str) -> None:
        self.told.append((network, "connected"))

    async def lost(self, network: Any, reason: str, *, rejected: bool) -> None:
        self.told.append((network, "lost", reason, rejected))


async def until(so: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not so():
            await asyncio.sleep(0)


def supervising(clock: VirtualClock, heard: Heard, networks: dict[Any, Any]) -> Supervisor:
    """A supervisor whose waits are not varied."""
    return Supervisor(networks, cast(Ears, heard), clock, jitter=lambda: 1.0)


async def sleeping(clock: VirtualClock, network: Failing, starts: int) -> None:
    """Wait until a network was started so often and its next start is waited for."""
    await until(lambda: network.starts == starts and clock.next_wake is not None)


async def test_a_failing_network_is_started_again_later_and_later() -> None:
    """Each failure doubles the wait, from a second to a minute; the other network goes on meanwhile."""
    clock, heard = VirtualClock(START), Heard()
    bad = Failing("telegram", failures=[NetworkDown(str(number)) for number in range(8)])
    good = Failing("matrix")
    supervisor = supervising(clock, heard, {"telegram": bad, "matrix": good})
    task = asyncio.create_task(supervisor.run())
    waits = []
    for number in range(1, 9):
        await sleeping(clock, bad, number)
        waits.append(clock.next_wake)
        clock.advance(clock.next_wake or 0)
    await until(lambda: ("telegram", "connected") in heard.told)
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60]
    assert good.starts == 1 and ("matrix", "connected") in heard.told
    supervisor.stop()
    async with asyncio.timeout(PATIENCE):
        await task


async def test_a_network_that_refuses_us_is_tried_rarely() -> None:
    """A person must act first: five minutes lie between two tries, and it is said that we were refused."""
    clock, heard = VirtualClock(START), Heard()
    network = Failing(failures=[NetworkRejected("the token was revoked")])
    supervisor = supervising(clock, heard, {"telegram": network})
    task = asyncio.create_task(supervisor.run())
    await until(lambda: clock.next_wake is not None)
    assert clock.next_wake == 300
    assert heard.told == [("telegram", "lost", "the token was revoked", True)]
    assert network.state.last_error == "the token was revoked" and not network.state.connected
    supervisor.stop()
    async with asyncio.timeout(PATIENCE):
        await task


async def test_a_network_that_worked_for_a_while_is_started_again_soon() -> None:
    """Waits begin anew once a network has worked."""
    clock, heard = VirtualClock(START), Heard()
    network = Failing(failures=[NetworkDown("gone")] * 3, connects_first=True)
    supervisor = supervising(clock, heard, {"telegram": network})
    task = asyncio.create_task(supervisor.run())
    waits = []
    for number in range(1, 4):
        await sleeping(clock, network, number)
        waits.append(clock.next_wake)
        clock.advance(clock.next_wake or 0)
    assert waits == [1, 1, 1]
    supervisor.stop()
    async with asyncio.timeout(PATIENCE):
        await task


async def test_a_fault_in_a_networks_code_is_a_loss_like_another() -> None:
    """An error that no network should raise is named by kind and place, without its words, and the network starts
    again.
    """
    clock, heard = VirtualClock(START), Heard()
    network = Failing(failures=[KeyError("secret")])
    supervisor = supervising(clock, heard, {"telegram": network})
    task = asyncio.create_task(supervisor.run())
    await until(lambda: clock.next_wake is not None)
    assert "KeyError" in heard.told[0][2] and "secret" not in heard.told[0][2]
    clock.advance(1)
    await until(lambda: ("telegram", "connected") in heard.told)
    supervisor.stop()
    async with asyncio.timeout(PATIENCE):
        await task


async def test_what_stays_lost_is_said_once_and_then_once_an_hour(caplog: pytest.LogCaptureFixture) -> None:
    """A network that fails for the same reason all night is a line an hour; another reason, and its return, are lines of their own."""
    caplog.set_level(logging.INFO)
    clock, heard = VirtualClock(START), Heard()
    same = [NetworkDown("no connection") for _ in range(130)]
    bad = Failing("telegram", failures=[*same, NetworkRejected("the token is wrong")])
    supervisor = supervising(clock, heard, {"telegram": bad})
    task = asyncio.create_task(supervisor.run())
    for number in range(1, len(same) + 2):
        await sleeping(clock, bad, number)
        clock.advance(clock.next_wake or 0)
    await until(lambda: ("telegram", "connected") in heard.told)
    supervisor.stop()
    async with asyncio.timeout(PATIENCE):
        await task
    said = [one.getMessage() for one in caplog.records if one.name == "bot.supervisor"]
    lost = "a network was lost, and is tried again"
    assert said == [lost, lost, lost, "a network refuses us: a person must act", "a network answers again"]


async def test_a_network_that_works_says_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """Its first connection is no news."""
    caplog.set_level(logging.INFO)
    clock, heard, good = VirtualClock(START), Heard(), Failing("matrix")
    supervisor = supervising(clock, heard, {"matrix": good})
    task = asyncio.create_task(supervisor.run())
    await until(lambda: ("matrix", "connected") in heard.told)
    supervisor.stop()
    async with asyncio.timeout(PATIENCE):
        await task
    assert not [one for one in caplog.records if one.name == "bot.supervisor"]
