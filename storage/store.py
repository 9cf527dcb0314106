"""The floor's named operations: what the engine, the courier and the command line may ask of what is kept.

Everything that one event led to is one ``Changes``, committed in one transaction; several events may share it. A second
storage (PostgreSQL, for a standby that takes over) implements the same protocol.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, NamedTuple, Protocol

from playbooks.rooms import Network, RoomRef
from playbooks.spoken import Spoken
from storage.facts import Fact
from storage.facts.fact import is_exercise
from storage.notes import Checkpoint


class StorageError(Exception):
    """What is kept cannot be read or written. The message says what to do."""


class Unreadable(StorageError):
    """What is kept of an incident cannot be read, now or later: by this version, or by any. Everything else can."""


class Erased(Unreadable):
    """The log of an incident was erased: the time for which it was kept is over."""


class StorageFull(StorageError):
    """There is no room on the disk; nothing of the transaction was kept. Try again when there is."""


class Changed(StorageError):
    """What was decided is not about what is on file: somebody else has committed meanwhile, or an event was known. Nothing was kept; decide again."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A fact as it stands in its stream: position from 0, time (aware), and the digest of the playbook it was decided under."""

    stream: str
    seq: int
    at: datetime
    playbook_sha256: str | None
    fact: Fact


@dataclass(frozen=True, slots=True)
class InboxRow:
    """A raw event that waits to be handled. ``seed`` was drawn when it was kept. ``id`` is 0 while it is on no file."""

    id: int
    network: Network
    key: str
    body: str
    seed: bytes
    received_at: datetime


OutboxState = Literal["pending", "inflight", "sent", "refused", "unknown", "dropped"]


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """A message on its way. One ``Send`` becomes one row for each part that fits the network.

    ``token`` names the row for ever (the Matrix transaction id); ``send`` names the Send, the token of its first part.
    ``payload`` is JSON: kind, html, text, buttons,
    reply_to, replaces, loud, notice. ``shows`` says that it discloses fields, so that policy changes make it stale.
    ``place``: the id of the row in whose place of the order it stands, as what was decided again does; 0: its own.
    """

    token: str
    send: str
    stream: str
    to: RoomRef
    urgency: int
    payload: str
    about: str | None = None
    partner: str | None = None
    part: int = 0
    shows: bool = False
    epoch: int = 0
    not_after: datetime | None = None
    again: int = 0
    id: int = 0
    state: OutboxState = "pending"
    created_at: datetime | None = None
    claimed_at: datetime | None = None
    first_claimed_at: datetime | None = None
    not_before: datetime | None = None
    message: str | None = None
    reason: str | None = None
    place: int = 0

    @property
    def may_stand(self) -> bool:
        """Of a message that waits: whether it may stand in its room already. It was handed to its network, or was claimed when we ended, and nothing
        has said since that it did not arrive."""
        return self.first_claimed_at is not None and self.kind == "message"

    @property
    def emptied(self) -> bool:
        """Whether it was taken back when it might have arrived: it goes once more without its words, so that it is known what to remove."""
        return '"emptied":true' in self.payload

    @property
    def order(self) -> int:
        """Its place among the rows of one urgency for its destination; of the parts of a message it may be the same."""
        return self.place or self.id

    @property
    def kind(self) -> str:
        """What it does: ``message``, ``edit``, ``delete``, ``react``, ``end``, ``join`` or ``leave``; empty where its body was blanked."""
        found = _KIND.match(self.payload)
        return found[1] if found else ""

    @property
    def amends(self) -> str | None:
        """The token of the row whose message this one changes, removes or ends, where it names it so; None where it is a message of its own."""
        if '"amends":' not in self.payload:
            return None
        found = json.loads(self.payload).get("amends")
        return None if found is None else str(found)

    @property
    def readable(self) -> bool:
        """Whether its words are still on file: some days after it was done they are not."""
        return '"html":' in self.payload


_KIND = re.compile(r'\{"kind":"([a-z]+)"')
"""A payload is written with its kind in front."""


@dataclass(frozen=True, slots=True)
class OutboxChange:
    """What became of a row: a new state, and what the network said. ``payload`` replaces the body (decided again). ``never_left``: it certainly
    does not stand in its room, although it was claimed.
    """

    token: str
    state: OutboxState
    message: str | None = None
    reason: str | None = None
    not_before: datetime | None = None
    to: RoomRef | None = None
    handle: str | None = None
    payload: str | None = None
    epoch: int | None = None
    never_left: bool = False


