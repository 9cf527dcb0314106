"""What became of messages, as the courier reports it: the row's new state, and what is to be decided about it."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import assert_never

from bot.addressing import Addressed
from bot.networks.port import Begun, Delayed, Moved, Outcome, Refused, Sent, Unknown
from bot.outgoing import moved, written
from handlers.events import Delivery, Flooded, Stale
from handlers.signs import TOO_MUCH
from playbooks.rooms import RoomRef
from storage.store import OutboxChange, OutboxRow


@dataclass(frozen=True, slots=True)
class Report:
    """What became of messages, to be committed with what is decided about it. ``rows`` and ``changes`` go together.

    Where the event is None there is nothing to decide.
    """

    rows: tuple[OutboxRow, ...]
    changes: tuple[OutboxChange, ...]
    event: Delivery | Stale | Flooded | None

    @property
    def at_leisure(self) -> bool:
        """Whether nothing waits for this to be committed: it goes with whatever is committed next."""
        return self.event is None and all(change.state == "dropped" for change in self.changes)


@dataclass(frozen=True, slots=True)
class Reported:
    """What a network's outcome makes of the rows of a message: only that is to be reported."""

    reports: list[Report]


@dataclass(frozen=True, slots=True)
class Taken:
    """The network took it: its room is not held back any more."""

    reports: list[Report]


@dataclass(frozen=True, slots=True)
class OneByOne:
    """One of its rows may be at fault: they leave again one by one, so that it fails alone."""

    reports: list[Report]


@dataclass(frozen=True, slots=True)
class WithoutFile:
    """Perhaps only its file is at fault, as where photos may not be sent: its words leave again without, and say so."""

    reports: list[Report]


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Its room has moved, and it leaves for the new one. It does not stand where it was sent: what was recalled is decided again before that."""

    reports: list[Report]
    to: RoomRef


Verdict = Reported | Taken | OneByOne | WithoutFile | Elsewhere
"""What becomes of a message, and by its kind what follows from that for what leaves later."""


def verdict(
    rows: Sequence[OutboxRow],
    found: Addressed | Refused | Delayed | None,
    outcome: Outcome,
    as_it_was: Callable[[OutboxRow], OutboxRow],
) -> Verdict:
    """What an outcome makes of the rows of a message, of which the first was not recalled if it arrived. ``found``: the message as it was handed
    over, or why it was not. ``as_it_was``: a row with the words that it had before these were recalled.
    """
    first, *others = rows
    match outcome:
        case Sent() if isinstance(found, Addressed):
            arrived = zip(rows, found.rows, found.names(outcome), strict=True)
            return Taken(
                [
                    sent(
                        row,
                        name,
                        outcome.handle,
                        payload=said.payload if said.payload != row.payload else None,
                        to=row.to,
                    )
                    for row, said, name in arrived
                ]
            )
        case Refused(reason=reason, gone=False) if others:
            return OneByOne([waits(row, reason) for row in rows])
        case Refused(reason=reason, gone=False) if (
            isinstance(found, Addressed) and found.out.files and found.out.kind == "message"
        ):
            # Not the words of an edit, which would stand under the file that was not replaced: its sender is told instead.
            return WithoutFile([waits(first, reason)])
        case Begun(place=place) if isinstance(found, Addressed):
            follow = [waits(row, "it goes on in a place of its own") for row in others]
            return Reported([begun(first, place, found.out.reply_to), *follow])
        case Moved(to=to):
            follow = [waits(row, "the room has moved", moved(row, to).to) for row in others]
            return Elsewhere([fate(as_it_was(first), outcome), *follow], to)
        case _:
            return Reported([fate(as_it_was(row), outcome) for row in rows])


def fate(row: OutboxRow, outcome: Outcome) -> Report:
    """What a network's outcome makes of a row."""
    match outcome:
        case Sent(message_id=message, handle=handle):
            return sent(row, message, handle)
        case Refused(reason=reason, gone=gone):
            change = OutboxChange(row.token, "refused", reason=reason)
            return Report((row,), (change,), Delivery(row, "refused", reason=reason, gone=gone))
        case Unknown(reason=reason):
            change = OutboxChange(row.token, "unknown", reason=reason)
            return Report((row,), (change,), Delivery(row, "unknown", reason=reason))
        case Moved(to=to):
            change = OutboxChange(row.token, "pending", to=moved(row, to).to, never_left=True)
            return Report((row,), (change,), Delivery(row, "moved", moved_to=to))
        case Delayed(reason=reason):
            return waits(row, reason)
        case Begun(place=place):
            return begun(row, place, None)
        case _:
            assert_never(outcome)


def sent(
    row: OutboxRow,
    message: str | None,
    handle: str | None = None,
    *,
    payload: str | None = None,
    to: RoomRef | None = None,
) -> Report:
    """A row has arrived, under this name and perhaps a second one. ``payload``: what was really sent, where that is not what was written;
    ``to``: where it stands, which may not be on file: what is claimed ahead is not moved with its room.
    """
    row = row if payload is None else replace(row, payload=payload)
    change = OutboxChange(row.token, "sent", message, to=to, handle=handle, payload=payload)
    return Report((row,), (change,), Delivery(row, "sent", message))


def begun(row: OutboxRow, place: RoomRef, answers: str | None) -> Report:
    """The thread that a row begins has a place of its own now: it goes there as the answer to this message, which stands outside."""
    said = written({**json.loads(row.payload), "reply_to": answers})
    change = OutboxChange(row.token, "pending", payload=said, never_left=_was_first(row))
    return Report((replace(row, payload=said),), (change,), Delivery(row, "moved", place=place))


def waits(row: OutboxRow, reason: str, to: RoomRef | None = None) -> Report:
    """A row has not arrived and waits anew, perhaps for another address; nothing is decided about it."""
    change = OutboxChange(row.token, "pending", reason=reason, to=to, never_left=_was_first(row))
    return Report((row,), (change,), None)


def flooded(room: RoomRef, rows: Sequence[OutboxRow]) -> Report:
    """So much talk waits for a room that it makes way for a digest."""
    changes = tuple(OutboxChange(row.token, "dropped", reason=TOO_MUCH) for row in rows)
    return Report(tuple(rows), changes, Flooded(room, tuple(rows)))


def gave_way(rows: Sequence[OutboxRow], reason: str) -> list[Report]:
    """Rows that need not be sent any more; nothing is decided about them."""
    return [Report((row,), (OutboxChange(row.token, "dropped", reason=reason),), None) for row in rows]


def delayed(row: OutboxRow, outcome: Delayed, until: datetime, *, tell: bool) -> Report:
    """A row goes again later; only a long delay is spoken of."""
    never_left = not outcome.perhaps and _was_first(row)
    change = OutboxChange(row.token, "pending", reason=outcome.reason, not_before=until, never_left=never_left)
    return Report((row,), (change,), Delivery(row, "delayed", reason=outcome.reason) if tell else None)


def _was_first(row: OutboxRow) -> bool:
    """Whether it was never handed over before: then what certainly did not arrive now never left."""
    return row.first_claimed_at == row.claimed_at


def stale(rows: Sequence[OutboxRow], *, over: bool) -> Report:
    """The parts of a message whose clearance is too old: they do not leave, and the whole is decided again."""
    reason = "its time was over" if over else "what may be shown has changed"
    changes = tuple(OutboxChange(row.token, "dropped", reason=reason) for row in rows)
    return Report(tuple(rows), changes, Stale(rows[0], over))
