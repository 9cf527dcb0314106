"""What is taken back, or raised, goes in its other forms too: the count of a poll, and what was told of it to rooms that came back."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from bot.rehearsal import identity_of
from playbooks.spoken import Poll, Spoken
from tests.handlers.border_stage import CITY, FIRE, FIRE_TELEGRAM
from tests.playbooks.border import NOON
from tests.stories.test_talk import talking

MAYOR = identity_of("mayor", "matrix")


async def test_the_count_of_a_poll_goes_with_it(tmp_path: Path) -> None:
    """Counted twice, edited in place, and then taken back where it was asked: no room has it any more."""
    async with talking(tmp_path) as town:
        net = town.networks["matrix"]
        poll = await town.speak(CITY, "", spoken=Spoken(poll=Poll("Where?", ("Secret Street 5", "no"))))
        for minute, option in enumerate((0, 1), 1):
            await net.vote(CITY, poll, MAYOR, (option,), "mayor")
            await town.settled()
            await town.until(NOON + timedelta(minutes=minute))
        assert {CITY, FIRE, FIRE_TELEGRAM} <= set(town.heard("Secret Street 5: 0"))
        await net.delete(CITY, poll, MAYOR, "mayor")
        await town.settled()
        await town.until(NOON + timedelta(minutes=3))
        assert not town.heard("Secret Street 5")


async def test_a_long_poll_is_counted_in_one_message(tmp_path: Path) -> None:
    """However often it is counted, each room has one message of it."""
    async with talking(tmp_path) as town:
        options = tuple(f"{number} {'word ' * 100}" for number in range(20))
        poll = await town.speak(CITY, "", spoken=Spoken(poll=Poll("Which?", options)))
        before = len(town.stands(FIRE_TELEGRAM))
        for minute in range(1, 5):
            await town.networks["matrix"].vote(CITY, poll, MAYOR, (minute,), "mayor")
            await town.settled()
            await town.until(NOON + timedelta(minutes=minute))
        assert len(town.stands(FIRE_TELEGRAM)) == before + 1
