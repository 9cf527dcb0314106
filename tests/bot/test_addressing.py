"""What a message refers to, by the name under which that stands in its room."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from bot.addressing import Addresses
from bot.clock import VirtualClock
from bot.networks.port import Outcome, Outgoing, Refused, Sent, Unknown
from handlers.events import Delivery
from playbooks.rooms import RoomRef
from storage.effects import React, Remember, RemoveCopy, Send, Urgency
from storage.facts import DEPLOYMENT
from storage.store import OutboxRow, StorageError, Utterance
from tests.bot.carrying import Says, send, speech, texts
from tests.bot.floor import START, FakeNetwork, floor, room

THERE = room(1, "matrix")
MATRIX = room(2, "matrix")


def said(about: str = "S-1", where: RoomRef = THERE, message: str = "$said") -> Remember:
    return Remember(Utterance(DEPLOYMENT, about, where, message, ("ops",), "P", "P-1", "Ada", START))


def both(**more: object) -> tuple[FakeNetwork, FakeNetwork]:
    return FakeNetwork("telegram", **more), FakeNetwork("matrix", **more)  # type: ignore[arg-type]


async def test_an_answer_names_what_it_answers_as_it_stands_in_each_room(tmp_path: Path) -> None:
    """Where it was said by its own name, where it was carried by its copy's, and where neither is, by nothing."""
    says, networks = Says(), both()
    async with floor(tmp_path, says.decisions, *networks, clock=VirtualClock(START)) as on:
        await send(on, says, said(), speech("first"))
        answers = [speech("yes", "S-2", to=to, answers="S-1") for to in (room(2), room(3), THERE)]
        await send(on, says, *answers)
        assert [(out.room, out.reply_to) for out in networks[0].sent[1:]] == [(room(2), "m1"), (room(3), None)]
        assert [(out.room, out.reply_to) for out in networks[1].sent] == [(THERE, "$said")]


async def test_a_thread_is_one_where_the_network_has_threads_and_else_an_answer(tmp_path: Path) -> None:
    """On Telegram what belongs to a thread answers what began it, unless it answers something else."""
    says, networks = Says(), both()
    async with floor(tmp_path, says.decisions, *networks, clock=VirtualClock(START)) as on:
        await send(on, says, *(speech("root", to=to) for to in (room(2), MATRIX)))
        await send(on, says, *(speech("one", "S-2", to=to, thread="S-1") for to in (room(2), MATRIX)))
        both_ = {"thread": "S-1", "answers": "S-2"}
        await send(on, says, *(speech("two", "S-3", to=to, **both_) for to in (room(2), MATRIX)))  # type: ignore[arg-type]
        assert [(out.thread, out.reply_to) for out in networks[0].sent] == [(None, None), (None, "m1"), (None, "m2")]
        assert [(out.thread, out.reply_to) for out in networks[1].sent] == [(None, None), ("m1", None), ("m1", "m2")]


async def test_in_a_forum_the_copy_of_the_topic_is_named(tmp_path: Path) -> None:
    """Two rooms that are topics of one group each have their own."""
    says = Says()
    a, b = (RoomRef("telegram", "-5", topic) for topic in "12")
    async with floor(tmp_path, says.decisions, clock=VirtualClock(START)) as on:
        await send(on, says, said(where=a, message="77"), speech("first", to=b))
        await send(on, says, speech("yes", "S-2", to=a, answers="S-1"), speech("yes", "S-2", to=b, answers="S-1"))
        assert [(out.room, out.reply_to) for out in on.network.sent[1:]] == [(a, "77"), (b, "m1")]


async def test_what_belongs_to_a_topic_of_a_forum_that_is_one_room_stands_in_that_topic(tmp_path: Path) -> None:
    """All its parts, answering nothing but what it answers; where a topic is the room, it stays there and answers what began the thread."""
    says = Says()
    forum, pumps = RoomRef("telegram", "-5"), RoomRef("telegram", "-5", "7")
    async with floor(tmp_path, says.decisions, FakeNetwork(longest=100), clock=VirtualClock(START)) as on:
        await send(on, says, said(where=pumps, message="77"))
        await send(on, says, speech("x" * 60 + "y" * 60, "S-2", to=forum, thread="S-1"))
        await send(on, says, speech("yes", "S-3", to=forum, thread="S-1", answers="S-2"))
        await send(on, says, speech("no topic", "S-4", to=forum))
        assert [(out.room, out.reply_to) for out in on.network.sent] == [
            (pumps, None), (pumps, None), (pumps, "m1"), (forum, None),
        ]  # fmt: skip
        other = RoomRef("telegram", "-6", "4")
        await send(on, says, speech("root", to=other))
        await send(on, says, speech("later", "S-5", to=other, thread="S-1"))
        assert [(out.room, out.reply_to) for out in on.network.sent[4:]] == [(other, None), (other, "m5")]


