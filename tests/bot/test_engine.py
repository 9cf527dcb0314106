"""The engine: what was heard is decided once, in order, together; a fault fails alone; a restart knows the same
world.
"""

from __future__ import annotations

import asyncio
import itertools
import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.clock import VirtualClock
from bot.networks.port import Sent
from handlers.events import Delivery, NetworkEvent, Resolved, RoomEvent
from handlers.world import Request, World
from playbooks.cleared import echo
from playbooks.rooms import RoomRef
from storage.effects import Drop, Effect, Enter, Record, Redirect, Send, Unwake, Urgency, Wake
from storage.facts import (
    DEPLOYMENT,
    AlertIssued,
    DeadlinePassed,
    Disclosed,
    EventFailed,
    Fact,
    LeadTaken,
    NoteAdded,
    Stopped,
)
from storage.store import Changes, OutboxChange, StorageError, StorageFull
from tests.bot.floor import BOOK, START, FakeDecisions, FakeNetwork, Floor, floor, message, note, opened, room
from tests.patience import PATIENCE


async def facts(on: Floor, stream: str = DEPLOYMENT) -> list[Fact]:
    return [kept.fact for kept in await on.store.facts(stream)]


async def notes(on: Floor) -> list[str]:
    return [fact.text for fact in await facts(on) if isinstance(fact, NoteAdded)]


def echoing(world: World, request: Request) -> list[Effect]:
    return [note(request.text), message(request.room, f"re {request.text}")]


async def test_a_message_is_decided_recorded_and_answered(tmp_path: Path) -> None:
    """Words from a network become a request, facts, and an answer in the room where they were said."""
    async with floor(tmp_path, FakeDecisions(on_hear=echoing)) as on:
        await on.hear("hello", sender_language="fr", private=True)
        await on.settled()
        [request] = on.decide.requests
        assert (request.text, request.identity, request.language, request.private) == (
            "hello",
            "telegram:501",
            "fr",
            True,
        )
        assert len(request.seed) == 16 and request.now.tzinfo is not None
        assert await notes(on) == ["hello"]
        assert on.network.texts == ["re hello"]
        assert [one.became for one in on.decide.of(Delivery)] == ["sent"]  # type: ignore[attr-defined]


async def test_what_waits_together_shares_a_commit_in_order(tmp_path: Path) -> None:
    """A hundred messages that wait are decided one after the other and committed in one transaction."""
    seen: list[int] = []

    def count(world: World, request: Request) -> list[Effect]:
        seen.append(len(world.who.languages))
        return [note(request.text)]

    async with floor(tmp_path, FakeDecisions(on_hear=count), running=False) as on:
        commits = counted(on)
        await on.hear_all([str(number) for number in range(50)])
        await on.start()
        await on.settled()
        assert await notes(on) == [str(number) for number in range(50)]
        assert [len(changes.handled) for changes in commits if changes.handled] == [50]


async def test_a_long_turn_lets_others_go_on(tmp_path: Path) -> None:
    """Between the decisions of one turn whatever else is ready has its go; the turn is still one commit."""
    others = 0
    seen: list[int] = []
    done = asyncio.Event()

    async def others_go_on() -> None:
        nonlocal others
        while not done.is_set():
            others += 1
            await asyncio.sleep(0)

    def hear(world: World, request: Request) -> list[Effect]:
        seen.append(others)
        return [note(request.text)]

    async with floor(tmp_path, FakeDecisions(on_hear=hear), running=False) as on:
        await on.hear_all([str(number) for number in range(100)])
        commits, commit = [], on.store.commit

        async def counted(changes: Changes) -> None:
            commits.append(len(changes.handled))
            await commit(changes)

        on.store.commit = counted  # type: ignore[method-assign]
        ticking = asyncio.create_task(others_go_on())
        await on.start()
        await on.settled()
        done.set()
        await ticking
        assert len(seen) == 100 and all(before < after for before, after in itertools.pairwise(seen))
        assert 100 in commits


