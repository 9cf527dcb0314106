"""A long day's exercise in virtual time: forty partners in two countries on two networks, twelve hours, alerts, rounds, two handovers.

Everything is real but the networks and the clock. Who answers what, and when, is drawn from a seed.
"""

from __future__ import annotations

import asyncio
import contextlib
import heapq
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

from bot.clock import VirtualClock
from bot.networks.rehearsal import Rehearsal
from bot.rehearsal import identity_of
from bot.stamping import Authority
from bot.wiring import Bot
from playbooks.load import Book, parse
from playbooks.rooms import NETWORKS, Network, RoomRef
from storage.database import SqliteStore, open_store
from storage.incident import Incident
from storage.store import Kept

START = datetime(2026, 6, 1, 6, 0, tzinfo=UTC)
HOURS = 12
PARTNERS = 40
ALERTS = 30
ADMIN = "admin"
PATIENCE = 12
"""How often five seconds of real time may go by without any progress before the town gives up."""

COUNTRIES = ("be", "nl")


def network_of(number: int) -> Network:
    """Half of the partners are on Telegram, half on Matrix."""
    return NETWORKS[number % 2]


def _room(number: int, *, exercises: bool = False) -> RoomRef:
    at = number + (500 if exercises else 0)
    if network_of(number) == "telegram":
        return RoomRef("telegram", str(-1001000000100 - at))
    return RoomRef("matrix", f"#room{at}:example.org")


