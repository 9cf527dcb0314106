"""The engine: takes what was heard, what came of messages and what fell due, one after the other, decides, and commits.

The rules it keeps:

- One task decides, each event in the world that the one before it left. Whatever waits at a moment is decided together
  and committed in one transaction; nothing waits for a timer. Only what is committed becomes the world, and only then
  is anything sent.
- Where nothing that was heard waits, what is heard now is committed with what it leads to; else, and wherever that fails, before it.
- An event that cannot be committed stays where it was and is decided again; nothing is lost, a full disk only delays.
- An event that our code cannot handle fails alone: it is kept, said so in the log, and whoever asked is told.
- What people said is decided before what fell due: silence is silence only once everything heard was listened to.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Protocol, cast

import handlers
from bot import loading
from bot.agenda import MOST_HEARD, Agenda, Offer, Waits
from bot.calendar import WallCalendar
from bot.clock import Clock, woken
from bot.deciding import Decisions, Turn, Undecided
from bot.fates import Report
from bot.faults import fault
from bot.keeping import Keeping
from bot.networks.port import NetworkDown, NetworkPort
from bot.resolving import chats, resolved
from bot.transaction import Transaction
from handlers.coordinators import unreachable
from handlers.events import CannotRead, Event, NetworkEvent
from handlers.world import World
from playbooks.load import Book
from playbooks.rooms import Network, RoomRef
from storage.canonical import well_formed
from storage.facts import PlaybookReloaded, Stopped
from storage.store import Changed, Deadline, InboxRow, OutboxChange, OutboxRow, StorageError, StorageFull, Store

log = logging.getLogger(__name__)


class Carrier(Protocol):
    """Whom the engine hands committed messages to: the courier."""

    at_rest: asyncio.Event

    async def load(self) -> None: ...
    def claims(self, rows: Sequence[OutboxRow]) -> list[str]: ...
    def unclaim(self) -> None: ...
    def add(self, rows: Iterable[OutboxRow], claimed: Iterable[str] = ()) -> None: ...
    def take(self, send: str) -> list[OutboxRow]: ...
    def waiting(self, stream: str) -> list[OutboxRow]: ...
    def waits(self, token: str) -> OutboxRow | None: ...
    def put_back(self, rows: Iterable[OutboxRow]) -> None: ...
    def moves(self, old: RoomRef, new: RoomRef) -> list[OutboxChange]: ...
    def readdressed(self, changes: Iterable[OutboxChange]) -> list[OutboxChange]: ...
    def redirect(self, old: RoomRef, new: RoomRef) -> None: ...
    def settle(self, reports: Sequence[Report]) -> None: ...
    def forget(self, reports: Sequence[Report]) -> None: ...
    def back(self, network: Network) -> None: ...
    def poke(self) -> None: ...


class Engine(Keeping):
    """Decides until it is stopped. It is also the networks' ``Ears``, and the courier's ``Desk``.

    ``trouble`` says why nothing can be committed now; None when all is well. ``deadlines_changed`` is called after
    a commit that set, fired or took back a deadline; ``to_stamp`` after one in which a checkpoint is to be stamped.
    ``stalled`` counts the escalations that were found without one.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        shelf: Mapping[str, Book],
        admins: Collection[str],
        name: str,
        networks: Mapping[Network, NetworkPort],
        *,
        rehearsal: bool = False,
        decide: Decisions | None = None,
        seeds: Callable[[], bytes] = lambda: os.urandom(16),
    ) -> None:
        super().__init__(store, clock)
        self._networks = networks
        self._decide = decide if decide is not None else cast(Decisions, handlers)
        self._seeds = seeds
        self._world = World(
            name, dict(shelf), {}, admins=frozenset(admins), rehearsal=rehearsal, calendar=WallCalendar()
        )
        self._sizes: dict[str, int] = {}
        self._carrier: Carrier | None = None
        self._agenda = Agenda(store, clock)
        self._begun = False
        self._outdated = False
        self._auditing = False
        self._state: dict[Network, str] = {}
        self._unresolved: set[Network] = set()
        self._resolving = 0
        self._private: tuple[object, frozenset[RoomRef]] = (None, frozenset())
        self._stopping: str | None = None
        self._wake = asyncio.Event()
        self._stopped = asyncio.Event()
        self.started = asyncio.Event()
        self.at_rest = asyncio.Event()
        self.trouble: str | None = None
        self.stalled = 0
        self.deadlines_changed: Callable[[], None] = lambda: None
        self.to_stamp: Callable[[str, str], None] = lambda stream, note: None

    # -- what others ask and tell ----------------------------------------------------------------------------------

    @property
    def world(self) -> World:
        """Everything committed, as it adds up now."""
        return self._world

    def hand_to(self, carrier: Carrier) -> None:
        """Who carries the messages. Before ``run``."""
        self._carrier = carrier

    def report(self, reports: Sequence[Report]) -> None:
        """What became of messages; committed soon, and then given back to the carrier."""
        if all(one.at_leisure for one in reports):
            self._agenda.at_leisure.extend(reports)
        else:
            self._agenda.reports.extend(reports)
            self._poke()

    def tell(self, event: Event) -> None:
        """Something happened that is on no file: a network came or went, an alias was resolved."""
        self._agenda.events.append(event)
        self._poke()

    def fall_due(self) -> None:
        """Deadlines may have passed."""
        self._agenda.due = True
        self._poke()

    def audit(self) -> None:
        """Hold what is awaited against the deadlines that are set, soon."""
        self._auditing = True
        self._poke()

    def signing(self) -> Mapping[str, timedelta]:
        """How often the log of each open incident is signed, by its playbook."""
        return {one.id: self._world.book_of(one).playbook.log.sign for one in self._world.open}

    def epoch(self, stream: str) -> int:
        """The policy epoch of a stream as it is now."""
        return self._world.epoch(self._world.incidents.get(stream))

    def is_group(self, room: RoomRef) -> bool:
        """Whether a chat has several people in it, as far as is known."""
        who = self._world.who
        traits = who.traits.get(room)
        if traits is not None:
            return not traits.private
        if self._private[0] is not who.direct:
            self._private = (who.direct, frozenset(ref.chat for ref in who.direct.values()))
        return room not in self._private[1]

    def now_at(self, room: RoomRef) -> RoomRef:
        """The address of a room now, as was decided."""
        return self._world.who.now_at(room)

    def is_closed(self, room: RoomRef) -> bool:
        """Whether this is the private chat of an account that is lost or revoked."""
        return self._world.who.closed(room)

    async def settled(self) -> None:
        """Return once everything told so far is decided, committed and sent, or waits for time to pass."""
        # Time may just have passed for somebody who has not looked yet.
        self._poke()
        if self._carrier is not None:
            self._carrier.poke()
        while True:
            await self.at_rest.wait()
            if self._carrier is not None:
                await self._carrier.at_rest.wait()
            if self.at_rest.is_set() and (self._carrier is None or self._carrier.at_rest.is_set()):
                if not self._agenda.at_leisure:
                    return
                self._agenda.pressed = True
                self._poke()

    # -- the networks' ears ----------------------------------------------------------------------------------------

    async def keep(self, network: Network, items: Sequence[tuple[str, str]], cursor: str | None) -> None:
        """Commit raw events and the cursor, with what they lead to if that goes at once."""
        at_once = self._begun and self._stopping is None and self.trouble is None and 0 < len(items) <= MOST_HEARD
        if not (at_once and await self._offer(network, items, cursor)):
            await super().keep(network, items, cursor)

    async def _offer(self, network: Network, items: Sequence[tuple[str, str]], cursor: str | None) -> bool:
        now = self._clock.now()
        kept: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        rows = [InboxRow(0, network, well_formed(key), well_formed(body), os.urandom(16), now) for key, body in items]
        self._agenda.offers.append(Offer(network, tuple(rows), cursor, kept))
        self._poke()
        return await kept

    async def caught_up(self, network: Network) -> None:
        """Return once everything that was kept is decided, whatever network it came from."""
        done = asyncio.get_running_loop().create_future()
        self._agenda.awaited.append(done)
        self._poke()
        await done

    async def connected(self, network: Network, username: str) -> None:
        """The network works (again)."""
        self._world = replace(self._world, usernames={**self._world.usernames, network: username})
        if self._state.get(network) != "connected":
            self._state[network] = "connected"
            self._unresolved.add(network)
            self.tell(NetworkEvent(network, "back"))
        if self._carrier is not None:
            self._carrier.back(network)

    async def lost(self, network: Network, reason: str, *, rejected: bool) -> None:
        """The network does not answer, or refuses us. Told once until it is back, or until it refuses us."""
        state = "rejected" if rejected else "lost"
        if self._state.get(network) not in (state, "rejected"):
            self._state[network] = state
            self.tell(NetworkEvent(network, "lost", reason, rejected))

    # -- the loop ----------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Decide until ``stop``."""
        try:
            await self._run()
        finally:
            self._begun = False
            self._agenda.decline(self._agenda.offers)

    async def _run(self) -> None:
        tries = 0
        asking: set[asyncio.Task[None]] = set()
        async with asyncio.TaskGroup() as group:
            while True:
                self._wake.clear()
                try:
                    if self._outdated:
                        await self._refresh()
                    if not self._begun:
                        await self._begin()
                    busy = await self._turn()
                    if self._stopping is not None and not busy:
                        await self._end()
                        break
                except Changed:
                    self._outdated = True
                    continue
                except StorageError as error:
                    self.trouble = str(error)
                    log.error("nothing can be committed", extra={"reason": str(error)})
                except Exception as error:  # noqa: BLE001 the loop goes on, whatever happens
                    self.trouble = fault(error)
                    log.error("the engine stumbled", extra={"fault": self.trouble})
                else:
                    tries, self.trouble = 0, None
                    while self._unresolved:
                        self._resolving += 1  # at once: until it is done we are not at rest
                        task = group.create_task(self._resolve(self._unresolved.pop()))
                        asking.add(task)
                        task.add_done_callback(asking.discard)
                    if not busy and not self._wake.is_set():
                        if not self._resolving:
                            self.at_rest.set()
                        await self._wake.wait()
                    continue
                self._agenda.decline(self._agenda.offers)
                tries += 1
                if self._stopping is not None:
                    break
                await woken(self._clock, self._stopped, min(5.0, 0.05 * 2 ** min(tries, 10)))
            for task in asking:
                task.cancel()

    def stop(self, reason: str) -> None:
        """Decide what waits, record that we stopped, and let ``run`` return. After the courier has landed."""
        self._stopping = reason
        self._agenda.pressed = True
        self._stopped.set()
        self._poke()

    # -- a turn --------------------------------------------------------------------------------------------------------

    async def _begin(self) -> None:
        """Fold the log, take up what was on its way, and decide what a start leads to."""
        world, self._sizes = await loading.load(self._store, self._world)
        self._world = replace(world, usernames=self._world.usernames)
        if self._carrier is not None:
            await self._carrier.load()
        turn = self._new_turn()
        await turn.started()
        await turn.looked_back()
        await turn.cannot_read(world.unreadable)
        await self._commit(turn)
        self._begun = True
        self.started.set()

    async def _end(self) -> None:
        turn = self._new_turn()
        await turn.record(Stopped(self._stopping or ""))
        await self._commit(turn)

    async def _turn(self) -> bool:
        """Decide what waits now, and commit it. Whether there was anything."""
        if self._auditing:
            self._auditing = False
            await self._audit()
        waits = await self._agenda.take()
        if not waits:
            self._agenda.decided()
            return False
        if all(isinstance(one, Report) for one in waits):
            await _steps()  # what follows those messages leaves first
        turn = self._new_turn()
        try:
            for one in waits:
                await self._attend(turn, one)
                # Deciding waits for nothing: in a long turn messages, taps and probes would be kept waiting.
                await asyncio.sleep(0)
            await self._commit(turn, [one for one in waits if isinstance(one, Report)])
        except BaseException as error:
            self._agenda.put_back(waits)
            if self._carrier is not None:
                self._carrier.put_back(turn.tx.taken)
            if isinstance(error, Undecided):
                return True
            if isinstance(error, Changed):
                raise
            if isinstance(error, StorageError) and not isinstance(error, StorageFull):
                self._let_go(await self._agenda.settled_elsewhere())
            if not isinstance(error, StorageFull):
                # One of them may be at fault: the next turns take one at a time, so that it fails alone.
                self._agenda.alone = len(waits)
            if isinstance(error, StorageError) or not isinstance(error, Exception):
                raise
            log.error("a turn could not be committed", extra={"fault": fault(error), "events": len(waits)})
            if len(waits) == 1 and not isinstance(waits[0], Offer):
                await self._give_up(waits[0], fault(error))
            return True
        for one in waits:
            if isinstance(one, Offer):
                await _steps()  # what it led to leaves before the network is asked for more
                one.answer(kept=True)
                self.unkept.pop(one.network, None)
        self._agenda.decided()
        return True

    async def _refresh(self) -> None:
        """Somebody else has written to the log: take up what they wrote."""
        if self._begun:
            world, self._sizes = await loading.refresh(self._store, self._world, self._sizes)
            if news := world.unreadable.keys() - self._world.unreadable.keys():
                self._agenda.events.append(CannotRead(tuple(sorted(news))))
            self._world = replace(world, usernames=self._world.usernames)
            self._agenda.heard = self._agenda.due = True
        self._outdated = False

    async def _audit(self) -> None:
        """A silence that nobody looks after any more would be silence about silence: set right what is missing, and say so."""
        turn = self._new_turn()
        missing = await turn.audited()
        if missing:
            self.stalled += missing
            log.error("escalations had no next deadline", extra={"escalations": missing})
            await self._commit(turn)

    async def _attend(self, turn: Turn, one: Waits) -> None:
        match one:
            case InboxRow():
                await turn.heard(one)
            case Offer():
                await turn.offered(one)
            case Report():
                await turn.reported(one)
            case Deadline():
                if turn.tx.settled(one.key) or turn.tx.postponed(one.stream):
                    self._agenda.due = True
                else:
                    await turn.fell_due(one)
            case _:
                await turn.happened(one)

    async def _commit(self, turn: Turn, reports: Sequence[Report] = ()) -> None:
        """Commit the turn; only then is it the world, and only then is anything sent."""
        tx = turn.tx
        changes = tx.changes
        changes.version = self._store.version
        if self._carrier is not None:
            changes.claims = self._carrier.claims(changes.sends)
            changes.outcomes = self._carrier.readdressed(changes.outcomes)
            known = {change.token for change in changes.outcomes}
            for old, new in changes.redirects:
                changes.outcomes += [one for one in self._carrier.moves(old, new) if one.token not in known]
        try:
            await self._store.commit(changes)
        except BaseException:
            if self._carrier is not None:
                self._carrier.unclaim()
            raise
        for stream, _, _ in changes.records:
            self._sizes[stream] = self._sizes.get(stream, 0) + 1
        self._world = replace(tx.world, usernames=self._world.usernames)
        self._unresolved |= turn.asked_in
        if any(isinstance(fact, PlaybookReloaded) for _, _, fact in changes.records):
            self._unresolved |= self._networks.keys()  # it may name rooms by names that nobody has asked for
        if self._carrier is not None:
            became = {change.token: change for change in changes.outcomes}
            self._carrier.settle(
                [replace(one, changes=tuple(became[change.token] for change in one.changes)) for one in reports]
            )
            self._carrier.add(changes.sends, changes.claims)
            self._carrier.put_back(tx.emptied.values())
            for old, new in changes.redirects:
                self._carrier.redirect(old, new)
        if changes.wakes or changes.unwakes or changes.fired:
            self.deadlines_changed()
        for stamp in tx.stamps:
            self.to_stamp(stamp.stream, stamp.note)

    def _let_go(self, reports: Sequence[Report]) -> None:
        """Messages that another process has settled: nothing is done about them any more."""
        for report in reports:
            log.error("a message was settled elsewhere", extra={"send": report.rows[0].send})
        if self._carrier is not None:
            self._carrier.forget(reports)

    async def _give_up(self, one: Waits, error: str) -> None:
        """What one event led to cannot be written: the event is kept as failed, and done with."""
        turn = self._new_turn()
        await turn.given_up(one, error)
        await self._commit(turn, [one] if isinstance(one, Report) else [])
        self._agenda.done_with(one)

    def _new_turn(self) -> Turn:
        now = self._clock.now()
        # The log keeps milliseconds: what is decided now must be the same when it is read again.
        now = now.replace(microsecond=now.microsecond // 1000 * 1000)
        tx = Transaction(self._world, now, self._take, self._waiting, self._waits)
        return Turn(tx, self._store, self._networks, self._decide, self._seeds)

    def _take(self, send: str) -> list[OutboxRow]:
        return self._carrier.take(send) if self._carrier is not None else []

    def _waiting(self, stream: str) -> list[OutboxRow]:
        return self._carrier.waiting(stream) if self._carrier is not None else []

    def _waits(self, token: str) -> OutboxRow | None:
        return self._carrier.waits(token) if self._carrier is not None else None

    async def _resolve(self, network: Network) -> None:
        """Find the rooms behind the aliases that playbooks name, now that the network answers."""
        try:
            books = [*self._world.shelf.values(), *self._world.kept.values()]
            event = await resolved(self._networks[network], books, self._clock, self._stopped)
            if event is not None:
                self.tell(event)
            for opened in await chats(self._networks[network], unreachable(self._world, network)):
                self.tell(opened)
        except NetworkDown:
            pass  # it is resolved again when it is back
        except Exception as error:  # noqa: BLE001 the loop goes on, whatever happens
            log.error("aliases could not be resolved", extra={"network": network, "fault": fault(error)})
        finally:
            self._resolving -= 1
            self._poke()

    def _poke(self) -> None:
        self.at_rest.clear()
        self._wake.set()

    def _listen(self) -> None:
        self._agenda.heard = True
        self._poke()


async def _steps() -> None:
    """Let those go first who hand a message to its network: that takes some steps of the event loop, and more where nobody lets them."""
    for _ in range(4):
        await asyncio.sleep(0)