async def test_an_answer_to_what_has_no_name_fails_alone(tmp_path: Path) -> None:
    """A reply that names a message by half a character cannot be looked up; it is kept as failed, the next is heard."""
    async with floor(tmp_path, FakeDecisions(on_hear=echoing)) as on:
        await on.hear("odd", reply_to="\ud800")
        await on.hear("fine")
        await on.settled()
        assert await notes(on) == ["fine"]
        assert len([fact for fact in await facts(on) if isinstance(fact, EventFailed)]) == 1
        assert await on.store.waiting(10) == []


async def test_each_decision_sees_what_the_one_before_it_did(tmp_path: Path) -> None:
    """Two messages in one transaction: the second is decided in the world that the first left."""

    def hear(world: World, request: Request) -> list[Effect]:
        if request.text == "open":
            return [opened(len(world.incidents) + 1)]
        return [note(",".join(sorted(world.incidents)))]

    async with floor(tmp_path, FakeDecisions(on_hear=hear), running=False) as on:
        await on.hear_all(["open", "look", "open", "look"])
        await on.start()
        await on.settled()
        assert await notes(on) == ["I-1", "I-1,I-2"]
        assert on.engine.world.counters["I"] == 2
        assert (await on.store.counters())["I"] == 2
        assert await on.store.playbook(BOOK.digest) == BOOK.source


async def test_a_restart_rebuilds_the_same_world(tmp_path: Path) -> None:
    """What is folded again from the log is what the engine had, composed texts and microseconds included."""

    def hear(world: World, request: Request) -> list[Effect]:
        lead = LeadTaken(None, "be", ("city",), "together", (), "Law é", "small:1")
        issued = AlertIssued(
            "A-1", "D-1", "evacuation", "city", "P-1", "P-1", False, None, "small:1", ("be",), None,
            request.now + timedelta(hours=1, microseconds=77), {"what": "Cafe\u0301", "where": ("a", "b")},
        )  # fmt: skip
        return [
            opened(),
            Record("I-1", lead),
            Record("I-1", issued),
            replace(
                message(room(1), "look", stream="I-1", what={"form": "full", "value": "Cafe\u0301", "rule": 1}),
                partner="city",
            ),
        ]

    async with floor(tmp_path, FakeDecisions(on_hear=hear)) as on:
        await on.hear("go")
        await on.settled()
        before = on.engine.world
        assert before.incidents["I-1"].alerts["A-1"].copies
        await on.stop()
    async with floor(tmp_path) as on:
        after = on.engine.world
        assert after.incidents == before.incidents
        assert after.who == before.who
        assert dict(after.counters) == dict(before.counters)
        assert after.book_of(after.incidents["I-1"]).digest == BOOK.digest


async def test_a_fault_in_a_handler_fails_that_event_alone(tmp_path: Path) -> None:
    """One message on which a handler stumbles is kept as failed, its author is told, and the others are decided."""

    def hear(world: World, request: Request) -> list[Effect]:
        if request.text == "bad":
            raise KeyError(f"a secret: {request.text}")
        return echoing(world, request)

    decide = FakeDecisions(on_hear=hear, on_failed=lambda world, request: [message(request.room, "sorry")])
    async with floor(tmp_path, decide, running=False) as on:
        await on.hear_all(["one", "bad", "two"])
        await on.start()
        await on.settled()
        assert await notes(on) == ["one", "two"]
        assert on.network.texts == ["re one", "sorry", "re two"]
        [failed] = [fact for fact in await facts(on) if isinstance(fact, EventFailed)]
        assert failed.inbox == 2
        assert failed.error.startswith("KeyError at ") and "secret" not in failed.error
        assert await on.store.waiting(10) == []


async def test_a_half_made_decision_leaves_nothing_behind(tmp_path: Path) -> None:
    """A decision whose last effect cannot be carried out records nothing and sends nothing of the first ones."""

    def hear(world: World, request: Request) -> list[Effect]:
        elsewhere = Send(DEPLOYMENT, room(2), echo("typed here", request.room), Urgency.ANSWER)
        return [note("first"), message(room(1), "first"), elsewhere]

    async with floor(tmp_path, FakeDecisions(on_hear=hear)) as on:
        await on.hear("go")
        await on.settled()
        assert await notes(on) == []
        assert on.network.sent == []
        [failed] = [fact for fact in await facts(on) if isinstance(fact, EventFailed)]
        assert failed.error.startswith("Misdirected at bot/outgoing.py")


