"""Talk and rooms that a network holds back: in which order it arrives, as what, and who is told."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from bot.networks.port import Delayed, Outcome, Outgoing
from tests.handlers.border_stage import BRANDWEER, CITY, FIRE_TELEGRAM
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
