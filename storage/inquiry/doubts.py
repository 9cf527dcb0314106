"""Which sends are still unknown: messages of which nobody knows whether they arrived, and what became of their repeats."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from playbooks.rooms import RoomRef
from storage.facts import (
    Disclosed,
    MessageDropped,
    MessageRefused,
    MessageSent,
    MessageTracked,
    MessageUnknown,
    RemovalAsked,
)
from storage.inquiry.countable import countable
from storage.inquiry.fates import Fates, State, whole
from storage.store import Kept


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt to repeat a message. ``message``: the network's id where it was accepted; ``at``: when that was heard, None where nothing was yet."""

    send: str
    state: State
    at: datetime | None
    message: str | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class Doubt:
    """A message that may or may not have arrived. ``about``, ``partner``: where the log says so. ``attempts``: its repeats, the first one first.

    ``resolved``: one of these was accepted, or the network was heard of again after all: whoever was to have it has it, perhaps twice.
    """

    send: str
    about: str | None
    partner: str | None
    room: RoomRef
    at: datetime
    reason: str
    attempts: tuple[Attempt, ...]
    resolved: bool
    entries: tuple[int, ...]


def doubts(kept: Sequence[Kept]) -> tuple[Doubt, ...]:
    """Every message whose fate was unknown at some time; those that are still unknown are the ones that are not resolved."""
    kept = countable(kept)
    fates, known = Fates(kept), _known(kept)
    again = {f.repeat for one in kept if isinstance(f := one.fact, MessageUnknown) and f.repeat is not None}
    again |= {whole(name) for name in again}
    found = (_doubt(one, one.fact, fates, known) for one in fates.doubts if isinstance(one.fact, MessageUnknown))
    return tuple(one for one in found if one.send not in again and whole(one.send) not in again)


def _doubt(
    first: Kept, fact: MessageUnknown, fates: Fates, known: Mapping[str, tuple[str | None, str | None]]
) -> Doubt:
    attempts: list[Attempt] = []
    proofs = [first.seq]
    last = fates.outcome(fact.send) or first
    proofs.append(last.seq)
    repeat = last.fact.repeat if isinstance(last.fact, MessageUnknown) else None
    met = {fact.send}
    while repeat is not None and repeat not in met:
        met.add(repeat)
        came = fates.outcome(repeat) or fates.outcome(f"{repeat}-1")
        attempts.append(_attempt(repeat, came))
        proofs += [came.seq] if came is not None else []
        repeat = came.fact.repeat if came is not None and isinstance(came.fact, MessageUnknown) else None
    about, partner = known.get(whole(fact.send), (None, None))
    resolved = isinstance(last.fact, MessageSent) or any(one.state == "accepted" for one in attempts)
    return Doubt(
        fact.send,
        about,
        partner,
        fact.room,
        first.at,
        fact.reason,
        tuple(attempts),
        resolved,
        tuple(sorted(set(proofs))),
    )


def _attempt(send: str, came: Kept | None) -> Attempt:
    if came is None:
        return Attempt(send, "waiting", None, None, None)
    match came.fact:
        case MessageSent(message=message):
            return Attempt(send, "accepted", came.at, message, None)
        case MessageRefused(reason=reason):
            return Attempt(send, "refused", came.at, None, reason)
        case MessageDropped(reason=reason):
            return Attempt(send, "dropped", came.at, None, reason)
        case MessageUnknown(reason=reason):
            return Attempt(send, "unknown", came.at, None, reason)
        case _:
            return Attempt(send, "waiting", None, None, None)


def _known(kept: Iterable[Kept]) -> Mapping[str, tuple[str | None, str | None]]:
    """What each message is about, and whose it is, where the log says so."""
    found: dict[str, tuple[str | None, str | None]] = {}
    for one in kept:
        match one.fact:
            case (
                Disclosed(send=send, about=about, partner=partner)
                | MessageTracked(send=send, about=about, partner=partner)
            ):
                found.setdefault(whole(send), (about or None, partner))
            case RemovalAsked(removal=removal, about=about, partner=partner):
                found.setdefault(whole(removal), (about, partner))
            case _:
                pass
    return found
