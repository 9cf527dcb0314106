"""How fast a network may be spoken to: its stated limits, and what it says when they were not enough.

One pace for each network. Every wait is in seconds of monotonic time, which is an argument. A room that is told to
wait waits
alone; the others go on, unless the network says that it means all of them.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.networks.port import Limits
from playbooks.rooms import RoomRef

LONGEST_RETRY = 30.0
"""Seconds between two tries at most, where the network itself asks for no longer."""

WIDEST_GAP = 60.0
SMALLEST_GAP = 0.25
FORGOTTEN_AFTER = 10_000
"""Rooms remembered before those at rest are forgotten."""


@dataclass(slots=True)
class Bucket:
    """So many messages in so many seconds, with a burst of the same size."""

    count: int
    seconds: float
    level: float
    at: float

    @classmethod
    def full(cls, limit: tuple[int, float], now: float) -> Bucket:
        """A bucket from which nothing was taken yet."""
        return cls(limit[0], limit[1], float(limit[0]), now)

    def wait(self, now: float, kept: float = 0.0) -> float:
        """Seconds until one message may leave; 0 if it may now. ``kept``: the share of the burst that it leaves to others."""
        self._fill(now)
        needed = min(self.count, 1 + int(self.count * kept))
        # What floating point loses while filling must not cost another wait.
        return 0.0 if self.level >= needed - 1e-9 else (needed - self.level) * self.seconds / self.count

    def free(self, now: float, kept: float = 0.0) -> int:
        """How many messages may leave now, one after the other."""
        self._fill(now)
        needed = min(self.count, 1 + int(self.count * kept))
        return max(0, int(self.level - needed + 1 + 1e-9))

    def take(self, now: float) -> None:
        """One message leaves."""
        self._fill(now)
        self.level = max(0.0, self.level - 1)

    def _fill(self, now: float) -> None:
        self.level = min(float(self.count), self.level + (now - self.at) * self.count / self.seconds)
        self.at = now


@dataclass(slots=True)
class _Room:
    buckets: list[Bucket] = field(default_factory=list)
    told: float = 0.0  # until when the network wants quiet here
    retry: float = 0.0  # until when we would rather not try again
    tries: int = 0
    gap: float = 0.0  # between two messages, learnt from the network
    last: float = 0.0


class Pace:
    """What may leave when, on one network."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._overall: Bucket | None = None
        self._told = 0.0
        self._rooms: dict[RoomRef, _Room] = {}

    def wait(self, now: float, kept: float = 0.0) -> float:
        """Seconds until the network as a whole may be sent something that leaves this share of the burst to others."""
        if self._limits.overall is not None and self._overall is None:
            self._overall = Bucket.full(self._limits.overall, now)
        return max(self._told - now, self._overall.wait(now, kept) if self._overall else 0.0, 0.0)

    def room_wait(self, room: RoomRef, now: float, kept: float = 0.0) -> float:
        """Seconds until this room may be sent something that leaves this share of the burst to others."""
        known = self._rooms.get(room)
        if known is None:
            return 0.0
        waits = [bucket.wait(now, kept) for bucket in known.buckets]
        return max(0.0, known.told - now, known.retry - now, known.last + known.gap - now, *waits)

    def take(self, room: RoomRef, *, group: bool, now: float) -> None:
        """One message leaves for this room."""
        self.wait(now)
        if self._overall is not None:
            self._overall.take(now)
        known = self._limited(room, group=group, now=now)
        for bucket in known.buckets:
            bucket.take(now)
        known.last = now

    def free(self, room: RoomRef, *, group: bool, now: float, kept: float = 0.0) -> int | None:
        """How many messages may leave for this room now, if each leaves this share of the burst to others: as the stated limits have it, and
        one where the network has asked for quiet here a short while ago, as in a group in slow mode; None where nothing limits it.
        """
        self.wait(now)
        known = self._limited(room, group=group, now=now)
        buckets = [*known.buckets, *([self._overall] if self._overall else [])]
        counts = [bucket.free(now, kept) for bucket in buckets] + ([1] if known.gap > 0 else [])
        return min(counts, default=None)

    def accepted(self, room: RoomRef) -> None:
        """The network took a message: dare a little more."""
        known = self._room(room)
        known.tries = 0
        known.gap = known.gap - SMALLEST_GAP / 2 if known.gap > SMALLEST_GAP / 2 else 0.0

    def failed(self, room: RoomRef, now: float) -> None:
        """A try came to nothing: the next may follow at once, those after it ever later, until one is accepted."""
        known = self._room(room)
        known.tries += 1
        known.retry = now + min(LONGEST_RETRY, 0.5 * 2 ** min(known.tries - 1, 10)) if known.tries > 1 else 0.0

    def delayed(self, room: RoomRef, seconds: float, *, everywhere: bool, now: float) -> float:
        """The network did not take a message and wants quiet for so long. Returns the seconds until this room's
        next try.
        """
        self.failed(room, now)
        known = self._room(room)
        if known.tries == 1:
            # A message that fails again says no more about the limit than it did at first.
            known.gap = min(WIDEST_GAP, max(SMALLEST_GAP, known.gap * 2))
        known.told = max(known.told, now + seconds)
        if everywhere:
            self._told = max(self._told, now + seconds)
        return self.room_wait(room, now)

    def rest(self, room: RoomRef, seconds: float, now: float) -> None:
        """A wait that was agreed before we were restarted still holds."""
        known = self._room(room)
        known.told = max(known.told, now + seconds)

    def back(self) -> None:
        """The network answers again: what was only our own caution is over."""
        for known in self._rooms.values():
            known.retry, known.tries = 0.0, 0

    def _limited(self, room: RoomRef, *, group: bool, now: float) -> _Room:
        known = self._room(room)
        if not known.buckets:
            limits = [self._limits.room, self._limits.group if group else None]
            known.buckets = [Bucket.full(limit, now) for limit in limits if limit is not None]
        return known

    def _room(self, room: RoomRef) -> _Room:
        if room not in self._rooms:
            if len(self._rooms) >= FORGOTTEN_AFTER:
                self._forget()
            self._rooms[room] = _Room()
        return self._rooms[room]

    def _forget(self) -> None:
        """Rooms at which nothing is held against us start afresh."""
        latest = max(known.last for known in self._rooms.values())
        self._rooms = {
            room: known
            for room, known in self._rooms.items()
            if self.room_wait(room, latest) > 0 or any(b.level < b.count for b in known.buckets)
        }
