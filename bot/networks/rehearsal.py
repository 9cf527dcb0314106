"""A network inside this process: for rehearsals, for stories, and for trying the program without any account.

It keeps the manners of the network it stands for: Telegram shows buttons, takes the same message twice, and cuts long
texts at 4096; Matrix has encrypted rooms behind aliases, reactions instead of buttons, and sends that may be repeated.
Nothing leaves the machine.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from datetime import datetime

from bot.networks import markup
from bot.networks.port import (
    Delayed,
    Ears,
    FileGone,
    Heard,
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
from bot.networks.rehearsal_people import People, digest_of, read_back
from bot.networks.rehearsal_rooms import CAPTIONS, LARGEST, TELEGRAM_TEXT, Kept, Place, Shown
from playbooks.load import Book
from playbooks.rooms import Network, RoomRef
from playbooks.spoken import File

USERNAMES = {"telegram": "tocsin_rehearsal_bot", "matrix": "@tocsin:rehearsal.invalid"}
PIECE = 65_536
"""Bytes of a file that are handed out at once."""


class Rehearsal(People):
    """One network, in process. ``clock`` gives aware times; ``books`` name its rooms."""

    def __init__(self, network: Network, books: Iterable[Book], clock: Callable[[], datetime]) -> None:
        super().__init__(network, clock)
        self.limits = Limits()
        self.state = NetworkState()
        self.largest_download: int | None = 20_000_000 if network == "telegram" else None
        self.largest_upload: int | None = LARGEST[network]
        self.captions = CAPTIONS[network]
        self.threads = network == "matrix"
        self._aliases: dict[str, RoomRef] = {}
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
            self._rooms.setdefault(actual, self._place(encrypted))
        else:
            self._rooms.setdefault(ref, self._place(RoomTraits(title=title)))

    def _place(self, traits: RoomTraits) -> Place:
        return Place(self.name, traits)

    # -- the port --------------------------------------------------------------------------------------------------

    def split(self, html: str) -> list[str]:
        """As the real network would have it."""
        return markup.split(html, TELEGRAM_TEXT) if self.name == "telegram" else markup.split(html, 16_000, len)

    def read(self, body: str) -> Heard | None:
        """What people did, as it was noted. Raises ValueError for anything else."""
        return read_back(body)

    async def fetch(self, file: File) -> AsyncIterator[bytes]:
        """The bytes of what was offered here since the program began."""
        if self._is_down is not None:
            raise NetworkDown(self._is_down)
        data = self._files.get(digest_of(file))
        if data is None:
            raise FileGone("the rehearsal in which it was sent is over")
        if self.largest_download is not None and len(data) > self.largest_download:
            raise FileGone("the file is too large")
        for start in range(0, len(data), PIECE):
            yield data[start : start + PIECE]

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
        place = self._in(out.room)
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
        if place.moved_to is not None and (self.name == "telegram" or out.kind == "message"):
            return Moved(place.moved_to, by_people=self.name == "matrix")
        if place.moved_to is not None:
            return Refused("the bot may not speak in the room; it was replaced by another")
        if place.refuses is not None:
            return Refused(place.refuses)
        if out.kind == "message" and place.traits.tampered:
            return Refused("the room was encrypted and now is not; nothing is said there any more, bind another room")
        if out.must_encrypt and not place.traits.encrypted:
            return Refused("the room is not encrypted any more")
        outcome, shown = await self._do(place, out)
        for one in shown:
            for watcher in self.watchers:
                watcher(one)
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
        self._rooms.setdefault(ref, self._place(traits))
        return ref

    def add(self, ref: RoomRef, traits: RoomTraits) -> None:
        """A room that no playbook names."""
        self._rooms[ref] = self._place(traits)

    def messages(self, room: RoomRef) -> tuple[Shown, ...]:
        """What the bot said and what still stands in a room, oldest first."""
        return tuple(shown for shown in self.standing(room) if shown.sender is None)

    def standing(self, room: RoomRef) -> tuple[Shown, ...]:
        """What stands in a room, whoever said it, oldest first; in a group with topics, in all of them."""
        place = self._in(room)
        found = place.shown.values() if place is not None else ()
        return tuple(shown for shown in found if room.topic is None or shown.room == room)

    async def observe(self, room: RoomRef, traits: RoomTraits) -> None:
        """The room changes."""
        self._rooms[room].traits = traits
        await self._hear("room", room, traits=traits)

    async def invite(self, room: RoomRef, identity: str) -> None:
        """Somebody invites the bot; on Telegram that already puts it into the group."""
        place = self._rooms.setdefault(room, self._place(RoomTraits(encrypted=self.name == "matrix")))
        place.gone = self.name == "matrix"
        await self._hear("invited" if place.gone else "joined", room, identity)

    async def throw_out(self, room: RoomRef) -> None:
        """The bot loses its place in a room."""
        self._rooms[room].gone = True
        await self._hear("removed", room)

    async def move(self, room: RoomRef, to: RoomRef) -> None:
        """The room gets a new address: a group becomes a supergroup, a Matrix room is replaced and closed."""
        place = self._rooms[room]
        self._rooms[to] = self._place(place.traits)
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

    async def _do(self, place: Place, out: Outgoing) -> tuple[Outcome, list[Shown]]:
        """What becomes of a message, and what stands in the room anew or not any more."""
        if out.kind == "react":
            outcome, reacted = place.sign(out)
            return outcome, [reacted] if reacted is not None else []
        if out.kind == "delete":
            removed = place.remove(out.replaces or "", self._clock())
            if isinstance(removed, Refused):
                return removed, []
            return Sent(out.replaces or ""), [removed] if removed is not None else []
        if out.kind == "end":
            ended = place.end(out.replaces or "")
            return Sent(out.replaces or ""), [ended] if ended is not None else []
        files = await self._files_of(out)
        if isinstance(files, Refused):
            return files, []
        if out.kind == "edit" or out.replaces is not None:
            edited = place.edit(out, files)
            return (edited, []) if isinstance(edited, Refused) else (Sent(edited.id), [edited])
        said = place.say(out, files, self._clock())
        if isinstance(said, Refused):
            return said, []
        first, *others = said
        handle = first.handle() if out.poll is not None and self.name == "telegram" else None
        return Sent(first.id, tuple(one.id for one in others), handle), said

    async def _files_of(self, out: Outgoing) -> tuple[Kept, ...] | Refused:
        """What goes with a message, as it will stand in its room."""
        found = []
        for file in out.files:
            if self.largest_upload is not None and file.size > self.largest_upload:
                return Refused("file is too big")
            try:
                data = await asyncio.to_thread(file.path.read_bytes)
            except OSError:
                return Refused("the file is not at hand any more")
            found.append(Kept(file.source.kind, file.name, file.type, data))
        return tuple(found)
