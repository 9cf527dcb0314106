"""Claims: that a message is in flight is on file before anything of it is written to a network, else a crash would have it sent twice."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from bot.ahead import Ahead
from bot.fates import Report
from bot.queues import Queues
from bot.recalling import Recalls
from storage.store import OutboxRow, StorageError, StorageFull, Store

log = logging.getLogger(__name__)


class Claiming:
    """Claims what was chosen to leave. ``part_with`` is told of rows that wait no more, ``tell`` what became of those that may not leave."""

    def __init__(
        self,
        store: Store,
        queues: Queues,
        ahead: Ahead,
        recalls: Recalls,
        part_with: Callable[[OutboxRow], None],
        tell: Callable[[Sequence[Report]], None],
    ) -> None:
        self._store = store
        self._queues = queues
        self._ahead = ahead
        self._recalls = recalls
        self._part_with = part_with
        self._tell = tell

    async def claim(self, chosen: list[list[OutboxRow]], now: datetime) -> list[list[OutboxRow]]:
        """Commit that these messages are in flight, all in one transaction, and take them out of their queues. Those that may leave still.

        Raises StorageError; then they wait as before, but for those that another process has dealt with.
        """
        rows = [row for some in chosen for row in some]
        for row in rows:
            self._queues.pop(row)
        fresh = [row.token for row in rows if row.state == "pending" and row not in self._ahead]
        try:
            if fresh:
                more = self._ahead.with_(chosen)
                await self._store.claim([*fresh, *more], now, self._ahead.arrived)
                self._ahead.claimed(more)
            self._ahead.left(rows)
        except BaseException as error:
            for some in chosen:
                self._queues.posts[some[0].to.network].flying -= 1
            for row in rows:
                self._queues.landed(row)
                self._queues.add(row)
            if isinstance(error, StorageError) and not isinstance(error, StorageFull):
                await self._drop_settled(rows)
            raise
        return [left for some in chosen if (left := self.still_cleared(some, now))]

    def still_cleared(self, rows: Sequence[OutboxRow], now: datetime) -> list[OutboxRow]:
        """The rows of a message that was just claimed, without those whose clearance became too old meanwhile."""
        claimed = []
        for row in rows:
            if row.may_stand and self._recalls.is_stale(row):
                row = self._recalls.recall(row)
            elif row.state == "pending" and self._recalls.is_stale(row):
                self._queues.remember(replace(row, state="inflight"))
                self._tell([self._recalls.stale(row, self._part_with)])
                continue
            row = replace(row, state="inflight", claimed_at=now, first_claimed_at=row.first_claimed_at or now)
            self._queues.remember(row)
            claimed.append(row)
        if not claimed:
            self._queues.posts[rows[0].to.network].flying -= 1
        return claimed

    async def _drop_settled(self, rows: Sequence[OutboxRow]) -> None:
        """Let go of rows that another process has dealt with, so that one of them does not hold up the others."""
        for row in rows:
            kept = await self._store.row(row.token)
            if row.state == "pending" and (kept is None or kept.state != "pending"):
                log.error("a message was settled elsewhere", extra={"send": row.token})
                self._queues.remove(row)
                self._queues.forget(row)
                self._part_with(row)
