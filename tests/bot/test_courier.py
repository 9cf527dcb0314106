"""The courier: order in a destination, destinations side by side, and the honest fate of every message."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from bot.clock import VirtualClock
from bot.networks.port import Delayed, Limits, Moved, Outcome, Outgoing, Refused, Sent, Unknown
from handlers.events import Came, Delivery, Stale
from handlers.world import Request, World
from playbooks.rooms import RoomRef
from storage.effects import Drop, Effect, Record, Redirect, Repeat, Urgency
from storage.facts import DEPLOYMENT, IdentityLost, MessageDropped, RoomMoved
from storage.store import StorageError, StorageFull
from tests.bot.floor import START, FakeDecisions, FakeNetwork, Floor, floor, message, note, room, words
from tests.patience import PATIENCE


@dataclass
class Gate:
    """Answers of a network that a test gives one by one."""

    waiting: dict[str, asyncio.Future[Outcome]] = field(default_factory=dict)
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def __call__(self, out: Outgoing) -> Outcome:
        async with self.changed:
            self.waiting[out.text] = asyncio.get_running_loop().create_future()
            self.changed.notify_all()
        return await self.waiting[out.text]

    async def until(self, *texts: str) -> None:
        """Wait until these messages, and no others, are with the network."""
        async with asyncio.timeout(PATIENCE), self.changed:
            await self.changed.wait_for(lambda: {t for t, one in self.waiting.items() if not one.done()} >= set(texts))
        assert {t for t, one in self.waiting.items() if not one.done()} == set(texts)

    def answer(self, text: str, outcome: Outcome | None = None) -> None:
        self.waiting[text].set_result(outcome or Sent(f"m-{text}"))


def scripted(*outcomes: Outcome) -> Any:
    """A network that gives these outcomes, and takes everything afterwards."""
    left = list(outcomes)

    async def answer(out: Outgoing) -> Outcome:
        return left.pop(0) if left else Sent(out.token)

    return answer


def sends(*messages: tuple[int, str, Urgency] | tuple[int, str]) -> FakeDecisions:
    """Whatever is heard leads to these messages: (room, text, urgency)."""

    def hear(world: World, request: Request) -> list[Effect]:
        return [
            message(room(one[0]), one[1], urgency=one[2] if len(one) > 2 else Urgency.ANSWER)  # type: ignore[misc]
            for one in messages
        ]

    return FakeDecisions(on_hear=hear)


def became(on: Floor) -> list[tuple[str, str]]:
    return [(one.became, one.reason) for one in on.decide.of(Delivery)]  # type: ignore[attr-defined]


async def rows(on: Floor) -> Sequence[Any]:
    return [await on.store.row(out.token) for out in on.network.sent]


async def test_one_destination_goes_in_order_one_at_a_time(tmp_path: Path) -> None:
    """Messages to a room leave the most urgent first, then as written, each after the one before was answered."""
    network = FakeNetwork()
    network.state.connected = False
    decide = sends(
        (1, "c1", Urgency.CHATTER), (1, "a1"), (1, "a2"), (1, "alert", Urgency.ALERT), (1, "c2", Urgency.CHATTER)
    )
    async with floor(tmp_path, decide, network) as on:
        await on.hear("go")
        await on.settled()
        network.state.connected = True
        on.courier.poke()
        await on.settled()
        assert network.texts == ["alert", "a1", "a2", "c1", "c2"]
        assert network.most_flying == 1


async def test_topics_of_a_chat_are_one_destination(tmp_path: Path) -> None:
    """A chat's topics share its limits, and so its line."""

    def hear(world: World, request: Request) -> list[Effect]:
        return [message(RoomRef("telegram", "-1", str(topic)), str(topic)) for topic in range(5)]

    async with floor(tmp_path, FakeDecisions(on_hear=hear)) as on:
        await on.hear("go")
        await on.settled()
        assert on.network.texts == ["0", "1", "2", "3", "4"]
        assert on.network.most_flying == 1


async def test_destinations_go_side_by_side_within_the_networks_bounds(tmp_path: Path) -> None:
    """Different rooms do not wait for each other, but no more are in flight than the network allows."""
    gate = Gate()
    network = FakeNetwork(limits=Limits(concurrency=3), answers=gate)
    decide = sends(*((number, str(number)) for number in range(5)))
    async with floor(tmp_path, decide, network) as on:
        await on.hear("go")
        await gate.until("0", "1", "2")
        gate.answer("1")
        await gate.until("0", "2", "3")
        gate.answer("0")
        gate.answer("2")
        gate.answer("3")
        await gate.until("4")
        gate.answer("4")
        await on.settled()
        assert network.most_flying == 3


