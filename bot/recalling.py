"""Messages whose clearance became too old on their way, and those that were taken back there.

One that has not left is handed back as it is. One that may stand in its room already, because its network took it and the answer was lost,
leaves once more under its own token and without its words; what stood under that token is removed; only then is it certain that nothing
stands, and it is decided again. What was taken back while it was on its way does not leave again with its words either.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Protocol

from bot.clock import Clock
from bot.fates import Report, stale
from bot.networks.port import Delayed, NetworkPort, Outcome, Outgoing, Refused, Sent, Unknown
from bot.outgoing import emptied
from bot.queues import Queues
from playbooks.rooms import RoomRef
from storage.store import OutboxChange, OutboxRow


class Policy(Protocol):
    """Who knows which clearances hold."""

    def epoch(self, stream: str) -> int:
        """The policy epoch of a stream as it is now."""

    def is_closed(self, room: RoomRef) -> bool:
        """Whether this is the private chat of an account that speaks for nobody any more."""


class Recalls:
    """Knows which messages may not be shown any more, and which of them are on their way without their words."""

    def __init__(self, queues: Queues, clock: Clock, policy: Policy) -> None:
        self._queues = queues
        self._clock = clock
        self._policy = policy
        self._recalled: dict[str, OutboxRow] = {}  # on their way without their words: as they were
        self._beside: set[str] = set()  # of these, other parts of a message of which one is decided again for all
        self._unwanted: set[str] = set()  # taken back while they were on their way

    def __contains__(self, row: OutboxRow) -> bool:
        """Whether it is on its way without its words, to be decided again."""
        return row.token in self._recalled

    def beside(self, row: OutboxRow) -> bool:
        """Whether another part of the same message is decided again for all, so that this one only has to be gone."""
        return row.token in self._beside

    def as_it_was(self, row: OutboxRow) -> OutboxRow:
        """The row with its words."""
        return self._recalled.get(row.token, row)

    def is_stale(self, row: OutboxRow) -> bool:
        """Whether it may not leave as it is."""
        if row.emptied:
            return False
        if self.is_over(row) or row.token in self._unwanted:
            return True
        # What was written before an account was lost or revoked is not for it any more, whatever it shows.
        return (row.shows or self._policy.is_closed(row.to)) and row.epoch != self._policy.epoch(row.stream)

    def is_over(self, row: OutboxRow) -> bool:
        """Whether its time has passed."""
        return row.not_after is not None and self._clock.now() > row.not_after

    def recall(self, row: OutboxRow) -> OutboxRow:
        """The row without its words; once it is removed it is decided again."""
        self._recalled[row.token] = row
        return emptied(row)

    def stale(self, row: OutboxRow, part_with: Callable[[OutboxRow], None]) -> Report:
        """A row that does not stand is to be decided again, with the other parts of its message that wait: they are taken out, which
        ``part_with`` is told. Of these, what may stand leaves without its words, to be removed too."""
        beside = []
        for one in self._queues.take(row.send):
            part_with(one)
            if one.may_stand:
                self._beside.add(one.token)
                self._queues.add(one if one.emptied else self.recall(one))
            else:
                beside.append(one)
        return stale([row, *beside], over=self.is_over(row))

    async def taken_away(self, port: NetworkPort, row: OutboxRow, stood: Sent) -> Outcome:
        """Remove what stood under the token of a recalled row: after that it is certain that nothing does."""
        gone = await port.send(Outgoing(f"{row.token}-gone", row.to, "delete", replaces=stood.message_id))
        match gone:
            case Delayed():
                return replace(gone, perhaps=True)
            case Refused(reason=reason):
                return Unknown(f"it may stand there still ({reason})")
            case _:
                return gone if isinstance(gone, Sent | Unknown) else stood

    # -- what was taken back -----------------------------------------------------------------------------------------------

    def unwanted(self, rows: Iterable[OutboxRow]) -> None:
        """These were taken back, and are on their way just now."""
        self._unwanted.update(row.token for row in rows if row.kind == "message")

    def taken(self, row: OutboxRow) -> OutboxRow:
        """A row that waited and is taken out, as it was; nothing more is known of it here."""
        return self._recalled.pop(row.token, row)

    def waits_again(self, row: OutboxRow, change: OutboxChange) -> OutboxRow:
        """A row that has not arrived, or may have, as it stands in line again."""
        first = None if change.never_left else row.first_claimed_at
        to = change.to or row.to
        row = replace(row, state="pending", to=to, not_before=change.not_before, first_claimed_at=first)
        if row.token not in self._unwanted or not row.may_stand:
            return row
        self._unwanted.discard(row.token)
        self._recalled.pop(row.token, None)
        return emptied(row)

    def without_words(self, report: Report) -> Report:
        """What was taken back on its way, and may stand, is on file without its words when it waits again."""
        changes = tuple(
            replace(change, payload=emptied(row).payload)
            if change.state == "pending" and row.token in self._unwanted and row.may_stand and not change.never_left
            else change
            for row, change in zip(report.rows, report.changes, strict=True)
        )
        return replace(report, changes=changes)

    def settled(self, row: OutboxRow) -> None:
        """What became of it is final."""
        self._unwanted.discard(row.token)
        self._recalled.pop(row.token, None)
        self._beside.discard(row.token)
