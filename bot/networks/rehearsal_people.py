"""What people do on the network inside this process, and what of it the bot is told.

Telegram tells of no deletion, and of no votes but those in the bot's own polls, which it counts without names; Matrix tells of everything, and a
reaction there is taken back by its own name.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import datetime
from hashlib import sha256
from html import escape
from typing import Any

from bot.networks.port import Ears, Heard, HeardKind, NetworkDown, RoomTraits
from bot.networks.rehearsal_rooms import Kept, Place, Shown
from playbooks.restricted import plain, restricted
from playbooks.rooms import Network, RoomRef
from playbooks.spoken import File, FileKind, Spoken, read, written

NOWHERE = RoomRef("telegram", "0")
"""Telegram tells how a poll stands without saying where it is."""


class People:
    """Everybody on one network but the bot. ``clock`` gives aware times."""

    def __init__(self, network: Network, clock: Callable[[], datetime]) -> None:
        self.name: Network = network
        self._clock = clock
        self._rooms: dict[RoomRef, Place] = {}
        self._files: dict[str, bytes] = {}  # by their digest
        self._ears: Ears | None = None
        self._count = 0
        self._turn = asyncio.Lock()
        self._changed = asyncio.Condition()
        self._is_down: str | None = None
        self._unkept: list[tuple[str, str]] = []
        self._failed: Exception | None = None

    # -- words -----------------------------------------------------------------------------------------------------

    async def say(
        self,
        room: RoomRef,
        identity: str | None,
        name: str,
        text: str,
        reply_to: str | None = None,
        point: tuple[int, int] | None = None,
        **more: Any,
    ) -> str:
        """Somebody writes, or sends a place (``point``, in microdegrees). Returns the message's id once it is kept.

        ``more``: ``spoken``, which says all of it at once and takes the place of ``text`` and ``point``; ``thread``, ``forwarded``, ``quoted`` and ``automatic`` as
        ``Heard`` has them.
        """
        spoken = more.pop("spoken", None) or Spoken(_html(text), point=point)
        return await self._say("message", room, identity, name, spoken, reply_to=reply_to, **more)

    async def rewrite(
        self, room: RoomRef, message: str, identity: str, name: str, text: str, spoken: Spoken | None = None
    ) -> None:
        """Somebody changes what they wrote, a caption, or where a live place is: ``spoken``, or else ``text``, is what it says now."""
        before = self._shown(room, message)
        now = spoken or Spoken(_html(text))
        place = self._in(room)
        if before is not None and place is not None:
            words, point = plain(now.html), now.point or before.point
            place.change(before, "edited", html=now.html, text=words, versions=(*before.versions, words), point=point)
        await self._say("edited", room, identity, name, now, message_id=message)

    async def delete(self, room: RoomRef, message: str, identity: str, name: str = "") -> None:
        """Somebody takes a message back, or on Matrix a reaction by its own name. Telegram tells nobody."""
        if (place := self._in(room)) is not None:
            place.remove(message, self._clock())
        if self.name == "matrix":
            await self._hear("deleted", room, identity, name, message_id=message)

    def offer(self, data: bytes, name: str, type: str, kind: FileKind = "file", **more: Any) -> File:  # noqa: A002  # as File has it
        """A file that can be said. ``more``: width, height and seconds, and the ``album`` it belongs to."""
        digest = sha256(data).hexdigest()
        self._files[digest] = data
        return File(self.name, json.dumps({"sha256": digest}), kind, name, type, len(data), **more)

    # -- signs -----------------------------------------------------------------------------------------------------

    async def tap(self, room: RoomRef, message: str, identity: str, choice: str, name: str = "") -> None:
        """Somebody chooses ``choice`` (see ``Shown.button``): a tap on Telegram, a reaction on Matrix.

        Raises LookupError where the message offers no such choice.
        """
        shown = self._shown(room, message)
        button = shown.button(choice) if shown is not None else None
        if button is None:
            raise LookupError(f"no choice {choice!r} under message {message} in {room}")
        if self.name == "telegram":
            await self._hear("button", room, identity, name, text=button.command, message_id=message)
        else:
            await self.react(room, message, identity, button.emoji, name)

    async def react(self, room: RoomRef, message: str, identity: str, emoji: str, name: str = "") -> str:
        """Somebody reacts to a message; on Telegram in the place of how they reacted before. Returns the reaction's own name."""
        place, shown = self._in(room), self._shown(room, message)
        before = [one.emoji for one in shown.reactions if one.who == identity] if shown is not None else []
        gone = before[0] if before and self.name == "telegram" else None

        def put(key: str) -> None:
            if place is not None:
                place.react(message, key, identity, emoji)

        # Telegram does not say in which topic the message is.
        where = room if self.name == "matrix" else room.chat
        return await self._hear("reaction", where, identity, name, put, emoji=emoji, gone=gone, message_id=message)

    async def unreact(self, room: RoomRef, message: str, identity: str, emoji: str, name: str = "") -> None:
        """Somebody takes a reaction back. Raises LookupError where they never reacted so."""
        shown = self._shown(room, message)
        given = [one for one in shown.reactions if (one.who, one.emoji) == (identity, emoji)] if shown else []
        if not given:
            raise LookupError(f"no {emoji} of {identity} under message {message} in {room}")
        if self.name == "matrix":
            await self.delete(room, given[0].name, identity, name)
            return
        if (place := self._in(room)) is not None:
            place.unreact(given[0].name)
        await self._hear("reaction", room.chat, identity, name, gone=emoji, message_id=message)

    async def vote(self, room: RoomRef, message: str, identity: str, options: tuple[int, ...], name: str = "") -> None:
        """Somebody chooses in a poll, or nothing any more. Raises LookupError where there is no poll that takes votes."""
        shown = self._poll(room, message)
        shown.votes[identity] = options
        if self.name == "matrix":
            await self._hear("voted", room, identity, name, message_id=message, options=options)
        elif shown.sender is None:
            await self._hear("tallied", NOWHERE, message_id=None, handle=shown.handle(), tally=shown.tally())

    async def end_poll(self, room: RoomRef, message: str, identity: str, name: str = "") -> None:
        """Whoever asked takes no more votes; Telegram tells how it stands then. Raises LookupError where there is no poll that takes any."""
        closed = replace(self._poll(room, message), closed=True)
        if (place := self._in(room)) is not None:
            place.shown[message] = closed
        if self.name == "matrix":
            await self._hear("ended", room, identity, name, message_id=message)
        elif closed.poll is not None and closed.sender is not None:
            await self._hear("ended", NOWHERE, message_id=None, handle=closed.poll.handle, tally=closed.tally())

    # -- within ----------------------------------------------------------------------------------------------------

    def _in(self, room: RoomRef) -> Place | None:
        """The room, or the one of which it is a topic."""
        return self._rooms.get(room) or self._rooms.get(room.chat)

    def _shown(self, room: RoomRef, message: str) -> Shown | None:
        place = self._in(room)
        return place.shown.get(message) if place is not None else None

    def _poll(self, room: RoomRef, message: str) -> Shown:
        shown = self._shown(room, message)
        if shown is None or shown.poll is None or shown.closed:
            raise LookupError(f"no poll that takes votes is message {message} in {room}")
        return shown

    async def _say(
        self, kind: HeardKind, room: RoomRef, identity: str | None, name: str, spoken: Spoken, **more: Any
    ) -> str:
        text = plain(spoken.html)
        place = self._in(room)
        if spoken.poll is not None and self.name == "telegram":
            handle = sha256(f"{room} {len(place.shown) if place is not None else 0} {spoken.poll}".encode()).hexdigest()
            spoken = replace(spoken, poll=replace(spoken.poll, handle=handle[:16]))

        def put(key: str) -> None:
            if kind != "message" or place is None:
                return
            file = spoken.file
            data = self._files.get(digest_of(file)) if file is not None else None
            kept = Kept(file.kind, file.name, file.type, data) if file is not None and data is not None else None
            place.shown[key] = Shown(
                key, room, spoken.html, text, (), more.get("reply_to"), at=self._clock(), versions=(text,),
                sender=identity or "", file=kept, album=file.album if file is not None else None,
                point=spoken.point, poll=spoken.poll, contact=spoken.contact, thread=more.get("thread"),
            )  # fmt: skip

        return await self._hear(kind, room, identity, name, put, text=text, point=spoken.point, spoken=spoken, **more)

    async def until(self, so: Callable[[], bool]) -> None:
        """Wait until something is so; it is looked at after each change here. Give it a timeout."""
        async with self._changed:
            await self._changed.wait_for(so)

    async def _hear(
        self,
        kind: HeardKind,
        room: RoomRef,
        identity: str | None = None,
        name: str = "",
        put: Callable[[str], None] | None = None,
        **more: Any,
    ) -> str:
        """Keep something that happened, once the network runs. What could not be kept is told when it runs again.

        ``put`` shows it in its room under its key, before anybody is told.
        """
        if self._ears is None and kind != "room":
            await self.until(lambda: self._ears is not None)
        ears = self._ears
        if ears is None:
            raise NetworkDown(self._is_down or "the network does not run")
        async with self._turn:
            item = self._noted(kind, room, identity, name, **more)
            if put is not None:
                put(item[0])
            try:
                await ears.keep(self.name, [item], str(self._count))
            except Exception as failed:  # noqa: BLE001  # whatever it is, it ends ``run`` and not what a person does
                self._unkept.append(item)
                self._failed = failed
                await self._tell()
        await self.until(lambda: item not in self._unkept)
        return item[0]

    def _noted(
        self, kind: HeardKind, room: RoomRef, identity: str | None = None, name: str = "", **more: Any
    ) -> tuple[str, str]:
        """Something that happened, with its key, as ``read`` reads it."""
        self._count += 1
        key = f"r{self._count}"
        more.setdefault("message_id", key)
        place = self._in(room)
        private = place.traits.private if place is not None else False
        heard = Heard(key, kind, room, self._clock(), identity, name, private=private, **more)
        raw = asdict(heard)
        raw["room"] = str(room)
        raw["said_at"] = heard.said_at.isoformat()
        raw["moved_to"] = str(heard.moved_to) if heard.moved_to is not None else None
        raw["spoken"] = written(heard.spoken) if heard.spoken is not None else None
        return key, json.dumps(raw, ensure_ascii=False)

    async def _tell(self) -> None:
        async with self._changed:
            self._changed.notify_all()


