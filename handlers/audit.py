"""``/audit``: the questions of an inquiry, asked in chat. That one was asked, by whom and why, is recorded with the answer."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from handlers import audit_words as told
from handlers.auditing import facts_for, sees_all
from handlers.case import Case
from handlers.command import nearest, words
from playbooks.cleared import Cleared, code, echo, glue, is_short_id, listed, name, short_id
from playbooks.selection import local_time
from storage import inquiry
from storage.effects import Effect
from storage.facts import LogRead
from storage.store import Kept

MOST = 20_000
"""Entries of a log that is asked in chat: more would keep everybody else waiting. On the server there is no such bound."""

QUESTIONS = ("who-saw", "saw", "silent", "unknown", "withheld", "leads", "readings")
BECAUSE = re.compile(
    r"(?:^|(?<=\s))(?:because|parce que|parce qu['’]|car|omdat|want|weil|denn|perch[éè]|porque)\b[\s:]*(.*)",
    re.IGNORECASE | re.DOTALL,
)
_CLOCK = re.compile(r"(\d{1,2})[:.h](\d{2})")


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question as it was typed, apart from the reason."""

    question: str
    what: tuple[str, ...]
    reason: str

    @property
    def written(self) -> str:
        return " ".join((self.question, *self.what))


def decide(case: Case, arguments: str) -> list[Effect]:
    """``/audit QUESTION … because REASON``."""
    asked = _read(arguments)
    if asked.question not in QUESTIONS:
        return [case.answer(_usage(case, asked.question))]
    if not asked.reason:
        again = code(echo(f"/audit {asked.written} because …", case.request.room))
        return [case.answer(case.say("Say why you ask; it is recorded in the log: {command}", command=again))]
    assert case.incident is not None
    if case.request.kept is None:
        return [case.answer(case.say("This log is too long to be asked in a chat. Whoever runs the server can ask it: tocsin ask {incident}", incident=short_id(case.incident.id)))]  # fmt: skip
    kept = case.request.kept
    answer = _answer(case, asked, facts_for(case, kept))
    if isinstance(answer, Cleared):
        return [case.answer(answer)]
    fact = LogRead(case.actor.person, case.actor.partner, asked.reason, len(kept), asked.written)
    own = [] if sees_all(case) else [case.say("As far as you may see it.")]
    return [case.record(fact), case.answer(glue([*answer, *own, case.say("That you asked, and why, is recorded.")]))]


def _read(arguments: str) -> _Asked:
    """Apart: the question, what it is about, and why it is asked."""
    found = BECAUSE.search(arguments)
    question = arguments[: found.start()] if found is not None else arguments
    said = [each for each in words(question) if each.lower() != "--until"]
    first = said[0].lower().replace("_", "-") if said else ""
    return _Asked(first, tuple(said[1:]), found[1].strip() if found is not None else "")


def _usage(case: Case, typed: str) -> Cleared:
    near = nearest(typed, QUESTIONS) if typed else None
    shown = [
        case.say("{command} because …", command=code(glue([echo(f"/audit {one}", case.request.room), *about], " ")))
        for one in QUESTIONS
        if near in (None, one)
        for about in [_what(case, one)]
    ]
    return glue([case.say("What can be asked of the log, each with your reason:"), *shown])


def _what(case: Case, question: str) -> list[Cleared]:
    """What is to be written behind a question, in the reader's words; nothing where it is asked alone."""
    match question:
        case "who-saw":
            return [case.say("A-17 FIELD")]
        case "saw":
            return [case.say("PARTNER 14:05")]
        case "silent":
            return [echo("A-17", case.request.room)]
        case _:
            return []


def _answer(case: Case, asked: _Asked, kept: Sequence[Kept]) -> list[Cleared] | Cleared:
    """The answer in lines; one text alone where the question cannot be answered."""
    match asked.question:
        case "who-saw":
            return _who_saw(case, asked, kept)
        case "saw":
            return _saw(case, asked, kept)
        case "silent":
            about = _thing(asked.what[0]) if asked.what else None
            found = inquiry.silent(kept, about)
            return told.silent(case, found) if found or about is None else _nothing(case, about)
        case "unknown":
            return told.unknown(case, inquiry.doubts(kept))
        case "withheld":
            return told.withheld(case, inquiry.withheld(kept))
        case "leads":
            return told.leads(case, inquiry.leads(kept))
        case _:
            return told.readings(case, inquiry.readings(kept))


def _who_saw(case: Case, asked: _Asked, kept: Sequence[Kept]) -> list[Cleared] | Cleared:
    assert case.book is not None
    if not asked.what:
        return _usage(case, "who-saw")
    about = _thing(asked.what[0])
    if about is None:
        return _usage(case, "who-saw")
    fields = case.book.playbook.fields
    field = None
    if len(asked.what) > 1:
        field = next((one for one in fields if one.casefold() == asked.what[1].casefold()), None)
        if field is None:
            near = nearest(asked.what[1], list(fields))
            typed = echo(asked.what[1][:60], case.request.room)
            if near is None:
                return case.say("The playbook has no field {field}.", field=typed)
            meant = echo(near, case.request.room)
            return case.say("The playbook has no field {field}. Did you mean {near}?", field=typed, near=meant)
    answer = inquiry.who_saw(kept, about, field)
    whole = answer if field is None else inquiry.who_saw(kept, about)
    return told.who_saw(case, answer) if whole.known else _nothing(case, about)


def _saw(case: Case, asked: _Asked, kept: Sequence[Kept]) -> list[Cleared] | Cleared:
    assert case.book is not None
    if not asked.what:
        return _usage(case, "saw")
    wanted = asked.what[0].casefold()
    known = [p for p in case.book.playbook.partners if listed(case.book, case.reader, p)]
    partner = next((p for p in known if wanted in (p.casefold(), case.book.playbook.partners[p].name.casefold())), None)
    if partner is None:
        near = nearest(wanted, known)
        typed = echo(asked.what[0][:60], case.request.room)
        if near is None:
            return case.say("I know no partner {partner}.", partner=typed)
        meant = name(case.book, case.reader, near)
        return case.say("I know no partner {partner}. Did you mean {near}?", partner=typed, near=meant)
    until = _until(case, asked.what[1]) if len(asked.what) > 1 else None
    if len(asked.what) > 1 and until is None:
        return _usage(case, "saw")
    return told.saw(case, inquiry.saw(kept, partner, until))


def _until(case: Case, typed: str) -> datetime | None:
    """The last time in the incident that clocks showed this where the playbook lives, or the first that they will; None where it is no time."""
    assert case.book is not None and case.incident is not None
    found = _CLOCK.fullmatch(typed)
    if found is None or int(found[1]) > 23 or int(found[2]) > 59:
        return None
    now = local_time(case.book, case.now)
    at = now.replace(hour=int(found[1]), minute=int(found[2]), second=0, microsecond=0)
    last = at if at <= now else at - timedelta(days=1)
    return last if last >= case.incident.opened_at else last + timedelta(days=1)


def _thing(typed: str) -> str | None:
    """``a17`` and ``A-017`` are one alert; None for what is no short id."""
    found = re.fullmatch(r"([A-Za-z])-?0*(\d{1,9})", typed.strip(".,;"))
    identifier = f"{found[1].upper()}-{int(found[2])}" if found is not None else None
    return identifier if is_short_id(identifier) else None


def _nothing(case: Case, about: str) -> Cleared:
    return case.say("The log has nothing of {id} that you may see.", id=short_id(about))
