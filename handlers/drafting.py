"""Filling an alert's fields from what people type: arguments, answers, taps, shared locations."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from handlers.case import Case
from handlers.command import nearest, words
from playbooks.cleared import Cleared, echo, glue, quote
from playbooks.labels import Tlp
from playbooks.load import Book
from playbooks.places import areas_at, areas_named, read_point
from playbooks.schema import Alert, FieldSpec
from playbooks.values import Choice, Moment, Number, Person, Place, Text, Value, from_json

MOST_WORDS = 3000
"""Characters one field may have: an alert must fit a phone."""

FARTHEST = timedelta(days=366 * 100)
"""How far off a time may be: what is farther is a slip, and no calendar has its hour in every zone."""


class Unreadable(Exception):
    """What was typed does not fit the field. ``why`` says what would."""

    def __init__(self, why: Cleared) -> None:
        super().__init__(why.text)
        self.why = why


@dataclass(slots=True)
class Filled:
    """What arguments came to: values by field, a raised TLP colour, and what could not be read, by field ("" for none)."""

    values: dict[str, Value] = field(default_factory=dict)
    raised: str | None = None
    problems: dict[str, Cleared] = field(default_factory=dict)


_PAIR = re.compile(r'(?<!\S)([A-Za-z_][\w-]*)=(?:"([^"]*)(?:"|$)|“([^”]*)(?:”|$)|(\S*))', re.DOTALL)


def fill(case: Case, alert: Alert, arguments: str) -> Filled:
    """Read ``key=value key="two words" free text``; free text goes to the alert's main field."""
    assert case.book is not None
    filled = Filled()
    for found in _PAIR.finditer(arguments):
        key = found[1].lower()
        typed = next((part for part in (found[2], found[3], found[4]) if part is not None), "")
        if key == "tlp":
            try:
                filled.raised = Tlp.parse(typed).word
            except ValueError:
                filled.problems[""] = case.say(
                    "{typed} is not a TLP colour. Use clear, green, amber, amber+strict or red.",
                    typed=echo(typed, case.request.room),
                )
        elif key not in alert.fields and "" in filled.problems:
            continue  # one is said at a time
        elif key not in alert.fields:
            filled.problems[""] = _unknown_key(case, alert, key)
        else:
            _take(case, filled, key, typed)
    rest = " ".join(words(_PAIR.sub(" ", arguments)))
    if rest and alert.main is not None:
        already = filled.values.get(alert.main)
        _take(case, filled, alert.main, f"{already.words} {rest}" if isinstance(already, Text) else rest)
    elif rest:
        filled.problems[""] = case.say(
            "I don't know where to put “{words}”. Write FIELD=words, with one of: {fields}.",
            words=echo(rest[:80], case.request.room),
            fields=_names(case, alert),
        )
    return filled


def _unknown_key(case: Case, alert: Alert, key: str) -> Cleared:
    near = nearest(key, list(alert.fields))
    typed = echo(key, case.request.room)
    assert case.book is not None
    if near is not None:
        return case.say(
            "There is no field {typed} here. Did you mean {near}?",
            typed=typed,
            near=quote(case.book, case.reader, near),
        )
    return case.say(
        "There is no field {typed} here. The fields are: {fields}.", typed=typed, fields=_names(case, alert)
    )


def _names(case: Case, alert: Alert) -> Cleared:
    assert case.book is not None
    return quote(case.book, case.reader, ", ".join(alert.fields))


def _take(case: Case, filled: Filled, name: str, typed: str) -> None:
    try:
        filled.values[name] = read(case, name, typed)
    except Unreadable as unreadable:
        filled.problems[name] = unreadable.why


def read(case: Case, name: str, typed: str) -> Value:
    """What a person typed for a field, as a value of its type. Raises Unreadable with what would fit."""
    assert case.book is not None
    spec = case.book.playbook.field(name)
    assert spec is not None
    typed = " ".join(typed.split()) if spec.type != "text" else typed.strip()
    if not typed:
        raise Unreadable(case.say("That was empty. What should it say?"))
    if len(typed) > MOST_WORDS:
        raise Unreadable(
            case.says(
                "That is too long for an alert: at most {count} character.",
                "That is too long for an alert: at most {count} characters.",
                MOST_WORDS,
            )
        )
    match spec.type:
        case "choice":
            return Choice(_option(case, spec, typed))
        case "number":
            return Number(_number(case, typed))
        case "place":
            return place(case.book, typed, case.request.point)
        case "person":
            names = tuple(part.strip() for part in re.split(r"[,;\n]", typed) if part.strip())
            return Person(names if spec.many else (typed,))
        case "time":
            return Moment(_moment(case, typed))
        case "text":
            return Text(typed)