@dataclass(frozen=True, slots=True)
class Deadline:
    """Something that falls due."""

    key: str
    stream: str
    at: datetime
    kind: str
    about: str


class Reacted(NamedTuple):
    """A reaction that somebody gave: ``who`` as in ``Utterance.person``, ``room`` as it is bound, written out."""

    emoji: str
    who: str
    room: str


@dataclass(frozen=True, slots=True)
class Utterance:
    """Something that was said in a channel's room, found again by its id or by where it stands.

    ``id`` (``S-12``), ``room`` and the network's ``message`` there; ``at``: when it was said. ``person``: a person's id, or the identity of somebody who
    was never enrolled, or empty; ``name``: how whoever spoke is called on their network. ``raised``: the TLP colour the speaker set, if any;
    ``origins``: the jurisdictions whose information it carries. ``answers`` and ``thread`` are ids of earlier ones. ``spoken`` is None once it is forgotten.
    ``versions``: how often it was said anew, last at ``changed``. ``gone``: it was taken back. ``onward``: the origins that are not the speaker's own; ``forwarded``: the
    words are somebody else's. ``left_out``: the partners a room of whose was not told. ``removed``: rooms in which somebody removed the copy, each
    with its partner: none is sent there again. ``reactions``: in the order in which they were given.
    """

    stream: str
    id: str
    room: RoomRef
    message: str
    channels: tuple[str, ...]
    partner: str
    person: str
    name: str
    at: datetime
    origins: tuple[str, ...] = ()
    raised: str | None = None
    answers: str | None = None
    thread: str | None = None
    spoken: Spoken | None = None
    versions: int = 1
    gone: bool = False
    onward: tuple[str, ...] = ()
    forwarded: bool = False
    left_out: tuple[str, ...] = ()
    reactions: tuple[Reacted, ...] = ()
    changed: datetime | None = None
    removed: tuple[tuple[str, str], ...] = ()

    @property
    def album(self) -> str | None:
        """What the files have in common that were sent together with its own; None where it is alone."""
        return self.spoken.file.album if self.spoken is not None and self.spoken.file is not None else None


@dataclass(frozen=True, slots=True)
class ThreadKept:
    """A thread has a place of its own: what began it (``said``), and a topic made for it in a room where it did not begin."""

    stream: str
    said: str
    room: RoomRef


@dataclass(frozen=True, slots=True)
class Beside:
    """Something that was sent in one album with something else, and every row about it."""

    said: Utterance
    copies: tuple[OutboxRow, ...]


@dataclass(frozen=True, slots=True)
class ReactionKept:
    """A reaction that is an event of its own on its network, found again when it is taken back, by ``who`` gave it or a moderator."""

    room: RoomRef
    message: str  # the reaction's own name
    stream: str
    said: str
    emoji: str
    who: str


@dataclass(slots=True)
class Changes:
    """All that one event, or several, led to. ``version``: ``Store.version`` when it was decided; None: whatever it is now."""

    now: datetime
    version: int | None = None
    heard: list[InboxRow] = field(default_factory=list)  # on no file yet, and handled
    cursors: dict[Network, str] = field(default_factory=dict)  # up to where networks were heard with these
    handled: list[int] = field(default_factory=list)
    failed: list[tuple[int, str]] = field(default_factory=list)
    records: list[tuple[str, str | None, Fact]] = field(default_factory=list)  # stream, playbook digest, fact
    sends: list[OutboxRow] = field(default_factory=list)
    claims: list[str] = field(default_factory=list)  # tokens of those that are in flight from now on
    outcomes: list[OutboxChange] = field(default_factory=list)
    redirects: list[tuple[RoomRef, RoomRef]] = field(default_factory=list)
    wakes: list[Deadline] = field(default_factory=list)
    unwakes: list[str] = field(default_factory=list)
    fired: list[str] = field(default_factory=list)
    postponed: list[tuple[str, timedelta]] = field(default_factory=list)  # stream, by how much
    counters: dict[str, int] = field(default_factory=dict)  # letter → highest number used
    playbooks: list[tuple[str, bytes]] = field(default_factory=list)  # digest, bytes: kept for good
    said: list[Utterance] = field(default_factory=list)  # new, or as they are now
    reactions: list[ReactionKept] = field(default_factory=list)
    threads: list[ThreadKept] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class StreamHead:
    """A stream of the log: its size and root hash (32 bytes) now."""

    stream: str
    size: int
    root: bytes


