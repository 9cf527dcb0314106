"""Signed notes and checkpoints, as C2SP ``signed-note`` and ``tlog-checkpoint`` have them (https://c2sp.org).

A note is text that ends in a newline, an empty line, and signature lines ``— name base64(key id ‖ signature)``, with
key id ``SHA-256(name ‖ 0A ‖ 01 ‖ public key)[:4]`` and Ed25519 signatures over the text. A checkpoint is a note whose
text is the log's origin, its size, and its root in base64.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from storage import curve

_ED25519 = b"\x01"
_DASH = "\u2014 "

MOST_SIGNATURES = 64
"""Signature lines of a note that are read: a deployment's, a replaced key's, and those of more witnesses than any log has."""


class BadNote(ValueError):
    """Text that is not a signed note, a checkpoint or a key as C2SP writes them. The message says what is wrong."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a checkpoint says: the log's origin, its size in entries, and its root hash (32 bytes)."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        return f"{self.origin}\n{self.size}\n{b64encode(self.root).decode()}\n"


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line: the key's name, its id (4 bytes), and the signature."""

    name: str
    key_id: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class Verifier:
    """A public key under its name (``vkey``: ``name+hex key id+base64(01 ‖ public key)``)."""

    name: str
    public: bytes

    @property
    def key_id(self) -> bytes:
        return sha256(self.name.encode() + b"\n" + _ED25519 + self.public).digest()[:4]

    @property
    def vkey(self) -> str:
        return f"{self.name}+{self.key_id.hex()}+{b64encode(_ED25519 + self.public).decode()}"

    @property
    def fingerprint(self) -> str:
        """What is read out by telephone."""
        return fingerprint(self.vkey)

    @classmethod
    def parse(cls, vkey: str) -> Verifier:
        """Read a vkey. Raises BadNote."""
        name, _, rest = vkey.partition("+")
        key_id, plus, encoded = rest.partition("+")
        data = _decode(encoded)
        if not plus or not proper_name(name) or len(data) != 33 or data[:1] != _ED25519:
            raise BadNote("not an Ed25519 key as name+id+key")
        if wrong := curve.fault(data[1:]):
            raise BadNote(wrong)
        verifier = cls(name, data[1:])
        if verifier.key_id.hex() != key_id:
            raise BadNote("the key's id does not belong to its name and key")
        return verifier

    def verifies(self, signature: Signature, text: str) -> bool:
        """Whether this key made this signature over the text."""
        if signature.name != self.name or signature.key_id != self.key_id:
            return False
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature.signature, text.encode())
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True, slots=True)
class Signer:
    """A private key under its name."""

    name: str
    key: Ed25519PrivateKey

    def __post_init__(self) -> None:
        if not proper_name(self.name):
            raise BadNote(f"a name that signs has no spaces and no plus sign: {self.name!r}")

    @property
    def verifier(self) -> Verifier:
        return Verifier(self.name, self.key.public_key().public_bytes_raw())

    def sign(self, text: str) -> str:
        """The text as a signed note. It must end in a newline."""
        if not text.endswith("\n"):
            raise BadNote("a note's text ends in a newline")
        blob = self.verifier.key_id + self.key.sign(text.encode())
        return f"{text}\n{_DASH}{self.name} {b64encode(blob).decode()}\n"


def fingerprint(vkey: str) -> str:
    """What is read out by telephone of a key: the first 32 digits of the SHA-256 of its vkey, in fours."""
    digits = sha256(vkey.encode()).hexdigest()
    return " ".join(digits[at : at + 4] for at in range(0, 32, 4))


def proper_name(name: str) -> bool:
    """Whether a name can stand in a signature line."""
    return bool(name) and "+" not in name and not any(c.isspace() for c in name) and name.isprintable()


def split_note(note: str) -> tuple[str, list[Signature]]:
    """A note's text and signatures. Raises BadNote."""
    text, blank, lines = note.rpartition("\n\n")
    if not blank or not lines.endswith("\n"):
        raise BadNote("no signature: a signed note has an empty line, then signature lines")
    if any((ord(c) < 0x20 and c != "\n") or 0xD800 <= ord(c) <= 0xDFFF for c in note):
        raise BadNote("a signed note has no control characters, nor halves of characters")
    if lines.count("\n") > MOST_SIGNATURES:
        raise BadNote(f"a note has at most {MOST_SIGNATURES} signature lines")
    signatures = []
    for line in lines.removesuffix("\n").split("\n"):
        name, space, encoded = line.removeprefix(_DASH).partition(" ")
        data = _decode(encoded)
        if not line.startswith(_DASH) or not space or not proper_name(name) or len(data) < 5:
            raise BadNote(f"not a signature line: {line!r}")
        signatures.append(Signature(name, data[:4], data[4:]))
    return text + "\n", signatures


def parse_checkpoint(text: str) -> Checkpoint:
    """Read a checkpoint's text; lines after the third are extensions. Raises BadNote."""
    lines = text.split("\n")
    if len(lines) < 4 or lines[-1]:
        raise BadNote("a checkpoint has three lines: origin, size, root")
    origin, size, root = lines[:3]
    if not origin or not size.isascii() or not size.isdigit() or (size[0] == "0" and size != "0") or len(size) > 19:
        raise BadNote("a checkpoint's second line is the log's size")
    digest = _decode(root)
    if len(digest) != 32:
        raise BadNote("a checkpoint's third line is a root hash of 32 bytes")
    return Checkpoint(origin, int(size), digest)


def _decode(text: str) -> bytes:
    try:
        data = b64decode(text, validate=True)
    except ValueError as error:
        raise BadNote("base64 that cannot be read") from error
    if b64encode(data).decode() != text:
        raise BadNote("base64 that is not in its one proper form")
    return data
