"""``python -m tests.bench.auditing [ENTRIES] [MORE]``: how fast a long log is verified, in how much memory, and whether appending to it slows down.

A log of ``ENTRIES`` (100,000) is exported for an auditor, with four disclosed fields for each entry, and verified by ``tocsin verify`` in a process of
its own; so is one of ``MORE`` (300,000; give 1000000 for the figure of a million), for the cost of each entry. Then facts are appended to the longer log
and to an empty one in turns.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from playbooks.rooms import RoomRef
from storage.database import SqliteStore, open_store
from storage.export.bundle import bundle
from storage.export.for_whom import AUDITOR
from storage.export.making import Asked, make
from storage.facts import NoteAdded
from storage.store import Changes
from tests.bench.measure import Figure, now, word
from tests.storage.moments import at

ENTRIES = 100_000
MORE = 300_000
BATCH = 2_000
ROUNDS = 40
AT_ONCE = 100
"""Facts of a commit whose time is taken."""

SECONDS = 4.0
MEGABYTES = 200

_AT = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
_ROOM = RoomRef("telegram", "-100", "7")
_STREAM = "I-1"


def _notes(start: int, count: int) -> list[NoteAdded]:
    return [
        NoteAdded("ada", "fire", _ROOM, f"Line {number} of a long night, the water is still rising at the quay")
        for number in range(start, start + count)
    ]


async def grown(folder: Path, entries: int) -> SqliteStore:
    """A store with a log of so many entries."""
    store = await open_store(folder, "bench")
    for start in range(0, entries, BATCH):
        await _append(store, start, min(BATCH, entries - start))
    return store


async def _append(store: SqliteStore, start: int, count: int) -> None:
    await store.commit(Changes(_AT, records=[(_STREAM, None, fact) for fact in _notes(start, count)]))


async def exported(store: SqliteStore, path: Path) -> float:
    """Export it whole. Seconds."""
    start = now()
    asked = Asked(_STREAM, AUDITOR, "bench", "bench", "bundle")
    await make(store, asked, bundle, path, now=at(_AT))
    return now() - start


def verified(path: Path) -> tuple[float, float, int]:
    """Verify it as a person does: seconds, seconds of processor time, and the most megabytes that all its processes held at once."""
    start, before = now(), os.times()
    process = subprocess.Popen(
        [sys.executable, "-m", "bot.cli", "verify", str(path)], stdout=subprocess.PIPE, text=True
    )
    most = 0
    while True:
        try:
            said, _ = process.communicate(timeout=0.05)
            break
        except subprocess.TimeoutExpired:
            most = max(most, _held(process.pid))
    took, after = now() - start, os.times()
    if process.returncode != 0:
        raise RuntimeError(f"the bundle is not intact: {said}")
    used = after.children_user + after.children_system - before.children_user - before.children_system
    return took, used, most


def _held(process: int) -> int:
    """Megabytes resident in a process and those it started; what they share counts once (``Pss``)."""
    total = 0
    for one in (process, *_children(process)):
        try:
            lines = Path(f"/proc/{one}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue  # it has just ended
        total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total // 1024


def _children(process: int) -> list[int]:
    try:
        found = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    except OSError:
        return []
    return [int(one) for one in found]


async def appending(long: SqliteStore, folder: Path, entries: int) -> Figure:
    """Append to a long log and to an empty one, in turns."""
    figure = Figure(
        f"Appending {AT_ONCE} facts to a log of {entries:,} entries, against an empty one", "empty", ratio_within=1.1
    )
    for number in range(ROUNDS):
        empty = await open_store(folder / f"empty-{number}", "bench")
        for store, took in ((long, figure.ours_took), (empty, figure.bare_took)):
            start = now()
            await _append(store, number * AT_ONCE, AT_ONCE)
            took.append(now() - start)
        await empty.close()
    return figure


async def everything(folder: Path, entries: int = ENTRIES, more: int = MORE) -> list[str]:
    """All of it."""
    lines: list[str] = []
    each: list[float] = []
    for count in (entries, more):
        store = await grown(folder / str(count), count)
        path = folder / f"{count}.zip"
        took = await exported(store, path)
        runs = [verified(path) for _ in range(3)]
        seconds, used, most = (
            median(run[0] for run in runs),
            median(run[1] for run in runs),
            max(run[2] for run in runs),
        )
        each.append(used / count)
        targets = (
            f" ({word(seconds <= SECONDS)} ≤ {SECONDS:.0f} s, {word(most <= MEGABYTES)} ≤ {MEGABYTES} MB)"
            if count == ENTRIES
            else ""
        )
        lines.append(
            f"verify: {count:,} entries of four fields each in {seconds:.2f} s, {used:.2f} s of processor time, {most} MB resident{targets}"
        )
        lines.append(f"    {path.stat().st_size / 1e6:.0f} MB, written in {took:.1f} s")
        path.unlink()
        if count == more:
            lines += (await appending(store, folder, count)).lines()
        await store.close()
    ratio = each[1] / each[0]
    lines.insert(
        4,
        f"    each entry costs {ratio:.2f} × as much as of {entries:,} ({each[1] * 1e6:.0f} against {each[0] * 1e6:.0f} µs)",
    )
    return lines


def main() -> int:
    """Measure and print; numbers may be given."""
    given = [int(one) for one in sys.argv[1:]]
    entries, more = (*given, *(ENTRIES, MORE)[len(given) :])[:2]
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        print("\n".join(asyncio.run(everything(Path(folder), entries, more))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
