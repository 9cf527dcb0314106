"""What meets on its way: a message that leaves while it is taken back or raised."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.rehearsal import identity_of
from playbooks.rooms import RoomRef
from storage.database import SqliteStore
from storage.facts import SaidAnew, TakenBack
from tests.handlers.border_stage import CITY, CITY_TELEGRAM, FIRE_TELEGRAM, WATCHERS
from tests.patience import PATIENCE
from tests.playbooks.border import NOON
from tests.stories.test_talk import Talk, talking

MAYOR = identity_of("mayor", "matrix")


class Held:
    """Keeps what is to leave next between its queue and its file until it is let go."""

    def __init__(self, store: SqliteStore) -> None:
        self._claim = store.claim
        self.at, self.gate = asyncio.Event(), asyncio.Event()
        store.claim = self.claim  # type: ignore[method-assign]

    async def claim(self, tokens: Sequence[str], *more: Any) -> None:
        self.at.set()
        await self.gate.wait()
        await self._claim(tokens, *more)


async def _until(town: Talk, kind: type) -> None:
    """Until this is on record."""
    async with asyncio.timeout(PATIENCE):
        while not any(isinstance(kept.fact, kind) for kept in await town.facts()):
            await asyncio.sleep(0)


@pytest.mark.parametrize("meets", ["deletion", "raising"])
async def test_what_leaves_just_as_it_is_taken_back_does_not_stay(tmp_path: Path, meets: str) -> None:
    """It is no more in the queue and not yet on file as leaving: it arrives, and goes again."""
    async with talking(tmp_path) as town:
        network = town.networks["matrix"]
        assert isinstance(town.store, SqliteStore)
        held = Held(town.store)
        message = await network.say(CITY, MAYOR, "mayor", "The dam is mined")
        await held.at.wait()
        if meets == "deletion":
            await network.delete(CITY, message, MAYOR, "mayor")
            await _until(town, TakenBack)
        else:
            await network.rewrite(CITY, message, MAYOR, "mayor", "[red] The dam is mined")
            await _until(town, SaidAnew)
        held.gate.set()
        await town.settled()
        left: set[RoomRef] = town.heard("The dam is mined")
        assert not left


async def test_what_telegram_keeps_is_emptied(tmp_path: Path) -> None:
    """After two days it removes nothing of ours any more, and lets us change it still."""
    async with talking(tmp_path) as town:
        message = await town.speak(CITY, "The dam is mined")
        await town.until(NOON + timedelta(hours=49))
        await town.networks["matrix"].delete(CITY, message, MAYOR, "mayor")
        await town.settled()
        assert town.heard("The dam is mined") == set()
        assert town.heard("(taken back)") == {CITY_TELEGRAM, FIRE_TELEGRAM, WATCHERS}
