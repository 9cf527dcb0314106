"""One turn's decisions: each event goes to the one handler for it, and what comes back is carried out, or fails
alone.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol

from bot import loading
from bot.agenda import Offer, Waits
from bot.examining import examined
from bot.fates import Report
from bot.faults import fault
from bot.hearing import TALK, answered, shown_by, talk, understood
from bot.inquiring import inquired, looked_back_on
from bot.memory import Memory
from bot.networks.port import Heard, NetworkPort
from bot.outgoing import Tokens, kind, replaced
from bot.rereading import refreshed
from bot.step import NOT_SET_UP, carry_out
from bot.transaction import Transaction
from bot.witnessing import compared, contradicted, signed_at
from handlers import escalation, posting
from handlers.command import typed
from handlers.events import (
    Came,
    CannotRead,
    Delivery,
    Event,
    Flooded,
    RolledBack,
    RoomEvent,
    Signed,
    Stale,
    Talk,
    TimeStamped,
)
from handlers.resaid import is_talk
from handlers.world import Request, World
from playbooks.rooms import Network, RoomRef
from storage.effects import Effect, EndPoll, Record, RemoveBeside, RemoveCopy, RemoveMessage, Repeat, Send, Wake
from storage.facts import (
    DEPLOYMENT,
    DeadlinePassed,
    EscalationStalled,
    EventFailed,
    Fact,
    MessageDropped,
    RollbackFound,
)
from storage.store import Beside, Deadline, InboxRow, Mentioned, OutboxRow, StorageError, Store, Utterance

log = logging.getLogger(__name__)

MOST_PARTS = 1000
"""How many messages one text may be cut into, at the very most."""

ABOUT_TALK = ("seen", "retract")
"""Commands about what was said in a channel: they are decided with everything that became of it."""

READ_AGAIN = timedelta(minutes=10)
"""What an incident that cannot be read waits for is looked at again so often."""

DEEPEST = 3
"""How often what a failed message leads to may itself be a message that cannot be sent."""


class Undecided(Exception):
    """What a network just told, and is on no file yet, could not be decided: it is kept first, and fails there."""


class Decisions(Protocol):
    """What the handlers' floor decides."""

    def hear(self, world: World, request: Request) -> list[Effect]: ...
    def happened(self, world: World, came: Came) -> list[Effect]: ...
    def due(self, world: World, deadline: Deadline, now: datetime) -> list[Effect]: ...
    def started(self, world: World, now: datetime) -> list[Effect]: ...
    def failed(self, world: World, request: Request) -> list[Effect]: ...
    def audited(self, world: World, keys: Collection[str], now: datetime) -> list[Effect]: ...


