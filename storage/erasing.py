"""What may be erased of the log, and how: a person's data, one field, or a log whose time is over. The tree stands, and whoever verifies finds less shown, not
less true.

Rules: nothing on which a legal hold lies; nothing of an incident that is open, whose log is needed; nobody who still has a role; of single fields only what people
wrote and what is somebody's own, never an id by which other entries find this one; and no single field of who is who. Each erasure is a fact that says who,
why and by which right. What goes is the salt and the value (without the salt, the digest that stays tells nothing), and a person's key, so that
every backup of the database forgets too. That a field was shown to somebody, in which form, by which rule and agreement, stands: only what it said goes.
Where others name a person (``storage.mentions``), the field goes, too, and a fact of its own says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from playbooks.rooms import RoomRef
from storage.about_person import Loose, known_as
from storage.facts import (
    DEPLOYMENT,
    Disclosed,
    Fact,
    FieldErased,
    HoldLifted,
    HoldPlaced,
    IdentityJoined,
    LogErased,
    PersonEnrolled,
    PersonErased,
    PersonRevoked,
)
from storage.facts.codec import parts
from storage.facts.personal import is_account, whose
from storage.mentions import WORDS, Mentions
from storage.store import Kept, StreamHead, Summary

_PERSON = re.compile(r"P-\d{1,9}")
_INCIDENT = re.compile(r"[IEXiex]-?\d+|deployment", re.ASCII)


class Refused(Exception):
    """It may not be erased, or there is no such thing. The message says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Erasure:
    """What is to be destroyed, and the facts that say so. ``fields``: (stream, entry, path). ``streams``: whole logs, up to an entry.
    ``rooms``: what was sent there goes; ``named``: what was sent or heard with these words in it is blanked. ``keys``: ids in the keyring.
    ``doubtful``: fields that stay, though a word in them may be the person's name. ``mentions``: how the person can be named, for what is kept beside the logs.
    """

    facts: Sequence[tuple[str, Fact]]
    keys: frozenset[str] = frozenset()
    fields: Sequence[tuple[str, int, str]] = ()
    streams: Mapping[str, int] = field(default_factory=dict)
    rooms: tuple[RoomRef, ...] = ()
    named: tuple[str, ...] = ()
    doubtful: Sequence[tuple[str, int, str]] = ()
    mentions: Mentions | None = None

    @property
    def entries(self) -> Mapping[str, int]:
        """How many entries of each stream show less afterwards."""
        told = {stream: fact.entries for stream, fact in self.facts if isinstance(fact, PersonErased)}
        return told or dict(self.streams) or {stream: 1 for stream, _, _ in self.fields}


class Source(Protocol):
    """What is needed of the store."""

    async def facts(self, stream: str, start: int = 0) -> Sequence[Kept]: ...
    async def facts_of(self, stream: str, *kinds: type[Fact]) -> Sequence[Kept]: ...
    async def incidents(self) -> Sequence[Summary]: ...
    async def heads(self) -> Sequence[StreamHead]: ...
    async def personal(self, subjects: Iterable[str]) -> tuple[frozenset[str], Mapping[str, Set[int]]]: ...


async def holds(store: Source) -> dict[str, HoldPlaced]:
    """The legal holds that lie on incidents and persons, by id."""
    lying: dict[str, HoldPlaced] = {}
    for kept in await store.facts_of(DEPLOYMENT, HoldPlaced, HoldLifted):
        match kept.fact:
            case HoldPlaced() as fact:
                lying[fact.on] = fact
            case HoldLifted(on=on):
                lying.pop(on, None)
            case _:
                pass
    return lying


@dataclass(frozen=True, slots=True)
class _People:
    """Who is known by which accounts."""

    accounts: Mapping[str, str]
    enrolled: frozenset[str]
    revoked: frozenset[str]

    def names_of(self, who: str) -> tuple[str, ...]:
        """Everything a person's data may be kept under, their id first (or the account of somebody who was never enrolled)."""
        person = self.accounts.get(who, who)
        return (person, *(account for account, whose_it_is in self.accounts.items() if whose_it_is == person))


