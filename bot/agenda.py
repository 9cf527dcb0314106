"""What waits to be decided: on file what was heard and what is due; in memory what came of messages and of networks.

What is in memory is lost with the process and told anew after a start: messages by the outbox, networks by themselves.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from bot.clock import Clock
from bot.fates import Report
from handlers.events import Event
from storage.store import Deadline, InboxRow, StorageError, Store

Waits = Event | Report | InboxRow | Deadline
"""One thing that waits."""

MOST_HEARD = 100
MOST_DUE = 100
MOST_TURNS = 50
"""Turns for which what fell due waits while more was heard than one turn can take."""

MOST_AT_ONCE = 1000
"""Events and reports that are decided together."""


class Agenda:
    """What waits. ``heard`` and ``due``: there may be something on file. While ``alone`` is not 0, one goes at a time.

    What fell due waits until everything heard is decided, but not for ever.
    """

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self.reports: deque[Report] = deque()
        self.events: deque[Event] = deque()
        self.heard = True
        self.due = True
        self.alone = 0
        self._put_off = 0

    async def take(self) -> list[Waits]:
        """What waits now, in the order in which it is decided. Raises StorageError, and then nothing is taken."""
        most = 1 if self.alone else MOST_AT_ONCE
        heard: Sequence[InboxRow] = ()
        due: Sequence[Deadline] = ()
        first = bool(self.alone and (self.events or self.reports))
        if self.heard and not first:
            self.heard = False
            heard = await self._heard(min(MOST_HEARD, most))
        self._put_off = self._put_off + 1 if self.heard else 0
        listening = self.heard and self._put_off <= MOST_TURNS
        if self.due and not first and not listening and not (self.alone and heard):
            self.due = False
            due = await self._due(min(MOST_DUE, most))
        found: list[Waits] = []
        # What is in memory only is taken once nothing can go wrong any more.
        for queue in (self.events, self.reports):
            while queue and len(found) < most:
                found.append(queue.popleft())
        self.alone = max(0, self.alone - 1)
        if most > 1 or not found:
            return [*found, *heard, *due]
        self.heard, self.due = self.heard or bool(heard), self.due or bool(due)
        return found

    async def _heard(self, limit: int) -> Sequence[InboxRow]:
        try:
            rows = await self._store.waiting(limit)
        except StorageError:
            self.heard = True
            raise
        self.heard = self.heard or len(rows) == limit
        return rows

    async def _due(self, limit: int) -> Sequence[Deadline]:
        try:
            due = await self._store.due(self._clock.now(), limit)
        except StorageError:
            self.heard = self.due = True
            raise
        self.due = self.due or len(due) == limit
        return due

    def put_back(self, waits: Sequence[Waits]) -> None:
        """Nothing was kept of what was decided: everything waits as before."""
        self.heard = self.due = True
        self.reports.extendleft(reversed([one for one in waits if isinstance(one, Report)]))
        events = [one for one in waits if not isinstance(one, Report | InboxRow | Deadline)]
        self.events.extendleft(reversed(events))

    def done_with(self, one: Waits) -> None:
        """This does not wait any more."""
        if isinstance(one, Report):
            self.reports.remove(one)
        elif not isinstance(one, InboxRow | Deadline):
            self.events.remove(one)

    async def settled_elsewhere(self) -> list[Report]:
        """Take out the reports on messages that another process has settled: they could never be committed."""
        found = []
        for report in list(self.reports):
            rows = [await self._store.row(row.token) for row in report.rows]
            if any(row is None or row.state in ("sent", "refused", "dropped") for row in rows):
                self.reports.remove(report)
                found.append(report)
        return found
