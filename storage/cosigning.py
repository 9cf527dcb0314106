"""Cosignatures: a partner's own key signs a checkpoint too, as C2SP ``tlog-cosignature`` and ``tlog-witness`` have it (https://c2sp.org).

- A witness's key: Ed25519 under a name, ``key id = SHA-256(name ‖ 0A ‖ 04 ‖ public key)[:4]``; its vkey is ``name+hex key id+base64(04 ‖ public key)``.
- A cosignature is a line of the checkpoint's note: ``— name base64(key id ‖ time ‖ signature)``, the time in seconds since 1970 as 8 bytes,
  the signature over ``cosignature/v1``, a line ``time N``, and the note's text.
- A request is ``old N``, the consistency proof from N entries to the checkpoint's size, a hash in base64 a line, an empty line, the checkpoint.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from storage import curve
from storage.notes import BadNote, Signature, fingerprint, parse_checkpoint, proper_name, split_note

_COSIGNATURE = b"\x04"
_SECRET = "PRIVATE+KEY+"
_OLD = re.compile(r"old (0|[1-9]\d{0,18})")

MOST_HASHES = 63
"""A longer proof belongs to no log (C2SP ``tlog-witness``)."""


@dataclass(frozen=True, slots=True)
class Cosigned:
    """A checkpoint that a partner's key signed too: the note with both signatures, the partner's id, and its vkey."""

    note: str
    partner: str
    vkey: str


def largest(cosigned: Iterable[Cosigned], upto: int) -> list[Cosigned]:
    """Of each partner's key the checkpoint over most entries, up to so many: it speaks for all before it. The smallest first. What cannot be read shows
    nothing, and is left out."""
    found: dict[tuple[str, str], tuple[int, Cosigned]] = {}
    for one in cosigned:
        try:
            size = parse_checkpoint(split_note(one.note)[0]).size
        except BadNote:
            continue
        if found.get((one.partner, one.vkey), (0, one))[0] < size <= upto:
            found[one.partner, one.vkey] = size, one
    return [one for _, one in sorted(found.values(), key=lambda sized: (sized[0], sized[1].partner, sized[1].vkey))]


@dataclass(frozen=True, slots=True)
class Witness:
    """A witness's public key under its name."""

    name: str
    public: bytes

    @property
    def key_id(self) -> bytes:
        return sha256(self.name.encode() + b"\n" + _COSIGNATURE + self.public).digest()[:4]

    @property
    def vkey(self) -> str:
        return f"{self.name}+{self.key_id.hex()}+{b64encode(_COSIGNATURE + self.public).decode()}"

    @property
    def fingerprint(self) -> str:
        """What is read out by telephone, as of the deployment's key."""
        return fingerprint(self.vkey)

    @classmethod
    def parse(cls, vkey: str) -> Witness:
        """Read a vkey. Raises BadNote."""
        name, key_id, data = _parted(vkey)
        found = cls(name, data)
        if found.key_id.hex() != key_id:
            raise BadNote("the key's id does not belong to its name and key: a character is missing or wrong")
        if wrong := curve.fault(data):
            raise BadNote(wrong)
        return found

    def signed_at(self, signature: Signature, text: str) -> datetime | None:
        """When this key cosigned the text; None where this is no signature of its."""
        if (signature.name, signature.key_id) != (self.name, self.key_id) or len(signature.signature) != 72:
            return None
        seconds = int.from_bytes(signature.signature[:8], "big")
        try:
            at = datetime.fromtimestamp(seconds, UTC)
            key = Ed25519PublicKey.from_public_bytes(self.public)
            key.verify(signature.signature[8:], _message(text, seconds))
        except (InvalidSignature, ValueError, OverflowError, OSError):
            return None
        return at


