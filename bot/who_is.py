"""Who the persons of an incident are, for whoever reads its log at a terminal: the log itself has their ids alone."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from bot.columns import lines_of
from bot.filed import is_rehearsal
from storage.database import SqliteStore
from storage.facts import DEPLOYMENT, PersonEnrolled

_PERSON = re.compile(r"\bP-\d{1,9}\b")
MOST = 40
"""Persons that are told of; more are in ``tocsin log deployment``."""


async def enrolled(store: SqliteStore) -> dict[str, str] | None:
    """Each person on file, in words: name, role, partner. None in a rehearsal, which enrols nobody."""
    if is_rehearsal(store):
        return None
    kept = await store.facts(DEPLOYMENT)
    return {one.fact.person: _words(one.fact) for one in kept if isinstance(one.fact, PersonEnrolled)}


def _words(person: PersonEnrolled) -> str:
    partner = f" of {person.partner}" if person.partner else ""
    return f"{person.name or '(erased)'}, {person.role}{partner}"


def named(lines: Iterable[str], known: dict[str, str] | None) -> list[str]:
    """Below an answer: who the persons in it are, as far as that is on file."""
    found = sorted({short for line in lines for short in _PERSON.findall(line)}, key=lambda short: int(short[2:]))
    if not found:
        return []
    if known is None:
        return ["", *lines_of("Nobody is enrolled in a rehearsal: its persons (P-1 and so on) have no names on file.")]
    told = [f"  {short} is {known[short]}" for short in found if short in known]
    more = [f"  … and {len(told) - MOST} more: `tocsin log deployment`"] if len(told) > MOST else []
    return ["", *_each([*told[:MOST], *more])] if told else []


def _each(lines: Sequence[str]) -> list[str]:
    return [line for one in lines for line in lines_of(one, 4)]
