"""Our device's encryption keys: the account on disk, what other devices send us, and reading what is encrypted.

matrix-nio's Olm machine does the cryptography. Around it stand rules it does not keep by itself:

- one sync's messages between devices are worked on in one transaction of the key store, together with a note of each
  of them, so that a kill in between loses no key, and one that comes again (in a replay, or because the server gives
  it again) is not decrypted twice; a sync's cursor says nothing about that, servers give it more than once;
- a message nobody can decrypt (any stranger can send one) spoils nothing but itself;
- the account is saved before its new keys are offered to the server;
- keys on the server that are not ours mean that this store is not the one the device was made with: we refuse to go on.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import quote

from nio.crypto import Olm
from nio.events import ForwardedRoomKeyEvent, MegolmEvent, OlmEvent, RoomKeyEvent, ToDeviceEvent
from nio.exceptions import EncryptionError
from nio.store import SqliteStore

from bot.networks.matrix_http import CLIENT, Homeserver, MatrixError
from bot.networks.matrix_login import Login
from bot.networks.matrix_odd import own_trouble
from bot.networks.port import NetworkRejected

log = logging.getLogger(__name__)

FEW_KEYS = 25  # of the 50 one-time keys on offer; below this we bring new ones
TAKEN_KEPT = 10_000  # messages between devices, besides those of the latest sync, that are known again
_TAKEN = "CREATE TABLE IF NOT EXISTS tocsin_taken (number INTEGER PRIMARY KEY, message TEXT NOT NULL UNIQUE)"
FRESH_DEVICE = (
    "to go on with a fresh device, stop the bot and move the Matrix folder's session.json away"
    " (with a token: make a new token by logging in again); then start it, and old encrypted messages stay unreadable"
)


class Keys:
    """The keys of one device, in a file of their own in ``folder``."""

    def __init__(self, home: Homeserver, folder: Path, login: Login) -> None:
        self.home = home
        self.login = login
        name = f"keys-{quote(login.device, safe='')}.db"
        self.store = SqliteStore(login.user, login.device, str(folder), "tocsin", name)
        (folder / name).chmod(0o600)
        self.store.database.execute_sql(_TAKEN)
        self.olm = Olm(login.user, login.device, self.store)
        self.encrypted_rooms: set[str] = set(self.store.load_encrypted_rooms())

    def close(self) -> None:
        self.store.database.autoconnect = False  # a message still on its way must not reopen it with outdated keys
        self.store.database.close()

    # -- hearing ---------------------------------------------------------------------------------------------------

    def take_in(self, events: Iterable[dict[str, Any]]) -> set[str]:
        """Work on the messages between devices of one sync; returns the ids of the room keys they brought.

        All of it is committed, or none. A message that was worked on before is known again and left out.
        """
        # Key requests and verifications are nothing to a bot: it gives room keys only when it speaks.
        letters = [raw for raw in events if raw.get("type") == "m.room.encrypted"]
        gained: set[str] = set()
        if not letters:
            return gained
        with self.store.database.atomic():
            before = self._last_taken()
            for raw in letters:
                session = self._take_in_one(raw) if self._note_taken(raw) else None
                if session is not None:
                    gained.add(session)
            self.store.database.execute_sql("DELETE FROM tocsin_taken WHERE number <= ?", (before - TAKEN_KEPT,))
        return gained

    def decrypt(self, room: str, event: dict[str, Any]) -> dict[str, Any] | None:
        """The plain form of an ``m.room.encrypted`` event (type and content), or None when we cannot read it (yet)."""
        try:
            parsed = MegolmEvent.from_dict(self._completed(room, event))
            if not isinstance(parsed, MegolmEvent):
                return None
            plain: dict[str, Any] = self.olm.decrypt_megolm_event(parsed, room).source
            if plain.get("room_id", room) != room or not isinstance(plain["content"], dict):
                return None
            return {**event, "type": str(plain["type"]), "content": plain["content"]}
        except EncryptionError:
            return None  # no key, or the wrong one
        except Exception as odd:  # whatever a stranger wrote spoils nothing but itself
            if own_trouble(odd):
                raise
            log.warning("an encrypted event in %s could not be read: %s", room, type(odd).__name__)
            return None

    def note_encrypted(self, room: str) -> None:
        """Record in the key store that ``room`` is encrypted."""
        if room not in self.encrypted_rooms:
            self.store.save_encrypted_rooms({room})
            self.encrypted_rooms.add(room)

    # -- our own keys on the server --------------------------------------------------------------------------------

    async def check_ours(self) -> dict[str, Any]:
        """Compare the device keys the server shows with ours. Returns its answer about us (``/keys/query``).

        Raises NetworkRejected when they differ: the store was lost or exchanged, and nobody would be able to read us.
        """
        me, device = self.login.user, self.login.device
        answer = await self.home.call("POST", f"{CLIENT}/keys/query", {"device_keys": {me: []}})
        shown = (answer.get("device_keys", {}).get(me) or {}).get(device)
        if shown is None:
            # Never uploaded, or forgotten by the server: offer everything.
            self.olm.account.shared = False
        elif shown.get("keys", {}).get(f"ed25519:{device}") != self.olm.account.identity_keys["ed25519"]:
            raise NetworkRejected(
                f"the encryption keys of Matrix device {device} are not in the Matrix folder"
                f" (lost, or from an old backup); {FRESH_DEVICE}"
            )
        return answer

    async def offer(self, on_server: int) -> None:
        """Upload device keys and one-time keys where they are missing. ``on_server``: one-time keys still on offer.

        Raises NetworkRejected when the server holds other keys under the same names.
        """
        account = self.olm.account
        if account.shared and on_server >= FEW_KEYS:
            return
        self.olm.uploaded_key_count = on_server
        content = self.olm.share_keys()
        # First ours, then the server's: should we be killed after the upload, the same keys are offered again.
        self.olm.save_account()
        try:
            await self.home.call("POST", f"{CLIENT}/keys/upload", content)
        except MatrixError as refusal:
            if refusal.status == 400 and "already exists" in str(refusal.body.get("error", "")):
                raise NetworkRejected(
                    f"the homeserver holds other encryption keys for device {self.login.device}; {FRESH_DEVICE}"
                ) from None
            raise
        account.shared = True
        self.olm.mark_keys_as_published()
        self.olm.save_account()

    # -- parts -----------------------------------------------------------------------------------------------------

    def _take_in_one(self, raw: dict[str, Any]) -> str | None:
        try:
            event = ToDeviceEvent.parse_encrypted_event(raw)
            got = self.olm.handle_to_device_event(event) if isinstance(event, OlmEvent) else None
        except Exception as odd:  # whatever a stranger wrote spoils nothing but itself
            if own_trouble(odd):
                raise
            log.warning("a message between devices could not be read: %s", type(odd).__name__)
            return None
        return str(got.session_id) if isinstance(got, RoomKeyEvent | ForwardedRoomKeyEvent) else None

    def _note_taken(self, raw: dict[str, Any]) -> bool:
        # Whether it is new. What servers add beside sender and content differs from one time to the next.
        text = json.dumps([raw.get("sender"), raw.get("content")], sort_keys=True)
        noted = self.store.database.execute_sql(
            "INSERT OR IGNORE INTO tocsin_taken (message) VALUES (?)", (hashlib.sha256(text.encode()).hexdigest(),)
        )
        return bool(noted.rowcount)

    def _last_taken(self) -> int:
        row = self.store.database.execute_sql("SELECT max(number) FROM tocsin_taken").fetchone()
        return int(row[0] or 0)

    def _completed(self, room: str, event: dict[str, Any]) -> dict[str, Any]:
        # Newer clients leave out the sender's key and device, which the library still asks for.
        content = event["content"]
        if "sender_key" in content and "device_id" in content:
            return event
        session = content["session_id"]
        known = self.olm.inbound_group_store[room]
        sender_key = next((key for key, sessions in known.items() if session in sessions), "")
        return {**event, "content": {"sender_key": sender_key, "device_id": "", **content}}
