"""Who saw a thing, when, in which form and by which right; and what one partner had seen until a moment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from storage.facts import (
    AlertDrafted,
    AlertIssued,
    AlertRequested,
    AlertRetracted,
    CopyReleased,
    Disclosed,
    DraftConfirmed,
    MessageSent,
    MessageUnknown,
    Said,
    SaidAnew,
    TakenBack,
)
from storage.inquiry.countable import countable
from storage.inquiry.erased import Erasures
from storage.inquiry.fates import Fates, whole
from storage.inquiry.sights import Sight, sights
from storage.store import Kept

How = Literal["wrote", "asked for", "confirmed", "issued", "agreed", "supplied", "said", "said anew"]


@dataclass(frozen=True, slots=True)
class Author:
    """Somebody who knew because they wrote it, or agreed to it (``agreed``: as the second person). ``person``: a person's id, or an identity."""

    how: How
    person: str
    partner: str | None
    at: datetime
    entry: int


@dataclass(frozen=True, slots=True)
class WhoSaw:
    """Who saw a thing (``field``: one field of it; None: any). ``seen``: what a network accepted, or may have; ``unsent``: what was decided to be shown and did
    not leave; ``withheld``: from which rooms it was kept; ``empty``: where a message has the field, and nothing was in it. ``names``: the ids it went by (an alert's draft, the request it fulfilled). ``known``: whether the facts
    know it at all.
    """

    about: str
    field: str | None
    names: tuple[str, ...]
    known: bool
    authors: tuple[Author, ...]
    seen: tuple[Sight, ...]
    unsent: tuple[Sight, ...]
    withheld: tuple[Sight, ...]
    empty: tuple[Sight, ...] = ()


def who_saw(kept: Sequence[Kept], about: str, field: str | None = None) -> WhoSaw:
    """Who saw a thing, or one field of it."""
    kept = countable(kept)
    names = _names(kept, about)
    told = tuple(sorted(_authors(kept, names, field), key=lambda one: one.entry))
    found = [
        one
        for one in sights(kept, Fates(kept), lambda fact: _tells_of(fact, names))
        if one.about in names and (field is None or one.field == field)
    ]
    shown = [one for one in found if one.held]
    return WhoSaw(
        about,
        field,
        tuple(names),
        bool(found) or any(one.how != "confirmed" for one in told),
        told,
        tuple(one for one in shown if one.fate.shown or one.fate.state == "unknown"),
        tuple(one for one in shown if not one.fate.shown and one.fate.state != "unknown"),
        tuple(one for one in found if one.form is None),
        tuple(one for one in found if one.form is not None and not one.held),
    )


def _tells_of(fact: Disclosed, names: Mapping[str, None]) -> bool:
    """Whether a message may show something of one of these."""
    return fact.about in names or any("/" in key or ":" in key for key in fact.fields)


def _names(kept: Iterable[Kept], about: str) -> dict[str, None]:
    """The ids that a thing went by: what an alert was before it was issued belongs to it."""
    names: dict[str, None] = {about: None}
    for one in kept:
        match one.fact:
            case AlertIssued(alert=alert, draft=draft, request=request) if alert == about:
                names |= {name: None for name in (draft, request) if name}
            case _:
                pass
    return names


def _authors(kept: Iterable[Kept], names: Mapping[str, None], field: str | None) -> Iterable[Author]:
    kept = list(kept)
    drafts: dict[str, Author] = {}
    has = _Contents(kept, field)
    held = set(_holding(kept, has))
    for one in kept:
        match one.fact:
            case AlertDrafted(draft=draft, person=person, partner=partner) as f if draft in names:
                if has(one.seq, f.fields):
                    drafts.setdefault(draft, Author("wrote", person, partner, one.at, one.seq))
            case DraftConfirmed(draft=draft, person=person) if draft in names and draft in held:
                yield Author("confirmed", person, None, one.at, one.seq)
            case AlertRequested() as f if f.request in names and has(one.seq, f.fields):
                yield Author("asked for", f.person, f.partner, one.at, one.seq)
            case AlertIssued() as f if f.alert in names and has(one.seq, f.fields):
                yield from drafts.values()
                yield Author("issued", f.person, f.partner, one.at, one.seq)
                if f.confirmed_by and f.confirmed_by != f.person:
                    yield Author("agreed", f.confirmed_by, None, one.at, one.seq)
            case CopyReleased() as f if f.alert in names and has(one.seq, f.fields):
                yield Author("supplied", f.person, None, one.at, one.seq)
            case Said() as f if f.said in names:
                yield Author("said", f.person, f.partner, one.at, one.seq)
            case SaidAnew() as f if f.said in names:
                yield Author("said anew", "", None, one.at, one.seq)
            case _:
                pass


def _holding(kept: Iterable[Kept], has: _Contents) -> Iterable[str]:
    """The drafts that something stood in: whoever confirmed another one agreed to nothing of this field."""
    for one in kept:
        match one.fact:
            case AlertDrafted(draft=draft, fields=fields) | AlertIssued(draft=draft, fields=fields) if has(
                one.seq, fields
            ):
                yield draft
            case _:
                pass


