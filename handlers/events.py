"""What the engine may ask the handlers to decide, besides what people say: what rooms, networks and the courier report."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from playbooks.rooms import Network, RoomRef
from playbooks.spoken import Spoken
from storage.facts import RoomObserved
from storage.stamping import Stamped
from storage.store import Beside, Deadline, OutboxRow, Rollback, Utterance


@dataclass(frozen=True, slots=True)
class RoomEvent:
    """Something happened to a room. ``by`` is the identity that invited us; ``alias`` how the room is known by name."""

    kind: Literal["invited", "joined", "removed", "moved", "observed", "unreadable"]
    room: RoomRef
    by: str | None = None
    private: bool = False
    moved_to: RoomRef | None = None
    observed: RoomObserved | None = None
    reason: str = ""
    alias: str | None = None
    message: str | None = None  # of what could not be read: the network's id for it


@dataclass(frozen=True, slots=True)
class NetworkEvent:
    """A network was lost (``rejected``: it refuses who we are) or is back."""

    network: Network
    kind: Literal["lost", "back"]
    reason: str = ""
    rejected: bool = False


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of a message. ``delayed`` is told once, when a room is held up for long; ``repeat`` is the token a repeat would get."""

    row: OutboxRow
    became: Literal["sent", "refused", "unknown", "moved", "delayed"]
    message: str | None = None
    reason: str = ""
    gone: bool = False
    moved_to: RoomRef | None = None
    repeat: str = ""
    said: Utterance | None = None  # of a copy of what was said in a channel: that
    copies: tuple[OutboxRow, ...] = ()  # and every row about it, this one as it has become
    place: RoomRef | None = None  # of what began a thread's place in its room: that


@dataclass(frozen=True, slots=True)
class Stale:
    """A waiting message whose clearance is too old: policy changed since, or its time is over."""

    row: OutboxRow
    over: bool
    said: Utterance | None = None

    @property
    def begun(self) -> bool:
        """Whether something of it may have been shown already: parts before this one left, or it went before."""
        return self.row.part > 0 or self.row.again > 0

    @property
    def shown(self) -> bool:
        """Whether something of it may have been read: it may also have stood there itself, until it was removed just now."""
        return self.begun or self.row.may_stand


@dataclass(frozen=True, slots=True)
class Resolved:
    """At start and on return of a network: the rooms behind the aliases that playbooks name. (alias as the playbook writes it, room)"""

    network: Network
    rooms: tuple[tuple[str, RoomRef], ...]


Befalls = Literal["edited", "deleted", "reacted", "voted", "tallied", "ended", "settled"]
"""What may befall it; ``settled``: what was said last of a place that moves is due to be told."""


@dataclass(frozen=True, slots=True)
class Talk:
    """Something befell what was said in a channel.

    ``copies``: every row about it; ``recaps``: those of recaps that show it, and wait or stand; ``apart``: what else they show that their rooms have by itself too. ``album``: where it is edited, what was
    sent in one album with it. ``room``: where that happened, ``message``: to what there; ``key``: the network's name for what happened. ``spoken``: what it says now. ``emoji`` was put there, ``gone`` taken
    away: of ``whose`` reactions, where ``identity`` may be a moderator's. ``overtaken``: a later edit of it was heard before this one. ``options``: what ``identity`` chose in a poll; ``tally``: how often each option was chosen, as the network counts.
    """

    kind: Befalls
    said: Utterance
    copies: tuple[OutboxRow, ...]
    room: RoomRef
    at: datetime
    key: str = ""
    identity: str | None = None
    name: str = ""
    message: str | None = None
    spoken: Spoken | None = None
    emoji: str | None = None
    gone: str | None = None
    whose: str | None = None
    options: tuple[int, ...] = ()
    tally: tuple[int, ...] = ()
    recaps: tuple[OutboxRow, ...] = ()
    album: tuple[Beside, ...] = ()
    overtaken: bool = False
    apart: frozenset[tuple[str, RoomRef]] = frozenset()


@dataclass(frozen=True, slots=True)
class Flooded:
    """So much talk waits for a room, or for so long, that it would come as a flood: these messages were taken out and do not leave.

    ``said``: what was said in them, and every row about it, as it has become.
    """

    room: RoomRef
    rows: tuple[OutboxRow, ...]
    said: tuple[Beside, ...] = ()


@dataclass(frozen=True, slots=True)
class Signed:
    """The state of a stream's log was to be posted (``deadline``) and has been signed for it: ``note``; None where it could not be signed."""

    deadline: Deadline
    note: str | None


@dataclass(frozen=True, slots=True)
class TimeStamped:
    """An authority has stamped a checkpoint of a stream."""

    stream: str
    stamp: Stamped


@dataclass(frozen=True, slots=True)
class NoStamps:
    """For so many hours (at least 1) no checkpoint could be stamped; told once, until one can be again."""

    hours: int


@dataclass(frozen=True, slots=True)
class RolledBack:
    """These streams are not what was signed before, as is known from the start or from what came back since; nobody was told yet."""

    streams: tuple[Rollback, ...]


@dataclass(frozen=True, slots=True)
class CannotRead:
    """These incidents are open and cannot be read, as is found out only now: they are in no world."""

    incidents: tuple[str, ...]


Event = (
    RoomEvent
    | NetworkEvent
    | Delivery
    | Stale
    | Resolved
    | Talk
    | Flooded
    | Signed
    | TimeStamped
    | NoStamps
    | RolledBack
    | CannotRead
)


@dataclass(frozen=True, slots=True)
class Came:
    """An event with its time and its seed."""

    event: Event
    now: datetime
    seed: bytes
