"""Whose a field is where the fact does not say so: a recap shows the words of several persons, and a list of who is on duty or missing their names.

Such a field is sealed under the keys of all of them, one around the other (``storage.persons``): whoever is forgotten, it is forgotten with them, in every
backup. It is told by the ids of what is shown again, or by names: of whoever writes a list, nobody but the store knows who they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

from storage.facts import Disclosed, Fact, IdentityJoined, PersonEnrolled
from storage.store import Kept

NAMING = (PersonEnrolled.__name__, IdentityJoined.__name__)
"""The facts that say how somebody is called."""

PRESENCE = "_presence"
"""What a field is called that has the names of persons, before a colon or at the end."""


def recapped(fact: Fact) -> tuple[str, ...]:
    """The ids of what a recap shows again; of anything else nothing."""
    if isinstance(fact, Disclosed) and fact.about.startswith("#"):
        return tuple(fact.about.split()[1:])
    return ()


def lists_names(fact: Fact) -> bool:
    """Whether a message shows names of persons."""
    return isinstance(fact, Disclosed) and any(map(is_presence, fact.fields))


def names_of(kept: Iterable[Kept]) -> dict[str, frozenset[str]]:
    """Name → the ids of who is called so."""
    found: dict[str, frozenset[str]] = {}
    for one in kept:
        match one.fact:
            case (
                PersonEnrolled(person=str(person), name=str(name)) | IdentityJoined(person=str(person), name=str(name))
            ):
                found[name] = found.get(name, frozenset()) | {person}
            case _:
                pass
    return found


def owners(fact: Fact, names: Mapping[str, frozenset[str]], speakers: Mapping[str, str]) -> dict[str, str]:
    """Path → whose it is, several with spaces between. ``speakers``: whose words each of ``recapped`` are."""
    if not isinstance(fact, Disclosed):
        return {}
    together = _row(frozenset(speakers[one] for one in recapped(fact) if speakers.get(one)))
    found = {"values": together} if together else {}
    for key, how in fact.fields.items():
        text = how.get("value") if isinstance(how, Mapping) and is_presence(key) else None
        if isinstance(text, str) and (called := _row(_persons(text, names))):
            found[f"values/{key}"] = called
    return found


def is_presence(key: str) -> bool:
    """Whether a field that a message shows has names of persons."""
    return key.rpartition("/")[2].partition(":")[0] == PRESENCE


def _persons(text: str, names: Mapping[str, frozenset[str]]) -> frozenset[str]:
    return frozenset(person for name in _called(text, tuple(names)) for person in names[name])


@lru_cache(maxsize=64)
def _called(text: str, names: tuple[str, ...]) -> tuple[str, ...]:
    """The names that are in a text. A list goes into many rooms."""
    return tuple(name for name in names if name and re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text))


def _row(persons: frozenset[str]) -> str:
    return " ".join(sorted(persons))
