"""What the networks told us, kept before anything is done about it, so that nothing heard is lost and nothing handled
twice."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Sequence
from datetime import datetime

from playbooks.rooms import Network
from storage import canonical
from storage.connection import Connection, change
from storage.queries import SQL, instant, micros
from storage.store import Changed, InboxRow, StorageError


def keep(inner: sqlite3.Connection, network: Network, items: Sequence[tuple[str, str]], now: datetime) -> int:
    """Keep raw events (key, body), each with a fresh seed. Known keys are dropped. Returns how many were new."""
    at = micros(now)
    rows = [(network, canonical.well_formed(k), canonical.well_formed(b), os.urandom(16), at) for k, b in items]
    return change(inner, "keep", rows)


def add(inner: sqlite3.Connection, heard: Sequence[InboxRow], now: datetime) -> None:
    """Keep raw events that are handled already. Raises Changed if one of them was known."""
    at = micros(now)
    rows = [
        (r.network, canonical.well_formed(r.key), canonical.well_formed(r.body), r.seed, micros(r.received_at), at)
        for r in heard
    ]
    if change(inner, "keep_handled", rows) != len(rows):
        raise Changed("something was heard twice")


def move_cursor(inner: sqlite3.Connection, network: Network, cursor: str) -> None:
    """Remember up to where we have heard a network."""
    inner.execute(SQL["move_cursor"], (network, cursor))


def keep_batch(inner: sqlite3.Connection, network: Network, body: str, now: datetime) -> int:
    """Keep a whole response to be taken apart later. Returns its number."""
    row = (network, canonical.well_formed(body), micros(now))
    [(batch,)] = inner.execute(SQL["keep_batch"], row).fetchall()
    return int(batch)


def mark(inner: sqlite3.Connection, handled: Sequence[int], failed: Sequence[tuple[int, str]], now: datetime) -> None:
    """Mark events as handled or failed. Raises StorageError if one of them was no longer waiting."""
    at = micros(now)
    rows: list[tuple[str, int, str | None, int]] = [("done", at, None, row) for row in handled]
    rows += [("failed", at, canonical.well_formed(error), row) for row, error in failed]
    if change(inner, "handled", rows) != len(rows):
        raise StorageError("an event was already handled by another process: is Tocsin running twice on these files?")


async def waiting(connection: Connection, limit: int) -> list[InboxRow]:
    """Events not yet handled, in the order they were kept."""
    return [
        InboxRow(row, network, key, body, bytes(seed), instant(at))
        for row, network, key, body, seed, at in await connection.read("waiting", (limit,))
    ]