async def test_the_most_urgent_destination_goes_first(tmp_path: Path) -> None:
    """When the network allows one at a time, an alert overtakes the chatter of every other room."""
    gate = Gate()
    network = FakeNetwork(limits=Limits(concurrency=1), answers=gate)

    def hear(world: World, request: Request) -> list[Effect]:
        if request.text == "alert":
            return [message(room(9), "alert", urgency=Urgency.ALERT)]
        return [message(room(number), str(number), urgency=Urgency.CHATTER) for number in range(3)]

    async with floor(tmp_path, FakeDecisions(on_hear=hear), network) as on:
        await on.hear("talk")
        await gate.until("0")
        await on.hear("alert")
        async with asyncio.timeout(PATIENCE):
            await on.engine.at_rest.wait()
        gate.answer("0")
        await gate.until("alert")
        gate.answer("alert")
        await gate.until("1")
        gate.answer("1")
        await gate.until("2")
        gate.answer("2")
        await on.settled()


async def test_chatter_leaves_room_for_what_is_urgent(tmp_path: Path) -> None:
    """Of what a network takes at once chatter uses half; an alert that comes then does not wait."""
    network = FakeNetwork(limits=Limits(overall=(4, 60.0)))

    def hear(world: World, request: Request) -> list[Effect]:
        if request.text == "alert":
            return [message(room(9), "alert", urgency=Urgency.ALERT)]
        return [message(room(number), f"c{number}", urgency=Urgency.CHATTER) for number in range(4)]

    async with floor(tmp_path, FakeDecisions(on_hear=hear), network) as on:
        await on.hear("chatter")
        await on.settled()
        assert network.texts == ["c0", "c1"]
        await on.hear("alert")
        await on.settled()
        assert network.texts == ["c0", "c1", "alert"]


async def test_a_room_that_must_wait_delays_no_other(tmp_path: Path) -> None:
    """A refusal with a time parks its own room only; the message goes again after that time, under the same token."""
    clock = VirtualClock(START)
    decide = sends((1, "one"), (1, "later"), (2, "two"))

    async def answer(out: Outgoing) -> Outcome:
        limited = out.text == "one" and len(on.network.sent) <= 2
        return Delayed(30, "429") if limited else Sent(out.token)

    async with floor(tmp_path, decide, FakeNetwork(answers=answer), clock=clock) as on:
        await on.hear("go")
        await on.settled()
        assert sorted(on.network.texts) == ["one", "two"]
        row = await on.store.row(on.network.sent[0].token)
        assert row is not None and row.state == "pending" and row.not_before == START + timedelta(seconds=30)
        clock.advance(29)
        await on.settled()
        assert len(on.network.sent) == 2
        clock.advance(1.5)
        await on.settled()
        clock.advance(10)
        await on.settled()
        assert on.network.texts[2:] == ["one", "later"]
        assert len({out.token for out in on.network.sent if out.text == "one"}) == 1
        assert [what for what, _ in became(on)] == ["sent"] * 3


async def test_a_limit_for_everybody_parks_the_network(tmp_path: Path) -> None:
    """When the network says that it means everybody, nothing leaves until its time is over."""
    clock = VirtualClock(START)
    network = FakeNetwork(limits=Limits(concurrency=1), answers=scripted(Delayed(20, "429", everywhere=True)))
    async with floor(tmp_path, sends((1, "one"), (2, "two")), network, clock=clock) as on:
        await on.hear("go")
        await on.settled()
        assert network.texts == ["one"]
        clock.advance(21)
        await on.settled()
        assert sorted(network.texts[1:]) == ["one", "two"]


async def test_a_room_held_up_for_long_is_spoken_of_once(tmp_path: Path) -> None:
    """A delay of more than a minute is told once, however often it is renewed; shorter ones are not."""
    clock = VirtualClock(START)
    network = FakeNetwork(answers=scripted(Delayed(40, "429"), Delayed(40, "429"), Delayed(3600, "429")))
    async with floor(tmp_path, sends((1, "one")), network, clock=clock) as on:
        await on.hear("go")
        await on.settled()
        assert became(on) == []
        for seconds in (41, 41, 3601):
            clock.advance(seconds)
            await on.settled()
        assert [what for what, _ in became(on)] == ["delayed", "sent"]


