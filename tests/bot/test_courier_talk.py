"""The courier and talk: several to a message where a room is held back, the time where it is late, a digest where it is too much."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

from bot.clock import VirtualClock
from bot.merging import MOST_TALK
from bot.networks.port import Delayed, NetworkPort, Outcome, Outgoing, Refused, Sent, Unknown
from bot.queues import Queues
from handlers.events import Delivery, Flooded
from playbooks.rooms import Network
from storage.effects import React, RemoveCopy, Urgency
from storage.facts import DEPLOYMENT
from storage.store import OutboxRow
from tests.bot.carrying import Says, many, photo, send, speech, telegram, texts
from tests.bot.floor import START, FakeNetwork, floor, message, room


async def test_talk_goes_as_one_message_where_the_room_is_held_back(tmp_path: Path) -> None:
    """What waits while a room has had its message is said together, each speaker named once in turn; every row has the message's id."""
    says, clock, network = Says(), VirtualClock(START), telegram()
    async with floor(tmp_path, says.decisions, network, clock=clock) as on:
        network.state.connected = False
        one, two, three, four = (
            speech("one", "S-1"),
            speech("two", "S-2"),
            speech("three", "S-3", who="Bo"),
            speech("four", "S-4"),
        )
        await send(on, says, one, two, three, four)
        network.state.connected = True
        on.courier.poke()
        await on.settled()
        assert texts(network.sent) == ["Ada\none\ntwo\n\nBo\nthree\n\nAda\nfour"]
        found = await on.store.rows_of_message(room(2), "m1")
        assert [(row.about, row.state) for row in found] == [(f"S-{number}", "sent") for number in (1, 2, 3, 4)]
        assert len(on.decide.of(Delivery)) == 4


async def test_nothing_is_merged_where_nothing_is_held_back(tmp_path: Path) -> None:
    """Without limits each goes alone, whatever waits; with them, what can leave now does."""
    says, network = Says(), FakeNetwork()
    async with floor(tmp_path, says.decisions, network, clock=VirtualClock(START)) as on:
        await send(on, says, *many(5))
        assert texts(network.sent) == [f"Ada\nword{number}" for number in range(1, 6)]


async def test_matrix_is_never_told_two_things_as_one(tmp_path: Path) -> None:
    """Where a crash makes each row go again under its own token, none is ever part of another's message."""
    says, clock, network = Says(), VirtualClock(START), telegram(name="matrix")
    async with floor(tmp_path, says.decisions, network, clock=clock) as on:
        await send(on, says, *many(3, to=room(2, "matrix")))
        for _ in range(3):
            clock.advance(3)
            await on.settled()
        assert [out.text for out in network.sent] == ["Ada\nword1", "Ada\nword2", "Ada\nword3"]


async def test_alerts_and_answers_go_first_and_alone(tmp_path: Path) -> None:
    """What is no talk is never put together with anything, and talk that answers something begins a message."""
    says, clock, network = Says(), VirtualClock(START), telegram()
    async with floor(tmp_path, says.decisions, network, clock=clock) as on:
        network.state.connected = False
        alert = message(room(2), "alert", urgency=Urgency.ALERT)
        await send(
            on, says, *many(2), speech("yes", "S-9", answers="S-1"), speech("and", "S-10"), message(room(2)), alert
        )
        network.state.connected = True
        for _ in range(6):
            on.courier.poke()
            await on.settled()
            clock.advance(3)
        assert texts(network.sent) == ["alert", "words", "Ada\nword1\nword2", "Ada\nyes\nand"]
        assert network.sent[3].reply_to == "m3"


