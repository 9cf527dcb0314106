"""What is heard, what it leads to and the claim of that are one commit where nothing is in the way; and nothing is lost or doubled where something is."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from bot.clock import SystemClock, VirtualClock
from bot.networks.port import Sent
from handlers.world import Request, World
from playbooks.rooms import Network
from storage.effects import Effect, Urgency
from storage.facts import DEPLOYMENT, EventFailed, NoteAdded
from storage.store import Changed, Changes, StorageError, StorageFull
from tests.bot.carrying import Says, many, send
from tests.bot.floor import START, FakeDecisions, FakeNetwork, Floor, floor, message, note, room
from tests.bot.test_courier import Gate
from tests.patience import PATIENCE

HERE = room(2)


def writing(on: Floor, *wrong: StorageError) -> list[str]:
    """What is written to the file from now on; the first commits end so."""
    written: list[str] = []
    left = list(wrong)

    def noted(name: str, inner: Callable[..., Any]) -> Callable[..., Any]:
        async def one(*given: Any) -> Any:
            written.append(name)
            if name == "commit" and left:
                raise left.pop(0)
            return await inner(*given)

        return one

    for name in ("keep", "commit", "claim"):
        setattr(on.store, name, noted(name, getattr(on.store, name)))
    return written


async def states(on: Floor, count: int) -> list[tuple[str, str | None]]:
    """How what was said stands on file, and under which name."""
    rows = [row for number in range(1, count + 1) for row in await on.store.copies(DEPLOYMENT, f"S-{number}")]
    return [(row.state, row.message) for row in rows]


async def test_one_commit_lies_between_hearing_and_sending(tmp_path: Path) -> None:
    """Where a room is free, talk is claimed with what it was heard in, and both are on file before anything is written to the network."""
    says, gate = Says(), Gate()
    async with floor(tmp_path, says.decisions, FakeNetwork(answers=gate), clock=VirtualClock(START)) as on:
        await on.settled()
        written = writing(on)
        says.effects += many(1, to=HERE)
        await on.hear("go")
        await gate.until("Ada\nword1")
        assert written == ["commit"]
        assert await states(on, 1) == [("inflight", None)]
        assert await on.store.waiting(9) == [] and await on.store.cursor("telegram") == "1"
        gate.answer("Ada\nword1")
        await on.settled()
        assert written == ["commit", "commit"] and await states(on, 1) == [("sent", "m-Ada\nword1")]


async def test_only_talk_that_goes_alone_leaves_at_once(tmp_path: Path) -> None:
    """Several messages into a room, and anything more urgent than talk, stand in line as ever."""
    says = Says()
    async with floor(tmp_path, says.decisions, clock=VirtualClock(START)) as on:
        written = writing(on)
        await send(on, says, *many(2, to=HERE), message(room(3), "leave now", urgency=Urgency.ALERT))
        assert written.count("claim") == 2
        assert sorted(on.network.texts) == ["Ada\nword1", "Ada\nword2", "leave now"]


async def test_what_cannot_be_kept_so_is_kept_first(tmp_path: Path) -> None:
    """A full disk, and then all goes as if what was heard had always waited on file: it is sent once, and the room's place was given back."""

    def hear(world: World, request: Request) -> list[Effect]:
        return many(1, to=HERE, at=SystemClock().now())

    async with floor(tmp_path, FakeDecisions(on_hear=hear), FakeNetwork()) as on:
        await on.settled()
        written = writing(on, StorageFull("no room"))
        await on.hear("go")
        await on.settled()
        assert written[:3] == ["commit", "keep", "commit"]
        assert on.network.texts == ["Ada\nword1"] and on.engine.trouble is None
        assert on.courier.flying == 0 and await states(on, 1) == [("sent", "m1")]


