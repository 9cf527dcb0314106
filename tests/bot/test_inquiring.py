"""The log is read for a question in chat where whoever asks may ask, and where that keeps nobody waiting."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import pytest

from bot.inquiring import inquired, looked_back_on
from handlers import audit
from handlers.world import Request, World
from playbooks.rooms import RoomRef
from storage.log import damaged
from storage.store import Kept, Store, Unreadable
from tests.handlers.border_stage import CITY, FIRE, LIAISON, SOMEBODY, opened
from tests.handlers.stage import Stage


class _Log:
    """Counts how often it is read."""

    def __init__(self, stage: Stage) -> None:
        self.stage, self.read = stage, 0

    async def checked(self, stream: str) -> list[Kept]:
        self.read += 1
        return [one for one in self.stage.facts if one.stream == stream]


def _request(stage: Stage, text: str, who: str, room: RoomRef, **more: Any) -> Request:
    return Request(stage.now, b"seed", room, False, who, who, text, **more)


async def test_the_log_is_read_for_whoever_may_ask_and_for_nobody_else() -> None:
    """The lead asks and is given the facts; for anybody else, and for any other command, nothing is read."""
    stage = opened()
    log = _Log(stage)
    store = cast(Store, log)
    given = await inquired(stage.world, _request(stage, "/audit silent because", LIAISON, FIRE), store)
    assert given.kept and all(one.stream == "I-1" for one in given.kept)
    for text, who, room in (("/audit silent", SOMEBODY, CITY), ("/status", LIAISON, FIRE), ("words", LIAISON, FIRE)):
        assert (await inquired(stage.world, _request(stage, text, who, room), store)).kept is None
    assert log.read == 1


async def test_a_log_that_would_keep_everybody_waiting_is_not_read() -> None:
    """One more entry than a chat may ask about: the handler says where to ask instead."""
    stage = opened()
    long = replace(stage.world.incidents["I-1"], size=audit.MOST + 1)
    world: World = replace(stage.world, incidents={"I-1": long})
    log = _Log(stage)
    given = await inquired(world, _request(stage, "/audit leads because", LIAISON, FIRE), cast(Store, log))
    assert given.kept is None and log.read == 0


@pytest.mark.parametrize(("error", "entries"), [(damaged("I-1", 3), (3,)), (Unreadable("not by this version"), ())])
async def test_a_damaged_log_keeps_nobody_else_waiting(error: Unreadable, entries: tuple[int, ...]) -> None:
    """Where an entry cannot be read it is said which, and it is not tried for ever."""

    class Broken(_Log):
        async def checked(self, stream: str) -> list[Kept]:
            raise error

    stage = opened()
    asked = _request(stage, "/audit leads because", LIAISON, FIRE)
    given = await inquired(stage.world, asked, cast(Store, Broken(stage)))
    assert (given.kept, given.damaged) == (None, entries)


def test_an_incident_that_is_over_is_fetched_only_for_who_has_business_with_a_log() -> None:
    """Auditors and coordinators who name it, in a command that looks back; strangers cannot make the program read old logs."""
    stage = opened()
    stage.enrol("telegram:70", "auditor", None)
    for text, who, expected in (
        ("/audit I-9 leads", "telegram:70", "I-9"),
        ("/export I-9 because", "telegram:501", "I-9"),
        ("/audit I-1 leads", "telegram:70", None),
        ("/audit leads", "telegram:70", None),
        ("/status I-9", "telegram:70", None),
        ("/audit I-9 leads", SOMEBODY, None),
        ("/audit I-9 leads", LIAISON, None),
    ):
        assert looked_back_on(stage.world, _request(stage, text, who, FIRE)) == expected, text
