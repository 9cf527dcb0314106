"""Pairs of rooms that talk to each other: in each a Telegram group and a Matrix room, joined by a channel of their own.

The bot runs as it is, in this process; Telegram is the emulator and Matrix a real homeserver, each in a process of its own, and neither
has limits. What the bot hears can be held back at its ears, so that what is said meanwhile waits at the networks.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from bot import wiring
from bot.clock import SystemClock
from bot.networks.matrix import Matrix
from bot.networks.port import Ears, Limits, Outcome, Outgoing, Sent
from bot.networks.telegram import Telegram
from bot.once import Once
from bot.supervisor import Attentive
from playbooks.load import Book, parse
from playbooks.rooms import Network
from storage.database import SqliteStore, open_store
from tests.bench.desk import ADMIN
from tests.bench.measure import now
from tests.emulators.matrix_bench import homeserver
from tests.emulators.synapse import SynapseServer
from tests.emulators.telegram_remote import RemoteTelegram

WITHIN = 120.0
"""Seconds after which something has gone wrong."""

_HEAD = """\
playbook: talking
version: 1
title: Talking
languages: [en]
timezone: Europe/Brussels
networks:
  telegram: {ceiling: amber}
  matrix: {ceiling: amber, encrypted: red}
jurisdictions:
  be: {name: Belgium}
activate: {by: {kind: fire}}
"""
_PARTNER = """\
  {name}:
    name: Partner {name}
    kind: fire
    level: local
    jurisdiction: be
    competences: [rescue]
    clearance: {{tlp: amber}}
    phone_24h: "+321{number:04}"
    languages: [en]
    rooms: [{{{room}, for: [alerts, checkins, c{number}]}}]
"""
_REST = """\
phases: [watch, response]
leads:
  - {lead: t0}
fields:
  what: {type: text, tlp: green}
sharing:
  - {permit: [what], to: everyone, purpose: life-safety}
alerts:
  word:
    title: A word
    cap: {category: Safety, event: Flood, urgency: Immediate, severity: Extreme, certainty: Observed}
    fields: {what: required}
    main: what
    text: ["{what}"]
    to: everyone
channels:
"""
_CHANNEL = """\
  c{number}:
    title: Channel {number}
    members: everyone
    label: {{tlp: amber}}
    purpose: life-safety
    speaker: person
"""


def talking(pairs: Sequence[tuple[str, str]]) -> Book:
    """The playbook that joins each two rooms by a channel of their own, each room written as YAML: ``telegram: -100``."""
    lines = [_HEAD + "partners:\n"]
    for number, (one, other) in enumerate(pairs):
        lines.append(_PARTNER.format(name=f"t{number}", number=number, room=one))
        lines.append(_PARTNER.format(name=f"m{number}", number=number, room=other))
    lines += [_REST, *(_CHANNEL.format(number=number) for number in range(len(pairs)))]
    return parse("".join(lines).encode(), "talking.yaml")


@dataclass
class Arrivals:
    """The copies that a network took, with the time at which it had, until there are as many as are awaited."""

    expected: int = 0
    out: list[tuple[Outgoing, float]] = field(default_factory=list)
    complete: asyncio.Event = field(default_factory=asyncio.Event)

    def expect(self, expected: int) -> None:
        """Forget those before, and wait for so many."""
        self.out, self.expected, self.complete = [], expected, asyncio.Event()

    async def all(self) -> list[tuple[Outgoing, float]]:
        """Those that were expected, once they are there. Raises TimeoutError."""
        async with asyncio.timeout(WITHIN):
            await self.complete.wait()
        return self.out

    def note(self, out: Outgoing, outcome: Outcome) -> None:
        """A network answered."""
        if out.kind != "message" or "▸" not in out.text or not isinstance(outcome, Sent):
            return
        self.out.append((out, now()))
        if len(self.out) == self.expected:
            self.complete.set()


class Gated(Attentive):
    """The bot's ears, which also say when the network is there, and hear nothing while the gate is closed."""

    def __init__(self, ears: Ears, here: asyncio.Event, gate: asyncio.Event) -> None:
        super().__init__(ears, Once(logging.getLogger(__name__), SystemClock()))
        self._here, self._gate = here, gate

    async def connected(self, network: Network, username: str) -> None:
        """The network works."""
        await super().connected(network, username)
        self._here.set()

    async def keep(self, network: Network, items: Sequence[tuple[str, str]], cursor: str | None) -> None:
        """Commit what was heard, once the gate is open."""
        await self._gate.wait()
        await super().keep(network, items, cursor)

    async def keep_batch(self, network: Network, body: str, cursor: str) -> int:
        """Commit a batch, once the gate is open."""
        await self._gate.wait()
        return await super().keep_batch(network, body, cursor)


class WatchedTelegram(Telegram):
    """The bot's Telegram, whose copies are counted."""

    arrivals: Arrivals
    here: asyncio.Event
    gate: asyncio.Event

    async def run(self, ears: Ears) -> None:
        await super().run(Gated(ears, self.here, self.gate))

    async def send(self, out: Outgoing) -> Outcome:
        outcome = await super().send(out)
        self.arrivals.note(out, outcome)
        return outcome


class WatchedMatrix(Matrix):
    """The bot's Matrix, whose copies are counted."""

    arrivals: Arrivals
    here: asyncio.Event
    gate: asyncio.Event

    async def run(self, ears: Ears) -> None:
        await super().run(Gated(ears, self.here, self.gate))

    async def send(self, out: Outgoing) -> Outcome:
        outcome = await super().send(out)
        self.arrivals.note(out, outcome)
        return outcome