async def test_a_room_that_falls_behind_is_spoken_of_once(tmp_path: Path) -> None:
    """Where each message waits less than a minute for the one before, but there are more and more of them: told once, until all have left."""
    clock = VirtualClock(START)

    async def slow(out: Outgoing) -> Outcome:
        return Sent(out.text) if network.texts.count(out.text) == 2 else Delayed(50, "429")

    network = FakeNetwork(answers=slow)
    async with floor(tmp_path, sends(*((1, f"n{number}") for number in range(20))), network, clock=clock) as on:
        await on.hear("go")
        for _ in range(1200):
            await on.settled()
            clock.advance(1)
        assert len(network.sent) == 40
        told = [number for number, (what, _) in enumerate(became(on)) if what == "delayed"]
        assert told == [11]


async def test_every_fate_is_reported_and_kept(tmp_path: Path) -> None:
    """Sent, refused and unknown become the row's state and an event, with what the network said."""
    network = FakeNetwork(
        limits=Limits(concurrency=1), answers=scripted(Sent("77"), Refused("blocked", gone=True), Unknown("reset"))
    )
    async with floor(tmp_path, sends((1, "one"), (2, "two"), (3, "three")), network) as on:
        await on.hear("go")
        await on.settled()
        assert [(row.state, row.message, row.reason) for row in await rows(on)] == [
            ("sent", "77", None),
            ("refused", None, "blocked"),
            ("unknown", None, "reset"),
        ]
        assert became(on) == [("sent", ""), ("refused", "blocked"), ("unknown", "reset")]
        assert on.decide.of(Delivery)[1].gone  # type: ignore[attr-defined]
        found = await on.store.sent_message(room(1), "77")
        assert found is not None and found.about == "A-1"


async def test_a_repetition_is_marked_named_beforehand_and_keeps_its_place(tmp_path: Path) -> None:
    """A message of unknown fate goes again with a line on top, under the name that was announced, before what came
    after it.
    """

    def happened(world: World, came: Came) -> list[Effect]:
        one = came.event
        if isinstance(one, Delivery) and one.became == "unknown":
            return [note(one.repeat), Repeat(one.row.token, words("Possible repeat"))]
        return []

    decide = sends((1, "one"), (1, "two"))
    decide.on_happened = happened
    async with floor(tmp_path, decide, FakeNetwork(answers=scripted(Unknown("reset")))) as on:
        await on.hear("go")
        await on.settled()
        assert on.network.texts == ["one", "Possible repeat\none", "two"]
        [said] = [kept.fact.text for kept in await on.store.facts(DEPLOYMENT)]  # type: ignore[attr-defined]
        again = await on.store.row(on.network.sent[1].token)
        assert again is not None and again.token == again.send == said and again.again == 1


async def test_a_room_that_moved_is_followed(tmp_path: Path) -> None:
    """The message that met the move, and those behind it, go to the new address."""

    def happened(world: World, came: Came) -> list[Effect]:
        one = came.event
        if isinstance(one, Delivery) and one.became == "moved" and one.moved_to:
            return [Record(DEPLOYMENT, RoomMoved(one.row.to, one.moved_to)), Redirect(one.row.to.chat, one.moved_to)]
        return []

    decide = sends((1, "one"), (1, "two"))
    decide.on_happened = happened
    async with floor(tmp_path, decide, FakeNetwork(answers=scripted(Moved(room(100))))) as on:
        await on.hear("go")
        await on.settled()
        assert [(out.text, out.room) for out in on.network.sent] == [
            ("one", room(1)),
            ("one", room(100)),
            ("two", room(100)),
        ]


