"""Copies of the log that are made while the program runs: beside it, whole or not at all, and each of them in the log."""

from __future__ import annotations

import asyncio
import json
import zipfile
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from bot.clock import VirtualClock
from bot.copying import Copies
from bot.networks.port import FileGone, NetworkDown
from storage.database import SqliteStore, open_store
from storage.facts import Exported, IncidentOpened, NoteAdded
from storage.store import StorageFull
from tests.bot.floor import START, room


@asynccontextmanager
async def _store(folder: Path) -> AsyncIterator[SqliteStore]:
    store = await open_store(folder / "data", "liege")
    try:
        yield store
    finally:
        await store.close()


async def _log(folder: Path) -> None:
    """An incident with a remark."""
    opened = IncidentOpened("I-1", "small", 1, None, "P-1", None, room(1), "watch", False, False, "small:1")
    async with _store(folder) as store:
        await store.append("I-1", opened, NoteAdded("P-1", None, room(1), "words"), now=START)


def _what(**more: str) -> str:
    return json.dumps({"stream": "I-1", "for": "auditor", "form": "bundle", "by": "P-7", "reason": "court", **more})


async def test_a_copy_is_made_beside_the_program_and_recorded(tmp_path: Path) -> None:
    """A bundle lies where it was to be, of as many bytes as was said; the log has for whom, by whom and why."""
    await _log(tmp_path)
    async with _store(tmp_path) as running:
        path = tmp_path / "1.part"
        size = await Copies(lambda: _store(tmp_path), VirtualClock(START)).make(_what(), path)
        assert await asyncio.to_thread(zipfile.is_zipfile, path)
        assert len(await asyncio.to_thread(path.read_bytes)) == size
        [made] = [one.fact for one in await running.facts("I-1") if isinstance(one.fact, Exported)]
        assert (made.by, made.reader, made.reason, made.form) == ("P-7", "auditor", "court", "bundle")


async def test_a_copy_speaks_the_language_of_whoever_asked(tmp_path: Path) -> None:
    """Named beside what is asked for; without it, that of the recipient by the playbook."""
    await _log(tmp_path)
    copies = Copies(lambda: _store(tmp_path), VirtualClock(START))
    for more, heading in (({"language": "it"}, "Per"), ({}, "For")):
        path = tmp_path / f"{heading}.part"
        await copies.make(_what(form="csv", **more), path)
        assert f"\r\n{heading},".encode() in await asyncio.to_thread(path.read_bytes)


@pytest.mark.parametrize("more", [{"stream": "I-9"}, {"for": "nobody"}, {"form": "stone"}])
async def test_what_is_not_there_is_gone_for_good(tmp_path: Path, more: dict[str, str]) -> None:
    """No such log, partner or form: nothing is written, nothing recorded, and it is not tried again."""
    await _log(tmp_path)
    path = tmp_path / "1.part"
    with pytest.raises(FileGone):
        await Copies(lambda: _store(tmp_path), VirtualClock(START)).make(_what(**more), path)
    assert [one.name for one in await asyncio.to_thread(lambda: list(tmp_path.iterdir()))] == ["data"]
    async with _store(tmp_path) as store:
        assert not [one for one in await store.facts("I-1") if isinstance(one.fact, Exported)]


async def test_a_full_disk_is_tried_again(tmp_path: Path) -> None:
    """The message waits with everything else that cannot be written."""

    def full() -> AbstractAsyncContextManager[SqliteStore]:
        raise StorageFull("the disk is full")

    with pytest.raises(NetworkDown):
        await Copies(full, VirtualClock(START)).make(_what(), tmp_path / "1.part")


async def test_what_nobody_waits_for_any_more_is_not_left_lying_about(tmp_path: Path) -> None:
    """Its maker is cancelled while it writes: when it has written, the file goes."""
    await _log(tmp_path)
    path, begun = tmp_path / "1.part", asyncio.Event()
    loop = asyncio.get_running_loop()

    def opened() -> AbstractAsyncContextManager[SqliteStore]:
        loop.call_soon_threadsafe(begun.set)
        return _store(tmp_path)

    making = asyncio.create_task(Copies(opened, VirtualClock(START)).make(_what(), path))
    await begun.wait()
    making.cancel()
    await asyncio.gather(making, return_exceptions=True)
    await asyncio.wait(asyncio.all_tasks() - {asyncio.current_task()})  # what goes on in another thread
    assert [one.name for one in await asyncio.to_thread(lambda: list(tmp_path.iterdir()))] == ["data"]
