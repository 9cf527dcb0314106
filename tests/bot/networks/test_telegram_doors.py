"""A group's public name, seen in the answers to what we say there."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from bot.networks import telegram_read
from bot.networks.telegram_doors import Doors
from storage.store import StorageError
from tests.emulators.matrix_bench import ListEars

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def answer(username: str | None = None, kind: str = "supergroup") -> dict[str, Any]:
    chat = {"id": -100500, "type": kind, "title": "Hall", **({"username": username} if username else {})}
    return {"message_id": 7, "date": 1, "chat": chat, "text": "hello"}


def test_a_name_that_comes_or_goes_is_news_once() -> None:
    """It is read as an observation of the group; private chats and other answers say nothing."""
    doors = Doors()
    assert doors.news(answer(), NOW) is None
    found = doors.news([answer("hall"), answer("hall")], NOW)
    assert found is not None
    heard = telegram_read.read(found[1])
    assert heard is not None and heard.kind == "room" and heard.traits is not None
    assert (heard.room.id, heard.traits.public, heard.traits.alias, heard.key) == ("-100500", True, "@hall", found[0])
    assert doors.news(answer("hall"), NOW) is None
    gone = doors.news(answer(), NOW)
    assert gone is not None and gone[0] != found[0]
    heard = telegram_read.read(gone[1])
    assert heard is not None and heard.traits is not None and not heard.traits.public


@pytest.mark.parametrize("odd", [True, None, [], {}, {"chat": 7}, {"chat": {"id": "x"}}, [7], answer("ada", "private")])
def test_odd_answers_say_nothing(odd: Any) -> None:
    """Whatever a server answers."""
    assert Doors().news(odd, NOW) is None


async def test_what_cannot_be_kept_now_is_told_again() -> None:
    """The message has arrived all the same."""

    class Full(ListEars):
        async def keep(self, *what: Any) -> None:
            raise StorageError("the disk is full")

    doors, ears = Doors(), ListEars()
    await doors.look(answer("hall"), Full(), NOW)
    await doors.look(answer("hall"), ears, NOW)
    await doors.look(answer("hall"), ears, NOW)
    assert len(ears.items) == 1
