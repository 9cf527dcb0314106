"""Which parts of a fact are a person's own data, so that they can be forgotten without touching the rest of the log.

What is named here is kept under a key of that person's (``storage.persons``): without the key it is withheld for ever, in every backup too. Not named, because an
inquiry needs it and the law asks for it: who held which office, decided what, and what was said in its exercise (alerts, decisions, reports, duties).
A person's id (``P-3``) stays: it says nothing without the entry that says whose it is. An account (``telegram:501``) is the person's data wherever it
stands in an id's place, or in a room's: on Telegram a private chat is called as its account is.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import fields
from functools import cache
from typing import cast

from storage.facts.alerts import AlertDrafted
from storage.facts.answers import CheckinAnswered, PersonAccounted, RollCallStarted
from storage.facts.command import DecisionDrafted, Objected
from storage.facts.course import NoteAdded, ReportMade
from storage.facts.deployment import (
    DirectChatOpened,
    IdentityJoined,
    IdentityLost,
    PersonEnrolled,
    WordsKept,
)
from storage.facts.fact import Fact
from storage.facts.messages import Disclosed
from storage.facts.talk import Said, SaidAnew

THEIRS: Mapping[type[Fact], tuple[str, tuple[str, ...]]] = {
    PersonEnrolled: ("person", ("name", "identity")),
    IdentityJoined: ("person", ("name", "identity")),
    IdentityLost: ("person", ("identity",)),
    DirectChatOpened: ("identity", ("identity", "room")),
    WordsKept: ("identity", ("identity", "room", "text", "point")),
    AlertDrafted: ("person", ("identity",)),
    DecisionDrafted: ("person", ("identity",)),
    ReportMade: ("person", ("identity",)),
    NoteAdded: ("person", ("text",)),
    Objected: ("person", ("text",)),
    CheckinAnswered: ("person", ("words",)),
    PersonAccounted: ("person", ("words", "name")),
    Said: ("person", ("content",)),
    SaidAnew: ("person", ("content",)),
    Disclosed: ("of", ("values",)),
}
"""For each fact: the attribute that says whose, and the attributes that are theirs."""

KEYED: Mapping[type[Fact], str] = {RollCallStarted: "persons"}
"""Facts with a mapping of persons, whose every value is that of its key."""

NAMES = frozenset({"person", "identity", "who", "by", "to", "proposed_by", "confirmed_by", "given_by", "room", "of"})
"""Attributes that hold the id of a person or of a room."""
_ACCOUNTS = ("telegram:", "matrix:@")


def is_account(name: str) -> bool:
    """Whether this names an account on a network, or a private chat that is called as its account is (Telegram's), and not a person's id or a room."""
    return name.startswith(_ACCOUNTS) and not name.startswith("telegram:-")


def whose(fact: Fact) -> Iterator[tuple[str, str]]:
    """Each path of a fact that is somebody's own data, with whose: a person's id, or an account. ``path`` is an attribute's, or stands before
    a ``/`` for all of its keys."""
    names, (owner, theirs) = _of(cast(Hashable, type(fact)))
    for name in names:
        value = getattr(fact, name)
        if value is not None and is_account(value := str(value)):
            yield name, value
    if owner:
        subject = getattr(fact, owner)
        if subject:
            for name in theirs:
                yield name, subject
    keyed = KEYED.get(type(fact))
    if keyed is not None:
        for person in getattr(fact, keyed):
            yield f"{keyed}/{person}", person


@cache
def _of(kind: Hashable) -> tuple[tuple[str, ...], tuple[str, tuple[str, ...]]]:
    known = cast("type[Fact]", kind)
    return tuple(one.name for one in fields(known) if one.name in NAMES), THEIRS.get(known, ("", ()))
