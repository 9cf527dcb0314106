"""Speaking in encrypted rooms: whose devices get the key, and when a key must be a new one.

The library's own way marks a key as given even when giving it failed, and hangs for ever after one failed claim; here
a key counts as given when the server took the message that carries it, and a membership or a device that changed
meanwhile starts it over.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from nio.responses import KeysClaimResponse, KeysQueryResponse

from bot.networks.matrix_http import CLIENT
from bot.networks.matrix_keys import Keys
from bot.networks.matrix_odd import own_trouble
from bot.networks.matrix_rooms import Room
from bot.networks.port import NetworkDown

log = logging.getLogger(__name__)

_ASK_AGAIN_SECONDS = 60.0  # before a silent server, or a device without one-time keys, is bothered again
_ATTEMPTS = 5


class Sharing:
    """Gives the keys of ``rooms`` to their readers' devices, and encrypts."""

    def __init__(self, keys: Keys, rooms: dict[str, Room]) -> None:
        self.keys = keys
        self.rooms = rooms
        self._olm = keys.olm
        self._asked: set[str] = set()  # users whose devices we know, as of now
        self._asking: set[str] = set()  # users whose devices are on their way to us, and have not changed since
        self._silent: dict[str, float] = {}  # users whose server did not answer, and when
        self._poor: dict[str, float] = {}  # rooms where some device could not be given the key, and when we tried
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._query = asyncio.Lock()

    def devices_changed(self, users: Iterable[str]) -> None:
        """The devices of ``users`` are not what we know any more."""
        for user in users:
            self._asked.discard(user)
            self._asking.discard(user)
            self._silent.pop(user, None)

    def readers_changed(self, room: str) -> None:
        """Somebody came or went: the next message needs a key that they (or nobody but they) have."""
        self._olm.outbound_group_sessions.pop(room, None)

    def keyless(self, room: Room) -> list[str]:
        """Devices in ``room`` to which no key can be given, as ``user device``."""
        missing = self._olm.get_missing_sessions(room.readers())
        return [f"{user} {device}" for user, devices in missing.items() for device in devices]

    async def learn(self, users: Iterable[str]) -> None:
        """Ask for the devices of those of ``users`` we know nothing (new) of. Raises NetworkDown.

        Whoever needs them meanwhile waits for the answer: a key given to nobody would count as given.
        """
        if not self._unknown(users):
            return
        async with self._query:
            wanted = self._unknown(users)
            if not wanted:
                return
            self._asking |= wanted
            try:
                answer = await self.keys.home.call(
                    "POST",
                    f"{CLIENT}/keys/query",
                    {"device_keys": {user: [] for user in sorted(wanted)}, "timeout": 10_000},
                )
                shown = answer.get("device_keys") or {}
                for user in wanted:
                    self._silent.pop(user, None)
                    if user not in shown:
                        self._silent[user] = _now()
                self._take_devices({user: shown[user] for user in wanted & set(shown)})
                self._asked |= wanted & self._asking
            finally:
                self._asking -= wanted

    async def prepare(self, room: Room) -> None:
        """See to it that everyone in ``room`` has the key for what we say next. Raises NetworkDown."""
        async with self._locks[room.id]:
            await self._give_key(room)

    async def encrypt(self, room: Room, kind: str, content: dict[str, Any]) -> dict[str, Any]:
        """The content of the ``m.room.encrypted`` event that says ``content`` in ``room``. Raises NetworkDown."""
        async with self._locks[room.id]:
            await self._give_key(room)
            # No waiting between here and the end: nobody can come in between.
            relation = content.get("m.relates_to")
            inner = {key: value for key, value in content.items() if key != "m.relates_to"}
            with self.keys.store.database.atomic():
                outer: dict[str, Any] = dict(self._olm.group_encrypt(room.id, {"type": kind, "content": inner}))
            if relation is not None:
                outer["m.relates_to"] = relation  # the server must see it to aggregate
            return outer

    async def _give_key(self, room: Room) -> None:
        for _ in range(_ATTEMPTS):
            await self.learn(room.readers())
            if not self._needs_key(room):
                return
            await self._share_once(room)
        if self._needs_key(room):
            raise NetworkDown("the members of the room keep changing while they are given its key")

    def _needs_key(self, room: Room) -> bool:
        session = self._olm.outbound_group_sessions.get(room.id)
        if session is not None:  # the library knows nothing of what the room asks for
            session.max_messages, session.max_age = room.rotation
        if self._olm.should_share_group_session(room.id):
            return True
        tried = self._poor.get(room.id)
        return tried is not None and _now() - tried > _ASK_AGAIN_SECONDS

    async def _share_once(self, room: Room) -> None:
        readers, before = room.readers(), room.changes
        await self._claim(self._olm.get_missing_sessions(readers))
        session = self._olm.outbound_group_sessions.get(room.id)
        if session is not None and session.shared and not session.expired:
            session.shared = False  # the same key again, for those who could not be given it before
        with self.keys.store.database.atomic():
            letters = list(self._olm.share_group_session_parallel(room.id, readers, ignore_unverified_devices=True))
        session = self._olm.outbound_group_sessions[room.id]
        for given_to, letter in letters:
            await self.keys.home.call("PUT", f"{CLIENT}/sendToDevice/m.room.encrypted/{uuid.uuid4()}", letter)
            session.users_shared_with.update(given_to)
        if self._olm.get_missing_sessions(readers):
            self._poor[room.id] = _now()
        else:
            self._poor.pop(room.id, None)
        if self._olm.outbound_group_sessions.get(room.id) is not session:
            return  # somebody's devices changed while we were at it
        if room.changes != before:
            self.readers_changed(room.id)
            return
        session.shared = True

    async def _claim(self, missing: dict[str, list[str]]) -> None:
        if not missing:
            return
        wanted = {user: dict.fromkeys(devices, "signed_curve25519") for user, devices in missing.items()}
        answer = await self.keys.home.call("POST", f"{CLIENT}/keys/claim", {"one_time_keys": wanted, "timeout": 10_000})
        with self.keys.store.database.atomic():
            for user, devices in (answer.get("one_time_keys") or {}).items():
                for device, key in devices.items() if isinstance(devices, dict) else ():
                    try:
                        self._olm.handle_response(KeysClaimResponse({user: {device: key}}, {}))
                    except Exception as odd:  # one device's odd key keeps nobody else from theirs
                        if own_trouble(odd):
                            raise
                        log.warning("a one-time key of %s cannot be used: %s", user, type(odd).__name__)

    def _take_devices(self, shown: dict[str, Any]) -> None:
        changed: set[str] = set()
        with self.keys.store.database.atomic():
            for user, devices in shown.items():
                named = devices if isinstance(devices, dict) else {}
                sound = {device: payload for device, payload in named.items() if _sound(user, device, payload)}
                if len(sound) < len(named):
                    log.warning("a device of %s has keys that cannot be read", user)
                response = KeysQueryResponse({user: sound}, {})
                try:
                    self._olm.handle_response(response)
                except Exception as odd:  # one person's odd devices keep nobody else from theirs
                    if own_trouble(odd):
                        raise
                    log.warning("the devices of %s cannot be read: %s", user, type(odd).__name__)
                changed |= set(response.changed)
        if changed:
            for room in self.rooms.values():
                if not changed.isdisjoint(room.readers()):
                    self.readers_changed(room.id)

    def _unknown(self, users: Iterable[str]) -> set[str]:
        now = _now()
        return {
            user
            for user in users
            if user not in self._asked or (user in self._silent and now - self._silent[user] > _ASK_AGAIN_SECONDS)
        }


def _now() -> float:
    return asyncio.get_running_loop().time()


def _sound(user: str, device: str, payload: Any) -> bool:
    return (
        isinstance(payload, dict)
        and payload.get("user_id") == user
        and payload.get("device_id") == device
        and isinstance(payload.get("keys"), dict)
    )