async def test_what_the_log_cannot_write_fails_alone(tmp_path: Path) -> None:
    """A fact that only the store finds unwritable fails its own event; what shared its transaction is kept."""

    def hear(world: World, request: Request) -> list[Effect]:
        value: Any = 1.5 if request.text == "bad" else 1
        return [note(request.text), message(room(1), request.text, what={"value": value})]

    async with floor(tmp_path, FakeDecisions(on_hear=hear), running=False) as on:
        await on.hear_all(["one", "bad", "two"])
        await on.start()
        await on.settled()
        assert await notes(on) == ["one", "two"]
        assert [fact.inbox for fact in await facts(on) if isinstance(fact, EventFailed)] == [2]


async def test_words_that_cannot_be_read_are_kept_and_nobody_is_bothered(tmp_path: Path) -> None:
    """A raw event that the network's own code cannot read is marked failed, without an apology to nobody."""
    decide = FakeDecisions(on_failed=lambda world, request: [message(room(1), "sorry")])
    async with floor(tmp_path, decide) as on:
        await on.engine.keep("telegram", [("k", json.dumps({"no": "room"}))], "1")
        await on.settled()
        assert on.network.sent == []
        assert [fact.error[:8] for fact in await facts(on) if isinstance(fact, EventFailed)] == ["KeyError"]


@pytest.mark.parametrize("error", [StorageFull("no room"), StorageError("locked")])
async def test_a_failed_commit_loses_nothing(tmp_path: Path, error: StorageError) -> None:
    """While nothing can be committed nothing is sent and the world stays; afterwards everything is decided, once."""
    async with floor(tmp_path, FakeDecisions(on_hear=echoing)) as on:
        commit, broken = on.store.commit, asyncio.Event()
        tries = 0

        async def failing(changes: Changes) -> None:
            nonlocal tries
            tries += 1
            if tries <= 3:
                assert on.engine.world.who.languages == {}
                broken.set()
                raise error
            await commit(changes)

        on.store.commit = failing  # type: ignore[method-assign]
        await on.hear_all(["one", "two", "three"])
        async with asyncio.timeout(PATIENCE):
            await broken.wait()
            while on.engine.trouble is None:
                await asyncio.sleep(0)
        assert on.engine.trouble == str(error)
        assert on.network.sent == []
        await on.settled()
        assert await notes(on) == ["one", "two", "three"]
        assert on.network.texts == ["re one", "re two", "re three"]
        assert on.engine.trouble is None


async def test_what_another_process_wrote_is_known_before_deciding(tmp_path: Path) -> None:
    """A fact that the command line appended is part of the world of the next decision that counts: one made without it is made again."""
    from storage.database import open_store

    seen: list[int] = []

    def hear(world: World, request: Request) -> list[Effect]:
        seen.append(world.incidents["I-1"].size if "I-1" in world.incidents else 0)
        return [opened()] if request.text == "open" else []

    async with floor(tmp_path, FakeDecisions(on_hear=hear)) as on:
        await on.hear("open")
        await on.settled()
        other = await open_store(tmp_path, "test")
        lead = LeadTaken(None, "be", ("city",), "together", (), None, "small:1")
        await other.append("I-1", lead, now=START, playbook=BOOK.digest)
        await other.close()
        await on.hear("look")
        await on.settled()
        assert (seen[0], seen[-1]) == (0, 2)
        assert on.engine.world.incidents["I-1"].leads


async def test_showing_fields_is_a_fact_by_itself(tmp_path: Path) -> None:
    """A message that shows fields records their disclosure, and its rows can become stale."""

    def hear(world: World, request: Request) -> list[Effect]:
        return [opened(), message(room(1), "x", stream="I-1", what={"form": "full", "value": "flood"})]

    async with floor(tmp_path, FakeDecisions(on_hear=hear)) as on:
        await on.hear("go")
        await on.settled()
        [fact] = [fact for fact in await facts(on, "I-1") if isinstance(fact, Disclosed)]
        row = await on.store.row(fact.send)
        assert row is not None and row.shows and row.epoch == fact.epoch
        assert fact.fields == {"what": {"form": "full", "value": "flood"}}
        assert (fact.label, fact.about, fact.room) == ("TLP:CLEAR", "A-1", room(1))


