"""A start on an older database: it is said once, recorded, and no size that was signed is signed again with another root."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any, cast

import pytest

import handlers
from storage.checkpoints import FILE
from storage.database import RolledBack, open_store
from storage.facts import DEPLOYMENT, RollbackFound
from tests.bot.floor import START, FakeDecisions, Floor, floor, note, opened

REAL = cast(FakeDecisions, handlers)


async def begun(folder: Path, *records: Any) -> None:
    """A deployment that keeps these facts, and is signed."""
    store = await open_store(folder, "test")
    for record in records:
        await store.append(record.stream, record.fact, now=START, playbook=None)
    await store.sign(START)
    await store.close()


async def put_back(folder: Path) -> None:
    """An incident goes on, another begins, both are signed; then the database is what it was before."""
    await begun(folder, note("before"), note("it began", "I-7"))
    shutil.copy(folder / "tocsin.sqlite", folder / "older")
    await begun(folder, note("after"), note("it went on", "I-7"), note("another", "I-9"))
    shutil.move(folder / "older", folder / "tocsin.sqlite")


def signed(folder: Path) -> dict[tuple[str, int], set[str]]:
    """Every root that was ever signed, by log and size."""
    found: dict[tuple[str, int], set[str]] = {}
    for line in (folder / FILE).read_text().splitlines():
        said = json.loads(line)
        found.setdefault((said["stream"], said["size"]), set()).add(said["root"])
    return found


async def recorded(on: Floor) -> list[RollbackFound]:
    """What the log says of it."""
    return [one.fact for one in await on.store.facts(DEPLOYMENT) if isinstance(one.fact, RollbackFound)]


async def test_the_coordinators_are_told_once(tmp_path: Path) -> None:
    """The bot starts, the administrator reads what happened, and the next start says nothing more."""
    await put_back(tmp_path)
    async with floor(tmp_path, REAL) as on:
        await on.settled()
        [told] = [one.text for one in on.network.sent if "older database" in one.text]
        assert "The log of I-7 had 2 entries when I signed it last, and has 1 now." in told
        assert {(one.stream, one.signed) for one in await recorded(on)} == {(DEPLOYMENT, 2), ("I-7", 2), ("I-9", 1)}
        await on.stop()
    async with floor(tmp_path, REAL) as on:
        await on.settled()
        assert not [one for one in on.network.sent if "older database" in one.text]
        assert len(await recorded(on)) == 3


async def test_nothing_is_said_of_a_log_that_stands(tmp_path: Path) -> None:
    """An ordinary start holds the log against what was signed, and has nothing to say."""
    await begun(tmp_path, note("before"), note("it began", "I-7"))
    async with floor(tmp_path, REAL) as on:
        await on.settled()
        assert await recorded(on) == []


async def test_what_is_older_is_not_signed_and_what_is_new_is(tmp_path: Path) -> None:
    """However far it grows, no size has two roots; an incident that begins later takes no number that was signed, and is signed."""
    await put_back(tmp_path)
    async with floor(tmp_path, REAL) as on:
        await on.settled()
        assert dict(on.engine.world.counters)["I"] == 9
        store = on.store
        for number in range(6):
            await store.append("I-7", note(f"instead {number}").fact, now=START)
        await store.append("I-10", opened(10).fact, now=START)
        await on.stop()
    store = await open_store(tmp_path, "test")
    with pytest.raises(RolledBack, match="I-7"):
        await store.sign(START)
    assert await store.checkpoint("I-10") is not None
    await store.close()
    assert all(len(roots) == 1 for roots in signed(tmp_path).values())
    assert ("I-10", 1) in signed(tmp_path)


async def test_a_log_of_another_name_begins_where_the_newer_one_is_lost(tmp_path: Path) -> None:
    """With checkpoints.log put aside and another name, all is signed again, as another log: what partners kept is of the other name, and contradicts nothing."""
    await put_back(tmp_path)
    (tmp_path / FILE).rename(tmp_path / "aside")
    store = await open_store(tmp_path, "test-2")
    await store.append("I-7", note("instead").fact, now=START)
    notes = await store.sign(START)
    assert {one.partition("\n")[0] for one in notes} == {"test-2/deployment", "test-2/I-7"}
    assert await store.rolled_back() == []
    await store.close()
