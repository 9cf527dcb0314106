"""What people say beside plain words, and how they see what the bot says like that: the further end of each stand.

Where networks differ by nature the class attributes say how; all else must be the same everywhere.
"""

from __future__ import annotations

import tempfile
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from bot.networks.port import HeardKind, Spooled
from playbooks.rooms import Network, RoomRef
from playbooks.spoken import Contact, File, FileKind, Poll

Mark = tuple[
    str, str, str
]  # tag, the text under it, where a link leads or what else the tag says (a language, that it can be expanded)


@dataclass(frozen=True)
class Person:
    """Somebody in the rooms."""

    identity: str
    name: str


@dataclass(frozen=True)
class Thing:
    """A file that somebody has. ``seconds``: how long it plays."""

    kind: FileKind
    name: str
    type: str
    data: bytes
    width: int = 0
    height: int = 0
    seconds: int = 0

    @property
    def digest(self) -> str:
        """Of its bytes."""
        return sha256(self.data).hexdigest()


@dataclass(frozen=True)
class SeenFile:
    """A file as a person has it, downloaded and decrypted. ``name`` is empty where the network shows none."""

    kind: str
    digest: str
    name: str = ""


@dataclass(frozen=True)
class Seen:
    """A message of the bot as it stands before the eyes of a person."""

    id: str
    text: str
    marks: tuple[Mark, ...] = ()
    choices: tuple[tuple[str, ...], ...] = ()
    reply_to: str | None = None
    loud: bool = False
    sealed: bool = False  # came encrypted
    file: SeenFile | None = None
    point: tuple[int, int] | None = None  # microdegrees
    poll: Poll | None = None
    thread: str | None = None
    mentions: tuple[str, ...] = ()  # identities
    card: Contact | None = None


