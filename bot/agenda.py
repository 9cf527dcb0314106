"""What waits to be decided: on file what was heard and what is due; in memory what came of messages and of networks.

What is in memory is lost with the process and told anew after a start: messages by the outbox, networks by themselves.

What was heard need not go to the file first where nothing else waits there: it is kept in the transaction of what it leads to, and its network
waits for that. One wait for the disk instead of two, before anybody hears it elsewhere.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.clock import Clock
from bot.fates import Report
from handlers.events import Event
from playbooks.rooms import Network
from storage.store import Deadline, InboxRow, StorageError, Store


@dataclass(frozen=True, slots=True, eq=False)
class Offer:
    """What a network just told, on no file yet. ``kept`` is whether it is kept with what it led to; if not, it is to be kept first."""

    network: Network
    rows: tuple[InboxRow, ...]
    cursor: str | None
    kept: asyncio.Future[bool]

    def answer(self, *, kept: bool) -> None:
        """Tell the network, if it still listens."""
        if not self.kept.done():
            self.kept.set_result(kept)


Waits = Event | Report | InboxRow | Offer | Deadline
"""One thing that waits."""

MOST_HEARD = 100
MOST_DUE = 100
MOST_TURNS = 50
"""Turns for which what fell due waits while more was heard than one turn can take."""

MOST_AT_ONCE = 1000
"""Events and reports that are decided together."""


class Agenda:
    """What waits. ``heard`` and ``due``: there may be something on file. While ``alone`` is not 0, one goes at a time.
    ``awaited``: who waits until everything that was kept is decided. What is ``at_leisure`` goes with whatever else does, or by itself where somebody ``pressed`` for it.

    What fell due waits until everything heard is decided, but not for ever.
    """

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self.reports: deque[Report] = deque()
        self.events: deque[Event] = deque()
        self.offers: list[Offer] = []
        self.at_leisure: list[Report] = []
        self.pressed = False
        self.heard = True
        self.due = True
        self.alone = 0
        self.awaited: list[asyncio.Future[None]] = []
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
        offers, self.offers = [one for one in self.offers if not one.kept.done()], []
        if heard or self.alone:
            self.decline(offers)
            offers = []
        if found or heard or offers or due or self.pressed:
            found += self.at_leisure
            self.at_leisure, self.pressed = [], False
        self.alone = max(0, self.alone - 1)
        if most > 1 or not found:
            return [*found, *heard, *offers, *due]
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
        events = [one for one in waits if not isinstance(one, Report | InboxRow | Offer | Deadline)]
        self.events.extendleft(reversed(events))
        self.decline(one for one in waits if isinstance(one, Offer))

    def decline(self, offers: Iterable[Offer]) -> None:
        """These are to be kept first, and wait on file."""
        for one in offers:
            one.answer(kept=False)

    def decided(self) -> None:
        """What was taken is decided: if that was all that was kept, tell those who wait for it."""
        if not self.heard:
            awaited, self.awaited = self.awaited, []
            for one in awaited:
                if not one.done():
                    one.set_result(None)

    def done_with(self, one: Waits) -> None:
        """This does not wait any more."""
        if isinstance(one, Report):
            self.reports.remove(one)
        elif not isinstance(one, InboxRow | Offer | Deadline):
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
