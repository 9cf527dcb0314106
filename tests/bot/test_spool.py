"""Files on their way: one download for all, nothing half, nothing left, and no more than fits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from bot.clock import VirtualClock
from bot.files.places import PlaceRemains
from bot.networks.port import FileGone, NetworkDown, NetworkPort
from bot.spool import LONGEST, MADE, Spool, SpoolFull
from playbooks.spoken import File
from tests.bot.files.photos import exif, saved, tells

PHOTO = saved("JPEG", exif=exif())
TAKEN = File("telegram", '{"file_id": "one"}', "photo", "scan.png", "image/png", 7)
WORDS = File("telegram", '{"file_id": "words"}', "file", "words.txt")


class Shelf:
    """A network's files: pieces of each, or what goes wrong after them. Counts how often each was fetched, and waits to be let go on."""

    def __init__(self, files: dict[str, Iterable[bytes | Exception]]) -> None:
        self.files = files
        self.fetched: list[str] = []
        self.open = asyncio.Event()
        self.open.set()
        self.cut_off = 0

    async def fetch(self, file: File) -> AsyncIterator[bytes]:
        self.fetched.append(file.where)
        try:
            for piece in self.files[file.where]:
                await self.open.wait()
                if isinstance(piece, Exception):
                    raise piece
                yield piece
        except (asyncio.CancelledError, GeneratorExit):
            self.cut_off += 1
            raise


def spool(folder: Path, shelf: Shelf, clock: VirtualClock | None = None, **bounds: Any) -> Spool:
    """A spool before this shelf."""
    port = cast("NetworkPort", SimpleNamespace(fetch=shelf.fetch))
    return Spool(
        folder / "spool", {"telegram": port}, clock or VirtualClock(datetime(2026, 7, 1, tzinfo=UTC)), **bounds
    )


def on_disk(folder: Path) -> list[str]:
    """What lies in the folder."""
    return sorted(path.suffix for path in (folder / "spool").iterdir())


async def settled(spool: Spool, *files: File, place: bool = True) -> list[object]:
    """What each asker gets, side by side."""
    return await asyncio.gather(*(spool.hold(file, place=place) for file in files), return_exceptions=True)


async def test_twenty_rooms_share_one_download(tmp_path: Path) -> None:
    """However many ask at once, and again later, the network is asked once, and each gets the whole file, cleanly named."""
    shelf = Shelf({TAKEN.where: [PHOTO[:9], PHOTO[9:]]})
    spooled = spool(tmp_path, shelf)
    names = [replace(TAKEN, name=f"{number}.png") for number in range(20)]
    found = [
        *await settled(spooled, *names),
        *await settled(spooled, *names, place=False),
        await spooled.hold(TAKEN, place=True),
    ]
    assert shelf.fetched == [TAKEN.where]
    whole, bare = found[0], found[20]
    assert (whole.path.read_bytes(), whole.size, whole.type, whole.name) == (PHOTO, len(PHOTO), "image/jpeg", "0.jpg")
    assert whole.source == replace(names[0], type="image/jpeg", size=len(PHOTO))
    assert {one.path for one in found} == {whole.path, bare.path}
    assert on_disk(tmp_path) == [".placeless", ".whole"]
    assert whole.path.stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "spool").stat().st_mode & 0o777 == 0o700


async def test_a_file_without_its_place_is_another_file(tmp_path: Path) -> None:
    """The one keeps its place and its source; the other has lost both, so that the network's own copy is not used for it."""
    spooled = spool(tmp_path, Shelf({TAKEN.where: [PHOTO], WORDS.where: [b"words"]}))
    bare = await spooled.hold(TAKEN, place=False)
    assert tells(bare.path.read_bytes()) == []
    assert (bare.source.where, bare.size) == ("", bare.path.stat().st_size)
    whole = await spooled.hold(TAKEN, place=True)
    assert tells(whole.path.read_bytes())
    assert whole.source.where == TAKEN.where
    assert (await spooled.hold(WORDS, place=False)).source.where == WORDS.where


async def test_a_photo_that_is_none_is_a_file(tmp_path: Path) -> None:
    """What is found wins over what was said, in type, kind and name."""
    spooled = spool(tmp_path, Shelf({TAKEN.where: [b"MZ\x90\0\3"]}))
    found = await spooled.hold(TAKEN, place=False)
    assert (found.source.kind, found.name, found.source.type) == ("file", "scan.png.exe", found.type)