async def test_a_long_message_is_cut_replied_first_and_has_its_buttons_last(tmp_path: Path) -> None:
    """The parts of a message go in order, under one name; the reply is the first, the buttons are the last."""

    def hear(world: World, request: Request) -> list[Effect]:
        long = message(room(1), "abcdefgh", taps=[("/ack A-1", "👍")])
        return [replace(long, reply_to="in1", loud=True)]

    async with floor(tmp_path, FakeDecisions(on_hear=hear), FakeNetwork(longest=3)) as on:
        await on.hear("go")
        await on.settled()
        assert on.network.texts == ["abc", "def", "gh"]
        assert [out.reply_to for out in on.network.sent] == ["in1", None, None]
        assert [bool(out.buttons) for out in on.network.sent] == [False, False, True]
        assert [out.loud for out in on.network.sent] == [True, False, False]
        names = [out.token for out in on.network.sent]
        assert [name[24:] for name in names] == ["-1", "-2", "-3"]
        assert {(await on.store.row(name)).send for name in names} == {names[0]}  # type: ignore[union-attr]


async def test_the_same_event_names_its_messages_the_same(tmp_path: Path) -> None:
    """Tokens come from the event's own seed: deciding it again after a failed commit makes no new names."""
    async with floor(tmp_path, FakeDecisions(on_hear=echoing)) as on:
        commit, tokens = on.store.commit, []

        async def failing(changes: Changes) -> None:
            tokens.append([row.token for row in changes.sends])
            if len(tokens) <= 2:  # at once, and once it is kept
                raise StorageError("locked")
            await commit(changes)

        on.store.commit = failing  # type: ignore[method-assign]
        await on.hear("go")
        await on.settled()
        assert tokens[1] == tokens[2] and len(tokens[1]) == 1


async def test_a_tap_and_a_reaction_mean_the_buttons_command(tmp_path: Path) -> None:
    """A button's command comes as typed; a reaction means the button with that emoji, however the emoji is written."""

    def hear(world: World, request: Request) -> list[Effect]:
        taps = [("/ack A-1 seen", "👁️"), ("/ack A-1 cannot", "❌")]
        return [message(room(1), "alert", taps=taps)] if request.text == "go" else []

    async with floor(tmp_path, FakeDecisions(on_hear=hear)) as on:
        await on.hear("go")
        await on.settled()
        await on.hear("", kind="reaction", message_id="m1", emoji="👁")
        await on.hear("", kind="reaction", message_id="m1", emoji="🎉")
        await on.hear("", kind="reaction", message_id="m99", emoji="👁")
        await on.hear("/ack A-1 cannot", kind="button", message_id="m1")
        await on.hear("seen", reply_to="m1")
        await on.hear("/status", reply_to="m1")
        await on.hear("changed", kind="edited", message_id="m1")
        await on.settled()
        said = [(request.text, request.via) for request in on.decide.requests[1:]]
        assert said == [
            ("/ack A-1 seen", "reaction"),
            ("/ack A-1 cannot", "button"),
            ("seen", "reply"),
            ("/status", "command"),
        ]
        assert all(request.about and request.about.about == "A-1" for request in on.decide.requests[1:])


async def test_what_happens_to_rooms_is_decided(tmp_path: Path) -> None:
    """Traits, invitations and removals come as room events, with what was observed."""
    async with floor(tmp_path) as on:
        body = {"kind": "room", "key": "a", "room": "telegram:-5"}
        await on.engine.keep("telegram", [("a", json.dumps({**body, "kind": "invited", "sender": "telegram:7"}))], None)
        await on.engine.keep("telegram", [("b", json.dumps({**body, "kind": "removed", "text": "kicked"}))], None)
        await on.settled()
        invited, removed = on.decide.of(RoomEvent)
        assert invited == RoomEvent("invited", RoomRef("telegram", "-5"), by="telegram:7")
        assert removed == RoomEvent("removed", RoomRef("telegram", "-5"), reason="kicked")


