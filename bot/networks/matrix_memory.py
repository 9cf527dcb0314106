"""What the Matrix side must remember beside the inbox: a small database of its own in the Matrix folder.

For each room whether it was ever encrypted (a mark that is set once and never taken away, so that no fault of a
library or server can make us speak plainly in it), what the engine was last told of it, and whether it is somebody's
direct chat; the encrypted messages whose keys have not come yet; edits (``matrix_edits``); the polls and live places that later events only
name; the batches that cannot be worked on; and the key to the checkpoints that we post (``matrix_posts``).
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.networks.matrix_edits import Edits, KnownEdit
from bot.networks.matrix_polls import Ballot
from bot.networks.matrix_posts import new_key

MEMORY_FILE = "memory.db"

_SCHEMA = """
CREATE TABLE IF NOT EXISTS room (
    id TEXT PRIMARY KEY,
    joined INTEGER NOT NULL DEFAULT 0,
    encryption TEXT,                     -- the first m.room.encryption seen, as JSON: the mark
    broken INTEGER NOT NULL DEFAULT 0,   -- 1 once that event was followed by one that is no encryption
    tampered INTEGER NOT NULL DEFAULT 0, -- 1 once that event was followed by a different one
    direct TEXT,                         -- whose direct chat with us it is
    traits TEXT,                         -- as last told to the engine
    told INTEGER NOT NULL DEFAULT 0      -- how many times it was told
) STRICT;
CREATE TABLE IF NOT EXISTS waiting (
    event TEXT PRIMARY KEY,
    room TEXT NOT NULL,
    session TEXT NOT NULL,
    body TEXT NOT NULL,
    since REAL NOT NULL,
    told INTEGER NOT NULL DEFAULT 0,
    changes TEXT,                        -- the message that it changes, if it is an edit
    sender TEXT                          -- whose edit it is
) STRICT;
CREATE INDEX IF NOT EXISTS waiting_session ON waiting (session);
CREATE INDEX IF NOT EXISTS waiting_changes ON waiting (room, changes);
CREATE TABLE IF NOT EXISTS poll (
    event TEXT PRIMARY KEY,
    room TEXT NOT NULL,
    sender TEXT NOT NULL,
    ballot TEXT NOT NULL                 -- JSON of the answers' ids and how many may be chosen
) STRICT;
CREATE TABLE IF NOT EXISTS live (
    event TEXT PRIMARY KEY,              -- the state event that began it
    room TEXT NOT NULL,
    sender TEXT NOT NULL,
    until INTEGER NOT NULL,              -- milliseconds of the epoch
    words TEXT NOT NULL,
    first TEXT,                          -- the event that first told where
    latitude INTEGER,                    -- where it was last, in microdegrees
    longitude INTEGER
) STRICT;
CREATE TABLE IF NOT EXISTS spoiled (
    batch TEXT PRIMARY KEY,              -- the digest of its body; numbers are used again
    times INTEGER NOT NULL,              -- how often working on it failed
    since REAL NOT NULL,
    reason TEXT NOT NULL,                -- what it failed of at last, without anybody's words
    body TEXT                            -- the batch itself, once it is set aside
) STRICT;
CREATE TABLE IF NOT EXISTS posts (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    key BLOB NOT NULL                    -- for the checkpoints in encrypted rooms; never another one
) STRICT;
"""


@dataclass(slots=True)
class RoomMark:
    """What is remembered of a room."""

    joined: bool = False
    encryption: dict[str, Any] | None = None
    broken: bool = False
    tampered: bool = False
    direct: str | None = None
    traits: str | None = None
    told: int = 0


@dataclass(frozen=True, slots=True)
class WaitingEvent:
    """An encrypted event whose key has not come, or one with an edit whose key has not. ``since`` is in seconds of the epoch; ``changes``: the message
    that it changes, if it is itself an edit.
    """

    event: str
    room: str
    session: str
    body: str
    since: float
    told: bool
    changes: str | None = None


@dataclass(frozen=True, slots=True)
class KnownPoll:
    """A poll that a person began."""

    room: str
    sender: str
    ballot: Ballot


@dataclass(frozen=True, slots=True)
class LivePlace:
    """A place that moves ``until`` (milliseconds of the epoch). ``event`` began it; ``point`` is where it was last, in microdegrees."""

    event: str
    room: str
    sender: str
    until: int
    words: str
    point: tuple[int, int] | None = None


class Memory:
    """The database. Rooms are read once and kept, writes are durable when a call returns."""

    def __init__(self, folder: Path) -> None:
        path = folder / MEMORY_FILE
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.execute("PRAGMA secure_delete = ON")
        self._db.executescript(_SCHEMA)
        self.edits = Edits(self._db)
        self._db.execute("INSERT INTO posts (one, key) VALUES (1, ?) ON CONFLICT DO NOTHING", (new_key(),))
        self.posts_key: bytes = self._db.execute("SELECT key FROM posts").fetchone()[0]
        self._rooms: dict[str, RoomMark] = {
            row[0]: RoomMark(
                bool(row[1]),
                json.loads(row[2]) if row[2] else None,
                bool(row[3]),
                bool(row[4]),
                row[5],
                row[6],
                row[7],
            )
            for row in self._db.execute(
                "SELECT id, joined, encryption, broken, tampered, direct, traits, told FROM room ORDER BY id"
            )
        }

    def close(self) -> None:
        self._db.close()

    def room(self, room: str) -> RoomMark:
        """What is remembered of ``room``; to be changed only through the calls below."""
        return self._rooms.get(room) or RoomMark()

    def joined_rooms(self) -> list[str]:
        return [room for room, mark in self._rooms.items() if mark.joined]

    def set_joined(self, room: str, joined: bool) -> None:
        if self.room(room).joined != joined:
            self._change(room, joined=int(joined))

    def directs(self, person: str) -> list[str]:
        """The rooms that are direct chats with ``person``."""
        return [room for room, mark in self._rooms.items() if mark.direct == person]

    def set_direct(self, room: str, person: str) -> None:
        """``room`` is a direct chat between ``person`` and us. What was known first stays."""
        if self.room(room).direct is None:
            self._change(room, direct=person)

    def note_encryption(self, room: str, content: dict[str, Any]) -> None:
        """An ``m.room.encryption`` was seen. The first sets the mark; whether a later one differs is kept too."""
        mark = self.room(room)
        real = content.get("algorithm") == "m.megolm.v1.aes-sha2"
        if mark.encryption is None:
            # An unknown algorithm is still somebody's wish that nothing be said plainly here.
            self._change(room, encryption=json.dumps(content, sort_keys=True), broken=int(not real))
        elif content != mark.encryption and not (mark.tampered and (real or mark.broken)):
            self._change(room, tampered=1, broken=int(mark.broken or not real))

    def told(self, room: str, traits: str) -> None:
        """The engine has been told ``traits`` of ``room``, durably."""
        self._change(room, traits=traits, told=self.room(room).told + 1)

    def wait(self, event: str, room: str, session: str, body: str, since: float, edit: KnownEdit | None = None) -> None:
        """Keep an event of ``room`` until its key comes; ``edit``: it is one. Keeping it again changes nothing."""
        of, sender = (edit.of, edit.sender) if edit is not None else (None, None)
        self._db.execute(
            "INSERT INTO waiting (event, room, session, body, since, changes, sender) VALUES (?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT DO NOTHING",
            (event, room, session, body, since, of, sender),
        )

    def unread_edits(self, room: str, message: str, sender: str) -> list[str]:
        """Its sender's edits of a message of ``room`` that wait for their keys."""
        rows = self._db.execute(
            "SELECT event FROM waiting WHERE room = ? AND changes = ? AND sender = ?", (room, message, sender)
        )
        return [str(row[0]) for row in rows]

    def changed_by(self, events: Iterable[tuple[str, str]]) -> list[WaitingEvent]:
        """What waits, and is changed by one of these events (room, event) of its room, which wait too."""
        found: list[WaitingEvent] = []
        for one in events:
            found += self._waiting(
                "WHERE (room, event) = (SELECT room, changes FROM waiting WHERE room = ? AND event = ?)", one
            )
        return found

    def waiting(self, sessions: Iterable[str]) -> list[WaitingEvent]:
        """The events that wait for these sessions, oldest first."""
        found: list[WaitingEvent] = []
        for session in sessions:
            found += self._waiting("WHERE session = ?", (session,))
        return sorted(found, key=lambda event: event.since)

    def all_waiting(self) -> list[WaitingEvent]:
        return self._waiting("", ())

    def overdue(self, before: float) -> list[WaitingEvent]:
        """The events that have waited since ``before`` or longer, and of which nobody was told."""
        return self._waiting("WHERE told = 0 AND since <= ?", (before,))

    def next_overdue(self) -> float | None:
        """When the oldest event of which nobody was told began to wait."""
        row = self._db.execute("SELECT min(since) FROM waiting WHERE told = 0").fetchone()
        return None if row is None or row[0] is None else float(row[0])

    def told_unreadable(self, events: Sequence[str]) -> None:
        self._db.executemany("UPDATE waiting SET told = 1 WHERE event = ?", [(event,) for event in events])

    def done_waiting(self, events: Sequence[tuple[str, str]]) -> None:
        """These (room, event) were read, or taken back: nor does an edit of them wait any more, or is kept."""
        self._db.executemany("DELETE FROM waiting WHERE room = ?1 AND (event = ?2 OR changes = ?2)", events)
        self.edits.settled(events)

    def give_up(self, before: float) -> None:
        """Forget what has waited since ``before`` or longer; its key will not come, and nobody examines it."""
        self._db.execute(
            "DELETE FROM waiting WHERE told = 1 AND since < ?"
            " AND (changes IS NULL OR (room, changes) NOT IN (SELECT room, event FROM waiting WHERE since >= ?))",
            (before, before),
        )  # an edit holds back what it changes for as long as that waits
        self._db.execute("DELETE FROM spoiled WHERE since < ?", (before,))

    def note_poll(self, event: str, room: str, sender: str, ballot: Ballot) -> None:
        """A person began the poll ``event``, or changed its answers."""
        self._db.execute(
            "INSERT INTO poll (event, room, sender, ballot) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (event) DO UPDATE SET ballot = excluded.ballot",
            (event, room, sender, json.dumps([ballot.ids, ballot.most])),
        )

    def poll(self, event: str) -> KnownPoll | None:
        """The poll that a person began with ``event``."""
        row = self._db.execute("SELECT room, sender, ballot FROM poll WHERE event = ?", (event,)).fetchone()
        if row is None:
            return None
        ids, most = json.loads(row[2])
        return KnownPoll(row[0], row[1], Ballot(tuple(ids), most))

    def begin_live(self, place: LivePlace) -> None:
        """Somebody began to show where they are. Noting it again changes nothing."""
        self._db.execute(
            "INSERT INTO live (event, room, sender, until, words) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (place.event, place.room, place.sender, place.until, place.words),
        )

    def live(self, event: str) -> LivePlace | None:
        """The live place that ``event`` began."""
        return self._live("WHERE event = ?", (event,))

    def live_of(self, room: str, sender: str) -> LivePlace | None:
        """The latest live place that ``sender`` began in ``room``."""
        return self._live("WHERE room = ? AND sender = ? ORDER BY rowid DESC LIMIT 1", (room, sender))

    def move_live(self, event: str, told_by: str, point: tuple[int, int]) -> str:
        """The live place ``event`` is now at ``point``, says the event ``told_by``. Returns the event that told first."""
        row = self._db.execute(
            "UPDATE live SET first = coalesce(first, ?), latitude = ?, longitude = ? WHERE event = ? RETURNING first",
            (told_by, *point, event),
        ).fetchone()
        return str(row[0])

    def spoiled(self, body: str, reason: str, now: float) -> int:
        """Working on the batch ``body`` failed for ``reason``. Returns how often it has."""
        row = self._db.execute(
            "INSERT INTO spoiled (batch, times, since, reason) VALUES (?, 1, ?, ?)"
            " ON CONFLICT (batch) DO UPDATE SET times = times + 1, reason = excluded.reason RETURNING times",
            (_digest(body), now, reason),
        ).fetchone()
        return int(row[0])

    def set_aside(self, body: str) -> None:
        """Keep a spoiled batch here for examination; the inbox may forget it then."""
        self._db.execute("UPDATE spoiled SET body = ? WHERE batch = ?", (body, _digest(body)))

    def aside(self) -> list[tuple[float, str]]:
        """The batches set aside, oldest first: when (seconds of the epoch) and why."""
        rows = self._db.execute("SELECT since, reason FROM spoiled WHERE body IS NOT NULL ORDER BY since")
        return [(float(row[0]), str(row[1])) for row in rows]

    def _live(self, where: str, values: tuple[object, ...]) -> LivePlace | None:
        row = self._db.execute(
            f"SELECT event, room, sender, until, words, latitude, longitude FROM live {where}",  # noqa: S608
            values,
        ).fetchone()
        if row is None:
            return None
        return LivePlace(row[0], row[1], row[2], row[3], row[4], None if row[5] is None else (row[5], row[6]))

    def _waiting(self, where: str, values: tuple[object, ...]) -> list[WaitingEvent]:
        columns = "event, room, session, body, since, told, changes"
        rows = self._db.execute(f"SELECT {columns} FROM waiting {where} ORDER BY since", values)  # noqa: S608
        return [WaitingEvent(row[0], row[1], row[2], row[3], row[4], bool(row[5]), row[6]) for row in rows]

    def _change(self, room: str, **values: object) -> None:
        columns = ", ".join(values)
        marks = ", ".join("?" for _ in values)
        updates = ", ".join(f"{column} = excluded.{column}" for column in values)
        self._db.execute(
            f"INSERT INTO room (id, {columns}) VALUES (?, {marks}) ON CONFLICT (id) DO UPDATE SET {updates}",  # noqa: S608
            (room, *values.values()),
        )
        mark = self._rooms.setdefault(room, RoomMark())
        for column, value in values.items():
            if column == "encryption":
                mark.encryption = json.loads(str(value))
            elif column in ("traits", "told", "direct"):
                setattr(mark, column, value)
            else:
                setattr(mark, column, bool(value))


def _digest(body: str) -> str:
    return hashlib.sha256(body.encode()).hexdigest()
