"""Matrix: hearing by a sync loop of our own, sending by transactions that may be repeated.

What the server says is committed before anything is done with it, and what is done with it may be done twice. The
cursor is the inbox's, never a library's. Words go out in the clear only into rooms that were never encrypted.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, assert_never
from urllib.parse import quote

from peewee import PeeweeException  # type: ignore[import-untyped]

from bot.networks import markup, matrix_examine, matrix_gaps, matrix_identity, matrix_read, matrix_say, matrix_write
from bot.networks.matrix_http import CLIENT, Homeserver, MatrixError, TokenRefused
from bot.networks.matrix_intake import UNREADABLE_SECONDS, Yield
from bot.networks.matrix_login import log_in
from bot.networks.matrix_rooms import Room
from bot.networks.matrix_session import Session
from bot.networks.port import (
    Delayed,
    Ears,
    Heard,
    Limits,
    NetworkDown,
    NetworkRejected,
    NetworkState,
    Outcome,
    Outgoing,
)
from playbooks.rooms import Network, RoomRef

log = logging.getLogger(__name__)

_POLL_SECONDS = 30.0
# A message carries its words twice (plain and HTML), an edit three times, and encryption makes four bytes of three:
# this much, as JSON writes it, stays below the 64 KiB a server takes.
_ROOM_FOR_WORDS = 12_000
_SHARING_AT_ONCE = 8
_FILTER = json.dumps(
    {
        "presence": {"not_types": ["*"]},
        "account_data": {"types": ["m.direct"]},
        "room": {
            "ephemeral": {"not_types": ["*"]},
            "account_data": {"not_types": ["*"]},
            "timeline": {"limit": 50},
        },
    },
    separators=(",", ":"),
)


class Matrix:
    """One account on one homeserver. ``store_folder`` keeps session, keys and memory; ``clock`` gives aware times."""

    name: Network = "matrix"

    def __init__(
        self,
        homeserver: str,
        user: str = "",
        *,
        store_folder: Path,
        clock: Callable[[], datetime],
        password: str | None = None,
        token: str | None = None,
    ) -> None:
        self.limits = Limits()
        self.state = NetworkState()
        self._home = Homeserver(homeserver)
        self._user = user
        self._password = password
        self._token = token
        self._folder = store_folder
        self._clock = clock
        self._session: Session | None = None
        self._ears: Ears | None = None
        self._token_lost = asyncio.Event()

    # -- the port --------------------------------------------------------------------------------------------------

    def split(self, html: str) -> list[str]:
        return markup.split(html, _ROOM_FOR_WORDS, lambda text: len(json.dumps(text)))

    def read(self, body: str) -> Heard | None:
        return matrix_read.read(body)

    async def run(self, ears: Ears) -> None:
        """Hear until cancelled. Says ``lost`` to ``ears`` before it raises; what is known stays for the next run."""
        self._ears = ears
        try:
            session = await self._open(ears)
            while True:
                await self._hear_once(ears, session)
        except NetworkDown as down:
            final = isinstance(down, NetworkRejected)
            if isinstance(down, TokenRefused):
                self._token_lost.set()
                final = self._token is not None
            await self._lost(str(down), rejected=final)
            if isinstance(down, NetworkRejected) and not final:
                raise NetworkDown(str(down)) from None  # the next run logs in again, by password, on the same device
            raise
        except asyncio.CancelledError:
            raise
        except BaseException:
            # The keys in memory may be ahead of those on disk: begin again from the disk.
            self._forget_session()
            raise

    async def send(self, out: Outgoing) -> Outcome:
        session = self._session
        if session is None:
            return Delayed(2.0, "Matrix is not connected yet")
        try:
            match out.kind:
                case "join":
                    return await matrix_say.join(session, out)
                case "leave":
                    return await matrix_say.leave(session, out)
                case "message" | "edit":
                    return await matrix_say.say(session, out, self._clock())
                case _:
                    assert_never(out.kind)
        except MatrixError as error:
            if isinstance(error, TokenRefused):
                self._token_lost.set()
                await self._lost(str(error), rejected=self._token is not None)
            said = matrix_write.refusal(error)
            return said if said is not None else await matrix_say.forbidden(session, out, error)
        except NetworkDown as down:
            return Delayed(5.0, str(down))
        except PeeweeException as trouble:
            return Delayed(5.0, f"the key store cannot be used now ({type(trouble).__name__})")

    async def resolve(self, alias: str) -> RoomRef | None:
        try:
            answer = await self._home.call("GET", f"{CLIENT}/directory/room/{quote(alias, safe='')}")
        except MatrixError as refusal:
            if refusal.status in (400, 404):
                return None
            raise
        return RoomRef("matrix", str(answer["room_id"]))

    async def direct(self, identity: str) -> RoomRef | None:
        network, _, person = identity.partition(":")
        session = self._session
        if network != "matrix" or not person.startswith("@"):
            return None
        if session is None:
            raise NetworkDown("Matrix is not connected yet")
        for room in session.rooms.values():
            here = [user for user, member in room.members.items() if member.membership in ("join", "invite")]
            if session.memory.room(room.id).direct and set(here) == {person, session.login.user}:
                return RoomRef("matrix", room.id)
        body = {
            "preset": "trusted_private_chat",
            "is_direct": True,
            "invite": [person],
            "initial_state": [
                {"type": "m.room.encryption", "state_key": "", "content": {"algorithm": "m.megolm.v1.aes-sha2"}}
            ],
        }
        try:
            made = str((await self._home.call("POST", f"{CLIENT}/createRoom", body))["room_id"])
        except MatrixError as refusal:
            if refusal.status in (400, 403, 404):
                return None
            raise
        session.memory.set_direct(made)
        await session.room(made)
        return RoomRef("matrix", made)

    async def examine(self, room: RoomRef) -> list[str]:
        session = self._session
        if session is None:
            return [f"Matrix is not connected: {self.state.last_error or 'not started yet'}."]
        return await matrix_examine.examine(session, room.id)

    async def close(self) -> None:
        self._forget_session()
        await self._home.close()

    # -- beside the port -------------------------------------------------------------------------------------------

    async def prepare(self, rooms: Sequence[RoomRef]) -> None:
        """Give the keys of these rooms to their readers ahead of the first words. What fails is done when sending."""
        session = self._session
        if session is None:
            return
        turns = asyncio.Semaphore(_SHARING_AT_ONCE)

        async def prepare_one(room: Room) -> None:
            async with turns:
                try:
                    await session.sharing.prepare(room)
                except NetworkDown as down:
                    log.info("keys for %s are given with the first message: %s", room.id, down)

        known = [session.rooms[ref.id] for ref in rooms if ref.id in session.rooms]
        await asyncio.gather(*(prepare_one(room) for room in known if room.encrypted))

    # -- hearing ---------------------------------------------------------------------------------------------------

    async def _open(self, ears: Ears) -> Session:
        if self._session is not None and not self._token_lost.is_set():
            return self._session
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        login = await log_in(self._home, self._folder, self._user, self._password, self._token)
        self._token_lost.clear()
        if self._session is not None:
            self._session.login = login
            return self._session
        session = Session.open(self._home, self._folder, login)
        try:
            shown = await session.keys.check_ours()
            await self._settle_old(ears, session)
            session.cursor = await ears.cursor("matrix")
            await self._hear_now(ears, session)
            session.unvouched = await matrix_identity.vouch(
                self._home, self._folder, session.keys, shown, self._password
            )
        except BaseException:
            session.close()
            raise
        self._session = session
        self.state.username = login.user
        return session

    async def _settle_old(self, ears: Ears, session: Session) -> None:
        for number, body in await ears.batches("matrix"):
            joined = (json.loads(body)["sync"].get("rooms") or {}).get("join") or {}
            for room in joined:
                try:
                    await session.room(room)
                except MatrixError as refusal:
                    log.info("the state of %s is not to be had: %s", room, refusal)
            await self._settle(ears, session, number, session.intake.take(body))

    async def _hear_now(self, ears: Ears, session: Session) -> None:
        """The first sync of a session: everything that is known of the rooms, and what was missed."""
        await self._take(ears, session, await self._sync(session.cursor, 0.0, {"full_state": "true"}))
        waited = session.intake.retry_all(self._now_ms())
        await self._keep(ears, session, waited)
        readers = {user for room in session.rooms.values() if room.encrypted for user in room.readers()}
        await session.sharing.learn(readers)
        await self._connected(ears, session)

    async def _hear_once(self, ears: Ears, session: Session) -> None:
        oldest = session.memory.next_overdue()
        wait = _POLL_SECONDS
        if oldest is not None:
            wait = min(wait, max(0.0, oldest + UNREADABLE_SECONDS - self._now_ms() / 1000))
        sync = await self._unless_token_lost(self._sync(session.cursor, wait, {}))
        await self._take(ears, session, sync)
        await self._keep(ears, session, session.intake.wait_over(self._now_ms() / 1000))
        await self._connected(ears, session)

    async def _take(self, ears: Ears, session: Session, sync: dict[str, Any]) -> None:
        """Keep a sync with its cursor, work on it, settle it."""
        if _says_something(sync) or session.cursor is None:
            if session.cursor is not None:
                memory = session.memory
                await matrix_gaps.fill(
                    self._home, sync, session.cursor, lambda room: memory.room(room).joined, session.login.user
                )
            heard = self._now_ms()
            body = json.dumps({"since": session.cursor, "heard": heard, "sync": sync}, ensure_ascii=False)
            number = await ears.keep_batch("matrix", body, str(sync["next_batch"]))
            session.cursor = str(sync["next_batch"])
            yielded = session.intake.take(body)
            session.intake.tell_traits(yielded, heard)
            await self._settle(ears, session, number, yielded)
        counts = sync.get("device_one_time_keys_count") or {}
        await session.keys.offer(int(counts.get("signed_curve25519") or 0))

    async def _settle(self, ears: Ears, session: Session, number: int, yielded: Yield) -> None:
        await ears.settle_batch("matrix", number, yielded.items)
        yielded.remember(session.memory)

    async def _keep(self, ears: Ears, session: Session, yielded: Yield) -> None:
        if yielded.items or yielded.readable:
            await ears.keep("matrix", yielded.items, session.cursor)
            yielded.remember(session.memory)

    async def _sync(self, since: str | None, wait: float, more: dict[str, str]) -> dict[str, Any]:
        query = {"timeout": str(int(wait * 1000)), "filter": _FILTER, **more}
        if since is not None:
            query["since"] = since
        while True:
            try:
                sync = await self._home.call("GET", f"{CLIENT}/sync", query=query, seconds=wait + 60)
            except MatrixError as refusal:
                if refusal.status != 429:
                    raise
                await asyncio.sleep(refusal.retry_after or 1.0)
                continue
            if not isinstance(sync.get("next_batch"), str):
                raise NetworkDown("the homeserver's answer to a sync has no cursor")
            return sync

    async def _unless_token_lost(self, sync: Any) -> dict[str, Any]:
        # A long poll does not notice that its token was revoked; a send does.
        polling = asyncio.ensure_future(sync)
        losing = asyncio.ensure_future(self._token_lost.wait())
        try:
            await asyncio.wait({polling, losing}, return_when=asyncio.FIRST_COMPLETED)
            if not polling.done():
                raise TokenRefused(401, {"errcode": "M_UNKNOWN_TOKEN"})
            answer: dict[str, Any] = polling.result()
            return answer
        finally:
            for task in (polling, losing):
                task.cancel()
            await asyncio.gather(polling, losing, return_exceptions=True)

    async def _connected(self, ears: Ears, session: Session) -> None:
        if not self.state.connected:
            self.state.connected, self.state.since, self.state.last_error = True, self._clock(), None
            await ears.connected("matrix", session.login.user)

    async def _lost(self, reason: str, *, rejected: bool) -> None:
        self.state.connected, self.state.since, self.state.last_error = False, self._clock(), reason
        if self._ears is not None:
            await self._ears.lost("matrix", reason, rejected=rejected)

    def _forget_session(self) -> None:
        if self._session is not None:
            self._session.close()
            self._session = None

    def _now_ms(self) -> int:
        return int(self._clock().timestamp() * 1000)


def _says_something(sync: dict[str, Any]) -> bool:
    lists = sync.get("device_lists") or {}
    rooms = sync.get("rooms") or {}
    return bool(
        any(rooms.get(section) for section in ("join", "invite", "leave"))
        or (sync.get("to_device") or {}).get("events")
        or (sync.get("account_data") or {}).get("events")
        or lists.get("changed")
        or lists.get("left")
    )
