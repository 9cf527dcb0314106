"""Talk follows at once where nothing can be said twice: nothing lost, doubled or out of order, and everything else as ever."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from datetime import datetime
from pathlib import Path

from bot.ahead import MOST_AHEAD
from bot.clock import SystemClock, VirtualClock
from bot.networks.port import Delayed, Outcome, Outgoing, Refused, Sent
from playbooks.rooms import RoomRef
from storage.effects import Drop, Redirect, Urgency
from storage.facts import DEPLOYMENT
from storage.store import OutboxChange, StorageError
from tests.bot.carrying import Says, many, send, speech
from tests.bot.floor import START, FakeNetwork, Floor, floor, message, room
from tests.bot.test_courier import Gate

HERE, THERE = room(2, "matrix"), room(3, "matrix")


def counting(on: Floor) -> list[Sequence[str]]:
    """The claims that are made from now on."""
    claims: list[Sequence[str]] = []
    claim = on.store.claim

    async def counted(tokens: Sequence[str], now: datetime, arrived: Sequence[OutboxChange] = ()) -> None:
        claims.append(tokens)
        await claim(tokens, now, arrived)

    on.store.claim = counted  # type: ignore[method-assign]
    return claims


async def states(on: Floor, about: Collection[str]) -> list[str]:
    """How what was said stands on file."""
    return [row.state for one in about for row in await on.store.copies(DEPLOYMENT, one)]


async def test_talk_is_claimed_ahead_and_leaves_in_order(tmp_path: Path) -> None:
    """A few claims for many messages, one message at a time, each once, as they were said."""
    says, network = Says(), FakeNetwork("matrix")
    async with floor(tmp_path, says.decisions, network, clock=VirtualClock(START)) as on:
        claims = counting(on)
        await send(on, says, *many(3 * MOST_AHEAD, to=HERE))
        assert network.texts == [f"Ada\nword{number}" for number in range(1, 3 * MOST_AHEAD + 1)]
        assert network.most_flying == 1 and len(claims) <= 4
        assert await on.store.unsent() == []


async def test_one_message_costs_no_claim(tmp_path: Path) -> None:
    """It is claimed in the transaction that puts it in line, before anything is written to the network."""
    says, gate = Says(), Gate()
    async with floor(tmp_path, says.decisions, FakeNetwork("matrix", answers=gate), clock=VirtualClock(START)) as on:
        claims = counting(on)
        says.effects += many(1, to=HERE)
        await on.hear("go", room(1, "matrix"))
        await gate.until("Ada\nword1")
        [row] = await on.store.unsent()
        assert (row.state, row.first_claimed_at) == ("inflight", START)
        gate.answer("Ada\nword1")
        await on.settled()
        assert claims == [] and await on.store.unsent() == []


async def test_a_network_that_takes_things_twice_is_claimed_one_by_one(tmp_path: Path) -> None:
    """Where what was in flight is of unknown fate after a crash, no more than one message of a room is."""
    says, network = Says(), FakeNetwork("telegram", answers=Gate())
    async with floor(tmp_path, says.decisions, network, clock=VirtualClock(START)) as on:
        says.effects += many(5, to=room(2))
        await on.hear("go")
        await network.until_sent(1)
        assert [row.state for row in await on.store.unsent()] == ["inflight", *["pending"] * 4]
        await on.kill()


async def test_after_a_crash_what_was_claimed_ahead_goes_again(tmp_path: Path) -> None:
    """The network has taken two, and we know of none of it: all go in their order, under the tokens that they had."""
    says, gate = Says(), Gate()
    async with floor(tmp_path, says.decisions, FakeNetwork("matrix", answers=gate), clock=VirtualClock(START)) as on:
        commit, broken = on.store.commit, asyncio.Event()

        async def fails(changes: object) -> None:
            if changes.outcomes:  # type: ignore[attr-defined]
                broken.set()
                raise StorageError("no")
            await commit(changes)  # type: ignore[arg-type]

        on.store.commit = fails  # type: ignore[method-assign]
        says.effects += many(3, to=HERE)
        await on.hear("go", room(1, "matrix"))
        await gate.until("Ada\nword1")
        gate.answer("Ada\nword1")
        await gate.until("Ada\nword2")
        gate.answer("Ada\nword2")
        await gate.until("Ada\nword3")
        await broken.wait()
        before = [out.token for out in on.networks["matrix"].sent]
        await on.kill()
    async with floor(tmp_path, None, FakeNetwork("matrix"), clock=VirtualClock(START)) as on:
        await on.settled()
        assert [out.token for out in on.networks["matrix"].sent] == before
        assert on.networks["matrix"].texts == ["Ada\nword1", "Ada\nword2", "Ada\nword3"]
        assert await on.store.unsent() == []


async def test_what_is_urgent_passes_what_is_claimed_ahead(tmp_path: Path) -> None:
    """An alert leaves next, whatever talk was claimed before it came."""
    says, gate = Says(), Gate()
    async with floor(tmp_path, says.decisions, FakeNetwork("matrix", answers=gate), clock=VirtualClock(START)) as on:
        says.effects += many(3, to=HERE)
        await on.hear("go", room(1, "matrix"))
        await gate.until("Ada\nword1")
        says.effects.append(message(HERE, "leave now", urgency=Urgency.ALERT))
        await on.hear("go", room(1, "matrix"))
        await on.engine.at_rest.wait()
        for text in ("Ada\nword1", "leave now", "Ada\nword2", "Ada\nword3"):
            await gate.until(text)
            gate.answer(text)
        await on.settled()
        assert await on.store.unsent() == []


async def test_an_answer_waits_until_what_it_answers_is_on_file(tmp_path: Path) -> None:
    """What refers to an earlier message finds its name, however fast it follows."""
    says, network = Says(), FakeNetwork("matrix")
    async with floor(tmp_path, says.decisions, network, clock=VirtualClock(START)) as on:
        await send(on, says, speech("boats?", "S-1", HERE), speech("two", "S-2", HERE, answers="S-1"))
        assert [out.reply_to for out in network.sent] == [None, "m1"]


async def test_what_fails_goes_again_before_what_follows(tmp_path: Path) -> None:
    """A message that the network does not take now keeps its place, one that it refuses is passed, and all are claimed anew where they must."""
    answers: list[Outcome] = [Sent("a"), Delayed(0.0, "busy"), Sent("b"), Refused("odd")]

    async def answer(out: Outgoing) -> Outcome:
        return answers.pop(0) if answers else Sent(out.token)

    says, network = Says(), FakeNetwork("matrix", answers=answer)
    clock = VirtualClock(START)
    async with floor(tmp_path, says.decisions, network, clock=clock) as on:
        await send(on, says, *many(4, to=HERE))
        for _ in range(4):
            clock.advance(1)
            await on.settled()
        assert [text.removeprefix("Ada\n") for text in network.texts] == ["word1", "word2", "word2", "word3", "word4"]
        assert await states(on, ["S-1", "S-2", "S-3", "S-4"]) == ["sent", "sent", "refused", "sent"]


async def test_what_is_claimed_ahead_can_be_dropped_and_moved(tmp_path: Path) -> None:
    """A drop keeps it from leaving, and shows it as waiting until then; a room that moves takes it along, on file too."""
    says, gate = Says(), Gate()
    async with floor(tmp_path, says.decisions, FakeNetwork("matrix", answers=gate), clock=VirtualClock(START)) as on:
        says.effects += many(3, to=HERE)
        await on.hear("go", room(1, "matrix"))
        await gate.until("Ada\nword1")
        [second] = await on.store.copies(DEPLOYMENT, "S-2")
        assert second.state == "inflight"
        [shown] = on.engine._new_turn().tx.about(DEPLOYMENT, "S-2", [second])
        assert shown.state == "pending"
        says.effects += [Drop(second.send, "taken back"), Redirect(HERE, THERE)]
        await on.hear("go", room(1, "matrix"))
        await on.engine.at_rest.wait()
        gate.answer("Ada\nword1")
        await gate.until("Ada\nword3")
        gate.answer("Ada\nword3")
        await on.settled()
        assert [out.room for out in on.networks["matrix"].sent] == [HERE, THERE]
        assert await states(on, ["S-1", "S-2", "S-3"]) == ["sent", "dropped", "sent"]
        assert await _stands(on, THERE, "m-Ada\nword3") == "S-3"


async def test_a_claim_that_fails_claims_nothing_ahead(tmp_path: Path) -> None:
    """Nothing is taken for claimed that is not: it is claimed again, and everything arrives once."""
    says, network = Says(), FakeNetwork("matrix")
    async with floor(tmp_path, says.decisions, network) as on:
        claim, times = on.store.claim, 0

        async def fails(tokens: Sequence[str], now: datetime, arrived: Sequence[OutboxChange] = ()) -> None:
            nonlocal times
            times += 1
            if times == 1:
                raise StorageError("not now")
            await claim(tokens, now, arrived)

        on.store.claim = fails  # type: ignore[method-assign]
        says.effects += many(2 * MOST_AHEAD, to=HERE, at=SystemClock().now())
        await on.hear("go", room(1, "matrix"))
        await network.until_sent(2 * MOST_AHEAD)
        await on.settled()
        said = [text.rpartition("\n")[2] for text in network.texts]
        assert said == [f"word{number}" for number in range(1, 2 * MOST_AHEAD + 1)] and times > 1
        assert await on.store.unsent() == []


async def _stands(on: Floor, where: RoomRef, message: str) -> str | None:
    found = await on.store.sent_message(where, message)
    return found.about if found is not None else None
