"""Every withholding with its reason and rule, and every release."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from storage.facts import AlertAddressed, CallAsked, CopyHeld, CopyReleased, MessageDropped, Said, SaidAnew
from storage.inquiry.countable import countable
from storage.inquiry.erased import Erasures
from storage.inquiry.fates import Fates, whole
from storage.inquiry.sights import Sight, sights
from storage.store import Kept

What = Literal["field", "copy", "room", "message"]
"""What was withheld: one field; a partner's whole copy; what a room was to be sent; a message that was ready to leave."""


@dataclass(frozen=True, slots=True)
class Withholding:
    """Something that was not shown. ``why``: the reason as a code of ``playbooks.sight`` (``clearance``, ``agreement``, …), or in words; ``detail``: the level,
    border or circle. ``rule``: the place in the playbook that decided it (``name:line``, or a line), where there is one. ``at``, ``last_at``: the first and the
    last time; ``times``: how often.
    """

    what: What
    about: str
    partner: str | None
    room: str | None
    field: str | None
    why: str
    detail: str | None
    rule: str | None
    playbook_sha256: str | None
    at: datetime
    last_at: datetime
    times: int
    entries: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Release:
    """What had been held back may go: ``how`` ``supplied`` (a person of the origin gave other values, for these ``fields``), or ``call`` (its partner was told
    only to ring).
    """

    about: str
    partner: str
    how: Literal["supplied", "call"]
    person: str
    fields: tuple[str, ...]
    at: datetime
    entries: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Withheld:
    """All that was withheld, and all that was released."""

    withholdings: tuple[Withholding, ...]
    releases: tuple[Release, ...]


_Key = tuple[What, str, str | None, str | None, str | None, str, str | None, str | None, str | None]


def withheld(kept: Sequence[Kept]) -> Withheld:
    """Every withholding and release, each withholding once however often it was decided anew."""
    kept = countable(kept)
    found: dict[_Key, list[Kept]] = {}
    for key, one in _all(kept):
        found.setdefault(key, []).append(one)
    together = (
        Withholding(*key, ones[0].at, ones[-1].at, len(ones), tuple(one.seq for one in ones))
        for key, ones in found.items()
    )
    return Withheld(tuple(sorted(together, key=lambda one: one.at)), tuple(_releases(kept)))


def _all(kept: Sequence[Kept]) -> Iterator[tuple[_Key, Kept]]:
    fates = Fates(kept)
    by_entry: dict[int, list[Sight]] = {}
    abouts: dict[str, tuple[str, str | None]] = {}
    for sight in sights(kept, fates):
        abouts.setdefault(whole(sight.send), (sight.about, sight.partner))
        if sight.form is None:
            by_entry.setdefault(sight.entry, []).append(sight)
    for one in kept:
        for sight in by_entry.get(one.seq, ()):
            yield _field(sight), one
        match one.fact:
            case CopyHeld() as f:
                yield ("copy", f.alert, f.partner, None, f.field, f.reason, None, f.rule, one.playbook_sha256), one
            case AlertAddressed(alert=alert, partners=partners):
                for key in _addressed(alert, partners, one):
                    yield key, one
            case Said(said=said, left_out=left_out) | SaidAnew(said=said, left_out=left_out):
                for room, how in left_out.items():
                    if isinstance(how, Mapping):
                        yield _left_out(said, how.get("partner"), room, how, one), one
            case MessageDropped(send=send, room=room, reason=reason) if whole(send) in abouts:
                about, partner = abouts[whole(send)]
                yield ("message", about, partner, str(room), None, reason, None, None, one.playbook_sha256), one
            case _:
                pass


def _field(sight: Sight) -> _Key:
    rule = str(sight.rule) if sight.rule else None
    why = sight.why or ""
    name = sight.field if sight.of is None else f"{sight.field}:{sight.of}"
    return ("field", sight.about, sight.partner, str(sight.room), name, why, sight.detail, rule, sight.playbook_sha256)


def _addressed(alert: str, partners: Mapping[str, Any], one: Kept) -> Iterator[_Key]:
    """The partners that were passed over though it was for them, and the rooms of others that were sent nothing."""
    for partner, how in partners.items():
        if not isinstance(how, Mapping):
            continue
        if how.get("status") in ("blind", "roomless"):
            yield ("copy", alert, partner, None, None, str(how["status"]), None, None, one.playbook_sha256)
        for room, left in (how.get("left_out") or {}).items():
            yield _left_out(alert, partner, room, left, one)


def _left_out(about: str, partner: str | None, room: str, how: Mapping[str, Any], one: Kept) -> _Key:
    rule = str(how["rule"]) if how.get("rule") else None
    why, detail = str(how.get("why") or ""), how.get("detail") or None
    return ("room", about, partner, room, how.get("field"), why, detail, rule, one.playbook_sha256)


def _releases(kept: Iterable[Kept]) -> Iterator[Release]:
    kept = list(kept)
    erasures = Erasures(kept)
    for one in kept:
        match one.fact:
            case CopyReleased() as f:
                given = [name for name, value in f.fields.items() if value is not None]
                fields = (*given, *erasures.names(one.seq, "fields"))
                yield Release(f.alert, f.partner, "supplied", f.person, fields, one.at, (one.seq,))
            case CallAsked() as f:
                yield Release(f.alert, f.partner, "call", f.person, (), one.at, (one.seq,))
            case _:
                pass
