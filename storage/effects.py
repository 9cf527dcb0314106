"""What a decision asks for. Handlers return effects; the engine commits all of one event's effects in one transaction.

Nothing here does anything: a test can look at effects, and a replay can compare them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum

from playbooks.cleared import Attached, Cleared
from playbooks.rooms import RoomRef
from storage.facts import Fact
from storage.notes import Checkpoint
from storage.store import ReactionKept, ThreadKept, Utterance


class Urgency(IntEnum):
    """Which message goes first to a destination. Within one urgency, in order."""

    ALERT = 0
    PROMPT = 1
    ANSWER = 2
    CHATTER = 3
    SIGN = 4  # a reaction of the bot's own: the last to leave, and old ones give way to new ones


PROMPT = "prompt"
"""The role of a question whose acceptance by a network begins the time to answer it."""


LONGEST_COMMAND = 64
"""Bytes that a button carries."""


@dataclass(frozen=True, slots=True)
class Tap:
    """A choice under a message: ``command`` is what it means, as if typed (at most 64 bytes in UTF-8);
    ``emoji`` is the reaction that means the same where a network has no buttons."""

    label: Cleared
    command: str
    emoji: str

    def __post_init__(self) -> None:
        if not 1 <= len(self.command.encode()) <= LONGEST_COMMAND:
            raise ValueError(f"a tap carries 1 to 64 bytes: {self.command!r}")


@dataclass(frozen=True, slots=True)
class Record:
    """Append a fact to a stream of the log."""

    stream: str
    fact: Fact


@dataclass(frozen=True, slots=True)
class Carried:
    """What somebody said in a channel, apart: the whole, ``Send.body``, is ``head``, a line break, ``words``.

    ``head``: who speaks; of several messages carried as one, it stands once for each speaker in turn. ``attached``: a file, a place or a poll; ``instead``:
    what stands in its place where a file cannot be carried. ``clock``: when it was said, put before it where it arrives late.
    ``person``: whose words they are, as in ``Utterance.person``. ``mentions``: accounts on the room's network that the words call upon, each with the name by which they do (see ``playbooks.calling``).
    """

    head: Cleared
    words: Cleared
    said_at: datetime
    clock: Cleared
    attached: Attached | None = None
    instead: Cleared | None = None
    mentions: tuple[tuple[str, str], ...] = ()
    person: str = ""


@dataclass(frozen=True, slots=True)
class Send:
    """Send a message to a room. What it shows becomes a ``Disclosed`` fact by itself.

    ``about`` is the short id it concerns (A-17, D-3), so that a reply or a reaction finds its way back. ``replaces`` edits an
    earlier message of ours, named by the network's id. ``not_after`` is the last instant at which it may leave.
    ``again`` is how often this message has been repeated because its fate was unknown. ``follows`` names an earlier Send to
    that room, to which this one is a reply once its id is known.

    ``role`` makes it a message that is found again. ``prompt``: from its acceptance the partner's silence counts. Any other
    name makes it live: there is one of that role about one thing in a room, and each later one edits it in place. ``digest``
    stands for what a live message says, apart from the time at which it says so.
    ``mark`` stands on top of each of its parts: only ``handlers.marks`` puts it there, on the message's way out.

    ``place``: that of an earlier row (``OutboxRow.order``) which it stands for, so that nothing said later overtakes it; 0: the last.

    ``carries``: what it carries on from another room; ``about`` is then its id (``S-12``). ``answers`` and ``thread`` name what it answers, and what began its
    thread (``S-7``): as that stands in this room, if it does. ``amends``: it takes the place of the copy of ``about`` that this room has.

    ``checkpoint``: the state of the log that it gives its reader to keep, which the log then says of itself.
    """

    stream: str
    to: RoomRef
    body: Cleared
    urgency: Urgency
    about: str | None = None
    partner: str | None = None
    language: str = ""
    taps: tuple[tuple[Tap, ...], ...] = ()
    reply_to: str | None = None
    replaces: str | None = None
    loud: bool = False
    not_after: datetime | None = None
    again: int = 0
    follows: str | None = None
    role: str | None = None
    mark: Cleared | None = None
    digest: str = ""
    carries: Carried | None = None
    answers: str | None = None
    thread: str | None = None
    amends: bool = False
    place: int = 0
    checkpoint: Checkpoint | None = None


@dataclass(frozen=True, slots=True)
class Repeat:
    """Send a message again whose fate is unknown, in its place in the order, with a line on top that says so."""

    send: str
    mark: Cleared


@dataclass(frozen=True, slots=True)
class Stamp:
    """A signed checkpoint (``note``) is to be time-stamped, where there is an authority for that. What is lost on the way is not asked for again: the next
    checkpoint speaks for this one too."""

    stream: str
    note: str


@dataclass(frozen=True, slots=True)
class Enter:
    """Go into a room we were invited to."""

    room: RoomRef


@dataclass(frozen=True, slots=True)
class Leave:
    """Leave a room that is nobody's."""

    room: RoomRef