async def test_a_reference_that_cannot_be_read_costs_no_message(tmp_path: Path) -> None:
    """It leaves without, once; and talk that refers to nothing reads nothing at all."""
    says, asked = Says(), list[str]()

    class Unreadable:
        def __getattr__(self, name: str) -> object:
            asked.append(name)
            raise StorageError("the disk does not answer")

    async with floor(tmp_path, says.decisions, clock=VirtualClock(START)) as on:
        await send(on, says, speech("first"))
        on.courier._addresses = Addresses(Unreadable())  # type: ignore[arg-type]
        await send(on, says, speech("plain", "S-2"))
        assert asked == []
        await send(on, says, speech("yes", "S-3", answers="S-1"))
        assert [out.reply_to for out in on.network.sent] == [None, None, None] and len(asked) == 1


async def test_what_never_arrived_is_not_changed(tmp_path: Path) -> None:
    """An edit or a removal of a copy that was refused, or whose fate is unknown, asks nothing of the network."""
    says = Says()

    async def answer(out: Outgoing) -> Outcome:
        return {"Ada\nrefused": Refused("no"), "Ada\nunknown": Unknown("timeout")}.get(out.text) or Sent("m")

    async with floor(tmp_path, says.decisions, FakeNetwork(answers=answer), clock=VirtualClock(START)) as on:
        await send(on, says, speech("unknown", "S-2"))
        await send(on, says, speech("unknown!", "S-2", amends=True))
        [row] = [one for one in await on.store.copies(DEPLOYMENT, "S-2") if one.kind == "message"]
        await send(on, says, RemoveCopy(DEPLOYMENT, row.send, room(2), "S-2"))
        assert len(on.network.sent) == 1
        assert [one.became for one in on.decide.of(Delivery)] == ["unknown", "refused", "refused"]  # type: ignore[attr-defined]


async def test_a_longer_and_a_shorter_edit_change_part_by_part(tmp_path: Path) -> None:
    """What there is more of follows the first part, what there was more of goes."""
    says, network = Says(), FakeNetwork(longest=100)
    async with floor(tmp_path, says.decisions, network, clock=VirtualClock(START)) as on:
        await send(on, says, speech("short"))
        await send(on, says, speech("x" * 60 + "y" * 60, amends=True))
        await send(on, says, speech("z", amends=True))
        assert [(out.kind, out.replaces, out.reply_to) for out in network.sent] == [
            ("message", None, None),
            ("edit", "m1", None),
            ("message", None, "m1"),
            ("edit", "m1", None),
            ("delete", "m3", None),
        ]
        said_in = "".join(text.partition("\n")[2] for text in texts(network.sent)[1:3])
        assert said_in == "x" * 60 + "y" * 60


async def test_a_reaction_goes_to_what_stands_there_and_is_taken_away_again(tmp_path: Path) -> None:
    """By the reaction's own name where it has one, else from the message; one that never stood is not taken away."""
    says = Says()
    telegram, matrix = both()

    async def answer(out: Outgoing) -> Outcome:
        return Sent(out.replaces or "m1")

    telegram.answers = answer
    async with floor(tmp_path, says.decisions, telegram, matrix, clock=VirtualClock(START)) as on:
        await send(on, says, *(speech("first", to=to) for to in (room(2), MATRIX)))
        for gone in (True, False, True):
            await send(on, says, *(React(DEPLOYMENT, "S-1", to, "👍", gone=gone) for to in (room(2), MATRIX)))
        await send(on, says, React(DEPLOYMENT, "S-1", room(9), "👍"))
        assert [(out.kind, out.replaces, out.emoji) for out in telegram.sent[1:]] == [
            ("react", "m1", "👍"),
            ("react", "m1", None),
        ]
        assert [(out.kind, out.replaces, out.emoji) for out in matrix.sent[1:]] == [
            ("react", "m1", "👍"),
            ("react", "m2", None),
        ]
        refused = [one.row.kind for one in on.decide.of(Delivery) if one.became == "refused"]  # type: ignore[attr-defined]
        assert refused == ["react"] * 3
        mentioned = await on.store.rows_of_message(room(2), "m1")
        assert [row.kind for row in mentioned] == ["message"]