async def test_a_network_that_is_not_set_up_refuses_at_once(tmp_path: Path) -> None:
    """A message to a network that is not here is committed as refused, and that is decided in the same transaction."""

    def happened(world: World, came: Any) -> list[Effect]:
        return [note(came.event.reason)] if isinstance(came.event, Delivery) else []

    decide = FakeDecisions(on_hear=lambda w, r: [message(room(1, "matrix"), "x")], on_happened=happened)
    async with floor(tmp_path, decide) as on:
        commits = counted(on)
        await on.hear("go")
        await on.settled()
        [delivery] = on.decide.of(Delivery)
        assert isinstance(delivery, Delivery) and delivery.became == "refused"
        assert await notes(on) == ["this network is not set up here"]
        assert len(commits) == 1 and commits[0].sends[0].state == "refused"


async def test_a_message_that_has_not_left_can_be_dropped(tmp_path: Path) -> None:
    """What a decision drops while it waits never leaves, in the same transaction or later."""

    def hear(world: World, request: Request) -> list[Effect]:
        if request.text == "write":
            return [message(room(2), "waits")]
        return [Drop(tokens[0], "cancelled")]

    network = FakeNetwork()
    network.state.connected = False
    async with floor(tmp_path, FakeDecisions(on_hear=hear), network) as on:
        commits = counted(on)
        tokens: list[str] = []
        await on.hear("write")
        await on.settled()
        tokens += [row.send for row in commits[0].sends]
        await on.hear("drop")
        await on.settled()
        network.state.connected = True
        on.courier.poke()
        await on.settled()
        assert network.sent == []
        row = await on.store.row(tokens[0])
        assert row is not None and (row.state, row.reason) == ("dropped", "cancelled")


async def test_deadlines_fire_with_their_effect_and_can_be_taken_back(tmp_path: Path) -> None:
    """A deadline fires once, in the transaction of what it leads to; one taken back or set anew before does not."""
    clock = VirtualClock(START)

    def hear(world: World, request: Request) -> list[Effect]:
        match request.text.split():
            case ["set", key, minutes]:
                return [Wake(key, DEPLOYMENT, request.now + timedelta(minutes=int(minutes)), "remind", "A-1")]
            case ["unset", key]:
                return [Unwake(key)]
        return []

    decide = FakeDecisions(on_hear=hear, on_due=lambda world, deadline: [note(deadline.key)])
    async with floor(tmp_path, decide, clock=clock) as on:
        told: list[int] = []
        on.engine.deadlines_changed = lambda: told.append(1)
        await on.hear_all(["set a 1", "set b 1", "set c 1", "unset b", "set c 9", "set d 1", "unset d", "set d 1"])
        await on.settled()
        assert told == [1]
        clock.advance(timedelta(minutes=1, seconds=3))
        on.engine.fall_due()
        await on.settled()
        assert await notes(on) == ["a", "d"]
        passed = [fact for fact in await facts(on) if isinstance(fact, DeadlinePassed)]
        assert [(fact.key, fact.late) for fact in passed] == [("a", 3), ("d", 3)]
        on.engine.fall_due()
        await on.settled()
        assert await notes(on) == ["a", "d"]


async def test_what_was_said_comes_before_what_fell_due(tmp_path: Path) -> None:
    """An answer that was heard before a deadline is looked at takes the deadline back, however late both are."""
    clock = VirtualClock(START)

    def hear(world: World, request: Request) -> list[Effect]:
        at = START + timedelta(minutes=1)
        return [Wake("ack", DEPLOYMENT, at, "remind", "A-1")] if request.text == "alert" else [Unwake("ack")]

    async with floor(tmp_path, FakeDecisions(on_hear=hear), clock=clock) as on:
        await on.hear("alert")
        await on.settled()
        await on.stop()
    clock.advance(timedelta(hours=1))
    async with floor(tmp_path, FakeDecisions(on_hear=hear), clock=clock, running=False) as on:
        on.heard = 1
        await on.hear("seen")
        await on.start()
        await on.settled()
        assert on.decide.deadlines == []