async def test_two_hundred_messages_a_minute_are_kept_up_with(tmp_path: Path) -> None:
    """A Telegram group that takes twenty a minute is told everything, in order, within seconds, and no digest is needed."""
    says, clock, network = Says(), VirtualClock(START), telegram()
    async with floor(tmp_path, says.decisions, network, clock=clock) as on:
        for second in range(60):
            first = 1 + second * 10 // 3
            count = 1 + (second + 1) * 10 // 3 - first
            await send(
                on,
                says,
                *many(count, text="the water is rising at the bridge, pumps are needed ", first=first, at=clock.now()),
            )
            clock.advance(1)
        for _ in range(4):
            await on.settled()
            clock.advance(3)
        said = [line.rsplit(" ", 1)[1] for text in texts(network.sent) for line in text.splitlines() if " " in line]
        assert said == [str(number) for number in range(1, 201)]
        assert len(network.sent) <= 31 and on.decide.of(Flooded) == []
        assert await on.store.unsent() == []


async def test_reactions_do_not_keep_talk_apart(tmp_path: Path) -> None:
    """What is said before and after a reaction goes as one message, and the reaction after it."""
    says, clock, network = Says(), VirtualClock(START), telegram()
    async with floor(tmp_path, says.decisions, network, clock=clock) as on:
        network.state.connected = False
        await send(on, says, *many(2), React(DEPLOYMENT, "S-1", room(2), "👍"), *many(2, first=3))
        network.state.connected = True
        for _ in range(2):
            on.courier.poke()
            await on.settled()
            clock.advance(3)
        await on.settled()
        assert [(out.kind, out.replaces) for out in network.sent] == [("message", None), ("react", "m1")]
        assert texts(network.sent)[0] == "Ada\nword1\nword2\nword3\nword4"
        assert await on.store.unsent() == []


async def test_a_burst_is_merged_rather_than_digested(tmp_path: Path) -> None:
    """Two hundred things said at once are a few messages, and nothing makes way."""
    says, clock, network = Says(), VirtualClock(START), telegram()
    async with floor(tmp_path, says.decisions, network, clock=clock) as on:
        await send(on, says, *many(200))
        for _ in range(10):
            clock.advance(3)
            await on.settled()
        assert on.decide.of(Flooded) == [] and await on.store.unsent() == []
        assert len(network.sent) <= 5


async def test_too_much_talk_makes_way_for_a_digest(tmp_path: Path) -> None:
    """More than a room can be told in minutes is taken out and reported once; alerts stay and leave."""
    says, clock, network = Says(), VirtualClock(START), telegram()
    async with floor(tmp_path, says.decisions, network, clock=clock) as on:
        network.state.connected = False
        long = [speech("x" * 3900, f"S-{number}") for number in range(1, MOST_TALK + 3)]
        await send(on, says, *long, message(room(2), "alert", urgency=Urgency.ALERT))
        network.state.connected = True
        for _ in range(3):
            on.courier.poke()
            await on.settled()
            clock.advance(3)
        assert texts(network.sent) == ["alert"]
        [event] = on.decide.of(Flooded)
        assert isinstance(event, Flooded) and event.room == room(2)
        assert [row.about for row in event.rows] == [f"S-{number}" for number in range(1, MOST_TALK + 3)]
        assert {(await on.store.row(row.token)).state for row in event.rows} == {"dropped"}  # type: ignore[union-attr]


class Counted(str):
    """A token that counts how often it is looked at."""

    looks = 0

    def __hash__(self) -> int:
        Counted.looks += 1
        return super().__hash__()

    def __eq__(self, other: object) -> bool:
        Counted.looks += 1
        return super().__eq__(other)

    def __ne__(self, other: object) -> bool:
        return not self == other


def test_however_much_makes_way_each_of_it_is_looked_at_a_few_times() -> None:
    """Taking rows out takes no longer the more of them wait, so that nothing else stands still meanwhile; what is put back stands there once."""
    networks: dict[Network, NetworkPort] = {"telegram": FakeNetwork()}
    queues, count = Queues(networks), 2000
    tokens = [Counted(f"t{number}") for number in range(count)]
    rows = [
        OutboxRow(token, token, DEPLOYMENT, room(2), Urgency.CHATTER, "{}", None, None, id=number)
        for number, token in enumerate(tokens, 1)
    ]
    for row in rows:
        queues.add(row)
    Counted.looks = 0
    for row in rows[1:]:
        assert queues.remove(row)
    queues.add(rows[1])
    line = queues.line(room(2))
    assert line is not None and line.front(count) == rows[:2]
    assert Counted.looks < 50 * count
    assert [line.pop(), line.pop()] == rows[:2] and not len(line)


