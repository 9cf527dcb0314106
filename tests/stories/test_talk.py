"""What people say in a channel, through the whole program: what every room has before its eyes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from bot.clock import VirtualClock
from bot.networks.rehearsal import Rehearsal
from bot.rehearsal import identity_of
from playbooks.load import Book, parse
from playbooks.rooms import NETWORKS, RoomRef
from storage.facts import ReactedTo, Said, SaidAnew, TakenBack
from tests.handlers import talk_stage
from tests.handlers.border_stage import AID, BRANDWEER, CITY, CITY_TELEGRAM, FIRE, FIRE_TELEGRAM, HILFE, WATCHERS
from tests.handlers.test_relay import TWO, two_channels
from tests.playbooks.border import BORDER, NOON
from tests.stories.test_correction import Border

_OPS = """
channels:
  ops:
    title: {en: Operations}
    members: everyone
    label: {tlp: amber}
    purpose: flood-control
    under: three
    speaker: person
log: {in: {kind: military}}
"""
"""Nobody is posted the log's state: it would stand between what people say."""


def channel_book(text: str = BORDER) -> Book:
    """The border playbook, all of whose rooms are the operations channel's."""
    lines = []
    for line in text.splitlines():
        if "rooms: [{" in line:
            line = line.replace("}", ", for: [alerts, checkins, ops]}").replace("}, {", "}, {")
        lines.append(line)
    return parse(("\n".join(lines) + _OPS).encode(), "border.yaml")


@dataclass
class Talk(Border):
    """The town at the border, whose rooms talk to each other."""

    async def speak(self, room: RoomRef, text: str, who: str = "mayor", **more: object) -> str:
        """Somebody says something; the network's id for it."""
        network = self.networks[room.network]
        message = await network.say(room, identity_of(who, room.network), who, text, **more)  # type: ignore[arg-type]
        await self.settled()
        return message

    def last(self, room: RoomRef) -> str:
        """What the bot said last in a room."""
        return self.stands(room)[-1]

    def signs(self, room: RoomRef, message: str) -> set[str]:
        """The reactions under a message, anybody's."""
        [shown] = [one for one in self.networks[room.network].standing(room) if one.id == message]
        return {one.emoji for one in shown.reactions}

    def heard(self, words: str) -> set[RoomRef]:
        """The rooms in which the bot has said this."""
        rooms = (CITY, CITY_TELEGRAM, FIRE, FIRE_TELEGRAM, BRANDWEER, AID, HILFE, WATCHERS)
        return {room for room in rooms if any(words in text for text in self.stands(room))}


@asynccontextmanager
async def talking(folder: Path, book: Book | None = None) -> AsyncIterator[Talk]:
    """The border's bot, running on both networks in virtual time, an incident begun."""
    clock, book = VirtualClock(NOON), book or channel_book()
    networks = {name: Rehearsal(name, [book], clock.now) for name in NETWORKS}
    made = Talk(folder, book, clock, networks)
    await made.start()
    try:
        await made.begin()
        yield made
    finally:
        await made.stop()


async def test_what_is_said_is_heard_by_the_members_who_may(tmp_path: Path) -> None:
    """On both networks, with who spoke; not where the label is too high for the partner."""
    async with talking(tmp_path) as town:
        await town.speak(CITY, "The bridge is closed")
        assert town.heard("The bridge is closed") == {CITY_TELEGRAM, FIRE, FIRE_TELEGRAM, BRANDWEER, WATCHERS}
        assert town.last(FIRE).startswith("▸ mayor · City & Sons <town hall>\nThe bridge is closed")
        [said] = [kept.fact for kept in await town.facts() if isinstance(kept.fact, Said)]
        assert {room: why["why"] for room, why in said.left_out.items()} == {
            str(AID): "clearance", str(HILFE): "clearance",
        }  # fmt: skip


async def test_an_answer_is_one_wherever_it_is_read(tmp_path: Path) -> None:
    """To what was said there and to what was carried there; across a restart; and where it never was, without reference."""
    async with talking(tmp_path) as town:
        first = await town.speak(CITY, "Who has boats?")
        carried = town.networks["matrix"].messages(FIRE)[-1]
        await town.kill()
        await town.start()
        await town.speak(FIRE, "We have two", "officer", reply_to=carried.id)
        assert town.networks["matrix"].messages(CITY)[-1].reply_to == first
        assert (
            town.networks["telegram"].messages(FIRE_TELEGRAM)[-1].reply_to
            == town.networks["telegram"].messages(FIRE_TELEGRAM)[-2].id
        )
        await town.speak(CITY, "[red] Only we know")
        assert town.heard("Only we know") == set()


async def test_an_edit_changes_every_copy(tmp_path: Path) -> None:
    """In place; the same again changes nothing; an edit that raises the label takes the copies away."""
    async with talking(tmp_path) as town:
        message = await town.speak(CITY, "The bridge is shut")
        matrix = town.networks["matrix"]
        await matrix.rewrite(CITY, message, identity_of("mayor", "matrix"), "mayor", "The bridge is open")
        await town.settled()
        assert town.heard("The bridge is shut") == set()
        assert town.heard("The bridge is open") == {CITY_TELEGRAM, FIRE, FIRE_TELEGRAM, BRANDWEER, WATCHERS}
        await matrix.rewrite(CITY, message, identity_of("mayor", "matrix"), "mayor", "The bridge is open")
        await town.settled()
        assert sum(isinstance(kept.fact, SaidAnew) for kept in await town.facts()) == 1
        await matrix.rewrite(CITY, message, identity_of("mayor", "matrix"), "mayor", "[red] The bridge is mined")
        await town.settled()
        assert town.heard("The bridge") == set()


