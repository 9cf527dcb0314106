"""The only place where the program is put together: from the settings to objects that know each other."""

from __future__ import annotations

import asyncio
import gc
import logging
from collections import Counter
from collections.abc import AsyncIterator, Collection, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import cast

import handlers
from bot import filed
from bot.clock import Clock, SystemClock, VirtualClock
from bot.copying import Copies
from bot.courier import Courier
from bot.deciding import Decisions
from bot.engine import Engine
from bot.meters import Meters, by_kind, by_network
from bot.networks.limits import parse_limits
from bot.networks.port import NetworkPort, NetworkState
from bot.networks.rehearsal import Rehearsal
from bot.program import program
from bot.rehearsal import Stage, everyone
from bot.settings import TELEGRAM, Settings, SettingsError
from bot.spool import Spool
from bot.stamping import Authority, Stamper
from bot.supervisor import Supervisor
from bot.timekeeper import Timekeeper
from bot.web import Figure
from handlers.escalation import expected
from handlers.texts import COMPLETE, translated
from playbooks.lint import lint
from playbooks.load import Book, PlaybookErrors, load
from playbooks.rooms import NETWORKS, Network
from playbooks.selection import local_time
from storage.database import SqliteStore, hold
from storage.facts import DEPLOYMENT, IncidentClosed, Started
from storage.keys import make_folder
from storage.mentions import Mentions
from storage.store import Store

log = logging.getLogger(__name__)

MOST_WAITING = 10_000
"""Events counted as waiting; beyond that the exact number says no more."""


def shelf(files: Iterable[Path]) -> tuple[dict[str, Book], list[str]]:
    """The playbooks of these files by their ids, and a line for each error in those that are left out."""
    found: dict[str, Book] = {}
    wrong: list[str] = []
    for file in files:
        try:
            book = load(file)
        except PlaybookErrors as errors:
            wrong += map(str, errors.errors)
        except OSError as error:
            wrong.append(f"{file}: cannot be read: {error.strerror or error}; make it readable")
        else:
            known = found.setdefault(book.playbook.playbook, book)
            if known is not book:
                wrong.append(f"{file}:1:1: {book.playbook.playbook} is also in {known.file}; name one of them alone")
    return found, wrong


def unsound(books: Iterable[Book], now: datetime) -> Iterator[str]:
    """A line for each playbook with errors that do not keep it from being used: somebody may need it tonight."""
    for book in books:
        errors = [one for one in lint(book, local_time(book, now).date()) if one.severity == "error"]
        if errors:
            many = "an error" if len(errors) == 1 else f"{len(errors)} errors"
            yield f"{book.file}: used all the same, with {many}; see {program()} check {book.file}"


def read_for_good() -> None:
    """What was read until now stays: spare the collector from looking through it again, in pauses of a tenth of a second."""
    gc.collect()
    gc.freeze()


def networks(settings: Settings, clock: Clock) -> dict[Network, NetworkPort]:
    """The networks that are configured. Raises SettingsError."""
    found: dict[Network, NetworkPort] = {}
    if settings.telegram_token is not None:
        from bot.networks.telegram import Telegram

        try:
            limits = parse_limits(settings.telegram_limits)
        except ValueError as error:
            raise SettingsError(f"TOCSIN_TELEGRAM_LIMITS: {error}") from None
        root = None if settings.telegram_base_url == TELEGRAM else settings.telegram_base_url
        found["telegram"] = Telegram(settings.telegram_token.get_secret_value(), root, limits, clock.now)
    if settings.matrix_homeserver:
        from bot.networks.matrix import Matrix

        password, token = settings.matrix_password, settings.matrix_token
        found["matrix"] = Matrix(
            settings.matrix_homeserver,
            settings.matrix_user,
            password=password.get_secret_value() if password is not None else None,
            token=token.get_secret_value() if token is not None else None,
            store_folder=settings.data / "matrix",
            clock=clock.now,
        )
    return found


def forget(settings: Settings, mentions: Mentions) -> Path | None:
    """Forget a person in what the networks remember beside the logs, while the bot runs or not. Returns the file that kept them from it, if any."""
    from bot.networks import matrix_forget
    from bot.networks.matrix_memory import MEMORY_FILE

    folder = settings.data / "matrix"
    return None if matrix_forget.forget(folder, mentions) else folder / MEMORY_FILE