async def test_what_still_goes_to_where_a_room_was_holds_up_nobody_in_the_new_one(tmp_path: Path) -> None:
    """However much of it is refused there: what is said in the new room leaves at once."""

    def happened(world: World, came: Came) -> list[Effect]:
        one = came.event
        moves = isinstance(one, Delivery) and one.became == "moved" and world.who.now_at(one.row.to) != room(100)
        return [Record(DEPLOYMENT, RoomMoved(room(1), room(100)))] if moves else []

    async def answer(out: Outgoing) -> Outcome:
        if out.room == room(1):
            return Moved(room(100))
        return Refused("it does not stand here") if out.text == "late" else Sent(out.token)

    decide = FakeDecisions(on_hear=lambda _, asked: [message(room(100 if asked.text == "live" else 1), asked.text)])
    decide.on_happened = happened
    async with floor(tmp_path, decide, FakeNetwork(answers=answer)) as on:
        for text in ("late", "late", "late", "late", "live"):
            await on.hear(text)
            await on.settled()
        assert on.network.texts[-1] == "live" and on.network.sent[-1].room == room(100)


async def test_a_stale_clearance_is_decided_again_and_nothing_of_it_is_shown(tmp_path: Path) -> None:
    """A message that shows fields under a policy that has changed since goes back, all its parts at once, and
    never leaves.
    """

    def hear(world: World, request: Request) -> list[Effect]:
        if request.text == "move":
            return [Record(DEPLOYMENT, RoomMoved(room(50), room(51)))]
        return [message(room(1), "secret", what={"value": 1}), message(room(1), "plain")]

    def happened(world: World, came: Came) -> list[Effect]:
        one = came.event
        if isinstance(one, Stale):
            return [
                Drop(one.row.send, "decided again"),
                Record(DEPLOYMENT, MessageDropped(one.row.send, one.row.to, "decided again")),
                message(room(1), "less", what={"value": None}),
            ]
        return []

    network = FakeNetwork(longest=3)
    network.state.connected = False
    async with floor(tmp_path, FakeDecisions(on_hear=hear, on_happened=happened), network) as on:
        await on.hear_all(["alert", "move"])
        await on.settled()
        network.state.connected = True
        on.courier.poke()
        await on.settled()
        assert "".join(network.texts) == "plainless"
        [stale] = on.decide.of(Stale)
        assert isinstance(stale, Stale) and not stale.over and not stale.begun
        for number in (1, 2):
            row = await on.store.row(f"{stale.row.send.removesuffix('-1')}-{number}")
            assert row is not None and (row.state, row.reason) == ("dropped", "decided again")


async def test_parts_that_go_back_after_the_first_one_left_say_so(tmp_path: Path) -> None:
    """Whoever decides again is told that the beginning was shown; the parts that had not left never do."""

    def hear(world: World, request: Request) -> list[Effect]:
        if request.text == "move":
            return [Record(DEPLOYMENT, RoomMoved(room(50), room(51)))]
        return [message(room(1), "secret", what={"value": 1})]

    left, may_arrive = asyncio.Event(), asyncio.Event()

    async def held(out: Outgoing) -> Outcome:
        left.set()
        await may_arrive.wait()
        return Sent("m1")

    async with floor(tmp_path, FakeDecisions(on_hear=hear), FakeNetwork(longest=3, answers=held)) as on:
        await on.hear("alert")
        async with asyncio.timeout(PATIENCE):
            await left.wait()
        epoch = on.engine.epoch(DEPLOYMENT)
        await on.hear("move")
        async with asyncio.timeout(PATIENCE):
            while on.engine.epoch(DEPLOYMENT) == epoch:
                await asyncio.sleep(0)
        may_arrive.set()
        await on.settled()
        assert on.network.texts == ["sec"]
        [stale] = on.decide.of(Stale)
        assert isinstance(stale, Stale) and stale.begun


async def test_what_is_too_late_does_not_leave(tmp_path: Path) -> None:
    """A message whose time is over goes back as such, and is dropped even if nothing is decided about it."""
    clock = VirtualClock(START)
    network = FakeNetwork()
    network.state.connected = False
    decide = FakeDecisions(
        on_hear=lambda w, r: [message(room(1), "late", not_after=START + timedelta(minutes=1)), message(room(1), "x")]
    )
    async with floor(tmp_path, decide, network, clock=clock) as on:
        await on.hear("go")
        await on.settled()
        clock.advance(61)
        network.state.connected = True
        on.courier.poke()
        await on.settled()
        assert network.texts == ["x"]
        assert [one.over for one in decide.of(Stale)] == [True]  # type: ignore[attr-defined]
        assert await on.store.unsent() == []


