"""Talk that a network holds back or that comes after an outage, through the whole program in virtual time: merged, in order, with its time.

The network of Telegram counts what it is sent as the real one does: 30 a second, one a second in a chat, 20 a minute in a group.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest

from bot.clock import VirtualClock
from bot.networks.limits import TELEGRAM_DEFAULT, parse_limits
from bot.networks.port import Delayed, Outcome, Outgoing, RoomTraits
from bot.networks.rehearsal import Rehearsal
from bot.networks.rehearsal_rooms import Shown
from bot.rehearsal import identity_of
from playbooks.rooms import NETWORKS, RoomRef
from storage.facts import MessageDropped, MessageUnknown, Said
from tests.emulators.telegram_limits import Bucket
from tests.handlers.border_stage import BRANDWEER, CITY, CITY_TELEGRAM, FIRE, FIRE_TELEGRAM, HILFE, WATCHERS
from tests.playbooks.border import NOON
from tests.stories.test_talk import Talk, channel_book

GROUPS = (CITY_TELEGRAM, FIRE_TELEGRAM, WATCHERS)
ROOMS = (FIRE, BRANDWEER)
PEOPLE = ("mayor", "clerk", "engineer")
ANSWERS_AFTER = 10
"""Turns of the loop after which Telegram says that it took a message."""
WORD = re.compile(r"\bw\d+\b")


@dataclass
class Busy(Talk):
    """A town whose Telegram says no to who sends too fast. ``too_fast``: what it had to refuse; ``came``: when each message came, and where."""

    too_fast: list[Outgoing] = field(default_factory=list)
    came: list[tuple[float, Shown]] = field(default_factory=list)

    async def let(self, seconds: float) -> None:
        """Let time pass."""
        await self.until(self.clock.now() + timedelta(seconds=seconds))

    def words(self, room: RoomRef) -> list[str]:
        """The words ``w1``, ``w2``… of what stands in a room, in order."""
        carried = [text for text in self.stands(room) if "▸" in text and "meanwhile:" not in text]
        return [word for text in carried for word in WORD.findall(text)]

    def with_word(self, room: RoomRef, word: str) -> Shown:
        """The bot's one message that says this."""
        [found] = [one for one in self.networks[room.network].messages(room) if word in WORD.findall(one.text)]
        return found


