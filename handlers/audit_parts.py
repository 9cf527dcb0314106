"""The parts of an answer to ``/audit``: times, places, things, reasons, and how much of it a phone shows."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from itertools import accumulate
from typing import Any, cast

from handlers.case import Case
from handlers.moments import moment
from handlers.why import why
from playbooks import sight
from playbooks.cleared import (
    Cleared,
    NotInPlaybook,
    code,
    echo,
    field_name,
    figure,
    glue,
    is_short_id,
    name,
    quote,
    short_id,
    word,
)
from playbooks.rooms import RoomRef
from storage.plain import REASONS

MOST_LINES = 24
"""Lines of an answer: with those around them two screens of a phone."""
MOST_LETTERS = 3_600
"""Of all its lines: with those around them one message on Telegram."""


NOTHING_SEEN = {
    "nobody": "Nobody that you may see.",
    "shown": "Nothing that you may see.",
    "withheld": "No withholding that you may see. That does not mean that there was none.",
    "alert": "No alert that you may see.",
    "readings": "Nobody has read the log, as far as you may see.",
    "unknown": "Of every message that you may see it is known what became of it.",
}
"""What an answer says that has nothing to tell to somebody who may not see all; by what it is about."""


def nothing_seen(case: Case) -> frozenset[str]:
    """The lines that say already that it is only what whoever asks may see."""
    return frozenset(case.say(NOTHING_SEEN[about]).html for about in NOTHING_SEEN)


def at(case: Case, when: datetime) -> Cleared:
    """A time, with its day where that is not today's."""
    assert case.book is not None
    return moment(case.book, when, case.now, case.reader.languages)


def thing(case: Case, about: str | None) -> Cleared:
    """What a message is about."""
    return short_id(about) if about is not None and is_short_id(about) else case.say("a message")


def field(case: Case, called: str) -> Cleared:
    """What a field is called."""
    assert case.book is not None
    known = called in case.book.playbook.fields
    return field_name(case.book, case.reader, called) if known else case.say("something said by the program")


def place(case: Case, partner: str | None, room: RoomRef | None) -> Cleared:
    """A partner and the network of its room; a chat with somebody of no partner by its network alone."""
    assert case.book is not None
    who = name(case.book, case.reader, partner) if partner is not None else case.say("a private chat")
    return who if room is None else glue([who, word(room.network)], ", ")


def form(case: Case, exact: bool) -> Cleared:
    """How much of a field was shown."""
    return case.say("in full") if exact else case.say("in a coarser form")


def reason(case: Case, code_: str | None, detail: str | None, rule: int) -> Cleared:
    """Why something was withheld, as the playbook that the incident goes by now can say it."""
    assert case.book is not None
    match code_:
        case "blind":
            return case.say("may not see where it is")
        case "roomless":
            return case.say("no room is known")
        case "hollow":
            return case.say("nothing would be left to say")
        case _ if code_ not in REASONS:
            return _line(case, rule)
        case _:
            pass
    try:
        return why(case.book, case.reader, sight.Withheld(cast(Any, code_), rule, detail or ""))
    except (NotInPlaybook, ValueError):
        return _line(case, rule)


def _line(case: Case, rule: int) -> Cleared:
    return case.say("line {line}", line=figure(rule)) if rule else case.say("the reason is not given")


def quoted(case: Case, text: str) -> Cleared:
    """What the playbook says; nothing where this version of it does not any more."""
    assert case.book is not None
    try:
        return quote(case.book, case.reader, text)
    except NotInPlaybook:
        return echo("", case.request.room)


def title(case: Case, template: str) -> Cleared:
    """What an alert is called."""
    assert case.book is not None
    return case.title(template) if template in case.book.playbook.alerts else case.say("an alert")


def together(case: Case, rows: Iterable[tuple[Cleared, Cleared, Cleared]]) -> list[Cleared]:
    """Rows of when, how and where as lines: what was so at the same time in the same way stands in one line, with all the places."""
    places: dict[tuple[str, str], list[Cleared]] = {}
    heads: dict[tuple[str, str], tuple[Cleared, Cleared]] = {}
    for when, how, where in rows:
        key = (when.html, how.html)
        heads.setdefault(key, (when, how))
        if where.html not in {one.html for one in places.setdefault(key, [])}:
            places[key].append(where)
    return [
        case.say("• {time}, {how}: {where}", time=when, how=how, where=glue(places[key], " · "))
        for key, (when, how) in heads.items()
    ]


def cut(case: Case, lines: Iterable[Cleared]) -> list[Cleared]:
    """No more than a phone shows, and one message carries; that there is more is said, and how to have all of it."""
    all_ = list(lines)
    lengths = accumulate(len(line.text) for line in all_)
    many = max(sum(1 for length in lengths if length <= MOST_LETTERS), 1)
    if len(all_) <= min(many, MOST_LINES + 1):
        return all_
    many = min(many, MOST_LINES)
    assert case.incident is not None
    more = code(case.say("tocsin ask {incident}", incident=short_id(case.incident.id)))
    return [
        *all_[:many],
        case.says(
            "… and {count} line more. All of it on the server: {command}",
            "… and {count} lines more. All of it on the server: {command}",
            len(all_) - many,
            command=more,
        ),
    ]
