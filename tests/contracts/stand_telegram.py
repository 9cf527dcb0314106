"""Telegram to its contract: our emulator of the Bot API, with its people."""

from __future__ import annotations

import copy
import itertools
from datetime import UTC, datetime
from typing import Any

from bot.networks.port import Button, Limits, NetworkPort
from bot.networks.telegram import Telegram
from playbooks.rooms import RoomRef
from tests.contracts.stand import SECRET, Stand, Trait
from tests.contracts.talk import Person, Seen
from tests.contracts.talk_telegram import TelegramTalk
from tests.emulators.telegram import TelegramEmulator


class TelegramStand(TelegramTalk, Stand):
    """Groups in which the bot is an administrator, so that it is told of reactions too."""

    network = "telegram"
    ada = Person("telegram:501", "Ada")
    bo = Person("telegram:502", "Bo")
    traits = ("public",)
    traits_come_with = "message"  # of a new username Telegram says nothing by itself

    async def open(self) -> None:
        self._town = TelegramEmulator()
        await self._town.up()
        self._town.user(501, "Ada", "fr")
        self._town.user(502, "Bo")
        self._groups = itertools.count(1)
        self._last: dict[str, Any] = {}
        self._before: str | None = None
        await self.renew()
        await self.start()

    async def close(self) -> None:
        await self.stop()
        await self.port.close()
        await self._town.down()

    async def renew(self) -> None:
        self.port = Telegram(self._town.token, self._town.url, Limits(), lambda: datetime.now(UTC))

    def stranger(self) -> NetworkPort:
        return Telegram(f"7000000001:{SECRET}", self._town.url, Limits(), lambda: datetime.now(UTC))

    async def room(self) -> RoomRef:
        chat = -1000 - next(self._groups)
        self._town.group(chat, f"Crue {chat}", admin=True)
        return RoomRef("telegram", str(chat))

    async def private(self) -> RoomRef:
        await self._town.start(501)
        return RoomRef("telegram", "501")

    async def say(self, room: RoomRef, text: str, who: Person | None = None, reply_to: str | None = None) -> str:
        user = int((who or self.ada).identity.partition(":")[2])
        self._before = self.inbox.committed
        answered, topic = int(reply_to) if reply_to else None, int(room.topic) if room.topic else None
        said = await self._town.say(int(room.id), user, text, answered, topic)
        if self._town.updates:
            self._last = copy.deepcopy(self._town.updates[-1])
        return str(said.id)

    async def hide_and_say(self, room: RoomRef, text: str) -> Person | None:
        await self._town.anonymous(int(room.id), text)
        return None

    async def edit(self, room: RoomRef, message: str, text: str) -> None:
        await self._town.edit(int(room.id), int(message), text)

    async def locate(self, room: RoomRef, latitude: float, longitude: float) -> None:
        await self._town.location(int(room.id), 501, latitude, longitude)

    async def tap(self, room: RoomRef, message: str, button: Button) -> None:
        await self._town.press(int(room.id), int(message), 501, button.label)

    async def seen(self, room: RoomRef) -> list[Seen]:
        return [self.look(message) for message in self._town.messages(int(room.id))]

    async def see(self, room: RoomRef, text: str) -> Seen:
        return self.look(await self._town.wait_message(int(room.id), text))

    async def gone(self, room: RoomRef, message: str) -> None:
        await self._town.wait_for(lambda: int(message) not in {one.id for one in self._town.messages(int(room.id))})

    async def throw_out(self, room: RoomRef) -> None:
        await self._town.kick(int(room.id), 501)

    async def take_back(self, room: RoomRef) -> None:
        await self._town.add(int(room.id), 501, admin=True)

    async def move(self, room: RoomRef) -> RoomRef:
        return RoomRef("telegram", str(await self._town.migrate(int(room.id))))

    async def worsen(self, room: RoomRef, trait: Trait) -> None:
        assert trait == "public"
        self._town.chats[int(room.id)].username = "open_to_all"
        await self.say(room, "anyone may come now")

    async def odd(self, room: RoomRef) -> None:
        for odd in ({"message": {"from": 5, "chat": []}}, {"callback_query": 7}, {"something_new": {"x": 1}}):
            self._town.updates.append({"update_id": self._town.next_update_id, **odd})
            self._town.next_update_id += 1
        self._town.changed()

    async def deliver_again(self) -> None:
        # Telegram repeats what nobody has confirmed; here somebody has, and then lost what was committed.
        await self._town.wait_for(lambda: not self._town.updates)
        await self.stop()
        self.inbox.committed = self._before
        self._town.updates.append(self._last)
        await self.start()

    async def down(self) -> None:
        await self._town.down()

    async def up(self) -> None:
        await self._town.up()