def _partner(number: int) -> str:
    country = COUNTRIES[number // (PARTNERS // 2) % 2]
    written = f"telegram: {_room(number).id}" if network_of(number) == "telegram" else f'matrix: "{_room(number).id}"'
    exercise = (
        f"telegram: {_room(number, exercises=True).id}"
        if network_of(number) == "telegram"
        else f'matrix: "{_room(number, exercises=True).id}"'
    )
    kind = ("fire", "police", "medical", "municipality")[number % 4]
    return f"""
  p{number}:
    name: Partner {number}
    kind: {kind}
    level: local
    jurisdiction: {country}
    competences: [rescue]
    clearance: {{tlp: amber}}
    languages: [en]
    phone_24h: "+32{number:09}"
    rooms:
      - {{{written}, for: [alerts, checkins]}}
      - {{{exercise}, for: [alerts, checkins], exercises: true}}"""


PLAYBOOK = f"""
playbook: long-day
version: 1
title: {{en: A long day}}
languages: [en]
timezone: Europe/Brussels
hazards: [flood]
networks:
  telegram: {{ceiling: amber}}
  matrix: {{ceiling: amber, encrypted: red}}
jurisdictions:
  be: {{name: Belgium, language: en}}
  nl: {{name: Netherlands, language: en}}
agreements:
  aid: {{title: Mutual aid, between: [be, nl], purposes: [life-safety], from: 2020-01-01, until: 2036-12-31}}
activate: {{by: everyone}}
danger: {{by: lead, lasts: 2h, tell: everyone}}
partners: {"".join(_partner(number) for number in range(PARTNERS))}
phases: [watch, response, recovery]
leads:
  - {{in: [watch, response], tier: operational, jurisdiction: be, lead: p0, deputies: [p1], basis: Law of one, accept_within: 10m}}
  - {{in: [recovery], tier: operational, jurisdiction: be, lead: p2, deputies: [p1], basis: Law of two, accept_within: 10m}}
  - {{tier: operational, jurisdiction: nl, lead: p20, deputies: [p21], basis: Law of three, accept_within: 10m}}
fields:
  what: {{type: text, tlp: green}}
  people: {{type: number, tlp: amber, forms: {{range: green}}, ranges: [1, 10, 100]}}
sharing:
  - {{permit: [what, people, _delivery, _decision], to: everyone, purpose: life-safety, under: aid}}
alerts:
  warning:
    title: {{en: Warning}}
    cap: {{category: [Met], event: Flood, urgency: Immediate, severity: Severe, certainty: Observed, response: Prepare}}
    by: everyone
    fields: {{what: required, people: optional}}
    main: what
    text: {{en: ["{{what}}", "People: {{people}}."]}}
    to: everyone
    confirm: no
    expires: 3h
    ack:
      choices: [acting, seen, cannot]
      within: 5m
      then: [{{after: 3m, do: remind}}, {{after: 7m, do: call}}, {{after: 10m, do: lead}}, {{after: 20m, do: coordinators}}]
checkins:
  hourly:
    every: 1h
    to: everyone
    ask: {{en: Status of your services?}}
    within: 15m
    then: [{{after: 15m, do: remind}}, {{after: 20m, do: lead}}]
    label: {{tlp: green}}
"""


def playbook() -> Book:
    """The playbook of the day."""
    return parse(PLAYBOOK.encode(), "long-day.yaml")


@dataclass(order=True)
class Planned:
    """Something a person will do."""

    at: datetime
    order: int
    do: Callable[[Town], object] = field(compare=False)


@dataclass
class Town:
    """The rooms, the people and the bot, which may be ended and begun again at any moment."""

    folder: Path
    book: Book
    clock: VirtualClock
    networks: Mapping[Network, Rehearsal]
    stamps: Authority | None = None
    bot: Bot | None = None
    store: SqliteStore | None = None
    running: asyncio.Task[None] | None = None
    starts: int = 0
    kill_at: int | None = None
    commits: int = 0
    dying: asyncio.Event = field(default_factory=asyncio.Event)

    # -- the bot ------------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Begin, on what is on file."""
        self.store = await open_store(self.folder, "day", outlives="process")
        _count_commits(self, self.store)
        admins = {identity_of(ADMIN, network) for network in NETWORKS}
        books = {self.book.playbook.playbook: self.book}
        self.bot = Bot(
            self.store, self.clock, books, admins, "day", self.networks,
            files=self.folder / "files", stamps=self.stamps,
        )  # fmt: skip
        self.running = asyncio.create_task(self.bot.run())
        self.starts += 1
        for network in self.networks.values():
            await self._patiently(network.until(lambda network=network: network.state.connected))  # type: ignore[misc]
        await self.settled()

    async def stop(self) -> None:
        """End in good order."""
        assert self.bot is not None and self.running is not None and self.store is not None
        self.bot.stop("the day is over")
        await self.running
        await self.store.close()

    async def kill(self) -> None:
        """End at once, wherever it is: nothing is said to anybody, nothing more is written."""
        assert self.running is not None and self.store is not None
        self.running.cancel()
        with contextlib.suppress(asyncio.CancelledError, BaseExceptionGroup):
            await self.running
        await self.store.close()

    async def settled(self) -> None:
        """All that was said and is due has been seen to. Where the bot was to be killed meanwhile, it is, and begins again."""
        assert self.bot is not None
        if self.kill_at is None:
            await self._patiently(self.bot.settled())
            return
        waits = {
            asyncio.create_task(self._patiently(self.bot.settled())),
            asyncio.create_task(self.dying.wait()),
        }
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for task in waits:
            task.cancel()
        await asyncio.gather(*waits, return_exceptions=True)
        if self.dying.is_set():
            self.kill_at = None
            self.dying.clear()
            await self.kill()
            await self.start()

    async def _patiently(self, what: Coroutine[Any, Any, None]) -> None:
        """Wait for it. Whoever tries again after a pause waits on the virtual clock: where nothing moves, it is let move on."""
        task = asyncio.ensure_future(what)
        try:
            for _ in range(PATIENCE):
                if (await asyncio.wait({task}, timeout=5.0))[0]:
                    return task.result()
                self.clock.advance(0.05)
            stacks = "\n".join(str(one) for one in asyncio.all_tasks())
            raise AssertionError(f"nothing moves any more:\n{stacks}")
        finally:
            task.cancel()

    @property
    def incident(self) -> Incident:
        """The day's incident."""
        assert self.bot is not None
        return next(iter(self.bot.engine.world.incidents.values()))

    async def facts(self) -> Sequence[Kept]:
        """Everything in the day's log."""
        assert self.store is not None
        return await self.store.facts(self.incident.id)

    # -- people -------------------------------------------------------------------------------------------------------

    def room(self, number: int) -> RoomRef:
        """A partner's room for exercises, as its network knows it."""
        return self.networks[network_of(number)].room(_room(number, exercises=True))

    async def say(self, number: int, text: str, who: str = "") -> None:
        """Somebody of a partner writes in its room for exercises."""
        network = network_of(number)
        name = who or f"person{number}"
        await self.networks[network].say(self.room(number), identity_of(name, network), name, text)
        await self.settled()

    async def enrol(self, number: int, role: str) -> None:
        """A partner's person gets a role."""
        network = self.networks[network_of(number)]
        host, name = identity_of(ADMIN, network.name), f"person{number}"
        await network.say(network.private(host), host, ADMIN, f"/invite {role} p{number}")
        await self.settled()
        code = network.messages(network.private(host))[-1].text.split("/start ")[1].split()[0]
        identity = identity_of(name, network.name)
        await network.say(network.private(identity), identity, name, f"/start {code}")
        await self.settled()

    async def exercise(self) -> None:
        """The coordinator begins the exercise, in private."""
        network = self.networks["telegram"]
        host = identity_of(ADMIN, network.name)
        await network.say(network.private(host), host, ADMIN, "/exercise long-day A rainy day")
        await self.settled()

    # -- time -----------------------------------------------------------------------------------------------------------

    async def until(self, moment: datetime) -> None:
        """Let time pass, stopping wherever something falls due."""
        while (left := (moment - self.clock.now()).total_seconds()) > 0:
            wake = self.clock.next_wake
            self.clock.advance(left if wake is None else min(left, max(wake, 0.001)))
            await self.settled()

    def seen(self) -> dict[str, list[tuple[str, ...]]]:
        """What stands in every room: each message with every text it had."""
        return {
            str(room): [tuple(shown.versions) for shown in network.messages(room)]
            for network in self.networks.values()
            for room in network.rooms
        }


def _count_commits(town: Town, store: SqliteStore) -> None:
    """Count what is committed, so that a moment between any two commits can be named."""
    commit = store.commit

    async def counted(changes: object) -> None:
        await commit(changes)  # type: ignore[arg-type]
        town.commits += 1
        if town.kill_at is not None and town.commits >= town.kill_at:
            town.dying.set()

    store.commit = counted  # type: ignore[method-assign,assignment]


@asynccontextmanager
async def town(folder: Path, stamps: Authority | None = None) -> AsyncIterator[Town]:
    """A town whose bot runs. ``stamps``: who stamps its checkpoints with the time."""
    book, clock = playbook(), VirtualClock(START)
    networks = {name: Rehearsal(name, [book], clock.now) for name in NETWORKS}
    made = Town(folder, book, clock, networks, stamps)
    await made.start()
    try:
        yield made
    finally:
        await made.stop()


def plan(seed: int) -> list[Planned]:
    """What people do on this day: alerts and their answers, rounds and theirs, the lead passed on twice, another phase.

    Nobody answers at the very instant at which something falls due: both orders would be right.
    """
    draw, order = Random(seed), count()
    planned: list[Planned] = []

    def add(after: timedelta, number: int, text: str) -> None:
        heapq.heappush(planned, Planned(START + after, next(order), lambda town: town.say(number, text)))

    for alert in range(ALERTS):
        at = timedelta(minutes=5 + alert * (HOURS * 60 - 30) // ALERTS, seconds=draw.randrange(60), milliseconds=500)
        add(at, draw.choice((0, 20, 4)), f"/alert warning people={draw.randrange(1, 900)} Water at gauge {alert}")
        for number in range(PARTNERS):
            if draw.random() < 0.85:
                choice = draw.choice(("acting", "acting", "seen", "cannot"))
                add(
                    at + timedelta(seconds=min(900, 5 + int(draw.expovariate(1 / 90))), milliseconds=250),
                    number,
                    f"/ack A-{alert + 1} {choice}",
                )
    for hour in range(1, HOURS):
        for number in range(PARTNERS):
            if draw.random() < 0.9:
                late = draw.randrange(5, 1500)
                answer = draw.choice(("ok", "ok", "degraded the bridge is closed", "help we need pumps"))
                add(timedelta(hours=hour, seconds=late, milliseconds=250), number, f"/checkin {answer}")
    add(timedelta(hours=4, minutes=2), 0, "/handover p4")
    add(timedelta(hours=4, minutes=6), 4, "/accept")
    add(timedelta(hours=7, minutes=1), 4, "/phase recovery")
    add(timedelta(hours=7, minutes=2), 4, "/phase recovery yes")
    add(timedelta(hours=7, minutes=8), 2, "/accept")
    add(timedelta(hours=9, minutes=3), 20, "/handover p22")
    add(timedelta(hours=9, minutes=7), 22, "/accept")
    return planned


async def lived(town: Town, seed: int, *, restarts: Sequence[int] = ()) -> None:
    """Live through the day. ``restarts``: after how many commits of it the bot is killed and begun again."""
    for number in (0, 4, 2, 20, 22):
        await town.enrol(number, "official")
    await town.exercise()
    begun = town.commits
    moments = sorted(begun + each for each in restarts)
    planned = plan(seed)
    while planned:
        step = heapq.heappop(planned)
        while moments and town.kill_at is None:
            town.kill_at = moments.pop(0)
        await town.until(step.at)
        await step.do(town)  # type: ignore[misc]
    # A little more than the day, so that what begins at its very end comes to rest.
    await town.until(START + timedelta(hours=HOURS, seconds=10))
