"""A network inside this process: for rehearsals, for stories, and for trying the program without any account.

It keeps the manners of the network it stands for: Telegram shows buttons, takes the same message twice, and cuts long
texts at 4096; Matrix has encrypted rooms behind aliases, reactions instead of buttons, and sends that may be repeated.
Nothing leaves the machine.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable
from copy import copy
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

from bot.networks import markup
from bot.networks.port import (
    Button,
    Delayed,
    Ears,
    Heard,
    HeardKind,
    Limits,
    Moved,
    NetworkDown,
    NetworkState,
    Outcome,
    Outgoing,
    Refused,
    RoomTraits,
    Sent,
)
from playbooks.load import Book
from playbooks.rooms import Network, RoomRef

TELEGRAM_REMOVES = timedelta(hours=48)

USERNAMES = {"telegram": "tocsin_rehearsal_bot", "matrix": "@tocsin:rehearsal.invalid"}


def _folded(name: str) -> str:
    return name.casefold().replace("\ufe0f", "").strip()


@dataclass(slots=True)
class Shown:
    """A message as it stands in a room. ``versions`` has every text it had, the newest last."""

    id: str
    room: RoomRef
    html: str
    text: str
    buttons: tuple[tuple[Button, ...], ...] = ()
    reply_to: str | None = None
    loud: bool = False
    notice: bool = False
    token: str = ""
    at: datetime | None = None
    versions: list[str] = field(default_factory=list)

    def button(self, choice: str) -> Button | None:
        """The button with this label, command, last word of its command, or emoji, whatever the case."""
        wanted = _folded(choice)
        for row in self.buttons:
            for button in row:
                named = (button.label, button.command, button.command.rpartition(" ")[2], button.emoji)
                if wanted in {_folded(name) for name in named}:
                    return button
        return None


@dataclass(slots=True)
class _Place:
    """A room: what is known of it, how it is called, and what was said there by the bot."""

    traits: RoomTraits
    shown: dict[str, Shown] = field(default_factory=dict)
    refuses: str | None = None
    gone: bool = False
    moved_to: RoomRef | None = None


class Rehearsal:
    """One network, in process. ``clock`` gives aware times; ``books`` name its rooms."""

    def __init__(self, network: Network, books: Iterable[Book], clock: Callable[[], datetime]) -> None:
        self.name: Network = network
        self.limits = Limits()
        self.state = NetworkState()
        self._clock = clock
        self._rooms: dict[RoomRef, _Place] = {}
        self._aliases: dict[str, RoomRef] = {}
        self._ears: Ears | None = None
        self._count = 0
        self._turn = asyncio.Lock()
        self._changed = asyncio.Condition()
        self._is_down: str | None = None
        self._unkept: list[tuple[str, str]] = []
        self._failed: Exception | None = None
        self.watchers: list[Callable[[Shown], None]] = []
        for book in books:
            for partner in book.playbook.partners.values():
                for room in partner.rooms:
                    if room.network == network:
                        self._name(room.ref, partner.name)

    def _name(self, ref: RoomRef, title: str) -> None:
        if ref.network == "matrix":
            encrypted = RoomTraits(encrypted=True, title=title, alias=ref.id if ref.id.startswith("#") else None)
            actual = RoomRef("matrix", "!" + ref.id[1:])
            self._aliases[ref.id] = actual
            self._rooms.setdefault(actual, _Place(encrypted))
        else:
            self._rooms.setdefault(ref, _Place(RoomTraits(title=title)))

    # -- the port --------------------------------------------------------------------------------------------------

    def split(self, html: str) -> list[str]:
        """As the real network would have it."""
        return markup.split(html, 4096) if self.name == "telegram" else markup.split(html, 16_000, len)

    def read(self, body: str) -> Heard | None:
        """What ``_hear`` wrote. Raises ValueError for anything else."""
        try:
            raw: dict[str, Any] = json.loads(body)
            for key in ("room", "moved_to"):
                raw[key] = RoomRef.parse(raw[key]) if raw[key] is not None else None
            raw["said_at"] = datetime.fromisoformat(raw["said_at"])
            raw["point"] = tuple(raw["point"]) if raw["point"] is not None else None
            raw["traits"] = RoomTraits(**raw["traits"]) if raw["traits"] is not None else None
            return Heard(**raw)
        except (KeyError, TypeError, AttributeError) as odd:
            raise ValueError(f"nothing that was heard here ({type(odd).__name__})") from odd

    async def run(self, ears: Ears) -> None:
        """Be there until cancelled, or until ``cut``."""
        if self._is_down is not None:
            await ears.lost(self.name, self._is_down, rejected=False)
            raise NetworkDown(self._is_down)
        self._count = max(self._count, int(await ears.cursor(self.name) or 0))
        present = [(ref, place.traits) for ref, place in self._rooms.items() if not place.gone]
        known = [self._noted("room", ref, traits=traits) for ref, traits in present]
        await ears.keep(self.name, [*self._unkept, *known], str(self._count))
        self._unkept.clear()
        self._ears = ears
        self.state.connected, self.state.username, self.state.last_error = True, USERNAMES[self.name], None
        self.state.since = self._clock()
        await ears.connected(self.name, USERNAMES[self.name])
        await self._tell()
        try:
            async with self._changed:
                await self._changed.wait_for(lambda: self._is_down is not None or self._failed is not None)
        finally:
            self.state.connected, self._ears = False, None
        failed, self._failed = self._failed, None
        if failed is not None:
            raise failed
        down = str(self._is_down)
        self.state.last_error = down
        await ears.lost(self.name, down, rejected=False)
        raise NetworkDown(down)

    async def send(self, out: Outgoing) -> Outcome:
        """Show a message in its room."""
        if self._is_down is not None:
            return Delayed(1.0, self._is_down)
        place = self._rooms.get(out.room) or self._rooms.get(out.room.chat)
        if place is None:
            return Refused("there is no such room", gone=True)
        if out.kind == "join" and self.name == "telegram":
            return Refused("a Telegram bot cannot join by itself; somebody in the group has to add it")
        if out.kind == "join":
            place.gone = False
            await self._hear("joined", out.room)
            return Sent(out.room.id)
        if out.kind == "leave":
            place.gone = True
            return Sent(out.room.id)
        if place.gone:
            return Refused("the bot is not in the room any more", gone=True)
        if out.kind == "delete" and place.moved_to is not None and self.name == "telegram":
            return Refused("the group has become another, in which the message has another name")
        if place.moved_to is not None:
            closed = Refused("the bot may not speak in the room; it was replaced by another")
            return Moved(place.moved_to) if self.name == "telegram" else closed
        if place.refuses is not None:
            return Refused(place.refuses)
        if out.kind == "message" and place.traits.tampered:
            return Refused("the room was encrypted and now is not; nothing is said there any more, bind another room")
        if out.must_encrypt and not place.traits.encrypted:
            return Refused("the room is not encrypted any more")
        if out.kind == "delete":
            outcome = self._remove(place, out)
            await self._tell()
            return outcome
        outcome = self._edit(place, out) if out.replaces is not None else self._show(place, out)
        if isinstance(outcome, Sent):
            for watcher in self.watchers:
                watcher(place.shown[outcome.message_id])
        await self._tell()
        return outcome

    async def resolve(self, alias: str) -> RoomRef | None:
        """The room behind an alias."""
        if self._is_down is not None:
            raise NetworkDown(self._is_down)
        return self._aliases.get(alias)

    async def direct(self, identity: str) -> RoomRef | None:
        """The private chat with a person; there always is one, with whoever could be a person here."""
        network, _, person = identity.partition(":")
        is_one = person.isdecimal() if self.name == "telegram" else person.startswith("@")
        return self.private(identity) if network == self.name and is_one else None

    async def examine(self, room: RoomRef) -> list[str]:
        """Whether we are in the room."""
        place = self._rooms.get(room)
        return [] if place is not None and not place.gone else [f"The bot is not in {room}: invite it."]

    async def close(self) -> None:
        """Nothing to let go of."""

    # -- people ----------------------------------------------------------------------------------------------------

    async def say(
        self,
        room: RoomRef,
        identity: str | None,
        name: str,
        text: str,
        reply_to: str | None = None,
        point: tuple[int, int] | None = None,
    ) -> str:
        """Somebody writes, or sends a place (``point``, in microdegrees). Returns the message's id once it is kept."""
        return await self._hear("message", room, identity, name, text=text, reply_to=reply_to, point=point)

    async def rewrite(self, room: RoomRef, message: str, identity: str, name: str, text: str) -> None:
        """Somebody changes what they wrote."""
        await self._hear("edited", room, identity, name, text=text, message_id=message)

    async def tap(self, room: RoomRef, message: str, identity: str, choice: str, name: str = "") -> None:
        """Somebody chooses ``choice`` (see ``Shown.button``): a tap on Telegram, a reaction on Matrix.

        Raises LookupError where the message offers no such choice.
        """
        shown = self._rooms[room].shown.get(message)
        button = shown.button(choice) if shown is not None else None
        if button is None:
            raise LookupError(f"no choice {choice!r} under message {message} in {room}")
        if self.name == "telegram":
            await self._hear("button", room, identity, name, text=button.command, message_id=message)
        else:
            await self.react(room, message, identity, button.emoji, name)

    async def react(self, room: RoomRef, message: str, identity: str, emoji: str, name: str = "") -> None:
        """Somebody reacts to a message."""
        await self._hear("reaction", room, identity, name, emoji=emoji, message_id=message)

    # -- what a test or a spectator sees and does ---------------------------------------------------------------------

    @property
    def rooms(self) -> tuple[RoomRef, ...]:
        """Every room there is."""
        return tuple(self._rooms)

    def room(self, written: RoomRef) -> RoomRef:
        """The room as the network knows it, from how a playbook writes it."""
        return self._aliases.get(written.id, written)

    def private(self, identity: str) -> RoomRef:
        """The private chat of a person with the bot."""
        person = identity.partition(":")[2]
        ref = RoomRef(self.name, person if self.name == "telegram" else "!direct-" + person.removeprefix("@"))
        traits = RoomTraits(private=True, encrypted=self.name == "matrix")
        self._rooms.setdefault(ref, _Place(traits))
        return ref

    def add(self, ref: RoomRef, traits: RoomTraits) -> None:
        """A room that no playbook names."""
        self._rooms[ref] = _Place(traits)

    def messages(self, room: RoomRef) -> tuple[Shown, ...]:
        """What stands in a room, oldest first."""
        place = self._rooms.get(room)
        return tuple(place.shown.values()) if place is not None else ()

    async def until(self, so: Callable[[], bool]) -> None:
        """Wait until something is so; it is looked at after each change here. Give it a timeout."""
        async with self._changed:
            await self._changed.wait_for(so)

    async def observe(self, room: RoomRef, traits: RoomTraits) -> None:
        """The room changes."""
        self._rooms[room].traits = traits
        await self._hear("room", room, traits=traits)

    async def invite(self, room: RoomRef, identity: str) -> None:
        """Somebody invites the bot; on Telegram that already puts it into the group."""
        place = self._rooms.setdefault(room, _Place(RoomTraits(encrypted=self.name == "matrix")))
        place.gone = self.name == "matrix"
        await self._hear("invited" if place.gone else "joined", room, identity)

    async def throw_out(self, room: RoomRef) -> None:
        """The bot loses its place in a room."""
        self._rooms[room].gone = True
        await self._hear("removed", room)

    async def move(self, room: RoomRef, to: RoomRef) -> None:
        """The room gets a new address: a group becomes a supergroup, a Matrix room is replaced and closed."""
        place = self._rooms[room]
        self._rooms[to] = _Place(place.traits)
        place.moved_to = to
        await self._hear("moved", room, moved_to=to)

    def refuse(self, room: RoomRef, reason: str | None) -> None:
        """From now on this room takes nothing, with this reason; None: it does again."""
        self._rooms[room].refuses = reason

    async def cut(self, reason: str = "the network does not answer") -> None:
        """The network is down from now on."""
        self._is_down = reason
        await self._tell()

    async def mend(self) -> None:
        """The network is there again; whoever runs it starts it anew."""
        self._is_down = None
        await self._tell()

    # -- within ----------------------------------------------------------------------------------------------------

    def _show(self, place: _Place, out: Outgoing) -> Outcome:
        # A token is unique for ever, so that an id made from it outlives a restart of this process.
        name = f"${out.token}" if self.name == "matrix" else out.token
        while self.name == "telegram" and name in place.shown:
            name += "+"
        if name not in place.shown:
            place.shown[name] = Shown(
                name, out.room, out.html, out.text, out.buttons, out.reply_to, out.loud, out.notice, out.token,
                self._clock(), [out.text],
            )  # fmt: skip
        return Sent(name)

    def _edit(self, place: _Place, out: Outgoing) -> Outcome:
        shown = place.shown.get(out.replaces or "")
        if shown is None:
            return Refused("the message to edit is not there")
        changed = copy(shown)
        changed.html, changed.text, changed.buttons, changed.token = out.html, out.text, out.buttons, out.token
        changed.versions = [*shown.versions, out.text]
        place.shown[shown.id] = changed
        return Sent(shown.id)

    def _remove(self, place: _Place, out: Outgoing) -> Outcome:
        """What is not there any more counts as removed. Telegram removes nothing that has stood for two days."""
        shown = place.shown.get(out.replaces or "")
        stood = self._clock() - shown.at if shown is not None and shown.at is not None else timedelta(0)
        if self.name == "telegram" and stood >= TELEGRAM_REMOVES:
            return Refused("message can't be deleted")
        place.shown.pop(out.replaces or "", None)
        return Sent(out.replaces or "")

    async def _hear(
        self, kind: HeardKind, room: RoomRef, identity: str | None = None, name: str = "", **more: Any
    ) -> str:
        """Keep something that happened, once the network runs. What could not be kept is told when it runs again."""
        if self._ears is None and kind != "room":
            await self.until(lambda: self._ears is not None)
        ears = self._ears
        if ears is None:
            raise NetworkDown(self._is_down or "the network does not run")
        async with self._turn:
            item = self._noted(kind, room, identity, name, **more)
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
        place = self._rooms.get(room)
        private = place.traits.private if place is not None else False
        heard = Heard(key, kind, room, self._clock(), identity, name, private=private, **more)
        raw = asdict(heard)
        raw["room"] = str(room)
        raw["said_at"] = heard.said_at.isoformat()
        raw["moved_to"] = str(heard.moved_to) if heard.moved_to is not None else None
        return key, json.dumps(raw, ensure_ascii=False)

    async def _tell(self) -> None:
        async with self._changed:
            self._changed.notify_all()
