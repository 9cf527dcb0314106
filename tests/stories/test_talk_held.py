"""Talk and rooms that a network holds back: in which order it arrives, as what, and who is told."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from bot.networks.port import Delayed, Limits, Outcome, Outgoing, Refused
from bot.rehearsal import identity_of
from playbooks.spoken import Spoken
from storage.facts import MessageRefused, TalkStopped
from tests.handlers.border_stage import BRANDWEER, CITY, FIRE, FIRE_TELEGRAM
from tests.playbooks.border import NOON
from tests.stories.test_talk import Talk, talking


def holding(town: Talk, seconds: float = 5.0) -> list[bool]:
    """Telegram holds back the fire's group while the first of these is true."""
    telegram = town.networks["telegram"]
    held, send = [True], telegram.send

    async def slow(out: Outgoing) -> Outcome:
        return Delayed(seconds, "slow") if held[0] and out.room == FIRE_TELEGRAM else await send(out)

    telegram.send = slow  # type: ignore[method-assign]
    return held


def words(town: Talk) -> list[str]:
    """What was said to the fire's group of ``word 1``, ``word 2`` and so on, in the order in which it stands there."""
    return re.findall(r"word (\d+)", "\n".join(town.stands(FIRE_TELEGRAM)))


async def limited(town: Talk) -> None:
    """Telegram has limits from now on, as it really does."""
    await town.kill()
    town.networks["telegram"].limits = Limits((30, 1.0), (1, 1.0), (20, 60.0))
    await town.start()


async def test_what_is_decided_again_is_not_overtaken(tmp_path: Path) -> None:
    """A room that turns public makes every clearance too old; what waited before that is still read before what was said after."""
    async with talking(tmp_path) as town:
        held = holding(town)
        for number in range(3):
            await town.speak(CITY, f"word {number}")
        matrix = town.networks["matrix"]
        traits = matrix._rooms[BRANDWEER].traits
        await matrix.observe(BRANDWEER, replace(traits, open_join=True))
        await town.settled()
        for number in range(3, 6):
            await town.speak(CITY, f"word {number}")
        held[0] = False
        await town.until(NOON + timedelta(minutes=3))
        assert words(town) == ["0", "1", "2", "3", "4", "5"]


async def test_what_was_held_back_is_not_overtaken_after_a_restart(tmp_path: Path) -> None:
    """Neither by what is said while the wait that was agreed before still holds, nor after another end."""
    async with talking(tmp_path) as town:
        held = holding(town, 30.0)
        for number in range(2):
            await town.speak(CITY, f"word {number}")
        for number in range(2, 6, 2):
            await town.kill()
            await town.start()
            for more in range(2):
                await town.speak(CITY, f"word {number + more}")
        held[0] = False
        await town.until(NOON + timedelta(minutes=2))
        assert words(town) == ["0", "1", "2", "3", "4", "5"]


async def test_a_group_in_slow_mode_is_told_everything_a_little_later(tmp_path: Path) -> None:
    """One message a minute, as Telegram may be told to take: what was said meanwhile is one message, nothing is lost, and nobody is alarmed."""
    async with talking(tmp_path) as town:
        telegram = town.networks["telegram"]
        send, last = telegram.send, [town.clock.now() - timedelta(hours=1)]

        async def slow(out: Outgoing) -> Outcome:
            wait = (last[0] + timedelta(minutes=1) - town.clock.now()).total_seconds()
            if out.room != FIRE_TELEGRAM or out.kind != "message":
                return await send(out)
            if wait > 0:
                return Delayed(wait, "slow mode")
            last[0] = town.clock.now()
            return await send(out)

        telegram.send = slow  # type: ignore[method-assign]
        for number in range(30):
            await town.speak(CITY, f"word {number}")
            await town.until(NOON + timedelta(seconds=10 * (number + 1)))
        await town.until(NOON + timedelta(minutes=8))
        assert words(town) == [str(number) for number in range(30)]
        assert len([text for text in town.stands(FIRE_TELEGRAM) if "word" in text]) <= 7
        assert not [kept for kept in await town.facts() if isinstance(kept.fact, TalkStopped)]