async def test_networks_come_and_go_and_it_is_told_once(tmp_path: Path) -> None:
    """A network that fails again and again is lost once; one that refuses us is told in any case."""
    async with floor(tmp_path) as on:
        for _ in range(3):
            await on.engine.lost("telegram", "no answer", rejected=False)
        await on.engine.lost("telegram", "token revoked", rejected=True)
        await on.engine.lost("telegram", "token revoked", rejected=True)
        await on.engine.connected("telegram", "tocsin_bot")
        await on.settled()
        told = [(one.kind, one.rejected) for one in on.decide.of(NetworkEvent)]  # type: ignore[attr-defined]
        assert told == [("lost", False), ("lost", True), ("back", False)]
        assert on.engine.world.usernames == {"telegram": "tocsin_bot"}


async def test_a_network_has_caught_up_when_all_that_was_kept_is_decided(tmp_path: Path) -> None:
    """Many events were kept while it was away: it is told that it has caught up once the last of them is decided, and not before."""
    count = 250
    async with floor(tmp_path) as on:
        await on.settled()
        await on.hear_all([f"Word {number}" for number in range(count)])
        await on.engine.caught_up("telegram")
        assert len(on.decide.requests) == count


async def test_aliases_are_resolved_when_a_network_is_there(tmp_path: Path) -> None:
    """The rooms behind the names in playbooks are looked up once the network answers."""
    there = RoomRef("matrix", "!city")
    async with floor(tmp_path, None, FakeNetwork("matrix", aliases={"#city:example.org": there})) as on:
        await on.engine.connected("matrix", "@tocsin:example.org")
        await on.settled()
        assert on.decide.of(Resolved) == [Resolved("matrix", (("matrix:#city:example.org", there),))]


async def test_starting_and_stopping_are_on_file(tmp_path: Path) -> None:
    """What a start leads to is committed first; a stop in good order is the last fact."""
    async with floor(tmp_path, FakeDecisions(on_start=[note("started"), message(room(1), "here")])) as on:
        await on.settled()
        assert on.network.texts == ["here"]
        await on.stop()
    async with floor(tmp_path) as on:
        found = await facts(on)
        assert [type(fact) for fact in found] == [NoteAdded, Stopped]


async def test_entering_a_room_comes_before_speaking_there(tmp_path: Path) -> None:
    """Going into a room is a message without words that leaves first, and its success needs no decision."""
    decide = FakeDecisions(on_hear=lambda w, r: [message(room(5), "hello"), Enter(room(5))])
    network = FakeNetwork()
    network.state.connected = False
    async with floor(tmp_path, decide, network) as on:
        await on.hear("go")
        await on.settled()
        network.state.connected = True
        on.courier.poke()
        await on.settled()
        assert [out.kind for out in network.sent] == ["join", "message"]
        assert len(on.decide.of(Delivery)) == 1


async def test_what_waits_for_a_room_that_moved_goes_to_its_new_address(tmp_path: Path) -> None:
    """A redirect takes everything that waits for the old room along, on file and in the queue."""

    def hear(world: World, request: Request) -> list[Effect]:
        if request.text == "move":
            return [Redirect(room(5), room(6))]
        return [message(RoomRef("telegram", "-5", "7"), request.text)]

    network = FakeNetwork()
    network.state.connected = False
    async with floor(tmp_path, FakeDecisions(on_hear=hear), network) as on:
        await on.hear_all(["one", "two", "move"])
        await on.settled()
        network.state.connected = True
        on.courier.poke()
        await on.settled()
        assert [(out.text, out.room) for out in network.sent] == [
            ("one", RoomRef("telegram", "-6", "7")),
            ("two", RoomRef("telegram", "-6", "7")),
        ]


async def test_a_stop_is_quick_and_finishes_what_was_heard(tmp_path: Path) -> None:
    """Stopping decides and commits what waits, and takes less than five seconds even if a network hangs."""

    async def hang(out: Any) -> Any:
        await asyncio.Event().wait()

    async with floor(tmp_path, FakeDecisions(on_hear=echoing), FakeNetwork(answers=hang)) as on:
        await on.hear("one")
        await on.network.until_sent(1)
        await on.hear("two", room(2))
        async with asyncio.timeout(PATIENCE):
            await on.stop()
        assert on.courier.flying == 0


