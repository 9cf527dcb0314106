"""Tries every setting as the bot would use it, and says what to do. Changes nothing that the bot would not, and makes no key."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import socket
import sqlite3
import stat
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from bot import samples
from bot.clock import Clock
from bot.doctor_log import log
from bot.doctor_networks import networks
from bot.findings import Finding, told
from bot.program import program
from bot.samples import only_samples
from bot.settings import Settings
from playbooks.lint import lint
from playbooks.load import Book, PlaybookErrors, load
from playbooks.selection import local_time
from storage.database import SqliteStore, hold, open_store
from storage.keys import KEY, LOCK, is_there, signer
from storage.signing import KeyLost
from storage.store import StorageError

KEPT_BY = {"TOCSIN_DATA", "TOCSIN_DATABASE", "TOCSIN_NAME"}
"""Where the log is kept, and under which name it is signed: without these nothing there is opened."""

LITTLE_DISK = 1 << 30
NO_DISK = 100 << 20
BUILT = datetime(2025, 1, 1, tzinfo=UTC)
"""No true clock shows an earlier time."""


async def examine(
    settings: Settings, clock: Clock, wrong: Sequence[str] = (), kept: Sequence[str] = ()
) -> AsyncIterator[Finding]:
    """Try everything, in the order in which trouble should be mended. ``wrong`` has a line for each setting that cannot
    be used; what depends on it is left out, and the rest is tried. ``kept``: checkpoints that somebody kept, as notes."""
    for line in wrong:
        yield told("fail", "settings", line, "set it right, or take it out", "; ")
    unsure = {line.partition(":")[0] for line in wrong}
    books: list[Book] = []
    for setting, tried in (
        ("TOCSIN_DATA", _folder(settings.data)),
        ("", iter((_sqlite(), _clock(clock)))),
        ("", _configured(settings, wrong)),
        ("TOCSIN_ADMINS", _admins(settings)),
        ("TOCSIN_PLAYBOOKS", _playbooks(settings, books, clock.now())),
        ("TOCSIN_WEB", _web(settings)),
    ):
        if setting not in unsure:
            for finding in tried:
                yield finding
    if unsure & KEPT_BY:
        yield _later(settings, " and ".join(sorted(unsure & KEPT_BY)))
        return
    if not (settings.data.is_dir() and os.access(settings.data, os.W_OK)):
        yield _later(settings, "the data folder")
        return
    try:
        with contextlib.ExitStack() as held:
            runs = _runs(settings.data)
            if not runs:
                held.enter_context(hold(settings.data))
            async with _opened(settings) as store:
                if is_there(settings.data):
                    async for finding in log(settings, store, clock, kept):
                        yield finding
                else:
                    for finding in _unsigned(settings, kept):
                        yield finding
                for finding in _rehearsals(settings):
                    yield finding
                if runs and settings.networks:
                    says = f"the bot is running, so they are not tried here; http://{settings.web}/readyz tells of them"
                    yield Finding("ok", "networks", says)
                else:
                    async for finding in networks(settings, store, clock, books):
                        yield finding
    except KeyLost as lost:
        yield told("fail", "key", str(lost), "put it back from its copy")
        yield _later(settings, "the key")
    except StorageError as error:
        yield told("fail", "database", str(error), "put it aside and restore a backup")
        yield _later(settings, "the database")


@contextlib.asynccontextmanager
async def _opened(settings: Settings) -> AsyncIterator[SqliteStore]:
    """The deployment's own database. What a network tells while it is tried is kept there, so that the bot finds it."""
    store = await open_store(settings.data, settings.name, settings.database_file, key="borrow")
    try:
        yield store
    finally:
        await store.close()


def _unsigned(settings: Settings, kept: Sequence[str]) -> Iterator[Finding]:
    """Where nothing was signed yet, and there is no key."""
    yield Finding("ok", "log", f"there is none yet in {settings.data}")
    if kept:
        todo = "set TOCSIN_DATA to the folder where that log is, or restore it whole from its backup"
        yield Finding("fail", "kept", "nothing was ever signed here, so what was kept is of another data folder", todo)
    says = f"the bot makes {settings.data / KEY} when it first starts; keep a copy of it apart from the backups"
    yield Finding("ok", "key", f"{says} of the database")


def _rehearsals(settings: Settings) -> Iterator[Finding]:
    """The key of the rehearsals' log, which is one of its own."""
    folder = settings.rehearsal_folder
    if not is_there(folder):
        return
    try:
        key = signer(folder, settings.rehearsal_name).verifier
    except StorageError as error:
        yield told("warn", "rehearsals", str(error), f"put {folder} aside: the next rehearsal begins anew")
        return
    says = f"{folder / KEY} signs their log, and no other. Its fingerprint: {key.fingerprint}"
    yield Finding("ok", "rehearsals", says)


def _later(settings: Settings, what: str) -> Finding:
    names = " and ".join(("the log", *settings.networks))
    return Finding("warn", "not tried", names, f"mend {what} first, then try again")


def _runs(folder: Path) -> str:
    """That a program runs on this folder, in words; empty where none does."""
    if not os.access(folder / LOCK, os.F_OK):  # nor where we may not look
        return ""
    try:
        with hold(folder):
            return ""
    except StorageError as error:
        says = str(error).partition(":")[0]
        return says if says.startswith("Tocsin already runs") else ""


