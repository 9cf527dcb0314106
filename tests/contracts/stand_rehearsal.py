"""The rehearsal to its contract: it has to behave like the network that it stands for."""

from __future__ import annotations

import asyncio
import itertools
from datetime import UTC, datetime
from typing import Any

from bot.networks.port import Button, NetworkPort, RoomTraits
from bot.networks.rehearsal import Rehearsal
from bot.networks.rehearsal_rooms import Shown
from playbooks.rooms import Network, RoomRef
from playbooks.spoken import File
from tests.contracts.stand import Stand, Trait
from tests.contracts.talk import Person, Seen
from tests.contracts.talk_rehearsal import RehearsalTalk
from tests.patience import PATIENCE

_PEOPLE = {
    "telegram": (Person("telegram:501", "Ada"), Person("telegram:502", "Bo")),
    "matrix": (Person("matrix:@ada:example.org", "Ada"), Person("matrix:@bo:example.org", "Bo")),
}


class RehearsalStand(RehearsalTalk, Stand):
    """One side of a rehearsal."""

    delivers_again = False
    has_credentials = False
    sealed = False

    def __init__(self, network: Network) -> None:
        super().__init__()
        matrix = network == "matrix"
        self.network = network
        self.tap_is = "reaction" if matrix else "button"
        self.repeats_tokens = not matrix
        self.asks_in = matrix
        self.plays(network)
        self._given: dict[str, File] = {}
        self.comes_along = not matrix
        self.sealed = matrix
        self.traits = ("world_readable", "open_join", "tampered") if matrix else ("public",)
        self.ada, self.bo = _PEOPLE[network]
        self._rooms = itertools.count(1)

    async def open(self) -> None:
        self.port = self._people = Rehearsal(self.network, (), lambda: datetime.now(UTC))
        await self.start()

    async def close(self) -> None:
        await self.stop()
        await self.port.close()

    async def renew(self) -> None:
        """There is nothing outside the process, so it is the same port that goes on."""

    def stranger(self) -> NetworkPort:
        raise LookupError("whoever starts a rehearsal is in it")

    async def room(self) -> RoomRef:
        number = next(self._rooms)
        ref = RoomRef(self.network, f"!crue{number}" if self.network == "matrix" else f"-{1000 + number}")
        self._people.add(ref, RoomTraits(encrypted=self.sealed, title="Crue"))
        return ref

    async def private(self) -> RoomRef:
        return self._people.private(self.ada.identity)

    async def say(self, room: RoomRef, text: str, who: Person | None = None, reply_to: str | None = None) -> str:
        person = who or self.ada
        return await self._people.say(room, person.identity, person.name, text, reply_to)

    async def hide_and_say(self, room: RoomRef, text: str) -> Person | None:
        if self.network == "matrix":
            await self.say(room, text)
            return self.ada
        await self._people.say(room, None, "Crue", text)
        return None

    async def edit(self, room: RoomRef, message: str, text: str) -> None:
        await self._people.rewrite(room, message, self.ada.identity, self.ada.name, text)

    async def locate(self, room: RoomRef, latitude: float, longitude: float) -> None:
        point = (round(latitude * 1_000_000), round(longitude * 1_000_000))
        await self._people.say(room, self.ada.identity, self.ada.name, "", point=point)

    async def tap(self, room: RoomRef, message: str, button: Button) -> None:
        await self._people.tap(room, message, self.ada.identity, button.label, self.ada.name)

    async def seen(self, room: RoomRef) -> list[Seen]:
        return [self.look(shown) for shown in self._people.messages(room)]

    async def see(self, room: RoomRef, text: str) -> Seen:
        def found() -> list[Shown]:
            return [shown for shown in self._people.messages(room) if text in shown.text]

        async with asyncio.timeout(PATIENCE):
            await self._people.until(lambda: bool(found()))
        return self.look(found()[0])

    async def gone(self, room: RoomRef, message: str) -> None:
        async with asyncio.timeout(PATIENCE):
            await self._people.until(lambda: message not in {shown.id for shown in self._people.messages(room)})

    async def throw_out(self, room: RoomRef) -> None:
        await self._people.throw_out(room)

    async def take_back(self, room: RoomRef) -> None:
        await self._people.invite(room, self.ada.identity)

    async def move(self, room: RoomRef) -> RoomRef:
        to = RoomRef(self.network, f"{room.id}0")
        await self._people.move(room, to)
        return to

    async def worsen(self, room: RoomRef, trait: Trait) -> None:
        changed: dict[str, Any] = {"encrypted": self.sealed, "title": "Crue"} | {trait: True}
        await self._people.observe(room, RoomTraits(**changed))

    async def odd(self, room: RoomRef) -> None:
        await self.inbox.keep(self.network, [(f"odd in {room}", '{"kind": "message"}')], None)

    async def deliver_again(self) -> None:
        """It never does."""

    async def down(self) -> None:
        await self._people.cut()

    async def up(self) -> None:
        await self._people.mend()
