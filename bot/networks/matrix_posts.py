"""The checkpoints that the bot posted itself, as rooms give them back: a data folder that was put back whole knows nothing newer.

In an encrypted room an older folder lacks the keys of what was said since. So a checkpoint that goes into one has a copy beside the ciphertext, locked
(AES-GCM) with a key of this deployment's alone, which is made once and kept in the Matrix memory: whoever puts that back can read every later copy.
The homeserver learns from it that this message is a checkpoint, which its hour tells it anyway.

In any other room the copy beside is not locked: only a message with one counts. The words of one show nothing, for the bot also says what people said, and
somebody's made-up checkpoint, larger than any, must not stand in for what we posted.
"""

from __future__ import annotations

import hashlib
import os
from base64 import b64decode, b64encode
from collections.abc import Sequence
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from bot.networks import matrix_read
from storage.export.witnessed import pasted
from storage.notes import BadNote
from storage.standing import Seen

BESIDE = "org.tocsin.checkpoint"
LONGEST = 2000
"""Characters of a checkpoint that is copied: ours have one signature."""

_MOST_WORDS = 70_000
_NONCE = 12


def new_key() -> bytes:
    """A key of 32 bytes for ``beside`` and ``posted``."""
    return AESGCM.generate_key(256)


def beside(content: dict[str, Any], room: str, key: bytes | None) -> dict[str, str]:
    """What goes beside the words, or the ciphertext, of a post with this content: the checkpoint in it, nothing where it has none. Only for posts of ours,
    never for what people said. ``key``: what it is locked with; None in a room that is not encrypted.
    """
    note = _in_words(content)
    if note is None or len(note) > LONGEST:
        return {}
    if key is None:
        return {BESIDE: note}
    nonce = os.urandom(_NONCE)
    return {BESIDE: b64encode(nonce + AESGCM(key).encrypt(nonce, note.encode(), room.encode())).decode()}


def posted(event: dict[str, Any], room: str, key: bytes) -> str | None:
    """The checkpoint that an event of ours posted; None where it is no such post, or cannot be read. What its words say does not count."""
    content = event.get("content")
    copy = content.get(BESIDE) if isinstance(content, dict) else None
    if not isinstance(copy, str) or len(copy) > 2 * LONGEST:
        return None
    if event.get("type") != "m.room.encrypted":
        return pasted(copy)
    try:
        data = b64decode(copy, validate=True)
        return pasted(AESGCM(key).decrypt(data[:_NONCE], data[_NONCE:], room.encode()).decode())
    except (ValueError, InvalidTag):
        return None


def told(posts: Sequence[tuple[str, str]], heard: int) -> list[tuple[str, str]]:
    """What is kept (key, body) of the checkpoints that one sync gave back (each a room and a note): of each log the largest, all in one, so that what they
    show is told once."""
    largest: dict[str, tuple[int, str]] = {}
    for _, note in posts:
        try:
            said = Seen.read(note).said
        except BadNote:
            continue
        largest[said.origin] = max(largest.get(said.origin, (0, "")), (said.size, note))
    text = "\n".join(note for _, note in largest.values())
    key = f"posted:{hashlib.sha256(text.encode()).hexdigest()[:32]}"
    return [(key, matrix_read.posted(key, posts[0][0], text, heard=heard))] if text else []


def _in_words(content: dict[str, Any]) -> str | None:
    body = content.get("body")
    return pasted(body[:_MOST_WORDS]) if isinstance(body, str) and "\n" in body and "/" in body else None