async def test_what_cannot_be_decided_fails_on_file(tmp_path: Path) -> None:
    """An event that our code cannot handle is kept as failed, and what came with it is handled."""

    def hear(world: World, request: Request) -> list[Effect]:
        if request.text == "bad":
            raise RuntimeError
        return [note(request.text)]

    async with floor(tmp_path, FakeDecisions(on_hear=hear)) as on:
        await on.hear_all(["one", "bad", "two"])
        await on.settled()
        facts = [kept.fact for kept in await on.store.facts(DEPLOYMENT)]
        assert [fact.text for fact in facts if isinstance(fact, NoteAdded)] == ["one", "two"]
        assert [fact.inbox for fact in facts if isinstance(fact, EventFailed)] == [2]


async def test_what_is_told_again_counts_once(tmp_path: Path) -> None:
    """A network that repeats itself is heard once, and what came with the repetition is not lost."""

    def hear(world: World, request: Request) -> list[Effect]:
        return [note(request.text)]

    async with floor(tmp_path, FakeDecisions(on_hear=hear)) as on:
        await on.hear("one")
        on.heard = 0
        await on.hear_all(["one", "two"])
        await on.settled()
        facts = [kept.fact for kept in await on.store.facts(DEPLOYMENT)]
        assert [fact.text for fact in facts if isinstance(fact, NoteAdded)] == ["one", "two"]
        assert on.engine.trouble is None


@pytest.mark.parametrize("when", ["before the start", "after the end"])
async def test_nobody_is_kept_waiting_by_an_engine_that_does_not_decide(tmp_path: Path, when: str) -> None:
    """What is heard before the first decision, or as the last was made, is kept, and decided by whoever starts next."""
    async with floor(tmp_path, running=False) as on:
        if when == "after the end":
            await on.start()
            on.tasks[0].cancel()
            await asyncio.gather(on.tasks[0], return_exceptions=True)
        async with asyncio.timeout(PATIENCE):
            await on.hear("one")
        assert [row.key for row in await on.store.waiting(9)] == ["1"]


async def test_the_store_decides_nothing_again_for_nothing(tmp_path: Path) -> None:
    """A commit of something that was known keeps nothing at all."""
    async with floor(tmp_path, FakeDecisions(on_hear=lambda world, request: [note(request.text)])) as on:
        seen: list[Changes] = []
        commit = on.store.commit

        async def watched(changes: Changes) -> None:
            seen.append(changes)
            await commit(changes)

        on.store.commit = watched  # type: ignore[method-assign]
        await on.hear("one")
        before = await on.store.facts(DEPLOYMENT)
        with pytest.raises(Changed):
            await commit(Changes(START, heard=seen[-1].heard, cursors={_of(seen): "9"}, records=seen[-1].records))
        assert await on.store.facts(DEPLOYMENT) == before and await on.store.cursor("telegram") == "1"


def _of(seen: Sequence[Changes]) -> Network:
    return seen[-1].heard[0].network


async def test_after_a_crash_only_what_was_on_its_way_is_of_unknown_fate(tmp_path: Path) -> None:
    """What a network took before is named with the claim of what followed it, even where nothing was decided about it yet."""
    says, gate = Says(), Gate()
    async with floor(tmp_path, says.decisions, FakeNetwork(answers=gate), clock=VirtualClock(START)) as on:
        commit = on.store.commit

        async def fails(changes: Changes) -> None:
            if changes.outcomes:
                raise StorageError("no")
            await commit(changes)

        on.store.commit = fails  # type: ignore[method-assign]
        says.effects += many(3, to=HERE)
        await on.hear("go")
        for number in (1, 2):
            await gate.until(f"Ada\nword{number}")
            gate.answer(f"Ada\nword{number}")
        await gate.until("Ada\nword3")
        names = ["m-Ada\nword1", "m-Ada\nword2", None]
        assert await states(on, 3) == [("inflight", name) for name in names]
        await on.kill()
    async with floor(tmp_path, None, FakeNetwork(answers=_never), clock=VirtualClock(START)) as on:
        await on.settled()
        assert await states(on, 3) == list(zip(["sent", "sent", "unknown"], names, strict=True))
        assert on.network.sent == []


async def _never(out: object) -> Sent:
    raise AssertionError("nothing is sent again")
