"""Matrix: hearing by a sync loop of our own, sending by transactions that may be repeated.

What the server says is committed before anything is done with it, and what is done with it may be done twice. The
cursor is the inbox's, never a library's. Words go out in the clear only into rooms that were never encrypted.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, assert_never
from urllib.parse import quote

from peewee import PeeweeException  # type: ignore[import-untyped]

from bot.networks import (
    markup,
    matrix_direct,
    matrix_examine,
    matrix_identity,
    matrix_read,
    matrix_say,
    matrix_shelf,
    matrix_write,
)
from bot.networks.matrix_hear import Hearing
from bot.networks.matrix_http import CLIENT, Homeserver, MatrixError, TokenRefused
from bot.networks.matrix_login import log_in
from bot.networks.matrix_memory import MEMORY_FILE
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
    Refused,
)
from playbooks.rooms import Network, RoomRef
from playbooks.spoken import File

log = logging.getLogger(__name__)

_POLL_SECONDS = 30.0
# As JSON writes it, this much of content stays below the 64 KiB a server takes, also when encryption makes four bytes of
# three; words get the larger part of it, and tags the rest.
_ROOM_FOR_CONTENT = 46_000
_ROOM_FOR_WORDS = 36_000
_ROOM_AT_LEAST = 500
_SHARING_AT_ONCE = 8


class Matrix:
    """One account on one homeserver. ``store_folder`` keeps session, keys and memory; ``clock`` gives aware times."""

    name: Network = "matrix"
    largest_download: int | None = None  # the homeservers set none; the sender's has let it in
    threads = True
    captions = 4000  # in any script, and said three times in an edit, below what an event may take

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
        self.largest_upload: int | None = None  # as the homeserver says when we connect
        self._home = Homeserver(homeserver)
        self._user = user
        self._password = password
        self._token = token
        self._folder = store_folder
        self._clock = clock
        self._session: Session | None = None
        self._ears: Ears | None = None
        self._hearing: Hearing | None = None
        self._shelf: matrix_shelf.Shelf | None = None

    # -- the port --------------------------------------------------------------------------------------------------

    def split(self, html: str) -> list[str]:
        return _split(html, _ROOM_FOR_WORDS)

    def fetch(self, file: File) -> AsyncIterator[bytes]:
        return matrix_shelf.fetch(self._home, file.where)

    def read(self, body: str) -> Heard | None:
        return matrix_read.read(body)

    async def run(self, ears: Ears) -> None:
        """Hear until cancelled. Says ``lost`` to ``ears`` before it raises; after a mere outage the session is kept."""
        self._ears = ears
        try:
            hearing = await self._open(ears)
            while True:
                # After trouble the first answer is wanted at once: it says that we are back.
                await hearing.once(_POLL_SECONDS if self.state.connected else 0.0)
                await self._connected()
        except NetworkDown as down:
            # A lost token is got anew by password in the next run, on the same device.
            final = isinstance(down, NetworkRejected) and not (isinstance(down, TokenRefused) and self._token is None)
            await self._lost(str(down), rejected=final)
            if isinstance(down, NetworkRejected) and not final:
                raise NetworkDown(str(down)) from None
            raise
        except BaseException:
            # The keys in memory may be ahead of those on disk, or a batch unsettled: begin again from the disk.
            self._forget_session()
            raise

    async def send(self, out: Outgoing) -> Outcome:
        session, shelf = self._session, self._shelf
        if session is None or shelf is None:
            return Delayed(2.0, "Matrix is not connected yet")
        try:
            match out.kind:
                case "join":
                    return await matrix_say.join(session, out)
                case "leave":
                    return await matrix_say.leave(session, out)
                case "delete":
                    return await matrix_say.remove(session, shelf, out)
                case "react" if out.emoji is None:
                    return await matrix_say.remove(session, shelf, out)
                case "react":
                    return await matrix_say.react(session, out)
                case "end":
                    return await matrix_say.end(session, out)
                case "message" | "edit":
                    return await matrix_say.say(session, shelf, out, self._clock())
                case _:
                    assert_never(out.kind)
        except MatrixError as error:
            if isinstance(error, TokenRefused):
                await self._lost(str(error), rejected=self._token is not None)
            said = matrix_write.refusal(error) or await matrix_say.forbidden(session, out, error)
            outside = isinstance(said, Refused) and (said.gone or out.kind == "join")
            if outside and session.may_be_let_in(out.room.id, self._clock()):
                return Delayed(1.0, "the bot is not in the new room yet")
            return said
        except NetworkDown as down:
            # Without a connection too: one that was found dead, perhaps after it was written to, is tried once more.
            return Delayed(5.0, str(down), perhaps=True)
        except (PeeweeException, sqlite3.Error) as trouble:
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
        return await matrix_direct.chat_with(session, person)

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

    # -- parts -----------------------------------------------------------------------------------------------------

    async def _open(self, ears: Ears) -> Hearing:
        if self._hearing is not None and not self._home.token_lost.is_set():
            return self._hearing
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        login = await log_in(self._home, self._folder, self._user, self._password, self._token)
        if self._hearing is not None:
            return self._hearing
        session = Session.open(self._home, self._folder, login)
        hearing = Hearing(session, ears, self._clock)
        shelf = None
        try:
            shelf = matrix_shelf.Shelf(self._home, self._folder, self._clock)
            await shelf.ask_largest()
            shown = await session.keys.check_ours()
            await hearing.catch_up()
            session.unvouched = await self._vouch(session, shown)
        except BaseException:
            session.close()
            if shelf is not None:
                shelf.close()
            raise
        self._session, self._hearing, self._shelf = session, hearing, shelf
        self.largest_upload = shelf.largest
        self.state.username = login.user
        await self._connected()
        return hearing

    async def _vouch(self, session: Session, shown: dict[str, Any]) -> str | None:
        try:
            return await matrix_identity.vouch(self._home, self._folder, session.keys, shown, self._password)
        except NetworkDown as down:
            return f"it was tried at the last start, and {down}"  # no reason not to alert anybody

    async def _connected(self) -> None:
        if not self.state.connected and self._ears is not None:
            # Until then rooms count as they were when we last heard of them, and what waits would go where it may not any more.
            await self._ears.caught_up("matrix")
            self.state.connected, self.state.since, self.state.last_error = True, self._clock(), self._set_aside()
            await self._ears.connected("matrix", self.state.username or self._user)

    def _set_aside(self) -> str | None:
        aside = self._session.memory.aside() if self._session is not None else []
        if not aside:
            return None
        since = datetime.fromtimestamp(aside[-1][0], UTC)
        return (
            f"what Matrix said at {since:%Y-%m-%d %H:%M} UTC could not be worked on ({aside[-1][1]});"
            f" it is kept in {self._folder / MEMORY_FILE}, and was not heard: ask in the rooms what was said then"
        )

    async def _lost(self, reason: str, *, rejected: bool) -> None:
        self.state.connected, self.state.since, self.state.last_error = False, self._clock(), reason
        if self._ears is not None:
            await self._ears.lost("matrix", reason, rejected=rejected)

    def _forget_session(self) -> None:
        if self._session is not None:
            self._session.close()
        if self._shelf is not None:
            self._shelf.close()
        self._session = self._hearing = self._shelf = None


def _split(html: str, room: int) -> list[str]:
    """Parts whose words fit ``room``, each cut again as long as its tags are too much."""
    fitting: list[str] = []
    for part in markup.split(html, room, lambda text: _room_taken(text, markup.escape(text))):
        fits = _room_taken(markup.plain(part), part) <= _ROOM_FOR_CONTENT
        fitting += [part] if fits or room <= _ROOM_AT_LEAST else _split(part, room // 2)
    return fitting


def _room_taken(text: str, html: str) -> int:
    """Bytes that words take in an edit, which carries them plain twice and once more as HTML."""
    return 2 * len(json.dumps(text)) + len(json.dumps(html.replace("\n", "<br>")))
