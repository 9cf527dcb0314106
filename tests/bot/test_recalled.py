"""What may stand in its room already is not taken for what never left: nothing stays that was taken back, nothing is said twice, nothing is lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.clock import VirtualClock
from bot.networks.port import Begun, Delayed, Outgoing, Refused, Sent
from handlers.events import Delivery, Stale
from playbooks.rooms import RoomRef
from storage.effects import Drop, Redirect, RemoveCopy
from storage.facts import DEPLOYMENT
from storage.store import OutboxRow
from tests.bot.carrying import Says, many, send
from tests.bot.floor import START, FakeNetwork, Floor, floor, room
from tests.bot.test_courier import Gate, scripted

HERE, THERE = room(2, "matrix"), room(3, "matrix")
LOST = Delayed(5.0, "the homeserver is in trouble (504)", perhaps=True)
BUSY = Delayed(5.0, "the homeserver asks us to slow down")


async def later(on: Floor, clock: VirtualClock) -> None:
    """Let time pass, and what waited leave."""
    for _ in range(6):
        clock.advance(10)
        await on.settled()


async def row(on: Floor, said: str) -> OutboxRow:
    """The copy of something that was said."""
    return next(one for one in await on.store.copies(DEPLOYMENT, said) if one.kind == "message")


async def take_back(on: Floor, says: Says, said: str) -> None:
    """Decide that a copy is to go, as handlers do: it is dropped, and its removal asked for where it is too late for that."""
    one = await row(on, said)
    says.effects += [Drop(one.send, "it was taken back"), RemoveCopy(DEPLOYMENT, one.send, one.to, said, "P-1")]
    await on.hear("go", room(1, "matrix"))
    await on.engine.at_rest.wait()


def asked(network: FakeNetwork) -> list[tuple[str, str]]:
    """What the network was asked: the kind and the words of each."""
    return [(out.kind, out.text) for out in network.sent]


async def test_what_may_have_arrived_is_named_without_its_words_and_removed(tmp_path: Path) -> None:
    """An answer is lost and the copy is taken back: the same token goes again with nothing in it, and what then stands there is removed."""
    says, network, clock = Says(), FakeNetwork("matrix", answers=scripted(LOST)), VirtualClock(START)
    async with floor(tmp_path, says.decisions, network, clock=clock) as on:
        await send(on, says, *many(1, to=HERE))
        await take_back(on, says, "S-1")
        [waiting, _] = await on.store.unsent()
        assert (waiting.state, waiting.emptied, "word" in waiting.payload) == ("pending", True, False)
        await later(on, clock)
        assert asked(network) == [("message", "Ada\nword1"), ("message", "🗑"), ("delete", "")]
        assert network.sent[0].token == network.sent[1].token and network.sent[2].replaces == network.sent[1].token
        assert await on.store.unsent() == []


async def test_what_certainly_did_not_arrive_leaves_no_trace(tmp_path: Path) -> None:
    """A network that asked us to wait took nothing: what is taken back then is dropped, and nothing more is asked of it."""
    says, network, clock = Says(), FakeNetwork("matrix", answers=scripted(BUSY)), VirtualClock(START)
    async with floor(tmp_path, says.decisions, network, clock=clock) as on:
        await send(on, says, *many(1, to=HERE))
        await take_back(on, says, "S-1")
        await later(on, clock)
        assert asked(network) == [("message", "Ada\nword1")]
        assert (await row(on, "S-1")).state == "dropped" and await on.store.unsent() == []


async def test_one_lost_answer_is_remembered_through_those_that_were_not(tmp_path: Path) -> None:
    """A network that asks us to wait says nothing of the time before: what may have arrived then is still named and removed."""
    says, network, clock = Says(), FakeNetwork("matrix", answers=scripted(LOST, BUSY)), VirtualClock(START)
    async with floor(tmp_path, says.decisions, network, clock=clock) as on:
        await send(on, says, *many(1, to=HERE))
        await later(on, clock)
        await take_back(on, says, "S-1")
        await later(on, clock)
        assert [kind for kind, _ in asked(network)] == ["message", "message", "message", "delete"]


@pytest.mark.parametrize(("outcome", "then"), [(LOST, ["🗑", ""]), (BUSY, [])])
async def test_what_is_taken_back_on_its_way_does_not_leave_again_as_it_is(
    tmp_path: Path, outcome: Delayed, then: list[str]
) -> None:
    """The answer comes after the copy was taken back, and says that it is to go again: its words do not."""
    says, gate, clock = Says(), Gate(), VirtualClock(START)
    network = FakeNetwork("matrix", answers=gate)
    async with floor(tmp_path, says.decisions, network, clock=clock) as on:
        says.effects += many(1, to=HERE)
        await on.hear("go", room(1, "matrix"))
        await gate.until("Ada\nword1")
        await take_back(on, says, "S-1")
        network.answers = scripted()
        gate.answer("Ada\nword1", outcome)
        await on.settled()
        await later(on, clock)
        assert network.texts == ["Ada\nword1", *then]


async def test_what_may_have_arrived_is_removed_before_it_is_decided_again(tmp_path: Path) -> None:
    """What may be seen changes after an answer was lost: nothing stands any more when the copy is decided again, and that says that it was shown."""
    says, network, clock = Says(), FakeNetwork("matrix", answers=scripted(LOST)), VirtualClock(START)
    async with floor(tmp_path, says.decisions, network, clock=clock) as on:
        await send(on, says, *many(1, to=HERE))
        await _shows(on)
        assert asked(network)[1:] == []
        await later(on, clock)
        assert asked(network) == [("message", "Ada\nword1"), ("message", "🗑"), ("delete", "")]
        [stale] = on.decide.of(Stale)
        assert isinstance(stale, Stale) and stale.shown and not stale.begun
        assert (await row(on, "S-1")).state == "dropped"


async def test_what_cannot_be_removed_is_of_unknown_fate(tmp_path: Path) -> None:
    """A network that does not remove what may stand there leaves it unknown, and nothing is said a second time."""

    async def answer(out: Outgoing) -> Sent | Delayed | Refused:
        if out.kind == "delete":
            return Refused("no")
        return LOST if len(network.sent) == 1 else Sent(out.token)

    says, clock = Says(), VirtualClock(START)
    network = FakeNetwork("matrix", answers=answer)
    async with floor(tmp_path, says.decisions, network, clock=clock) as on:
        await send(on, says, *many(1, to=HERE))
        await _shows(on)
        await later(on, clock)
        assert on.decide.of(Stale) == [] and (await row(on, "S-1")).state == "unknown"


async def test_after_a_crash_what_was_claimed_ahead_is_decided_again(tmp_path: Path) -> None:
    """Nobody knows which of it left: none of it stays, and all of it is decided again; nothing is of unknown fate for good."""
    says, gate = Says(), Gate()
    async with floor(tmp_path, says.decisions, FakeNetwork("matrix", answers=gate), clock=VirtualClock(START)) as on:
        says.effects += many(4, to=HERE)
        await on.hear("go", room(1, "matrix"))
        await gate.until("Ada\nword1")
        await on.kill()
    network = FakeNetwork("matrix")
    async with floor(tmp_path, None, network, clock=VirtualClock(START), running=False) as on:
        await _shows(on)
        await on.start()
        await on.settled()
        assert [out.text for out in network.sent] == ["🗑", ""] * 4
        assert len(on.decide.of(Stale)) == 4
        assert [(await row(on, f"S-{number}")).state for number in range(1, 5)] == ["dropped"] * 4


async def test_after_a_crash_what_was_taken_back_goes_without_its_words(tmp_path: Path) -> None:
    """That a copy was taken back is on file: a restart sends its words as little as it would have been."""
    says, network, clock = Says(), FakeNetwork("matrix", answers=scripted(LOST)), VirtualClock(START)
    async with floor(tmp_path, says.decisions, network, clock=clock) as on:
        await send(on, says, *many(1, to=HERE))
        await take_back(on, says, "S-1")
        await on.kill()
    network = FakeNetwork("matrix")
    async with floor(tmp_path, None, network, clock=VirtualClock(clock.now())) as on:
        on.clock.advance(10)  # type: ignore[attr-defined]
        await on.settled()
        assert network.texts == ["🗑", ""]


async def test_a_room_that_moves_takes_what_is_claimed_ahead_along_on_file(tmp_path: Path) -> None:
    """After a crash as before it, what never left goes to the new room."""
    says, gate = Says(), Gate()
    async with floor(tmp_path, says.decisions, FakeNetwork("matrix", answers=gate), clock=VirtualClock(START)) as on:
        says.effects += many(3, to=HERE)
        await on.hear("go", room(1, "matrix"))
        await gate.until("Ada\nword1")
        says.effects += [Redirect(HERE, THERE)]
        await on.hear("go", room(1, "matrix"))
        await on.engine.at_rest.wait()
        await on.kill()
    network = FakeNetwork("matrix")
    async with floor(tmp_path, None, network, clock=VirtualClock(START)) as on:
        await on.settled()
        assert sorted((out.text, out.room) for out in network.sent) == [
            ("Ada\nword1", HERE),
            ("Ada\nword2", THERE),
            ("Ada\nword3", THERE),
        ]


async def test_the_place_that_a_thread_began_is_told_before_anything_is_said_there(tmp_path: Path) -> None:
    """The message goes there only once that is committed, and what was said after it comes after it."""
    place = RoomRef("telegram", room(2).id, "77")
    says, gate = Says(), Gate()
    async with floor(tmp_path, says.decisions, FakeNetwork(answers=gate), clock=VirtualClock(START)) as on:
        says.effects += many(2)
        await on.hear("go")
        await gate.until("Ada\nword1")
        gate.answer("Ada\nword1", Begun(place))
        await gate.until("Ada\nword1")
        first = on.decide.of(Delivery)[0]
        assert isinstance(first, Delivery) and (first.became, first.place) == ("moved", place)
        gate.answer("Ada\nword1", Sent("m1"))
        await gate.until("Ada\nword2")
        await on.kill()


async def _shows(on: Floor) -> None:
    """From now on what was said counts as showing what may not be seen any more."""
    is_stale = on.courier._leaving._is_stale

    def stale(one: OutboxRow) -> bool:
        return is_stale(one) or (one.kind == "message" and not one.emptied)

    on.courier._recalls.is_stale = stale  # type: ignore[assignment, method-assign]
    for part in (on.courier._leaving, on.courier._ahead):
        part._is_stale = stale
    on.courier.poke()
