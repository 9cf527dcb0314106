"""Hearing: a sync is kept with its cursor, then worked on, then settled, each step durable before the next."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from bot.faults import fault
from bot.networks import matrix_gaps, matrix_reverted
from bot.networks.matrix_doors import Doors
from bot.networks.matrix_http import CLIENT, MatrixError
from bot.networks.matrix_intake import UNREADABLE_SECONDS
from bot.networks.matrix_odd import own_trouble
from bot.networks.matrix_session import Session
from bot.networks.matrix_yield import Yield
from bot.networks.port import Ears, NetworkDown
from storage.store import StorageError

log = logging.getLogger(__name__)

MOST_UNKEPT = 50
"""So many syncs that tell nothing but our own words pass before a cursor is kept for their sake: after an end they are asked for again."""

_TRIES = 2
_KEY_SECONDS = 30 * 86_400.0  # a key that has not come by then is not waited for any more
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


class Hearing:
    """Hears for ``session`` into ``ears``. The cursor is the inbox's; no library's idea of it counts."""

    def __init__(self, session: Session, ears: Ears, clock: Callable[[], datetime]) -> None:
        self._session = session
        self._ears = ears
        self._clock = clock
        self._doors = Doors(session.home, session.rooms, clock)
        self._cursor: str | None = None
        self._unkept = 0

    async def catch_up(self) -> None:
        """Settle what an earlier process left, then learn of all rooms, and of what was missed. Raises NetworkDown."""
        session = self._session
        for number, body in await self._ears.batches("matrix"):
            async with self._work_on(number, body):
                for room in (json.loads(body)["sync"].get("rooms") or {}).get("join") or {}:
                    try:
                        await session.room(room)
                    except MatrixError as refusal:
                        log.info("the state of %s is not to be had: %s", room, refusal)
                await self._settle(number, session.intake.take(body))
        self._cursor = await self._ears.cursor("matrix")
        await self._take(await self._sync(0.0, {"full_state": "true"}))
        await self._keep(session.intake.retry_all(self._now_ms()))
        session.memory.give_up(self._now_ms() / 1000 - _KEY_SECONDS)
        readers = {user for room in session.rooms.values() if room.encrypted for user in room.readers()}
        await session.sharing.learn(readers)

    async def once(self, wait: float) -> None:
        """One sync of up to ``wait`` seconds; then tell what stayed unreadable too long. Raises NetworkDown."""
        oldest = self._session.memory.next_overdue()
        if oldest is not None:
            wait = min(wait, max(0.0, oldest + UNREADABLE_SECONDS - self._now_ms() / 1000))
        await self._take(await self._unless_token_lost(wait))
        await self._keep(self._session.intake.wait_over(self._now_ms() / 1000))

    async def _take(self, sync: dict[str, Any]) -> None:
        session = self._session
        if self._cursor is not None and self._unkept < MOST_UNKEPT and _echoes(sync, session.login.user):
            self._unkept += 1
            self._cursor = str(sync["next_batch"])  # kept with whatever comes next: until then it may be told again
        elif _says_something(sync) or self._cursor is None:
            if self._cursor is not None:
                await matrix_gaps.fill(session.home, sync, self._cursor, self._was_in, session.login.user)
            heard = self._now_ms()
            if not (_is_talk(sync) and self._cursor is not None and await self._heard_at_once(sync, heard)):
                await self._heard_whole(sync, heard)
        # A server that names no count has none of ours.
        counts = sync.get("device_one_time_keys_count") or {}
        await session.keys.offer(int(counts.get("signed_curve25519") or 0))

    async def _heard_whole(self, sync: dict[str, Any], heard: int) -> None:
        """Keep a sync as it came, then work on it."""
        session = self._session
        body = json.dumps(
            {"since": self._cursor, "heard": heard, "sync": sync}
        )  # ASCII: half a character cannot spoil it
        number = await self._ears.keep_batch("matrix", body, str(sync["next_batch"]))
        self._cursor, self._unkept = str(sync["next_batch"]), 0
        async with self._work_on(number, body):
            yielded = session.intake.take(body)
            await self._doors.look(yielded.touched)
            session.intake.tell_traits(yielded, heard)
            await self._settle(number, yielded)

    async def _heard_at_once(self, sync: dict[str, Any], heard: int) -> bool:
        """Keep what is said in the clear without the sync it came in: working on it again would lead to the same. Whether it could be done."""
        session = self._session
        if not all(map(self._was_in, sync["rooms"]["join"])):
            return False
        try:
            yielded = session.intake.take_in(sync, heard)
            await self._doors.look(yielded.touched)
            session.intake.tell_traits(yielded, heard)
            await matrix_reverted.restore(session, yielded)
        except Exception as error:  # noqa: BLE001 it is kept, and fails there
            log.info("a sync is kept before it is worked on", extra={"fault": fault(error)})
            return False
        await self._ears.keep("matrix", yielded.items, str(sync["next_batch"]))
        self._cursor, self._unkept = str(sync["next_batch"]), 0
        yielded.remember(session.memory)
        return True

    @asynccontextmanager
    async def _work_on(self, number: int, body: str) -> AsyncIterator[None]:
        """Work on a kept batch. One that fails is tried once more from what is on disk, and then set aside, so that
        the next ones are heard. What it failed of is raised: what is in memory may be half of it.
        """
        memory = self._session.memory
        try:
            yield
        except (NetworkDown, StorageError):
            raise
        except Exception as error:
            if own_trouble(error):
                raise
            times = memory.spoiled(body, fault(error), self._now_ms() / 1000)
            log.error("a batch could not be worked on", extra={"batch": number, "fault": fault(error), "times": times})
            if times >= _TRIES:
                memory.set_aside(body)
                await self._ears.settle_batch("matrix", number, [])
                log.error("a batch was set aside; what was said in it is not heard", extra={"batch": number})
            raise

    async def _settle(self, number: int, yielded: Yield) -> None:
        await matrix_reverted.restore(self._session, yielded)
        await self._ears.settle_batch("matrix", number, yielded.items)
        yielded.remember(self._session.memory)

    async def _keep(self, yielded: Yield) -> None:
        if yielded.items or yielded.readable:
            await self._ears.keep("matrix", yielded.items, self._cursor)
            yielded.remember(self._session.memory)

    async def _sync(self, wait: float, more: dict[str, str]) -> dict[str, Any]:
        query = {"timeout": str(int(wait * 1000)), "filter": _FILTER, **more}
        if self._cursor is not None:
            query["since"] = self._cursor
        while True:
            try:
                sync = await self._session.home.call("GET", f"{CLIENT}/sync", query=query, seconds=wait + 60)
            except MatrixError as refusal:
                if refusal.status != 429:
                    raise
                await asyncio.sleep(refusal.retry_after or 1.0)
                continue
            if not isinstance(sync.get("next_batch"), str):
                raise NetworkDown("the homeserver's answer to a sync has no cursor")
            return sync

    async def _unless_token_lost(self, wait: float) -> dict[str, Any]:
        # A long poll does not notice that its token was revoked; a send does, and says so by this event.
        polling = asyncio.ensure_future(self._sync(wait, {}))
        losing = asyncio.ensure_future(self._session.home.token_lost.wait())
        try:
            await asyncio.wait({polling, losing}, return_when=asyncio.FIRST_COMPLETED)
            if not polling.done():
                raise NetworkDown("the homeserver does not accept our session any more")
            return polling.result()
        finally:
            for task in (polling, losing):
                task.cancel()
            await asyncio.gather(polling, losing, return_exceptions=True)

    def _was_in(self, room: str) -> bool:
        return self._session.memory.room(room).joined

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


def _echoes(sync: dict[str, Any], me: str) -> bool:
    """Whether a sync tells nothing but words and reactions of our own: each of them would cost a commit, and say nothing new."""
    events = _said_in(sync)
    return bool(events) and all(one.get("sender") == me for one in events)


def _is_talk(sync: dict[str, Any]) -> bool:
    """Whether a sync tells nothing but what was said in the clear."""
    events = _said_in(sync)
    return bool(events) and all(one.get("type") != "m.room.encrypted" for one in events)


def _said_in(sync: dict[str, Any]) -> list[dict[str, Any]]:
    """What was said in rooms, where a sync tells nothing else."""
    rooms, lists = sync.get("rooms") or {}, sync.get("device_lists") or {}
    if any(rooms.get(section) for section in ("invite", "leave", "knock")) or lists.get("changed") or lists.get("left"):
        return []
    if any((sync.get(section) or {}).get("events") for section in ("to_device", "account_data")):
        return []
    found: list[dict[str, Any]] = []
    joined = rooms.get("join")
    for room in joined.values() if isinstance(joined, dict) else ():
        timeline = (room.get("timeline") or {}) if isinstance(room, dict) else {}
        events = timeline.get("events")
        if not isinstance(events, list) or timeline.get("limited") or (room.get("state") or {}).get("events"):
            return []
        if not all(isinstance(one, dict) and "state_key" not in one for one in events):
            return []
        found += events
    return found
