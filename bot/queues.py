"""The courier's queues: a line for each destination, and a post for each network that knows which lines may move.

Nothing here waits or sends; time is an argument. Entries in the heaps are left behind when they no longer hold,
and known by their stamp.
"""

from __future__ import annotations

import heapq
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from itertools import count
from math import inf

from bot.networks.port import NetworkPort
from bot.outgoing import moved
from bot.pace import Pace
from playbooks.rooms import Network, RoomRef
from storage.effects import Urgency
from storage.store import OutboxRow

LONG = 60.0
"""Seconds after which a room that is held up is spoken of."""

LONG_IN_LINE = 600.0
"""Seconds that a message has waited in all after which its room is spoken of, even if others have left meanwhile: as in a group in slow mode."""

KEPT_FREE = 0.5
"""The share of what a network takes at once that chatter, such as the edits of a live card, leaves to everything else."""

KEPT_FROM_SIGNS = 0.75
"""The share that the bot's own signs leave to everything else, chatter with it."""

SIGN_EVERY = 3.0
"""Seconds between two signs in one room."""

GIVES_WAY = "a later sign says it"
UNDONE = "it was taken away again before it left"

_Key = tuple[int, int, int, int]
"""Urgency, place, number, arrival."""

SLACK = 64
"""Entries of rows that are not there any more which a heap may hold beside those of as many rows as it has."""

_arrivals = count()


def kept(urgency: int) -> float:
    """The share of a burst that what is so urgent leaves to others."""
    if urgency >= Urgency.SIGN:
        return KEPT_FROM_SIGNS
    return KEPT_FREE if urgency >= Urgency.CHATTER else 0.0


