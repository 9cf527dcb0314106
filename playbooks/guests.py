"""Partners that the playbook did not foresee, for the time that they are admitted to one incident.

What was agreed stays as it is: the bytes, the digest and every rule. A guest stands beside the partners with a kind, a jurisdiction
and a clearance, so that the rules for that kind mean it; nothing is its prerogative. One that has departed is known by name alone,
because the log speaks of it: no selector means it, and no room is its own. So is a partner that a later version of the playbook lacks.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast
from weakref import WeakKeyDictionary

from playbooks.labels import Tlp
from playbooks.load import Book
from playbooks.schema import Clearance, Partner


@dataclass(frozen=True, slots=True)
class Guest:
    """A partner that was admitted. ``tlp`` is a word (``amber+strict``); ``departed``: its time is over."""

    id: str
    name: str
    kind: str
    level: str
    jurisdiction: str
    tlp: str
    compartments: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    phone: str | None = None
    departed: bool = False
    listed: bool = True


@dataclass(frozen=True, slots=True)
class Profile:
    """What a guest of a kind is granted: what all partners of that kind have in common. ``like``: those partners."""

    kind: str
    level: str
    clearance: Clearance
    like: tuple[str, ...]


_WITH: WeakKeyDictionary[Book, dict[tuple[Guest, ...], Book]] = WeakKeyDictionary()


def with_guests(book: Book, guests: Sequence[Guest]) -> Book:
    """The playbook with these guests beside its partners: the same value for the same guests. A partner of that id stays what it is."""
    if not guests:
        return book
    known = _WITH.setdefault(book, {})
    key = tuple(guests)
    if key not in known:
        known[key] = _with(book, key)
    return known[key]


def _with(book: Book, guests: Iterable[Guest]) -> Book:
    agreed = book.playbook
    new = [guest for guest in guests if guest.id not in agreed.partners]
    # Another version of the playbook may have lost the country that a guest came from: then nothing holds for it.
    gone = frozenset(guest.id for guest in new if guest.departed or guest.jurisdiction not in agreed.jurisdictions)
    partners = {**agreed.partners, **{guest.id: _partner(book, guest, guest.id in gone) for guest in new}}
    present = frozenset(guest.id for guest in new) - gone
    return replace(book, playbook=agreed.model_copy(update={"partners": partners}), guests=present, departed=gone)


def _partner(book: Book, guest: Guest, gone: bool) -> Partner:
    jurisdictions = book.playbook.jurisdictions
    home = guest.jurisdiction if guest.jurisdiction in jurisdictions else next(iter(jurisdictions))
    clearance = Clearance() if gone else _clearance(Tlp.parse(guest.tlp), guest.compartments)
    return Partner.model_construct(
        name=guest.name,
        kind=cast(Any, guest.kind),
        level=cast(Any, guest.level),
        jurisdiction=home,
        clearance=clearance,
        languages=guest.languages,
        phone_24h=guest.phone,
        listed=guest.listed,
    )


def _clearance(tlp: Tlp, compartments: Iterable[str]) -> Clearance:
    return Clearance.model_construct(tlp=tlp, compartments=tuple(compartments))


def profiles(book: Book) -> dict[str, Profile]:
    """What a guest may be, by kind: for each kind of the partners that all may know, what these have in common."""
    found: dict[str, Profile] = {}
    agreed = {name: who for name, who in book.playbook.partners.items() if who.listed and not _is_guest(book, name)}
    for kind in dict.fromkeys(who.kind for who in agreed.values()):
        like = {name: who for name, who in agreed.items() if who.kind == kind}
        tlp = min(who.clearance.tlp for who in like.values())
        common = set.intersection(*(set(who.clearance.compartments) for who in like.values()))
        levels = {who.level for who in like.values()}
        level = levels.pop() if len(levels) == 1 else "local"
        found[kind] = Profile(kind, level, _clearance(tlp, sorted(common)), tuple(like))
    return found


def present(book: Book, partner: str | None) -> bool:
    """Whether a partner takes part: the playbook has it, or it was admitted, and its time is not over."""
    return partner in book.playbook.partners and partner not in book.departed


def _is_guest(book: Book, partner: str) -> bool:
    return partner in book.guests or partner in book.departed