def _filled(head: bytes, size: int, tail: bytes = b"") -> bytes:
    """Bytes that begin and end as a kind of file does, and are the same in each run; odd in size, so that pieces do not fit by chance."""
    body = b"".join(sha256(head + number.to_bytes(4, "big")).digest() for number in range(size // 32 + 1))
    return head + body[:size] + tail


_JPEG, _END = bytes.fromhex("ffd8ffe000104a46494600010100000100010000"), bytes.fromhex("ffd9")
_MP4 = b"\0\0\0\x18ftypisom\0\0\0\0isommp42"
PHOTO = Thing("photo", "vue du pont.jpg", "image/jpeg", _filled(_JPEG, 150_001, _END), 640, 360)
THINGS = (
    PHOTO,
    Thing("file", "plan d'évacuation <2>.pdf", "application/pdf", _filled(b"%PDF-1.4\n", 70_003, b"\n%%EOF\n")),
    Thing("voice", "voice.ogg", "audio/ogg", _filled(b"OggS\0\2", 9_001), seconds=4),
    Thing("audio", "sirène.mp3", "audio/mpeg", _filled(b"ID3\x04\0\0", 9_007), seconds=12),
    Thing("video", "crue.mp4", "video/mp4", _filled(_MP4, 80_009), 320, 180, 3),
    Thing("animation", "eau.mp4", "video/mp4", _filled(_MP4, 8_011), 120, 90, 2),
    Thing("sticker", "sticker.webp", "image/webp", _filled(b"RIFF\x20\x1f\0\0WEBPVP8 ", 8_013), 512, 512),
)
ALBUM = tuple(
    Thing("photo", f"{n}.jpg", "image/jpeg", _filled(_JPEG + b"%d" % n, 5_000 + n, _END), 640, 360) for n in range(3)
)
CARD = Contact("Jean <Garde> & fils", "+3242220000")
QUESTION = Poll("Où mettre les sacs <100> ?", ("Chênée", "Angleur & environs", "Liège"))


class Talk(ABC):
    """The people of one network, and what is in the nature of that."""

    tells_deletions = True  # a message that somebody takes back, and a reaction, is told by its own name
    one_reaction = False  # the bot has one reaction to a message at most
    threads = True  # conversations that hang from a message
    topics = False  # rooms within a room
    albums = False  # files that are sent together are told so
    forwards = False  # what somebody passes on says whose it is
    contacts = False  # people send cards with a name and a number
    cards = False  # and so does the bot
    cards_are_files = False  # the bot sends them as words with a file
    links_addresses = True  # a link may lead to an address for mail or a telephone number
    folds = False  # a long quotation is shown in part until somebody opens it
    names_pictures = True  # photos, stickers and what is recorded keep a name
    hears_as: Mapping[FileKind, FileKind] = {}  # files that come as another kind
    shows_as: Mapping[FileKind, FileKind] = {}  # files of the bot, with words under them, that come as another kind
    votes_are: HeardKind = "voted"
    hears_votes_of_others = True  # in polls that are not the bot's

    network: Network
    sealed = False  # its rooms are encrypted
    ada: Person

    _things: tempfile.TemporaryDirectory[str] | None = None

    def spooled(self, thing: Thing, source: File | None = None) -> Spooled:
        """A file as the bot has it, to send: fetched from ``source``, else from some other network."""
        if self._things is None:
            self._things = tempfile.TemporaryDirectory(prefix="stand-")
        path = Path(self._things.name) / thing.digest
        path.write_bytes(thing.data)
        size = len(thing.data)
        made = source or File(
            "telegram" if self.network == "matrix" else "matrix", '{"elsewhere": true}', thing.kind, thing.name, thing.type, size,
            thing.width or None, thing.height or None, thing.seconds or None,
        )  # fmt: skip
        return Spooled(path, thing.name, thing.type, size, made)

    def later(self, seconds: int) -> datetime:
        """The time so many seconds from now."""
        return datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=seconds)

    @abstractmethod
    async def room(self) -> RoomRef:
        """A new room with Ada, Bo and the bot in it."""

    @abstractmethod
    async def write(
        self,
        room: RoomRef,
        html: str,
        who: Person | None = None,
        reply_to: str | None = None,
        thread: str | None = None,
    ) -> str:
        """Somebody (Ada) writes with formatting, given as restricted HTML; the message's id."""

    @abstractmethod
    async def rewrite(self, room: RoomRef, message: str, html: str) -> None:
        """Ada changes what she wrote."""

    @abstractmethod
    async def recaption(self, room: RoomRef, message: str, html: str) -> None:
        """Ada changes the words under a file of hers."""

    @abstractmethod
    async def delete(self, room: RoomRef, message: str) -> None:
        """Ada takes back what she said."""

    @abstractmethod
    async def react(self, room: RoomRef, message: str, emoji: str) -> str:
        """Ada reacts to a message, on Telegram in the place of an earlier reaction of hers; the reaction's own name, if it has one."""

    @abstractmethod
    async def unreact(self, room: RoomRef, message: str, reaction: str) -> None:
        """Ada takes her reaction back, by its own name where it has one."""

    @abstractmethod
    async def give(self, room: RoomRef, thing: Thing, html: str = "", reply_to: str | None = None) -> str:
        """Ada sends a file, with words under it; the message's id."""

    @abstractmethod
    async def give_album(self, room: RoomRef, things: tuple[Thing, ...], html: str) -> list[str]:
        """Ada sends files together, the words under the first; the messages' ids. Only where there are albums."""

    @abstractmethod
    async def give_card(self, room: RoomRef, card: Contact) -> str:
        """Ada sends a contact. Only where there are contacts."""

    @abstractmethod
    async def share(self, room: RoomRef, latitude: float, longitude: float, seconds: int) -> str:
        """Ada shows where she is, for so long."""

    @abstractmethod
    async def walk(self, room: RoomRef, message: str, latitude: float, longitude: float) -> None:
        """Ada moves while she shows where she is."""

    @abstractmethod
    async def ask(self, room: RoomRef, poll: Poll) -> str:
        """Ada asks everybody; the message's id."""

    @abstractmethod
    async def vote(self, room: RoomRef, message: str, options: tuple[int, ...]) -> None:
        """Ada chooses in a poll, anybody's."""

    @abstractmethod
    async def end_poll(self, room: RoomRef, message: str) -> None:
        """Ada ends her poll."""

    @abstractmethod
    async def pass_on(self, source: RoomRef, message: str, room: RoomRef) -> str:
        """Ada forwards a message from one room to another. Only where there are forwards."""

    @abstractmethod
    async def say_as_program(self, room: RoomRef, text: str) -> None:
        """Another bot says something."""

    @abstractmethod
    async def topic(self) -> RoomRef:
        """A new topic in a new room with everybody in it. Only where there are topics."""

    @abstractmethod
    def takes_votes(self, room: RoomRef, message: str) -> bool:
        """Whether people may still vote in a poll of the bot, as they see it."""

    @abstractmethod
    async def see_signs(self, room: RoomRef, message: str, emoji: tuple[str, ...]) -> None:
        """Wait until the bot's reactions to a message are these, in any order."""


_BLOCKS = ("pre", "blockquote")


class _Marked(HTMLParser):
    def __init__(self, *, browser: bool) -> None:
        super().__init__(convert_charrefs=True)
        self.browser = browser
        self.text = ""
        self.marks: list[Mark] = []
        self._opened: list[tuple[str, str, int, str]] = []
        self._ended = False  # a block, so that what follows begins a line

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "br":
            self._words("\n")
            return
        given: dict[str, Any] = dict(attrs)
        if tag not in _BLOCKS:
            self._words("")
        elif self.text and not self.text.endswith("\n"):
            self.text += "\n"
        self._ended = False
        mark = "tg-spoiler" if tag == "span" and "data-mx-spoiler" in given else tag
        more = given.get("href") or ("expandable" if "expandable" in given else "")
        if tag == "code" and "class" in given:  # the language of the block that it is in
            (outer, _, start, _) = self._opened[-1]
            assert (outer, start) == ("pre", len(self.text)), "Telegram knows the language of a block only"
            self._opened[-1] = ("pre", "pre", start, given["class"].removeprefix("language-"))
            mark = ""
        self._opened.append((tag, mark, len(self.text), more))

    def handle_endtag(self, tag: str) -> None:
        name, mark, start, link = self._opened.pop()
        assert name == tag, f"</{tag}> ends <{name}>"
        self._ended = tag in _BLOCKS
        if mark:
            self.marks.append((mark, self.text[start:], link))

    def handle_data(self, data: str) -> None:
        self._words(data)

    def _words(self, words: str) -> None:
        """What follows a block. In restricted HTML a newline there ends its line; in what a browser is given a break would be a line of its own."""
        if self._ended and not (words.startswith("\n") and not self.browser):
            self.text += "\n"
        self._ended = False
        self.text += words

    def finish(self) -> tuple[str, tuple[Mark, ...]]:
        self.close()
        assert not self._opened, f"never ended: {self._opened}"
        return self.text, tuple(sorted(self.marks))


def marked(html: str, *, browser: bool = False) -> tuple[str, tuple[Mark, ...]]:
    """The text of restricted HTML as a reader sees it, and what stands under which mark. Fails when tags are not balanced.

    ``browser``: of what a browser is given, where blocks end their lines by themselves and a break after one leaves a line empty.
    """
    parser = _Marked(browser=browser)
    parser.feed(html)
    return parser.finish()