def menu() -> list[tuple[str, dict[str, str]]]:
    """The commands with what they do, in every language that is complete, for Telegram's menu."""
    return [
        (command.name, {language: translated((language,), command.summary) for language in COMPLETE})
        for command in handlers.COMMANDS
        if not command.hidden
    ]


class Bot:
    """The program as it runs: engine, courier, timekeeper and networks over one store."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        books: Mapping[str, Book],
        admins: Collection[str],
        name: str,
        ports: Mapping[Network, NetworkPort],
        *,
        rehearsal: bool = False,
        files: Path | None = None,
        copies: Copies | None = None,
        stamps: Authority | None = None,
    ) -> None:
        """``files``: the folder for files on their way; without one, none is carried. ``copies``: makes copies of the log. ``stamps``: who stamps its
        checkpoints with the time; without one, nobody does. Raises OSError."""
        self._store = store
        self._clock = clock
        self._books = books
        self._ports = ports
        self._stopping = asyncio.Event()
        self._reason = "stopped"
        self.meters = Meters(cast(Decisions, handlers), SystemClock())
        self.engine = Engine(store, clock, books, admins, name, ports, rehearsal=rehearsal, decide=self.meters)
        self._files = Spool(files, ports, clock, maker=copies) if files is not None else None
        self.courier = Courier(store, clock, ports, self.engine, files=self._files)
        self.timekeeper = Timekeeper(store, clock, self.engine)
        self.supervisor = Supervisor(ports, self.engine, clock)
        self.engine.hand_to(self.courier)
        self.engine.deadlines_changed = self.timekeeper.look
        self.stamper = Stamper(stamps, clock, self.engine.tell) if stamps is not None else None
        if self.stamper is not None:
            self.engine.to_stamp = self.stamper.ask

    # -- running ---------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Run until ``stop``; then let what is in flight land, decide what came of it, and sign the log."""
        try:
            async with asyncio.TaskGroup() as group:
                engine = group.create_task(self.engine.run())
                courier = group.create_task(self.courier.run())
                timekeeper = group.create_task(self.timekeeper.run())
                supervisor = group.create_task(self.supervisor.run())
                sweeping = group.create_task(self._files.run()) if self._files is not None else None
                stamping = group.create_task(self.stamper.run()) if self.stamper is not None else None
                await self._stopping.wait()
                self.supervisor.stop()
                self.courier.stop()
                if stamping is not None:
                    stamping.cancel()  # what it has not stamped is asked for with the next checkpoint
                await asyncio.wait({supervisor, courier})
                self.engine.stop(self._reason)
                await asyncio.wait({engine})
                self.timekeeper.stop()
                await asyncio.wait({timekeeper})
                if sweeping is not None and self._files is not None:
                    sweeping.cancel()
                    await self._files.close()
        finally:
            for port in self._ports.values():
                await port.close()

    def stop(self, reason: str) -> None:
        """Begin to end."""
        self._reason = reason
        self._stopping.set()

    async def settled(self) -> None:
        """Return once everything said and due so far has been seen to."""
        await self.engine.started.wait()
        await self.timekeeper.sweep()
        await self.engine.settled()
        # Time that is let pass next must not pass by a deadline that was just set.
        await self.timekeeper.settled()
        await self.engine.settled()

    async def publish_menu(self) -> None:
        """Tell Telegram the commands, once it is there. What goes wrong only costs the menu."""
        port = self._ports.get("telegram")
        publish = getattr(port, "publish_commands", None)
        if publish is None:
            return
        from bot.networks.port import NetworkDown

        while not self._stopping.is_set():
            try:
                await publish(menu())
            except NetworkDown as down:
                log.info("the command menu could not be published", extra={"reason": str(down)})
                await self._clock.sleep(60.0)
            else:
                return

    # -- what is said of it ------------------------------------------------------------------------------------------

    @property
    def ready(self) -> bool:
        """Whether the engine runs."""
        return self.engine.started.is_set() and not self._stopping.is_set()

    @property
    def trouble(self) -> str | None:
        """What is wrong with storage or with the courier."""
        unkept = next(iter(self.engine.unkept.values()), None)
        return self.engine.trouble or unkept or self.courier.trouble or self.timekeeper.trouble

    @property
    def states(self) -> Mapping[Network, NetworkState]:
        """Every configured network."""
        return {name: port.state for name, port in self._ports.items()}

    def backlog(self, network: Network) -> int:
        """Messages that wait to leave."""
        return self.courier.backlog(network)

    async def figures(self) -> list[Figure]:
        """Everything that is counted."""
        up = by_network({name: state.connected for name, state in self.states.items()})
        waiting = by_network({name: self.backlog(name) for name in self._ports})
        inbox = float(len(await self._store.waiting(MOST_WAITING)))
        escalating = len(expected(self.engine.world, self._clock.now()))
        opened = by_kind(Counter(one.opened.exercise for one in self.engine.world.open))
        return [
            *self.meters.figures(),
            Figure("outbox_backlog", "gauge", "Messages that wait to leave, or are on their way.", waiting),
            Figure("inbox_backlog", "gauge", "Events that were heard and wait to be decided.", {(): inbox}),
            Figure("network_up", "gauge", "Whether a network is connected.", up),
            Figure("escalations_open", "gauge", "Partners whose silence leads to something.", {(): float(escalating)}),
            Figure(
                "escalations_stalled",
                "counter",
                "Escalations that were found without a next deadline, and set right.",
                {(): float(self.engine.stalled)},
            ),
            Figure("open_incidents", "gauge", "Incidents that are open.", opened),
        ]


