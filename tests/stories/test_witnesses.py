"""The log's state in the partners' rooms, through the real engine and store: on its cadence, across stops and kills, and held against the log."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from bot.networks.rehearsal_rooms import Shown
from bot.rehearsal import identity_of
from playbooks.rooms import RoomRef
from storage.export.witnessed import checkpoints_in
from storage.facts import CheckpointPosted, DeadlinePassed, LogRead, MessageSent
from storage.notes import Checkpoint, parse_checkpoint, split_note
from tests.stories.long_day import ADMIN, PARTNERS, START, Town, town

SOON = timedelta(minutes=1, seconds=5)
HOUR = timedelta(hours=1)


def posts(town: Town, room: RoomRef) -> list[Shown]:
    """The posts in a room."""
    return [one for one in town.networks[room.network].messages(room) if "Keep this" in one.text]


async def recorded(town: Town) -> list[CheckpointPosted]:
    """The posts on record."""
    return [one.fact for one in await town.facts() if isinstance(one.fact, CheckpointPosted)]


async def asked(town: Town, text: str) -> str:
    """The coordinator asks in private; the answer."""
    network = town.networks["telegram"]
    host = identity_of(ADMIN, network.name)
    await network.say(network.private(host), host, ADMIN, text)
    await town.settled()
    return network.messages(network.private(host))[-1].text


async def test_every_partner_keeps_the_log(tmp_path: Path) -> None:
    """Each has it once, silently, under an id that the log knows; what is copied out of a room is signed, and proves the log as it went on."""
    async with town(tmp_path) as day:
        await day.exercise()
        await day.until(START + SOON)
        facts = {fact.partner: fact for fact in await recorded(day)}
        sent = {one.fact.send: one.fact for one in await day.facts() if isinstance(one.fact, MessageSent)}
        assert len(facts) == PARTNERS
        assert day.store is not None
        for fact in facts.values():
            [post] = posts(day, fact.room)
            assert (post.loud, post.notice, post.buttons) == (False, True, ())
            assert (sent[fact.send].message, sent[fact.send].room) == (post.id, fact.room)
            [note] = checkpoints_in(post.text.encode())
            said = parse_checkpoint(split_note(note)[0])
            assert said == Checkpoint("day/E-1", fact.size, bytes.fromhex(fact.root))
            assert (await day.store.compared(note)).stands == "part"
        assert len({fact.size for fact in facts.values()}) == 1


async def test_it_comes_each_hour_whether_anything_happens_or_not(tmp_path: Path) -> None:
    """Alerts set off nothing; a stop of three hours and a half costs the posts that nobody could have made, and no more."""
    async with town(tmp_path) as day:
        await day.exercise()
        await day.until(START + SOON)
        await day.enrol(0, "official")
        await day.say(0, "/alert warning people=12 The dam is seeping")
        await day.until(START + 2 * HOUR + SOON)
        assert len(posts(day, day.room(3))) == 3
        await day.stop()
        day.clock.advance(timedelta(hours=3.5))
        await day.start()
        assert len(posts(day, day.room(3))) == 4
        await day.until(START + 6 * HOUR + SOON)
        assert len(posts(day, day.room(3))) == 5
        due = [
            one.fact for one in await day.facts() if isinstance(one.fact, DeadlinePassed) and one.fact.key == "post:E-1"
        ]
        begun = day.incident.opened_at
        assert [round((one.due - begun) / HOUR, 2) for one in due] == [0.02, 1, 2, 3, 6]
        sizes = sorted({fact.size for fact in await recorded(day)})
        assert len(sizes) == 5


@pytest.mark.parametrize("commits", [1, 2, 3, 4])
async def test_a_kill_around_a_post_loses_and_doubles_nothing(tmp_path: Path, commits: int) -> None:
    """Killed after the first, second, third or fourth commit from when it fell due: each room has it once, and the log verifies."""
    async with town(tmp_path) as day:
        await day.exercise()
        await day.until(START + timedelta(seconds=59))
        day.kill_at = day.commits + commits
        await day.until(START + 2 * SOON)
        day.kill_at = None
        found = {fact.room: fact for fact in await recorded(day)}
        assert len(found) == PARTNERS
        assert day.store is not None and await day.store.health() == []
        for room in found:
            texts = {note for one in posts(day, room) for note in checkpoints_in(one.text.encode())}
            assert len(texts) == 1
            assert len(posts(day, room)) <= 2


async def test_the_end_is_posted_too_and_can_be_verified_in_chat(tmp_path: Path) -> None:
    """Soon after it is closed each room has the last state; a coordinator pastes it, and learns that the log stands; a changed one proves nothing."""
    async with town(tmp_path) as day:
        await day.exercise()
        await day.until(START + SOON)
        assert "is closed" in await asked(day, "/exercise end yes") or day.incident.closed_at is not None
        at = day.clock.now()
        await day.until(at + SOON)
        room = day.room(4)
        first, last = posts(day, room)
        answer = await asked(day, f"/verify {last.text}")
        assert "The log of E-1 stands." in answer
        assert "The log of E-1 stands." in await asked(day, f"/verify\n{first.text}")
        assert "Keep this" in await asked(day, "/verify")
        note = checkpoints_in(last.text.encode())[0]
        size = parse_checkpoint(split_note(note)[0]).size
        assert "proves nothing here" in await asked(day, "/verify " + note.replace(f"\n{size}\n", f"\n{size - 1}\n"))
        assert day.store is not None
        reads = [one.fact for one in await day.store.facts("deployment") if isinstance(one.fact, LogRead)]
        assert next(one.question for one in reads) == f"verify E-1 at {size}"
        await day.until(at + 3 * HOUR)
        assert len(posts(day, room)) == 2