Stands = Literal["part", "rolled back", "replaced", "not ours", "no checkpoint"]
"""How the log stands to a checkpoint: it is a part of it; the log is shorter than it; its entries are others; another log's, or nobody's
signature; nothing that can be read as one."""


@dataclass(frozen=True, slots=True)
class Compared:
    """What came of holding a checkpoint against the log. ``stream``, ``said``: of the checkpoint, None where it cannot be read. ``size``: entries now."""

    stands: Stands
    stream: str | None = None
    said: Checkpoint | None = None
    size: int = 0


RESTORE = "stop the bot, restore the newest backup and tell the partners; no more of it is signed meanwhile"
"""What to do where the log is not what was signed."""


@dataclass(frozen=True, slots=True)
class Rollback:
    """A stream that is not the one that was signed. ``size``: entries now; ``signed``: of the largest checkpoint that is known of it. Where there
    are as many now, they are others."""

    stream: str
    size: int
    signed: int

    @property
    def what(self) -> str:
        """What is wrong."""
        if self.size < self.signed:
            was = f"has {self.size} entries, but {self.signed} were signed: an older database was put back"
        else:
            was = f"is not the one that was signed at {self.signed} entries: its history was replaced"
        return f"the log of {self.stream} {was}"

    @property
    def words(self) -> str:
        """What is wrong, and what to do."""
        return f"{self.what}. No more of it is signed: restore the newest backup and tell the partners"


@dataclass(frozen=True, slots=True)
class Mentioned:
    """A message of ours, found again by the network's id for it."""

    token: str
    stream: str
    about: str | None
    partner: str | None
    to: RoomRef
    payload: str


@dataclass(frozen=True, slots=True)
class Summary:
    """One incident on file."""

    incident: str
    opened_at: datetime
    closed_at: datetime | None
    playbook: str
    title: str | None
    size: int

    @property
    def exercise(self) -> bool:
        """Whether it is an exercise: those have a letter of their own."""
        return is_exercise(self.incident)


