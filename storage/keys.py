"""The small files beside the database: the signing key, and the lock that keeps a second bot off the same data."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from storage.connection import words
from storage.notes import BadNote, Signer
from storage.store import StorageError, StorageFull

KEY = "signing.key"
FOLLOWING = "signing.key.new"
"""The key that is to take the place of the one that signs: there only while it is being replaced, or where that was broken off."""
LOCK = "tocsin.lock"


def is_there(folder: Path) -> bool:
    """Whether a folder has a key."""
    with words(folder / KEY):
        return (folder / KEY).exists()


def signer(folder: Path, name: str) -> Signer:
    """The deployment's key, made with mode 600 if there is none: whether there may be a new one, ``signing`` knows. Raises StorageError if it
    cannot be used."""
    path = folder / KEY
    with words(path):
        if not path.exists():
            _make(path)
    return _read(path, name)


def made_up(name: str) -> Signer:
    """A key that is kept nowhere. Raises StorageError for a name that cannot sign."""
    return _signer(name, Ed25519PrivateKey.generate())


def following(folder: Path, name: str) -> Signer | None:
    """The key that is to follow, if one was made."""
    path = folder / FOLLOWING
    with words(path):
        there = path.exists()
    return _read(path, name) if there else None


def make_following(folder: Path, name: str) -> Signer:
    """The key that is to follow, on the disk with mode 600: the one that an earlier try left there, else a new one."""
    path = folder / FOLLOWING
    with words(path):
        if not path.exists():
            _make(path)
    return _read(path, name)


def adopt(folder: Path, name: str) -> Signer:
    """Put the key that is to follow in the place of the one that signs, which is kept aside (``signing.KEYID.key``). May be done twice."""
    path = folder / KEY
    with words(path):
        with contextlib.suppress(FileExistsError):
            os.link(path, folder / f"signing.{_read(path, name).verifier.key_id.hex()}.key")
        sync_folder(folder)
        with contextlib.suppress(FileNotFoundError):
            (folder / FOLLOWING).replace(path)
        sync_folder(folder)
    return _read(path, name)


def _read(path: Path, name: str) -> Signer:
    with words(path):
        data = path.read_bytes()
    try:
        key = serialization.load_pem_private_key(data, None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise StorageError(f"{path} is no signing key: put the file back from its backup") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise StorageError(f"{path} is not an Ed25519 key: put the file back from its backup")
    return _signer(name, key)


def _signer(name: str, key: Ed25519PrivateKey) -> Signer:
    try:
        return Signer(name, key)
    except BadNote as error:
        raise StorageError(f"this deployment's name cannot sign: {error}") from error


def _make(path: Path) -> None:
    """Whole or not at all, and never over a key that another process made meanwhile."""
    pem = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    draft = path.with_name(f"{path.name}.{os.getpid()}.new")
    draft.unlink(missing_ok=True)  # of a process of the same number that was killed, as happens in containers
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(pem)
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink()
    sync_folder(path.parent)


def make_folder(folder: Path) -> None:
    """The deployment's folder, with mode 700 if it is made now."""
    with _naming(folder):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)


@contextlib.contextmanager
def _naming(folder: Path) -> Iterator[None]:
    """What keeps us from beginning there in words that name the setting, since that is what is to be changed. Raises StorageError."""
    try:
        with words(folder / KEY):
            yield
    except StorageFull:
        raise
    except StorageError as error:
        raise StorageError(
            f"TOCSIN_DATA: nothing can be kept in {folder} ({error}); name a folder that this user may write to"
        ) from error


def sync_folder(folder: Path) -> None:
    """Make a new name in a folder outlive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def hold(folder: Path) -> Iterator[None]:
    """Keep every other bot off this folder while the block runs; the lock dies with the process.

    Raises StorageError if one is running there.
    """
    path = folder / LOCK
    make_folder(folder)
    with _naming(folder):
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            other = os.pread(descriptor, 20, 0).decode("ascii", "replace").strip() or "unknown"
            raise StorageError(
                f"Tocsin already runs on {folder} (process {other}): "
                "stop it first, or set TOCSIN_DATA to another folder"
            ) from error
        with words(path):
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(descriptor)