@dataclass
class Turn:
    """A turn, its transaction, and what deciding needs. An error of the store ends the turn; anything else only
    the event it befell.
    """

    tx: Transaction
    store: Store
    networks: Mapping[Network, NetworkPort]
    decide: Decisions
    seeds: Callable[[], bytes]
    asked_in: set[Network] = field(default_factory=set)
    """Networks on which we were asked into a room that is nobody's: perhaps a name leads there since."""
    memory: Memory = field(init=False)

    def __post_init__(self) -> None:
        self.memory = Memory(self.store, self.tx)

    async def started(self) -> None:
        """The program began."""
        seed = self.seeds()
        await self._guarded(lambda: self._carry(lambda world: self.decide.started(world, self.tx.now), seed))

    async def looked_back(self) -> None:
        """Where the log is not the one that was signed, it is said, and recorded; once of each incident, however much newer what comes back later is, until it
        is signed again."""
        try:
            back = await self.store.rolled_back()
            on_file = [kept.fact for kept in (await self.store.facts_of(DEPLOYMENT, RollbackFound) if back else ())]
            facts = [*on_file, *(fact for _, _, fact in self.tx.changes.records)]
            known = {
                fact.stream
                for fact in facts
                if isinstance(fact, RollbackFound) and await signed_at(self.store, fact.stream) <= fact.size
            }
        except StorageError as error:
            log.error("the log cannot be held against what was signed", extra={"reason": str(error)})
            return
        for one in back:
            log.error("an older database was put back", extra={"stream": one.stream, "reason": one.words})
        news = tuple(one for one in back if one.stream not in known)
        if news:
            await self.happened(RolledBack(news))

    async def _reminded(self) -> None:
        """Something that came back shows that the log is another one. No incident takes a number that was signed."""
        known, now = await self.store.counters(), self.tx.world.counters
        counters = {letter: max(known.get(letter, 0), now.get(letter, 0)) for letter in {*known, *now}}
        self.tx.world = replace(self.tx.world, counters=counters)
        await self.looked_back()

    async def cannot_read(self, incidents: Collection[str]) -> None:
        """These are open and cannot be read: nobody looks after them until somebody is told."""
        if incidents:
            await self.happened(CannotRead(tuple(sorted(incidents))))

    async def heard(self, row: InboxRow) -> None:
        """Something that a network told us."""
        port = self.networks.get(row.network)
        if port is None:
            await self._failed(row.id, NOT_SET_UP)
            return
        try:
            heard = port.read(row.body)
        except Exception as error:  # noqa: BLE001 a fault of ours fails one event, and is recorded
            # The network's word is kept as it came; nobody is told, because nobody is known to have asked.
            await self._failed(row.id, fault(error))
            return
        said: Request | RoomEvent | Talk | None = None
        try:
            if heard is not None:
                await self._look_at_room(heard, row.seed)
                if await contradicted(heard, self.tx.world.name, self.store, self.tx.now):
                    await self._reminded()
                message = answered(heard)
                about = await self.store.sent_message(heard.room, message) if message is not None else None
                if about is not None:
                    await self._know(about.stream)
                said = await self._meant(heard, about, row.seed)
                if isinstance(said, RoomEvent) and said.kind == "invited" and not self._bound(said.room):
                    self.asked_in.add(row.network)
            if isinstance(said, Request):
                request = said
                self.tx.world = await refreshed(self.tx.world, request, self.tx.now)
                self.tx.world = await examined(self.tx.world, request, self.networks)
                over = looked_back_on(self.tx.world, request)
                if over is not None:
                    await self._know(over)
                asked = await inquired(self.tx.world, request, self.store)
                asked = await compared(self.tx.world, asked, self.store, heard.showed if heard is not None else "")
                await self._carry(lambda world: self.decide.hear(world, asked), row.seed)
            elif said is not None:
                await self._decided(said, row.seed)
                if isinstance(said, Talk) and heard is not None:
                    await self._ends_elsewhere(heard, said, row.seed)
        except StorageError:
            raise
        except Exception as error:  # noqa: BLE001 a fault of ours fails one event, and is recorded
            await self._failed(row.id, fault(error), said if isinstance(said, Request) else None, row.seed)
        else:
            self.tx.handled(row)

    async def offered(self, offer: Offer) -> None:
        """What a network just told us, and is on no file yet. Raises Undecided."""
        for row in offer.rows:
            await self.heard(row)
        self.tx.heard_up_to(offer.network, offer.cursor)

    async def _decided(self, event: Event, seed: bytes) -> None:
        """Decide what follows from something, and carry it out."""
        came = Came(event, self.tx.now, seed)
        await self._carry(lambda world: self.decide.happened(world, came), seed)

    async def _look_at_room(self, heard: Heard, seed: bytes) -> None:
        """What happens in a room may show that it is not as it was: that counts before what was said there."""
        news = shown_by(heard, self.tx.world.who.traits.get(heard.room.chat))
        if news is not None:
            apart = seed + b"room"  # what follows has names of its own
            await self._decided(news, apart)

    async def _meant(self, heard: Heard, about: Mentioned | None, seed: bytes) -> Request | RoomEvent | Talk | None:
        """What is to be decided about it, with what it concerns of what was said in channels."""
        if heard.kind == "message":
            answers = await self.memory.answered(heard)
            thread = await self.memory.thread(heard)
            command = typed(heard.text, None)
            if command is None or command.name not in ABOUT_TALK:
                answers = await self.memory.whole(heard, answers)
                found = understood(heard, about, self.tx.now, seed, answers, thread)
                file = heard.spoken.file if heard.spoken is not None else None
                if isinstance(found, Request) and file is not None and file.album is not None:
                    return replace(found, album=await self.memory.beside(heard.room, file.album))
                return found
            if answers is None and heard.reply_to is None and command.name == "seen":
                answers = await self.store.last_said(heard.room)
            request = understood(heard, about, self.tx.now, seed, answers, thread)
            if isinstance(request, Request) and answers is not None:
                copies = await self.memory.copies(answers.stream, answers.id)
                recaps = await self.memory.recaps(answers.stream, answers.id)
                return replace(request, copies=copies, recaps=recaps, apart=await self.memory.apart(recaps))
            return request
        found = understood(heard, about, self.tx.now, seed)
        return found if found is not None or heard.kind not in TALK else await self._talk(heard)

    async def _talk(self, heard: Heard) -> Talk | None:
        """What befell something that was said in a channel; None where it befell nothing of that kind."""
        taken_back = None
        if (handle := heard.handle) is not None:
            ours = await self.store.by_handle(heard.room.network, handle)
            said = await self.memory.utterance(ours.stream, ours.about) if ours is not None and ours.about else None
            if ours is not None:
                heard = replace(heard, room=ours.to, kind="tallied", message_id=ours.message)
            if said is None and heard.kind == "ended":
                said = next(iter(await self.memory.polled(heard.room.network, handle)), None)
                heard = replace(heard, room=said.room, message_id=said.message) if said is not None else heard
        else:
            said = await self.memory.utterance_at(heard.room, heard.message_id)
            if said is None and heard.kind == "deleted" and heard.message_id is not None:
                name = heard.message_id
                taken_back = self.tx.reaction(heard.room, name) or await self.store.reaction(heard.room, name)
                said = (
                    await self.memory.utterance(taken_back.stream, taken_back.said) if taken_back is not None else None
                )
        if said is None:
            return None
        await self._know(said.stream)
        copies = await self.memory.copies(said.stream, said.id)
        found = talk(replace(heard, room=_place(heard, said, copies)), said, copies, taken_back)
        shown_again = await self.memory.recaps(said.stream, said.id) if found.kind in ("edited", "deleted") else ()
        together = (
            await self.memory.beside(said.room, said.album) if found.kind == "edited" and said.album is not None else ()
        )
        beside = tuple(one for one in together if one.said.id != said.id)
        return replace(found, recaps=shown_again, apart=await self.memory.apart(shown_again), album=beside)

    async def _ends_elsewhere(self, heard: Heard, done: Talk, seed: bytes) -> None:
        """A poll of people's own that was forwarded is one poll wherever it stands, and ends everywhere at once."""
        if heard.kind != "ended" or heard.handle is None:
            return
        for one in await self.memory.polled(heard.room.network, heard.handle):
            if (one.stream, one.id) == (done.said.stream, done.said.id):
                continue
            await self._know(one.stream)
            there = replace(heard, room=one.room, message_id=one.message)
            ended = talk(there, one, await self.memory.copies(one.stream, one.id), None)
            await self._decided(ended, seed + one.id.encode())  # what follows has names of its own

    async def happened(self, event: Event, depth: int = 0) -> bool:
        """Something that is on no file. Whether it could be decided."""
        seed = self.seeds()
        row: OutboxRow | None = None
        if isinstance(event, Delivery | Stale):
            row, event = event.row, await self._about_talk(event)
        if isinstance(event, Flooded):
            event = replace(event, said=await self._made_way(event))
        if isinstance(event, Delivery):
            event = replace(event, repeat=Tokens(seed).repeat)
        came = Came(event, self.tx.now, seed)
        stream = row.stream if row is not None else event.stream if isinstance(event, TimeStamped) else None
        if stream is not None:
            await self._know(stream)
            if stream in self.tx.world.unreadable:
                return True  # nothing of it can be decided, and nothing recorded
        return await self._guarded(
            lambda: self._carry(lambda world: self.decide.happened(world, came), seed, row=row, depth=depth)
        )

    async def _about_talk(self, event: Delivery | Stale) -> Delivery | Stale:
        """With what was said in a channel that its row is about, if it is; of an outcome, with what stands elsewhere too."""
        row = event.row
        if row.about is None or not is_talk(row):
            return event
        said = await self.memory.utterance(row.stream, row.about)
        if isinstance(event, Stale) or row.kind == "react":
            return replace(event, said=said)
        signs = await self.memory.signs(said) if said is not None else ()
        return replace(event, said=said, copies=(*await self.memory.copies(row.stream, row.about), *signs))

    async def _made_way(self, event: Flooded) -> tuple[Beside, ...]:
        """What was said in the messages that make way for a digest: whoever said it is to see that not all have it."""
        found = []
        for stream, about in dict.fromkeys((row.stream, row.about) for row in event.rows if is_talk(row)):
            await self._know(stream)
            said = await self.memory.utterance(stream, about or "")
            if said is not None:
                rows = (*await self.memory.copies(stream, said.id), *await self.memory.signs(said))
                found.append(Beside(said, rows))
        return tuple(found)

    async def reported(self, report: Report) -> None:
        """What became of messages."""
        if isinstance(report.event, Stale | Flooded):
            self.tx.dropped(report.rows, report.changes[0].reason or "")
        else:
            for row, change in zip(report.rows, report.changes, strict=True):
                self.tx.became(change)
                if change.state == "sent" and change.message is not None and is_talk(row) and row.kind == "message":
                    as_said = row if change.payload is None else replace(row, payload=change.payload)
                    self.tx.stands(as_said, change.to or row.to, change.message)
        if report.event is None or _needs_no_word(report.event):
            return
        decided = await self.happened(report.event)
        if not decided and isinstance(report.event, Stale | Flooded):
            # Without a decision nothing is shown to anybody, and the log says so.
            rows = report.rows
            facts = [
                Record(row.stream, MessageDropped(row.token, row.to, "it could not be decided again")) for row in rows
            ]
            await self._guarded(lambda: self._carry(lambda world: list(facts), self.seeds()))

    async def fell_due(self, deadline: Deadline) -> None:
        """A deadline passed."""
        seed = self.seeds()
        late = max(0, int((self.tx.now - deadline.at).total_seconds()))
        await self._know(deadline.stream)
        if self.tx.world.unreadable.get(deadline.stream) == "unreadable":
            # Another version may read it again: what it waits for is not lost until then.
            later = Wake(deadline.key, deadline.stream, self.tx.now + READ_AGAIN, deadline.kind, deadline.about)
            await self._carry(lambda world: [later], seed)
            return
        stream = deadline.stream if deadline.stream in self.tx.world.incidents else DEPLOYMENT
        passed = Record(stream, DeadlinePassed(deadline.key, deadline.at, late))
        self.tx.fired(deadline.key)
        await self._carry(lambda world: [passed], seed)
        if deadline.kind == "place":
            await self._settled(deadline)
            return
        if deadline.kind == posting.KIND:
            await self.happened(Signed(deadline, await self._signed(deadline.stream)))
            return
        await self._guarded(lambda: self._carry(lambda world: self.decide.due(world, deadline, self.tx.now), seed))

    async def _settled(self, deadline: Deadline) -> None:
        """What was said last of a place that moves is to be told."""
        said = await self.memory.utterance(deadline.stream, deadline.about)
        if said is not None:
            await self.happened(
                Talk("settled", said, await self.memory.copies(said.stream, said.id), said.room, self.tx.now)
            )

    async def _signed(self, stream: str) -> str | None:
        """The signed state of a stream as it is on file; None where it cannot be signed, which keeps nothing else from being decided."""
        try:
            await self.store.sign(self.tx.now, (stream,))
            return await self.store.checkpoint(stream)
        except StorageError as error:
            log.error("the log cannot be signed", extra={"stream": stream, "reason": str(error)})
            return None

    async def audited(self) -> int:
        """Hold what is awaited against the deadlines that are set. How many were missing."""
        keys = await self.store.open_deadlines(escalation.KINDS)
        effects = self.decide.audited(self.tx.world, keys, self.tx.now)
        if effects:
            await self._guarded(lambda: self._carry(lambda world: effects, self.seeds()))
        return sum(1 for one in effects if isinstance(one, Record) and isinstance(one.fact, EscalationStalled))

    async def given_up(self, one: Waits, error: str) -> None:
        """What this led to cannot be written: it is done with, and kept where it has a place on file."""
        match one:
            case InboxRow():
                self.tx.failed(one.id, error)
            case Report():
                for change in one.changes:
                    self.tx.became(change)
            case Deadline():
                self.tx.fired(one.key)
            case _:
                pass
        await self._fault(one.id if isinstance(one, InboxRow) else 0, error)

    async def record(self, fact: Fact) -> None:
        """A fact of the deployment, decided by nobody."""
        await self._carry(lambda world: [Record(DEPLOYMENT, fact)], b"")

    # -- carrying out --------------------------------------------------------------------------------------------------

    async def _carry(
        self, decide: Callable[[World], Sequence[Effect]], seed: bytes, row: OutboxRow | None = None, depth: int = 0
    ) -> None:
        effects = decide(self.tx.world)
        subjects = {one.send: await self._subject(one.send, row) for one in effects if isinstance(one, Repeat)}
        parts: dict[str, Sequence[OutboxRow]] = {}
        for one in effects:
            if isinstance(one, RemoveCopy) or (isinstance(one, Send) and one.amends):
                if one.about is not None and one.about not in parts:
                    parts[one.about] = await self.memory.copies(one.stream, one.about)
            elif isinstance(one, EndPoll):
                parts[one.said] = await self.memory.copies(one.stream, one.said)
            elif isinstance(one, RemoveBeside | RemoveMessage):
                parts[one.send] = await self._parts(one.send)
        captions = {network: port.captions for network, port in self.networks.items()}
        step = carry_out(self.tx.world, effects, self.tx.now, Tokens(seed), self._splits, subjects, parts, captions)
        dropped = self.tx.keep(step)
        if dropped:
            # Only here is it known which of them had not left yet: the log says so of each.
            facts = [Record(one.stream, MessageDropped(one.token, one.to, step.why_dropped(one))) for one in dropped]
            self.tx.keep(carry_out(self.tx.world, facts, self.tx.now, Tokens(seed), self._splits, {}))
        for refused in step.refused:
            if depth < DEEPEST:
                await self.happened(Delivery(refused, "refused", reason=refused.reason or NOT_SET_UP), depth + 1)
            else:
                log.warning("a message could not be sent", extra={"send": refused.token, "reason": NOT_SET_UP})

    async def _subject(self, send: str, row: OutboxRow | None) -> OutboxRow:
        if row is not None and send in (row.token, row.send):
            return row
        found = await self.store.row(send)
        if found is None:
            raise LookupError("there is no such message to repeat")
        return found

    async def _parts(self, send: str) -> list[OutboxRow]:
        """The rows of a Send as they stand now; or one of them alone, named by its own token. Of an edit, those of the message that it changes."""
        base, _, number = send.rpartition("-")
        names = [send]
        if base == "" or number == "1":
            names += [f"{base or send}-{part}" for part in range(2, MOST_PARTS)]
        found: list[OutboxRow] = []
        for name in names:
            row = await self.store.row(name) or self.tx.row(name)
            if row is None:
                break
            found.append(self.tx.now_is(row))
        changed = replaced(found[0]) if found else None
        if changed is None:
            return found
        return [self.tx.now_is(row) for row in await self.store.rows_of_message(found[0].to, changed)]

    def _bound(self, room: RoomRef) -> bool:
        return any(bound.chat == room.chat for _, bound in self.tx.world.who.bindings)

    async def _know(self, stream: str) -> None:
        """See to it that the world has this incident, which may be closed, or says that it cannot be read."""
        world = self.tx.world
        if stream != DEPLOYMENT and stream not in world.incidents and stream not in world.unreadable:
            self.tx.world, _ = await loading.if_readable(self.store, world, stream)

    @property
    def _splits(self) -> Mapping[Network, Callable[[str], Sequence[str]]]:
        return {network: port.split for network, port in self.networks.items()}

    # -- failing -------------------------------------------------------------------------------------------------------

    async def _guarded(self, work: Callable[[], Awaitable[None]]) -> bool:
        """Do something that may fail for a fault of ours, which is then recorded. Whether it was done."""
        try:
            await work()
        except StorageError:
            raise
        except Exception as error:  # noqa: BLE001 a fault of ours fails one event, and is recorded
            await self._fault(0, fault(error))
            return False
        return True

    async def _failed(self, inbox: int, error: str, request: Request | None = None, seed: bytes = b"") -> None:
        """An event from the inbox could not be handled: keep it, say so in the log, and to whoever asked. Raises Undecided."""
        if not inbox:
            raise Undecided(error)
        self.tx.failed(inbox, error)
        await self._fault(inbox, error)
        if request is not None:
            await self._guarded(lambda: self._carry(lambda world: self.decide.failed(world, request), seed))

    async def _fault(self, inbox: int, error: str) -> None:
        log.error("an event could not be handled", extra={"inbox": inbox, "fault": error})
        await self.record(EventFailed(inbox, error))


def _place(heard: Heard, said: Utterance, copies: Sequence[OutboxRow]) -> RoomRef:
    """The room in which it happened: not every network says in which topic."""
    here = [row.to for row in copies if row.message == heard.message_id and row.to.chat == heard.room.chat]
    if here:
        return here[0]
    return said.room if (said.message, said.room.chat) == (heard.message_id, heard.room.chat) else heard.room


def _needs_no_word(event: Delivery | Stale | Flooded) -> bool:
    """Entering and leaving rooms needs no record of its own: the network says what came of it."""
    return isinstance(event, Delivery) and event.became == "sent" and kind(event.row) in ("join", "leave")
