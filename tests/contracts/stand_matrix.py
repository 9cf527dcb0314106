"""Matrix to its contract: a real homeserver, and people with real clients."""

from __future__ import annotations

import asyncio
import itertools
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot.networks.matrix import Matrix
from bot.networks.port import Button, NetworkPort
from playbooks.rooms import RoomRef
from tests.contracts.road import Road
from tests.contracts.stand import SECRET, Stand, Trait
from tests.contracts.talk import Person, Seen
from tests.contracts.talk_matrix import MatrixTalk
from tests.emulators.matrix_person import MatrixPerson
from tests.emulators.matrix_view import Shown
from tests.emulators.synapse import SynapseServer

_numbers = itertools.count(1)
_STATE: dict[Trait, tuple[str, dict[str, Any]]] = {
    "encrypted": ("m.room.encryption", {"algorithm": "m.megolm.v1.aes-sha2"}),
    "tampered": ("m.room.encryption", {}),
    "world_readable": ("m.room.history_visibility", {"history_visibility": "world_readable"}),
    "open_join": ("m.room.join_rules", {"join_rule": "public"}),
}


class MatrixStand(MatrixTalk, Stand):
    """Rooms of one kind: encrypted, or plain."""

    network = "matrix"
    tap_is = "reaction"
    repeats_tokens = False
    asks_in = True
    comes_along = False  # the old room stands, closed; its tombstone names the new one, into which all are asked
    edit_is_named_anew = True

    def __init__(self, server: SynapseServer, folder: Path, *, sealed: bool) -> None:
        super().__init__()
        self.sealed = sealed
        self.traits = ("world_readable", "open_join", "tampered" if sealed else "encrypted")
        self._server = server
        self._folder = folder
        self._road = Road(server.port)
        self._before: str | None = None
        self._files, self._opened = {}, {}

    async def open(self) -> None:
        number = next(_numbers)
        self._name = f"bell{number}"
        self._me = self._server.register(self._name, "bell-password")
        self._ada = MatrixPerson(self._server, f"contract-ada{number}")
        self._bo = MatrixPerson(self._server, f"contract-bo{number}")
        self.ada = Person(f"matrix:{self._ada.user}", self._ada.name)
        self.bo = Person(f"matrix:{self._bo.user}", self._bo.name)
        await self._road.open()
        await asyncio.gather(self._ada.__aenter__(), self._bo.__aenter__())
        await self.renew()
        await self.start()

    async def close(self) -> None:
        await self.stop()
        await self.port.close()
        await self._road.close()
        await asyncio.gather(self._ada.__aexit__(), self._bo.__aexit__())

    async def renew(self) -> None:
        self.port = self._port(self._folder / "bot", "bell-password")

    def stranger(self) -> NetworkPort:
        return self._port(self._folder / "stranger", SECRET)

    def _port(self, folder: Path, password: str) -> Matrix:
        clock = lambda: datetime.now(UTC)  # noqa: E731
        return Matrix(self._road.url, self._name, store_folder=folder, clock=clock, password=password)

    async def room(self) -> RoomRef:
        made = await self._ada.create_room("Crue", encrypted=self.sealed, invite=(self._me, self._bo.user))
        room = RoomRef("matrix", made)
        await self._enter(room)
        await self._ada.wait_member(made, self._me)
        return room

    async def _bo_comes(self, room: RoomRef) -> MatrixPerson:
        """Bo, who takes up an invitation when he has something to say."""
        if room.id not in self._bo.client.rooms:
            await self._bo.join(room.id)
            await self._bo.wait_member(room.id, self._me)
            await self._ada.wait_member(room.id, self._bo.user)
        return self._bo

    async def _enter(self, room: RoomRef) -> None:
        await self.hear(room, "invited")
        await self.send(room, "", kind="join")
        await self.hear(room, "joined")

    async def private(self) -> RoomRef:
        made = await self._ada.create_room(direct=True, encrypted=self.sealed, invite=(self._me,))
        await self._enter(RoomRef("matrix", made))
        await self._ada.wait_member(made, self._me)
        return RoomRef("matrix", made)

    async def say(self, room: RoomRef, text: str, who: Person | None = None, reply_to: str | None = None) -> str:
        person = await self.person(room, who)
        self._before = self.inbox.committed
        if reply_to is not None:
            return await person.reply(room.id, reply_to, text)
        return await person.say(room.id, text)

    async def person(self, room: RoomRef, who: Person | None) -> MatrixPerson:
        return await self._bo_comes(room) if who == self.bo else self._ada

    async def hide_and_say(self, room: RoomRef, text: str) -> Person | None:
        await self.say(room, text)  # nobody can hide
        return self.ada

    async def edit(self, room: RoomRef, message: str, text: str) -> None:
        await self._ada.edit(room.id, message, text)

    async def locate(self, room: RoomRef, latitude: float, longitude: float) -> None:
        await self._ada.show_place(room.id, latitude, longitude)

    async def tap(self, room: RoomRef, message: str, button: Button) -> None:
        await self._ada.react(room.id, message, button.emoji)

    async def see(self, room: RoomRef, text: str) -> Seen:
        def found() -> list[Shown]:
            # With words that it covers, a message says less in plain than what is seen of it.
            said = (one for one in self._ada.view(room.id) if one.sender == self._me)
            return [one for one in said if text in one.text + one.html]

        await self._ada.wait_seen(lambda _: bool(found()))
        return await self.look(found()[0])

    async def gone(self, room: RoomRef, message: str) -> None:
        await self._ada.wait_gone(room.id, message)
        event = await self._ada.call("GET", f"/rooms/{room.id}/event/{message}")
        assert not event["content"], "the server keeps nothing of it"

    async def throw_out(self, room: RoomRef) -> None:
        await self._ada.kick(room.id, self._me)

    async def take_back(self, room: RoomRef) -> None:
        await self._ada.invite(room.id, self._me)

    async def move(self, room: RoomRef) -> RoomRef:
        return RoomRef("matrix", await self._ada.upgrade(room.id))

    async def worsen(self, room: RoomRef, trait: Trait) -> None:
        kind, content = _STATE[trait]
        await self._ada.set_state(room.id, kind, content)

    async def odd(self, room: RoomRef) -> None:
        odd: tuple[tuple[str, Any], ...] = (
            ("m.room.message", {"msgtype": "m.text", "body": "?", "m.relates_to": "nothing"}),
            ("m.reaction", {"m.relates_to": []}),
            ("m.room.encrypted", {"algorithm": 7, "ciphertext": {}, "session_id": []}),
            ("org.example.unheard.of", {"x": 1}),
        )
        for number, (kind, content) in enumerate(odd):
            await self._ada.call("PUT", f"/rooms/{room.id}/send/{kind}/odd{number}", content)
        await self._ada.set_state(room.id, "m.room.pinned_events", {"pinned": 7})

    async def deliver_again(self) -> None:
        await self.stop()
        await self.port.close()
        self.inbox.committed = self._before
        await self.renew()
        await self.start()

    async def down(self) -> None:
        await self._road.close()

    async def up(self) -> None:
        await self._road.open()