@pytest.mark.parametrize(
    "wrong", [NetworkDown("no answer"), FileGone("deleted"), OSError(28, "No space left on device")]
)
async def test_a_download_that_fails_reaches_every_asker(tmp_path: Path, wrong: Exception) -> None:
    """All who wait for it are told, nothing is left on the disk, and the next asker tries anew."""
    shelf = Shelf({TAKEN.where: [PHOTO[:500], wrong]})
    spooled = spool(tmp_path, shelf)
    found = [*await settled(spooled, *[TAKEN] * 10), *await settled(spooled, *[TAKEN] * 10, place=False)]
    expected = SpoolFull if isinstance(wrong, OSError) else type(wrong)
    assert {type(one) for one in found} == {expected}
    assert (on_disk(tmp_path), spooled.size, len(shelf.fetched)) == ([], 0, 2)
    shelf.files[TAKEN.where] = [PHOTO]
    assert (await spooled.hold(TAKEN, place=True)).path.read_bytes() == PHOTO


async def test_a_place_that_remains_reaches_every_asker(tmp_path: Path) -> None:
    """A picture that cannot be followed to its end is not given where places may not be seen, and elsewhere it is."""
    shelf = Shelf({TAKEN.where: [PHOTO[:-9]]})
    spooled = spool(tmp_path, shelf)
    found = await settled(spooled, *[TAKEN] * 10, place=False)
    assert {type(one) for one in found} == {PlaceRemains}
    assert (await spooled.hold(TAKEN, place=True)).size == len(PHOTO) - 9
    assert (on_disk(tmp_path), len(shelf.fetched)) == ([".whole"], 1)


async def test_one_who_gives_up_takes_nothing_from_others(tmp_path: Path) -> None:
    """The download goes on while anybody waits for it; when nobody does any more, it stops and leaves nothing."""
    shelf = Shelf({TAKEN.where: [PHOTO[:9], PHOTO[9:]]})
    shelf.open.clear()
    spooled = spool(tmp_path, shelf)
    for place in (True, False):
        askers = [asyncio.create_task(spooled.hold(TAKEN, place=place)) for _ in range(2)]
        while not shelf.fetched:
            await asyncio.sleep(0)
        askers[0].cancel()
        await asyncio.wait(askers[:1])
        assert shelf.cut_off == 0
        askers[1].cancel()
        await asyncio.wait(askers)
        while on_disk(tmp_path):
            await asyncio.sleep(0)
        assert (shelf.cut_off, spooled.size) == (1, 0)
        shelf.cut_off = 0
        shelf.fetched.clear()
    shelf.open.set()
    assert (await spooled.hold(TAKEN, place=True)).path.read_bytes() == PHOTO


async def test_the_disk_is_bounded(tmp_path: Path) -> None:
    """What nobody holds makes room, longest unused first; what is held does not, and then one has to wait."""
    clock = VirtualClock(datetime(2026, 7, 1, tzinfo=UTC))
    files = [replace(WORDS, where=str(number)) for number in range(6)]
    shelf = Shelf({file.where: [b"x" * 10] * 10 for file in files})
    spooled = spool(tmp_path, shelf, clock, bound=300)
    first, second, third = [await spooled.hold(file, place=True) for file in files[:3]]
    with pytest.raises(SpoolFull):
        await spooled.hold(files[3], place=True)
    for held in (second, first):
        clock.advance(1)
        spooled.release(held)
    await spooled.hold(files[4], place=True)
    assert (first.path.exists(), second.path.exists(), third.path.exists(), spooled.size) == (True, False, True, 300)
    await spooled.hold(files[5], place=True)
    assert not first.path.exists()
    assert third.path.exists()


async def test_a_file_too_large_is_gone(tmp_path: Path) -> None:
    """A file larger than any may be is not fetched to its end, whatever size was said of it; an empty one is none."""
    shelf = Shelf({TAKEN.where: [b"x" * 10] * 99, WORDS.where: []})
    spooled = spool(tmp_path, shelf, largest=95)
    for file in (TAKEN, WORDS):
        with pytest.raises(FileGone):
            await spooled.hold(file, place=True)
    assert (on_disk(tmp_path), shelf.cut_off) == ([], 1)


