"""Talk that follows at once, on networks that take the same token only once.

A destination is free again when the outcome of what was sent there is committed, and every message is committed as claimed before it leaves: for
one person's words after another that is two waits for the disk each. Where the same token sent again is no second message, neither is needed for
each of them: talk is claimed in the transaction that puts it in line, or some messages ahead with the first of them, and leaves as soon as the
network has taken the one before. After a crash all of them go again, in their order and under their tokens. What refers to an earlier message waits all the same:
the name of that one is found in what is committed.

What is claimed ahead waits in its line like any other: what is more urgent passes it, and it may still be dropped, merged or moved.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Sequence

from bot.merging import is_talk
from bot.queues import Line, Queues
from playbooks.rooms import Network, RoomRef
from storage.store import OutboxRow

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

    def claimed(self, tokens: Iterable[str]) -> None:
        """These are on file as in flight now, and wait still."""
        self._claimed.update(tokens)

    def left(self, rows: Iterable[OutboxRow]) -> None:
        """These wait no more: they leave now, or what became of them is on file."""
        self._claimed.difference_update(row.token for row in rows)

    def follow(self, line: Line, rows: Sequence[OutboxRow]) -> bool:
        """Whether what is first in a line may leave although it is not committed yet that these have arrived."""
        if not len(line) or not all(is_talk(row) and row.to.network in self._same_token_once for row in rows):
            return False
        return is_talk(line.first) and not _refers(line.first)


def _refers(row: OutboxRow) -> bool:
    said = json.loads(row.payload)
    return any(said.get(reference) is not None for reference in ("answers", "thread", "follows", "amends"))
