"""Rooms that move: what waits, what is on its way, what may stand in the old room, and what only changes something there."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.clock import VirtualClock
from bot.moving import DECIDED_WITHIN, UNDECIDED
from bot.networks.port import Delayed, Moved, Outcome, Outgoing, Refused, Sent
from handlers.events import Came, Delivery
from handlers.world import World
from playbooks.rooms import Network, RoomRef
from storage.effects import Effect, Record, Redirect
from storage.facts import DEPLOYMENT, RoomMoved
from storage.store import OutboxRow
from tests.bot.carrying import Says, many, send, speech
from tests.bot.floor import START, FakeNetwork, Floor, floor, message, room
from tests.bot.test_courier import Gate
from tests.patience import PATIENCE


def moving(old: RoomRef, new: RoomRef) -> list[Effect]:
    """A room has moved, and that is followed."""
    return [Record(DEPLOYMENT, RoomMoved(old, new)), Redirect(old, new)]


def following(world: World, came: Came) -> list[Effect]:
    """What a network says of its room is followed."""
    one = came.event
    if isinstance(one, Delivery) and one.became == "moved" and one.moved_to is not None:
        return moving(one.row.to.chat, one.moved_to)
    return []


async def decided(on: Floor, says: Says, *effects: Effect) -> None:
    """These are decided and committed; what is on its way is not waited for."""
    says.effects += effects
    await on.hear("go", room(1, next(iter(on.networks))))
    await on.engine.at_rest.wait()


async def on_file(on: Floor, about: str) -> OutboxRow:
    """The one row about something that was said."""
    [row] = await on.store.copies(DEPLOYMENT, about)
    return row


@pytest.mark.parametrize("network", ["telegram", "matrix"])
async def test_what_waits_goes_to_the_new_room(tmp_path: Path, network: Network) -> None:
    """Behind what is on its way to the old one, in its order; on file it waits for the new room from the commit on that says so."""
    old, new = room(2, network), room(3, network)
    says, gate = Says(), Gate()
    async with floor(tmp_path, says.decisions, FakeNetwork(network, answers=gate), clock=VirtualClock(START)) as on:
        await decided(on, says, *many(3, to=old))
        await gate.until("Ada\nword1")
        await decided(on, says, *moving(old, new))
        assert [(await on_file(on, f"S-{number}")).to for number in (1, 2, 3)] == [old, new, new]
        for number in (1, 2, 3):
            await gate.until(f"Ada\nword{number}")
            gate.answer(f"Ada\nword{number}")
        await on.settled()
        assert [out.room for out in on.networks[network].sent] == [old, new, new]


async def test_a_topic_moves_alone(tmp_path: Path) -> None:
    """What waits for one topic goes to where that is now; the others of its chat, and the chat itself, stay."""
    topics = [RoomRef("telegram", "-2", topic) for topic in ("7", "8", None)]
    says, network = Says(), FakeNetwork()
    network.state.connected = False
    async with floor(tmp_path, says.decisions, network, clock=VirtualClock(START)) as on:
        await decided(on, says, *(message(topic, str(topic.topic)) for topic in topics))
        await decided(on, says, Redirect(topics[0], RoomRef("telegram", "-2", "9")))
        network.state.connected = True
        on.courier.poke()
        await on.settled()
        assert {out.text: out.room.topic for out in network.sent} == {"7": "9", "8": "8", "None": None}


@pytest.mark.parametrize(("network", "goes_to"), [("matrix", 2), ("telegram", 3)])
async def test_what_may_stand_in_the_old_room_is_asked_for_there(
    tmp_path: Path, network: Network, goes_to: int
) -> None:
    """Only where its token finds it again: elsewhere a network says for certain that it did not take it. Also after a kill; what follows it goes to the new room."""
    old, new = room(2, network), room(3, network)
    says, clock = Says(), VirtualClock(START)
    port = FakeNetwork(network)

    async def answer(out: Outgoing) -> Outcome:
        return Delayed(60.0, "perhaps", perhaps=network == "matrix") if len(port.sent) == 1 else Sent(out.token)

    port.answers = answer
    async with floor(tmp_path, says.decisions, port, clock=clock) as on:
        await send(on, says, *many(2, to=old))
        await send(on, says, *moving(old, new))
        assert [(await on_file(on, about)).to for about in ("S-1", "S-2")] == [room(goes_to, network), new]
        await on.kill()
    later = FakeNetwork(network)
    async with floor(tmp_path, says.decisions, later, clock=VirtualClock(START + timedelta(minutes=2))) as on:
        await on.settled()
        assert await on.store.unsent() == []
    sent = [*port.sent, *later.sent][1:]  # all but the first try
    assert {word: [out.room for out in sent if word in out.text] for word in ("word1", "word2")} == {
        "word1": [room(goes_to, network)],
        "word2": [new],
    }
    assert [out.token for out in sent if "word1" in out.text] == [port.sent[0].token]


async def test_what_was_on_its_way_and_was_not_taken_waits_for_the_new_room(tmp_path: Path) -> None:
    """Its network says no for now, after the room has moved: it is certain that it does not stand in the old one."""
    old, new = room(2, "matrix"), room(3, "matrix")
    says, gate = Says(), Gate()
    async with floor(tmp_path, says.decisions, FakeNetwork("matrix", answers=gate), clock=VirtualClock(START)) as on:
        await decided(on, says, speech("word1", to=old))
        await gate.until("Ada\nword1")
        await decided(on, says, *moving(old, new))
        gate.answer("Ada\nword1", Delayed(0.0, "slow down"))
        await gate.until("Ada\nword1")
        gate.answer("Ada\nword1")
        await on.settled()
        assert [out.room for out in on.networks["matrix"].sent] == [old, new]
        assert (await on_file(on, "S-1")).to == new


async def test_what_was_on_its_way_and_may_have_been_taken_stays_with_the_old_room(tmp_path: Path) -> None:
    """Its network was not heard: only there its token shows whether it arrived."""
    old, new = room(2, "matrix"), room(3, "matrix")
    says, moved, clock = Says(), asyncio.Event(), VirtualClock(START)
    port = FakeNetwork("matrix")

    async def answer(out: Outgoing) -> Outcome:
        if len(port.sent) > 1:
            return Sent(out.token)
        await moved.wait()
        return Delayed(0.0, "no answer", perhaps=True)

    port.answers = answer
    async with floor(tmp_path, says.decisions, port, clock=clock) as on:
        await decided(on, says, speech("word1", to=old))
        await port.until_sent(1)
        await decided(on, says, *moving(old, new))
        moved.set()
        async with asyncio.timeout(PATIENCE):
            while len(port.sent) < 2:
                clock.advance(1)
                await on.settled()
        first, second = port.sent
        assert (first.room, second.room, first.token) == (old, old, second.token)


async def test_a_room_that_somebody_replaced_is_followed_once_that_is_decided(tmp_path: Path) -> None:
    """Until then its message is tried again each half second; whoever closes a room could name somebody else's."""
    old, new = room(2, "matrix"), room(3, "matrix")
    says, clock = Says(), VirtualClock(START)

    async def answer(out: Outgoing) -> Outcome:
        return Moved(new, by_people=True) if out.room == old else Sent(out.token)

    decisions = says.decisions
    decisions.on_happened = following
    async with floor(tmp_path, decisions, FakeNetwork("matrix", answers=answer), clock=clock) as on:
        network = on.networks["matrix"]
        await send(on, says, speech("word1", to=old))
        for _ in range(3):
            clock.advance(UNDECIDED)
            await on.settled()
        assert {out.room for out in network.sent} == {old} and len(network.sent) >= 2
        await send(on, says, *moving(old, new))
        clock.advance(60)
        await on.settled()
        assert network.sent[-1].room == new and (await on_file(on, "S-1")).state == "sent"


