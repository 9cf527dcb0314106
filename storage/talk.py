"""What was said in channels, found again by its id, by where it stands, or by a reaction to it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from typing import Any

from playbooks import spoken
from playbooks.rooms import Network, RoomRef
from storage import canonical
from storage.connection import Connection, change
from storage.queries import instant, instant_or_none, micros, micros_or_none
from storage.store import Reacted, ReactionKept, ThreadKept, Utterance


def keep(
    inner: sqlite3.Connection,
    said: Sequence[Utterance],
    reactions: Sequence[ReactionKept],
    threads: Sequence[ThreadKept],
) -> None:
    """Remember what was said, or how it is now, reactions that may be taken back, and topics that were made for threads."""
    change(inner, "say", [_written(one) for one in said])
    rows = [
        (r.room.network, r.room.id, r.message, r.stream, r.said, canonical.well_formed(r.emoji), r.who)
        for r in reactions
    ]
    change(inner, "react", rows)
    places = [(t.stream, t.said, t.room.network, t.room.id, t.room.topic or "") for t in threads]
    change(inner, "thread", places)


async def utterance(connection: Connection, stream: str, said: str) -> Utterance | None:
    """One by its id."""
    found = await connection.read("said", (stream, said))
    return _read(*found[0]) if found else None


async def utterance_at(connection: Connection, room: RoomRef, message: str) -> Utterance | None:
    """What was said under this id in a room, or carried there; ids are unique in a chat, whatever the topic."""
    found = await connection.read("said_at", (room.network, room.id, message))
    if found:
        return _read(*found[0])
    carried = await connection.read("carried_at", (room.network, room.id, message))
    return await utterance(connection, *carried[0]) if carried else None


async def last_said(connection: Connection, room: RoomRef) -> Utterance | None:
    """The last that was said in a chat."""
    found = await connection.read("last_said", (room.network, room.id))
    return _read(*found[0]) if found else None


async def first_in_topic(connection: Connection, stream: str, room: RoomRef) -> Utterance | None:
    """The first that was said in a topic."""
    found = await connection.read("first_in_topic", (stream, room.network, room.id, room.topic))
    return _read(*found[0]) if found else None


async def thread_of(connection: Connection, room: RoomRef) -> ThreadKept | None:
    """The thread for which a topic was made."""
    found = await connection.read("thread_of", (room.network, room.id, room.topic))
    return ThreadKept(found[0][0], found[0][1], room) if found else None


async def place_of(connection: Connection, stream: str, said: str, room: RoomRef) -> RoomRef | None:
    """The topic that was made in a chat for the thread which this began; the chat itself where the thread has none there for good."""
    found = await connection.read("place_of", (stream, said, room.network, room.id))
    return RoomRef(room.network, room.id, found[0][0] or None) if found else None


async def polled(connection: Connection, network: Network, handle: str) -> list[Utterance]:
    """The polls that people asked which have this second name on their network, the last first: one that is forwarded keeps it."""
    return [_read(*one) for one in await connection.read("polled", (network, handle))]


async def said_together(connection: Connection, room: RoomRef, album: str) -> list[Utterance]:
    """What was sent as one album in a chat, in the order in which it was heard."""
    return [_read(*one) for one in await connection.read("said_together", (room.network, room.id, album))]


async def reaction(connection: Connection, room: RoomRef, message: str) -> ReactionKept | None:
    """A reaction by its own name."""
    found = await connection.read("reaction", (room.network, room.id, message))
    return ReactionKept(room, message, *found[0]) if found else None


def _written(one: Utterance) -> tuple[Any, ...]:
    facts = {
        "channels": one.channels, "partner": one.partner, "person": one.person, "name": one.name, "origins": one.origins,
        "raised": one.raised, "answers": one.answers, "thread": one.thread, "versions": one.versions, "gone": one.gone,
        "onward": one.onward, "forwarded": one.forwarded, "left_out": one.left_out, "reactions": one.reactions,
        "changed": micros_or_none(one.changed), "removed": one.removed,
    }  # fmt: skip
    body = spoken.written(one.spoken) if one.spoken is not None else ""
    room = one.room
    return (
        one.stream, one.id, room.network, room.id, room.topic, one.message,
        canonical.well_formed(json.dumps(facts, ensure_ascii=False)), canonical.well_formed(body), micros(one.at),
    )  # fmt: skip


def _read(
    stream: str, said: str, network: Any, room: str, topic: str | None, message: str, facts: str, body: str, at: int
) -> Utterance:
    known = json.loads(facts)
    return Utterance(
        stream, said, RoomRef(network, room, topic), message, tuple(known["channels"]), known["partner"], known["person"],
        known["name"], instant(at), tuple(known["origins"]), known["raised"], known["answers"], known["thread"],
        spoken.read(body) if body else None, known["versions"], known["gone"], tuple(known["onward"]), known["forwarded"],
        tuple(known["left_out"]), tuple(Reacted(*one) for one in known["reactions"]), instant_or_none(known["changed"]),
        tuple((room, partner) for room, partner in known["removed"]),
    )  # fmt: skip
