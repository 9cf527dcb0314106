"""A round of a check-in and a roll call through the real engine, on the embedded networks, in virtual time, across a stop."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from bot import filed
from bot.lines import Line, Told
from bot.rehearsal import Stage
from bot.script import Player
from bot.settings import Settings
from bot.wiring import rehearsal
from playbooks.load import load
from playbooks.rooms import RoomRef
from storage.facts import CheckinAnswered, CheckinStarted, DeadlinePassed, PersonAccounted, RollCallEnded
from storage.store import Kept
from tests.handlers.checkin_stage import with_checkins

PEOPLE = {
    "chief": Player(name="Chief", partner="fire", role="official", network="telegram"),
    "ada": Player(name="Ada", partner="aid", role="responder", network="telegram"),
    "jean": Player(name="Jean", partner="aid", role="responder", network="telegram"),
    "mayor": Player(name="Mayor", partner="city", role="official", network="telegram"),
}


async def _out(told: AsyncIterator[Told], room: RoomRef | None = None) -> str:
    """What rooms, or one, were shown."""
    lines = [one async for one in told if isinstance(one, Line) and one.direction == "out"]
    return "\n".join(line.text for line in lines if room is None or line.room in (room, str(room)))


def _facts(kept: list[Kept], kind: type) -> list[object]:
    return [one.fact for one in kept if isinstance(one.fact, kind)]


async def test_rounds_and_roll_calls_are_held_in_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rounds begin on the hour by themselves, answers and help arrive, everybody is found; and each deadline fires once, on time."""

    async def morning(store: object) -> datetime:
        return datetime(2026, 6, 1, 8, 0, tzinfo=UTC)

    monkeypatch.setattr(filed, "now", morning)
    file = tmp_path / "border.yaml"
    file.write_bytes(with_checkins().source)
    book = load(file)
    async with rehearsal(Settings(data=tmp_path / "data"), {"border": book}, book) as (stage, bot):
        await stage.enrol(PEOPLE)
        fire, aid, city = _room(stage, "fire/telegram"), _room(stage, "aid"), _room(stage, "city/telegram")
        await _out(stage.say(city, stage.identity("mayor", "telegram"), "Mayor", "/activate border"))
        asked = await _out(stage.wait("1h"))
        assert "Check-in C-1 · please answer by" in asked
        told = await _out(stage.tap(aid, stage.identity("ada", "telegram"), "Ada", "Need help"))
        assert "🆘 Aid needs help (C-1" in told
        assert "Told at once: Fire." in told
        await _out(stage.say(fire, stage.identity("chief", "telegram"), "Chief", "/rollcall aid"))
        await _out(stage.tap(aid, stage.identity("ada", "telegram"), "Ada", "I am safe"))
        later = await _out(stage.wait("10s"))
        assert "Missing: Jean" in later
        done = await _out(stage.say(aid, stage.identity("ada", "telegram"), "Ada", "/safe Jean"))
        assert "R-1 is complete: everybody is accounted for." in done
        await _out(stage.wait("2h"))
        kept = list(await bot.engine._store.facts("X-1"))
        starts = [fact for fact in _facts(kept, CheckinStarted) if isinstance(fact, CheckinStarted)]
        hourly = [fact.due for fact in starts if fact.name == "hourly"]
        assert {after - before for before, after in pairwise(hourly)} == {timedelta(hours=1)}
        assert len(hourly) == 3
        assert [fact.answer for fact in _facts(kept, CheckinAnswered)] == ["help"]  # type: ignore[attr-defined]
        assert len(_facts(kept, PersonAccounted)) == 2
        assert len(_facts(kept, RollCallEnded)) == 1
        late = [fact.late for fact in _facts(kept, DeadlinePassed)]  # type: ignore[attr-defined]
        assert late
        assert max(late) <= 5
        await bot.settled()


def _room(stage: Stage, name: str) -> RoomRef:
    room = stage.room(name)
    assert room is not None, stage.rooms
    return room