MOST_NAMING = 12
"""Words that may name a place or people; more are a sentence, said to somebody."""


def fits(case: Case, name: str, typed: str) -> bool:
    """Whether words can be meant for a field: a place or people are named in a few, of other types they must be readable. Whatever is said fits a text."""
    assert case.book is not None
    spec = case.book.playbook.field(name)
    assert spec is not None
    if spec.type == "place" and case.request.point is not None:
        return True
    if spec.type in ("place", "person") and len(typed.split()) > MOST_NAMING:
        return False
    try:
        read(case, name, typed)
    except Unreadable:
        return False
    return True


def place(book: Book, typed: str, point: tuple[int, int] | None = None) -> Place:
    """A place from words, with the areas of the playbook that it lies in: by its point, else by the names in the words."""
    point = read_point(typed) or point
    if point is not None:
        return Place(typed, point, tuple(sorted(areas_at(book.playbook, *point))))
    return Place(typed, None, tuple(sorted(areas_named(book.playbook, typed))))


def _folded(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))


def _option(case: Case, spec: FieldSpec, typed: str) -> str:
    wanted = _folded(typed)
    by_name = {_folded(option): option for option in spec.options}
    by_text = {_folded(text): option for option, texts in spec.options.items() for text in texts.values()}
    known = {**by_text, **by_name}
    if re.fullmatch("[0-9]{1,4}", typed) and 1 <= int(typed) <= len(spec.options):
        return list(spec.options)[int(typed) - 1]
    if wanted in known:
        return known[wanted]
    starting = {option for text, option in known.items() if text.startswith(wanted)}
    if len(starting) == 1:
        return starting.pop()
    assert case.book is not None
    options = glue([quote(case.book, case.reader, texts) for texts in spec.options.values()], " · ")
    near = nearest(typed, list(spec.options))
    if near is not None:
        raise Unreadable(
            case.say(
                "Did you mean {near}? The choices are: {options}.",
                near=quote(case.book, case.reader, near),
                options=options,
            )
        )
    raise Unreadable(case.say("Choose one of: {options}.", options=options))


def _number(case: Case, typed: str) -> int:
    plain = re.sub(r"(?<=\d)[  .,](?=\d{3}\b)", "", typed)
    if not re.fullmatch(r"\d{1,9}", plain):
        raise Unreadable(case.say("Write a whole number, such as 12."))
    return int(plain)


def _moment(case: Case, typed: str) -> datetime:
    assert case.book is not None
    zone = case.book.playbook.timezone
    here = case.now.astimezone(zone)
    clock = re.fullmatch(r"(\d{1,2})[:hH.](\d{2})?", typed)
    if clock and int(clock[1]) < 24 and int(clock[2] or 0) < 60:
        at = here.replace(hour=int(clock[1]), minute=int(clock[2] or 0), second=0, microsecond=0)
        return at if at > here - timedelta(hours=12) else at + timedelta(days=1)
    try:
        at = datetime.fromisoformat(typed)
        at = at if at.tzinfo else at.replace(tzinfo=zone)
        if abs(at - case.now) <= FARTHEST:
            return at
    except (ValueError, OverflowError):
        pass
    raise Unreadable(case.say("Write a time such as 14:30, or 2026-11-22 14:30."))


def values_of(fields: Mapping[str, Any]) -> dict[str, Value | None]:
    """A draft's or an alert's fields as values, None where absent (or erased)."""
    return {name: None if stored is None else from_json(stored) for name, stored in fields.items()}


def next_question(alert: Alert, values: Mapping[str, Value | None], after: str | None, everything: bool) -> str | None:
    """The next field to ask for: the required ones that are missing, then, step by step, the others once each."""
    names = [n for n, need in alert.fields.items() if need == "required"]
    missing = [name for name in names if values.get(name) is None]
    if missing:
        return missing[0]
    if not everything:
        return None
    optional = [n for n, need in alert.fields.items() if need == "optional"]
    start = optional.index(after) + 1 if after in optional else 0
    return next((name for name in optional[start:] if values.get(name) is None), None)
