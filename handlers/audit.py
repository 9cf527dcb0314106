"""``/audit``: the questions of an inquiry, asked in chat. That one was asked, by whom and why, is recorded with the answer."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from handlers import audit_shown as shown
from handlers import audit_words as told
from handlers.audit_parts import at as moment_at
from handlers.audit_parts import nothing_seen
from handlers.auditing import Part, damaged, part_for
from handlers.case import Case
from handlers.command import BECAUSE, nearest, words
from playbooks.cleared import Cleared, code, echo, glue, is_short_id, listed, name, short_id
from playbooks.selection import local_time
from playbooks.wall import instants, written
from storage import inquiry
from storage.effects import Effect
from storage.facts import AlertIssued, Disclosed, FieldErased, LogErased, LogRead, PersonErased
from storage.store import Kept

MOST = 10_000
"""Entries of a log that is asked in chat: more would keep everybody else waiting. On the server there is no such bound."""

QUESTIONS = ("who-saw", "saw", "silent", "unknown", "withheld", "leads", "readings")
_MOMENT = re.compile(
    r"(?:(?:(?P<y>\d{4})-(?P<m>\d{1,2})-(?P<d>\d{1,2})|(?P<d2>\d{1,2})[./](?P<m2>\d{1,2})[./](?P<y2>\d{4}))[ T])?(?P<hour>\d{1,2})[:.h](?P<minute>\d{2})",
    re.ASCII,
)
MOST_NAMED = 20
"""Alerts or partners that are named where another one was meant."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question as it was typed, apart from the reason."""

    question: str
    what: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class _Query:
    """A question as it is understood. ``about``: a thing's short id; ``written``: as the log keeps it, and ``tocsin ask`` takes it."""

    written: str
    about: str | None = None
    field: str | None = None
    partner: str = ""
    until: datetime | None = None


def decide(case: Case, arguments: str) -> list[Effect]:
    """``/audit QUESTION … because REASON``."""
    asked = _read(arguments)
    if asked.question not in QUESTIONS:
        return [case.answer(_usage(case, asked.question))]
    if not asked.reason:
        again = code(echo(f"/audit {' '.join((asked.question, *asked.what))} because …", case.request.room))
        return [case.answer(case.say("Say why you ask; it is recorded in the log: {command}", command=again))]
    assert case.incident is not None
    if case.request.damaged is not None:
        return [case.answer(damaged(case, case.request.damaged))]
    if case.request.kept is None:
        return [case.answer(case.say("This log is too long to be asked in a chat. Whoever runs the server can ask it: tocsin ask {incident}", incident=short_id(case.incident.id)))]  # fmt: skip
    kept = case.request.kept
    part = part_for(case, kept)
    query = _understood(case, asked, part.facts)
    if isinstance(query, Cleared):
        return [case.answer(query)]
    fact = LogRead(case.actor.person, case.actor.partner, asked.reason, len(kept), query.written, len(part.facts))
    lines = _answer(case, asked.question, query, part)
    # Where nothing was found, the answer has said already that it is nothing that they may see.
    own = [] if not part.whole and nothing_seen(case) & {line.html for line in lines} else _limits(case, part)
    return [case.record(fact), case.answer(glue([*lines, *own, case.say("That you asked, and why, is recorded.")]))]


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


def _limits(case: Case, part: Part) -> list[Cleared]:
    """What an answer cannot tell: what whoever asks may not see; of the whole log, what was erased of it."""
    if not part.whole:
        return [case.say("As far as you may see it.")]
    gone = any(isinstance(one.fact, FieldErased | PersonErased | LogErased) for one in part.facts)
    return [case.say("As far as the log still tells: some of what it held was erased.")] if gone else []


def _answer(case: Case, question: str, query: _Query, part: Part) -> list[Cleared]:
    """The answer in lines."""
    match question:
        case "who-saw":
            return shown.who_saw(case, inquiry.who_saw(part.facts, str(query.about), query.field))
        case "saw":
            return shown.saw(case, inquiry.saw(part.facts, query.partner, query.until))
        case "silent":
            return told.silent(case, inquiry.silent(part.facts, query.about, part.tells), part)
        case "unknown":
            return told.unknown(case, inquiry.doubts(part.facts))
        case "withheld":
            return shown.withheld(case, inquiry.withheld(part.facts))
        case "leads":
            return told.leads(case, inquiry.leads(part.facts))
        case _:
            return told.readings(case, inquiry.readings(part.facts))


# --- what was meant -----------------------------------------------------------------------------------------------------


def _understood(case: Case, asked: _Asked, kept: Sequence[Kept]) -> _Query | Cleared:
    """The question, if it can be answered; else one text that says what would be right."""
    match asked.question, asked.what:
        case "who-saw", (first, *rest):
            return _who_saw(case, first, " ".join(rest), kept)
        case "saw", (_, *_):
            return _saw(case, asked.what)
        case "silent", (first,):
            about = _thing(first)
            known = [f.alert for one in kept if isinstance(f := one.fact, AlertIssued) and f.alert]
            return _Query(f"silent {about}", about) if about in known else _nothing(case, first, known)
        case (("silent" | "unknown" | "withheld" | "leads" | "readings"), ()):
            return _Query(asked.question)
        case _:
            return _usage(case, asked.question)


