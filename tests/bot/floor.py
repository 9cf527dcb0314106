"""The bot's floor in one process, on a real store, with networks and decisions that a test makes up."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from bot.clock import Clock, SystemClock
from bot.courier import Courier
from bot.engine import Engine
from bot.networks.port import Ears, Heard, Limits, NetworkState, Outcome, Outgoing, Sent
from handlers.events import Came
from handlers.texts import say
from handlers.world import Request, World
from playbooks.cleared import Cleared
from playbooks.load import Book
from playbooks.rooms import Network, RoomRef
from playbooks.spoken import File
from storage.database import SqliteStore, open_store
from storage.effects import Effect, Record, Send, Tap, Urgency
from storage.facts import DEPLOYMENT, IncidentOpened, NoteAdded
from storage.store import Deadline
from tests.patience import PATIENCE
from tests.playbooks.small import SMALL, read

START = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
BOOK: Book = read(SMALL)


def room(number: int, network: Network = "telegram") -> RoomRef:
    """A room."""
    return RoomRef(network, f"-{number}" if network == "telegram" else f"!{number}")


def words(text: str, **shows: object) -> Cleared:
    """Cleared words, which show these fields."""
    return replace(say(("en",), text), shows=shows)


def message(
    to: RoomRef,
    text: str = "words",
    *,
    stream: str = DEPLOYMENT,
    urgency: Urgency = Urgency.ANSWER,
    taps: Sequence[tuple[str, str]] = (),
    not_after: datetime | None = None,
    **shows: object,
) -> Send:
    """A message, with buttons given as (command, emoji)."""
    buttons = tuple((Tap(words(command.title()), command, emoji),) for command, emoji in taps)
    return Send(stream, to, words(text, **shows), urgency, about="A-1", taps=buttons, not_after=not_after)


def note(text: str, stream: str = DEPLOYMENT) -> Record:
    """A fact."""
    return Record(stream, NoteAdded("P-1", None, room(1), text))


def opened(number: int = 1) -> Record:
    """An incident."""
    name = f"I-{number}"
    return Record(name, IncidentOpened(name, "small", 1, None, "P-1", None, room(1), "watch", False, False, "small:1"))


@dataclass
class FakeNetwork:
    """A network that does what it is told. ``answers`` gives an outcome for a message, or waits for one."""

    name: Network = "telegram"
    limits: Limits = field(default_factory=Limits)
    state: NetworkState = field(default_factory=lambda: NetworkState(connected=True))
    sent: list[Outgoing] = field(default_factory=list)
    flying: int = 0
    most_flying: int = 0
    answers: Callable[[Outgoing], Awaitable[Outcome]] | None = None
    aliases: dict[str, RoomRef] = field(default_factory=dict)
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    longest: int = 1000
    largest_download: int | None = None
    largest_upload: int | None = None
    captions: int = 1024

    @property
    def threads(self) -> bool:
        return self.name == "matrix"

    def split(self, html: str) -> list[str]:
        return [html[at : at + self.longest] for at in range(0, len(html), self.longest)]

    def read(self, body: str) -> Heard | None:
        raw = json.loads(body)
        raw["room"] = RoomRef.parse(raw["room"])
        return Heard(**{"said_at": START, **raw})

    async def run(self, ears: Ears) -> None:
        await ears.connected(self.name, "bot")
        await asyncio.Event().wait()

    async def send(self, out: Outgoing) -> Outcome:
        self.flying += 1
        self.most_flying = max(self.flying, self.most_flying)
        async with self.changed:
            self.sent.append(out)
            self.changed.notify_all()
        try:
            return await self.answers(out) if self.answers is not None else Sent(f"m{len(self.sent)}")
        finally:
            self.flying -= 1

    async def resolve(self, alias: str) -> RoomRef | None:
        return self.aliases.get(alias)

    async def direct(self, identity: str) -> RoomRef | None:
        return None

    async def examine(self, room: RoomRef) -> list[str]:
        return []

    async def fetch(self, file: File) -> AsyncIterator[bytes]:
        yield b""

    async def close(self) -> None: ...

    async def until_sent(self, count: int) -> None:
        """Wait until so many messages were handed over."""
        async with asyncio.timeout(PATIENCE), self.changed:
            await self.changed.wait_for(lambda: len(self.sent) >= count)

    @property
    def texts(self) -> list[str]:
        return [out.text for out in self.sent]


@dataclass
class FakeDecisions:
    """Decisions that a test makes up, and everything that was asked."""

    on_hear: Callable[[World, Request], list[Effect]] = lambda world, request: []
    on_happened: Callable[[World, Came], list[Effect]] = lambda world, came: []
    on_due: Callable[[World, Deadline], list[Effect]] = lambda world, deadline: []
    on_start: list[Effect] = field(default_factory=list)
    on_audit: Callable[[World, Collection[str]], list[Effect]] = lambda world, keys: []
    audits: int = 0
    on_failed: Callable[[World, Request], list[Effect]] = lambda world, request: []
    requests: list[Request] = field(default_factory=list)
    events: list[Came] = field(default_factory=list)
    deadlines: list[Deadline] = field(default_factory=list)

    def hear(self, world: World, request: Request) -> list[Effect]:
        self.requests.append(request)
        return self.on_hear(world, request)

    def happened(self, world: World, came: Came) -> list[Effect]:
        self.events.append(came)
        return self.on_happened(world, came)

    def due(self, world: World, deadline: Deadline, now: datetime) -> list[Effect]:
        self.deadlines.append(deadline)
        return self.on_due(world, deadline)

    def started(self, world: World, now: datetime) -> list[Effect]:
        return list(self.on_start)

    def failed(self, world: World, request: Request) -> list[Effect]:
        return self.on_failed(world, request)

    def audited(self, world: World, keys: Collection[str], now: datetime) -> list[Effect]:
        self.audits += 1
        return self.on_audit(world, keys)

    def of(self, kind: type) -> list[object]:
        """The events of a kind."""
        return [came.event for came in self.events if isinstance(came.event, kind)]


@dataclass
class Floor:
    """Everything, running."""

    store: SqliteStore
    clock: Clock
    engine: Engine
    courier: Courier
    decide: FakeDecisions
    networks: dict[Network, FakeNetwork]
    tasks: list[asyncio.Task[None]] = field(default_factory=list)
    heard: int = 0

    @property
    def network(self) -> FakeNetwork:
        return self.networks["telegram"]

    async def start(self) -> None:
        self.tasks = [asyncio.create_task(self.engine.run()), asyncio.create_task(self.courier.run())]
        async with asyncio.timeout(PATIENCE):
            await self.engine.started.wait()

    async def hear(self, text: str, where: RoomRef | None = None, **more: object) -> None:
        """Somebody writes."""
        await self.hear_all([text], where, **more)

    async def hear_all(self, texts: Sequence[str], where: RoomRef | None = None, **more: object) -> None:
        """Several messages arrive in one reply of the network."""
        items = []
        for text in texts:
            self.heard += 1
            body = {
                "key": str(self.heard), "kind": "message", "room": str(where or room(1)), "text": text,
                "sender": "telegram:501", "sender_name": "Ada", "message_id": f"in{self.heard}", **more,
            }  # fmt: skip
            items.append((str(self.heard), json.dumps(body)))
        await self.engine.keep((where or room(1)).network, items, str(self.heard))

    async def settled(self) -> None:
        async with asyncio.timeout(PATIENCE):
            await self.engine.settled()

    async def stop(self) -> None:
        async with asyncio.timeout(PATIENCE):
            self.courier.stop()
            await self.tasks[1]
            self.engine.stop("test")
            await self.tasks[0]
        await self.store.close()

    async def kill(self) -> None:
        """End as when the power fails, as far as this process can."""
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        await self.store.close()


@asynccontextmanager
async def floor(
    folder: Path,
    decide: FakeDecisions | None = None,
    *networks: FakeNetwork,
    clock: Clock | None = None,
    running: bool = True,
    name: str = "test",
) -> AsyncIterator[Floor]:
    """A floor on the store in this folder; stopped in the end if it still runs."""
    ports = {network.name: network for network in networks or (FakeNetwork(),)}
    decide = decide or FakeDecisions()
    store = await open_store(folder, name)
    clock = clock or SystemClock()
    engine = Engine(store, clock, {"small": BOOK}, {"telegram:501"}, name, ports, decide=decide)
    courier = Courier(store, clock, ports, engine)
    engine.hand_to(courier)
    made = Floor(store, clock, engine, courier, decide, ports)
    try:
        if running:
            await made.start()
        yield made
    finally:
        if made.tasks and not all(task.done() for task in made.tasks):
            await made.kill()
        else:
            await store.close()