async def test_talk_that_waited_for_an_hour_makes_way_unless_it_is_little(tmp_path: Path) -> None:
    """After an outage a room is not told of long ago in a row; a few messages are, with their time."""
    says, clock, network = Says(), VirtualClock(START), FakeNetwork()
    async with floor(tmp_path, says.decisions, network, clock=clock) as on:
        network.state.connected = False
        await send(on, says, *many(11), *many(10, to=room(3)))
        clock.advance(timedelta(minutes=61))
        network.state.connected = True
        on.courier.poke()
        await on.settled()
        assert texts(network.sent) == []
        assert texts(network.sent, room(3)) == [f"09:00 Ada\nword{number}" for number in range(1, 11)]
        assert [len(event.rows) for event in on.decide.of(Flooded)] == [11]  # type: ignore[attr-defined]


async def test_what_comes_late_says_when_it_was_said(tmp_path: Path) -> None:
    """More than a minute late the time stands in front, for each speaker of a message; an edit keeps what stood there."""
    says, clock, network = Says(), VirtualClock(START), telegram()
    async with floor(tmp_path, says.decisions, network, clock=clock) as on:
        await send(on, says, speech("in time"))
        clock.advance(120)
        network.state.connected = False
        late = START + timedelta(seconds=59)
        await send(on, says, speech("one", "S-2"), speech("two", "S-3"), speech("new", "S-4", who="Bo", at=clock.now()))
        await send(on, says, speech("three", "S-5", to=room(3), at=late))
        network.state.connected = True
        on.courier.poke()
        await on.settled()
        assert texts(network.sent)[1:] == ["09:00 Ada\none\ntwo\n\nBo\nnew"]
        assert "<i>09:00</i> <b>Ada</b>" in network.sent[1].html
        clock.advance(4)
        await send(on, says, speech("in time!", amends=True), speech("three!", "S-5", to=room(3), amends=True, at=late))
        clock.advance(4)
        await on.settled()
        assert [out.text for out in network.sent if out.kind == "edit"] == ["Ada\nin time!", "09:00 Ada\nthree!"]


async def test_one_of_several_in_a_message_is_edited_and_taken_back(tmp_path: Path) -> None:
    """The message is put together anew, as each of its parts is now; with its last part it goes."""
    says, clock, network = Says(), VirtualClock(START), telegram()
    async with floor(tmp_path, says.decisions, network, clock=clock) as on:
        network.state.connected = False
        await send(on, says, *many(3))
        network.state.connected = True
        on.courier.poke()
        await on.settled()
        rows = await on.store.rows_of_message(room(2), "m1")
        for effect in (
            speech("second", "S-2", amends=True),
            speech("first", "S-1", amends=True),
            *(RemoveCopy(DEPLOYMENT, row.send, room(2), str(row.about)) for row in (rows[1], rows[0], rows[2])),
        ):
            clock.advance(4)
            await send(on, says, effect)
        assert [(out.kind, out.replaces, out.text) for out in network.sent[1:]] == [
            ("edit", "m1", "Ada\nword1\nsecond\nword3"),
            ("edit", "m1", "Ada\nfirst\nsecond\nword3"),
            ("edit", "m1", "Ada\nfirst\nword3"),
            ("edit", "m1", "Ada\nword3"),
            ("delete", "m1", ""),
        ]


async def test_one_of_several_that_came_late_keeps_its_time_when_it_is_edited(tmp_path: Path) -> None:
    """The words are new; when they were said, and that it stands there, are not."""
    says, clock, network = Says(), VirtualClock(START), telegram()
    async with floor(tmp_path, says.decisions, network, clock=clock) as on:
        network.state.connected = False
        await send(on, says, speech("one", "S-1"), speech("two", "S-2", who="Bo"))
        clock.advance(61)
        network.state.connected = True
        on.courier.poke()
        await on.settled()
        clock.advance(4)
        await send(on, says, speech("new", "S-2", who="Bo", amends=True))
        assert texts(network.sent) == ["09:00 Ada\none\n\n09:00 Bo\ntwo", "09:00 Ada\none\n\n09:00 Bo\nnew"]


