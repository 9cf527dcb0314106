"""A log that is read on the command line: as it stands, with the playbook it goes by, and the reading recorded in it before anything is shown."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from bot import filed
from bot.cli_ending import UNANSWERED, Stop
from bot.settings import Settings
from bot.who_is import enrolled
from playbooks.load import Book, PlaybookErrors, parse
from storage.canonical import composed
from storage.database import SqliteStore
from storage.facts import LogRead
from storage.governing import in_force
from storage.store import Kept, Summary

OPERATOR = "operator"
"""Who reads through the command line: whoever may use this machine. The program cannot know them better."""


@dataclass(frozen=True, slots=True)
class Log:
    """A log, open to be read. ``summary`` is None for the deployment's own; ``book``: the playbook in force, None where there is none that can be read;
    ``people``: who the persons in it are, None in a rehearsal.
    """

    stream: str
    summary: Summary | None
    kept: Sequence[Kept]
    book: Book | None
    people: dict[str, str] | None
    _store: SqliteStore
    _digest: str | None

    async def record(self, reason: str | None, question: str | None = None) -> int:
        """Record that all of it was read, or asked a question, and why. Returns the number of the entry that says so."""
        size = len(self.kept)
        read = LogRead(OPERATOR, None, composed(reason), size, composed(question), size)  # as it is read again
        await self._store.append(self.stream, read, now=await filed.now(self._store), playbook=self._digest)
        # Others may have written since it was read: the number is where it came to stand, not where it was expected.
        return max(one.seq for one in await self._store.facts(self.stream, size) if one.fact == read)


@asynccontextmanager
async def opened(settings: Settings, incident: str) -> AsyncIterator[Log]:
    """The log of an incident, or of the deployment. Raises Stop where there is none."""
    try:
        async with filed.found(settings, incident) as (store, stream, summary):
            kept = await store.checked(stream)
            digest = in_force(kept)
            source = await store.playbook(digest) if digest is not None else None
            book = _read(source, summary.playbook if summary is not None else stream)
            yield Log(stream, summary, kept, book, await enrolled(store), store, digest)
    except filed.NotOnFile as missing:
        raise Stop(UNANSWERED, str(missing)) from None


def _read(source: bytes | None, named: str) -> Book | None:
    """A playbook as it was then; None where this version of the program reads it no more."""
    if source is None:
        return None
    try:
        return parse(source, named)
    except PlaybookErrors:
        return None