async def test_the_network_is_reached_only_after_the_commit(tmp_path: Path) -> None:
    """When a network is handed a message, its row is in flight in the database."""
    states: list[str] = []

    async with floor(tmp_path, FakeDecisions(on_hear=echoing)) as on:

        async def answer(out: Any) -> Any:
            row = await on.store.row(out.token)
            states.append(row.state if row else "missing")

            return Sent("m")

        on.network.answers = answer
        await on.hear("one")
        await on.settled()
        assert states == ["inflight"]


def counted(on: Floor) -> list[Changes]:
    """Every transaction from now on that has anything but what became of messages."""
    commit, found = on.store.commit, []

    async def counting(changes: Changes) -> None:
        if changes.handled or changes.sends:
            found.append(changes)
        await commit(changes)

    on.store.commit = counting  # type: ignore[method-assign]
    return found


async def test_what_networks_told_survives_a_database_that_cannot_be_read(tmp_path: Path) -> None:
    """What waits in memory is not lost when the file cannot be read just then."""
    async with floor(tmp_path) as on:
        waiting, tries = on.store.waiting, 0

        async def failing(limit: int) -> Any:
            nonlocal tries
            tries += 1
            if tries <= 2:
                raise StorageError("locked")
            return await waiting(limit)

        on.store.waiting = failing  # type: ignore[method-assign]
        await on.engine.lost("telegram", "no answer", rejected=False)
        on.engine.trouble = "locked"  # so that what is heard is kept first
        await on.hear("one")
        await on.settled()
        assert tries > 2
        assert len(on.decide.of(NetworkEvent)) == 1
        assert [request.text for request in on.decide.requests] == ["one"]


async def test_a_message_settled_by_another_process_stops_nobody(tmp_path: Path) -> None:
    """A report that can never be committed is let go, and everything else is decided."""
    async with floor(tmp_path, FakeDecisions(on_hear=echoing)) as on:

        async def meddle(out: Any) -> Any:
            if out.text == "re one":
                await on.store.commit(Changes(START, outcomes=[OutboxChange(out.token, "refused", reason="elsewhere")]))
            return Sent("m")

        on.network.answers = meddle
        await on.hear_all(["one", "two"])
        await on.settled()
        await on.hear("three")
        await on.settled()
        assert on.network.texts == ["re one", "re two", "re three"]
        row = await on.store.row(on.network.sent[0].token)
        assert row is not None and (row.state, row.reason) == ("refused", "elsewhere")
        assert on.engine.trouble is None


async def test_an_outcome_that_cannot_be_kept_is_kept_later(tmp_path: Path) -> None:
    """While what became of a message cannot be committed, the next one for that room waits; nothing is sent twice."""
    async with floor(tmp_path, FakeDecisions(on_hear=echoing)) as on:
        commit, tries = on.store.commit, 0

        async def failing(changes: Changes) -> None:
            nonlocal tries
            if changes.outcomes:
                tries += 1
                if tries <= 3:
                    assert on.network.texts == ["re one"]
                    raise StorageFull("no room")
            await commit(changes)

        on.store.commit = failing  # type: ignore[method-assign]
        await on.hear_all(["one", "two"])
        await on.settled()
        assert on.network.texts == ["re one", "re two"]
        assert [one.became for one in on.decide.of(Delivery)][-2:] == ["sent", "sent"]  # type: ignore[attr-defined]
        assert await on.store.unsent() == []


async def test_a_long_backlog_is_heard_before_deadlines_are_looked_at(tmp_path: Path) -> None:
    """With more messages waiting than one turn takes, an answer among the last still comes before the deadline."""
    clock = VirtualClock(START)

    def hear(world: World, request: Request) -> list[Effect]:
        if request.text == "alert":
            return [Wake("ack", DEPLOYMENT, START, "remind", "A-1")]
        return [Unwake("ack")] if request.text == "seen" else []

    async with floor(tmp_path, FakeDecisions(on_hear=hear), clock=clock, running=False) as on:
        await on.hear_all(["alert", *(["chatter"] * 250), "seen"])
        await on.start()
        await on.settled()
        assert len(on.decide.requests) == 252
        assert on.decide.deadlines == []