@dataclass(frozen=True, slots=True)
class WitnessKey:
    """A witness's private key under its name."""

    name: str
    key: Ed25519PrivateKey

    def __post_init__(self) -> None:
        if not proper_name(self.name):
            raise BadNote(f"a witness's name has no spaces and no plus sign: {self.name!r}")

    @classmethod
    def new(cls, name: str) -> WitnessKey:
        """A fresh key. Raises BadNote for a name that cannot sign."""
        return cls(name, Ed25519PrivateKey.generate())

    @property
    def witness(self) -> Witness:
        return Witness(self.name, self.key.public_key().public_bytes_raw())

    @property
    def secret(self) -> str:
        """The private key as one line: ``PRIVATE+KEY+name+key id+base64(04 ‖ seed)``, as note tools write it."""
        seed = b64encode(_COSIGNATURE + self.key.private_bytes_raw()).decode()
        return f"{_SECRET}{self.name}+{self.witness.key_id.hex()}+{seed}"

    @classmethod
    def parse(cls, secret: str) -> WitnessKey:
        """Read ``secret``. Raises BadNote."""
        if not secret.startswith(_SECRET):
            raise BadNote("not a witness's key")
        name, key_id, seed = _parted(secret.removeprefix(_SECRET))
        found = cls(name, Ed25519PrivateKey.from_private_bytes(seed))
        if found.witness.key_id.hex() != key_id:
            raise BadNote("the key's id does not belong to its name and key: a character is missing or wrong")
        return found

    def cosign(self, note: str, at: datetime) -> str:
        """The note with this key's line. An earlier line of it is replaced. Raises BadNote."""
        text, signatures = split_note(note)
        seconds = int(at.timestamp())
        signature = self.key.sign(_message(text, seconds))
        blob = b64encode(self.witness.key_id + seconds.to_bytes(8, "big") + signature).decode()
        lines = note.rpartition("\n\n")[2].removesuffix("\n").split("\n")
        mine = (self.name, self.witness.key_id)
        others = [line for line, one in zip(lines, signatures, strict=True) if (one.name, one.key_id) != mine]
        return "\n".join((text, *others, f"— {self.name} {blob}")) + "\n"


@dataclass(frozen=True, slots=True)
class Request:
    """A checkpoint to be cosigned: ``proof`` shows that it continues the log of ``old`` entries."""

    old: int
    proof: Sequence[bytes]
    note: str

    @property
    def text(self) -> str:
        return "".join((f"old {self.old}\n", *(f"{b64encode(one).decode()}\n" for one in self.proof), f"\n{self.note}"))

    @classmethod
    def parse(cls, text: str) -> Request:
        """Read a request. Raises BadNote."""
        head, blank, note = text.partition("\n\n")
        first, *hashes = head.split("\n")
        old = _OLD.fullmatch(first)
        if old is None or not blank:
            raise BadNote("not a request for a cosignature: its first line is `old` and a number")
        if len(hashes) > MOST_HASHES:
            raise BadNote(f"a proof has at most {MOST_HASHES} hashes")
        proof = [_base64(one) for one in hashes]
        if any(len(one) != 32 for one in proof):
            raise BadNote("a proof is made of hashes of 32 bytes")
        return cls(int(old[1]), proof, note)


def _message(text: str, seconds: int) -> bytes:
    return f"cosignature/v1\ntime {seconds}\n{text}".encode()


def _parted(key: str) -> tuple[str, str, bytes]:
    name, _, rest = key.partition("+")
    key_id, plus, encoded = rest.partition("+")
    data = _base64(encoded)
    if not plus or not proper_name(name) or len(data) != 33 or data[:1] != _COSIGNATURE:
        raise BadNote("not a witness's key: it is written name+id+key, of 33 bytes that begin with 04")
    return name, key_id, data[1:]


def _base64(text: str) -> bytes:
    try:
        data = b64decode(text, validate=True)
    except ValueError as error:
        raise BadNote("base64 that cannot be read") from error
    if b64encode(data).decode() != text:
        raise BadNote("base64 that is not in its one proper form")
    return data
