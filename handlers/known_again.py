"""By what something without words is known again where somebody passes it on: of a file, what its network calls it wherever it stands. Pure."""

from __future__ import annotations

import json
from hashlib import sha256

from playbooks.spoken import File, Spoken

_ANYBODYS = ("sticker", "animation")
"""Kinds of files that anybody has: two people who send the same one pass nothing on."""


def known_as(file: File) -> str:
    """What is the same of the same file, however often it is sent: a digest, because the log must not say where a file is to be had.

    Telegram's ``file_unique_id``; on Matrix the digest of what is encrypted, or the address of what is not; in a rehearsal the digest. 32 hexadecimal
    digits; empty where its network calls it nothing.
    """
    try:
        where = json.loads(file.where)
        sealed = where.get("file") or {}
        name = where.get("unique") or sealed.get("hashes", {}).get("sha256") or where.get("mxc") or where.get("sha256")
    except (ValueError, AttributeError):
        name = None
    return "" if not name else sha256(f"{file.network} {name}".encode("utf-8", "replace")).hexdigest()[:32]


def tells_of_itself(spoken: Spoken) -> bool:
    """Whether the same file, sent once more, is passed on also where its network does not say so: not all clients tell, and all let people hide it."""
    return spoken.file is not None and spoken.file.kind not in _ANYBODYS