class _Contents:
    """Whether something stood in a field (None: in any), whether or not it was erased since."""

    def __init__(self, kept: Iterable[Kept], field: str | None) -> None:
        self._field = field
        self._erasures = Erasures(kept)

    def __call__(self, entry: int, fields: Mapping[str, Any]) -> bool:
        if self._field is None:
            return any(value is not None for value in fields.values()) or bool(self._erasures.names(entry, "fields"))
        gone = self._field not in fields and self._erasures.field(entry, f"fields/{self._field}") is not None
        return gone or fields.get(self._field) is not None


# --- what one partner saw ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Seen:
    """A field of a thing as a partner last saw it: ``last`` showed it, at ``at``; ``first_at``: when any form of it was first shown. ``forms``: every form, the
    first one first. ``withdrawn_at``: when whoever said it took it back, whether or not a network removed it; ``removed_at``: when the last message that shows
    it was taken out of its room.
    """

    about: str
    field: str
    of: str | None
    first_at: datetime
    at: datetime
    forms: tuple[str, ...]
    last: Sight
    withdrawn_at: datetime | None
    removed_at: datetime | None
    entries: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Saw:
    """What a partner's rooms were shown until a moment (None: until the end of the facts). ``doubtful``: what may have been shown by then, and nobody knows.
    ``others``: how many more messages were accepted there, which show no field of anything.
    """

    partner: str
    until: datetime | None
    fields: tuple[Seen, ...]
    doubtful: tuple[Sight, ...]
    others: int


def saw(kept: Sequence[Kept], partner: str, until: datetime | None = None) -> Saw:
    """What a partner's rooms had been shown at a moment: all that their networks had accepted before then, the moment itself not included."""
    kept = countable(kept)
    messages = [one.fact for one in kept if isinstance(one.fact, Disclosed)]
    rooms = {fact.room for fact in messages if fact.partner == partner}
    told = sights(kept, Fates(kept), lambda f: f.partner == partner or (f.partner is None and f.room in rooms))
    theirs = [one for one in told if one.form is not None]
    shown = [one for one in theirs if _before(one.fate.at, until)]
    doubtful = [one for one in theirs if not _before(one.fate.at, until) and _before(one.fate.unknown_at, until)]
    withdrawn = _withdrawn(kept)
    things: dict[tuple[str, str, str | None], list[Sight]] = {}
    for one in shown:
        things.setdefault((one.about, one.field, one.of), []).append(one)
    fields = (_seen(several, withdrawn.get(about)) for (about, _, _), several in things.items())
    telling = {whole(fact.send) for fact in messages if any(map(_is_shown, fact.fields.values()))} | _repeats(kept)
    others = {
        one.seq
        for one in kept
        if isinstance(one.fact, MessageSent) and one.fact.room in rooms and _before(one.at, until)
        if whole(one.fact.send) not in telling
    }
    return Saw(
        partner, until, tuple(sorted(fields, key=lambda one: (one.first_at, one.at))), tuple(doubtful), len(others)
    )


def _repeats(kept: Iterable[Kept]) -> set[str]:
    """The names of what was sent again because nobody knew."""
    doubts = (one.fact for one in kept if isinstance(one.fact, MessageUnknown))
    return {whole(doubt.repeat) for doubt in doubts if doubt.repeat is not None}


def _is_shown(how: object) -> bool:
    return isinstance(how, Mapping) and "withheld" not in how


def _before(at: datetime | None, until: datetime | None) -> bool:
    return at is not None and (until is None or at < until)


def _seen(several: Sequence[Sight], withdrawn: Kept | None) -> Seen:
    """One field, from every time it was shown. The last is that which was accepted last."""
    in_order = sorted(several, key=_accepted)
    last, times = in_order[-1], [one.fate.at for one in in_order if one.fate.at is not None]
    removed = [one.fate.removed_at for one in in_order if one.fate.removed_at is not None]
    taken = withdrawn if withdrawn is not None and withdrawn.at >= times[0] else None
    entries = {entry for one in in_order for entry in one.entries} | ({taken.seq} if taken is not None else set())
    return Seen(
        last.about,
        last.field,
        last.of,
        times[0],
        times[-1],
        tuple(dict.fromkeys(str(one.form) for one in in_order)),
        last,
        taken.at if taken is not None else None,
        max(removed) if len(removed) == len(in_order) else None,
        tuple(sorted(entries)),
    )


def _accepted(one: Sight) -> tuple[datetime, int]:
    """When it was accepted, which it was."""
    assert one.fate.at is not None
    return one.fate.at, one.entry


def _withdrawn(kept: Iterable[Kept]) -> Mapping[str, Kept]:
    """What was taken back by whoever said it, and by which entry."""
    found: dict[str, Kept] = {}
    for one in kept:
        match one.fact:
            case AlertRetracted(alert=about) | TakenBack(said=about):
                found.setdefault(about, one)
            case _:
                pass
    return found
