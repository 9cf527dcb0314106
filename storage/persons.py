"""A key for each person whose data the log holds, in a file apart from the database: whoever is forgotten loses theirs, and every
backup of the database forgets with it.

What is of several persons (their ids with spaces between) is sealed under each of their keys, one around the other: without any of them it is forgotten.

Sealed with AES-256-GCM (NIST SP 800-38D), a fresh nonce each time, bound to the entry's place. The file has a line of JSON for each person: ``id`` (what the database
knows), ``subject`` (a person's id, or an account) and ``key``. It is to be backed up apart from the database, and old copies of it are to be destroyed.
"""

from __future__ import annotations

import json
import os
from base64 import b64decode, b64encode
from collections.abc import Collection, Iterator
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from storage.connection import words
from storage.keys import sync_folder
from storage.store import StorageError

FILE = "persons.keys"
_NONCE = 12


class Keyring:
    """The keys of persons, as the file has them now: another process may have added some, or forgotten some."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE
        self._seen: tuple[int, ...] | None = None
        self._ids: dict[str, str] = {}  # subject → id
        self._keys: dict[str, AESGCM] = {}  # id → key

    def seal(self, subject: str, place: str, data: bytes) -> tuple[str, bytes]:
        """(ids of the keys, sealed data). A new person's key is on the disk before this returns. Raises StorageError."""
        self._look()
        subjects = subject.split(" ")
        for one in subjects:
            if one not in self._ids:
                self._add(one)
        names = " ".join(self._ids[one] for one in subjects)
        return names, self.seal_again(names, place, data)

    def open(self, name: str, place: str, sealed: bytes) -> bytes | None:
        """What was sealed; None where the person was forgotten. Raises StorageError for data that is not what was sealed."""
        for one in reversed(name.split(" ")):
            key = self._keys.get(one)
            if key is None:
                return None
            try:
                sealed = key.decrypt(sealed[:_NONCE], sealed[_NONCE:], place.encode())
            except (InvalidTag, ValueError) as error:
                raise StorageError(f"what is kept of a person at {place} is damaged: restore a backup") from error
        return sealed

    def seal_again(self, name: str, place: str, data: bytes) -> bytes:
        """Seal other data under keys that are known by their ids."""
        for one in name.split(" "):
            nonce = os.urandom(_NONCE)
            data = nonce + self._keys[one].encrypt(nonce, data, place.encode())
        return data

    def refresh(self) -> None:
        """See what other processes did to the file."""
        self._look()

    def known(self, subjects: Collection[str]) -> frozenset[str]:
        """The ids of these persons' keys, of those that have one."""
        self._look()
        return frozenset(self._ids[one] for one in subjects if one in self._ids)

    def forget(self, names: Collection[str]) -> None:
        """Destroy keys, by their ids, for good: the file is written anew without them. Only inside a transaction of the database, like ``seal``:
        a key that another process adds meanwhile would be lost.
        """
        draft = self.path.with_name(f"{FILE}.new")
        if not self.path.exists():
            return
        with words(self.path), self.path.open("r+b", buffering=0) as old:
            kept = [line for line, name, _, _ in _lines(old.read()) if name not in names]
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600), "wb") as file:
                file.write(b"".join(line + b"\n" for line in kept))
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self.path)
            sync_folder(self.path.parent)
            # Only now, through what is still open: some file systems then hold nothing of it.
            old.seek(0)
            old.write(bytes(os.fstat(old.fileno()).st_size))
            os.fsync(old.fileno())
        self._seen = None
        self._look()

    def missing(self, names: Collection[str]) -> int:
        """How many of these keys the file does not have."""
        self._look()
        return len({one for name in names for one in name.split(" ")} - self._keys.keys())

    def _add(self, subject: str) -> None:
        name, key = os.urandom(9).hex(), AESGCM.generate_key(256)
        line = json.dumps({"id": name, "subject": subject, "key": b64encode(key).decode()}).encode() + b"\n"
        with words(self.path):
            self.path.with_name(f"{FILE}.new").unlink(missing_ok=True)  # left by a crash
            new = not self.path.exists()
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
            with os.fdopen(descriptor, "r+b", buffering=0) as file:
                end = file.seek(0, os.SEEK_END)
                torn = end > 0 and os.pread(file.fileno(), 1, end - 1) != b"\n"
                data = b"\n" + line if torn else line
                if file.write(data) != len(data):
                    raise OSError(28, "no room left on the disk", str(self.path))
                os.fsync(file.fileno())
            if new:
                sync_folder(self.path.parent)
        self._look()

    def _look(self) -> None:
        with words(self.path):
            try:
                found = self.path.stat()
            except FileNotFoundError:
                self._seen, self._ids, self._keys = None, {}, {}
                return
            seen = (found.st_ino, found.st_size, found.st_mtime_ns)
            if seen != self._seen:
                self._read(self.path.read_bytes())
                self._seen = seen

    def _read(self, data: bytes) -> None:
        found = list(_lines(data))
        # Whole: another thread may be reading.
        self._ids = {subject: name for _, name, subject, _ in found}
        self._keys = {name: key for _, name, _, key in found}


def _lines(data: bytes) -> Iterator[tuple[bytes, str, str, AESGCM]]:
    """Each line with its id, subject and key. A torn one is left out: nothing was sealed with that key yet."""
    for line in data.split(b"\n"):
        try:
            said = json.loads(line)
            yield line, said["id"], said["subject"], AESGCM(b64decode(said["key"]))
        except (ValueError, KeyError, TypeError):
            continue