async def test_of_several_copies_the_newest_is_answered_and_none_that_was_taken_away(tmp_path: Path) -> None:
    """By its first part; where every copy was taken away, nothing is named, and a reaction goes nowhere."""
    says = Says()
    network = FakeNetwork(longest=100)
    async with floor(tmp_path, says.decisions, network, clock=VirtualClock(START)) as on:
        await send(on, says, speech("first", to=room(2)))
        await send(on, says, speech("x" * 120, to=room(2)))
        newest = [out.token for out in network.sent if out.kind == "message"][1]
        await send(on, says, speech("answer", about="S-2", answers="S-1", to=room(2)))
        answer = network.sent[-1]
        names = [row.message for row in await on.store.copies(DEPLOYMENT, "S-1")]
        named = await on.store.row(newest)
        assert named is not None and answer.reply_to == named.message == names[1]
        copies = [row for row in await on.store.copies(DEPLOYMENT, "S-1") if row.part == 0]
        await send(on, says, *(RemoveCopy(DEPLOYMENT, row.send, room(2), "S-1", "P") for row in copies))
        await send(
            on, says, speech("late", about="S-3", answers="S-1", to=room(2)), React(DEPLOYMENT, "S-1", room(2), "👍")
        )
        assert [(out.kind, out.reply_to) for out in network.sent[-1:]] == [("message", None)]


async def test_an_edit_that_was_in_flight_when_we_ended_is_made_again(tmp_path: Path) -> None:
    """Changing something twice changes it once: its fate is not unknown."""
    says = Says()
    network = FakeNetwork()
    async with floor(tmp_path, says.decisions, network, clock=VirtualClock(START)) as on:
        await send(on, says, speech("first"))
        edit: Send = replace(speech("second", amends=True), urgency=Urgency.CHATTER)
        says.effects.append(edit)
        network.state.connected = False
        await on.hear("go")
        await on.settled()
        [row] = await on.store.unsent()
        assert isinstance(row, OutboxRow)
        await on.store.claim([row.token], START)
        await on.kill()
    again = FakeNetwork()
    async with floor(tmp_path, None, again, clock=VirtualClock(START)) as on:
        await on.settled()
        assert [(out.kind, out.replaces, out.token) for out in again.sent] == [("edit", "m1", row.token)]
        assert [one.became for one in on.decide.of(Delivery)] == ["sent"]  # type: ignore[attr-defined]


async def test_a_reaction_that_hid_another_gives_it_back(tmp_path: Path) -> None:
    """Where a bot has one reaction to a message: the last that still stands is seen, and one that is hidden is taken away unseen."""
    says, telegram = Says(), FakeNetwork("telegram")

    async def answer(out: Outgoing) -> Outcome:
        return Sent(out.replaces or "m1")

    telegram.answers = answer

    def react(emoji: str, *, gone: bool = False) -> React:
        return React(DEPLOYMENT, "S-1", room(2), emoji, gone=gone)

    async with floor(tmp_path, says.decisions, telegram, clock=VirtualClock(START)) as on:
        await send(on, says, speech("first"))
        for emoji in ("👌", "👍", "🔥"):
            await send(on, says, react(emoji))
        for emoji in ("👍", "🔥", "👌"):
            await send(on, says, react(emoji, gone=True))
        assert [out.emoji for out in telegram.sent[1:]] == ["👌", "👍", "🔥", "👌", None]


async def test_a_reaction_of_before_a_start_is_taken_away_after_it(tmp_path: Path) -> None:
    """What stood before counts, however rows are numbered since."""
    says, network = Says(), FakeNetwork()
    async with floor(tmp_path, says.decisions, network, clock=VirtualClock(START)) as on:
        await send(on, says, speech("first"), React(DEPLOYMENT, "S-1", room(2), "👍"))
        heard = on.heard
        await on.kill()
    async with floor(tmp_path, says.decisions, network, clock=VirtualClock(START)) as on:
        on.heard = heard
        await send(on, says, React(DEPLOYMENT, "S-1", room(2), "👍", gone=True))
        assert [(out.kind, out.emoji) for out in network.sent] == [("message", None), ("react", "👍"), ("react", None)]


async def test_a_reaction_that_two_gave_goes_with_the_second(tmp_path: Path) -> None:
    """A network has an emoji of ours once: the sign and what somebody gave are one event there."""
    says, matrix = Says(), FakeNetwork("matrix")

    async def answer(out: Outgoing) -> Outcome:
        return Sent(f"${out.emoji}" if out.kind == "react" and out.emoji else out.replaces or "m1")

    matrix.answers = answer
    async with floor(tmp_path, says.decisions, matrix, clock=VirtualClock(START)) as on:
        await send(on, says, speech("first", to=MATRIX))
        for gone, sign in ((False, True), (False, False), (True, True), (True, False)):
            await send(on, says, React(DEPLOYMENT, "S-1", MATRIX, "👌", gone=gone, sign=sign))
        asked = [(out.emoji, out.replaces) for out in matrix.sent[1:]]
        assert asked == [("👌", "m1"), ("👌", "m1"), (None, "$👌")]