def read_back(body: str) -> Heard:
    """What was noted here. Raises ValueError for anything else."""
    try:
        raw: dict[str, Any] = json.loads(body)
        for key in ("room", "moved_to"):
            raw[key] = RoomRef.parse(raw[key]) if raw[key] is not None else None
        raw["said_at"] = datetime.fromisoformat(raw["said_at"])
        raw["point"] = tuple(raw["point"]) if raw["point"] is not None else None
        raw["traits"] = RoomTraits(**raw["traits"]) if raw["traits"] is not None else None
        raw["spoken"] = read(raw["spoken"]) if raw["spoken"] is not None else None
        raw["options"], raw["tally"] = tuple(raw["options"]), tuple(raw["tally"])
        raw["quoted"] = tuple(raw["quoted"]) if raw["quoted"] is not None else None
        return Heard(**raw)
    except (KeyError, TypeError, AttributeError) as odd:
        raise ValueError(f"nothing that was heard here ({type(odd).__name__})") from odd


def digest_of(file: File) -> str:
    """Under which name the bytes of a file are kept here; empty for what was never offered here."""
    try:
        return str(json.loads(file.where)["sha256"])
    except (ValueError, KeyError, TypeError):
        return ""


def _html(text: str) -> str:
    return restricted(escape(text, quote=False))
