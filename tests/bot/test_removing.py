"""Removal and taking back, through engine, outbox, courier and network: asked once a part, safe to ask again, honestly recorded."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

from bot.networks.port import Outcome, Outgoing, Refused, Sent, Unknown
from handlers.events import Came, Delivery
from handlers.world import Request, World
from storage.effects import Drop, Effect, Record, RemoveMessage
from storage.facts import MessageDropped, MessageRemoved, RemovalAsked
from tests.bot.floor import FakeDecisions, FakeNetwork, Floor, floor, message, opened, room

STREAM = "I-1"


@dataclass
class Story:
    """An incident with a message in it, and what is to be done about that message next."""

    words: str = "words"
    tokens: list[str] = field(default_factory=list)
    drop: bool = False

    def hear(self, world: World, request: Request) -> list[Effect]:
        match request.text:
            case "open":
                return [opened()]
            case "say":
                return [message(room(2), self.words, stream=STREAM)]
            case _ if self.drop:
                return [Drop(self.tokens[0], "over"), message(room(2), "after", stream=STREAM)]
            case _:
                return [
                    RemoveMessage(STREAM, self.tokens[0], room(2), "A-1", "P"),
                    message(room(2), "after", stream=STREAM),
                ]

    def happened(self, world: World, came: Came) -> list[Effect]:
        match came.event:
            case Delivery(row=row, became="sent") if row.token in world.incidents[STREAM].removals:
                return [Record(STREAM, MessageRemoved(world.incidents[STREAM].removals[row.token].send, row.to))]
            case Delivery(row=row, became="sent"):
                self.tokens.append(row.token)
        return []

    @property
    def decisions(self) -> FakeDecisions:
        return FakeDecisions(on_hear=self.hear, on_happened=self.happened)


async def played(on: Floor, *texts: str) -> None:
    for text in texts:
        await on.hear(text)
        await on.settled()


async def facts(on: Floor, kind: type) -> list[object]:
    return [kept.fact for kept in await on.store.facts(STREAM) if isinstance(kept.fact, kind)]


async def test_each_part_is_removed_where_it_stands_before_what_is_said_next(tmp_path: Path) -> None:
    """A message of three parts is three requests, by the names that the network gave."""
    story, network = Story("a" * 10 + "b" * 10 + "c" * 5), FakeNetwork(longest=10)
    async with floor(tmp_path, story.decisions, network) as on:
        await played(on, "open", "say", "remove")
        asked = [(out.kind, out.replaces, out.room) for out in network.sent]
        assert asked[3:6] == [("delete", f"m{number}", room(2)) for number in (1, 2, 3)]
        assert network.texts[6] == "after"
        base = story.tokens[0].removesuffix("-1")
        parts = [f"{base}-{number}" for number in (1, 2, 3)]
        assert [fact.send for fact in await facts(on, RemovalAsked)] == parts  # type: ignore[attr-defined]
        assert [fact.send for fact in await facts(on, MessageRemoved)] == parts  # type: ignore[attr-defined]


async def test_killed_between_claim_and_outcome_it_is_asked_again(tmp_path: Path) -> None:
    """A removal that was in flight is no message of unknown fate: it is asked for again, under the same token, and done."""
    story, network = Story(), FakeNetwork()

    async def never(out: Outgoing) -> Outcome:
        if out.kind == "delete":
            await asyncio.Event().wait()
        return Sent(f"m{len(network.sent)}")

    network.answers = never
    async with floor(tmp_path, story.decisions, network) as on:
        await played(on, "open", "say")
        await on.hear("remove")
        await network.until_sent(2)
        assert [row.state for row in await on.store.unsent()][:1] == ["inflight"]
        await on.kill()
    again = FakeNetwork()
    async with floor(tmp_path, story.decisions, again) as on:
        await on.settled()
        assert [(out.kind, out.token) for out in again.sent] == [
            ("delete", network.sent[1].token),
            ("message", again.sent[1].token),
        ]
        assert not [one for one in on.decide.of(Delivery) if one.became == "unknown"]  # type: ignore[attr-defined]
        assert len(await facts(on, MessageRemoved)) == 1
        assert await on.store.unsent() == []


async def test_what_has_no_name_cannot_be_removed_and_says_so_at_once(tmp_path: Path) -> None:
    """A message of unknown fate may stand there: no network is asked, and the refusal is decided about."""
    story, network = Story(), FakeNetwork()

    async def lost(out: Outgoing) -> Outcome:
        return Unknown("timeout") if out.text == "words" else Sent("m")

    network.answers = lost
    async with floor(tmp_path, story.decisions, network) as on:
        await played(on, "open", "say")
        story.tokens.append(network.sent[0].token)
        await played(on, "remove")
        assert [out.kind for out in network.sent] == ["message", "message"]
        [refused] = [one for one in on.decide.of(Delivery) if one.became == "refused"]  # type: ignore[attr-defined]
        assert isinstance(refused, Delivery) and refused.row.token in on.engine.world.incidents[STREAM].removals
        assert len(await facts(on, RemovalAsked)) == 1


async def test_a_refused_message_is_not_removed(tmp_path: Path) -> None:
    """It stands nowhere."""
    story, network = Story(), FakeNetwork()

    async def refuses(out: Outgoing) -> Outcome:
        return Refused("no") if out.text == "words" else Sent("m")

    network.answers = refuses
    async with floor(tmp_path, story.decisions, network) as on:
        await played(on, "open", "say")
        story.tokens.append(network.sent[0].token)
        await played(on, "remove")
        assert [out.kind for out in network.sent] == ["message", "message"] and not await facts(on, RemovalAsked)


async def test_what_is_taken_back_before_it_left_is_recorded_and_what_had_left_is_not(tmp_path: Path) -> None:
    """Only the outbox knows whether a message still waits: the log says so of those that did."""
    story, network = Story(drop=True), FakeNetwork()
    async with floor(tmp_path, story.decisions, network) as on:
        await played(on, "open", "say", "drop")
        assert network.texts == ["words", "after"] and not await facts(on, MessageDropped)
        network.state.connected = False
        await played(on, "say")
        [row] = await on.store.unsent()
        story.tokens[:] = [row.send]
        await played(on, "drop")
        network.state.connected = True
        on.courier.poke()
        await on.settled()
        assert network.texts == ["words", "after", "after"]
        [dropped] = await facts(on, MessageDropped)
        assert isinstance(dropped, MessageDropped) and (dropped.send, dropped.reason) == (row.send, "over")
