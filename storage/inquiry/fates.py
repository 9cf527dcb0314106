"""What became of each message: of its parts, of what was sent again because nobody knew, and whether it was taken out of its room."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from storage.facts import MessageDropped, MessageRefused, MessageRemains, MessageRemoved, MessageSent, MessageUnknown
from storage.store import Kept

State = Literal["accepted", "partly", "refused", "unknown", "dropped", "waiting"]
"""``partly``: some of its parts were accepted, and others not; ``waiting``: nothing is known yet."""

Outcome = MessageSent | MessageRefused | MessageUnknown | MessageDropped

_PART = re.compile(r"-\d+$")


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of one message. ``at``: when its network first accepted any of it. ``messages``: the network's ids for its parts, and for those of its
    repeats. ``unknown_at``: when nobody knew for the first time. ``removed_at``: when the last of it was taken out of the room; ``remains``: why
    some could not be. ``reason``: why it was not accepted.
    """

    state: State = "waiting"
    at: datetime | None = None
    messages: tuple[str, ...] = ()
    unknown_at: datetime | None = None
    reason: str | None = None
    removed_at: datetime | None = None
    remains: str | None = None
    entries: tuple[int, ...] = ()

    @property
    def shown(self) -> bool:
        """Whether some of it was accepted for certain."""
        return self.at is not None


_NOTHING_KNOWN = Fate()


class Fates:
    """The fate of every message in these facts."""

    def __init__(self, kept: Iterable[Kept]) -> None:
        self._outcomes: dict[str, dict[str, Kept]] = {}
        self._doubts: dict[str, Kept] = {}
        self._removed: dict[str, Kept] = {}
        self._remains: dict[str, Kept] = {}
        self._known: dict[str, Fate] = {}
        for one in kept:
            match one.fact:
                case MessageSent(send=send) | MessageRefused(send=send) | MessageDropped(send=send):
                    self._outcomes.setdefault(whole(send), {})[send] = one
                case MessageUnknown(send=send):
                    self._outcomes.setdefault(whole(send), {})[send] = one
                    self._doubts.setdefault(send, one)
                case MessageRemoved(send=send):
                    self._removed[send] = one
                    self._remains.pop(send, None)
                case MessageRemains(send=send):
                    self._remains[send] = one
                case _:
                    pass

    def of(self, send: str) -> Fate:
        """The fate of one message, by the name of any of its parts."""
        name = whole(send)
        if name not in self._known:
            self._known[name] = self._of(name, set())
        return self._known[name]

    def outcome(self, send: str) -> Kept | None:
        """The last that was heard of one part."""
        return self._outcomes.get(whole(send), {}).get(send)

    @property
    def doubts(self) -> Iterable[Kept]:
        """Where nobody knew, for the first time of each part, in order."""
        return sorted(self._doubts.values(), key=lambda one: one.seq)

    def _of(self, name: str, before: set[str]) -> Fate:
        fates = [self._part(send, one, before | {name}) for send, one in self._outcomes.get(name, {}).items()]
        if len(fates) < 2:
            return fates[0] if fates else _NOTHING_KNOWN
        states = {one.state for one in fates}
        removed = [one.removed_at for one in fates if one.removed_at is not None]
        return Fate(
            _together(states),
            min((one.at for one in fates if one.at is not None), default=None),
            tuple(message for one in fates for message in one.messages),
            min((one.unknown_at for one in fates if one.unknown_at is not None), default=None),
            next((one.reason for one in fates if one.reason is not None), None),
            max(removed) if len(removed) == len(fates) else None,
            next((one.remains for one in fates if one.remains is not None), None),
            tuple(sorted({entry for one in fates for entry in one.entries})),
        )

    def _part(self, send: str, one: Kept, before: set[str]) -> Fate:
        """The fate of one part, with that of what was sent again in its stead."""
        gone, stays, doubt = self._removed.get(send), self._remains.get(send), self._doubts.get(send)
        proofs = tuple(proof.seq for proof in (doubt, one, gone, stays) if proof is not None)
        unknown_at = doubt.at if doubt is not None else None
        removed_at = gone.at if gone is not None else None
        remains = stays.fact.reason if stays is not None and isinstance(stays.fact, MessageRemains) else None
        match one.fact:
            case MessageSent(message=message):
                named = (message,) if message else ()
                return Fate("accepted", one.at, named, unknown_at, None, removed_at, remains, proofs)
            case MessageUnknown(reason=reason, repeat=repeat):
                again = self._of(repeat, before) if repeat is not None and repeat not in before else Fate()
                state: State = again.state if again.shown else "unknown"
                why = None if again.shown else reason
                return Fate(
                    state, again.at, again.messages, unknown_at, why, again.removed_at, remains or again.remains,
                    (*proofs, *again.entries),
                )  # fmt: skip
            case MessageRefused(reason=reason):
                return Fate("refused", None, (), unknown_at, reason, None, None, proofs)
            case MessageDropped(reason=reason):
                return Fate("dropped", None, (), unknown_at, reason, None, None, proofs)
            case _:
                return Fate()


def whole(send: str) -> str:
    """The name of a message, by that of one of its parts."""
    return _PART.sub("", send) if "-" in send else send


def _together(states: set[State]) -> State:
    """The state of a message, by those of its parts."""
    if len(states) == 1:
        return next(iter(states))
    if states & {"accepted", "partly"}:
        return "partly"
    return "unknown" if "unknown" in states else "refused"