@dataclass(eq=False, slots=True)
class Line:
    """What waits for one destination, the most urgent first; ``flying`` are the tokens that must be settled before
    the next may leave; ``before`` those on their way to the room that this one replaces, before which nothing is said here: we may go in meanwhile.

    ``held_since`` is when the network first made it wait, in monotonic seconds; ``told``: that was reported. ``fetching``: tokens of rows that, when
    first, wait here for a file, so that whatever is more urgent may pass and nothing else. What is set aside is passed by all. ``signed_at``: when the
    last sign left.
    """

    room: RoomRef
    flying: set[str] = field(default_factory=set)
    before: set[str] = field(default_factory=set)
    held_since: float | None = None
    told: bool = False
    stamp: int = 0
    fetching: set[str] = field(default_factory=set)
    signed_at: float = -inf
    _aside: dict[str, OutboxRow] = field(default_factory=dict)
    _heap: list[tuple[_Key, str]] = field(default_factory=list)
    _keys: dict[str, _Key] = field(default_factory=dict)
    _rows: dict[str, OutboxRow] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, token: object) -> bool:
        return token in self._rows or token in self._aside

    def replace(self, row: OutboxRow) -> None:
        """A row that waits is as it is given now, in its place."""
        waits = self._rows if row.token in self._rows else self._aside
        waits[row.token] = row

    def add(self, row: OutboxRow) -> None:
        """A row stands in line: by urgency, then as written; what is repeated was first before, and is again. What was decided again has
        its old place.
        """
        self._rows[row.token] = row
        key = self._keys[row.token] = (row.urgency, 0 if row.again else row.order, row.id, next(_arrivals))
        heapq.heappush(self._heap, (key, row.token))

    @property
    def key(self) -> _Key:
        """How urgent the first row is. Raises IndexError where nothing waits."""
        return self._in_front()[0]

    @property
    def first(self) -> OutboxRow:
        """The row that leaves next. Raises IndexError where nothing waits."""
        return self._rows[self._in_front()[1]]

    def _in_front(self) -> tuple[_Key, str]:
        while not self._holds(self._heap[0]):
            heapq.heappop(self._heap)
        return self._heap[0]

    @property
    def ready(self) -> bool:
        """Whether the first row may leave as soon as its network lets it."""
        if not self._rows or self.flying or self.first.token in self.fetching:
            return False
        return not self.before or self.first.kind == "join"

    def front(self, most: int) -> list[OutboxRow]:
        """The rows that leave next, in order, at most so many."""
        return [self._rows[token] for _, token in heapq.nsmallest(most, filter(self._holds, self._heap))]

    def all_of(self, urgency: Urgency) -> list[OutboxRow]:
        """The rows of this urgency that stand in line or aside, as they were written."""
        found = [row for rows in (self._rows, self._aside) for row in rows.values() if row.urgency == urgency]
        return sorted(found, key=lambda row: row.id)

    def aside_under(self, row: OutboxRow) -> str | None:
        """The token of the message that was set aside and that this row is a reaction to, if any."""
        if row.kind != "react" or not self._aside:
            return None
        about = (row.stream, row.about)
        found = (
            one.token for one in self._aside.values() if one.kind == "message" and (one.stream, one.about) == about
        )
        return next(found, None)

    def held(self, now: float, wait: float, waited: float = 0.0) -> bool:
        """The network makes it wait so many seconds more, and its first message has waited so many. Whether that is worth a word now: once, when
        it is long.
        """
        self.held_since = now if self.held_since is None else self.held_since
        if self.told or (now + wait - self.held_since <= LONG and waited + wait <= LONG_IN_LINE):
            return False
        self.told = True
        return True

    def released(self) -> None:
        """The network took a message. Where others wait still, it may hold these up again, of which nobody need hear a second time."""
        self.held_since, self.told = None, self.told and len(self) > 0

    def pop(self) -> OutboxRow:
        """Take the first row out."""
        row = self.first
        heapq.heappop(self._heap)
        del self._rows[row.token], self._keys[row.token]
        return row

    def remove(self, token: str) -> bool:
        """Take a row out of the line; whether it stood there, or aside. Takes no longer where many wait."""
        self.fetching.clear()  # the first may have waited for this one, as for the others of an album: it looks itself whether it still waits
        if self._aside.pop(token, None) is not None:
            return True
        if self._rows.pop(token, None) is None:
            return False
        # Its entry is left behind, and does not hold any more even if the row is put back: that has another key.
        del self._keys[token]
        if len(self._heap) > 2 * len(self._rows) + SLACK:
            self._heap = [entry for entry in self._heap if self._holds(entry)]
            heapq.heapify(self._heap)
        return True

    def _holds(self, entry: tuple[_Key, str]) -> bool:
        key, token = entry
        return self._keys.get(token) == key

    def set_aside(self, token: str) -> None:
        """Let the others pass this row, if it stands in line."""
        row = self._rows.get(token)
        if row is not None and self.remove(token):
            self._aside[token] = row

    def bring_back(self, token: str) -> None:
        """A row that was set aside stands in its old place again."""
        row = self._aside.pop(token, None)
        if row is not None:
            self.add(row)


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
        if line.ready:
            heapq.heappush(self._ready, (line.key, next(_arrivals), line.stamp, line))

    def lets_by(self, line: Line, urgency: int, now: float) -> bool:
        """Whether something so urgent may leave at once for a line where nothing waits and nothing is on its way."""
        if (
            len(line)
            or line.flying
            or line.before
            or not self.port.state.connected
            or self.flying >= self.port.limits.concurrency
        ):
            return False
        return max(self.pace.wait(now, kept(urgency)), self.pace.room_wait(line.room, now, kept(urgency))) <= 0

    def next(self, now: float) -> Line | None:
        """The most urgent line that may move now; it is then the caller's to move. None where none may."""
        while self._resting and self._resting[0][0] <= now:
            _, _, stamp, line = heapq.heappop(self._resting)
            if stamp == line.stamp:
                self.look(line)
        if self.flying >= self.port.limits.concurrency or self.pace.wait(now) > 0:
            return None
        while self._ready:
            key, number, stamp, line = heapq.heappop(self._ready)
            if stamp != line.stamp:
                continue
            if self.pace.wait(now, kept(key[0])) > 0:
                # Whatever else is ready is no more urgent than this.
                heapq.heappush(self._ready, (key, number, stamp, line))
                return None
            wait = self.pace.room_wait(line.room, now, kept(key[0]))
            if key[0] >= Urgency.SIGN:
                wait = max(wait, line.signed_at + SIGN_EVERY - now)
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
            waits.append(self.pace.wait(now, kept(self._ready[0][0][0])))
        return max(0.001, min(waits)) if waits else None

    def back(self) -> None:
        """The network answers again: whoever waited only out of caution may try at once."""
        self.pace.back()
        resting, self._resting = self._resting, []
        for _, _, stamp, line in resting:
            if stamp == line.stamp:
                self.look(line)