@dataclass(frozen=True, slots=True)
class Wake:
    """Set a deadline. The same key again replaces one that has not passed."""

    key: str
    stream: str
    at: datetime
    kind: str
    about: str


@dataclass(frozen=True, slots=True)
class Unwake:
    """Take a deadline back."""

    key: str


@dataclass(frozen=True, slots=True)
class Redirect:
    """Everything that waits for the old room goes to the new one."""

    old: RoomRef
    new: RoomRef


@dataclass(frozen=True, slots=True)
class Drop:
    """A waiting outbox row is not to be sent."""

    send: str
    reason: str


@dataclass(frozen=True, slots=True)
class RemoveCopy:
    """Take out of a room what a Send made there of something that was said, which ``about`` names (``S-12``).

    What waits still is dropped with ``Drop``; what is on its way now is removed once its network has said what became of it.
    """

    stream: str
    send: str
    room: RoomRef
    about: str
    partner: str | None = None


@dataclass(frozen=True, slots=True)
class RemoveBeside:
    """Take out of a room what shows something that was said and is no copy of it: the count of a poll (``poll S-12``), a recap (``#ops S-12``).

    What waits, and what is on its way, is as for ``RemoveCopy``.
    """

    stream: str
    send: str
    room: RoomRef
    about: str
    partner: str | None = None


@dataclass(frozen=True, slots=True)
class RemoveMessage:
    """Take an earlier message of ours out of a room, all its parts, or one part by its own token: the log says that it was asked for.

    Only what was sent, or may have been. ``not_after``: the last instant at which a network may be asked.
    """

    stream: str
    send: str
    room: RoomRef
    about: str | None = None
    partner: str | None = None
    not_after: datetime | None = None


@dataclass(frozen=True, slots=True)
class React:
    """Put the bot's reaction to something that was said, as it stands in a room: where it was said, or one of its copies.

    ``gone``: take it away. ``sign``: it tells whoever spoke who was reached; one that waits gives way to a later one about the same.
    """

    stream: str
    said: str
    room: RoomRef
    emoji: str
    gone: bool = False
    sign: bool = False


@dataclass(frozen=True, slots=True)
class EndPoll:
    """The copy that a room has of a poll takes no more votes."""

    stream: str
    said: str
    room: RoomRef
    partner: str | None = None


@dataclass(frozen=True, slots=True)
class Remember:
    """What was said, as it is now, a reaction to it, or where the thread goes on that it began, is to be found again."""

    what: Utterance | ReactionKept | ThreadKept


@dataclass(frozen=True, slots=True)
class Hush:
    """Nothing that still waits in the outbox of a stream is to be sent; each message is recorded as dropped, with the reason."""

    stream: str
    reason: str


@dataclass(frozen=True, slots=True)
class Postpone:
    """Every deadline of a stream that is still to pass is later by so much."""

    stream: str
    by: timedelta


Effect = (
    Record
    | Send
    | Repeat
    | Stamp
    | Enter
    | Leave
    | Wake
    | Unwake
    | Redirect
    | Drop
    | RemoveCopy
    | RemoveBeside
    | RemoveMessage
    | EndPoll
    | React
    | Remember
    | Hush
    | Postpone
)
