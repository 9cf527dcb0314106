"""What somebody in a rehearsal does with what was said: answers, changes, takes back, reacts, sends a picture."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from html import escape
from textwrap import shorten
from typing import Any, Literal, Protocol

from bot.networks.port import Button, RoomTraits
from bot.script import Step
from playbooks.restricted import restricted
from playbooks.rooms import RoomRef
from playbooks.spoken import File, FileKind, Poll, Spoken

PICTURE = "picture.png"
_SIDES = (64, 48)
_LONG = 60


class Attachment(Protocol):
    """A file as it stands in a room."""

    @property
    def kind(self) -> FileKind: ...
    @property
    def name(self) -> str: ...
    @property
    def data(self) -> bytes: ...


class Given(Protocol):
    """Somebody's reaction; ``who`` is None for the bot."""

    @property
    def who(self) -> str | None: ...
    @property
    def emoji(self) -> str: ...


class Message(Protocol):
    """A message in a room, as the networks inside this process keep it. ``sender`` is None for the bot."""

    @property
    def id(self) -> str: ...
    @property
    def room(self) -> RoomRef: ...
    @property
    def text(self) -> str: ...
    @property
    def buttons(self) -> tuple[tuple[Button, ...], ...]: ...
    @property
    def token(self) -> str: ...
    @property
    def at(self) -> datetime | None: ...
    @property
    def versions(self) -> tuple[str, ...]: ...
    @property
    def reply_to(self) -> str | None: ...
    @property
    def sender(self) -> str | None: ...
    @property
    def befell(self) -> Literal["said", "edited", "removed", "reacted"]: ...
    @property
    def file(self) -> Attachment | None: ...
    @property
    def point(self) -> tuple[int, int] | None: ...
    @property
    def poll(self) -> Poll | None: ...
    @property
    def reactions(self) -> Sequence[Given]: ...

    def button(self, choice: str) -> Button | None:
        """The choice under it that is meant."""


class Embedded(Protocol):
    """What a rehearsal does with a network inside this process, beside its port."""

    watchers: list[Callable[[Any], None]]

    def room(self, written: RoomRef) -> RoomRef: ...
    async def observe(self, room: RoomRef, traits: RoomTraits) -> None: ...
    def private(self, identity: str) -> RoomRef: ...
    def messages(self, room: RoomRef) -> Sequence[Message]: ...
    def standing(self, room: RoomRef) -> Sequence[Message]: ...
    def offer(self, data: bytes, name: str, type: str, kind: FileKind = "file", **more: Any) -> File: ...  # noqa: A002  # as File has it
    async def say(
        self, room: RoomRef, identity: str | None, name: str, text: str, reply_to: str | None = None, **more: Any
    ) -> str: ...
    async def rewrite(
        self, room: RoomRef, message: str, identity: str, name: str, text: str, spoken: Spoken | None = None
    ) -> None: ...
    async def delete(self, room: RoomRef, message: str, identity: str, name: str = "") -> None: ...
    async def tap(self, room: RoomRef, message: str, identity: str, choice: str, name: str = "") -> None: ...
    async def react(self, room: RoomRef, message: str, identity: str, emoji: str, name: str = "") -> str: ...
    async def unreact(self, room: RoomRef, message: str, identity: str, emoji: str, name: str = "") -> None: ...


@dataclass(frozen=True, slots=True)
class Somebody:
    """A person where they are."""

    network: Embedded
    room: RoomRef
    identity: str
    name: str


@dataclass(frozen=True, slots=True)
class Deed:
    """What somebody does: in words, for whoever looks on, and done."""

    words: str
    do: Callable[[], Awaitable[object]]


def deed(step: Step, who: Somebody, meant: Callable[[str], str] = str) -> Deed:
    """What a step is that neither says something new, in words alone, nor taps. ``meant`` puts in what placeholders stand for.

    Raises LookupError where it is about a message that is not there.
    """
    network, room, identity, name = who.network, who.room, who.identity, who.name
    if step.picture is not None:
        words = meant(step.picture)
        spoken = Spoken(_html(words), _offered(network, words))
        return Deed(
            _with("sends a picture", words), lambda: network.say(room, identity, name, "", spoken=spoken)
        )  # fmt: skip
    if step.edit is not None:
        message, words = _own(who, step.to), meant(step.edit)
        return Deed(
            f"edits: {words}",
            lambda: network.rewrite(room, message.id, identity, name, words, _kept(who, message, words)),
        )
    if step.delete is not None:
        message = _own(who, step.to)
        return Deed(_with("takes back", brief(message)), lambda: network.delete(room, message.id, identity, name))
    message = _about(who, step.to)
    if step.reply is not None:
        words = meant(step.reply)
        return Deed(words, lambda: network.say(room, identity, name, words, message.id))
    if step.react is not None:
        emoji = step.react
        return Deed(
            f"reacts {emoji} to: {brief(message)}", lambda: network.react(room, message.id, identity, emoji, name)
        )
    emoji = step.unreact or ""
    if not any((one.who, one.emoji) == (identity, emoji) for one in message.reactions):
        raise LookupError(f"{name} did not react {emoji} to what says “{brief(message)}”")
    return Deed(
        f"takes {emoji} back from: {brief(message)}", lambda: network.unreact(room, message.id, identity, emoji, name)
    )


def brief(message: Message) -> str:
    """A message on one line, its file, place or poll named."""
    words = shorten(message.text, _LONG, placeholder=" …")
    return " ".join(filter(None, (attached(message), words)))


def attached(message: Message) -> str:
    """What comes with the words of a message."""
    if message.file is not None:
        return f"[{message.file.kind} {message.file.name}, {len(message.file.data):,} bytes]"
    if message.point is not None:
        return "[place {:.6f}, {:.6f}]".format(*(part / 1_000_000 for part in message.point))
    if message.poll is not None:
        return f"[poll: {message.poll.question} {' / '.join(message.poll.options)}]"
    return ""


def picture(words: str) -> bytes:
    """A small picture of one colour, which the words decide: a PNG."""
    width, height = _SIDES
    line = b"\0" + sha256(words.encode()).digest()[:3] * width

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(line * height)) + chunk(b"IEND", b"")
    )


def _offered(network: Embedded, words: str) -> File:
    width, height = _SIDES
    return network.offer(picture(words), PICTURE, "image/png", "photo", width=width, height=height)


def _kept(who: Somebody, message: Message, words: str) -> Spoken:
    """The new words, and the picture under which they stand, if it is one."""
    if message.file is None:
        return Spoken(_html(words))
    width, height = _SIDES
    file = who.network.offer(
        message.file.data, message.file.name, "image/png", message.file.kind, width=width, height=height
    )
    return Spoken(_html(words), file)


def _own(who: Somebody, to: str | None) -> Message:
    said = [one for one in who.network.standing(who.room) if one.sender == who.identity and (to or "") in one.text]
    if not said:
        raise LookupError(f"nothing that {who.name} said there says {to!r}" if to else f"{who.name} said nothing there")
    return said[-1]


def _about(who: Somebody, to: str | None) -> Message:
    if to is None:
        messages = who.network.messages(who.room)
        if not messages:
            raise LookupError("nothing was said there to reply to")
        return messages[-1]
    said = [one for one in who.network.standing(who.room) if to in one.text]
    if not said:
        raise LookupError(f"nothing that was said there says {to!r}")
    return said[-1]


def _with(doing: str, words: str) -> str:
    return f"{doing}: {words}" if words else doing


def _html(words: str) -> str:
    return restricted(escape(words, quote=False))
