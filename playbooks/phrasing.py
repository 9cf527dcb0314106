"""Values put into words, in a reader's language. What may be put into words is decided elsewhere: see ``sight``."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_skeleton

from playbooks.load import Book
from playbooks.schema_words import text_in
from playbooks.selection import local_time
from playbooks.values import Shape


def phrase(book: Book, field: str, form: str, shape: Shape, languages: Sequence[str]) -> str:
    """A value in one form, as words in the first of these languages that has them. Shapes: see ``values.take``."""
    if form == "area" and isinstance(shape, tuple):
        return ", ".join(text_in(book.playbook.areas[str(area)].name, languages)[0] for area in shape)
    if form == "range" and isinstance(shape, tuple):
        first, last = shape
        return f"{first}+" if last is None else str(first) if first == last else f"{first}–{last}"
    if isinstance(shape, tuple):
        return ", ".join(str(name) for name in shape)
    if isinstance(shape, datetime):
        local = local_time(book, shape)
        return f"{day(local.date(), languages)} {local:%H:%M}"
    if isinstance(shape, date):
        return day(shape, languages)
    spec = book.playbook.field(field)
    if isinstance(shape, str) and spec is not None and shape in spec.options:
        return text_in(spec.options[shape], languages)[0]
    return str(shape)


_LEFT_OUT = dict.fromkeys((*range(32), *range(127, 160)))
_LEFT_OUT |= dict.fromkeys((*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0xFEFF))
_LEGIBLE = _LEFT_OUT | {0x09: "\t", 0x0A: "\n", 0x85: "\n", 0x2028: "\n", 0x2029: "\n"}
_LEGIBLE |= dict.fromkeys(range(0xD800, 0xE000), "\ufffd")


def legible(words: str) -> str:
    """What people typed, without what cannot be written down or would reorder the words around it on a screen.

    Control characters and explicit changes of direction go, half characters (lone surrogates) are marked as lost. Joiners
    and direction marks stay: scripts need them.
    """
    return words.translate(_LEGIBLE)


def one_line(words: str) -> str:
    """Names, titles and places: lines of their own would look like words of ours."""
    return " ".join(words.split("\n")) if "\n" in words else words


def quoted(words: str) -> str:
    """What somebody wrote, in its lines: each after the first has a bar in front, so that none looks like words of ours."""
    return "\n".join(line if number == 0 else f"│ {line}".rstrip() for number, line in enumerate(words.split("\n")))


def day(at: date, languages: Sequence[str]) -> str:
    """A date as the language writes it."""
    return format_date(at, "medium", locale=locale(languages))


def calendar_day(at: date, today: date, languages: Sequence[str]) -> str:
    """A date in a sentence, its month written out (an abbreviation may end in a full stop), its year where that is another."""
    if at.year != today.year:
        return format_date(at, "long", locale=locale(languages))
    return str(format_skeleton("MMMMd", at, locale=locale(languages)))


def locale(languages: Sequence[str]) -> Locale:
    """The first of these languages that is known, else English."""
    for language in languages:
        try:
            return Locale.parse(language.replace("-", "_"))
        except (UnknownLocaleError, ValueError):
            continue
    return Locale("en")