async def test_a_room_that_is_not_followed_refuses_after_a_while(tmp_path: Path) -> None:
    """Two minutes after it was written a message for a replaced room is refused, with the reason; another place than the decided one is not taken either."""
    old = room(2, "matrix")
    says, clock = Says(), VirtualClock(START)

    async def answer(out: Outgoing) -> Outcome:
        return Moved(room(666, "matrix"), by_people=True)

    async with floor(tmp_path, says.decisions, FakeNetwork("matrix", answers=answer), clock=clock) as on:
        await send(on, says, speech("word1", to=old))
        assert (await on_file(on, "S-1")).state == "pending"
        for _ in range(4):
            clock.advance(DECIDED_WITHIN / timedelta(seconds=3))
            await on.settled()
        row = await on_file(on, "S-1")
        assert (row.state, row.reason) == ("refused", "its room was replaced by another, which is not followed")
        assert {out.room for out in on.networks["matrix"].sent} == {old}


# -- changes of what stayed behind ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("network", ["telegram", "matrix"])
@pytest.mark.parametrize("how", ["waits", "on its way"])
async def test_an_edit_whose_room_moves_is_said_in_the_new_one(tmp_path: Path, network: Network, how: str) -> None:
    """What it changes stays behind, under a name that may be another message's there: it is a message of its own, once, found under its new name."""
    old, new = room(2, network), room(3, network)
    says = Says()
    port = FakeNetwork(network)

    async def answer(out: Outgoing) -> Outcome:
        if out.kind == "edit":
            return Refused("there is no such message") if out.room == new else Moved(new)
        return Sent("5" if out.room == old else "6")

    port.answers = answer
    decisions = says.decisions
    decisions.on_happened = following
    async with floor(tmp_path, decisions, port, clock=VirtualClock(START)) as on:
        await send(on, says, message(old, "first"))
        edit = replace(message(old, "first, changed"), replaces="5")
        if how == "waits":
            port.state.connected = False
            await send(on, says, edit)
            await send(on, says, *moving(old, new))
            port.state.connected = True
            on.courier.poke()
            await on.settled()
        else:
            await send(on, says, edit)
        last = port.sent[-1]
        assert (last.kind, last.text, last.room, last.replaces) == ("message", "first, changed", new, None)
        assert sum(out.room == new for out in port.sent) == 1
        row = await on.store.row(last.token)
        assert row is not None and (row.state, row.kind, row.to, row.message) == ("sent", "message", new, "6")
        found = await on.store.sent_message(new, "6")
        assert found is not None and found.token == last.token


