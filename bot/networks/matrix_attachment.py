"""A file as Matrix speaks of it: what an event says of it, where it lies, and how it is sealed for encrypted rooms. Pure.

A sealed file is encrypted with AES in counter mode under a key of its own; the key, and the digest of what lies on the
server, travel in the (encrypted) event. Both ways go piece by piece, so that no file has to fit into memory.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
import secrets
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from bot.networks.port import FileGone, Spooled
from playbooks.spoken import File

_MXC = re.compile(r"mxc://([A-Za-z0-9.:\[\]_-]{1,255})/([A-Za-z0-9_~.-]{1,255})")
_KEY_BYTES, _COUNTER_BYTES, _DIGEST_BYTES = 32, 16, 32
# What clients show in place; another picture (of a format that may hold scripts, or that few can draw) goes as a file.
_PICTURES = ("image/png", "image/jpeg", "image/gif", "image/webp", "image/apng", "image/avif")


@dataclass(frozen=True, slots=True)
class Stored:
    """Where a file lies: ``url`` is its ``mxc://`` address, ``seal`` the rest of an ``EncryptedFile``, None of a plain one."""

    url: str
    seal: dict[str, Any] | None = None

    def named(self) -> dict[str, Any]:
        """The part of an event's content that says where the file is."""
        return {"url": self.url} if self.seal is None else {"file": self.seal | {"url": self.url}}

    @property
    def address(self) -> tuple[str, str]:
        """The server and the name of the file there. Raises FileGone where the address is none."""
        found = _MXC.fullmatch(self.url)
        if found is None or found[2] in (".", ".."):
            raise FileGone("the file has no address that can be asked for")
        return found[1], found[2]


def stored(where: str) -> Stored:
    """What ``File.where`` says: JSON with ``mxc``, and of a sealed file ``file``, its ``EncryptedFile``. Raises FileGone."""
    try:
        named = json.loads(where)
    except ValueError:
        named = None
    if not isinstance(named, dict):
        raise FileGone("the file has no address that can be asked for")
    sealed = named.get("file")
    return Stored(str(named.get("mxc") or ""), sealed if isinstance(sealed, dict) else None)


def described(file: Spooled, lies: Stored) -> dict[str, Any]:
    """The content of the event that shows ``file``, as yet without a caption."""
    source = file.source
    name = file.name or "file"
    info: dict[str, Any] = {"mimetype": file.type, "size": file.size}
    kind = _kind(file)
    if kind in ("m.image", "m.video") and source.width and source.height:
        info |= {"w": source.width, "h": source.height}
    if kind == "m.video" and source.kind == "animation":
        info["fi.mau.gif"] = True  # so that other bridges, and ours, know it for what it was
    millis = _millis(source) if kind in ("m.audio", "m.video") else None
    if millis is not None:
        info["duration"] = millis
    content: dict[str, Any] = {"msgtype": kind, "body": name, "filename": name, "info": info, **lies.named()}
    if kind == "m.audio" and source.kind == "voice":
        content["org.matrix.msc3245.voice"] = {}
        waveform = {"waveform": list(source.waveform)} if source.waveform else {}
        if millis is not None:
            content["org.matrix.msc1767.audio"] = {"duration": millis, **waveform}
    return content


class Sealing:
    """Seals one file with a fresh key: every piece through ``update``, then ``seal``."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(_KEY_BYTES)
        # The lower half counts blocks and begins at nothing, so that no library's counter can run over.
        self._start = secrets.token_bytes(_COUNTER_BYTES // 2) + bytes(_COUNTER_BYTES // 2)
        self._cipher = Cipher(algorithms.AES(self._key), modes.CTR(self._start)).encryptor()
        self._digest = hashlib.sha256()

    def update(self, piece: bytes) -> bytes:
        """The sealed form of the next piece, as long as it."""
        sealed = self._cipher.update(piece)
        self._digest.update(sealed)
        return sealed

    def seal(self) -> dict[str, Any]:
        """An ``EncryptedFile`` but for its ``url``."""
        key = base64.urlsafe_b64encode(self._key).decode().rstrip("=")
        return {
            "v": "v2",
            "key": {"kty": "oct", "alg": "A256CTR", "ext": True, "k": key, "key_ops": ["encrypt", "decrypt"]},
            "iv": _text(self._start),
            "hashes": {"sha256": _text(self._digest.digest())},
        }


class Opening:
    """Opens one sealed file: every piece through ``update``, then ``check``. Raises FileGone where the seal makes no sense."""

    def __init__(self, seal: dict[str, Any]) -> None:
        key, hashes = seal.get("key"), seal.get("hashes")
        secret = key.get("k") if isinstance(key, dict) else None
        digest = hashes.get("sha256") if isinstance(hashes, dict) else None
        self._wanted = _bytes(digest, _DIGEST_BYTES)
        cipher = Cipher(algorithms.AES(_bytes(secret, _KEY_BYTES)), modes.CTR(_bytes(seal.get("iv"), _COUNTER_BYTES)))
        self._cipher = cipher.decryptor()
        self._digest = hashlib.sha256()

    def update(self, piece: bytes) -> bytes:
        """The open form of the next piece, as long as it."""
        self._digest.update(piece)
        return self._cipher.update(piece)

    def check(self) -> None:
        """Raises FileGone unless all that was opened is what the sender sealed."""
        if not secrets.compare_digest(self._digest.digest(), self._wanted):
            raise FileGone("the file is not what its sender encrypted")


def _millis(source: File) -> int | None:
    """How long it plays."""
    if source.millis is not None:
        return source.millis
    return source.seconds * 1000 if source.seconds is not None else None


def _kind(file: Spooled) -> str:
    """How clients are to show it: as what it was sent as, where it really is that."""
    wanted = file.source.kind
    if wanted in ("photo", "sticker", "animation", "video"):
        if file.type in _PICTURES:
            return "m.image"
        return "m.video" if file.type.startswith("video/") else "m.file"
    return "m.audio" if wanted in ("audio", "voice") and file.type.startswith("audio/") else "m.file"


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode().rstrip("=")


def _bytes(text: Any, length: int) -> bytes:
    # Some clients write either alphabet, with padding or without.
    try:
        plain = str(text).rstrip("=").replace("-", "+").replace("_", "/").encode("ascii")
        raw = base64.b64decode(plain + b"=" * (-len(plain) % 4), validate=True)
    except (ValueError, binascii.Error):
        raw = b""
    if len(raw) != length:
        raise FileGone("the file cannot be decrypted: what was sent with it is no key")
    return raw