async def test_an_edit_that_is_too_long_for_its_message_is_refused(tmp_path: Path) -> None:
    """What does not fit beside the others is not cut and leaves them as they are."""
    says, clock, network = Says(), VirtualClock(START), telegram()
    async with floor(tmp_path, says.decisions, network, clock=clock) as on:
        network.state.connected = False
        await send(on, says, *many(3, text="word" * 20))
        network.state.connected = True
        on.courier.poke()
        await on.settled()
        clock.advance(4)
        await send(on, says, speech("x" * 4030, "S-2", amends=True))
        assert len(network.sent) == 1
        assert on.decide.of(Delivery)[-1].became == "refused"  # type: ignore[attr-defined]


async def test_a_message_of_several_that_is_refused_goes_one_by_one(tmp_path: Path) -> None:
    """Only what the network does not take fails; its neighbours arrive."""
    says, clock = Says(), VirtualClock(START)

    async def answer(out: Outgoing) -> Outcome:
        return Refused("bad") if "word2" in out.text else Sent(out.text)

    network = telegram(answers=answer)
    async with floor(tmp_path, says.decisions, network, clock=clock) as on:
        network.state.connected = False
        await send(on, says, *many(3))
        network.state.connected = True
        for _ in range(5):
            on.courier.poke()
            await on.settled()
            clock.advance(3)
        assert texts(network.sent)[1:] == ["Ada\nword1", "Ada\nword2", "Ada\nword3"]
        assert [one.became for one in on.decide.of(Delivery)] == ["sent", "refused", "sent"]  # type: ignore[attr-defined]


async def test_a_message_of_several_whose_fate_is_unknown_is_so_for_each_and_never_sent_again(tmp_path: Path) -> None:
    """By the network's word, and after a crash between claim and outcome."""
    says, clock = Says(), VirtualClock(START)

    async def answer(out: Outgoing) -> Outcome:
        if "word4" in out.text:
            await asyncio.Event().wait()
        return Unknown("timeout")

    network = telegram(answers=answer)
    async with floor(tmp_path, says.decisions, network, clock=clock) as on:
        network.state.connected = False
        await send(on, says, *many(3))
        network.state.connected = True
        on.courier.poke()
        await on.settled()
        assert [one.became for one in on.decide.of(Delivery)] == ["unknown"] * 3  # type: ignore[attr-defined]
        says.effects += many(2, first=4)
        clock.advance(4)
        await on.hear("go", room(1))
        await network.until_sent(2)
        assert [row.state for row in await on.store.unsent()] == ["inflight"] * 2
        await on.kill()
    again = telegram()
    async with floor(tmp_path, None, again) as on:
        await on.settled()
        assert again.sent == [] and await on.store.unsent() == []
        assert [one.became for one in on.decide.of(Delivery)] == ["unknown"] * 2  # type: ignore[attr-defined]


async def test_a_room_that_is_told_to_wait_delays_no_other_talk(tmp_path: Path) -> None:
    """A 429 of one group moves no message of another in time, not by a millisecond of the clock that counts."""
    says, clock = Says(), VirtualClock(START)
    left: dict[str, float] = {}

    async def answer(out: Outgoing) -> Outcome:
        if out.room == room(2):
            return Delayed(30, "429")
        left[out.text] = clock.monotonic()
        return Sent(out.text)

    network = telegram(answers=answer)
    async with floor(tmp_path, says.decisions, network, clock=clock) as on:
        for second in range(10):
            here = [speech(f"word{second}", f"S-{second}", to=room(where)) for where in range(2, 8)]
            begun = clock.monotonic()
            await send(on, says, *(one for one in here))
            assert sum(1 for when in left.values() if when == begun) >= 1
            clock.advance(3)
        assert set(left) == {f"Ada\nword{second}" for second in range(10)}
        assert len([out for out in network.sent if out.room != room(2)]) == 50
        assert len([out for out in network.sent if out.room == room(2)]) == 1


