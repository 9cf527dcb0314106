"""Rooms that move: what waits for one goes to the room that replaces it, but for what may stand in the old one already.

Where a network takes the same token only once, its token finds such a message again: in that room alone. In another one it would be a second message.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import timedelta
from typing import Protocol

from bot.ahead import Ahead
from bot.clock import Clock
from bot.networks.port import Delayed, Moved, Outcome, Refused
from bot.outgoing import moved
from bot.queues import Queues
from playbooks.rooms import Network, RoomRef
from storage.store import OutboxChange, OutboxRow

UNDECIDED = 0.5
"""Seconds until a message is tried again whose room was just replaced: by then it is mostly decided whether that is followed."""

DECIDED_WITHIN = timedelta(minutes=2)
"""How long a message whose room was replaced waits for that to be decided."""


class Homes(Protocol):
    """Who knows where rooms are."""

    def now_at(self, room: RoomRef) -> RoomRef:
        """The address of a room now."""


class Moving:
    """Readdresses what waits, and what is on its way."""

    def __init__(
        self, queues: Queues, ahead: Ahead, clock: Clock, homes: Homes, same_token_once: Collection[Network]
    ) -> None:
        self._queues = queues
        self._ahead = ahead
        self._clock = clock
        self._homes = homes
        self._same_token_once = same_token_once

    def moves(self, old: RoomRef, new: RoomRef) -> list[OutboxChange]:
        """What is to be written down of rows that wait for the old room and are on file as in flight, which else stay there."""
        changes = []
        for row in self._queues.addressed(old):
            if self._may_stand_there(row):
                changes.append(OutboxChange(row.token, "inflight"))
            elif row in self._ahead or row.state == "inflight":
                changes.append(OutboxChange(row.token, "inflight", to=moved(row, new).to))
        return changes

    def redirect(self, old: RoomRef, new: RoomRef) -> None:
        """Everything that waits for the old room goes to the new one, but for what may stand in the old one: that is asked there first."""
        self._ahead.claimed(row.token for row in self._queues.addressed(old) if self._may_stand_there(row))
        self._queues.redirect(old, new, self._may_stand_there)

    def readdressed(self, changes: Iterable[OutboxChange]) -> list[OutboxChange]:
        """What was on its way while its room moved, and waits again, waits for the new one."""
        return [self._readdressed(change) for change in changes]

    def followed(self, row: OutboxRow, outcome: Moved) -> Outcome:
        """Where a message goes whose room somebody has replaced: to the new one where that was decided, for it may be somebody else's."""
        if self._homes.now_at(row.to.chat) == outcome.to.chat:
            return outcome
        if row.created_at is not None and self._clock.now() - row.created_at > DECIDED_WITHIN:
            return Refused("its room was replaced by another, which is not followed")
        return Delayed(UNDECIDED, "its room was replaced by another just now")

    def _readdressed(self, change: OutboxChange) -> OutboxChange:
        row = self._queues.row(change.token) if change.state == "pending" and change.to is None else None
        if row is None or (self._may_stand_there(row) and not change.never_left):
            return change
        there = self._homes.now_at(row.to)
        return change if there == row.to else replace(change, to=there)

    def _may_stand_there(self, row: OutboxRow) -> bool:
        """Whether a message may stand in the room to which it was sent, where only its token can tell."""
        return row.may_stand and row.to.network in self._same_token_once
