"""``tocsin ask``: the questions of an inquiry, answered from the log. That it was asked, and why, is recorded before anything is printed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime
from typing import Any, Literal

from bot import filed
from bot.cli_asked import Words
from bot.cli_ending import UNANSWERED, Stop
from bot.cli_log import OPERATOR
from bot.cli_until import moment_of
from bot.settings import Settings
from bot.who_is import enrolled, named
from playbooks.load import Book, PlaybookErrors, parse
from playbooks.rooms import RoomRef
from storage import inquiry
from storage.facts import AlertIssued, Disclosed, LogRead, Said, timestamp
from storage.governing import in_force
from storage.store import Kept

Form = Literal["text", "json"]


@dataclass(frozen=True, slots=True)
class Query:
    """A question as it was typed. ``what``: what it is about; ``until``: as typed, None for now."""

    question: str
    what: tuple[str, ...]
    until: str | None

    @property
    def written(self) -> str:
        """As the log keeps it: ``saw drk --until 14:05``."""
        until = ("--until", self.until) if self.until is not None else ()
        return " ".join((self.question, *self.what, *until))


@dataclass(frozen=True, slots=True)
class Question:
    """One kind of question. ``takes``: how much it may be about, from … to. ``says``: what it tells."""

    usage: str
    takes: tuple[int, int]
    says: str
    answer: Callable[[Sequence[Kept], Query, datetime | None], object]
    words: Callable[[Words, Any], list[str]]


QUESTIONS: Mapping[str, Question] = {
    "who-saw": Question(
        "who-saw A-17 [FIELD]",
        (1, 2),
        "who saw it, when, in which form, by which right, in which message",
        lambda kept, query, until: inquiry.who_saw(kept, _short(query.what[0]), *query.what[1:]),
        Words.who_saw,
    ),
    "saw": Question(
        "saw PARTNER [--until 14:05]",
        (1, 1),
        "what a partner had been shown by then, and what was taken back later",
        lambda kept, query, until: inquiry.saw(kept, query.what[0].lower(), until),
        Words.saw,
    ),
    "silent": Question(
        "silent [A-17]",
        (0, 1),
        "who was to acknowledge each alert, who did, and who never did",
        lambda kept, query, until: inquiry.silent(kept, _short(query.what[0]) if query.what else None),
        Words.silent,
    ),
    "unknown": Question(
        "unknown",
        (0, 0),
        "which messages may never have arrived, and what became of their repeats",
        lambda kept, query, until: inquiry.doubts(kept),
        Words.unknown,
    ),
    "withheld": Question(
        "withheld",
        (0, 0),
        "every withholding and release, with its reason",
        lambda kept, query, until: inquiry.withheld(kept),
        Words.withheld,
    ),
    "leads": Question(
        "leads",
        (0, 0),
        "who led, from when to when, on which basis",
        lambda kept, query, until: inquiry.leads(kept),
        Words.leads,
    ),
    "readings": Question(
        "readings",
        (0, 0),
        "who read the log or took a copy of it, and why",
        lambda kept, query, until: inquiry.readings(kept),
        Words.readings,
    ),
}
"""Every question, in the order in which they are listed."""


def ask(settings: Settings, incident: str, query: Query, reason: str, form: Form) -> None:
    """Answer a question from an incident's log, and record that it was asked."""
    question = _question(query)
    if not reason.strip():
        raise Stop(UNANSWERED, 'say why you ask: --reason "TEXT"; it is recorded in the log')
    asyncio.run(_ask(settings, incident, query, question, reason.strip(), form))


def listed() -> list[str]:
    """The questions, each with what it tells."""
    return [line for one in QUESTIONS.values() for line in (f"  {one.usage}", f"      {one.says}")]


def _question(query: Query) -> Question:
    found = QUESTIONS.get(query.question)
    if found is None:
        raise Stop(UNANSWERED, f"there is no question {query.question!r}; there are:", *listed())
    if query.until is not None and query.question != "saw":
        raise Stop(UNANSWERED, f"--until belongs to `saw` alone; write: {found.usage}")
    least, most = found.takes
    if not least <= len(query.what) <= most:
        raise Stop(UNANSWERED, f"write: {found.usage}")
    return found


