"""The port: what the engine and the courier ask of a network, and what a network tells them.

A network does three things. It *hears*: raw events are handed to ``Ears``, which commits them to the inbox
before the network's own cursor moves. It *reads*: one raw event, already kept, becomes a ``Heard`` (pure, no
I/O). It *sends*: one ``Outgoing`` at a time for each room, and says honestly what became of it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal, Protocol

from playbooks.rooms import Network, RoomRef
from playbooks.spoken import Contact, File, Poll, Spoken, Version

HeardKind = Literal[
    "message",  # somebody said something: ``spoken``, and its plain words as ``text``; perhaps ``reply_to``
    "edited",  # somebody changed the earlier ``message_id``: ``spoken`` and ``text`` are what it says now
    "deleted",  # somebody took the earlier ``message_id`` back (a message, or on Matrix a reaction)
    "button",  # somebody tapped a button of ours; ``text`` is the button's command, ``message_id`` the message it sat on
    "reaction",  # somebody reacted to ``message_id`` with ``emoji``, or took the reaction ``gone`` back, or both
    "voted",  # ``sender`` chose ``options`` in the poll ``message_id``, or none any more
    "tallied",  # our poll with this ``handle`` stands at ``tally``; ``room`` means nothing
    "ended",  # the poll ``message_id``, or the one with this ``handle``, takes no more votes, and stands at ``tally`` where that is told
    "invited",  # we were invited into ``room`` by ``sender``
    "joined",  # we are now in ``room``
    "removed",  # we were thrown out of ``room``, or it was closed to us
    "moved",  # ``room`` is now ``moved_to`` (supergroup migration, Matrix tombstone)
    "room",  # what is known of the room changed: ``traits``
    "unreadable",  # an encrypted message whose key did not come
    "posted",  # a checkpoint that the bot itself posted, read back: ``text``
]


@dataclass(frozen=True, slots=True)
class RoomTraits:
    """What decides how far a room can be trusted, as the network says it is now.

    ``encrypted`` is true only while the room is and has always stayed encrypted; ``tampered`` is true once an
    encrypted room's encryption state was changed. ``public`` is a Telegram group with a username.
    """

    encrypted: bool = False
    tampered: bool = False
    world_readable: bool = False
    open_join: bool = False
    public: bool = False
    private: bool = False  # a direct chat between one person and the bot
    title: str = ""
    alias: str | None = None


@dataclass(frozen=True, slots=True)
class Heard:
    """One thing a network told us.

    ``key`` is unique in its network and the same when the network repeats itself. ``sender`` is an identity such as
    ``telegram:501`` or ``matrix:@ada:example.org``; None for anonymous posts (channels, anonymous admins).
    ``point`` is (latitude, longitude) in microdegrees. ``said_at`` is the network's time, aware. ``thread`` is the message that began the
    thread in which this was said (a Telegram topic is part of ``room``). ``forwarded``: whose words these are, if they are somebody
    else's: an identity, ``us`` for the bot's own, or ``""`` for somebody who cannot be known. ``automatic``: said by a program (a bot, another
    bridge), and so carried nowhere; ``as_notice``: nothing shows that but the form in which it was said, which people use too. ``quoted``: the words of ``reply_to`` that are answered, where not all of it is, and where they begin in it (UTF-16 units).
    ``showed``: what ``reply_to`` says, where the network shows it along with the answer. ``versions``: where it was edited before it was heard, all that it
    said, the last of which is what it says now. ``overtaken``: of an edit, that a later one of the same message was heard before.
    """

    key: str
    kind: HeardKind
    room: RoomRef
    said_at: datetime
    sender: str | None = None
    sender_name: str = ""
    sender_language: str | None = None
    private: bool = False
    text: str = ""
    message_id: str | None = None
    reply_to: str | None = None
    emoji: str | None = None
    point: tuple[int, int] | None = None
    moved_to: RoomRef | None = None
    traits: RoomTraits | None = None
    spoken: Spoken | None = None
    thread: str | None = None
    forwarded: str | None = None
    automatic: bool = False
    as_notice: bool = False
    gone: str | None = None
    options: tuple[int, ...] = ()
    tally: tuple[int, ...] = ()
    handle: str | None = None
    quoted: tuple[str, int] | None = None
    showed: str = ""
    versions: tuple[Version, ...] = ()
    overtaken: bool = False


@dataclass(frozen=True, slots=True)
class Button:
    """A choice under a message. ``command`` is what a tap means, as if typed (at most 64 bytes);
    ``emoji`` is the reaction that means the same where a network has no buttons."""

    label: str
    command: str
    emoji: str


@dataclass(frozen=True, slots=True)
class Spooled:
    """A file that was fetched and looked into, ready to be handed to a network.

    ``path``: where it is on this machine. ``type`` was found by looking, ``name`` is clean and fits the type, ``size`` is in bytes. ``source`` is where
    it came from: a network that has it already need not be given it again, unless ``source.where`` is empty: then the bytes were changed here.
    """

    path: Path
    name: str
    type: str
    size: int
    source: File


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message as the courier hands it to a network.

    ``token`` is unique for ever and stable over retries: the Matrix transaction id. ``html`` is restricted HTML
    (``b i u s code pre blockquote`` and ``a href``), with newlines as line breaks; ``text`` is the same without markup. It already fits
    the network (``NetworkPort.split``). ``replaces`` names the message to edit instead of sending a new one, or, of kind
    ``delete``, the one to remove: one that is not there any more counts as removed; of kind ``end`` the poll that takes no more votes. Of kind ``react`` it is the one to react to with ``emoji``; with
    None, the one from which the bot's reaction goes (on Matrix ``replaces`` is then the reaction's own id).

    ``files`` go with the words as their caption; several are an album. ``point`` is a place in microdegrees, ``poll`` a poll; with either, ``html`` says
    who speaks. ``contact``: a card, whose name and number the words end with on a line of their own (``playbooks.spoken.card``), for networks without cards. Whom ``mentions`` names is notified; the words call them ``@Name``: see ``playbooks.calling``. ``thread``: the message that begins the thread in which this belongs. ``caption``: of kind ``edit``, what ``replaces`` names carries
    files, and the words stand under them. ``checkpoint``: the words are a post of the log's state, and no one else's. ``begins``: the thread has no place of its own in this room yet; where the network has places for threads (topics of
    a forum), it begins one of this name there, and says so before anything is said in it (``Begun``).
    """

    token: str
    room: RoomRef
    kind: Literal["message", "edit", "delete", "react", "end", "join", "leave"] = "message"
    html: str = ""
    text: str = ""
    buttons: tuple[tuple[Button, ...], ...] = ()
    reply_to: str | None = None
    replaces: str | None = None
    loud: bool = False  # rings: a notification on Telegram, a room mention on Matrix
    notice: bool = False  # the bot's own chatter: m.notice on Matrix
    first_claimed_at: datetime | None = None  # first in flight; over 23 h ago on Matrix: look before sending again
    must_encrypt: bool = False  # the room was encrypted when the words were cleared: never send them in plain text
    among_us: bool = False  # what somebody said: never send it where anybody can read along or come in
    files: tuple[Spooled, ...] = ()
    point: tuple[int, int] | None = None
    poll: Poll | None = None
    thread: str | None = None
    emoji: str | None = None
    mentions: tuple[tuple[str, str], ...] = ()  # accounts on this network that the words call, each with its name
    caption: bool = False
    begins: str | None = None
    home: RoomRef | None = None  # where it goes if ``room``, a thread's own place, takes nothing any more
    contact: Contact | None = None
    checkpoint: bool = False


