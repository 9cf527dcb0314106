"""Which key a log is signed with: the one beside it. One is made only where nothing was ever signed: another key in the place of one
that is missing would make every copy from then on look tampered with."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from storage import checkpoints, keys
from storage.connection import Connection
from storage.evidence import replaced
from storage.notes import Signer, Verifier
from storage.queries import SQL
from storage.store import StorageError

WhereNone = Literal["make", "borrow"]
"""What is done where there is no key yet: one is made and kept, or one is made up that is on no disk, for whoever only looks and signs nothing."""


class KeyLost(StorageError):
    """The key that signed this log is not there. The message says what to do."""


async def signer(connection: Connection, folder: Path, name: str, where_none: WhereNone = "make") -> Signer:
    """The key of a deployment's log. Raises KeyLost where one signed it that is missing, and StorageError for one that cannot be used."""
    if keys.is_there(folder):
        return await replaced(connection, folder, keys.signer(folder, name))
    signed_by = await connection.write(lambda inner: [vkey for vkey, _ in inner.execute(SQL["signers"])])
    if signed_by or checkpoints.SideFile(folder).remembered():
        raise KeyLost(_lost(folder, signed_by[-1] if signed_by else None))
    return keys.signer(folder, name) if where_none == "make" else keys.made_up(name)


def _lost(folder: Path, vkey: str | None) -> str:
    which = f"with the key {Verifier.parse(vkey).fingerprint}" if vkey is not None else "before"
    return (
        f"{folder / keys.KEY} is missing, and this log was signed {which}: put it back from its copy; if it is lost for good, tell the partners, "
        f"put {folder} aside whole, and begin in an empty folder under another TOCSIN_NAME (copies that were exported before still verify)"
    )


def outsiders(signed: list[tuple[str, int]], ours: frozenset[str]) -> bool:
    """Whether another key signed this log before any of ``ours`` did. ``signed``: each public key, and when it signed first.

    One that came after them was put in their place for a while, and is gone again.
    """
    began = min((since for vkey, since in signed if vkey in ours), default=None)
    return any(vkey not in ours and (began is None or since < began) for vkey, since in signed)
