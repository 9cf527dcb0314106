"""``tocsin ask``: the questions of an inquiry, answered from the log. That it was asked, and why, is recorded before anything is printed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import datetime
from typing import Any, Literal

from bot.cli_asked import Words
from bot.cli_ending import UNANSWERED, Stop
from bot.cli_reading import OPERATOR, opened
from bot.cli_until import moment_of
from bot.settings import Settings
from bot.who_is import named
from playbooks.load import Book
from playbooks.problems import in_quotes, nearest, suggestion
from playbooks.rooms import RoomRef
from storage import gone, inquiry
from storage.facts import AlertIssued, Disclosed, Said, timestamp
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
        (1, 9),
        "who saw it, when, in which form, by which right, in which message",
        lambda kept, query, until: inquiry.who_saw(kept, *query.what),
        Words.who_saw,
    ),
    "saw": Question(
        "saw PARTNER [--until 14:05]",
        (1, 9),
        "what a partner had been shown by then, and what was taken back later",
        lambda kept, query, until: inquiry.saw(kept, query.what[0], until),
        Words.saw,
    ),
    "silent": Question(
        "silent [A-17]",
        (0, 1),
        "who was to acknowledge each alert, who did, and who never did",
        lambda kept, query, until: inquiry.silent(kept, next(iter(query.what), None)),
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
    async with opened(settings, incident) as log:
        until = moment_of(query.until, log.kept, log.book) if query.until is not None else None
        meant = understood(query, log.book)
        # The log says who asked it what before anything of it is shown.
        entry = await log.record(reason, meant.written)
    kept = log.kept
    answer = question.answer(kept, meant, until)
    unknown = _nothing_known(kept, meant, log.book)
    if form == "json":
        told = {
            "incident": log.stream,
            "question": meant.written,
            "reason": reason,
            "upto": len(kept),
            "recorded_as": entry,
            "erased": gone.of_all(kept),
            "answer": jsonable(answer),
        }
        print(json.dumps(told, ensure_ascii=False, indent=2))
    elif unknown is None:
        words = Words(log.stream, kept, log.book)
        lines = [*words.heading(meant.written), *question.words(words, answer)]
        for line in (*lines, *named(lines, log.people), "", *words.recorded(OPERATOR, entry)):
            print(line)
    if unknown is not None:
        raise Stop(UNANSWERED, unknown)


def understood(query: Query, book: Book | None) -> Query:
    """The question as it is meant: a short id however it was typed, a partner or a field also by what people call it."""
    match query.question, query.what:
        case "who-saw", (about, *rest):
            called = " ".join(rest).casefold()
            return replace(query, what=(_short(about), *([_fields(book).get(called, " ".join(rest))] if rest else [])))
        case "silent", (about,):
            return replace(query, what=(_short(about),))
        case "saw", (*words,):
            called = " ".join(words)
            return replace(query, what=(_partners(book).get(called.casefold(), called.lower()),))
        case _:
            return query


def _fields(book: Book | None) -> Mapping[str, str]:
    """A playbook's fields by all that they are called, in any language."""
    declared = book.playbook.fields.items() if book is not None else ()
    titles = {word.casefold(): one for one, spec in declared for word in (spec.title or {}).values()}
    return titles | {one.casefold(): one for one, _ in declared}


def _partners(book: Book | None) -> Mapping[str, str]:
    """A playbook's partners by their names and ids."""
    known = book.playbook.partners.items() if book is not None else ()
    return {one.name.casefold(): partner for partner, one in known} | {partner: partner for partner, _ in known}


def _nothing_known(kept: Sequence[Kept], query: Query, book: Book | None) -> str | None:
    """That the log knows nothing of what was asked about, and what there is; None where it does."""
    match query.question, query.what:
        case (("who-saw" | "silent"), (about, *_)):
            alerts = [one.fact.alert for one in kept if isinstance(one.fact, AlertIssued) and one.fact.alert]
            said = [one.fact.said for one in kept if isinstance(one.fact, Said)]
            known = alerts if query.question == "silent" else [*alerts, *said]
            if about in known or (query.question == "who-saw" and inquiry.who_saw(kept, about).known):
                return _no_such_field(kept, query, about, book)
            return f"the log knows no {about}; it knows {_some(alerts) or 'no alert'}"
        case "saw", (partner,):
            shown = sorted({f.partner for one in kept if isinstance(f := one.fact, Disclosed) and f.partner})
            known = [*_partners(book).values(), *shown]
            if partner in known:
                return None
            return f"there is no partner {partner}; {suggestion(partner, sorted(set(known)), _there_is(shown))}"
        case _:
            return None


def _there_is(shown: Sequence[str]) -> str:
    return f"something was shown to {_some(shown) or 'nobody'}"


def _no_such_field(kept: Sequence[Kept], query: Query, about: str, book: Book | None) -> str | None:
    if len(query.what) < 2 or query.question != "who-saw" or inquiry.who_saw(kept, about, query.what[1]).known:
        return None
    whole = inquiry.who_saw(kept, about)
    met = (*whole.seen, *whole.unsent, *whole.withheld, *whole.empty)
    # What the program says beside an alert's own fields begins so.
    there = [name for name in dict.fromkeys(one.field for one in met) if not name.startswith("_")]
    near = nearest(query.what[1], [*there, *_fields(book)])
    meant = f"did you mean {in_quotes(_fields(book).get(near, near))}? " if near is not None else ""
    return f"{about} has no field {query.what[1]}; {meant}it has {_some(there) or 'none'}"


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:20]) + (", …" if len(names) > 20 else "")


def _short(name: str) -> str:
    """``a17`` and ``A-017`` are one alert."""
    letter, digits = name[:1].upper(), name[1:].lstrip("-")
    return f"{letter}-{int(digits)}" if letter.isalpha() and digits.isdecimal() and digits.isascii() else name


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
