"""What leaves a line next: one message, of one row or of several, as soon as everything it needs is here."""

from __future__ import annotations

from collections.abc import Callable, Collection
from itertools import takewhile
from typing import Protocol

from bot import merging
from bot.clock import Clock
from bot.fetching import Fetching, wanted
from bot.queues import Line, Post, Queues, kept
from playbooks.rooms import Network, RoomRef
from storage.store import OutboxRow


class Rooms(Protocol):
    """Who knows the rooms."""

    def is_group(self, room: RoomRef) -> bool:
        """Whether a chat is one of several people, which networks limit more."""


class Leaving:
    """Looks at the front of lines. ``apart``: tokens of rows that go alone."""

    def __init__(
        self,
        queues: Queues,
        files: Fetching,
        clock: Clock,
        rooms: Rooms,
        is_stale: Callable[[OutboxRow], bool],
        same_token_once: Collection[Network],
    ) -> None:
        self._queues = queues
        self._files = files
        self._clock = clock
        self._rooms = rooms
        self._is_stale = is_stale
        self._same_token_once = same_token_once
        self._after: dict[str, list[str]] = {}
        self.apart: set[str] = set()

    def next(self, post: Post, line: Line, now: float) -> list[OutboxRow]:
        """The rows of the message that may leave this line now; none where they wait for something that is not here yet."""
        return self._complete(post, line, self._together(post, line, now))

    def part_with(self, row: OutboxRow) -> None:
        """A row waits no more: let go of its file, and let go what waited for it."""
        self._files.forget(row.token)
        self.apart.discard(row.token)
        for token in self._after.pop(row.token, ()):
            self._queues.look_again(token)

    def flood(self, post: Post, line: Line, now: float) -> dict[RoomRef, list[OutboxRow]]:
        """The talk of a line, by room and topic, where it is so much that it makes way for a digest: it is taken out, and still to be settled.

        What counts is when it was said, not how long it has waited here: it may have waited for us.
        """
        first = line.first
        if not merging.is_talk(first) or len(line) <= merging.MOST_OLD_TALK:
            return {}
        instant = self._clock.now()
        aged = merging.age(first, instant)
        held_back = post.pace.free(line.room, group=self._rooms.is_group(line.room), now=now) is not None
        if aged <= merging.LONGEST_TALK and (len(line) <= merging.MOST_TALK or not (held_back or aged > merging.LATE)):
            return {}
        talk = [
            row
            for row in line.front(len(line))
            if merging.is_talk(row) and row.state == "pending" and not row.may_stand
        ]
        if not merging.too_much(talk, instant, held_back=held_back):
            return {}
        rooms: dict[RoomRef, list[OutboxRow]] = {}
        for row in talk:
            self._queues.remove(row)
            self.part_with(row)
            line.flying.add(row.token)
            rooms.setdefault(row.to, []).append(row)
        return rooms

    def _together(self, post: Post, line: Line, now: float) -> list[OutboxRow]:
        """The rows of the message that leaves next: files that were sent together, or talk where the room is held back."""
        first = line.first
        if len(line) == 1 or not merging.is_talk(first) or first.to.network in self._same_token_once:
            return [first]
        if first.token in self.apart:
            return [first]
        free = post.pace.free(line.room, group=self._rooms.is_group(line.room), now=now, kept=kept(first.urgency))
        limited = free is not None and len(line) > free
        if not limited and not merging.of_album(first):
            return [first]
        # A reaction may be passed: it comes after what it stands under, and says nothing about what comes after it.
        waiting = [row for row in line.front(merging.MOST_TOGETHER) if row.kind != "react"]
        cleared = list(takewhile(lambda row: not self._is_stale(row) and row.token not in self.apart, waiting))
        files = merging.album(cleared)
        if len(files) > 1:
            return files
        if not limited:
            return [first]
        return merging.merged(cleared, self._clock.now(), post.port.split)

    def _complete(self, post: Post, line: Line, rows: list[OutboxRow]) -> list[OutboxRow]:
        """Those of these rows that may leave now as one message; none where they wait for something that is not here yet.

        A change waits for what it changes, a reaction for what it is about, and both let others pass. Of an album, what has to go without its
        file goes alone.
        """
        first = rows[0]
        awaited = first.amends or line.aside_under(first)
        if awaited is not None and awaited in self._queues:
            self._after.setdefault(awaited, []).append(first.token)
            self._queues.set_aside(first.token)
            return []
        have = [self._files.has(row) for row in rows]  # asked of each: they are fetched side by side
        if not all(have):
            line.fetching.add(first.token)
            post.look(line)
            return []
        if len(rows) == 1 or wanted(first) is None:
            return rows
        return list(takewhile(lambda row: self._files.of(row.token) is not None, rows)) or rows[:1]
