"""``tocsin incidents`` and ``log``: what is on file. Reading a log is recorded in it."""

from __future__ import annotations

import asyncio
import json
from typing import Any, Literal

from bot import filed
from bot.cli_reading import OPERATOR, opened
from bot.settings import Settings
from bot.told import Telling
from bot.who_is import named
from storage.facts import timestamp
from storage.facts.codec import parts

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
    async with opened(settings, incident) as log:
        entry = await log.record(reason)
    if form == "json":
        for one in log.kept:
            row: dict[str, Any] = {
                "seq": one.seq,
                "at": timestamp(one.at),
                "fact": type(one.fact).__name__,
                "playbook_sha256": one.playbook_sha256,
                "fields": parts(one.fact),
            }
            print(json.dumps(row, ensure_ascii=False))
        return
    telling = Telling(log.stream, log.summary, log.kept, log.book)
    told = [*telling.heading(), *telling.lines()]
    for line in (*told, *(named(told, log.people) if log.summary is not None else [])):
        print(line)
    why = "and why" if reason is not None else "without a reason (--reason)"
    print(f"That you read this, as {OPERATOR}, {why}, is entry {entry} of the log.")