async def test_a_correction_that_has_no_room_is_said_by_itself(tmp_path: Path) -> None:
    """Where several were put into one message the old words go from it, and the new ones stand below; what others said there stays."""
    async with talking(tmp_path) as town:
        telegram, matrix = town.networks["telegram"], town.networks["matrix"]
        await limited(town)
        held = holding(town)
        ids = [await town.speak(CITY, f"word {number} {'y' * 300}") for number in range(9)]
        held[0] = False
        await town.until(NOON + timedelta(minutes=1))
        assert len([one for one in telegram.standing(FIRE_TELEGRAM) if "word" in one.text]) <= 2
        mayor = identity_of("mayor", "matrix")
        await matrix.rewrite(CITY, ids[5], mayor, "mayor", "SOUTH, not north " + "x" * 2600)
        await town.settled()
        await town.until(NOON + timedelta(minutes=2))
        assert words(town) == ["0", "1", "2", "3", "4", "6", "7", "8"]
        assert "SOUTH, not north" in town.last(FIRE_TELEGRAM) and "▸ mayor" in town.last(FIRE_TELEGRAM)
        await matrix.rewrite(CITY, ids[5], mayor, "mayor", "EAST")
        await town.settled()
        await town.until(NOON + timedelta(minutes=3))
        assert town.last(FIRE_TELEGRAM).endswith("EAST") and town.heard("SOUTH") == set()
        await matrix.delete(CITY, ids[5], mayor, "mayor")
        await town.settled()
        await town.until(NOON + timedelta(minutes=4))
        assert town.heard("EAST") == set() and words(town) == ["0", "1", "2", "3", "4", "6", "7", "8"]


async def test_a_file_that_a_room_does_not_take_takes_no_words_with_it(tmp_path: Path) -> None:
    """Where the bot may send no photos the words arrive, with a line about the photo; nothing is refused for good."""
    async with talking(tmp_path) as town:
        telegram, matrix = town.networks["telegram"], town.networks["matrix"]
        send = telegram.send

        async def no_files(out: Outgoing) -> Outcome:
            return Refused("the group does not let the bot send photos") if out.files else await send(out)

        telegram.send = no_files  # type: ignore[method-assign]
        file = matrix.offer(b"\x89PNG\r\n\x1a\n" + bytes(50), "a.png", "image/png", "file")
        await town.speak(CITY, "", spoken=Spoken("Look at the quay", file=file))
        await town.until(NOON + timedelta(minutes=1))
        assert "Look at the quay" in town.last(FIRE_TELEGRAM) and "a.png" in town.last(FIRE_TELEGRAM)
        there = "\n".join(town.stands(FIRE))
        assert "Look at the quay" in there and "a.png (" not in there
        assert not [kept for kept in await town.facts() if isinstance(kept.fact, MessageRefused)]


async def test_what_was_said_while_we_were_away_for_hours_is_a_digest(tmp_path: Path) -> None:
    """Three hundred messages of hours ago are no three hundred in each room: one says how many there were. What is said now arrives as said."""
    async with talking(tmp_path) as town:
        telegram, matrix = town.networks["telegram"], town.networks["matrix"]
        await town.kill()
        before = len(matrix.messages(FIRE))
        officer = identity_of("officer", "telegram")
        for number in range(300):
            words = f"old {number}"
            telegram._unkept.append(
                telegram._noted("message", FIRE_TELEGRAM, officer, "officer", text=words, spoken=Spoken(words))
            )
        town.clock.advance(timedelta(hours=5))
        await town.start()
        await town.settled()
        await town.until(NOON + timedelta(hours=5, minutes=1))
        await town.speak(FIRE_TELEGRAM, "new", "officer")
        await town.until(NOON + timedelta(hours=5, minutes=2))
        assert len(matrix.messages(FIRE)) - before < 10
        assert town.last(FIRE).endswith("new")
