"""Who led, from when to when and on which basis; and who read the log, or took a copy of it, and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from storage.facts import Exported, IncidentClosed, LeadEnded, LeadOffered, LeadOfferEnded, LeadTaken, LogRead
from storage.inquiry.countable import countable
from storage.store import Kept


@dataclass(frozen=True, slots=True)
class Tenure:
    """A lead for a tier and a jurisdiction, from ``since`` to ``until`` (None: it goes on). ``why``: how it came about: ``playbook``, or the reason of the
    ``offer`` that was accepted by ``accepted_by`` (``phase``, ``hand``, ``silence``). ``ended``: ``replaced``, ``covered`` (another lead covers it) or ``closed``.
    """

    tier: str | None
    jurisdiction: str | None
    partners: tuple[str, ...]
    decides: str
    deputies: tuple[str, ...]
    basis: str | None
    rule: str
    playbook_sha256: str | None
    since: datetime
    until: datetime | None
    why: str
    offer: str | None
    accepted_by: str | None
    ended: str | None
    entries: tuple[int, ...]


def leads(kept: Sequence[Kept]) -> tuple[Tenure, ...]:
    """Every lead with its interval and its basis, in the order in which they began."""
    found: list[Tenure] = []
    open_: dict[tuple[str | None, str | None], int] = {}
    offers: dict[str, tuple[Kept, LeadOffered]] = {}
    accepted: tuple[Kept, LeadOfferEnded] | None = None
    for one in countable(kept):
        match one.fact:
            case LeadOffered() as f:
                offers[f.offer] = (one, f)
            case LeadOfferEnded(why="accepted") as f:
                accepted = (one, f)
            case LeadTaken() as f:
                where = (f.tier, f.jurisdiction)
                _end(found, open_, where, one, "replaced")
                open_[where] = len(found)
                found.append(_tenure(one, f, offers, accepted))
                accepted = None
            case LeadEnded(tier=tier, jurisdiction=jurisdiction):
                _end(found, open_, (tier, jurisdiction), one, "covered")
            case IncidentClosed():
                for where in list(open_):
                    _end(found, open_, where, one, "closed")
            case _:
                pass
    return tuple(found)


def _tenure(
    one: Kept, f: LeadTaken, offers: dict[str, tuple[Kept, LeadOffered]], accepted: tuple[Kept, LeadOfferEnded] | None
) -> Tenure:
    offered = offers.get(accepted[1].offer) if accepted is not None else None
    if accepted is not None and offered is not None:
        came, ended = offered[1], accepted[1]
        if (came.tier, came.jurisdiction) == (f.tier, f.jurisdiction):
            proofs = (offered[0].seq, accepted[0].seq, one.seq)
            return replace(
                _tenure(one, f, offers, None), why=came.why, offer=came.offer, accepted_by=ended.person, entries=proofs
            )
    return Tenure(
        f.tier, f.jurisdiction, f.partners, f.decides, f.deputies or (), f.basis, f.rule, one.playbook_sha256,
        one.at, None, "playbook", None, None, None, (one.seq,),
    )  # fmt: skip


def _end(
    found: list[Tenure],
    open_: dict[tuple[str | None, str | None], int],
    where: tuple[str | None, str | None],
    one: Kept,
    ended: str,
) -> None:
    index = open_.pop(where, None)
    if index is not None:
        before = found[index]
        found[index] = replace(before, until=one.at, ended=ended, entries=(*before.entries, one.seq))


@dataclass(frozen=True, slots=True)
class Reading:
    """Somebody read the log, asked it a question (``question``), or made a copy for a ``reader`` in a ``form``. ``reason`` is None where none was given;
    ``basis``: by which right, where one was named.

    ``upto``: how many entries there were, None where that was erased; ``shown``: of how many of them something was shown, or went into the answer (None: not said, as of a copy).
    ``disclosed``, ``withheld``: of a copy, how many fields it shows, and how many it does not.
    """

    person: str
    partner: str | None
    question: str | None
    reader: str | None
    form: str | None
    reason: str | None
    upto: int | None
    at: datetime
    entries: tuple[int, ...]
    basis: str | None = None
    shown: int | None = None
    disclosed: int | None = None
    withheld: int | None = None


def readings(kept: Sequence[Kept]) -> tuple[Reading, ...]:
    """Every reading of the log, and every copy that was made of it."""
    return tuple(one for kept_ in countable(kept) for one in _reading(kept_))


def _reading(one: Kept) -> Iterator[Reading]:
    match one.fact:
        case LogRead() as f:
            yield Reading(
                f.person, f.partner, f.question, None, None, f.reason, f.upto, one.at, (one.seq,), shown=f.shown
            )
        case Exported() as f:
            counts = [count for count in (f.withheld or {}).values() if isinstance(count, int)]
            yield Reading(
                f.by, None, None, f.reader, f.form, f.reason, f.size, one.at, (one.seq,), f.basis, None, f.disclosed, sum(counts)
            )  # fmt: skip
        case _:
            pass