@dataclass
class Speaker:
    """Somebody who speaks in Matrix rooms, over bare HTTP."""

    url: str
    token: str
    http: aiohttp.ClientSession
    said: int = 0

    async def say(self, room: str, text: str) -> str:
        """Say it; its event id. Raises RuntimeError."""
        self.said += 1
        path = f"{self.url}/_matrix/client/v3/rooms/{room}/send/m.room.message/b{self.said}"
        headers = {"Authorization": f"Bearer {self.token}"}
        async with self.http.put(path, json={"msgtype": "m.text", "body": text}, headers=headers) as answer:
            if answer.status != 200:
                raise RuntimeError(f"the homeserver did not take it: {answer.status}")
            return str((await answer.json())["event_id"])

    async def share(self, room: str, data: bytes, name: str) -> None:
        """Send a text file. Raises RuntimeError."""
        headers = {"Authorization": f"Bearer {self.token}"}
        media = f"{self.url}/_matrix/media/v3/upload"
        async with self.http.post(media, params={"filename": name}, data=data, headers=headers) as answer:
            if answer.status != 200:
                raise RuntimeError(f"the homeserver did not take a file: {answer.status}")
            where = (await answer.json())["content_uri"]
        self.said += 1
        path = f"{self.url}/_matrix/client/v3/rooms/{room}/send/m.room.message/b{self.said}"
        told = {"msgtype": "m.file", "body": name, "url": where, "info": {"mimetype": "text/plain", "size": len(data)}}
        async with self.http.put(path, json=told, headers=headers) as answer:
            if answer.status != 200:
                raise RuntimeError(f"the homeserver did not take it: {answer.status}")


@dataclass
class Rooms:
    """The two networks with pairs of rooms, the bot between them, and people who speak."""

    emulator: RemoteTelegram
    server: SynapseServer
    groups: Sequence[int]
    rooms: Sequence[str]
    bot: wiring.Bot
    over_telegram: WatchedTelegram
    over_matrix: WatchedMatrix
    bert: Speaker
    store: SqliteStore

    async def say(self, pair: int, text: str, **more: Any) -> float:
        """Ada writes in a Telegram group; when she began to."""
        start = now()
        await self.emulator.do("say", chat=self.groups[pair], user=ADMIN, text=text, **more)
        return start

    async def settled(self) -> None:
        """Everything said so far is carried, and what came of it written down."""
        await self.bot.settled()


def login(server: SynapseServer, user: str) -> str:
    """Make an account and log in; the access token."""
    server.register(user, f"{user}-password")
    who = {"type": "m.id.user", "user": user}
    asked = {"type": "m.login.password", "identifier": who, "password": f"{user}-password"}
    return str(server.call("POST", "/_matrix/client/v3/login", asked)["access_token"])


async def rooms_of(server: SynapseServer, token: str, invited: str, many: int) -> list[str]:
    """Rooms to which somebody is invited."""
    turns = asyncio.Semaphore(4)

    async def one(number: int) -> str:
        body = {"preset": "private_chat", "name": f"Room {number}", "invite": [invited]}
        async with turns:
            made = await asyncio.to_thread(server.call, "POST", "/_matrix/client/v3/createRoom", body, token)
        return str(made["room_id"])

    return await asyncio.gather(*(one(number) for number in range(many)))


@asynccontextmanager
async def pairs(folder: Path, many: int) -> AsyncIterator[Rooms]:
    """So many pairs of rooms, the bot running, an incident begun."""
    groups = [-1001000000000 - number for number in range(many)]
    with homeserver() as server:
        async with RemoteTelegram() as emulator, aiohttp.ClientSession() as http:
            await emulator.do("user", user_id=ADMIN, name="Ada", language_code="en")
            for group in groups:
                await emulator.do("group", chat_id=group, title=f"Group {group}", admin=True)
            bot = server.register("tocsin", "bot-password")
            token = login(server, "bert")
            rooms = await rooms_of(server, token, bot, many)
            book = talking([(f"telegram: {g}", f'matrix: "{r}"') for g, r in zip(groups, rooms, strict=True)])
            clock = SystemClock()
            store = await open_store(folder / "data", "bench")
            over_telegram = WatchedTelegram(emulator.token, emulator.url, Limits(), clock.now)
            over_matrix = WatchedMatrix(
                server.url, bot, password="bot-password", store_folder=folder / "matrix", clock=clock.now
            )
            for port in (over_telegram, over_matrix):
                port.arrivals, port.here, port.gate = Arrivals(), asyncio.Event(), asyncio.Event()
                port.gate.set()
            wiring.read_for_good()
            admins = {f"telegram:{ADMIN}"}
            program = wiring.Bot(
                store, clock, {"talking": book}, admins, "bench", {"telegram": over_telegram, "matrix": over_matrix},
                files=folder / "files",
            )  # fmt: skip
            running = asyncio.create_task(program.run())
            try:
                made = Rooms(
                    emulator, server, groups, rooms, program, over_telegram, over_matrix, Speaker(server.url, token, http), store
                )  # fmt: skip
                async with asyncio.timeout(WITHIN):
                    await over_telegram.here.wait()
                    await over_matrix.here.wait()
                    await made.settled()
                    await made.say(0, "/activate talking")
                    await emulator.do("wait_message", chat=groups[0], containing="I-1", timeout=WITHIN)
                    await made.settled()
                yield made
            finally:
                program.stop("the bench is over")
                await running
                await store.close()
