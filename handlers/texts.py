"""Every word the bot says, in the reader's language.

The catalogue is gettext's: English is the source, ``locales/LANGUAGE.po`` the translations, read as they are, so that nothing can be
out of date. A wording has placeholders (``{alert}``) and sparing markup (``<b>``). What is put in must be cleared: see
``playbooks.cleared``. Alert texts are not here: they come from the playbook.
"""

from __future__ import annotations

import gettext
from collections.abc import Sequence
from functools import cache, lru_cache
from importlib.resources import files
from io import BytesIO

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from playbooks.cleared import Cleared, wording

COMPLETE = ("en", "fr", "nl", "de", "it", "es")
"""The languages in which the bot can say everything."""


def say(languages: Sequence[str], message: str, /, **parts: Cleared | int) -> Cleared:
    """A wording of the catalogue in the first of these languages that has it, with cleared parts put in."""
    return wording(translated(languages, message), **parts)


def says(languages: Sequence[str], one: str, many: str, count: int, /, **parts: Cleared | int) -> Cleared:
    """The same for a number of things; ``{count}`` is the number."""
    for language in _fitting(languages):
        catalogue = _catalogue(language)
        if catalogue is not None and _has(catalogue, one):
            return wording(catalogue.ngettext(one, many, count), count=count, **parts)
    return wording(one if count == 1 else many, count=count, **parts)


def translated(languages: Sequence[str], message: str) -> str:
    """The catalogue's words for a message, in the first of these languages that has them, else in English."""
    return _translated(tuple(languages), message)


@lru_cache(maxsize=8192)
def _translated(languages: tuple[str, ...], message: str) -> str:
    for language in _fitting(languages):
        catalogue = _catalogue(language)
        if catalogue is not None and _has(catalogue, message):
            return catalogue.gettext(message)
    return message


def _fitting(languages: Sequence[str]) -> Sequence[str]:
    """The languages to try: those before English, which is always complete."""
    result: list[str] = []
    for language in languages:
        base = language.partition("-")[0].lower()
        if base == "en":
            break
        result.append(base)
    return result


def _has(catalogue: gettext.GNUTranslations, message: str) -> bool:
    return catalogue.gettext(message) != ""


class _Silence(gettext.NullTranslations):
    """What a catalogue says of a message that it lacks: a translation may well be the same word as the English."""

    def gettext(self, message: str) -> str:
        return ""


@cache
def _catalogue(language: str) -> gettext.GNUTranslations | None:
    """A language's translations, or None where there are none."""
    source = files("handlers") / "locales" / f"{language}.po"
    if not language.isalpha() or not source.is_file():
        return None
    with source.open("rb") as file:
        catalogue = read_po(file, locale=language)
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    translations = gettext.GNUTranslations(compiled)
    translations.add_fallback(_Silence())
    return translations


@cache
def available() -> tuple[str, ...]:
    """The languages that have a catalogue, English first."""
    found = sorted(
        p.name.removesuffix(".po") for p in (files("handlers") / "locales").iterdir() if p.name.endswith(".po")
    )
    return ("en", *found)
