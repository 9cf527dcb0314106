"""One alert for a thousand rooms, from the tap that confirms it to the commit of everything that it led to."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from playbooks.rooms import RoomRef
from tests.bench.desk import STREAM, Desk, bare_database, desk
from tests.bench.measure import Figure, now
from tests.bench.towns import WORDS, town

ROUNDS = 7
_TABLES = {
    "entries": "length(entry) + length(leaf) + length(stream) + length(type) + 8",
    "disclosures": "length(body) + length(stream) + 8",
    "outbox": "length(payload) + length(token) + length(send) + length(room) + 100",
}

_NODE = 50
"""Bytes of a row of the tree: its hash, its stream and its place."""


async def alert(folder: Path, rooms: int) -> Figure:
    """Decide and commit it, and write as many rows with as many bytes without deciding anything."""
    half = rooms // 2
    groups = [-1001000000000 - number for number in range(half)]
    others = [RoomRef("matrix", f"!room{number}:localhost") for number in range(rooms - half)]
    written = [f"telegram: {group}" for group in groups] + [f'matrix: "{room.id}"' for room in others]
    book = town([[room] for room in written])
    figure = Figure(
        f"Deciding and committing one alert for {rooms} rooms",
        "as many rows and bytes by executemany",
        seconds_within=0.25,
    )
    async with desk(folder, book, others) as ours:
        bare = bare_database(folder / "bare.sqlite", ours.database)
        await ours.say(groups[0], "/activate meuse-flood")
        for number in range(ROUNDS + 1):
            before = _last_rows(ours)
            draft = await ours.draft(groups[0], WORDS)
            took = await ours.tap(groups[0], f"/draft {draft} send")
            if number == 0:
                _is_whole(ours, rooms)
                continue
            sizes = _sizes(ours, before)
            figure.ours_took.append(took)
            figure.bare_took.append(_written(bare, sizes))
        bare.close()
        figure.beside.append(f"{len(sizes)} rows with {sum(sizes) / 1e6:.1f} MB; the alert has 6 fields")
    return figure


def _is_whole(ours: Desk, rooms: int) -> None:
    copies = ours.engine.world.incidents[STREAM].alerts["A-1"].copies
    if len(copies) != rooms:
        raise RuntimeError(f"{len(copies)} copies were cleared, not {rooms}")


def _last_rows(ours: Desk) -> dict[str, int]:
    with sqlite3.connect(ours.database) as there:
        last = {name: there.execute(f"SELECT max(rowid) FROM {name}").fetchone()[0] or 0 for name in _TABLES}
        last["nodes"] = there.execute("SELECT count(*) FROM nodes").fetchone()[0]
    there.close()
    return last


def _sizes(ours: Desk, before: dict[str, int]) -> list[int]:
    """The bytes of each row that was added since."""
    found: list[int] = []
    with sqlite3.connect(ours.database) as there:
        for name, size in _TABLES.items():
            rows = there.execute(f"SELECT {size} FROM {name} WHERE rowid > ?", (before[name],))
            found += [row[0] for row in rows]
        nodes = there.execute("SELECT count(*) FROM nodes").fetchone()[0]
        found += [_NODE] * (nodes - before["nodes"])
    there.close()
    return found


def _written(bare: sqlite3.Connection, sizes: list[int]) -> float:
    bodies = [(os.urandom(size),) for size in sizes]
    start = now()
    bare.execute("BEGIN IMMEDIATE")
    bare.executemany("INSERT INTO rows (body) VALUES (?)", bodies)
    bare.execute("COMMIT")
    return now() - start