def _strict(town: Busy, network: Rehearsal) -> None:
    """Count as Telegram does, and answer a little later than it has taken something."""
    buckets: dict[object, Bucket] = {}
    take = network.send

    async def counted(out: Outgoing) -> Outcome:
        if out.kind == "message":
            now = town.clock.monotonic()
            limits = (("all", 30, 1.0), (out.room.chat, 1, 1.0), ((out.room.chat,), 20, 60.0))
            counts = [buckets.setdefault(key, Bucket(most, per, float(most), now)) for key, most, per in limits]
            wait = max(bucket.wait(now) for bucket in counts)
            if wait > 0:
                town.too_fast.append(out)
                return Delayed(max(1.0, -(-wait // 1)), "Too Many Requests")
            for bucket in counts:
                bucket.left -= 1
        outcome = await take(out)
        for _ in range(ANSWERS_AFTER):
            await asyncio.sleep(0)
        return outcome

    network.send = counted  # type: ignore[method-assign]


@asynccontextmanager
async def busy(folder: Path) -> AsyncIterator[Busy]:
    """The border's bot, its rooms talking, Telegram limited."""
    clock, book = VirtualClock(NOON), channel_book()
    networks = {name: Rehearsal(name, [book], clock.now) for name in NETWORKS}
    made = Busy(folder, book, clock, networks)
    networks["telegram"].limits = parse_limits(TELEGRAM_DEFAULT)
    _strict(made, networks["telegram"])
    for network in networks.values():
        network.watchers.append(lambda shown: made.came.append((clock.monotonic(), shown)))
    await made.start()
    try:
        await made.begin()
        await made.let(60)
        yield made
        assert made.starts > 1 or not made.too_fast, (
            "it knows the limits by itself, but not what was sent before it was killed"
        )
    finally:
        await made.stop()


def numbered(count: int, first: int = 1) -> list[str]:
    """The words of so many messages."""
    return [f"w{number}" for number in range(first, first + count)]


def speaker(number: int) -> str:
    """Who says it: each a few in a row."""
    return PEOPLE[number // 4 % len(PEOPLE)]


async def test_two_hundred_a_minute_arrive_merged_and_an_alert_goes_alone_and_first(tmp_path: Path) -> None:
    """Speaker by speaker, in order, none lost, never too fast; the alert overtakes what waits and is part of nothing."""
    async with busy(tmp_path) as town:
        waited = None
        for number in range(1, 201):
            await town.speak(CITY, f"w{number} the water is rising at the bridge", speaker(number))
            if number == 120:
                waited = {room: numbered(120)[len(town.words(room)) :] for room in GROUPS}
                issued = town.clock.monotonic()
                await town.alert()
            await town.let(0.3)
        await town.let(30)
        assert waited is not None
        for room in (*GROUPS, *ROOMS):
            assert town.words(room) == numbered(200), room
        for room in GROUPS:
            told = [text for text in town.stands(room) if "▸" in text]
            assert len(told) < 40
            for text in told:
                _speaker_by_speaker(text)
            came = [(at, one) for at, one in town.came if one.room == room and at >= issued and one.befell == "said"]
            at, alert = next((at, one) for at, one in came if "🚨" in one.text)
            assert "▸" not in alert.text and at - issued <= 1.1
            assert waited[room] and not any(one for when, one in came if when < at)
        assert not any(isinstance(kept.fact, MessageDropped) for kept in await town.facts())


def _speaker_by_speaker(text: str) -> None:
    """Each speaker is named once in turn, with their own words below."""
    for run in text.split("\n\n"):
        head, *words = run.split("\n")
        assert "▸" in head and words
        assert {speaker(int(WORD.findall(one)[0][1:])) for one in words} == {head.split("▸ ")[1].split(" · ")[0]}


async def test_a_part_of_a_merged_message_is_answered_edited_and_taken_back(tmp_path: Path) -> None:
    """An answer on Matrix answers the message that holds the part; an edit and a deletion change that part alone, also after a restart. What is quoted
    of it says which part is answered."""
    async with busy(tmp_path) as town:
        said = {f"w{number}": await town.speak(CITY, f"w{number} so", speaker(number)) for number in range(1, 13)}
        await town.let(10)
        where = town.with_word(FIRE_TELEGRAM, "w6")
        assert len(WORD.findall(where.text)) > 3
        await town.speak(CITY, "w20 I mean this", reply_to=said["w6"])
        await town.let(10)
        assert town.with_word(FIRE_TELEGRAM, "w20").reply_to == where.id
        await town.kill()
        await town.start()
        matrix, before = town.networks["matrix"], where.text
        await matrix.rewrite(CITY, said["w6"], identity_of(speaker(6), "matrix"), speaker(6), "w6 otherwise")
        await town.let(5)
        assert town.with_word(FIRE_TELEGRAM, "w6").text == before.replace("w6 so", "w6 otherwise")
        await matrix.delete(CITY, said["w5"], identity_of(speaker(5), "matrix"), speaker(5))
        await town.let(5)
        assert town.with_word(FIRE_TELEGRAM, "w6").text == before.replace("w5 so\n", "").replace(
            "w6 so", "w6 otherwise"
        )
        answered = await town.speak(FIRE_TELEGRAM, "w21 which one?", "officer", reply_to=where.id)
        assert answered and town.with_word(CITY, "w21").reply_to in said.values()
        now = town.with_word(FIRE_TELEGRAM, "w6").text
        quotes = {"w22": ("w6 other", "w6"), "w23": ("w4 so", "w4"), "w24": ("so", "w7")}
        for answer, (words, part) in quotes.items():
            at = now.index("w7 so" if words == "so" else words)
            await town.speak(FIRE_TELEGRAM, f"{answer} this", "officer", reply_to=where.id, quoted=(words, at))
            assert town.with_word(CITY, answer).reply_to == said[part]


async def test_a_quotation_across_two_parts_of_a_merged_message_carries_what_both_carry(tmp_path: Path) -> None:
    """Whoever quotes Belgian and Dutch words at once passes on both; whoever quotes one of them, that alone."""
    async with busy(tmp_path) as town:
        for number in range(1, 5):
            await town.speak(CITY, f"w{number} here", speaker(number))
        await town.speak(BRANDWEER, "w5 abroad", "bob")
        await town.let(10)
        where = town.with_word(FIRE_TELEGRAM, "w5")
        text = where.text
        for quote in (text[text.index("w4") :], "w4 here"):
            await town.speak(
                FIRE_TELEGRAM, "Sure?", "officer", reply_to=where.id, quoted=(quote, len(text[: text.index("w4")]))
            )
        both, one = [kept.fact for kept in await town.facts() if isinstance(kept.fact, Said)][-2:]
        assert (both.origins, both.onward, one.origins) == (("be", "nl"), ("nl",), ("be",))


async def test_what_was_said_while_telegram_was_away_comes_in_order_with_its_time(tmp_path: Path) -> None:
    """Five minutes: everything arrives, merged, each speaker's turn with the time at which it was said."""
    async with busy(tmp_path) as town:
        await town.networks["telegram"].cut()
        for number in range(1, 31):
            await town.speak(CITY, f"w{number} while you were away", speaker(number))
            await town.let(10)
        assert not any(town.words(room) for room in GROUPS)
        await town.networks["telegram"].mend()
        await town.let(90)
        for room in GROUPS:
            assert town.words(room) == numbered(30)
            told = [text for text in town.stands(room) if "▸" in text]
            assert len(told) < 15
            assert re.match(r"12:01 ▸ mayor", told[0]), told[0]
            assert all(re.match(r"12:0\d ▸ ", run) for text in told[:-1] for run in text.split("\n\n")), told
        assert not any(isinstance(kept.fact, MessageDropped) for kept in await town.facts())


async def test_what_was_said_while_matrix_was_away_comes_in_order_with_its_time(tmp_path: Path) -> None:
    """On Matrix each comes by itself; the other network has it at once."""
    async with busy(tmp_path) as town:
        await town.networks["matrix"].cut()
        for number in range(1, 31):
            await town.speak(CITY_TELEGRAM, f"w{number} while you were away", speaker(number))
            await town.let(10)
        assert town.words(FIRE_TELEGRAM) == numbered(30) and not any(town.words(room) for room in ROOMS)
        await town.networks["matrix"].mend()
        await town.let(90)
        for room in (*ROOMS, CITY):
            assert town.words(room) == numbered(30)
            told = [text for text in town.stands(room) if "▸" in text]
            assert len(told) == 30 and all(re.match(r"12:0\d ▸ ", text) for text in told[:20])


async def test_more_than_anybody_reads_is_one_digest_and_the_last_of_it(tmp_path: Path) -> None:
    """Two hours away: how many there were, the last of them, and nothing of the rest; then talk goes on."""
    async with busy(tmp_path) as town:
        await town.networks["telegram"].cut()
        for number in range(1, 61):
            await town.speak(CITY, f"w{number} while you were away", speaker(number))
            await town.let(120)
        await town.networks["telegram"].mend()
        await town.let(90)
        await town.let(10)  # whoever connects last finds two messages for each group, which takes one a second
        for room in GROUPS:
            told = [text for text in town.stands(room) if WORD.search(text) or "did not come through" in text]
            assert len(told) == 2, told
            assert "60 messages from Operations did not come through here in time." in told[0]
            assert "Operations, meanwhile:" in told[1]
            assert WORD.findall(told[1]) == numbered(5, 56)
        dropped = [kept.fact for kept in await town.facts() if isinstance(kept.fact, MessageDropped)]
        said = [kept.fact for kept in await town.facts() if isinstance(kept.fact, Said)]
        assert len(dropped) == len(said) * len(GROUPS) and {one.reason for one in dropped} == {"digest"}
        await town.speak(CITY, "w99 welcome back")
        await town.let(5)
        assert all(town.words(room)[-1] == "w99" for room in GROUPS)


async def test_a_flood_is_a_digest_in_a_limited_group_and_nowhere_else(tmp_path: Path) -> None:
    """More long things within a minute than a group is sent in three: Matrix has all of them, the group one digest and the last; the alert comes."""
    async with busy(tmp_path) as town:
        long = "the water is rising " * 150
        for number in range(1, 121):
            await town.speak(CITY, f"w{number} {long}", speaker(number))
            await town.let(0.2)
        await town.alert()
        await town.let(240)
        for room in ROOMS:
            assert town.words(room) == numbered(120)
        for room in GROUPS:
            digests = [text for text in town.stands(room) if "did not come through" in text]
            missed = 120 - len(town.words(room))
            assert len(digests) == 1 and f"{missed} messages from Operations" in digests[0], digests
            assert town.words(room) == sorted(town.words(room), key=numbered(120).index)
            assert missed > 30 and sum("meanwhile:" in text for text in town.stands(room)) == 1
            assert sum("🚨" in text and "not sent yet" not in text for text in town.stands(room)) == 1


async def test_what_waits_while_the_rules_change_keeps_its_place(tmp_path: Path) -> None:
    """A room goes public while talk waits for others: what waits is decided again, and still comes before what was said after it."""
    async with busy(tmp_path) as town:
        for number in range(1, 41):
            await town.speak(CITY, f"w{number} so", speaker(number))
            if number == 30:
                assert len(town.words(FIRE_TELEGRAM)) < 25
                before = town.bot.engine.epoch("I-1") if town.bot is not None else 0
                await town.networks["telegram"].observe(HILFE, RoomTraits(public=True))
                await town.settled()
                assert town.bot is not None and town.bot.engine.epoch("I-1") > before
        await town.let(120)
        for room in (*GROUPS, *ROOMS):
            assert town.words(room) == numbered(40), room


@pytest.mark.parametrize("seed", range(3))
async def test_killed_while_a_group_is_told_several_at_once_nothing_is_lost_or_told_twice(
    tmp_path: Path, seed: int
) -> None:
    """Between any two commits, over and over: what does not stand there in order is of unknown fate, each by itself in the log."""
    draw = Random(seed)
    async with busy(tmp_path) as town:
        for number in range(1, 121):
            if town.kill_at is None and draw.random() < 0.4:
                town.kill_at = town.commits + draw.randrange(1, 12)
            await town.speak(CITY, f"w{number} so", speaker(number))
            await town.let(0.3)
        town.kill_at = None
        await town.let(600)
        facts = [kept.fact for kept in await town.facts()]
        tags = {fact.said: fact.content["words"].split()[0] for fact in facts if isinstance(fact, Said)}
        assert list(tags.values()) == numbered(120)
        assert town.store is not None and town.starts > 10
        doubtful: dict[RoomRef, set[str]] = {room: set() for room in (*GROUPS, *ROOMS)}
        for name, tag in tags.items():
            copies = [row for row in await town.store.copies("I-1", name) if row.kind == "message"]
            rows = [row for row in copies if row.reason != "decided again"]
            assert {row.state for row in rows} <= {"sent", "unknown"}
            for row in rows:
                if row.state == "unknown":
                    doubtful[row.to].add(tag)
        print(f"{town.starts} starts, {sum(len(some) for some in doubtful.values())} copies of unknown fate")
        for room, some in doubtful.items():
            assert town.words(room) == sorted(set(town.words(room)), key=numbered(120).index), room
            assert set(numbered(120)) - set(town.words(room)) <= some
        assert not doubtful[FIRE] and not doubtful[BRANDWEER]
        assert sum(isinstance(fact, MessageUnknown) for fact in facts) == sum(map(len, doubtful.values()))
