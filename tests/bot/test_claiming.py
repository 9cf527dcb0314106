"""Claims: that a message is in flight is on file before its network sees it, for all that leave together or for none."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from bot.clock import VirtualClock
from bot.networks.port import Limits, Outcome, Outgoing, Sent
from handlers.events import Delivery, Stale
from playbooks.rooms import Network
from storage.effects import Effect, Record, Send
from storage.facts import DEPLOYMENT, RoomMoved
from storage.store import Changes, OutboxChange, StorageError, StorageFull
from tests.bot.carrying import Says, many, send, speech
from tests.bot.floor import START, FakeNetwork, Floor, floor, message, room
from tests.patience import PATIENCE

NETWORKS: Sequence[Network] = ("telegram", "matrix")
EPOCH: Effect = Record(DEPLOYMENT, RoomMoved(room(50), room(51)))
"""Who may see what is another question from here on."""


def waiting(network: Network = "telegram") -> FakeNetwork:
    """A network that is away: what is written waits."""
    port = FakeNetwork(network)
    port.state.connected = False
    return port


def messages(network: Network, *rooms: int) -> list[Send]:
    """A message for each of these rooms."""
    return [message(room(number, network), f"to {number}") for number in rooms]


async def leave(on: Floor, port: FakeNetwork) -> None:
    """The network is there: what waits leaves."""
    port.state.connected = True
    on.courier.poke()
    await on.settled()


class Claims:
    """What a store is asked to claim; it refuses the first of these times."""

    def __init__(self, on: Floor, *refusals: StorageError) -> None:
        self.asked: list[list[str]] = []
        self._refusals = list(refusals)
        self._claim, on.store.claim = on.store.claim, self  # type: ignore[method-assign]

    async def __call__(self, tokens: Sequence[str], now: datetime, arrived: Sequence[OutboxChange] = ()) -> None:
        self.asked.append(list(tokens))
        if self._refusals:
            raise self._refusals.pop(0)
        await self._claim(tokens, now, arrived)


@pytest.mark.parametrize("network", NETWORKS)
async def test_a_message_is_on_file_as_in_flight_when_its_network_sees_it(tmp_path: Path, network: Network) -> None:
    """With the time, of which the first is kept however often it goes; when it was taken it is no more."""
    port, says = waiting(network), Says()
    seen = []
    async with floor(tmp_path, says.decisions, port, clock=VirtualClock(START)) as on:

        async def answer(out: Outgoing) -> Outcome:
            row = await on.store.row(out.token)
            assert row is not None
            seen.append((row.state, row.claimed_at, row.first_claimed_at))
            return Sent(out.token)

        port.answers = answer
        await send(on, says, *messages(network, 2))
        [row] = await on.store.unsent()
        assert (row.state, row.claimed_at) == ("pending", None)
        await leave(on, port)
        assert seen == [("inflight", START, START)]
        assert await on.store.unsent() == []


async def test_what_leaves_together_is_claimed_together(tmp_path: Path) -> None:
    """One transaction for every room that is free, within what its network lets through at once."""
    port, says = waiting(), Says()
    port.limits = Limits(concurrency=3)
    async with floor(tmp_path, says.decisions, port, clock=VirtualClock(START)) as on:
        await send(on, says, *messages("telegram", 2, 3, 4, 5))
        claims = Claims(on)
        await leave(on, port)
        assert len(claims.asked[0]) == 3 and sum(map(len, claims.asked)) == 4
        assert len(set().union(*claims.asked)) == 4


@pytest.mark.parametrize("refusal", [StorageError("the disk does not answer"), StorageFull("no room left")])
async def test_a_claim_that_fails_leaves_everything_waiting(tmp_path: Path, refusal: StorageError) -> None:
    """Nothing is written to the network, on file all is as it was, and the reason is told; then each leaves once, in its order."""
    port, says, clock = waiting(), Says(), VirtualClock(START)
    async with floor(tmp_path, says.decisions, port, clock=clock) as on:
        await send(on, says, message(room(2), "one"), message(room(2), "two"), message(room(3), "other"))
        claims = Claims(on, refusal)
        port.state.connected = True
        on.courier.poke()
        async with asyncio.timeout(PATIENCE):
            while on.courier.trouble is None:
                await _steps()
        assert (on.courier.trouble, port.texts, on.courier.flying) == (str(refusal), [], 0)
        assert {row.state for row in await on.store.unsent()} == {"pending"}
        clock.advance(5)
        await on.settled()
        assert [text for text in port.texts if text != "other"] == ["one", "two"] and port.texts.count("other") == 1
        assert len(claims.asked) >= 2


async def test_what_another_process_has_settled_holds_up_nothing(tmp_path: Path) -> None:
    """It cannot be claimed, so it is let go of; the others, claimed with it in vain, leave at the next turn."""
    port, says, clock = waiting(), Says(), VirtualClock(START)
    async with floor(tmp_path, says.decisions, port, clock=clock) as on:
        await send(on, says, message(room(2), "settled"), message(room(2), "behind it"), message(room(3), "beside it"))
        [settled] = [row for row in await on.store.unsent() if '"settled"' in row.payload]
        await on.store.commit(Changes(START, outcomes=[OutboxChange(settled.token, "dropped", reason="elsewhere")]))
        port.state.connected = True
        on.courier.poke()
        async with asyncio.timeout(PATIENCE):
            while len(port.sent) < 2:
                clock.advance(1)
                await _steps()
        await on.settled()
        assert sorted(port.texts) == ["behind it", "beside it"]
        assert await on.store.unsent() == [] and on.courier.backlog("telegram") == 0
        row = await on.store.row(settled.token)
        assert row is not None and (row.state, row.reason) == ("dropped", "elsewhere")


async def test_a_clearance_that_ends_while_it_is_claimed_lets_nothing_out(tmp_path: Path) -> None:
    """Between the choice and the claim who may see what became another question: it is handed back, and its room is free for what shows nothing."""
    port, says = waiting(), Says()
    async with floor(tmp_path, says.decisions, port, clock=VirtualClock(START)) as on:
        await send(on, says, replace(message(room(2), "secret", what={"value": 1})), message(room(3), "beside it"))
        claim = on.store.claim

        async def slow(tokens: Sequence[str], now: datetime, arrived: Sequence[OutboxChange] = ()) -> None:
            await claim(tokens, now, arrived)
            on.store.claim = claim  # type: ignore[method-assign]
            says.effects.append(EPOCH)
            before = on.engine.epoch(DEPLOYMENT)
            await on.hear("go")
            while on.engine.epoch(DEPLOYMENT) == before:
                await _steps()

        on.store.claim = slow  # type: ignore[method-assign]
        await leave(on, port)
        assert port.texts == ["beside it"]
        [stale] = on.decide.of(Stale)
        assert isinstance(stale, Stale) and not stale.shown
        row = await on.store.row(stale.row.token)
        assert row is not None and row.state == "dropped"
        assert on.courier.flying == 0
        await send(on, says, message(room(2), "nothing to hide"))
        assert port.texts == ["beside it", "nothing to hide"]


async def test_where_the_same_token_is_taken_once_talk_is_claimed_ahead(tmp_path: Path) -> None:
    """What follows in the same room is claimed with the first; elsewhere each by itself, since after a crash nobody knows of what was in flight."""
    counted = {}
    for network in NETWORKS:
        port, says = waiting(network), Says()
        async with floor(tmp_path / network, says.decisions, port, clock=VirtualClock(START)) as on:
            await send(on, says, *many(3, to=room(2, network)))
            claims = Claims(on)
            await leave(on, port)
            counted[network] = [len(one) for one in claims.asked if one]
            assert "".join(port.texts).count("word") == 3
    assert counted["matrix"] in ([3], [])  # claimed as they were put in line, or with the first
    assert all(one == 1 for one in counted["telegram"])


async def test_a_kill_after_the_claim_is_honest(tmp_path: Path) -> None:
    """On file it is in flight: what a network takes once goes again under its token, and of what may be doubled nobody knows."""
    for network in NETWORKS:
        port, says = waiting(network), Says()
        async with floor(tmp_path / network, says.decisions, port, clock=VirtualClock(START)) as on:
            await send(on, says, speech("word", to=room(2, network)))
            [row] = await on.store.unsent()
            await on.store.claim([row.token] if row.state == "pending" else [], START)
            await on.kill()
        port, says = FakeNetwork(network), Says()
        async with floor(tmp_path / network, says.decisions, port, clock=VirtualClock(START)) as on:
            await on.settled()
            became = [one.became for one in on.decide.of(Delivery) if isinstance(one, Delivery)]
            if network == "matrix":
                assert [out.token for out in port.sent] == [row.token] and became == ["sent"]
            else:
                assert port.sent == [] and became == ["unknown"]


async def _steps() -> None:
    """Let everybody else go on a little."""
    for _ in range(5):
        await asyncio.sleep(0)