def _folder(folder: Path) -> Iterator[Finding]:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        yield Finding(
            "fail", "data", f"{folder} cannot be made: {error.strerror}", "set TOCSIN_DATA to a folder that can"
        )
        return
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        yield Finding(
            "fail",
            "data",
            f"{folder} cannot be written to",
            f"give it to the user that runs the bot: chown {os.geteuid()} {folder}",
        )
        return
    mode = stat.S_IMODE(folder.stat().st_mode)
    if mode & 0o077:
        yield Finding("warn", "data", f"{folder} can be entered by others (mode {mode:o})", f"chmod 700 {folder}")
    else:
        yield Finding("ok", "data", f"{folder} is writable, for us alone (mode {mode:o})")
    free = shutil.disk_usage(folder).free
    says = f"{free / (1 << 30):.1f} GiB are free"
    if free < NO_DISK:
        yield Finding("fail", "disk", says, "make room: without it nothing can be kept, and nothing is sent")
    elif free < LITTLE_DISK:
        yield Finding("warn", "disk", says, "make room before a crisis does")
    else:
        yield Finding("ok", "disk", says)


def _sqlite() -> Finding:
    return Finding("ok", "sqlite", f"version {sqlite3.sqlite_version}")


def _clock(clock: Clock) -> Finding:
    now = clock.now()
    if now < BUILT:
        return Finding(
            "fail", "clock", f"the clock says {now:%Y-%m-%d %H:%M} UTC", "set it: a log with wrong times proves nothing"
        )
    return Finding("ok", "clock", f"{now:%Y-%m-%d %H:%M:%S} UTC; compare it with a watch")


def _configured(settings: Settings, wrong: Sequence[str]) -> Iterator[Finding]:
    if settings.networks:
        yield Finding("ok", "networks", f"{' and '.join(settings.networks)} set up")
    elif not any(line.startswith(("TOCSIN_TELEGRAM", "TOCSIN_MATRIX")) for line in wrong):
        todo = "set TOCSIN_TELEGRAM_TOKEN, or TOCSIN_MATRIX_HOMESERVER with its account"
        yield Finding("warn", "networks", "none is set up: `tocsin run` rehearses", todo)


def _admins(settings: Settings) -> Iterator[Finding]:
    named = {identity.partition(":")[0] for identity in settings.identities}
    if not named:
        todo = "set TOCSIN_ADMINS, like telegram:501 or matrix:@ada:example.org"
        yield Finding("warn", "admins", "nobody is a coordinator from the start", todo)
        return
    says = ", ".join(sorted(settings.identities))
    if settings.networks and not named & set(settings.networks):
        yield Finding("warn", "admins", f"none is on a network that is set up: {says}", "add one to TOCSIN_ADMINS")
    else:
        yield Finding("ok", "admins", says)


def _playbooks(settings: Settings, books: list[Book], now: datetime) -> Iterator[Finding]:
    files = settings.playbook_files
    if not files:
        yield Finding("fail", "playbooks", "there is none", "set TOCSIN_PLAYBOOKS to files or folders that have some")
    known: dict[str, Book] = {}
    for file in files:
        try:
            book = load(file)
        except PlaybookErrors as wrong:
            more = f", and {len(wrong.errors) - 1} more" if len(wrong.errors) > 1 else ""
            yield Finding("fail", "playbook", f"{wrong.errors[0]}{more}", f"see them all: {program()} check {file}")
        except OSError as error:
            yield Finding("fail", "playbook", f"{file} cannot be read: {error.strerror}", "make it readable")
        else:
            name = book.playbook.playbook
            first = known.setdefault(name, book)
            if first is book:
                books.append(book)
                yield _checked(book, now)
            else:
                says = f"{file}: {name} is also in {first.file}, and this one is left out"
                yield Finding("fail", "playbook", says, "name one of them alone in TOCSIN_PLAYBOOKS")
    if settings.networks and only_samples(books):
        yield Finding("warn", "playbook", samples.WARNING, samples.TODO)


def _checked(book: Book, now: datetime) -> Finding:
    """A playbook that can be read, and what the checks say of it."""
    name = f"{book.playbook.playbook} version {book.playbook.version} ({book.file})"
    found = lint(book, local_time(book, now).date())
    errors = [one for one in found if one.severity == "error"]
    if errors:
        more = f", and {len(errors) - 1} more" if len(errors) > 1 else ""
        return Finding("fail", "playbook", f"{errors[0]}{more}", f"see them all: {program()} check {book.file}")
    if found:
        many = "1 warning" if len(found) == 1 else f"{len(found)} warnings"
        return Finding("warn", "playbook", f"{name}: {many}", f"see them: {program()} check {book.file}")
    return Finding("ok", "playbook", name)


def _web(settings: Settings) -> Iterator[Finding]:
    running = [says for says in (_runs(settings.data), _runs(settings.rehearsal_folder)) if says]
    for says in running:
        yield Finding("ok", "program", says)
    host, port = settings.address
    try:
        with socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET):
            yield Finding("ok", "web", f"http://{settings.web} is free")
    except OSError as error:
        if running and error.errno == errno.EADDRINUSE:
            yield Finding("ok", "web", f"http://{settings.web} is in use, by the program that runs here")
        else:
            says = f"cannot listen on {settings.web}: {error.strerror}"
            yield Finding("fail", "web", says, "set TOCSIN_WEB to another host:port, or end what listens there")