async def _ask(settings: Settings, incident: str, query: Query, question: Question, reason: str, form: Form) -> None:
    try:
        async with filed.found(settings, incident) as (store, stream, summary):
            kept = await store.facts(stream)
            digest = in_force(kept)
            source = await store.playbook(digest) if digest is not None else None
            book = _book(source, summary.playbook if summary is not None else "")
            until = moment_of(query.until, kept, book) if query.until is not None else None
            # The log says who read it before anything of it is shown.
            read = LogRead(OPERATOR, None, reason, len(kept), query.written)
            await store.append(stream, read, now=await filed.now(store), playbook=digest)
            people = await enrolled(store)
    except filed.NotOnFile as missing:
        raise Stop(UNANSWERED, str(missing)) from None
    answer = question.answer(kept, query, until)
    unknown = _nothing_known(kept, query)
    if form == "json":
        told = {
            "incident": stream,
            "question": query.written,
            "reason": reason,
            "upto": len(kept),
            "recorded_as": len(kept),
            "answer": jsonable(answer),
        }
        print(json.dumps(told, ensure_ascii=False, indent=2))
    elif unknown is None:
        words = Words(stream, kept, book)
        lines = [*words.heading(query.written), *question.words(words, answer)]
        for line in (*lines, *named(lines, people), "", *words.recorded(OPERATOR)):
            print(line)
    if unknown is not None:
        raise Stop(UNANSWERED, unknown)


def _nothing_known(kept: Sequence[Kept], query: Query) -> str | None:
    """That the log knows nothing of what was asked about, and what there is; None where it does."""
    match query.question, query.what:
        case (("who-saw" | "silent"), (about, *_)):
            short = _short(about)
            alerts = [one.fact.alert for one in kept if isinstance(one.fact, AlertIssued)]
            said = [one.fact.said for one in kept if isinstance(one.fact, Said)]
            known = alerts if query.question == "silent" else [*alerts, *said]
            if short in known or (query.question == "who-saw" and inquiry.who_saw(kept, short).known):
                return _no_such_field(kept, query, short)
            return f"the log knows no {about}; it knows {_some(alerts) or 'no alert'}"
        case "saw", (partner, *_):
            partners = sorted({f.partner for one in kept if isinstance(f := one.fact, Disclosed) and f.partner})
            if partner.lower() in partners:
                return None
            return f"nothing was shown to {partner}; something was shown to {_some(partners) or 'nobody'}"
        case _:
            return None


def _no_such_field(kept: Sequence[Kept], query: Query, about: str) -> str | None:
    if len(query.what) < 2 or query.question != "who-saw" or inquiry.who_saw(kept, about, query.what[1]).known:
        return None
    whole = inquiry.who_saw(kept, about)
    there = dict.fromkeys(one.field for one in (*whole.seen, *whole.unsent, *whole.withheld))
    return f"{about} has no field {query.what[1]}; it has {_some(list(there)) or 'none'}"


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:20]) + (", …" if len(names) > 20 else "")


def _short(name: str) -> str:
    """``a17`` and ``A-017`` are one alert."""
    letter, digits = name[:1].upper(), name[1:].lstrip("-")
    return f"{letter}-{int(digits)}" if letter.isalpha() and digits.isdecimal() and digits.isascii() else name


def _book(source: bytes | None, named: str) -> Book | None:
    if source is None:
        return None
    try:
        return parse(source, named)
    except PlaybookErrors:
        return None


def jsonable(value: Any) -> Any:
    """An answer as JSON has it: times in RFC 3339 in UTC, rooms as addresses; what is counted from the rest stands beside it."""
    if is_dataclass(value) and not isinstance(value, type) and not isinstance(value, RoomRef):
        told = {one.name: jsonable(getattr(value, one.name)) for one in fields(value)}
        counted = {
            name for kind in type(value).__mro__ for name, one in vars(kind).items() if isinstance(one, property)
        }
        return told | {name: jsonable(getattr(value, name)) for name in sorted(counted)}
    if isinstance(value, datetime):
        return timestamp(value)
    if isinstance(value, RoomRef):
        return str(value)
    if isinstance(value, Mapping):
        return {str(name): jsonable(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [jsonable(one) for one in value]
    return value
