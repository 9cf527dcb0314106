"""Edits, and what they change where that is known later: a key comes late, or a homeserver tells of an edit first.

An original that is told as it was before an edit of it might be told too widely, and with words that are outdated: so every edit is remembered when
it comes, and goes with its original when that is read; and where an edit is not to be read yet, its original waits for it. Of several edits the last
by the sender's homeserver's clock holds, as the specification has it and clients show it, in whatever order they are read; but the label of each
counts. Only the sender of a message can change it, and only in its own room: words of another room are not for those who read this one, whatever the
homeserver lets through. The rows are in the memory's database (``matrix_memory``).
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

KEPT_SECONDS = 3600.0
"""For so long what an edit says is kept, unless its original waits for a key: then until that is read, or given up."""

SCHEMA = """
CREATE TABLE IF NOT EXISTS edit (
    event TEXT PRIMARY KEY,              -- what changed a message, by whomever
    room TEXT NOT NULL,                  -- where
    of TEXT NOT NULL,                    -- the message
    sender TEXT NOT NULL,                -- by whom
    at INTEGER NOT NULL DEFAULT 0,       -- when, in milliseconds of the epoch, as its homeserver says
    body TEXT,                           -- the event as it came, encrypted if it was, until it is needed no more
    noted REAL NOT NULL DEFAULT 0,       -- when it came, in seconds of the epoch
    gone INTEGER NOT NULL DEFAULT 0      -- 1 once it was taken back: its words are nobody's, its label counts
) STRICT;
CREATE INDEX IF NOT EXISTS edit_of ON edit (room, of);
"""

_PARTS = ("event_id", "type", "sender", "origin_server_ts", "content")


@dataclass(frozen=True, slots=True)
class KnownEdit:
    """A change of the message ``of`` of ``room``, by whomever: only that of the message's own sender counts. ``at`` is in milliseconds of the epoch."""

    room: str
    of: str
    sender: str
    at: int = 0


@dataclass(frozen=True, slots=True)
class KeptEdit:
    """An edit that came before what it changes was read: the event as it came, and whether it was taken back since."""

    event: dict[str, Any]
    at: int
    gone: bool


class Edits:
    """The edits in an open database."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        db.executescript(SCHEMA)

    def note(self, event: dict[str, Any], edit: KnownEdit, now: float) -> None:
        """The event is this edit, and readable (``now`` in seconds of the epoch). Noting it again changes nothing."""
        body = json.dumps({part: event[part] for part in _PARTS if part in event})
        self._db.execute(
            "INSERT INTO edit (event, room, of, sender, at, body, noted) VALUES (?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT DO NOTHING",
            (event["event_id"], edit.room, edit.of, edit.sender, edit.at, body, now),
        )

    def known(self, room: str, event: str) -> KnownEdit | None:
        """The edit that the event ``event`` of ``room`` is."""
        row = self._db.execute(
            "SELECT room, of, sender, at FROM edit WHERE room = ? AND event = ?", (room, event)
        ).fetchone()
        return KnownEdit(*row) if row is not None else None

    def overtaken(self, event: str, edit: KnownEdit) -> bool:
        """Whether a later edit of the same message stands, read earlier."""
        row = self._db.execute(
            "SELECT 1 FROM edit WHERE room = ? AND of = ? AND sender = ? AND gone = 0 AND (at, event) > (?, ?) LIMIT 1",
            (edit.room, edit.of, edit.sender, edit.at, event),
        ).fetchone()
        return row is not None

    def take_back(self, room: str, event: str) -> None:
        """The edit was taken back."""
        self._db.execute("UPDATE edit SET gone = 1 WHERE room = ? AND event = ?", (room, event))

    def of(self, room: str, message: str, sender: str) -> list[KeptEdit]:
        """What is kept of its sender's edits of a message of ``room``, in their order."""
        rows = self._db.execute(
            "SELECT body, at, gone FROM edit WHERE room = ? AND of = ? AND sender = ? AND body IS NOT NULL"
            " ORDER BY at, event",
            (room, message, sender),
        )
        return [KeptEdit(json.loads(row[0]), row[1], bool(row[2])) for row in rows]

    def settled(self, messages: Sequence[tuple[str, str]]) -> None:
        """These messages (room, event) were told as they are now, or will never be: what their edits said is needed no more."""
        self._db.executemany("UPDATE edit SET body = NULL WHERE room = ? AND of = ?", messages)

    def forget_old(self, now: float) -> None:
        """What was kept in case its original came late, and need not be any more (``now`` in seconds of the epoch)."""
        self._db.execute(
            "UPDATE edit SET body = NULL WHERE body IS NOT NULL AND noted < ?"
            " AND (room, of) NOT IN (SELECT room, event FROM waiting)",
            (now - KEPT_SECONDS,),
        )


def changes(room: str, event: dict[str, Any]) -> KnownEdit | None:
    """The edit that an event of ``room`` is, encrypted or not; None for any other. What an edit changes is told outside the encryption."""
    content = event.get("content")
    relation = content.get("m.relates_to") if isinstance(content, dict) else None
    if not isinstance(relation, dict) or relation.get("rel_type") != "m.replace" or not relation.get("event_id"):
        return None
    at = event.get("origin_server_ts")
    known = isinstance(at, int) and 0 <= at < 1 << 62
    return KnownEdit(room, str(relation["event_id"]), str(event["sender"]), int(at or 0) if known else 0)