@pytest.mark.parametrize("network", ["telegram", "matrix"])
async def test_what_is_said_anew_as_its_room_moves_is_said_in_the_new_one(tmp_path: Path, network: Network) -> None:
    """As speech, by the same speaker; from then on that is the copy which further edits change."""
    old, new = room(2, network), room(3, network)
    says = Says()
    port = FakeNetwork(network)

    async def answer(out: Outgoing) -> Outcome:
        if out.kind == "edit" and out.room == old:
            return Moved(new)
        return Sent("5" if out.room == old else "6")

    port.answers = answer
    decisions = says.decisions
    decisions.on_happened = following
    async with floor(tmp_path, decisions, port, clock=VirtualClock(START)) as on:
        await send(on, says, speech("word", to=old))
        await send(on, says, speech("changed", to=old, amends=True))
        last = port.sent[-1]
        assert (last.kind, last.text, last.room, last.replaces) == ("message", "Ada\nchanged", new, None)
        await send(on, says, speech("changed again", to=new, amends=True))
        last = port.sent[-1]
        assert (last.kind, last.text, last.room, last.replaces) == ("edit", "Ada\nchanged again", new, "6")


async def test_a_removal_stays_with_the_old_room(tmp_path: Path) -> None:
    """A name means nothing elsewhere: nothing is removed in the new room, and nothing said there."""
    old, new = room(2), room(3)
    says, port = Says(), FakeNetwork()
    async with floor(tmp_path, says.decisions, port, clock=VirtualClock(START)) as on:
        await send(on, says, speech("one " * 300, to=old))
        assert len(port.sent) == 2
        port.state.connected = False
        await send(on, says, speech("short", to=old, amends=True))
        await send(on, says, *moving(old, new))
        port.state.connected = True
        on.courier.poke()
        await on.settled()
        assert [(out.kind, out.room) for out in port.sent[2:]] == [("message", new)]
