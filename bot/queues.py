"""The courier's queues: a line for each destination, and a post for each network that knows which lines may move.

Nothing here waits or sends; time is an argument. Entries in the heaps are left behind when they no longer hold,
and known by their stamp.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from itertools import count

from bot.networks.port import NetworkPort
from bot.pace import Pace
from playbooks.rooms import RoomRef
from storage.store import OutboxRow

_Key = tuple[int, int, int]

_arrivals = count()


@dataclass(eq=False, slots=True)
class Line:
    """What waits for one destination, the most urgent first; ``flying`` are the tokens that must be settled before
    the next may leave.

    ``held_since`` is when the network first made it wait, in monotonic seconds; ``told``: that was reported.
    """

    room: RoomRef
    flying: set[str] = field(default_factory=set)
    held_since: float | None = None
    told: bool = False
    stamp: int = 0
    _heap: list[tuple[_Key, str]] = field(default_factory=list)
    _rows: dict[str, OutboxRow] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self._rows)

    def add(self, row: OutboxRow) -> None:
        """A row stands in line: by urgency, then as written; what is repeated was first before, and is again."""
        self._rows[row.token] = row
        place = 0 if row.again else row.id
        heapq.heappush(self._heap, ((row.urgency, place, next(_arrivals)), row.token))

    @property
    def key(self) -> _Key:
        """How urgent the first row is. Raises IndexError where nothing waits."""
        while self._heap[0][1] not in self._rows:
            heapq.heappop(self._heap)
        return self._heap[0][0]

    @property
    def first(self) -> OutboxRow:
        """The row that leaves next. Raises IndexError where nothing waits."""
        assert self.key
        return self._rows[self._heap[0][1]]

    def pop(self) -> OutboxRow:
        """Take the first row out."""
        row = self.first
        heapq.heappop(self._heap)
        del self._rows[row.token]
        return row

    def remove(self, token: str) -> bool:
        """Take a row out of the line; whether it stood there."""
        if self._rows.pop(token, None) is None:
            return False
        # Its entry must go too: the row may be put back, and would then stand in line twice.
        self._heap = [entry for entry in self._heap if entry[1] != token]
        heapq.heapify(self._heap)
        return True


class Post:
    """A network's lines."""

    def __init__(self, port: NetworkPort) -> None:
        self.port = port
        self.pace = Pace(port.limits)
        self.flying = 0
        self._lines: dict[RoomRef, Line] = {}
        self._ready: list[tuple[_Key, int, int, Line]] = []
        self._resting: list[tuple[float, int, int, Line]] = []

    def line(self, room: RoomRef) -> Line:
        """The line of a chat."""
        if room not in self._lines:
            self._lines[room] = Line(room)
        return self._lines[room]

    def look(self, line: Line) -> None:
        """Something changed about a line: it may move, if anything waits in it and nothing of it is on its way."""
        line.stamp += 1
        if len(line) and not line.flying:
            heapq.heappush(self._ready, (line.key, next(_arrivals), line.stamp, line))

    def next(self, now: float) -> Line | None:
        """The most urgent line that may move now; it is then the caller's to move. None where none may."""
        while self._resting and self._resting[0][0] <= now:
            _, _, stamp, line = heapq.heappop(self._resting)
            if stamp == line.stamp:
                self.look(line)
        if self.flying >= self.port.limits.concurrency or self.pace.wait(now) > 0:
            return None
        while self._ready:
            _, _, stamp, line = heapq.heappop(self._ready)
            if stamp != line.stamp:
                continue
            wait = self.pace.room_wait(line.room, now)
            if wait > 0:
                heapq.heappush(self._resting, (now + wait, next(_arrivals), line.stamp, line))
                continue
            line.stamp += 1
            return line
        return None

    def wait(self, now: float) -> float | None:
        """Seconds until a line may move without anything else happening; None where none will."""
        waits = [self._resting[0][0] - now] if self._resting else []
        if self._ready and self.flying < self.port.limits.concurrency:
            waits.append(self.pace.wait(now))
        return max(0.001, min(waits)) if waits else None

    def back(self) -> None:
        """The network answers again: whoever waited only out of caution may try at once."""
        self.pace.back()
        resting, self._resting = self._resting, []
        for _, _, stamp, line in resting:
            if stamp == line.stamp:
                self.look(line)
