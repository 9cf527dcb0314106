"""An incident that cannot be read, by this version or by any: it keeps no other from being decided, and whoever is concerned is told."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

import handlers
from handlers.world import Request, World
from storage import erasing
from storage.database import open_store
from storage.effects import Effect, Record, Wake
from storage.erasing import Erasure
from storage.facts import DEPLOYMENT, EventFailed, Fact, FieldErased, IncidentClosed, LeadTaken, RoomBound
from storage.store import InboxRow
from tests.bot.floor import BOOK, START, FakeDecisions, Floor, floor, message, note, opened, room
from tests.playbooks.small import changed, read

ERASED = "The log of I-1 was erased, because the time for which it was kept is over. Nothing was done."
UNREADABLE = "I cannot read the log of I-1, so nothing was done. Please tell a coordinator."
NEXT = read(changed("version: 1", "version: 2"))
PASSED = START + timedelta(minutes=1)
LED = LeadTaken(None, "be", ("city",), "together", (), None, "small:1")


def played(world: World, request: Request) -> list[Effect]:
    """An incident by what is written; anything else as it is really decided."""
    fall_due = Wake("k", "I-1", PASSED, "card", "")
    scenes: dict[str, list[Effect]] = {
        "open": [opened(), Record("I-1", LED), fall_due, replace(message(room(1), "alert"), stream="I-1")],
        "close": [Record("I-1", IncidentClosed("P-1", None, None))],
        "another": [opened(2)],
        "note": [note("heard")],
    }
    return scenes[request.text] if request.text in scenes else handlers.hear(world, request)


def decisions() -> FakeDecisions:
    """As they really are, but for what the test plays."""
    return FakeDecisions(on_hear=played, on_happened=handlers.happened)


async def over(on: Floor, *scenes: str) -> None:
    """I-1 opened, was led, alerted one room, and more of what can be played came to pass."""
    for scene in ("open", *scenes):
        await on.hear(scene)
        await on.settled()


async def failed(on: Floor) -> list[Fact]:
    """The events that failed."""
    return [kept.fact for kept in await on.store.facts(DEPLOYMENT) if isinstance(kept.fact, EventFailed)]


async def destroy(folder: Path, erasure: Erasure | None = None) -> None:
    """Another process erases the log of I-1, or a part of it."""
    store = await open_store(folder, "test")
    now = START + timedelta(days=9999)
    if erasure is None:
        late = await erasing.retention(store, {"I-1": timedelta()}, now)
        erasure = erasing.of_logs(late, by="operator", reason="its time is over")
    assert erasure.facts
    await store.destroy(erasure, now)
    await store.close()


def one_field() -> Erasure:
    """Something of an entry without which nobody can say who led."""
    return Erasure([("I-1", FieldErased(1, "rule", "operator", "asked", "law"))], fields=[("I-1", 1, "rule")])


def spoil(folder: Path, what: str) -> None:
    """What a later version wrote."""
    with sqlite3.connect(folder / "tocsin.sqlite") as inner:
        if what == "playbook":
            inner.execute("UPDATE playbooks SET body = ?", (b"tocsin: 9\n",))
        elif what == "no playbook":
            inner.execute("DELETE FROM playbooks")
        else:
            for seq, entry in inner.execute("SELECT seq, entry FROM entries WHERE stream = 'I-1'").fetchall():
                later = bytes(entry).replace(b'"v":1', b'"v":99')
                inner.execute("UPDATE entries SET entry = ? WHERE stream = 'I-1' AND seq = ?", (later, seq))


@asynccontextmanager
async def again(folder: Path) -> AsyncIterator[Floor]:
    """The next start, with another version of the playbook: the one that I-1 goes by is in the database alone."""
    async with floor(folder, decisions(), running=False) as on:
        on.engine._world = replace(on.engine.world, shelf={"small": NEXT})
        on.heard = 100  # what the network tells is not what it told before
        await on.start()
        yield on


def answers(on: Floor, seen: int) -> list[str]:
    """What was answered after so many messages."""
    return on.network.texts[seen:]


@pytest.mark.parametrize(("erasure", "told"), [(None, ERASED), (one_field(), UNREADABLE)], ids=["log", "field"])
async def test_an_erasure_while_the_bot_runs_stops_nobody(tmp_path: Path, erasure: Erasure | None, told: str) -> None:
    """The log of a closed incident, or a field of it, goes: the next event is decided, and whoever answers to its alert is told once."""
    async with floor(tmp_path, decisions()) as on:
        await over(on, "close")
        await destroy(tmp_path, erasure)
        await on.hear("note")
        await on.settled()
        assert on.engine.trouble is None and "I-1" not in on.engine.world.incidents
        before = len(on.network.sent)
        await on.hear("on our way", reply_to="m1", private=True)
        await on.settled()
        assert answers(on, before) == [told]
        assert await failed(on) == []


@pytest.mark.parametrize("what", ["playbook", "no playbook", "entries"])
async def test_an_answer_to_an_old_message_holds_up_nobody(tmp_path: Path, what: str) -> None:
    """Where this version cannot read the incident of the message, the person is told, and what comes after is decided."""
    async with floor(tmp_path, decisions()) as on:
        await over(on, "close")
        await on.stop()
    spoil(tmp_path, what)
    async with again(tmp_path) as on:
        await on.hear("what is this", reply_to="m1", private=True)
        await on.hear("note")
        await on.settled()
        assert on.engine.trouble is None and on.network.texts == [UNREADABLE]
        waiting: Sequence[InboxRow] = await on.store.waiting(9)
        assert waiting == [] and await failed(on) == []


async def test_a_command_is_not_carried_out_in_another_incident(tmp_path: Path) -> None:
    """An answer to a message of an erased incident says nothing of the one that is open; a command that names that one does."""
    async with floor(tmp_path, decisions()) as on:
        await over(on, "close", "another")
        await destroy(tmp_path)
        before = len(on.network.sent)
        await on.hear("/status", reply_to="m1", private=True)
        await on.settled()
        assert answers(on, before) == [ERASED]
        await on.hear("/status I-2", reply_to="m1", private=True)
        await on.settled()
        assert len(answers(on, before)) == 2 and answers(on, before)[1] != ERASED
        assert await failed(on) == []


async def test_whoever_looks_back_on_an_erased_log_is_told(tmp_path: Path) -> None:
    """A coordinator names it in a question to the log; anybody else learns nothing of it."""
    async with floor(tmp_path, decisions()) as on:
        await over(on, "close")
        await destroy(tmp_path)
        before = len(on.network.sent)
        await on.hear("/audit I-1 leads because asked", private=True)
        await on.settled()
        assert answers(on, before) == [ERASED]
        await on.hear("/audit I-1 leads because asked", room(9), sender="telegram:9")
        await on.settled()
        assert len(answers(on, before)) == 2 and "erased" not in answers(on, before)[1]


@pytest.mark.parametrize("what", ["playbook", "entries"])
async def test_an_open_incident_that_cannot_be_read_keeps_no_other_waiting(tmp_path: Path, what: str) -> None:
    """The bot starts without it, the coordinators read so, the rest is decided; what it waited for is put off, not lost."""
    async with floor(tmp_path, decisions()) as on:
        await over(on)
        await on.stop()
    spoil(tmp_path, what)
    async with again(tmp_path) as on:
        on.engine.fall_due()
        await on.hear("another")
        await on.hear("note")
        await on.settled()
        [told] = [one.text for one in on.network.sent if "cannot read" in one.text]
        assert told.startswith("I cannot read the log of I-1, and do nothing there any more")
        assert on.engine.trouble is None and set(on.engine.world.incidents) == {"I-2"}
        assert await on.store.open_deadlines(("card",)) == {"k"}
        assert await on.store.due(on.clock.now(), 9) == []
        assert await failed(on) == []


async def test_an_open_incident_that_another_process_spoils_is_told_once(tmp_path: Path) -> None:
    """What somebody appended makes no sense: the coordinators are told, once however often the log grows after it."""
    async with floor(tmp_path, decisions()) as on:
        await over(on)
        other = await open_store(tmp_path, "test")
        for fact in (LeadTaken(None, "be", ("city",), "together", (), None, None), LED):  # type: ignore[arg-type]
            await other.append("I-1", fact, now=START, playbook=BOOK.digest)
            await on.hear("note")
            await on.settled()
        await other.close()
        assert len([one for one in on.network.sent if "cannot read" in one.text]) == 1
        assert on.engine.trouble is None and "I-1" not in on.engine.world.incidents
        assert await failed(on) == []


async def test_a_bound_room_is_told_though_its_playbook_is_gone_too(tmp_path: Path) -> None:
    """Years later another playbook is in force: a room that is bound by the old one still reads what became of its alert."""
    async with floor(tmp_path, decisions()) as on:
        await over(on, "close")
        await on.store.append(DEPLOYMENT, RoomBound("small", "city", room(1), None, "P-1"), now=START, playbook=None)
        await on.stop()
    await destroy(tmp_path)
    async with floor(tmp_path, decisions(), running=False) as on:
        on.engine._world = replace(on.engine.world, shelf={})
        on.heard = 100
        await on.start()
        await on.hear("on our way", reply_to="m1", sender="telegram:77")
        await on.settled()
        assert on.network.texts == [ERASED]
        assert await failed(on) == []