async def test_signs_leave_last_rarely_and_give_way_to_later_ones(tmp_path: Path) -> None:
    """A sign of the ordinary kind says what those before it would; of two about the same message the later counts."""
    says, clock, network = Says(), VirtualClock(START), telegram()

    def sign(about: str, emoji: str) -> React:
        return React(DEPLOYMENT, about, room(2), emoji, sign=True)

    async with floor(tmp_path, says.decisions, network, clock=clock) as on:
        await send(on, says, *many(1), *many(1, first=2), *many(1, first=3))
        clock.advance(60)
        await on.settled()
        network.state.connected = False
        signs = [sign("S-1", "👌"), sign("S-2", "🤔"), sign("S-2", "🙊"), sign("S-3", "👌")]
        await send(on, says, *signs, *many(1, first=4))
        before = len(network.sent)
        network.state.connected = True
        times = []
        for _ in range(12):
            count = len(network.sent)
            on.courier.poke()
            await on.settled()
            times += [clock.monotonic()] * (len(network.sent) - count)
            clock.advance(1)
        assert [(out.kind, out.emoji) for out in network.sent[before:]] == [
            ("message", None),
            ("react", "🙊"),
            ("react", "👌"),
        ]
        assert times[2] - times[1] >= 3
        assert await on.store.unsent() == []
        left = [row.state for name in ("S-1", "S-2") for row in await on.store.reactions(DEPLOYMENT, name, room(2))]
        assert left == ["sent"]  # what gave way is dropped, and read no more


async def test_files_that_were_sent_together_wait_together_and_leave_as_an_album(tmp_path: Path) -> None:
    """Each row has the name that the network gave its file; without files here they say so, one by one."""
    says, network = Says(), FakeNetwork()
    async with floor(tmp_path, says.decisions, network, clock=VirtualClock(START)) as on:
        network.state.connected = False
        album = [
            speech("" if number > 1 else "look", f"S-{number}", file=photo(number, album="a")) for number in (1, 2)
        ]
        await send(on, says, *album)
        network.state.connected = True
        on.courier.poke()
        await on.settled()
        assert texts(network.sent) == ["Ada\nlook\n[no 1.jpg]", "Ada\n[no 2.jpg]"]


async def test_a_row_has_one_number_here_and_on_file(tmp_path: Path) -> None:
    """Also after a start before which everything was sent: what is told apart by age is so by either."""
    says, network = Says(), FakeNetwork()
    async with floor(tmp_path, says.decisions, network, clock=VirtualClock(START)) as on:
        await send(on, says, *many(3))
        heard = on.heard
        await on.kill()
    async with floor(tmp_path, says.decisions, network, clock=VirtualClock(START)) as on:
        on.heard = heard
        network.state.connected = False
        await send(on, says, *many(2, first=4))
        here = [(row.token, row.id) for row in on.courier.waiting(DEPLOYMENT)]
        assert here == [(row.token, row.id) for row in await on.store.unsent()] and here[0][1] > 3
        network.state.connected = True


async def test_a_reaction_that_is_undone_before_it_leaves_does_not_leave(tmp_path: Path) -> None:
    """However often somebody changes their mind while a room waits: what stood there stays, or goes once."""
    says, network = Says(), FakeNetwork()

    def react(emoji: str, *, gone: bool = False) -> React:
        return React(DEPLOYMENT, "S-1", room(2), emoji, gone=gone)

    async with floor(tmp_path, says.decisions, network, clock=VirtualClock(START)) as on:
        await send(on, says, *many(1), react("👍"))
        before = len(network.sent)
        network.state.connected = False
        for _ in range(20):
            await send(on, says, react("🔥"), react("🔥", gone=True), react("👍", gone=True), react("👍"))
        await send(on, says, react("👍", gone=True))
        assert len([row for row in await on.store.unsent() if row.kind == "react"]) == 1
        network.state.connected = True
        on.courier.poke()
        await on.settled()
        assert [(out.kind, out.emoji) for out in network.sent[before:]] == [("react", None)]
