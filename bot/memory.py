"""What was said in channels and what became of it, as it is on file and as this turn leaves it.

What a turn has decided is on no file before its commit, so each question is asked of the turn too: it knows better.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from bot.addressing import Addresses
from bot.copies import standing
from bot.networks.port import Heard
from bot.quoting import meant, spanned
from bot.transaction import Transaction
from handlers import recap
from handlers.channels import threaded
from playbooks.rooms import Network, RoomRef
from storage.store import Beside, OutboxRow, Store, Utterance

_ARRIVES = ("pending", "inflight", "sent")


@dataclass
class Memory:
    """What one turn can know of what was said. Raises StorageError where it cannot be read."""

    store: Store
    tx: Transaction

    async def polled(self, network: Network, handle: str) -> list[Utterance]:
        """The polls that people asked with this second name, as this turn leaves them."""
        return self.tx.polled(handle, await self.store.polled(network, handle))

    async def thread(self, heard: Heard) -> Utterance | None:
        """What began the thread in which this was said: as its network says, or the first in its topic, where that is one."""
        if heard.room.topic is None:
            return await self.utterance_at(heard.room, heard.thread)
        incident = threaded(self.tx.world, heard.room, self.tx.now)
        if incident is None:
            return None
        made = self.tx.thread_of(heard.room) or await self.store.thread_of(heard.room)
        if made is not None and made.stream == incident.id:
            return await self.utterance(made.stream, made.said)
        first = await self.store.first_in_topic(incident.id, heard.room)
        return first or self.tx.first_in_topic(incident.id, heard.room)

    async def answered(self, heard: Heard) -> Utterance | None:
        """What it answers: of several things that went as one message the one that is quoted, else the last."""
        found = await self.utterance_at(heard.room, heard.reply_to)
        if found is None or heard.reply_to is None or heard.quoted is None or found.message == heard.reply_to:
            return found
        rows = await self._rows_at(heard.room, heard.reply_to)
        if len(rows) < 2:
            return found
        number = meant(await Addresses(self.store).lines(rows), *heard.quoted)
        one = rows[number] if number is not None else None
        return found if one is None else await self.utterance(one.stream, one.about or "") or found

    async def _rows_at(self, room: RoomRef, message: str) -> Sequence[OutboxRow]:
        """The rows that became this one message."""
        return await self.store.rows_of_message(room, message) or self.tx.carried_at(room, message)

    async def whole(self, heard: Heard, answered: Utterance | None) -> Utterance | None:
        """What it answers, with the origins of everything that went as one message with it, or of all of which something is quoted, and the channels in
        which all of that was said.
        """
        if answered is None or heard.reply_to is None or answered.message == heard.reply_to:
            return answered
        rows = await self._rows_at(heard.room, heard.reply_to)
        if len(rows) > 1 and heard.quoted is not None:
            rows = [rows[number] for number in spanned(await Addresses(self.store).lines(rows), *heard.quoted)]
        parts = [await self.utterance(row.stream, row.about or "") for row in rows]
        origins = {*answered.origins, *(origin for part in parts if part is not None for origin in part.origins)}
        said_in = [set(part.channels) for part in parts if part is not None]
        channels = tuple(one for one in answered.channels if all(one in where for where in said_in))
        return replace(answered, origins=tuple(sorted(origins)), channels=channels)

    async def utterance_at(self, room: RoomRef, message: str | None) -> Utterance | None:
        """What stands in a room under its network's name for it: said there, or carried there. Of several in one message, the last."""
        if message is None:
            return None
        said = self.tx.utterance_at(room, message)
        if said is not None:
            return said
        kept = await self.store.utterance_at(room, message)
        if kept is None and (now := self.tx.carried_at(room, message)):
            return await self.utterance(now[-1].stream, now[-1].about or "")
        return None if kept is None else self.tx.utterance(kept.stream, kept.id) or kept

    async def utterance(self, stream: str, said: str) -> Utterance | None:
        """Something that was said, by its id."""
        return self.tx.utterance(stream, said) or await self.store.utterance(stream, said)

    async def copies(self, stream: str, said: str) -> tuple[OutboxRow, ...]:
        """The rows about something that was said, as this turn leaves them, of many edits the newest; not reactions, of which there may be any number."""
        rows = self.tx.about(stream, said, await self.store.copies(stream, said))
        return tuple(row for row in rows if row.kind != "react")

    async def beside(self, room: RoomRef, album: str) -> tuple[Beside, ...]:
        """What was sent as this album so far, with every row about it, as this turn leaves it."""
        kept = await self.store.said_together(room, album)
        found = self.tx.said_together(room, album, kept)
        return tuple([Beside(one, await self.copies(one.stream, one.id)) for one in found])

    async def signs(self, said: Utterance) -> tuple[OutboxRow, ...]:
        """What is known of the bot's reactions to something where it was said, as this turn leaves it."""
        rows = self.tx.about(said.stream, said.id, await self.store.reactions(said.stream, said.id, said.room))
        return tuple(row for row in rows if row.kind == "react")

    async def recaps(self, stream: str, said: str) -> tuple[OutboxRow, ...]:
        """The recaps that show something that was said, as this turn leaves them."""
        return self.tx.recaps(stream, said, await self.store.recaps(stream, said))

    async def apart(self, recaps: Iterable[OutboxRow]) -> frozenset[tuple[str, RoomRef]]:
        """What these recaps show that stands, or is on its way, in their rooms by itself too: the ids and the rooms."""
        shown = {(row.stream, said, row.to) for row in recaps for said in recap.shown_in(row)}
        found = set()
        for stream, said, room in shown:
            rows = standing(await self.copies(stream, said), room)
            if any(row.state in _ARRIVES for row in rows):
                found.add((said, room))
        return frozenset(found)
