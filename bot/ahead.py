"""Talk that follows at once.

A destination is free again when the outcome of what was sent there is committed, and every message is committed as claimed before it leaves: for
one person's words after another that is two waits for the disk each, and one to put it in line. So talk that finds its destination free is claimed in
the transaction that puts it in line, and leaves with that; and what follows leaves as soon as the network has taken the one before, whose name is
committed with the next claim, so that after a crash nothing is of unknown fate but what was on its way.

Where the same token sent again is no second message, not even that is needed: talk is claimed some messages ahead. After a crash all of them go
again, in their order and under their tokens. What refers to an earlier message waits all the same: the name of that one is found in what is committed.

What is claimed ahead waits in its line like any other: what is more urgent passes it, and it may still be dropped, merged or moved.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence

from bot.fates import Report
from bot.fetching import wanted
from bot.merging import is_talk
from bot.queues import Line, Queues
from playbooks.rooms import Network, RoomRef
from storage.store import OutboxChange, OutboxRow

MOST_AHEAD = 16
"""Messages of a line that are claimed ahead of their turn."""


class Ahead:
    """Knows which rows are on file as in flight and wait still."""

    def __init__(
        self, queues: Queues, is_stale: Callable[[OutboxRow], bool], same_token_once: Collection[Network]
    ) -> None:
        self._queues = queues
        self._is_stale = is_stale
        self._same_token_once = same_token_once
        self._claimed: set[str] = set()
        self._arrived: dict[str, OutboxChange] = {}

    def __contains__(self, row: OutboxRow) -> bool:
        return row.token in self._claimed

    def with_(self, chosen: Iterable[Sequence[OutboxRow]]) -> list[str]:
        """The tokens of the rows that are to be claimed with these, which leave now."""
        found = []
        for rows in chosen:
            line = self._queues.line(rows[0].to)
            if line is None or rows[0].to.network not in self._same_token_once or not is_talk(rows[0]):
                continue
            for row in line.front(MOST_AHEAD):
                if row.state != "pending" or not is_talk(row) or self._is_stale(row):
                    break
                if row not in self:
                    found.append(row.token)
        return found

    def new(self, rows: Iterable[OutboxRow]) -> list[str]:
        """The tokens of the new rows that are to be claimed as they are put in line: where few wait before them."""
        found: list[str] = []
        before: dict[RoomRef, int] = {}
        for row in rows:
            line = self._queues.line(row.to)
            if (
                line is None
                or row.to.network not in self._same_token_once
                or row.state != "pending"
                or not is_talk(row)
            ):
                continue
            waits = before.setdefault(line.room, len(line))
            before[line.room] += 1
            if waits < MOST_AHEAD:
                found.append(row.token)
        return found

    def at_once(
        self, rows: Sequence[OutboxRow], now: float, is_group: Callable[[RoomRef], bool]
    ) -> dict[str, OutboxRow]:
        """Of new rows those that leave as soon as they are committed, by token: talk that goes alone into a room that is free. Its place is kept."""
        found: dict[str, OutboxRow] = {}
        beside = Counter(row.to.chat for row in rows)
        for row in rows:
            post, line = self._queues.post(row.to), self._queues.line(row.to)
            if post is None or line is None or beside[row.to.chat] > 1 or row.state != "pending" or not is_talk(row):
                continue
            if not _refers(row) and wanted(row) is None and post.lets_by(line, row.urgency, now):
                post.pace.take(line.room, group=is_group(line.room), now=now)
                post.flying += 1
                line.flying.add(row.token)
                found[row.token] = row
        return found

    def claimed(self, tokens: Iterable[str]) -> None:
        """These are on file as in flight now, and wait still."""
        self._claimed.update(tokens)

    @property
    def arrived(self) -> list[OutboxChange]:
        """The names of what was taken and followed, as long as nothing is decided about it."""
        return list(self._arrived.values())

    def decided(self, rows: Iterable[OutboxRow]) -> None:
        """What became of these is on file."""
        for row in rows:
            self._arrived.pop(row.token, None)

    def left(self, rows: Iterable[OutboxRow]) -> None:
        """These wait no more: they leave now, or what became of them is on file."""
        self._claimed.difference_update(row.token for row in rows)

    def follow(self, line: Line, rows: Sequence[OutboxRow], reports: Iterable[Report]) -> bool:
        """Whether what is first in a line may leave although it is not committed yet that these have arrived, as the reports say."""
        if not len(line) or not all(map(is_talk, rows)) or not is_talk(line.first) or _refers(line.first):
            return False
        if rows[0].to.network not in self._same_token_once:
            self._arrived |= {change.token: change for report in reports for change in report.changes}
        return True


def _refers(row: OutboxRow) -> bool:
    """Whether a row is handed over with the name of an earlier message."""
    said = json.loads(row.payload)
    return any(said.get(reference) is not None for reference in ("answers", "thread", "follows", "amends"))
