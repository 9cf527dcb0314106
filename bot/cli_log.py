"""``tocsin incidents`` and ``log``: what is on file. Reading a log is recorded in it."""

from __future__ import annotations

import asyncio
import json
from typing import Any, Literal

from bot import filed
from bot.cli_ending import UNANSWERED, Stop
from bot.settings import Settings
from bot.told import Telling
from bot.who_is import enrolled, named
from playbooks.load import Book, PlaybookErrors, parse
from storage.facts import LogRead, parts, timestamp
from storage.governing import in_force
from storage.store import Summary

OPERATOR = "operator"
"""Who reads through the command line: whoever may use this machine. The program cannot know them better."""

Form = Literal["text", "json"]


def incidents(settings: Settings, form: Form) -> None:
    """List them, the oldest first."""
    listed = asyncio.run(filed.incidents(settings))
    if form == "json":
        rows = [
            {
                "incident": one.incident,
                "playbook": one.playbook,
                "title": one.title,
                "exercise": one.exercise,
                "rehearsal": rehearsal,
                "opened_at": timestamp(one.opened_at),
                "closed_at": timestamp(one.closed_at) if one.closed_at else None,
                "entries": one.size,
            }
            for one, rehearsal in listed
        ]
        print(json.dumps({"incidents": rows}, ensure_ascii=False, indent=2))
        return
    if not listed:
        print(f"No incident is on file in {settings.data}, nor one of a rehearsal.")
        if not filed.places(settings):
            print(f"Nothing else is there either: {filed.elsewhere()}.")
    for one, rehearsal in listed:
        state = f"closed {one.closed_at:%Y-%m-%d %H:%M}" if one.closed_at else "open"
        kind = f"{' EXERCISE,' if one.exercise else ''}{' rehearsal,' if rehearsal else ''}"
        print(f"{one.incident:<6} {one.opened_at:%Y-%m-%d %H:%M} UTC,{kind} {state}, {one.size} entries")
        print(f"       {one.playbook}{': ' + one.title if one.title else ''}")


def log(settings: Settings, incident: str, reason: str, form: Form) -> None:
    """Print a log, and record that it was read, and why; or that no reason was given."""
    asyncio.run(_log(settings, incident, reason.strip() or None, form))


async def _log(settings: Settings, incident: str, reason: str | None, form: Form) -> None:
    try:
        async with filed.found(settings, incident) as (store, stream, summary):
            kept = await store.facts(stream)
            digest = in_force(kept)
            source = await store.playbook(digest) if digest is not None else None
            read = LogRead(OPERATOR, None, reason, len(kept))
            await store.append(stream, read, now=await filed.now(store), playbook=digest)
            people = await enrolled(store)
    except filed.NotOnFile as missing:
        raise Stop(UNANSWERED, str(missing)) from None
    if form == "json":
        for one in kept:
            row: dict[str, Any] = {
                "seq": one.seq,
                "at": timestamp(one.at),
                "fact": type(one.fact).__name__,
                "playbook_sha256": one.playbook_sha256,
                "fields": parts(one.fact),
            }
            print(json.dumps(row, ensure_ascii=False))
        return
    book = _book(source, summary)
    telling = Telling(stream, summary, kept, book)
    told = [*telling.heading(), *telling.lines()]
    for line in (*told, *(named(told, people) if summary is not None else [])):
        print(line)
    why = "and why" if reason is not None else "without a reason (--reason)"
    print(f"That you read this, as {OPERATOR}, {why}, is entry {len(kept)} of the log.")


def _book(source: bytes | None, summary: Summary | None) -> Book | None:
    """The playbook an incident began with, as it was then; None where this version reads it no more."""
    if source is None or summary is None:
        return None
    try:
        return parse(source, summary.playbook)
    except PlaybookErrors:
        return None