@dataclass(frozen=True, slots=True)
class Sent:
    """Accepted. ``message_id`` is the network's name for it; ``others`` those of the further files of an album, in order.

    ``handle`` is a second name under which the network speaks of it: of a poll on Telegram, the poll's.
    """

    message_id: str
    others: tuple[str, ...] = ()
    handle: str | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """Final: the network will not take this message. ``gone`` means that we have no place in the room any more."""

    reason: str
    gone: bool = False


@dataclass(frozen=True, slots=True)
class Delayed:
    """Safe to send again after ``seconds``. ``everywhere``: the limit concerns the whole network.

    Not taken; unless ``perhaps``: then it may have been, and goes again under its token, which its network takes only once.
    """

    seconds: float
    reason: str
    everywhere: bool = False
    perhaps: bool = False


@dataclass(frozen=True, slots=True)
class Unknown:
    """It may or may not have arrived, and asking again could double it."""

    reason: str


@dataclass(frozen=True, slots=True)
class Moved:
    """Not taken: the room has a new address. ``by_people``: whoever may close the room says so, not the network itself: it is to be decided whether that
    is followed."""

    to: RoomRef
    by_people: bool = False


@dataclass(frozen=True, slots=True)
class Begun:
    """Not sent yet: a place was made for the thread that it begins here, to be kept for good first; then it is handed over again, and goes there. ``place``:
    the room itself where nobody knows whether one was made: there the thread goes on as answers."""

    place: RoomRef


