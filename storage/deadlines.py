"""What falls due, as rows of ours: each fires once, marked in the same transaction as its effect."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime

from storage.connection import Connection, change
from storage.queries import instant, micros
from storage.store import Deadline, StorageError


def settle(
    inner: sqlite3.Connection, fired: Sequence[str], unwakes: Sequence[str], wakes: Sequence[Deadline], now: datetime
) -> None:
    """Mark what fired, take back what is not wanted, then set what is. A key that has fired may be set again.

    Raises StorageError if a deadline had already fired or was taken back: its effect must not be doubled.
    """
    if change(inner, "fire", [(micros(now), key) for key in fired]) != len(fired):
        raise StorageError(f"a deadline was no longer open (one of {', '.join(fired)})")
    change(inner, "unwake", [(key,) for key in unwakes])
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
