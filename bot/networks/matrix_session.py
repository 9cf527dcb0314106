"""A logged-in device with whole keys, and the rooms it knows: what hearing and speaking share."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from bot.networks import matrix_odd
from bot.networks.matrix_http import Homeserver, room_path
from bot.networks.matrix_intake import Intake
from bot.networks.matrix_keys import Keys
from bot.networks.matrix_login import Login
from bot.networks.matrix_memory import Memory
from bot.networks.matrix_rooms import Room
from bot.networks.matrix_sharing import Sharing

LET_IN_WITHIN = timedelta(minutes=1)
"""So long we may wait to be asked into a room that takes the place of one of ours: those who were in that are invited one by one."""


@dataclass(slots=True)
class Session:
    """All that lives as long as we are who we are. ``unvouched``: why our device is not cross-signed, if it is not."""

    home: Homeserver
    login: Login
    memory: Memory
    keys: Keys
    sharing: Sharing
    intake: Intake
    rooms: dict[str, Room]
    cursor: str | None = None
    unvouched: str | None = None
    opening: asyncio.Lock = field(default_factory=asyncio.Lock)
    _turned_away: dict[str, datetime] = field(default_factory=dict)
    _learning: defaultdict[str, asyncio.Lock] = field(default_factory=lambda: defaultdict(asyncio.Lock))

    @classmethod
    def open(cls, home: Homeserver, folder: Path, login: Login) -> Session:
        """Read keys and memory from ``folder``."""
        keys, memory = Keys(home, folder, login), Memory(folder)
        rooms: dict[str, Room] = {}
        sharing = Sharing(keys, rooms)
        return cls(home, login, memory, keys, sharing, Intake(memory, keys, sharing, rooms, login.user), rooms)

    def close(self) -> None:
        self.keys.close()
        self.memory.close()

    async def room(self, room: str) -> Room:
        """The room as we know it; asks for its state where no sync has told it yet. Raises NetworkDown."""
        known = self.rooms.get(room)
        if known is not None and known.whole:
            return known
        async with self._learning[room]:
            known = self.rooms.get(room)
            if known is not None and known.whole:
                return known
            text = await self.home.call_raw("GET", room_path(room, "state"))
            return self.intake.learn_state(room, matrix_odd.loads(text))

    def may_be_let_in(self, room: str, now: datetime) -> bool:
        """Whether ``room``, which does not let us in, takes the place of one of ours and has not been waited for long."""
        if all(known.replacement != room for known in self.rooms.values()):
            return False
        return now - self._turned_away.setdefault(room, now) < LET_IN_WITHIN

    def encryption_trouble(self, room: Room) -> str | None:
        """Why nothing may be said in ``room``: its state, the key store and our own mark must agree on encryption."""
        marked = self.memory.room(room.id).encryption is not None
        stored = room.id in self.keys.encrypted_rooms
        if room.encrypted == marked == stored:
            return None
        if marked and not room.encrypted:
            return "the room was encrypted and now is not; nothing is said there any more, bind another room"
        return (
            "the bot's records do not agree on whether the room is encrypted;"
            " restart the bot, and bind another room if it stays so"
        )