Outcome = Sent | Refused | Delayed | Unknown | Moved | Begun


class FileGone(Exception):
    """The network does not give this file (any more): too large, deleted, spoilt. The message says why."""


class FileTooLarge(FileGone):
    """It is larger than the network gives it, or than is kept here."""


class NetworkDown(Exception):
    """The network cannot be used now; try again later. The message says why, without secrets."""


class NetworkRejected(NetworkDown):
    """The network refuses who we are (revoked token, wrong password): a person must act."""


@dataclass(slots=True)
class NetworkState:
    """What ``/readyz`` shows of a network."""

    connected: bool = False
    since: datetime | None = None
    last_error: str | None = None
    username: str | None = None  # how people address the bot there: ``tocsin_bot``, ``@tocsin:example.org``


class Ears(Protocol):
    """Where a network puts what it hears. Every call returns only after the commit."""

    async def cursor(self, network: Network) -> str | None:
        """The last cursor committed, or None."""

    async def keep(self, network: Network, items: Sequence[tuple[str, str]], cursor: str | None) -> None:
        """Commit raw events, each (key, body as JSON), and the cursor, in one transaction. Known keys are dropped."""

    async def keep_batch(self, network: Network, body: str, cursor: str) -> int:
        """Commit a raw batch that must be worked on (decrypted) before it yields events, with its cursor. Returns its id."""

    async def batches(self, network: Network) -> Sequence[tuple[int, str]]:
        """Batches kept and not yet settled, oldest first."""

    async def settle_batch(self, network: Network, batch: int, items: Sequence[tuple[str, str]]) -> None:
        """Commit the events a batch yielded and forget the batch, in one transaction."""

    async def caught_up(self, network: Network) -> None:
        """Return once everything that was kept is decided. What was missed may say that a room is not to be spoken in any more, so a network
        asks this before it says that it is connected.
        """

    async def connected(self, network: Network, username: str) -> None:
        """The network works (again), and what was missed is decided."""

    async def lost(self, network: Network, reason: str, *, rejected: bool) -> None:
        """The network does not answer, or refuses us."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Messages a network lets through: for all rooms together, for one room, and for one group, each (count, seconds). None: no limit."""

    overall: tuple[int, float] | None = None
    room: tuple[int, float] | None = None
    group: tuple[int, float] | None = None
    concurrency: int = 32


class NetworkPort(Protocol):
    """One network."""

    name: Network
    limits: Limits
    state: NetworkState

    largest_download: int | None  # bytes of a file that can be fetched from here; None: no limit of its own
    largest_upload: int | None  # bytes of a file that can be sent here, as far as is known now
    captions: int  # UTF-16 units of words that can stand under a file
    threads: bool  # whether a message can belong to the thread of another; a Telegram topic is part of the room

    def split(self, html: str) -> list[str]:
        """Cut restricted HTML into parts that each fit one message, at sensible places."""

    def fetch(self, file: File) -> AsyncIterator[bytes]:
        """The bytes of a file that was heard here, decrypted, in pieces of bounded size.

        Raises NetworkDown where trying again may help, FileGone where it cannot be had (any more).
        """
        ...

    def read(self, body: str) -> Heard | None:
        """What a kept raw event says; None when it is nothing to us. Pure. Raises ValueError when it cannot be read."""

    async def run(self, ears: Ears) -> None:
        """Connect and hear until cancelled. Raises NetworkDown or NetworkRejected; the caller starts it again with backoff."""

    async def send(self, out: Outgoing) -> Outcome:
        """Send one message. Never raises for what a network can do wrong."""

    async def resolve(self, alias: str) -> RoomRef | None:
        """The room behind an alias, or None. Raises NetworkDown."""

    async def direct(self, identity: str) -> RoomRef | None:
        """The private chat with a person, opened if need be; None where that is impossible. Raises NetworkDown."""

    async def examine(self, room: RoomRef) -> list[str]:
        """What ``doctor`` should say about this room: missing rights and the like, each a sentence. Empty: all is well."""

    async def close(self) -> None:
        """Let go of connections."""
