"""Forgetting a person in what the Matrix side remembers (``matrix_memory``), beside a bot that may be running.

Every statement is a transaction of its own, as each of the bot's is, and SQLite overwrites what it deletes (``secure_delete``). A bot that runs keeps in mind whose
a private chat is until it is started again, and writes it no more. What stays is the mark that a room is encrypted, with the room's id: without it,
something might be said plainly there.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from bot.networks.matrix_memory import MEMORY_FILE
from storage.mentions import Mentions

WAIT = 5.0
"""Seconds to wait for the bot to be done with a transaction."""


def forget(folder: Path, mentions: Mentions) -> bool:
    """Forget what is theirs, or names them: private chats, polls, live places, changes, events that wait for their key, and batches set aside. False where the file
    could not be read or written, whatever kept it: then it may hold them still, and nothing is lost by trying again."""
    path = folder / MEMORY_FILE
    if not path.is_file():
        return True
    try:
        with closing(sqlite3.connect(path, timeout=WAIT, isolation_level=None)) as db:
            db.execute("PRAGMA secure_delete = ON")
            db.execute("PRAGMA synchronous = FULL")
            _forget(db, mentions)
    except sqlite3.Error:
        return False
    return True


def _forget(db: sqlite3.Connection, mentions: Mentions) -> None:
    theirs = [(one.removeprefix("matrix:"),) for one in sorted(mentions.accounts) if one.startswith("matrix:")]
    chats = [(room.id,) for room in mentions.rooms if room.network == "matrix"]
    db.executemany("UPDATE room SET direct = NULL, traits = NULL WHERE direct = ?", theirs)
    db.executemany("UPDATE room SET direct = NULL, traits = NULL WHERE id = ?", chats)
    for table in ("live", "poll", "edit"):
        db.executemany(f"DELETE FROM {table} WHERE sender = ?", theirs)  # noqa: S608
    for table in ("live", "poll", "edit", "waiting"):
        db.executemany(f"DELETE FROM {table} WHERE room = ?", chats)  # noqa: S608
    for name in _naming(db, mentions, "live", "event", "words"):
        db.execute("UPDATE live SET words = '' WHERE event = ?", (name,))
    for name in _naming(db, mentions, "edit", "event", "body"):
        # What waits to be told with it would be told without it: it is not told at all.
        db.execute("DELETE FROM waiting WHERE (room, event) = (SELECT room, of FROM edit WHERE event = ?)", (name,))
        db.execute("UPDATE edit SET body = NULL WHERE event = ?", (name,))
    for name in _naming(db, mentions, "waiting", "event", "body"):
        db.execute(
            "DELETE FROM waiting WHERE (room, event) = (SELECT room, changes FROM waiting WHERE event = ?)", (name,)
        )
        db.execute("DELETE FROM waiting WHERE event = ?", (name,))
    for name in _naming(db, mentions, "room", "id", "traits"):
        db.execute("UPDATE room SET traits = NULL WHERE id = ?", (name,))
    # That a batch was not heard, and since when, is still told: only what it said goes.
    for name in _naming(db, mentions, "spoiled", "batch", "body"):
        db.execute("UPDATE spoiled SET body = '' WHERE batch = ?", (name,))


def _naming(db: sqlite3.Connection, mentions: Mentions, table: str, key: str, column: str) -> list[str]:
    """The keys of the rows in which a column names them. One row is read at a time: a batch may be large."""
    keys = [row[0] for row in db.execute(f"SELECT {key} FROM {table} WHERE {column} IS NOT NULL")]  # noqa: S608
    found = []
    for one in keys:
        row = db.execute(f"SELECT {column} FROM {table} WHERE {key} = ?", (one,)).fetchone()  # noqa: S608
        if row is not None and row[0] and any(map(mentions.in_text, _strings(row[0]))):
            found.append(one)
    return found


def _strings(body: str) -> Iterator[str]:
    """Every text of a body, keys too: it is JSON, or words."""
    try:
        held = json.loads(body)
    except (ValueError, RecursionError):
        yield body
        return
    todo: list[Any] = [held]
    while todo:
        match todo.pop():
            case str() as text:
                yield text
            case list() as many:
                todo += many
            case dict() as pairs:
                yield from pairs
                todo += pairs.values()
            case _:
                pass
