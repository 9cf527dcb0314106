"""What is on its way to the networks: ``pending → inflight → sent | refused | unknown``, or ``dropped`` before it left.

Only a pending row can be claimed, and what was sent, refused or dropped is final; anything else is an error, because
it would send twice or lose something.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from playbooks.rooms import Network, RoomRef
from storage import canonical
from storage.connection import Connection, change
from storage.queries import instant_or_none, micros, micros_or_none
from storage.store import Mentioned, OutboxChange, OutboxRow, StorageError


def add(inner: sqlite3.Connection, sends: Sequence[OutboxRow], now: datetime) -> None:
    """Put messages in line, in this order."""
    at = micros(now)
    rows = [
        (
            r.token, r.send, r.stream, r.to.network, r.to.id, r.to.topic, r.urgency, canonical.well_formed(r.payload),
            r.about, r.partner, r.part, r.shows, r.epoch, micros_or_none(r.not_after), r.again, r.state, at,
            micros_or_none(r.not_before), r.message, r.reason, r.place, r.amends,
        )
        for r in sends
    ]  # fmt: skip
    change(inner, "add_send", rows)


def claim(inner: sqlite3.Connection, tokens: Sequence[str], now: datetime) -> None:
    """pending → inflight. Raises StorageError if one of the rows was not pending."""
    if change(inner, "claim", [(micros(now), token) for token in tokens]) != len(tokens):
        raise StorageError(
            "a message that was to be sent is not pending any more: is Tocsin running twice on these files?"
        )


def arrived(inner: sqlite3.Connection, outcomes: Sequence[OutboxChange]) -> None:
    """Write down the names of messages that a network took, before anything is decided about them; nothing where that is done."""
    rows = [(c.message, c.handle, c.payload and canonical.well_formed(c.payload), c.token) for c in outcomes]
    change(inner, "arrived", rows)


def settle(inner: sqlite3.Connection, outcomes: Sequence[OutboxChange], now: datetime) -> None:
    """Write down what became of messages. Raises StorageError if one was already sent, refused or dropped, or is
    unknown to us."""
    at = micros(now)
    rows = [
        (
            c.token, c.state, c.message, None if c.reason is None else canonical.well_formed(c.reason),
            micros_or_none(c.not_before), c.to and c.to.network, c.to and c.to.id, c.to and c.to.topic,
            None if c.payload is None else canonical.well_formed(c.payload), c.epoch, at, c.handle, c.never_left,
        )
        for c in outcomes
    ]  # fmt: skip
    if change(inner, "change_send", rows) != len(rows):
        tokens = ", ".join(change.token for change in outcomes)
        raise StorageError(f"the fate of a message was already settled (one of {tokens})")


def redirect(inner: sqlite3.Connection, redirects: Sequence[tuple[RoomRef, RoomRef]]) -> None:
    """Everything that waits for an old room goes to the new one. A topic's own messages move with their topic."""
    for old, new in redirects:
        if old.topic is None:
            change(inner, "redirect_chat", [(new.network, new.id, new.topic, old.network, old.id)])
        else:
            change(inner, "redirect_topic", [(new.network, new.id, new.topic, old.network, old.id, old.topic)])


async def unsent(connection: Connection) -> list[OutboxRow]:
    """Rows pending or inflight, in order of their ids."""
    return [_row(*row) for row in await connection.read("unsent")]


async def newest(connection: Connection) -> int:
    """The highest id of a row; 0 where there was none yet."""
    [(found,)] = await connection.read("newest_send")
    return int(found)


async def row(connection: Connection, token: str) -> OutboxRow | None:
    """One row by its token."""
    found = await connection.read("row", (token,))
    return _row(*found[0]) if found else None


async def sent_message(connection: Connection, room: RoomRef, message: str) -> Mentioned | None:
    """The row that a network's message id belongs to; ids are unique in a chat, whatever the topic."""
    found = await connection.read("sent_message", (room.network, room.id, message))
    if not found:
        return None
    token, stream, about, partner, network, chat, topic, payload = found[0]
    return Mentioned(token, stream, about, partner, RoomRef(network, chat, topic), payload)


async def copies(connection: Connection, stream: str, said: str) -> list[OutboxRow]:
    """The rows about something that was said in a channel: of the changes of each message those that wait, and of the others the newest in each
    state; reactions apart."""
    return [_row(*row) for row in await connection.read("copies", (stream, said))]


async def reactions(
    connection: Connection, stream: str, said: str, room: RoomRef, before: str | None
) -> list[OutboxRow]:
    """The bot's reactions to it in a chat: of each emoji the newest row in each state."""
    return [_row(*row) for row in await connection.read("reactions", (stream, said, room.network, room.id, before))]


async def recaps(connection: Connection, stream: str, said: str) -> list[OutboxRow]:
    """Every row of a recap that shows something, or takes one away: its ``about`` is the channel and what it shows (``#ops S-3 S-4``)."""
    return [_row(*row) for row in await connection.read("recaps", (stream, said))]


async def rows_of_message(connection: Connection, room: RoomRef, message: str) -> list[OutboxRow]:
    """The rows that became one message of a network."""
    return [_row(*row) for row in await connection.read("rows_of_message", (room.network, room.id, message))]


async def by_handle(connection: Connection, network: Network, handle: str) -> OutboxRow | None:
    """The row with this second name."""
    found = await connection.read("by_handle", (network, handle))
    return _row(*found[0]) if found else None


def _row(
    token: str, send: str, stream: str, network: Any, room: str, topic: str | None, urgency: int, payload: str,
    about: str | None, partner: str | None, part: int, shows: int, epoch: int, not_after: int | None, again: int,
    number: int, state: Any, created_at: int, claimed_at: int | None, first_claimed_at: int | None, not_before: int |
    None, message: str | None, reason: str | None, place: int,
) -> OutboxRow:  # fmt: skip
    return OutboxRow(
        token=token, send=send, stream=stream, to=RoomRef(network, room, topic), urgency=urgency, payload=payload,
        about=about, partner=partner, part=part, shows=bool(shows), epoch=epoch, not_after=instant_or_none(not_after),
        again=again, id=number, state=state, created_at=instant_or_none(created_at),
        claimed_at=instant_or_none(claimed_at), first_claimed_at=instant_or_none(first_claimed_at),
        not_before=instant_or_none(not_before), message=message, reason=reason, place=place,
    )  # fmt: skip
