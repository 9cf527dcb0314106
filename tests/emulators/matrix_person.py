"""A person with a Matrix client: matrix-nio with encryption, as real clients behave, syncing in the background.

Waiting is for what was seen, never for time: every ``wait_*`` returns as soon as the sync loop has brought it.
"""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from nio import (
    AsyncClient,
    AsyncClientConfig,
    Event,
    InviteMemberEvent,
    MatrixRoom,
    MegolmEvent,
    ReactionEvent,
    RoomMessage,
    ShareGroupSessionResponse,
    UnknownEvent,
)

from tests.emulators.matrix_speech import MatrixSpeech
from tests.emulators.matrix_view import Viewing
from tests.emulators.synapse import SynapseServer
from tests.patience import PATIENCE

ENCRYPTION = {"type": "m.room.encryption", "state_key": "", "content": {"algorithm": "m.megolm.v1.aes-sha2"}}


@dataclass(frozen=True)
class Seen:
    """An event as the person's client shows it, decrypted where it could be."""

    room: str
    event_id: str
    sender: str
    type: str
    content: dict[str, Any]
    decrypted: bool
    source: dict[str, Any] = field(compare=False)

    @property
    def body(self) -> str:
        return str(self.content.get("body", ""))


class MatrixPerson(MatrixSpeech, Viewing):
    """``name`` on ``server`` (registered if need be). Use as an async context manager."""

    def __init__(self, server: SynapseServer, name: str, device: str = "") -> None:
        self.server = server
        self.name = name
        self.user = server.register(name, f"{name}-password")
        self._folder = tempfile.TemporaryDirectory(prefix="person-")
        self.client = AsyncClient(
            server.url, self.user, device_id=device or f"{name.upper()}DEVICE", store_path=self._folder.name,
            config=AsyncClientConfig(store_sync_tokens=False, encryption_enabled=True),
        )  # fmt: skip
        self.seen: list[Seen] = []
        self.invited: set[str] = set()
        self._news = asyncio.Condition()
        self._task: asyncio.Task[None] | None = None
        self._withheld: list[tuple[Any, ...]] = []

    async def __aenter__(self) -> MatrixPerson:
        await self.client.login(f"{self.name}-password", device_name=self.name)
        self.client.add_event_callback(self._on_event, (Event,))
        self.client.add_event_callback(self._on_invite, (InviteMemberEvent,))
        await self._sync_once(0)
        self._task = asyncio.create_task(self._listen())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        await self.client.close()
        if self.client.store is not None:
            self.client.store.database.close()
        self._folder.cleanup()

    @property
    def token(self) -> str:
        return str(self.client.access_token)

    # -- rooms -----------------------------------------------------------------------------------------------------

    async def create_room(
        self,
        name: str = "",
        *,
        alias: str | None = None,
        encrypted: bool = False,
        public: bool = False,
        world_readable: bool = False,
        direct: bool = False,
        invite: tuple[str, ...] = (),
        version: str | None = None,
    ) -> str:
        """Make a room and wait until our client knows it; returns its id."""
        state = [ENCRYPTION] if encrypted else []
        if world_readable:
            kind = "m.room.history_visibility"
            state.append({"type": kind, "state_key": "", "content": {"history_visibility": "world_readable"}})
        body: dict[str, Any] = {
            "preset": "public_chat" if public else "trusted_private_chat" if direct else "private_chat",
            "initial_state": state,
            "invite": list(invite),
            "is_direct": direct,
        }
        body |= {"name": name} if name else {}
        body |= {"room_alias_name": alias} if alias else {}
        body |= {"room_version": version} if version else {}
        room = str((await self.call("POST", "/createRoom", body))["room_id"])
        await self.wait_until(lambda: room in self.client.rooms)
        return room

    async def invite(self, room: str, user: str) -> None:
        await self.call("POST", f"/rooms/{room}/invite", {"user_id": user})

    async def join(self, room: str) -> None:
        await self.call("POST", f"/join/{room}", {})
        await self.wait_until(lambda: room in self.client.rooms)

    async def leave(self, room: str) -> None:
        await self.call("POST", f"/rooms/{room}/leave", {})

    async def kick(self, room: str, user: str) -> None:
        await self.call("POST", f"/rooms/{room}/kick", {"user_id": user})

    async def set_state(self, room: str, kind: str, content: dict[str, Any], key: str = "") -> str:
        return str((await self.call("PUT", f"/rooms/{room}/state/{kind}/{key}", content))["event_id"])

    async def state(self, room: str, kind: str, key: str = "") -> dict[str, Any]:
        return await self.call("GET", f"/rooms/{room}/state/{kind}/{key}")

    async def set_powers(self, room: str, **levels: Any) -> None:
        """Change the power levels, e.g. ``users={"@ada:localhost": 50}``, ``events_default=50``."""
        now = await self.state(room, "m.room.power_levels")
        await self.set_state(room, "m.room.power_levels", now | levels)

    async def upgrade(self, room: str, version: str = "11") -> str:
        """Replace the room by another; returns the new id."""
        return str((await self.call("POST", f"/rooms/{room}/upgrade", {"new_version": version}))["replacement_room"])

    # -- seeing ----------------------------------------------------------------------------------------------------

    def timeline(self, room: str) -> list[Seen]:
        """What the client has shown of the room, decrypted, oldest first."""
        return [seen for seen in self.seen if seen.room == room]

    def messages(self, room: str) -> list[str]:
        return [seen.body for seen in self.timeline(room) if seen.type == "m.room.message"]

    async def wait_message(self, room: str, containing: str, seconds: float = PATIENCE) -> Seen:
        """The first message in ``room`` with ``containing`` in its body; waits for it."""

        def found() -> Seen | None:
            return next((s for s in self.timeline(room) if s.type == "m.room.message" and containing in s.body), None)

        await self.wait_until(lambda: found() is not None, seconds)
        seen = found()
        assert seen is not None
        return seen

    async def wait_invite(self, room: str, seconds: float = PATIENCE) -> None:
        await self.wait_until(lambda: room in self.invited, seconds)

    async def wait_any_invite(self, besides: Iterable[str] = (), seconds: float = PATIENCE) -> str:
        """Wait for an invitation into a room that is none of these; its id."""
        known = set(besides)
        await self.wait_until(lambda: bool(self.invited - known), seconds)
        return min(self.invited - known)

    async def wait_member(self, room: str, user: str, seconds: float = PATIENCE) -> None:
        """Wait until our client knows ``user`` as joined to ``room``."""
        await self.wait_until(
            lambda: (
                room in self.client.rooms
                and user in self.client.rooms[room].users
                and not self.client.rooms[room].users[user].invited
            ),
            seconds,
        )

    async def wait_seen(self, test: Callable[[Seen], bool], seconds: float = PATIENCE) -> Seen:
        await self.wait_until(lambda: any(test(seen) for seen in self.seen), seconds)
        return next(seen for seen in self.seen if test(seen))

    async def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """One plain client-server request as this person."""
        path = "/_matrix/client/v3" + path.replace("#", "%23")
        answer = await asyncio.to_thread(self.server.call, method, path, body, self.token)
        return dict(answer)

    async def wait_until(self, test: Callable[[], bool], seconds: float = PATIENCE) -> None:
        """Wait until this is so; tried whenever a sync has brought something."""
        async with asyncio.timeout(seconds), self._news:
            await self._news.wait_for(test)

    # -- keys ------------------------------------------------------------------------------------------------------

    def withhold_keys(self, room: str) -> None:
        """What is said in the encrypted ``room`` from now on can be read by nobody until ``give_keys``: as when a phone goes offline half-way."""
        really = self.client._send

        async def send(kind: type, method: str, path: str, data: Any = None, given: Any = None, **more: Any) -> Any:
            given = more.pop("response_data", given)
            if kind is ShareGroupSessionResponse:
                self._withheld.append((kind, method, path, data, given))
                return ShareGroupSessionResponse(*given)
            return await really(kind, method, path, data, given, **more)

        self.client.invalidate_outbound_session(room)
        self.client._send = send  # type: ignore[method-assign]

    def change_keys(self, room: str) -> list[tuple[Any, ...]]:
        """What is said in the encrypted ``room`` from now on can be read, under another session; returned is what is withheld still, for ``give_keys``."""
        withheld, self._withheld = self._withheld, []
        self.client.__dict__.pop("_send", None)
        self.client.invalidate_outbound_session(room)
        return withheld

    async def give_keys(self, withheld: list[tuple[Any, ...]] | None = None) -> None:
        """Hand out what was withheld: all, or what ``change_keys`` returned."""
        self.client.__dict__.pop("_send", None)
        held = self._withheld if withheld is None else withheld
        while held:
            await self.client._send(*held.pop(0))

    # -- parts -----------------------------------------------------------------------------------------------------

    async def _listen(self) -> None:
        while True:
            await self._sync_once(30_000)

    async def _sync_once(self, timeout: int) -> None:
        await self.client.sync(timeout=timeout, full_state=not self.client.next_batch)
        if self.client.should_upload_keys:
            await self.client.keys_upload()
        if self.client.should_query_keys:
            await self.client.keys_query()
        async with self._news:
            self._news.notify_all()

    async def _on_event(self, room: MatrixRoom, event: Event) -> None:
        source = event.source
        known = isinstance(event, RoomMessage | MegolmEvent | ReactionEvent | UnknownEvent) or "type" in source
        if known:
            content = source.get("content", {})
            self.seen.append(
                Seen(room.room_id, event.event_id, event.sender, source["type"], content, bool(event.decrypted), source)
            )

    async def _on_invite(self, room: MatrixRoom, event: Any) -> None:
        if event.state_key == self.user:
            self.invited.add(room.room_id)
