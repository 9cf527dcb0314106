"""The courier: takes what the outbox holds to the networks, and reports what became of it.

The rules it keeps:

- One message at a time for each destination (a chat with all its topics), in order of urgency, then as written; a
  repetition comes first. Destinations go side by side, the most urgent first, inside each network's pace. One that must
  wait delays no other.
- ``inflight`` is committed before anything is written to a network. A message whose fate is unknown is never sent again
  from here, except where the network takes the same token only once.
- A message whose clearance is too old goes back to the engine, before the claim and once more after it.
- A destination is free again when its outcome is committed, not before, except for talk that nothing refers to (``ahead``).
  The truth is in the outbox; the queues are made from it.
- Talk into a room that is held back goes several to a message; where even that is too much, it makes way for a digest.
- What the network must be handed beside the words, files and the names of earlier messages, is found before anything is
  written to it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Protocol, assert_never

from bot.addressing import Addressed, Addresses
from bot.ahead import Ahead
from bot.claiming import Claiming
from bot.clock import Clock, woken
from bot.fates import (
    Elsewhere,
    OneByOne,
    Report,
    Reported,
    Taken,
    WithoutFile,
    delayed,
    fate,
    flooded,
    gave_way,
    sent,
    verdict,
)
from bot.faults import fault
from bot.fetching import Fetching, Files
from bot.leaving import Leaving
from bot.moving import Moving
from bot.networks.port import Delayed, Moved, NetworkPort, Outcome, Refused, Sent, Unknown
from bot.outgoing import held_until
from bot.queues import GIVES_WAY, UNDONE, Line, Post, Queues
from bot.recalling import Recalls
from handlers import signs
from playbooks.rooms import Network, RoomRef
from storage.effects import Urgency
from storage.store import OutboxChange, OutboxRow, StorageError, Store

log = logging.getLogger(__name__)

LAST_SENDS = 3.0
"""Seconds that messages in flight are given when we stop."""

SAME_TOKEN_ONCE: frozenset[Network] = frozenset({"matrix"})
"""Networks that take the same token only once, so that what was in flight can be sent again."""

UNREADABLE = 2.0
"""Seconds until a message is tried again whose references could not be read from what is kept."""


class Desk(Protocol):
    """Whom the courier reports to."""

    def report(self, reports: Sequence[Report]) -> None:
        """Take reports, to be committed soon; then ``Courier.settle`` is called with them."""

    def epoch(self, stream: str) -> int:
        """The policy epoch of a stream as it is now."""

    def is_group(self, room: RoomRef) -> bool:
        """Whether a chat is one of several people, which networks limit more."""

    def now_at(self, room: RoomRef) -> RoomRef:
        """The address of a room now."""

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
        files: Files | None = None,
    ) -> None:
        """``files``: the spool; without one, words say that a file could not be carried."""
        self._store = store
        self._clock = clock
        self._desk = desk
        self._same_token_once = same_token_once
        self._queues = Queues(networks)
        self._addresses = Addresses(store)
        self._files = Fetching(files, clock, networks, self._queues, self._had, self._set_aside)
        self._recalls = Recalls(self._queues, clock, desk)
        self._leaving = Leaving(self._queues, self._files, clock, desk, self._recalls.is_stale, same_token_once)
        self._ahead = Ahead(self._queues, self._recalls.is_stale, same_token_once)
        self._claiming = Claiming(store, self._queues, self._ahead, self._recalls, self._leaving.part_with, self._tell)
        self._moving = Moving(self._queues, self._ahead, clock, desk, same_token_once)
        self._newest = 0
        self._sends: asyncio.TaskGroup | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._at_once: dict[str, OutboxRow] = {}
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
        self._newest = await self._store.newest()  # whatever was sent: a row has one number, here and on file
        for row in await self._store.unsent():
            if row.token in self._queues:
                continue
            post, line = self._queues.post(row.to), self._queues.line(row.to)
            if post is None or line is None:
                self._queues.remember(row)
                reports.append(fate(row, Refused("this network is not set up here any more")))
            elif row.state == "inflight" and row.message is not None:
                self._queues.remember(row)
                line.flying.add(row.token)
                reports.append(sent(row, row.message))
            elif row.state == "inflight" and not self._may_go_twice(row):
                self._queues.remember(row)
                line.flying.add(row.token)
                reports.append(fate(row, Unknown("we ended while it was being sent")))
            else:
                reports += self._stand(row)
                wait = held_until(row, self._clock.now())
                if wait > 0:
                    post.pace.rest(line.room, wait, self._clock.monotonic())
        self._loaded.set()
        self._tell(reports)
        self.poke()

    def claims(self, rows: Sequence[OutboxRow]) -> list[str]:
        """The tokens of those new rows that are to be committed as claimed with everything else. Then they are added, or not (``unclaim``)."""
        if not self._stopped.is_set() and self._sends is not None:
            self._at_once = self._ahead.at_once(rows, self._clock.monotonic(), self._desk.is_group)
        return [*self._at_once, *self._ahead.new(row for row in rows if row.token not in self._at_once)]

    def unclaim(self) -> None:
        """Nothing was committed."""
        for row in self._at_once.values():
            self._queues.posts[row.to.network].flying -= 1
            self._queues.landed(row)
        self._at_once = {}
        self.poke()

    def add(self, rows: Iterable[OutboxRow], claimed: Iterable[str] = ()) -> None:
        """New rows, just committed, in the order in which they were; and which of them as claimed."""
        at_once, self._at_once = self._at_once, {}
        self._ahead.claimed(token for token in claimed if token not in at_once)
        reports = []
        for row in rows:
            self._newest += 1
            if row.token in at_once:
                now = self._clock.now()
                row = replace(row, id=self._newest, created_at=row.created_at or now)
                if left := self._claiming.still_cleared([row], now):
                    self._go(left)
            elif row.state == "pending" and row.token not in self._queues:
                reports += self._stand(replace(row, id=self._newest, created_at=row.created_at or self._clock.now()))
        self._tell(reports)
        self.poke()

    def take(self, send: str) -> list[OutboxRow]:
        """The rows of a Send that wait (or one row, by its token); they stay here unless they are put back.

        Some may stand in their rooms already. What is on its way just now does not leave again as it is.
        """
        self._recalls.unwanted(self._queues.on_their_way(send))
        taken = [self._recalls.taken(row) for row in self._queues.take(send)]
        for row in taken:
            self._leaving.part_with(row)
        return taken

    def waiting(self, stream: str) -> list[OutboxRow]:
        """The rows of a stream that wait; some may stand in their rooms already."""
        return self._queues.waiting(stream)

    def waits(self, token: str) -> OutboxRow | None:
        """A row that waits, by its token; it may stand in its room already."""
        row = self._queues.row(token)
        return row if row is not None and self._queues.waits(row) else None

    def put_back(self, rows: Iterable[OutboxRow]) -> None:
        """What was taken is to leave after all."""
        self._tell([report for row in rows for report in self._stand(row)])
        self.poke()

    def moves(self, old: RoomRef, new: RoomRef) -> list[OutboxChange]:
        """What is to be written down of rows that wait for the old room and are on file as in flight, which else stay there."""
        return self._moving.moves(old, new)

    def redirect(self, old: RoomRef, new: RoomRef) -> None:
        """Everything that waits for the old room goes to the new one, but for what may stand in the old one: that is asked there first."""
        self._moving.redirect(old, new)
        self.poke()

    def readdressed(self, changes: Iterable[OutboxChange]) -> list[OutboxChange]:
        """What was on its way while its room moved, and waits again, waits for the new one."""
        return self._moving.readdressed(changes)

    def settle(self, reports: Sequence[Report]) -> None:
        """These reports are committed: their destinations are free, and what is pending waits again."""
        more = []
        for report in reports:
            self._ahead.left(report.rows)
            self._ahead.decided(report.rows)
            for row, change in zip(report.rows, report.changes, strict=True):
                self._queues.landed(row)
                if change.state == "pending":
                    more += self._stand(self._recalls.waits_again(row, change))
                else:
                    self._recalls.settled(row)
                    self._queues.forget(row)
                    self._leaving.part_with(row)
        self._tell(more)
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
        try:
            await self._carry()
        finally:
            await self._files.close()

    async def _carry(self) -> None:
        tries = 0
        async with asyncio.TaskGroup() as self._sends:
            while not self._stopped.is_set():
                self._wake.clear()
                try:
                    chosen, wait = self._choose()
                    if chosen:
                        for rows in await self._claiming.claim(chosen, self._clock.now()):
                            self._go(rows)
                        tries, self.trouble = 0, None
                        continue
                except StorageError as error:
                    self.trouble = str(error)
                    log.error("messages cannot be claimed", extra={"reason": self.trouble})
                except Exception as error:  # noqa: BLE001 the loop goes on, whatever happens
                    self.trouble = fault(error)
                    log.error("the courier stumbled", extra={"fault": self.trouble})
                else:
                    if not self._wake.is_set() and not self.flying and not self._files.active:
                        self.at_rest.set()
                    await woken(self._clock, self._wake, wait)
                    continue
                tries += 1
                await woken(self._clock, self._stopped, min(5.0, 0.05 * 2 ** min(tries, 10)))
            while self._at_once:  # on their way to the disk
                self._wake.clear()
                await self._wake.wait()
            await self._land(self._tasks)

    def _go(self, rows: list[OutboxRow]) -> None:
        """Send a message that is claimed."""
        assert self._sends is not None
        task = self._sends.create_task(self._send(rows))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

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

    def _choose(self) -> tuple[list[list[OutboxRow]], float | None]:
        """The messages that may leave now, each with all its rows, and the seconds until it is worth looking again."""
        now = self._clock.monotonic()
        chosen: list[list[OutboxRow]] = []
        again: list[float] = []
        for post in self._queues.posts.values():
            if not post.port.state.connected:
                continue
            while (line := post.next(now)) is not None:
                if self._sent_back_as_stale(line):
                    continue
                if flood := self._leaving.flood(post, line, now):
                    self._tell([flooded(room, rows) for room, rows in flood.items()])
                    continue
                rows = self._leaving.next(post, line, now)
                if not rows:
                    continue
                if rows[0].urgency == Urgency.SIGN:
                    line.signed_at = now
                post.pace.take(line.room, group=self._desk.is_group(line.room), now=now)
                post.flying += 1
                line.flying.update(row.token for row in rows)
                chosen.append(rows)
            wait = post.wait(now)
            if wait is not None:
                again.append(wait)
        return chosen, min(again, default=None)

    async def _send(self, rows: list[OutboxRow]) -> None:
        post = self._queues.posts[rows[0].to.network]
        found: Addressed | Refused | Delayed | None = None
        outcome: Outcome
        try:
            found = await self._addressed(rows, post.port)
            outcome = await post.port.send(found.out) if isinstance(found, Addressed) else found
            if isinstance(outcome, Moved) and outcome.by_people:
                outcome = self._moving.followed(rows[0], outcome)
            if isinstance(outcome, Sent) and rows[0] in self._recalls:
                outcome = await self._recalls.taken_away(post.port, rows[0], outcome)
            elif isinstance(outcome, Refused) and rows[0].emptied:
                outcome = Unknown(f"it may stand there ({outcome.reason})")
        except Exception as error:  # noqa: BLE001 the loop goes on, whatever happens
            log.error("a network raised while sending", extra={"network": post.port.name, "fault": fault(error)})
            outcome = Unknown(f"{type(error).__name__} while it was being sent")
        finally:
            post.flying -= 1
            for row in rows:
                self._files.let_go(row.token)
        reports = [self._recalls.without_words(report) for report in self._reports(rows, found, outcome)]
        if isinstance(outcome, Sent):
            self._follow(post, rows, reports)
        self._tell(reports)
        self.poke()

    def _follow(self, post: Post, rows: Sequence[OutboxRow], reports: Sequence[Report]) -> None:
        """The network took it: what may follow before that is committed need not wait."""
        line = post.line(rows[0].to.chat)
        if self._ahead.follow(line, rows, reports):
            for row in rows:
                line.flying.discard(row.token)
            post.look(line)

    async def _addressed(self, rows: list[OutboxRow], port: NetworkPort) -> Addressed | Refused | Delayed:
        """The message as its network is handed it. Nothing has been written to the network yet, whatever goes wrong."""
        files = {row.token: self._files.of(row.token) for row in rows}
        try:
            found = await self._addresses.of(rows, port, files, self._clock.now())
            return found.lacking(rows, self._files.lacks) if isinstance(found, Addressed) else found
        except StorageError:
            return Delayed(UNREADABLE, "what it concerns cannot be looked up now")
        except Exception as error:  # noqa: BLE001 a fault of ours fails one message, and is reported
            log.error("a message could not be put together", extra={"send": rows[0].token, "fault": fault(error)})
            return Refused("it could not be put together")

    # -- what is reported ----------------------------------------------------------------------------------------------

    def _reports(
        self, rows: Sequence[OutboxRow], found: Addressed | Refused | Delayed | None, outcome: Outcome
    ) -> list[Report]:
        """What an outcome makes of the rows of a message, applied to what leaves after it."""
        first = rows[0]
        if isinstance(outcome, Sent | Moved) and self._recalls.beside(first):
            return gave_way(rows, "what may be shown has changed")
        if isinstance(outcome, Sent) and first in self._recalls:
            return [self._stale(self._recalls.as_it_was(first))]
        post = self._queues.posts[first.to.network]
        line = post.line(first.to.chat)
        if isinstance(outcome, Delayed):
            return self._held_back(rows, outcome, post, line)
        said = verdict(rows, found, outcome, self._recalls.as_it_was)
        match said:
            case Taken():
                post.pace.accepted(line.room)
                line.released()
            case OneByOne():
                self._leaving.apart |= {row.token for row in rows}
            case WithoutFile():
                self._files.leave_out(first.token)
            case Elsewhere(to=to):
                # Two rooms that point at each other are followed ever more slowly; what merely comes late holds up nobody in the new one.
                if self._desk.now_at(first.to.chat) != to.chat:
                    post.pace.failed(to.chat, self._clock.monotonic())
                self._recalls.taken(first)
            case Reported():
                pass
            case _:
                assert_never(said)
        return said.reports

    def _held_back(self, rows: Sequence[OutboxRow], outcome: Delayed, post: Post, line: Line) -> list[Report]:
        """They go again when the pace of their destination lets them, of which the first says something where that is long."""
        now = self._clock.monotonic()
        wait = post.pace.delayed(line.room, outcome.seconds, everywhere=outcome.everywhere, now=now)
        until = self._clock.now() + timedelta(seconds=wait)
        first = rows[0]
        waited = (self._clock.now() - first.created_at).total_seconds() if first.created_at else 0.0
        tell = line.held(now, wait, waited)
        return [delayed(row, outcome, until, tell=tell and row is first) for row in rows]

    def _stand(self, row: OutboxRow) -> list[Report]:
        """Put a row in line. What need not be sent any more because of it."""
        self._queues.add(row)
        if row.urgency == Urgency.SIGN:
            return gave_way(self._queues.gives_way(row, signs.ALL), GIVES_WAY)
        return gave_way(self._queues.undone(row), UNDONE)

    def _had(self, token: str) -> None:
        self._queues.look_again(token)
        self.poke()

    def _set_aside(self, token: str) -> None:
        self._queues.set_aside(token)
        self.poke()

    def _may_go_twice(self, row: OutboxRow) -> bool:
        """Whether what was in flight may be handed over again: what is removed, changed or reacted to twice is so once."""
        return row.to.network in self._same_token_once or row.kind in ("delete", "react") or row.amends is not None

    def _sent_back_as_stale(self, line: Line) -> bool:
        """Hand the first message back if its clearance is too old, with the other parts of it that still wait. One that may stand already is not
        handed back before it is certain that it does not: it leaves without its words.
        """
        row = line.first
        if not self._recalls.is_stale(row):
            return False
        if row.may_stand:
            self._queues.put(self._recalls.recall(row))
            return False
        line.flying.add(row.token)
        line.pop()
        if row.state == "inflight":
            # It may have arrived before we were restarted, so that it cannot be said to have been held back.
            self._tell([fate(row, Unknown("we ended while it was being sent"))])
        else:
            self._tell([self._stale(row)])
        return True

    def _stale(self, row: OutboxRow) -> Report:
        return self._recalls.stale(row, self._leaving.part_with)

    def _tell(self, reports: Sequence[Report]) -> None:
        if reports:
            self._desk.report(reports)
