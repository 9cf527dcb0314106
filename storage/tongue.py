"""The language in which a log is told to people: what it says in sentences, the words of its own, and how times are written.

A sentence is found by its English, so that whoever reads the program reads what it says; ``tongues/LANGUAGE.json`` has it in another language, with the same
{names}. Headings, kinds of entries and codes are those of the reports (``storage.export.wording``): the same thing is said once.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cache
from pathlib import Path

from babel.dates import format_date

from storage.entry import EXERCISE, REHEARSAL
from storage.export.wording import fitting, table
from storage.unseen import ERASED, WITHHELD, Unseen, is_seen

_TABLES = Path(__file__).with_name("tongues")

_DAYS = {"de": "%d.%m.%Y", "nl": "%d-%m-%Y"} | dict.fromkeys(("fr", "it", "es"), "%d/%m/%Y")
"""A day in figures, all of the same length; in English as ISO 8601 has it, which nobody reads as another day."""

_LOCALES = {"en": "en_GB"}
"""The English of the reports is British."""

_KEPT = re.compile(r" (?=[:;!?»%])|(?<=«) ")
"""Spaces that do not break in French: marks keep to their word."""


class Tongue:
    """One of ``wording.LANGUAGES``."""

    def __init__(self, language: str) -> None:
        self.language = language
        self._table = table(language)
        self._said = _sentences(language)
        self.unseen = Unseen(self.say(WITHHELD))
        """What stands in the place of a field that is not shown (``storage.unseen.visible``)."""

    @property
    def locale(self) -> str:
        """The language as BCP 47 has it."""
        return _LOCALES.get(self.language, self.language).replace("_", "-")

    def say(self, english: str, /, **parts: object) -> str:
        """A sentence of ours, by its English; {name} is filled in."""
        return self._set(self._said.get(english, english)).format(**parts)

    def own(self, text: object) -> str:
        """What the program itself wrote down in the log, in English; as it is where it has no words for it, as for what a network or a person said."""
        return self._said.get(text, text) if isinstance(text, str) else str(text)

    def word(self, key: str, /, **parts: object) -> str:
        """A heading or a short sentence of the reports, by its key."""
        return self._set(str(self._table["words"][key])).format(**parts)

    def named(self, what: str, value: object) -> str:
        """What something is called, and what it is: ``people: 12``."""
        return self.word("named", what=what, value=value)

    def several(self, parts: Iterable[str]) -> str:
        """Parts of which each may have commas, behind each other."""
        return self._set(" ; " if self.language == "fr" else "; ").join(parts)

    def kind(self, name: str) -> str:
        """What a kind of entry is called."""
        return str(self._table["kinds"].get(name, name))

    def code(self, value: object) -> str:
        """A word of the log's own, like ``acting``; anything else as it is."""
        return str(self._table["codes"].get(value, value)) if isinstance(value, str) else str(value)

    def answer(self, value: bool) -> str:
        """Yes or no."""
        return self.word("yes" if value else "no")

    # -- times, put before into the zone in which they are told ----------------------------------------------------------

    def day(self, at: datetime) -> str:
        """``Wednesday, 1 July 2026``."""
        return str(format_date(at.date(), "full", locale=_LOCALES.get(self.language, self.language)))

    def moment(self, at: datetime) -> str:
        """To the second: ``2026-07-01 14:00:05``."""
        return f"{self._date(at)} {at:%H:%M:%S}"

    def minute(self, at: datetime) -> str:
        """To the minute: ``2026-07-01 14:00``; what is not shown says so."""
        return f"{self._date(at)} {at:%H:%M}" if is_seen(at) else str(at)

    def _date(self, at: datetime) -> str:
        return at.strftime(_DAYS.get(self.language, "%Y-%m-%d"))

    def _set(self, words: str) -> str:
        return _french(words) if self.language == "fr" else words


@cache
def tongue(tag: str) -> Tongue:
    """The one that serves a tag of BCP 47; English where none does."""
    return Tongue(fitting(tag))


@cache
def _french(words: str) -> str:
    return _KEPT.sub("\u00a0", words)


@cache
def _sentences(language: str) -> Mapping[str, str]:
    """English → the sentence in this language; nothing for English itself."""
    if language == "en":
        return {}
    read: Mapping[str, str] = json.loads((_TABLES / f"{language}.json").read_text("utf-8"))
    return read


ELSEWHERE = (WITHHELD, str(ERASED), EXERCISE, REHEARSAL)
"""Sentences of ours that stand elsewhere (``storage.unseen``, ``storage.entry``)."""

RECORDED = (
    "too late",
    "a newer state is shown instead",
    "the alert does not stand any more",
    "decided again: what may be seen has changed",
    "it could not be decided again",
    "digest",
    "there is no such room",
    "the bot is not in the room any more",
    "the message to edit is not there",
    "told to stop",
    "the rehearsal ended",
    "tampered",
    "world-readable",
    "open",
    "public",
    "responder",
    "liaison",
    "official",
    "coordinator",
    "observer",
    "title",
    "speaker",
    "note",
    "decision",
    "rationale",
    "rejected",
    "report",
    "delivery",
    "presence",
    "answer",
    "major",
    "location",
    "type",
    "hazards",
    "access",
    "casualties",
    "services",
)
"""What the program writes down in the log in its own words (``Tongue.own``): reasons, what people are there, and the fields that every playbook has."""

ENGLISH = Tongue("en")
