"""``tocsin run``: the bot, until it is told to stop; or, where no network is set up, a rehearsal that says so."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Iterator, Mapping
from functools import partial
from importlib.metadata import version

from bot import filed, logs, samples, wiring
from bot.cli_ending import UNANSWERED, Stop, complain
from bot.cli_rehearse import people_of, play, script_beside, script_file
from bot.cli_seat import converse
from bot.clock import SystemClock
from bot.copying import Copies
from bot.prose import fitted
from bot.samples import only_samples
from bot.script import Script
from bot.settings import Settings, SettingsError, library
from bot.stamping import Authority
from bot.web import AddressTaken, Web
from playbooks.load import Book
from storage.database import hold

LAST_SECONDS = 4.0
"""After so long a stop is a stop, whatever is still in flight; the outbox has it."""

SHIPPED = "meuse-flood"

Work = Callable[[asyncio.Event], Awaitable[None]]


def run(settings: Settings) -> None:
    """Run until SIGTERM or SIGINT; a rehearsal also ends with its input."""
    books, wrong = wiring.shelf(settings.playbook_files)
    complain(*wrong)
    if not books:
        empty = "TOCSIN_PLAYBOOKS: there is no playbook that can be used; name files or folders that have some"
        raise Stop(UNANSWERED, empty)
    complain(*wiring.unsound(books.values(), SystemClock().now()))
    wiring.read_for_good()
    if settings.networks:
        logs.start(settings.log_format, settings.secrets)
        asyncio.run(_signalled(lambda stop: _run(settings, books, stop)))
        print("Stopped.", flush=True)
    else:
        logs.start(settings.log_format, settings.secrets, logging.WARNING)
        asyncio.run(_signalled(lambda stop: _rehearse(settings, books, stop)))


async def _signalled(work: Work) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await work(stop)


async def _run(settings: Settings, books: Mapping[str, Book], stop: asyncio.Event) -> None:
    clock = SystemClock()
    with hold(settings.data):
        async with filed.real(settings) as store:
            try:
                ports = wiring.networks(settings, clock)
            except SettingsError as error:
                raise Stop(UNANSWERED, *error.lines) from None
            files = settings.data / "files"
            copies = Copies(partial(filed.real, settings), clock)
            bot = wiring.Bot(
                store, clock, books, settings.identities, settings.name, ports,
                files=files, copies=copies, stamps=Authority.chosen(settings),
            )  # fmt: skip
            web = await _listen(Web(bot, *settings.address))
            try:
                await wiring.note_start(store, clock, books)
                _say_what_runs(settings, books, web)
                running = asyncio.create_task(bot.run())
                menu = asyncio.create_task(bot.publish_menu())
                told = asyncio.create_task(stop.wait())
                await asyncio.wait({running, told}, return_when=asyncio.FIRST_COMPLETED)
                bot.stop("told to stop")
                menu.cancel()
                told.cancel()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(LAST_SECONDS):
                        await running
                await asyncio.gather(menu, told, return_exceptions=True)
            finally:
                await web.close()


async def _listen(web: Web) -> Web:
    try:
        await web.start()
    except AddressTaken as taken:
        raise Stop(UNANSWERED, str(taken)) from None
    return web


def _say_what_runs(settings: Settings, books: Mapping[str, Book], web: Web) -> None:
    where = {
        "telegram": f"Telegram ({settings.telegram_base_url})",
        "matrix": f"Matrix ({settings.matrix_homeserver}, as {settings.matrix_user})",
    }
    print(f"Tocsin {version('tocsin')}, as {settings.name}. Stop it with Ctrl-C or SIGTERM.")
    print(f"Data       {settings.data.absolute()}")
    print(f"Networks   {', '.join(where[name] for name in settings.networks)}")
    print(f"Playbooks  {_listed(books)}")
    if only_samples(books.values()):
        print(f"           Look: {samples.WARNING}.")
        print(f"           To change that, {samples.TODO}.")
    print(f"Web        {web.address} (/healthz, /readyz, /metrics)")
    if not settings.identities:
        print("Nobody is a coordinator: set TOCSIN_ADMINS, like telegram:501, to invite the first people.")
    sys.stdout.flush()


def _listed(books: Mapping[str, Book]) -> str:
    return ", ".join(f"{name} version {book.playbook.version}" for name, book in sorted(books.items()))


# -- no network: a rehearsal -----------------------------------------------------------------------------------------


async def _rehearse(settings: Settings, books: Mapping[str, Book], stop: asyncio.Event) -> None:
    book = books.get(SHIPPED) or next(iter(books.values()))
    print(
        fitted(
            f"Tocsin {version('tocsin')}. This is a rehearsal: no network is set up, and nothing leaves this machine."
        )
    )
    print(f"Data       {settings.rehearsal_folder.absolute()}")
    print(fitted(f"Playbooks  {_listed(books)}", 11))
    async with wiring.rehearsal(settings, books, book) as (stage, bot):
        web = Web(bot, *settings.address)
        try:
            await web.start()
            print(f"Web        {web.address} (/healthz, /readyz, /metrics)")
        except AddressTaken as taken:
            print(f"Web        none: {str(taken).partition(': ')[2]}")
        print(fitted("To connect real networks, set these in the environment or in a file .env; README.md says how:"))
        print("  Telegram   TOCSIN_TELEGRAM_TOKEN")
        print("  Matrix     TOCSIN_MATRIX_HOMESERVER, TOCSIN_MATRIX_USER, TOCSIN_MATRIX_PASSWORD")
        print("  and        TOCSIN_ADMINS, who is a coordinator from the start")
        script = script_beside(book)
        for line in _before(book, script):
            print(fitted(line), flush=True)

        async def act() -> None:
            if script is not None:
                await play(stage, book, script.left_open() if _is_terminal() else script, "text")
            if _is_terminal():
                await converse(stage, book, people_of(script), settings.rehearsal_folder / "received")

        acting = asyncio.create_task(act())
        told = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait({acting, told}, return_when=asyncio.FIRST_COMPLETED)
            if acting.done():
                acting.result()
        finally:
            for task in (acting, told):
                task.cancel()
            await asyncio.gather(acting, told, return_exceptions=True)
            await web.close()
    if stop.is_set():
        print("\nStopped.")


def _before(book: Book, script: Script | None) -> Iterator[str]:
    if script is not None:
        yield f"\nThe exercise for {book.playbook.playbook}, {script.title}:"
        return
    path = script_file(book)
    yield f"\nThere is no exercise to play: a script for {book.playbook.playbook} would lie beside it, as {path}."
    if not _is_terminal():
        yield "Write one, or run this in a terminal and type what rooms say."
    yield f"One that ships can be copied: {library() / f'{SHIPPED}.script.yaml'}"


def _is_terminal() -> bool:
    try:
        return os.isatty(sys.stdin.fileno())
    except (AttributeError, OSError, ValueError):
        return False