class Queues:
    """Every row that has not found its end, in the line of its destination or on its way."""

    def __init__(self, networks: Mapping[Network, NetworkPort]) -> None:
        self.posts = {name: Post(port) for name, port in networks.items()}
        self._rows: dict[str, OutboxRow] = {}
        self._of_send: dict[str, set[str]] = {}
        self._before: dict[str, list[Line]] = {}  # on its way to a room that has moved → the lines that wait for it

    def __contains__(self, token: object) -> bool:
        return token in self._rows

    def count(self, network: Network) -> int:
        """How many rows there are for a network."""
        return sum(1 for row in self._rows.values() if row.to.network == network)

    def post(self, room: RoomRef) -> Post | None:
        """The network of a room; None where it is not set up."""
        return self.posts.get(room.network)

    def line(self, room: RoomRef) -> Line | None:
        """The line of a room's chat; None where its network is not set up."""
        post = self.post(room)
        return post.line(room.chat) if post is not None else None

    def add(self, row: OutboxRow) -> None:
        """A row waits for its turn."""
        self.remember(row)
        post = self.post(row.to)
        if post is not None:
            line = post.line(row.to.chat)
            line.add(row)
            post.look(line)

    def remember(self, row: OutboxRow) -> None:
        """A row is as it is given now; it does not wait."""
        self._rows[row.token] = row
        self._of_send.setdefault(row.send, set()).add(row.token)

    def forget(self, row: OutboxRow) -> None:
        """A row has found its end."""
        self._rows.pop(row.token, None)
        tokens = self._of_send.get(row.send, set())
        tokens.discard(row.token)
        if not tokens:
            self._of_send.pop(row.send, None)

    def landed(self, row: OutboxRow) -> None:
        """A row is not on its way any more: the next of its line may move."""
        post = self.post(row.to)
        if post is not None:
            line = post.line(row.to.chat)
            line.flying.discard(row.token)
            post.look(line)
            for later in self._before.pop(row.token, ()):
                later.before.discard(row.token)
                post.look(later)

    def remove(self, row: OutboxRow) -> bool:
        """Take a row out of its line; whether it waited there."""
        post = self.post(row.to)
        if post is None:
            return False
        line = post.line(row.to.chat)
        if not line.remove(row.token):
            return False
        post.look(line)
        return True

    def pop(self, row: OutboxRow) -> None:
        """Take out a row that leaves, mostly the first of its line."""
        line = self.line(row.to)
        if line is not None and len(line) and line.first.token == row.token:
            line.pop()
        else:
            self.remove(row)

    def set_aside(self, token: str) -> None:
        """A row cannot leave yet, and the others of its line shall not wait for it."""
        row = self._rows.get(token)
        post = self.post(row.to) if row is not None else None
        if row is not None and post is not None:
            line = post.line(row.to.chat)
            line.set_aside(token)
            post.look(line)

    def look_again(self, token: str) -> None:
        """What a row waited for is there: it stands in line again, and may leave."""
        row = self._rows.get(token)
        post = self.post(row.to) if row is not None else None
        if row is not None and post is not None:
            line = post.line(row.to.chat)
            line.bring_back(token)
            line.fetching.clear()  # the first row may have waited for this one: it looks itself whether it waits for others
            post.look(line)

    def gives_way(self, sign: OutboxRow, ordinary: str) -> list[OutboxRow]:
        """Take out the signs for which a later one of their room stands; they have still to find their end.

        Of two about the same message the later counts; the ``ordinary`` one says of all before it what it says of its own.
        """
        line = self.line(sign.to)
        if line is None or sign.urgency != Urgency.SIGN:
            return []
        waiting = [(row, json.loads(row.payload)) for row in line.all_of(Urgency.SIGN) if row.state == "pending"]
        taken = []
        for number, (row, said) in enumerate(waiting):
            later = [one for _, one in waiting[number + 1 :]]
            about = any(one["on"] == said["on"] for one in later)
            alike = said["emoji"] == ordinary and not said["gone"]
            if about or (alike and any(one["emoji"] == ordinary and not one["gone"] for one in later)):
                self.remove(row)
                taken.append(row)
        return taken

    def undone(self, row: OutboxRow) -> list[OutboxRow]:
        """Take out a reaction that waits and is taken away again with this row, and this row: neither need leave. Empty where none waits."""
        line = self.line(row.to)
        if row.kind != "react" or line is None:
            return []
        asked = json.loads(row.payload)
        if not asked["gone"]:
            return []
        urgency = Urgency.SIGN if asked["sign"] else Urgency.CHATTER
        before = [one for one in {*line.all_of(Urgency.CHATTER), *line.all_of(urgency)} if one.kind == "react"]
        same = [
            (one.id, one, says["gone"])
            for one in before
            if (one.stream, one.about, one.to) == (row.stream, row.about, row.to) and one.token != row.token
            for says in [json.loads(one.payload)]
            if (says["emoji"], says["sign"]) == (asked["emoji"], asked["sign"])
        ]
        number, last, away = max(same, key=lambda one: one[0], default=(0, row, True))
        if away or number >= row.id or last.state != "pending" or row.state != "pending":
            return []
        return [one for one in (last, row) if self.remove(one)]

    def take(self, send: str) -> list[OutboxRow]:
        """Take the waiting rows of a Send, or one row by its token, out for good."""
        taken = []
        for token in sorted(self._of_send.get(send, {send} & self._rows.keys())):
            row = self._rows[token]
            if self.remove(row):
                self.forget(row)
                taken.append(row)
        return taken

    def waiting(self, stream: str) -> list[OutboxRow]:
        """The rows of a stream that still wait; some of them may stand in their rooms already."""
        return [row for row in self._rows.values() if row.stream == stream and self.waits(row)]

    def waits(self, row: OutboxRow) -> bool:
        """Whether a row stands in its line."""
        line = self.line(row.to)
        return line is not None and row.token in line

    def on_their_way(self, send: str) -> list[OutboxRow]:
        """The rows of a Send, or one row by its token, that have left and were not heard of since."""
        tokens = self._of_send.get(send, {send} & self._rows.keys())
        return [row for row in map(self._rows.__getitem__, tokens) if not self.waits(row)]

    def put(self, row: OutboxRow) -> None:
        """A row that waits is as it is given now, in its place."""
        self.remember(row)
        line = self.line(row.to)
        if line is not None:
            line.replace(row)

    def addressed(self, room: RoomRef) -> list[OutboxRow]:
        """The rows that wait for a room; a chat's address has all its topics."""
        rows = list(self._rows.values())
        here = [row for row in rows if (row.to if room.topic is not None else row.to.chat) == room]
        return [row for row in here if self.waits(row)]

    def row(self, token: str) -> OutboxRow | None:
        """A row that has not found its end."""
        return self._rows.get(token)

    def redirect(self, old: RoomRef, new: RoomRef, stays: Callable[[OutboxRow], bool]) -> None:
        """What waits for the old room waits for the new one, but for what has to stay; and for what is on its way still, so that the order is kept."""
        before, later = self.line(old.chat), self.line(new.chat)
        if before is not None and later is not None and before is not later and old.topic is None:
            earlier = before.flying | before.before
            later.before |= earlier
            for token in earlier:
                self._before.setdefault(token, []).append(later)
        for row in self.addressed(old):
            if not stays(row) and self.remove(row):
                self.add(replace(row, to=new) if old.topic is not None else moved(row, new))