async def _people(store: Source) -> _People:
    accounts: dict[str, str] = {}
    enrolled, revoked = set(), set()
    for kept in await store.facts(DEPLOYMENT):
        match kept.fact:
            case PersonEnrolled(person=person, identity=identity) | IdentityJoined(person=person, identity=identity):
                enrolled.add(person)
                if identity:
                    accounts[identity] = person
            case PersonRevoked(person=person):
                revoked.add(person)
            case _:
                pass
    return _People(accounts, frozenset(enrolled), frozenset(revoked))


async def person_of(store: Source, who: str) -> str:
    """Whose an account is; a person's id, and an account of nobody who is enrolled, are themselves."""
    return (await _people(store)).names_of(who)[0]


async def known(store: Source, who: str) -> str:
    """The same, of somebody of whom the log knows: who is enrolled, or an account of which it holds something or speaks. Raises Refused."""
    people = await _people(store)
    person, *theirs = people.names_of(who)
    if person in people.enrolled:
        return person
    if not is_account(person):
        raise Refused(_nobody(who))
    subjects = frozenset((person, *theirs))
    if not (await store.personal(subjects))[1]:
        mentions = await known_as(store, subjects)
        for head in await store.heads():
            if Loose(await store.facts(head.stream), subjects, mentions).fields:
                break
        else:
            raise Refused(f"nothing is held of {who}: nobody is enrolled with it, and no log names it")
    return person


async def of_person(store: Source, who: str, *, by: str, reason: str, basis: str) -> Erasure:
    """Everything that is held of a person: their id (``P-3``) or an account (``telegram:501``). Raises Refused."""
    people = await _people(store)
    enrolled, revoked = people.enrolled, people.revoked
    person, *theirs = people.names_of(who)
    if person not in enrolled and not is_account(person):
        raise Refused(_nobody(who))
    if person in enrolled and person not in revoked:
        raise Refused(f"{person} still has a role here: take it away first, in a chat, with /revoke {person}")
    subjects = frozenset((person, *theirs))
    keys, theirs_in = await store.personal(subjects)
    mentions = await known_as(store, subjects)
    # One log at a time: each may be long.
    streams = [head.stream for head in await store.heads()]
    found = {stream: Loose(await store.facts(stream), subjects, mentions) for stream in streams}
    touched = {stream: one for stream, one in found.items() if one.fields or stream in theirs_in}
    await _free(store, [*touched, *subjects])
    for on, hold in (await holds(store)).items():
        if mentions.may_be_in(hold.reason):
            raise Refused(
                f"the legal hold on {on} names them ({hold.reason}): nothing may be erased until it is lifted"
            )
    if not touched:
        raise Refused(f"nothing is held of {who}")
    if mentions.may_be_in(f"{reason}\n{basis}"):
        raise Refused(f"the reason or the basis names {who}, and both stay in the log: say it without their name")
    said = person if person in enrolled else None
    facts: list[tuple[str, Fact]] = []
    for stream, one in sorted(touched.items()):
        facts.append((stream, PersonErased(said, by, reason, basis, len(one.entries | theirs_in.get(stream, set())))))
        facts += [(stream, FieldErased(entry, path, by, reason, basis)) for entry, path in one.told]
    return Erasure(
        facts,
        keys,
        [(stream, entry, path) for stream, one in touched.items() for entry, path in one.fields],
        rooms=mentions.rooms,
        named=(*mentions.tokens, *mentions.names),
        doubtful=[(stream, entry, path) for stream, one in found.items() for entry, path in one.doubtful],
        mentions=mentions,
    )


def _nobody(who: str) -> str:
    """Why there is nobody: the id is not on file, or it is none."""
    if _INCIDENT.fullmatch(who):
        return (
            f"{who} names no person: give --entry and --field, for one field of its log; of a person, an id, like P-3, or an account, "
            "like telegram:501. A whole log goes when its time is over: `tocsin retention`"
        )
    if not _PERSON.fullmatch(who):
        return f"{who} names no person: give an id, like P-3, or an account, like telegram:501"
    return (
        f"no person {who} is on file: `tocsin log deployment --reason TEXT` says who is. "
        "Persons of a rehearsal are enrolled nowhere, and nothing is held of them"
    )