async def test_a_policy_change_while_it_is_claimed_is_noticed(tmp_path: Path) -> None:
    """Between the claim and the network the clearance is looked at once more."""

    def hear(world: World, request: Request) -> list[Effect]:
        return [message(room(1), "secret", what={"value": 1})]

    async with floor(tmp_path, FakeDecisions(on_hear=hear)) as on:
        claim = on.store.claim

        async def slow(tokens: Sequence[str], *more: Any) -> None:
            await claim(tokens, *more)
            world = on.engine.world
            on.engine._world = replace(world, who=replace(world.who, epoch=world.who.epoch + 1))

        on.store.claim = slow  # type: ignore[method-assign]
        await on.hear("go")
        await on.settled()
        assert on.network.sent == []
        assert len(on.decide.of(Stale)) == 1


async def test_nothing_that_waits_goes_to_an_account_that_is_lost_since(tmp_path: Path) -> None:
    """Whatever it shows; what is written to it afterwards, knowing that it is lost, leaves."""
    lost, network = RoomRef("telegram", "77"), FakeNetwork()
    network.state.connected = False

    def hear(world: World, request: Request) -> list[Effect]:
        if request.text == "lost":
            return [Record(DEPLOYMENT, IdentityLost("P-1", "telegram:77", "P-2")), message(lost, "you are lost")]
        return [message(lost, "for your eyes"), message(room(1), "for all")]

    def happened(world: World, came: Came) -> list[Effect]:
        match came.event:
            case Stale(row=row):
                return [Drop(row.token, "closed")]
            case _:
                return []

    async with floor(tmp_path, FakeDecisions(on_hear=hear, on_happened=happened), network) as on:
        await on.hear("go")
        await on.hear("lost")
        await on.settled()
        network.state.connected = True
        on.courier.poke()
        await on.settled()
        assert sorted(network.texts) == ["for all", "you are lost"]
        assert await on.store.unsent() == []


async def test_a_claim_that_fails_is_made_again(tmp_path: Path) -> None:
    """While nothing can be claimed nothing is sent; afterwards everything is, in order and once."""
    async with floor(tmp_path, sends((1, "one"), (1, "two"), (2, "three"))) as on:
        claim, tries = on.store.claim, 0

        async def failing(tokens: Sequence[str], *more: Any) -> None:
            nonlocal tries
            tries += 1
            if tries <= 3:
                raise StorageFull("no room")
            await claim(tokens, *more)

        on.store.claim = failing  # type: ignore[method-assign]
        await on.hear("go")
        await on.settled()
        assert sorted(on.network.texts) == ["one", "three", "two"]
        assert on.courier.trouble is None and tries > 3


async def test_after_a_crash_a_message_in_flight_is_of_unknown_fate(tmp_path: Path) -> None:
    """Where a network takes the same message twice, what was in flight is not sent again by itself."""
    async with floor(tmp_path, sends((1, "one"), (1, "two")), FakeNetwork(answers=Gate())) as on:
        await on.hear("go")
        await on.network.until_sent(1)
        await on.kill()
    async with floor(tmp_path) as on:
        await on.settled()
        assert on.network.texts == ["two"]
        assert became(on) == [("unknown", "we ended while it was being sent"), ("sent", "")]


async def test_after_a_crash_matrix_gets_the_same_token_again(tmp_path: Path) -> None:
    """Where the network takes a token only once, what was in flight goes again under it, first in its room."""

    def hear(world: World, request: Request) -> list[Effect]:
        return [message(room(1, "matrix"), text) for text in ("one", "two")]

    async with floor(tmp_path, FakeDecisions(on_hear=hear), FakeNetwork("matrix", answers=Gate())) as on:
        await on.hear("go", room(1, "matrix"))
        await on.networks["matrix"].until_sent(1)
        first = on.networks["matrix"].sent[0]
        await on.kill()
    async with floor(tmp_path, None, FakeNetwork("matrix")) as on:
        await on.settled()
        again, two = on.networks["matrix"].sent
        assert (again.token, again.text, two.text) == (first.token, "one", "two")
        assert again.first_claimed_at == first.first_claimed_at
        assert became(on) == [("sent", ""), ("sent", "")]


