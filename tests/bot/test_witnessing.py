"""A checkpoint held against the log for whoever may ask, out of a paste or of the post that they answer."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.witnessing import compared
from handlers.world import Request
from playbooks.rooms import RoomRef
from storage.database import SqliteStore, open_store
from storage.store import Mentioned
from tests.handlers.border_stage import CITY, DESK, SOMEBODY
from tests.handlers.border_stage import opened as staged
from tests.handlers.stage import ADMIN
from tests.storage.small import NOW, STREAM, opened


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    """A log of four entries, signed."""
    found = await open_store(tmp_path / "data", "liege")
    await opened(found)
    await found.sign(NOW)
    yield found
    await found.close()


def request(text: str, about: str | None = None, room: RoomRef = DESK, who: str = ADMIN) -> Request:
    """Somebody asks; ``about``: the payload of the message that they answer."""
    found = Request(NOW, b"", room, room == DESK, who, who, text)
    return found if about is None else replace(found, about=Mentioned("t", STREAM, None, None, room, about))


async def test_a_paste_and_an_answer_are_held_against_the_log(store: SqliteStore) -> None:
    """Behind the command in any layout, or in the post that is answered; what was pasted counts first."""
    world, note = staged().world, await store.checkpoint(STREAM)
    assert note is not None
    post = json.dumps({"kind": "message", "text": f"Log of I-1: 4 entries.\n{note.strip()}"})
    for asked in (
        request(f"/verify {note}"),
        request("/verify " + note.replace("\n", " ").replace("—", "--")),
        request("/verify", post),
        request(f"/verify Log of I-1 {note} thanks", json.dumps({"text": "something else"})),
    ):
        found = (await compared(world, asked, store)).compared
        assert found is not None and (found.stands, found.stream, found.size) == ("part", "I-1", 4)


async def test_what_is_no_checkpoint_is_not_looked_for(store: SqliteStore) -> None:
    """Nothing pasted, other words, a post whose words are not on file any more, another command: the request stays as it was."""
    world, note = staged().world, await store.checkpoint(STREAM)
    asked = (request("/verify"), request("/verify hello"), request("/verify", ""), request("/verify", "[]"), request(f"/log {note}"), request(str(note)))  # fmt: skip
    for one in asked:
        assert await compared(world, one, store) == one


async def test_for_nobody_else_is_the_log_read(store: SqliteStore) -> None:
    """Who may not ask costs no work."""
    world, note = staged().world, await store.checkpoint(STREAM)
    asked = request(f"/verify {note}", room=CITY, who=SOMEBODY)
    assert await compared(world, asked, store) == asked