class Store(Protocol):
    """What is kept, by name."""

    async def close(self) -> None:
        """Let go of the files."""

    # the inbox
    async def cursor(self, network: Network) -> str | None: ...
    async def keep(self, network: Network, items: Sequence[tuple[str, str]], cursor: str | None, now: datetime) -> int:
        """Commit raw events (key, body) and the cursor. Known keys are dropped. Returns how many were new."""

    async def keep_batch(self, network: Network, body: str, cursor: str, now: datetime) -> int: ...
    async def batches(self, network: Network) -> Sequence[tuple[int, str]]: ...
    async def settle_batch(
        self, network: Network, batch: int, items: Sequence[tuple[str, str]], now: datetime
    ) -> int: ...
    async def waiting(self, limit: int) -> Sequence[InboxRow]:
        """Events not yet handled, in the order they were kept."""

    # the engine
    async def facts(self, stream: str, start: int = 0) -> Sequence[Kept]:
        """A stream's facts from a position on."""

    async def facts_of(self, stream: str, *kinds: type[Fact]) -> Sequence[Kept]:
        """A stream's facts of some kinds alone, however long it is."""
        ...

    async def checked(self, stream: str) -> Sequence[Kept]:
        """All of a stream's facts, held against what was committed to, for whoever is shown them. Raises Unreadable where they are something else."""
        ...

    async def incidents(self) -> Sequence[Summary]: ...
    async def counters(self) -> Mapping[str, int]: ...
    async def playbook(self, digest: str) -> bytes | None: ...
    @property
    def version(self) -> int:
        """Another one where ``commit`` has noticed that another process committed."""

    async def commit(self, changes: Changes) -> None:
        """Commit all of it, or none. Raises StorageFull or StorageError and keeps nothing, Changed where it is to be decided again."""

    # the outbox
    async def unsent(self) -> Sequence[OutboxRow]:
        """Rows pending or inflight, in order of their ids."""

    async def newest(self) -> int:
        """The highest id of a row; 0 where there was none yet. Ids are given in the order of commits, without gaps."""

    async def claim(self, tokens: Sequence[str], now: datetime, arrived: Sequence[OutboxChange] = ()) -> None:
        """pending → inflight, committed before anything is written to a network; and the names of what has ``arrived`` before."""

    async def sent_message(self, room: RoomRef, message: str) -> Mentioned | None:
        """The row of ours that a network's message id belongs to."""

    async def row(self, token: str) -> OutboxRow | None: ...

    # what was said in channels
    async def utterance(self, stream: str, said: str) -> Utterance | None:
        """Something that was said, by its id."""

    async def utterance_at(self, room: RoomRef, message: str) -> Utterance | None:
        """What stands in a room under this network's id: said there, or carried there. Of several carried in one message, the last."""

    async def last_said(self, room: RoomRef) -> Utterance | None:
        """The last that was said in a chat."""

    async def first_in_topic(self, stream: str, room: RoomRef) -> Utterance | None:
        """The first that was said in a topic, of all that belongs to this stream. ``room`` has a topic."""

    async def thread_of(self, room: RoomRef) -> ThreadKept | None:
        """The thread for which a topic was made."""

    async def place_of(self, stream: str, said: str, room: RoomRef) -> RoomRef | None:
        """The topic that was made in a chat for the thread which this began."""

    async def polled(self, network: Network, handle: str) -> Sequence[Utterance]:
        """The polls that people asked which have this second name on their network, the last first: one that is forwarded keeps it."""

    async def said_together(self, room: RoomRef, album: str) -> Sequence[Utterance]:
        """What was sent as one album in a chat, in the order in which it was heard."""

    async def copies(self, stream: str, said: str) -> Sequence[OutboxRow]:
        """The rows about something that was said, in order of their ids: its copies in other rooms and their removals; of the edits of each those that
        wait, and of the others the newest in each state. Not reactions."""

    async def reactions(self, stream: str, said: str, room: RoomRef, before: str | None = None) -> Sequence[OutboxRow]:
        """The bot's reactions to something that was said, in a chat: of each emoji, and of signs apart, the newest row in each state that was not
        dropped, in order of their ids. ``before``: only those written before the row with this token.
        """

    async def recaps(self, stream: str, said: str) -> Sequence[OutboxRow]:
        """Every row of a recap that shows something that was said (``about``: ``#ops S-3 S-4``), and of its removal, in order of their ids."""

    async def rows_of_message(self, room: RoomRef, message: str) -> Sequence[OutboxRow]:
        """The rows of kind ``message`` that became this one message, in order of their ids: several where they were merged."""

    async def reaction(self, room: RoomRef, message: str) -> ReactionKept | None:
        """A reaction by its own name."""

    async def by_handle(self, network: Network, handle: str) -> OutboxRow | None:
        """The row that its network also calls so."""

    # deadlines
    async def due(self, now: datetime, limit: int) -> Sequence[Deadline]: ...
    async def next_deadline(self) -> datetime | None: ...
    async def open_deadlines(self, kinds: Collection[str]) -> frozenset[str]:
        """The keys of the deadlines of these kinds that are set and have not fired."""

    # the log
    async def heads(self) -> Sequence[StreamHead]: ...
    async def sign(self, now: datetime, streams: Collection[str] | None = None) -> Sequence[str]:
        """Sign a checkpoint for every stream that grew, or for those of them that are named. Returns the signed notes."""

    async def rolled_back(self) -> Sequence[Rollback]:
        """The streams that are not what was signed before: an older database was put back, or another."""
        ...

    async def checkpoint(self, stream: str) -> str | None:
        """A stream's latest signed note."""

    async def compared(self, note: str) -> Compared:
        """Hold a checkpoint that somebody kept against the log as it is now. Its signature counts, not where it was kept."""
        ...

    async def reminded(self, note: str, now: datetime) -> bool:
        """Hold a checkpoint that came back against the log. Whether the log is not what it was signed over, as ``rolled_back`` says from then on."""
        ...

    async def tidy(self, before: datetime) -> int:
        """Blank the bodies of inbox and outbox rows completed before then. Returns how many."""

    def entries(self, stream: str, start: int = 0) -> AsyncIterator[tuple[int, bytes, list[list[object]]]]:
        """A stream's entries from a position on: position, the JCS bytes, and the disclosures [salt, path, value]."""
        ...
