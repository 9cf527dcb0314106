"""What falls due, as rows of ours: each fires once, marked in the same transaction as its effect."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from storage.connection import Connection, change
from storage.queries import instant, micros
from storage.store import Deadline, StorageError


def update(
    inner: sqlite3.Connection,
    fired: Sequence[str],
    unwakes: Sequence[str],
    postponed: Sequence[tuple[str, timedelta]],
    wakes: Sequence[Deadline],
    now: datetime,
) -> None:
    """Mark what fired, take back what is not wanted, put off what an exercise that was paused waits for,
    then set what is. A key that has fired may be set again.

    Raises StorageError if a deadline had already fired or was taken back: its effect must not be doubled.
    """
    if change(inner, "fire", [(micros(now), key) for key in fired]) != len(fired):
        raise StorageError(f"a deadline was no longer open (one of {', '.join(fired)})")
    change(inner, "unwake", [(key,) for key in unwakes])
    change(inner, "postpone", [(by // timedelta(microseconds=1), stream) for stream, by in postponed])
    change(inner, "wake", [(d.key, d.stream, micros(d.at), d.kind, d.about) for d in wakes])


async def due(connection: Connection, now: datetime, limit: int) -> list[Deadline]:
    """What is due and has not fired, the longest due first."""
    return [
        Deadline(key, stream, instant(at), kind, about)
        for key, stream, at, kind, about in await connection.read("due", (micros(now), limit))
    ]


async def next_deadline(connection: Connection) -> datetime | None:
    """When the next one falls due (perhaps already past); None when there is none."""
    [(at,)] = await connection.read("next_deadline")
    return None if at is None else instant(at)


async def open_keys(connection: Connection, kinds: Collection[str]) -> frozenset[str]:
    """The keys of the deadlines of these kinds that have not fired."""
    return frozenset(key for (key,) in await connection.read("open_deadlines", (json.dumps(sorted(kinds)),)))