async def test_what_waits_survives_a_restart_in_its_order(tmp_path: Path) -> None:
    """The queues are made from the outbox: urgency, order and agreed waits are as before."""
    network = FakeNetwork()
    network.state.connected = False
    decide = sends((1, "b", Urgency.CHATTER), (1, "a"), (2, "c", Urgency.ALERT))
    async with floor(tmp_path, decide, network) as on:
        await on.hear("go")
        await on.settled()
        await on.kill()
    async with floor(tmp_path, None, FakeNetwork(limits=Limits(concurrency=1))) as on:
        await on.settled()
        assert on.network.texts == ["c", "a", "b"]


async def test_a_network_that_is_down_keeps_its_messages(tmp_path: Path) -> None:
    """Nothing is tried on a network that is down; the other goes on, and what waited leaves when it is back."""

    def hear(world: World, request: Request) -> list[Effect]:
        return [message(room(1), "t"), message(room(1, "matrix"), "m")]

    networks = FakeNetwork("telegram"), FakeNetwork("matrix")
    networks[0].state.connected = False
    async with floor(tmp_path, FakeDecisions(on_hear=hear), *networks) as on:
        await on.hear("go", room(1, "matrix"))
        await on.settled()
        assert networks[0].sent == [] and networks[1].texts == ["m"]
        assert on.courier.backlog("telegram") == 1
        networks[0].state.connected = True
        await on.engine.connected("telegram", "bot")
        await on.settled()
        assert networks[0].texts == ["t"]
        assert on.courier.backlog("telegram") == 0


async def test_a_network_that_raises_leaves_the_fate_unknown(tmp_path: Path) -> None:
    """An error where there should be an outcome is no reason to send again, nor to stop sending."""

    async def answer(out: Outgoing) -> Outcome:
        if out.text == "one":
            raise RuntimeError("secret")
        return Sent("m")

    async with floor(tmp_path, sends((1, "one"), (1, "two")), FakeNetwork(answers=answer)) as on:
        await on.hear("go")
        await on.settled()
        assert became(on) == [("unknown", "RuntimeError while it was being sent"), ("sent", "")]


async def test_many_rooms_share_claims_and_outcomes(tmp_path: Path) -> None:
    """A hundred rooms cost far fewer than a hundred transactions each way."""
    decide = sends(*((number, str(number)) for number in range(100)))
    async with floor(tmp_path, decide, FakeNetwork(limits=Limits(concurrency=50))) as on:
        claim, claims = on.store.claim, []

        async def counting(tokens: Sequence[str], *more: Any) -> None:
            claims.append(len(tokens))
            await claim(tokens, *more)

        on.store.claim = counting  # type: ignore[method-assign]
        await on.hear("go")
        await on.settled()
        assert sum(claims) == 100 and len(claims) < 20
        assert len(on.decide.of(Delivery)) == 100


async def test_rooms_that_point_at_each_other_do_not_keep_us_busy(tmp_path: Path) -> None:
    """A message sent in circles is tried ever more rarely, and other rooms go on."""
    clock = VirtualClock(START)

    async def answer(out: Outgoing) -> Outcome:
        there = {room(1): room(100), room(100): room(1)}.get(out.room)
        return Moved(there) if there else Sent("m")

    async with floor(tmp_path, sends((1, "one"), (2, "two")), FakeNetwork(answers=answer), clock=clock) as on:
        await on.hear("go")
        await on.settled()
        assert on.network.texts.count("two") == 1
        tries = on.network.texts.count("one")
        clock.advance(5)
        await on.settled()
        assert tries <= 4 and on.network.texts.count("one") <= tries + 2


async def test_what_follows_a_message_is_a_reply_to_it_once_that_has_a_name(tmp_path: Path) -> None:
    """The earlier message's name is looked up as the later one leaves; where that cannot be read, it leaves all the same, once."""
    named: list[str] = []

    def hear(world: World, request: Request) -> list[Effect]:
        return [replace(message(room(1), request.text), follows=named[0] if named else None)]

    async with floor(tmp_path, FakeDecisions(on_hear=hear)) as on:
        await on.hear("first")
        await on.settled()
        named.append(on.network.sent[0].token)
        await on.hear("second")
        await on.settled()

        async def unreadable(token: str) -> None:
            raise StorageError("the disk does not answer")

        on.store.row = unreadable  # type: ignore[method-assign]
        await on.hear("third")
        await on.settled()
        assert [(out.text, out.reply_to) for out in on.network.sent] == [
            ("first", None),
            ("second", "m1"),
            ("third", None),
        ]