async def of_field(store: Source, stream: str, entry: int, path: str, *, by: str, reason: str, basis: str) -> Erasure:
    """One field of one entry of a closed incident: words that people wrote, or somebody's own data. Raises Refused."""
    if stream == DEPLOYMENT:
        raise Refused(
            "single fields of who is who cannot be erased, for roles hang on them; a person can, once they have none: `tocsin erase P-3`"
        )
    found = [one for one in await store.facts(stream, entry) if one.seq == entry]
    if not found:
        raise Refused(f"the log of {stream} has no entry {entry}")
    held = [name for name, value in parts(found[0].fact).items() if value is not None]
    if isinstance(found[0].fact, Disclosed):
        # In which form something was shown, and by which right, stands.
        held = [name for name in held if not name.startswith("fields/")]
        path = f"values/{path.removeprefix('fields/')}" if path.startswith("fields/") else path
    path = _path(path, held)
    people = await _people(store)
    theirs = list(whose(found[0].fact))
    owners = [owner for name, owner in theirs if _within(path, name)]
    await _free(store, [stream, *(name for owner in owners for name in people.names_of(owner))])
    if path not in held:
        raise Refused(f"entry {entry} of {stream} shows no field {path}; it shows: {', '.join(held) or 'nothing'}")
    free = [one for one in held if one.partition("/")[0] in WORDS or any(_within(one, name) for name, _ in theirs)]
    if path not in free:
        raise Refused(
            f"{path} of entry {entry} of {stream} cannot be erased: the rest of the log hangs on it; of this entry can: {', '.join(free) or 'nothing'}"
        )
    return Erasure([(stream, FieldErased(entry, path, by, reason, basis))], fields=[(stream, entry, path)])


def _within(path: str, name: str) -> bool:
    """Whether a path is an attribute's, or that of one of its keys."""
    return path == name or path.startswith(f"{name}/")


def _path(typed: str, held: Sequence[str]) -> str:
    """``what`` is ``fields/what`` where no other field is called so: as everything else calls it."""
    meant = [name for name in held if name.rpartition("/")[2].removeprefix("_") == typed.removeprefix("_")]
    return meant[0] if typed not in held and len(meant) == 1 else typed


async def _free(store: Source, names: Sequence[str]) -> None:
    """Raises Refused where a hold lies on any of these, or one is an incident that is open."""
    lying = await holds(store)
    for name in names:
        if name in lying:
            raise Refused(
                f"a legal hold lies on {name} ({lying[name].reason}): nothing of it may be erased until it is lifted"
            )
    for one in await store.incidents():
        if one.incident in names and one.closed_at is None:
            raise Refused(f"{one.incident} is open, and its log is needed: close it first")


@dataclass(frozen=True, slots=True)
class Overdue:
    """A log and how long its playbook keeps it: ``keep`` None where the playbook cannot be read. ``held``: why it may not go though its time is over."""

    incident: str
    closed_at: datetime
    keep: timedelta | None
    over: bool
    held: str | None
    size: int
    erased: bool


async def retention(store: Source, kept_for: Mapping[str, timedelta | None], now: datetime) -> list[Overdue]:
    """Every closed incident, the oldest first, and whether its time is over. ``kept_for``: incident → how long its playbook keeps it."""
    lying = await holds(store)
    people = await _people(store)
    persons: dict[str, HoldPlaced] = {}  # stream → a person who is in it and must not be erased
    for on in lying:
        if not on.startswith(("I-", "E-")):
            _, theirs = await store.personal(people.names_of(on))
            persons |= dict.fromkeys(theirs, lying[on])
    found = []
    for one in await store.incidents():
        if one.closed_at is None:
            continue
        keep = kept_for.get(one.incident)
        over = keep is not None and one.closed_at + keep < now
        hold = lying.get(one.incident) or persons.get(one.incident)
        erased = bool(await store.facts_of(one.incident, LogErased))
        found.append(Overdue(one.incident, one.closed_at, keep, over, hold.reason if hold else None, one.size, erased))
    return sorted(found, key=lambda one: one.closed_at)


def of_logs(overdue: Iterable[Overdue], *, by: str, reason: str) -> Erasure:
    """The logs whose time is over and on which no hold lies."""
    going = [one for one in overdue if one.over and one.held is None and not one.erased and one.keep is not None]
    facts = [(one.incident, LogErased(one.keep.days, by, reason, one.size)) for one in going if one.keep is not None]
    return Erasure(facts, streams={one.incident: one.size for one in going})