def _who_saw(case: Case, first: str, called: str, kept: Sequence[Kept]) -> _Query | Cleared:
    assert case.book is not None
    about = _thing(first)
    if about is None or not inquiry.who_saw(kept, about).known:
        return _nothing(case, first, [f.about for one in kept if isinstance(f := one.fact, Disclosed) and f.about])
    if not called:
        return _Query(f"who-saw {about}", about)
    declared = case.book.playbook.fields
    names = {word.casefold(): one for one, spec in declared.items() for word in (*(spec.title or {}).values(), one)}
    meant = called.casefold()
    if meant in names:
        return _Query(f"who-saw {about} {names[meant]}", about, names[meant])
    near, typed = nearest(meant, list(names)), echo(called[:60], case.request.room)
    if near is not None:
        likely = echo(names[near], case.request.room)
        return case.say("The playbook has no field {field}. Did you mean {near}?", field=typed, near=likely)
    fields = echo(", ".join(dict.fromkeys(_fields_of(about, kept))) or ", ".join(declared), case.request.room)
    return case.say("The playbook has no field {field}. It has: {known}.", field=typed, known=fields)


def _fields_of(about: str, kept: Sequence[Kept]) -> Iterable[str]:
    """The fields of a thing of which these facts know."""
    answer = inquiry.who_saw(kept, about)
    return (one.field for one in (*answer.seen, *answer.unsent, *answer.withheld) if one.field.isidentifier() and not one.field.startswith("_"))  # fmt: skip


def _saw(case: Case, what: Sequence[str]) -> _Query | Cleared:
    assert case.book is not None
    partners = case.book.playbook.partners
    known = [p for p in partners if listed(case.book, case.reader, p)]
    names = {word.casefold(): p for p in known for word in (partners[p].name, p)}
    typed = " ".join(what)
    if typed.casefold() in names:
        partner = names[typed.casefold()]
        return _Query(f"saw {partner}", partner=partner)
    # The longest beginning that names a partner; what stands behind it is a time.
    for length in range(len(what) - 1, 0, -1):
        partner = names.get(" ".join(what[:length]).casefold(), "")
        if partner:
            return _before(case, partner, " ".join(what[length:]))
    if len(what) > 1 and until(case, what[-1]) is not None:
        typed = " ".join(what[:-1])
    near, said = nearest(typed, list(names)), echo(typed[:60], case.request.room)
    if near is None:
        some = glue([name(case.book, case.reader, p) for p in known[:MOST_NAMED]], ", ")
        return case.say("I know no partner {partner}. There are: {known}.", partner=said, known=some)
    likely = name(case.book, case.reader, names[near])
    return case.say("I know no partner {partner}. Did you mean {near}?", partner=said, near=likely)


def _before(case: Case, partner: str, typed: str) -> _Query | Cleared:
    assert case.book is not None
    assert case.incident is not None
    found = until(case, typed)
    if found is None:
        return case.say("{time} is no time. Write it like 14:05, or 2026-11-22 14:05.", time=echo(typed[:60], case.request.room))  # fmt: skip
    if found < case.incident.opened_at.replace(second=0, microsecond=0):
        began = moment_at(case, case.incident.opened_at)
        return case.say("The incident began {began}, after {time}.", began=began, time=moment_at(case, found))
    if found > case.now:
        return case.say(
            "{time} is still to come. Without a time I tell what is known now.", time=moment_at(case, found)
        )
    at = written(found, case.book.playbook.timezone)
    return _Query(f"saw {partner} --until {at}", partner=partner, until=found)


def until(case: Case, typed: str) -> datetime | None:
    """A moment as people type it where the playbook lives, with its day or without; None where it is none.

    Without: the last time in the incident that clocks showed this; where they have not yet, whichever is nearer, the last before it or the next.
    """
    assert case.book is not None and case.incident is not None
    found = _MOMENT.fullmatch(typed)
    if found is None:
        return None
    zone = case.book.playbook.timezone
    try:
        wall = local_time(case.book, case.now).replace(
            hour=int(found["hour"]), minute=int(found["minute"]), second=0, microsecond=0, tzinfo=None
        )
        day = next((date(*map(int, parts)) for parts in (found.group("y", "m", "d"), found.group("y2", "m2", "d2")) if all(parts)), None)  # fmt: skip
        if day is not None:
            wall = wall.replace(year=day.year, month=day.month, day=day.day)
            shown = instants(wall, zone) or (wall.replace(tzinfo=zone).astimezone(UTC),)
            return max((at for at in shown if at <= case.now), default=shown[0])
    except (ValueError, OverflowError):
        return None
    shown = tuple(at for days in (-2, -1, 0, 1, 2) for at in instants(wall + timedelta(days=days), zone))
    last = max(at for at in shown if at <= case.now)
    following = min(at for at in shown if at > case.now)
    early, later = case.incident.opened_at - last, following - case.now
    return last if early < timedelta(minutes=1) or early <= later else following


def _thing(typed: str) -> str | None:
    """``a17`` and ``A-017`` are one alert; None for what is no short id."""
    found = re.fullmatch(r"([A-Za-z])-?0*(\d{1,9})", typed.strip(".,;"))
    identifier = f"{found[1].upper()}-{int(found[2])}" if found is not None else None
    return identifier if is_short_id(identifier) else None


def _nothing(case: Case, typed: str, known: Sequence[str]) -> Cleared:
    """That the log has nothing of it, and of what it has something, as far as whoever asks may see."""
    said = echo(typed[:60], case.request.room)
    some = glue([short_id(one) for one in dict.fromkeys(known) if is_short_id(one)][:MOST_NAMED], ", ")
    if not some.html:
        return case.say("The log has nothing of {id} that you may see.", id=said)
    return case.say("The log has nothing of {id} that you may see. It has: {known}.", id=said, known=some)
