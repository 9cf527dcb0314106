"""Values put into words, in a reader's language. What may be put into words is decided elsewhere: see ``sight``."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from babel import Locale, UnknownLocaleError
from babel.dates import format_date

from playbooks.load import Book
from playbooks.schema_words import text_in
from playbooks.selection import local_time
from playbooks.values import Shape


def phrase(book: Book, field: str, form: str, shape: Shape, languages: Sequence[str]) -> str:
    """A value in one form, as words in the first of these languages that has them. Shapes: see ``values.take``."""
    match form, shape:
        case "area", tuple():
            return ", ".join(text_in(book.playbook.areas[str(area)].name, languages)[0] for area in shape)
        case "range", (int(first), None):
            return f"{first}+"
        case "range", (int(first), int(last)):
            return str(first) if first == last else f"{first}–{last}"
        case "count", int():
            return str(shape)
        case "exact" | "initials", tuple():
            return ", ".join(str(name) for name in shape)
        case "exact", datetime():
            return f"{day(local_time(book, shape).date(), languages)} {local_time(book, shape):%H:%M}"
        case "day", date():
            return day(shape, languages)
        case "exact", str():
            options = book.playbook.field(field).options
            return text_in(options[shape], languages)[0] if options and shape in options else shape
    return str(shape)


def day(at: date, languages: Sequence[str]) -> str:
    """A date as the language writes it."""
    return format_date(at, "medium", locale=locale(languages))


def locale(languages: Sequence[str]) -> Locale:
    """The first of these languages that is known, else English."""
    for language in languages:
        try:
            return Locale.parse(language.replace("-", "_"))
        except (UnknownLocaleError, ValueError):
            continue
    return Locale("en")