async def test_what_is_taken_back_is_gone_everywhere(tmp_path: Path) -> None:
    """A deletion that a network tells of reaches the copies on both."""
    async with talking(tmp_path) as town:
        message = await town.speak(CITY, "Not for everybody")
        assert town.heard("Not for everybody")
        await town.networks["matrix"].delete(CITY, message, identity_of("mayor", "matrix"), "mayor")
        await town.settled()
        assert town.heard("Not for everybody") == set()
        assert sum(isinstance(kept.fact, TakenBack) for kept in await town.facts()) == 1


async def test_a_reaction_stands_once_under_every_copy(tmp_path: Path) -> None:
    """Given twice it stands once; it goes when the last of them is taken back; nobody is told whose it is."""
    async with talking(tmp_path) as town:
        asked = await town.speak(CITY, "Ready?")
        matrix, copy = town.networks["matrix"], town.networks["matrix"].messages(FIRE)[-1].id
        for who in ("officer", "liaison"):
            await matrix.react(FIRE, copy, identity_of(who, "matrix"), "👍", who)
            await town.settled()
        there = matrix.messages(BRANDWEER)[-1].id
        assert "👍" in town.signs(CITY, asked) and "👍" in town.signs(BRANDWEER, there)
        for who in ("officer", "liaison"):
            await matrix.unreact(FIRE, copy, identity_of(who, "matrix"), "👍", who)
            await town.settled()
        assert "👍" not in town.signs(CITY, asked) | town.signs(BRANDWEER, there)
        assert sum(isinstance(kept.fact, ReactedTo) for kept in await town.facts()) == 4


async def test_whoever_speaks_sees_what_came_of_it(tmp_path: Path) -> None:
    """One sign: some rooms have it, none has; details only for who asks; partners that nobody may know of are in no number."""
    async with talking(tmp_path) as town:
        hello = await town.speak(CITY, "Hello")
        await town.until(NOON + timedelta(minutes=1))
        assert town.signs(CITY, hello) == {"🤔"}
        await town.speak(CITY, "/seen")
        assert "👌 4 rooms have it." in town.last(CITY) and "2 partners were not told" in town.last(CITY)
        hush = await town.speak(CITY, "[red] Hush")
        await town.until(NOON + timedelta(minutes=2))
        assert town.signs(CITY, hush) == {"🙊"}


async def test_one_member_who_reacts_without_end_holds_nobody_up(tmp_path: Path) -> None:
    """Of 500 reactions of all kinds a room sees ten, nothing that is read about the message grows, and what others gave stays."""
    async with talking(tmp_path) as town:
        matrix = town.networks["matrix"]
        message = await town.speak(CITY, "Is the bridge clear?")
        copy = matrix.messages(FIRE)[-1].id
        stood = town.signs(CITY, message)
        await matrix.react(FIRE, copy, identity_of("officer", "matrix"), "👍", "officer")
        before = len(await town.store.copies("I-1", "S-1"))
        for number in range(500):
            key = chr(0x1F400 + number % 50) if number % 5 else f"{number}" + "x" * 4000
            await matrix.react(FIRE, copy, identity_of("eve", "matrix"), key, "eve")
        await town.settled()
        assert len(town.signs(CITY, message) - stood) == 11 and "👍" in town.signs(CITY, message)
        assert len(await town.store.copies("I-1", "S-1")) == before
        for room in (CITY, FIRE, FIRE_TELEGRAM):
            assert len(await town.store.reactions("I-1", "S-1", room)) <= 3 * 50


async def test_a_room_of_two_channels_keeps_them_apart(tmp_path: Path) -> None:
    """An answer to what was said in one is read in that one alone; whatever answers nothing by those who may read both."""
    book = talk_stage.channel_book(*TWO, channels=two_channels("green") + "log: {in: {kind: military}}\n")
    async with talking(tmp_path, book) as town:
        await town.speak(FIRE, "The password is out", "officer")
        carried = town.networks["matrix"].messages(CITY)[-1]
        await town.speak(CITY, "Which one, hydra42?", reply_to=carried.id)
        assert town.heard("hydra42") == {CITY_TELEGRAM, FIRE, FIRE_TELEGRAM, BRANDWEER}
        await town.speak(CITY, "To everybody")
        assert town.heard("To everybody") == {CITY_TELEGRAM, FIRE, FIRE_TELEGRAM, BRANDWEER, WATCHERS}
        assert town.last(WATCHERS).startswith("▸ mayor · City & Sons <town hall> · TLP:AMBER\n")


async def test_of_a_message_that_was_not_carried_that_is_said(tmp_path: Path) -> None:
    """And nothing of the last that was; without an answer the last is meant."""
    async with talking(tmp_path) as town:
        await town.speak(CITY, "Hello")
        command = await town.speak(CITY, "/stauts")
        assert "The other rooms did not get it." in town.last(CITY)
        await town.speak(CITY, "/seen", reply_to=command)
        assert town.last(CITY).startswith("The message that you answer went to no other room.")
        await town.speak(CITY, "/seen")
        assert "👌 4 rooms have it." in town.last(CITY)