async def note_start(store: SqliteStore, clock: Clock, books: Mapping[str, Book]) -> None:
    """Record that the program started, and with which playbooks."""
    digests = {name: book.digest for name, book in books.items()}
    await store.append(DEPLOYMENT, Started(f"tocsin {version('tocsin')}", digests), now=clock.now())


# -- rehearsals ------------------------------------------------------------------------------------------------------


@asynccontextmanager
async def rehearsal(settings: Settings, books: Mapping[str, Book], book: Book) -> AsyncIterator[tuple[Stage, Bot]]:
    """A stage for a playbook: everything real but networks and clock, with data of its own.

    Raises StorageError, as where another rehearsal runs on the same data.
    """
    make_folder(settings.data)
    with hold(settings.rehearsal_folder):
        async with filed.rehearsed(settings) as store:
            clock = VirtualClock(await filed.now(store))
            await _end_earlier(store, clock)
            await note_start(store, clock, books)
            embedded = {name: Rehearsal(name, books.values(), clock.now) for name in NETWORKS}
            files = settings.rehearsal_folder / "files"
            copies = Copies(partial(filed.rehearsed, settings), clock)
            bot = Bot(
                store, clock, books, everyone(), settings.rehearsal_name, embedded,
                rehearsal=True, files=files, copies=copies,
            )  # fmt: skip
            running = asyncio.create_task(bot.run())
            try:
                await _begun(bot, running, embedded.values())
                stage = Stage(book, store, clock, embedded, bot.settled)
                await stage.begin()
                yield stage, bot
            finally:
                bot.stop("the rehearsal ended")
                await running


async def _begun(bot: Bot, running: asyncio.Task[None], embedded: Iterable[Rehearsal]) -> None:
    """Return once the engine and its networks run; raise what kept them from it."""
    for network in embedded:
        here = asyncio.create_task(network.until(lambda network=network: network.state.connected))  # type: ignore[misc]
        await asyncio.wait({here, running}, return_when=asyncio.FIRST_COMPLETED)
        here.cancel()
    if running.done():
        running.result()
    await bot.settled()


async def _end_earlier(store: SqliteStore, clock: Clock) -> None:
    """Close what an earlier rehearsal left open: its rooms are wanted again."""
    for summary in await store.incidents():
        if summary.closed_at is None:
            [last] = await store.facts(summary.incident, summary.size - 1)
            over = IncidentClosed("rehearsal", None, "another rehearsal began")
            await store.append(summary.incident, over, now=clock.now(), playbook=last.playbook_sha256)