async def test_what_nobody_needs_goes(tmp_path: Path) -> None:
    """A while after the last room let go of it a file is deleted; one that is held stays."""
    clock = VirtualClock(datetime(2026, 7, 1, tzinfo=UTC))
    spooled = spool(tmp_path, Shelf({TAKEN.where: [PHOTO], WORDS.where: [b"words"]}), clock)
    running = asyncio.create_task(spooled.run())
    held = await spooled.hold(WORDS, place=True)
    async with spooled.holding(TAKEN, place=True) as photo:
        clock.advance(LONGEST * 2)
        await asyncio.sleep(0)
        assert photo.path.exists()
    clock.advance(LONGEST - 1)
    spooled.sweep()
    assert photo.path.exists()
    for _ in range(9):
        clock.advance(LONGEST / 4)
        await asyncio.sleep(0)
    assert not photo.path.exists()
    assert held.path.exists()
    spooled.release(held)
    with pytest.raises(ValueError, match="nobody holds"):
        spooled.release(held)
    running.cancel()


async def test_nothing_of_an_earlier_process_is_used(tmp_path: Path) -> None:
    """At the start the files of before are deleted, finished or not; what is not ours stays."""
    shelf = Shelf({TAKEN.where: [PHOTO]})
    left = await spool(tmp_path, shelf).hold(TAKEN, place=True)
    for name in ("9.part", "0123.placeless", "notes"):
        (tmp_path / "spool" / name).write_text("before")
    again = spool(tmp_path, shelf)
    assert on_disk(tmp_path) == [""]
    assert (await again.hold(TAKEN, place=True)).path == left.path
    assert len(shelf.fetched) == 2


async def test_closing_stops_and_deletes(tmp_path: Path) -> None:
    """At the end downloads are cut off, and nothing stays."""
    shelf = Shelf({TAKEN.where: [PHOTO], WORDS.where: [b"words"]})
    spooled = spool(tmp_path, shelf)
    words = await spooled.hold(WORDS, place=False)
    shelf.open.clear()
    asker = asyncio.create_task(spooled.hold(TAKEN, place=False))
    while len(shelf.fetched) < 2:
        await asyncio.sleep(0)
    await spooled.close()
    await asyncio.wait([asker])
    assert asker.cancelled()
    spooled.release(words)
    assert on_disk(tmp_path) == []


async def test_a_network_that_is_not_there(tmp_path: Path) -> None:
    """A file of a network that is not set up (any more) waits for it."""
    with pytest.raises(NetworkDown, match="matrix"):
        await spool(tmp_path, Shelf({})).hold(replace(TAKEN, network="matrix"), place=True)


# -- files that are made here -----------------------------------------------------------------------------------------


class Writer:
    """Makes files: these bytes, or what goes wrong."""

    def __init__(self, made: bytes | Exception) -> None:
        self.made = made
        self.asked: list[str] = []

    async def make(self, what: str, path: Path) -> int:
        self.asked.append(what)
        if isinstance(self.made, Exception):
            raise self.made
        await asyncio.to_thread(path.write_bytes, self.made)
        return len(self.made)


COPY = File("telegram", MADE + '{"for": "fire"}', "file", "I-1-fire.zip")


async def test_what_no_network_has_is_made_here_once_and_handed_over_as_bytes(tmp_path: Path) -> None:
    """No network is asked for it, and none may think that it has it already."""
    shelf, writer = Shelf({}), Writer(b"PK\3\4" + bytes(400))
    files = spool(tmp_path, shelf, maker=writer)
    for _ in range(2):
        async with files.holding(COPY, place=True) as held:
            assert (held.name, held.size, held.source.where) == ("I-1-fire.zip", 404, "")
    assert writer.asked == ['{"for": "fire"}'] and shelf.fetched == []
    await files.close()
    assert on_disk(tmp_path) == []


@pytest.mark.parametrize("why", [FileGone("no such partner"), NetworkDown("the disk is full")])
async def test_what_cannot_be_made_is_gone_or_is_tried_again_as_its_maker_says(tmp_path: Path, why: Exception) -> None:
    """And nothing half lies there; without a maker there is no such file, and neither is one that is larger than any may be."""
    files = spool(tmp_path, Shelf({}), maker=Writer(why))
    with pytest.raises(type(why)):
        await files.hold(COPY, place=True)
    assert on_disk(tmp_path) == []
    for other in (spool(tmp_path, Shelf({})), spool(tmp_path, Shelf({}), maker=Writer(bytes(99)), largest=98)):
        with pytest.raises(FileGone):
            await other.hold(COPY, place=True)
    assert on_disk(tmp_path) == []
