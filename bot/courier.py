"""The courier: takes what the outbox holds to the networks, and reports what became of it.

The rules it keeps:

- One message at a time for each destination (a chat with all its topics), in order of urgency, then as written; a
  repetition comes first. Destinations go side by side, the most urgent first, inside each network's pace. One that must
  wait delays no other.
- ``inflight`` is committed before anything is written to a network. A message whose fate is unknown is never sent again
  from here, except where the network takes the same token only once.
- A message whose clearance is too old goes back to the engine, before the claim and once more after it.
- A destination is free again when its outcome is committed, not before. The truth is in the outbox; the queues are made
  from it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Protocol

from bot.clock import Clock, woken
from bot.fates import Report, delayed, fate, stale
from bot.faults import fault
from bot.networks.port import Delayed, Moved, NetworkPort, Outcome, Outgoing, Refused, Sent, Unknown
from bot.outgoing import follows, held_until, kind, outgoing
from bot.queues import Line, Queues
from playbooks.rooms import Network, RoomRef
from storage.store import OutboxRow, StorageError, StorageFull, Store

log = logging.getLogger(__name__)

LAST_SENDS = 3.0
"""Seconds that messages in flight are given when we stop."""

SAME_TOKEN_ONCE: frozenset[Network] = frozenset({"matrix"})
"""Networks that take the same token only once, so that what was in flight can be sent again."""


class Desk(Protocol):
    """Whom the courier reports to."""

    def report(self, reports: Sequence[Report]) -> None:
        """Take reports, to be committed soon; then ``Courier.settle`` is called with them."""

    def epoch(self, stream: str) -> int:
        """The policy epoch of a stream as it is now."""

    def is_group(self, room: RoomRef) -> bool:
        """Whether a chat is one of several people, which networks limit more."""

    def is_closed(self, room: RoomRef) -> bool:
        """Whether this is the private chat of an account that speaks for nobody any more."""


class Courier:
    """Carries messages until it is stopped."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        networks: Mapping[Network, NetworkPort],
        desk: Desk,
        *,
        same_token_once: Collection[Network] = SAME_TOKEN_ONCE,
    ) -> None:
        self._store = store
        self._clock = clock
        self._desk = desk
        self._same_token_once = same_token_once
        self._queues = Queues(networks)
        self._newest = 0
        self._wake = asyncio.Event()
        self._stopped = asyncio.Event()
        self._loaded = asyncio.Event()
        self.at_rest = asyncio.Event()
        self.trouble: str | None = None

    # -- what the engine says ----------------------------------------------------------------------------------------

    async def load(self) -> None:
        """Make the queues from the outbox. What was in flight when we ended is sent again where that is safe, else
        reported."""
        reports = []
        for row in await self._store.unsent():
            if row.token in self._queues:
                continue
            self._newest = max(self._newest, row.id)
            post, line = self._queues.post(row.to), self._queues.line(row.to)
            if post is None or line is None:
                self._queues.remember(row)
                reports.append(fate(row, Refused("this network is not set up here any more")))
            elif row.state == "inflight" and not self._may_go_twice(row):
                self._queues.remember(row)
                line.flying.add(row.token)
                reports.append(fate(row, Unknown("we ended while it was being sent")))
            else:
                self._queues.add(row)
                wait = held_until(row, self._clock.now())
                if wait > 0:
                    post.pace.rest(line.room, wait, self._clock.monotonic())
        self._loaded.set()
        self._tell(reports)
        self.poke()

    def add(self, rows: Iterable[OutboxRow]) -> None:
        """New rows, just committed, in the order in which they were."""
        for row in rows:
            self._newest += 1
            if row.state == "pending" and row.token not in self._queues:
                self._queues.add(replace(row, id=self._newest, created_at=row.created_at or self._clock.now()))
        self.poke()

    def take(self, send: str) -> list[OutboxRow]:
        """The rows of a Send that have not left (or one row, by its token); they stay here unless they are put back."""
        return self._queues.take(send)

    def waiting(self, stream: str) -> list[OutboxRow]:
        """The rows of a stream that have not left."""
        return self._queues.waiting(stream)

    def put_back(self, rows: Iterable[OutboxRow]) -> None:
        """What was taken is to leave after all."""
        for row in rows:
            self._queues.add(row)
        self.poke()

    def redirect(self, old: RoomRef, new: RoomRef) -> None:
        """Everything that waits for the old room goes to the new one."""
        self._queues.redirect(old, new)
        self.poke()

    def settle(self, reports: Sequence[Report]) -> None:
        """These reports are committed: their destinations are free, and what is pending waits again."""
        for report in reports:
            for row, change in zip(report.rows, report.changes, strict=True):
                self._queues.landed(row)
                if change.state == "pending":
                    self._queues.add(
                        replace(row, state="pending", to=change.to or row.to, not_before=change.not_before)
                    )
                else:
                    self._queues.forget(row)
        self.poke()

    def forget(self, reports: Sequence[Report]) -> None:
        """These rows were settled by another process: nothing more is done about them here."""
        final = [
            replace(report, changes=tuple(replace(change, state="dropped") for change in report.changes))
            for report in reports
        ]
        self.settle(final)

    def back(self, network: Network) -> None:
        """A network answers again."""
        post = self._queues.posts.get(network)
        if post is not None:
            post.back()
        self.poke()

    def poke(self) -> None:
        """Look again at what can be sent."""
        self.at_rest.clear()
        self._wake.set()

    def backlog(self, network: Network) -> int:
        """Messages that wait for a network or are on their way there."""
        return self._queues.count(network)

    @property
    def flying(self) -> int:
        """Messages that were handed to a network and not answered yet."""
        return sum(post.flying for post in self._queues.posts.values())

    # -- the loop ----------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Carry from ``load`` until ``stop``; then wait a little for what is in flight."""
        # Before the engine has folded the log, nothing can be said of how old a clearance is.
        await self._loaded.wait()
        tries = 0
        async with asyncio.TaskGroup() as sends:
            tasks: set[asyncio.Task[None]] = set()
            while not self._stopped.is_set():
                self._wake.clear()
                try:
                    lines, wait = self._choose()
                    if lines:
                        for row in await self._claim(lines):
                            task = sends.create_task(self._send(row))
                            tasks.add(task)
                            task.add_done_callback(tasks.discard)
                        tries, self.trouble = 0, None
                        continue
                except StorageError as error:
                    self.trouble = str(error)
                    log.error("messages cannot be claimed", extra={"reason": self.trouble})
                except Exception as error:  # noqa: BLE001 the loop goes on, whatever happens
                    self.trouble = fault(error)
                    log.error("the courier stumbled", extra={"fault": self.trouble})
                else:
                    if not self._wake.is_set() and not self.flying:
                        self.at_rest.set()
                    await woken(self._clock, self._wake, wait)
                    continue
                tries += 1
                await woken(self._clock, self._stopped, min(5.0, 0.05 * 2 ** min(tries, 10)))
            await self._land(tasks)

    def stop(self) -> None:
        """Claim nothing more; ``run`` returns within ``LAST_SENDS``."""
        self._stopped.set()
        self._loaded.set()
        self._wake.set()

    async def _land(self, tasks: set[asyncio.Task[None]]) -> None:
        if tasks:
            # The real time counts here: a clock that stands still must not keep us from stopping.
            _, late = await asyncio.wait(set(tasks), timeout=LAST_SENDS)
            for task in late:
                task.cancel()
            if late:
                log.warning("messages were still in flight when we stopped", extra={"messages": len(late)})

    def _choose(self) -> tuple[list[Line], float | None]:
        """The destinations whose first message may leave now, and the seconds until it is worth looking again."""
        now = self._clock.monotonic()
        chosen: list[Line] = []
        waits: list[float] = []
        for post in self._queues.posts.values():
            if not post.port.state.connected:
                continue
            while (line := post.next(now)) is not None:
                if self._sent_back_as_stale(line):
                    continue
                post.pace.take(line.room, group=self._desk.is_group(line.room), now=now)
                post.flying += 1
                line.flying.add(line.first.token)
                chosen.append(line)
            again = post.wait(now)
            if again is not None:
                waits.append(again)
        return chosen, min(waits, default=None)

    async def _claim(self, lines: list[Line]) -> list[OutboxRow]:
        """Commit that these messages are in flight, all in one transaction, and take them out of their queues."""
        now = self._clock.now()
        rows = [line.pop() for line in lines]
        fresh = [row.token for row in rows if row.state == "pending"]
        try:
            if fresh:
                await self._store.claim(fresh, now)
        except BaseException as error:
            for row in rows:
                self._queues.posts[row.to.network].flying -= 1
                self._queues.landed(row)
                self._queues.add(row)
            if isinstance(error, StorageError) and not isinstance(error, StorageFull):
                await self._drop_settled(rows)
            raise
        claimed = []
        for row in rows:
            was = row.state
            row = replace(row, state="inflight", claimed_at=now, first_claimed_at=row.first_claimed_at or now)
            self._queues.remember(row)
            if was == "pending" and self._is_stale(row):
                self._queues.posts[row.to.network].flying -= 1
                self._tell([stale([row, *self.take(row.send)], over=self._is_over(row))])
            else:
                claimed.append(row)
        return claimed

    async def _drop_settled(self, rows: Sequence[OutboxRow]) -> None:
        """Let go of rows that another process has dealt with, so that one of them does not hold up the others."""
        for row in rows:
            kept = await self._store.row(row.token)
            if row.state == "pending" and (kept is None or kept.state != "pending"):
                log.error("a message was settled elsewhere", extra={"send": row.token})
                self._queues.remove(row)
                self._queues.forget(row)

    async def _send(self, row: OutboxRow) -> None:
        post = self._queues.posts[row.to.network]
        try:
            outcome = await post.port.send(await self._addressed(row))
        except Exception as error:  # noqa: BLE001 the loop goes on, whatever happens
            log.error("a network raised while sending", extra={"network": row.to.network, "fault": fault(error)})
            outcome = Unknown(f"{type(error).__name__} while it was being sent")
        finally:
            post.flying -= 1
        self._tell([self._report(row, outcome)])
        self.poke()

    async def _addressed(self, row: OutboxRow) -> Outgoing:
        """The message as the network is handed it, a reply where what it follows has arrived in the same chat."""
        out, earlier = outgoing(row), follows(row)
        try:
            found = await self._store.row(earlier) if earlier is not None else None
        except StorageError:
            return out  # what it replies to is worth no delay, and nothing has been written to the network yet
        if found is None or found.message is None or found.to.chat != row.to.chat:
            return out
        return replace(out, reply_to=found.message)

    # -- what is reported ----------------------------------------------------------------------------------------------

    def _report(self, row: OutboxRow, outcome: Outcome) -> Report:
        """What an outcome makes of a row, remembered for the pace of its destination."""
        post, line = self._queues.post(row.to), self._queues.line(row.to)
        now = self._clock.monotonic()
        match outcome:
            case Sent() if post is not None and line is not None:
                post.pace.accepted(line.room)
                line.released()
            case Moved(to=to) if post is not None:
                # Two rooms that point at each other are followed ever more slowly.
                post.pace.failed(to.chat, now)
            case Delayed(seconds=seconds, everywhere=everywhere) if post is not None and line is not None:
                wait = post.pace.delayed(line.room, seconds, everywhere=everywhere, now=now)
                return delayed(row, outcome, self._clock.now() + timedelta(seconds=wait), tell=line.held(now, wait))
        return fate(row, outcome)

    def _may_go_twice(self, row: OutboxRow) -> bool:
        """Whether what was in flight may be handed over again: what is removed twice is removed."""
        return row.to.network in self._same_token_once or kind(row) == "delete"

    def _is_stale(self, row: OutboxRow) -> bool:
        if self._is_over(row):
            return True
        # What was written before an account was lost or revoked is not for it any more, whatever it shows.
        return (row.shows or self._desk.is_closed(row.to)) and row.epoch != self._desk.epoch(row.stream)

    def _is_over(self, row: OutboxRow) -> bool:
        return row.not_after is not None and self._clock.now() > row.not_after

    def _sent_back_as_stale(self, line: Line) -> bool:
        """Hand the first message back if its clearance is too old, with the other parts of it that still wait."""
        row = line.first
        if not self._is_stale(row):
            return False
        line.flying.add(row.token)
        line.pop()
        if row.state == "inflight":
            # It may have arrived before we were restarted, so that it cannot be said to have been held back.
            self._tell([self._report(row, Unknown("we ended while it was being sent"))])
        else:
            self._tell([stale([row, *self.take(row.send)], over=self._is_over(row))])
        return True

    def _tell(self, reports: Sequence[Report]) -> None:
        if reports:
            self._desk.report(reports)
