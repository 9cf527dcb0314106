"""What is on file, for the command line: the deployment's own database first, then that of its rehearsals.

Looking makes nothing, nor does changing what must be there already: where no database is, none is made. Both may be open while the bot runs.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

from bot.clock import SystemClock
from bot.settings import REHEARSAL, Settings
from storage.database import SqliteStore, open_store
from storage.facts import DEPLOYMENT
from storage.store import Summary

REHEARSAL_FILE = "rehearsal.sqlite"


class NotOnFile(Exception):
    """There is no such incident, or no database. The message says what there is."""


@asynccontextmanager
async def real(settings: Settings) -> AsyncIterator[SqliteStore]:
    """The deployment's own database, made if need be."""
    store = await open_store(settings.data, settings.name, settings.database_file)
    try:
        yield store
    finally:
        await store.close()


@asynccontextmanager
async def existing(settings: Settings) -> AsyncIterator[SqliteStore]:
    """The deployment's own database, as it must be there. Raises NotOnFile."""
    there = places(settings)
    if settings.data / settings.database_file not in there:
        only = f"only rehearsals are on file, in {settings.rehearsal_folder}" if there else _nothing(settings)
        raise NotOnFile(only)
    async with real(settings) as store:
        yield store


@asynccontextmanager
async def rehearsed(settings: Settings) -> AsyncIterator[SqliteStore]:
    """The database of rehearsals, made if need be. When the power fails, a rehearsal may be lost: nothing hangs on it."""
    store = await open_store(settings.rehearsal_folder, settings.rehearsal_name, REHEARSAL_FILE, "process")
    try:
        yield store
    finally:
        await store.close()


def is_rehearsal(store: SqliteStore) -> bool:
    """Whether this is the database of rehearsals."""
    return store.name.endswith(REHEARSAL)


async def now(store: SqliteStore) -> datetime:
    """The time, or that of the last entry where a rehearsal has let more time pass than there was."""
    last = [fact.at for head in await store.heads() for fact in await store.facts(head.stream, head.size - 1)]
    return max([SystemClock().now(), *last]) if is_rehearsal(store) else SystemClock().now()


def places(settings: Settings) -> list[Path]:
    """The databases that exist, the real one first."""
    both = (settings.data / settings.database_file, settings.rehearsal_folder / REHEARSAL_FILE)
    return [path for path in both if path.is_file()]


async def incidents(settings: Settings) -> list[tuple[Summary, bool]]:
    """Every incident on file, and whether it was a rehearsal."""
    found: list[tuple[Summary, bool]] = []
    for path in places(settings):
        rehearsal = path.name == REHEARSAL_FILE
        async with rehearsed(settings) if rehearsal else real(settings) as store:
            found += [(one, rehearsal) for one in await store.incidents()]
    return found


@asynccontextmanager
async def found(settings: Settings, incident: str) -> AsyncIterator[tuple[SqliteStore, str, Summary | None]]:
    """The store with an incident, its stream and summary (None for the deployment's own log). Raises NotOnFile."""
    wanted = _short(incident)
    known: dict[Path, list[str]] = {}
    for path in places(settings):
        async with rehearsed(settings) if path.name == REHEARSAL_FILE else real(settings) as store:
            summaries = await store.incidents()
            known[path] = [one.incident for one in summaries]
            if wanted == DEPLOYMENT:
                yield store, DEPLOYMENT, None
                return
            for one in summaries:
                if one.incident.casefold() == wanted.casefold():
                    yield store, one.incident, one
                    return
    raise NotOnFile(f"there is no incident {incident}; {_there_is(settings, known)}")


def _short(incident: str) -> str:
    """``i3``, ``I-3`` and ``i-03`` are one incident."""
    if incident.casefold() == DEPLOYMENT:
        return DEPLOYMENT
    short = re.fullmatch(r"([A-Za-z])-?0*(\d+)", incident.strip())
    return f"{short[1].upper()}-{short[2]}" if short else incident


def _there_is(settings: Settings, known: Mapping[Path, Sequence[str]]) -> str:
    real = [one for path, some in known.items() if path.name != REHEARSAL_FILE for one in some]
    rehearsed = [one for path, some in known.items() if path.name == REHEARSAL_FILE for one in some]
    if real and rehearsed:
        return f"on file in {settings.data}: {_last(real)}; and of rehearsals: {_last(rehearsed)}"
    if real:
        return f"on file in {settings.data}: {_last(real)}"
    if rehearsed:
        return f"only rehearsals are on file, in {settings.rehearsal_folder}: {_last(rehearsed)}"
    return _nothing(settings)


def _nothing(settings: Settings) -> str:
    return f"nothing is on file in {settings.data}; {elsewhere()}"


def elsewhere() -> str:
    """What to do where nothing is on file: the data folder is sought from where a command is started."""
    return "start this where you started the bot or ran `make run`, or set TOCSIN_DATA to the folder there"


def _last(known: Sequence[str]) -> str:
    """The newest of them, and that there are more."""
    return f"{'…, ' if len(known) > 12 else ''}{', '.join(known[-12:])}"
