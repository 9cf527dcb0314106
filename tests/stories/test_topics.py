"""A Telegram forum that a playbook binds whole: each of its topics is a thread elsewhere, and what is said in that thread stands in the topic."""

from __future__ import annotations

from pathlib import Path

from bot.networks.rehearsal_rooms import Shown
from bot.rehearsal import identity_of
from playbooks.rooms import RoomRef
from tests.handlers.border_stage import BRANDWEER, CITY, CITY_TELEGRAM, FIRE, FIRE_TELEGRAM
from tests.stories.test_talk import Talk, talking

PUMPS, FOOD = (RoomRef("telegram", FIRE_TELEGRAM.id, topic) for topic in ("7", "9"))


def copy(town: Talk, room: RoomRef, words: str) -> Shown:
    """The bot's only message with these words in a room; in a forum, in whatever topic."""
    [found] = [one for one in town.networks[room.network].messages(room.chat) if words in one.text]
    return found


async def test_a_topic_is_a_thread_on_the_other_network(tmp_path: Path) -> None:
    """What is said there first begins it, what comes later belongs to it; each topic is one of its own, General is none; also after a restart."""
    async with talking(tmp_path) as town:
        await town.speak(PUMPS, "The pump is broken", "officer")
        await town.speak(FOOD, "Soup is ready", "officer")
        await town.speak(PUMPS, "Who has spares?", "officer")
        await town.kill()
        await town.start()
        await town.speak(FOOD, "Bread too", "officer")
        await town.speak(FIRE_TELEGRAM, "Good evening", "officer")
        for room in (CITY, BRANDWEER):
            pump, soup = copy(town, room, "The pump is broken"), copy(town, room, "Soup is ready")
            assert (pump.thread, soup.thread, copy(town, room, "Good evening").thread) == (None, None, None)
            assert copy(town, room, "Who has spares?").thread == pump.id
            assert copy(town, room, "Bread too").thread == soup.id


async def test_what_is_said_in_that_thread_stands_in_the_topic(tmp_path: Path) -> None:
    """And not in General; on Telegram elsewhere it answers what began it; answers from there go into the topic too, wherever they are made."""
    async with talking(tmp_path) as town:
        await town.speak(PUMPS, "The pump is broken", "officer")
        begun = copy(town, CITY, "The pump is broken")
        await town.speak(CITY, "We have spares", thread=begun.id)
        shown = copy(town, FIRE_TELEGRAM, "We have spares")
        assert (shown.room, shown.reply_to) == (PUMPS, None)
        assert copy(town, BRANDWEER, "We have spares").thread == copy(town, BRANDWEER, "The pump is broken").id
        there = copy(town, CITY_TELEGRAM, "We have spares")
        assert there.reply_to == copy(town, CITY_TELEGRAM, "The pump is broken").id
        await town.speak(CITY_TELEGRAM, "On their way", reply_to=there.id)
        assert copy(town, FIRE_TELEGRAM, "On their way").room == PUMPS
        assert copy(town, FIRE_TELEGRAM, "On their way").reply_to == shown.id
        assert copy(town, CITY, "On their way").thread == begun.id
        await town.speak(CITY, "Plainly answered", reply_to=begun.id)
        assert copy(town, FIRE_TELEGRAM, "Plainly answered").room == PUMPS


async def test_changes_signs_and_reactions_find_what_stands_in_a_topic(tmp_path: Path) -> None:
    """Telegram names no topic with a reaction; a longer edit goes on in the topic."""
    async with talking(tmp_path) as town:
        said = await town.speak(PUMPS, "The pump is broken", "officer")
        matrix, telegram = town.networks["matrix"], town.networks["telegram"]
        begun = copy(town, CITY, "The pump is broken")
        words = await town.speak(CITY, "We have spares", thread=begun.id)
        shown = copy(town, FIRE_TELEGRAM, "We have spares")
        await telegram.react(FIRE_TELEGRAM, shown.id, identity_of("officer", "telegram"), "👍", "officer")
        await matrix.react(CITY, begun.id, identity_of("mayor", "matrix"), "❤", "mayor")
        await town.settled()
        assert "👍" in town.signs(CITY, words) and "❤" in town.signs(PUMPS, said)
        await matrix.rewrite(CITY, words, identity_of("mayor", "matrix"), "mayor", "word " * 1200)
        await town.settled()
        assert {one.room for one in telegram.messages(FIRE_TELEGRAM) if "word word" in one.text} == {PUMPS}
        assert len([one for one in telegram.messages(PUMPS) if "word word" in one.text]) == 2


async def test_a_thread_that_began_elsewhere_stands_in_general(tmp_path: Path) -> None:
    """As answers to the copy of what began it."""
    async with talking(tmp_path) as town:
        begun = await town.speak(CITY, "Boats")
        await town.speak(CITY, "We have two", thread=begun)
        shown = copy(town, FIRE_TELEGRAM, "We have two")
        assert (shown.room, shown.reply_to) == (FIRE_TELEGRAM, copy(town, FIRE_TELEGRAM, "Boats").id)
        assert copy(town, FIRE, "We have two").thread == copy(town, FIRE, "Boats").id
