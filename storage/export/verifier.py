"""Checks a copy of a log of Tocsin ("bundle"). Needs Python 3.8 or later, nothing else: no network, no other package.

    python3 verify.py BUNDLE.zip [--checkpoint FILE]        a bundle; FILE is a checkpoint or an older bundle that somebody kept
    python3 verify.py [FOLDER]                              a bundle that was unpacked; without a name, where this file lies
    --need EVIDENCE     at least: self-asserted, posted, posted-uneditable, cosigned, or cosigned:N by N partners; "incomplete" with less;
                        or: stamped
    --tsa-root FILE     certificates (PEM) of time-stamping authorities that you trust: time stamps are checked against them with the
                        program openssl, if it is on this machine; that alone is not done by this file itself

Its first word is the verdict, and its exit code: "intact" 0, "tampered" 1 (with the first entry, where one can be named), "incomplete" 2.
What is missing, because the file was cut short on its way, is incomplete: ask for it again. What is there and contradicts a signature is tampered.

It is written apart from `tocsin verify`, to be read by whoever trusts neither the operator nor this file, from top to bottom:
signatures (Ed25519, RFC 8032) - signed notes (C2SP signed-note, tlog-checkpoint, tlog-cosignature) - JSON in its one form (RFC 8785) -
the tree of hashes (RFC 9162, 2.1) - time stamps (RFC 3161) - commitments to single fields (as in RFC 9901, 4.2) - the container (zip) - what must agree with what.
"""

# Written for older Pythons too, and for readers who do not know this house.
# ruff: noqa: FURB188, PTH100, PTH112, PTH113, PTH114, PTH118, PTH120, PTH123, PTH202, PTH208, RET502, RET503, SIM105, SIM113, UP017, UP031

from __future__ import annotations

import array
import base64
import hashlib
import io
import json
import mmap
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import zipfile
import zlib
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    Point = tuple[int, int, int, int]
    Files = dict[str, "File"]

REQUIRED = (
    "checkpoint.txt",
    "disclosures.jsonl",
    "entries.jsonl",
    "key.txt",
    "leaves.txt",
    "manifest.json",
    "manifest.sig",
)
BESIDES = ("README.txt", "log.txt", "keys.jsonl", "cosigned.jsonl", "verify.py")
OLDER = " either this copy is older than what you kept, and the two are the wrong way round (name the newer one first), or the log was rolled back"
ASK = ". What can be checked here is the bundle: ask whoever exported it for that (--format bundle)"
OTHERS = {
    b"%pdf": "this is a copy to be read and filed (PDF)",
    b"<!doctype html": "this is a report for a browser (HTML): open it there, and it verifies itself",
    b"<html": "this is a page for a browser (HTML)",
    b"<?xml": "these are alerts as they were sent (CAP, XML)",
    b'{"': "this is a copy for programs (JSON lines)",
}
# What is read at most: a file made to fill the memory of whoever checks it is not read to its end.
MOST_LINE = 1 << 20  # bytes of a line of entries or disclosures
MOST_SECTION = 1 << 28  # bytes of 2048 lines of them
MOST_SMALL = 4 << 20  # bytes of every other file that is read at once
MOST_LINES = 512  # lines of keys.jsonl, of cosigned.jsonl
MOST_STAMPS = 256  # time stamps
MOST_STAMP = 1 << 16  # bytes of one
MOST_SIGNATURES = 64  # lines of signatures of a note
MOST_FOUND = 100  # findings about entries
NEEDS = ("self-asserted", "posted", "posted-uneditable", "cosigned")  # the weakest first
DOUBTS = {
    "not recorded": "the log does not say that this key is theirs",
    "not in the playbook": "no playbook names the key: that it is theirs is the operator's word alone",
    "its playbook is not here": "the playbook that is said to name the key is not in this copy, which must have it",
    "cannot be read": "how the playbook names the key cannot be read here",
    "the log's own key": "it is the key that signs the log itself",
    "another partner's key": "the log has it as another partner's key",
}

STAMPS = {
    True: "signed by an authority that you trust, whose clock is not the keeper's",
    False: "THIS DOES NOT COUNT: openssl does not find that it leads to a certificate that you gave",
    None: "not checked; give the authority's root certificate (--tsa-root)",
}
NO_OPENSSL = "not checked; there is no openssl on this machine that can (from OpenSSL 1.1.1 on)"

UNREAL = {
    "E-": "EXERCISE EXERCISE EXERCISE: nothing of this was real.",
    "X-": "REHEARSAL REHEARSAL REHEARSAL: nothing of this was real.",
}
REHEARSED = "-rehearsal"  # how the name ends under which rehearsals are signed, their log of rooms and people too


def sha256(data: Any) -> bytes:
    return hashlib.sha256(data).digest()


# ---- Ed25519 (RFC 8032, 5.1): a point is (X, Y, Z, T) with x = X/Z, y = Y/Z, xy = T/Z ------------------------------------------------

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P


def plus(p: Point, q: Point) -> Point:
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(n: int, p: Point) -> Point:
    total: Point = (0, 1, 1, 0)
    while n:
        if n & 1:
            total = plus(total, p)
        p, n = plus(p, p), n >> 1
    return total


def point(data: bytes) -> Point | None:
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & (2**255 - 1)
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if y >= P or (x * x - square) % P or (x == 0 and sign):
        return None
    x = P - x if x & 1 != sign else x
    return x, y, 1, x * y % P


BASE = point((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def is_signed(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether R and S, 32 bytes each, are this key's signature over the message: S·B - k·A = R."""
    key, s = point(public), int.from_bytes(signature[32:], "little")
    if key is None or BASE is None or len(public) != 32 or len(signature) != 64 or s >= ORDER:
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % ORDER
    x, y, z, _ = plus(times(s, BASE), times(k, (P - key[0], key[1], 1, P - key[3])))
    x, y = x * pow(z, P - 2, P) % P, y * pow(z, P - 2, P) % P
    return (y | (x & 1) << 255).to_bytes(32, "little") == signature[:32]


# ---- Signed notes: text, an empty line, lines "— name base64(key id, signature)" ------------------------------------------------------


class Note(NamedTuple):
    text: str
    signatures: list[tuple[str, bytes]]  # name; key id and signature


class Key(NamedTuple):
    name: str
    kind: int  # 1: signs the text. 4: a witness, signs the text and when it saw it
    public: bytes

    @property
    def id(self) -> bytes:
        return sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.public)[:4]

    @property
    def vkey(self) -> str:
        return f"{self.name}+{self.id.hex()}+{base64.b64encode(bytes([self.kind]) + self.public).decode()}"

    def signed(self, note: Note) -> bool:
        for name, blob in note.signatures:
            if (name, blob[:4]) == (self.name, self.id):
                if self.kind == 1 and is_signed(self.public, note.text.encode(), blob[4:]):
                    return True
                seconds = int.from_bytes(blob[4:12], "big")
                seen = "cosignature/v1\ntime %d\n%s" % (seconds, note.text)
                if self.kind == 4 and seconds < 253402300800 and is_signed(self.public, seen.encode(), blob[12:]):
                    return True
        return False


def fingerprint(vkey: str) -> str:
    """What is read out by telephone of a key."""
    digits = sha256(vkey.encode()).hex()[:32]
    return " ".join(digits[at : at + 4] for at in range(0, 32, 4))


class Cosigner(NamedTuple):
    partner: str
    size: int
    vkey: str
    since: int | None  # the entry since which the log knows the key
    doubt: str  # why it does not count, a key of DOUBTS
    unchecked: bool  # whether a playbook names it cannot be seen here


class Checkpoint(NamedTuple):
    origin: str
    size: int
    root: bytes
    note: Note


def unbase64(text: str) -> bytes:
    data = base64.b64decode(text.encode("ascii"), validate=True)
    if base64.b64encode(data).decode() != text:
        raise ValueError("base64 that is not in its one form")
    return data


def is_name(name: str) -> bool:
    return bool(name) and "+" not in name and name.isprintable() and not any(c.isspace() for c in name)


def read_key(vkey: str, kind: int = 1) -> Key:
    name, _, rest = vkey.partition("+")
    identity, _, encoded = rest.partition("+")
    data = unbase64(encoded)
    if (
        not is_name(name)
        or len(data) != 33
        or data[0] != kind
        or int.from_bytes(data[1:], "little") & (2**255 - 1) >= P
    ):
        raise ValueError("not a key as name+id+key")
    place = point(data[1:])
    many = times(8, place) if place is not None else (0, 1, 1, 0)
    if many[0] % P == 0 and (many[1] - many[2]) % P == 0:
        # No point of the curve, or one of small order, under which anybody can make signatures without a private key.
        raise ValueError("a key that no private key belongs to")
    key = Key(name, kind, data[1:])
    if key.id.hex() != identity:
        raise ValueError("the id of a key does not belong to it")
    return key


def read_note(note: str) -> Note:
    text, blank, lines = note.rpartition("\n\n")
    if not blank or lines[-1:] != "\n" or any(ord(c) < 32 and c != "\n" for c in note):
        raise ValueError("this is no signed note")
    if lines.count("\n") > MOST_SIGNATURES:
        raise ValueError("it has too many signatures")
    signatures = []
    for line in lines[:-1].split("\n"):
        name, _, encoded = line[2:].partition(" ")
        if line[:2] != "\u2014 " or not is_name(name) or len(unbase64(encoded)) < 5:
            raise ValueError("this is no line of a signature")
        signatures.append((name, unbase64(encoded)))
    return Note(text + "\n", signatures)


def read_checkpoint(text: str) -> Checkpoint:
    note = read_note(text)
    lines = note.text.split("\n")
    if (
        len(lines) < 4
        or not lines[0]
        or not re.fullmatch("0|[1-9][0-9]{0,18}", lines[1])
        or len(unbase64(lines[2])) != 32
    ):
        raise ValueError("a checkpoint has three lines: origin, size, root")
    return Checkpoint(lines[0], int(lines[1]), unbase64(lines[2]), note)


# ---- JSON in its one form: keys sorted by UTF-16, no spaces, whole numbers only -------------------------------------------------------


def write(value: Any) -> str:
    if isinstance(value, dict):
        keys = sorted(value, key=lambda key: key.encode("utf-16-be", "surrogatepass"))
        return "{" + ",".join(write(key) + ":" + write(value[key]) for key in keys) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(write, value)) + "]"
    if isinstance(value, float) or (isinstance(value, int) and abs(value) >= 2**53):
        raise ValueError("a number that does not belong here")
    return json.dumps(value, ensure_ascii=False)


def read(line: bytes) -> Any:
    try:
        value = json.loads(line.decode())
        if write(value).encode() != line:
            raise ValueError("not in the one form of JSON")
    except RecursionError:
        raise ValueError("nested too deeply") from None
    return value


def read_texts(line: bytes, *names: str) -> dict[str, str]:
    said = read(line)
    if not isinstance(said, dict) or set(said) != set(names) or not all(isinstance(one, str) for one in said.values()):
        raise ValueError("not a line of " + ", ".join(names))
    return said


# ---- The tree: a leaf is SHA-256(0, entry), a node SHA-256(1, left, right) ------------------------------------------------------------


def roots(leaves: Iterable[bytes], sizes: set[int]) -> dict[int, bytes]:
    """The root at each of these sizes (-1: of all). The row holds whole subtrees, the largest first, one for each 1 in the size."""
    row: list[bytes] = []
    size, found = 0, {}

    def fold() -> bytes:
        top = row[-1] if row else sha256(b"")
        for left in reversed(row[:-1]):
            top = sha256(b"\1" + left + top)
        return top

    for leaf in leaves:
        row.append(leaf)
        size += 1
        for _ in range((size & -size).bit_length() - 1):
            right = row.pop()
            row.append(sha256(b"\1" + row.pop() + right))
        if size in sizes:
            found[size] = fold()
    found[-1] = fold()
    return found


# ---- Time stamps (RFC 3161, 2.4.2): what one says. Who signed it, openssl finds out -----------------------------------------------------

STAMP = re.compile("stamps/[1-9][0-9]{0,15}[.](txt|tsr)")
SIGNED_DATA, TST_INFO = bytes.fromhex("2a864886f70d010702"), bytes.fromhex("2a864886f70d0109100104")
SHA256 = bytes.fromhex("608648016503040201")


def parts(data: bytes) -> list[tuple[int, bytes]]:
    """The elements of DER that follow each other: tag and content."""
    found, at = [], 0
    while at < len(data):
        if at + 2 > len(data) or data[at] & 31 == 31:
            raise ValueError("an element was cut short")
        start, length = at + 2, data[at + 1]
        if length & 128:
            many = length & 127
            length = int.from_bytes(data[start : start + many], "big")
            if not 1 <= many <= 4 or length < 128 or length < 1 << (8 * (many - 1)):
                raise ValueError("a length is not in its one form")
            start += many
        if start + length > len(data):
            raise ValueError("an element was cut short")
        found.append((data[at], data[start : start + length]))
        at = start + length
    return found


def only(data: bytes, tag: int) -> bytes:
    ((found, content),) = parts(data)
    if found != tag:
        raise ValueError("an element of another kind")
    return content


def read_stamp(answer: bytes) -> tuple[bytes, datetime]:
    """The SHA-256 of what was stamped, and when."""
    try:
        if len(answer) > MOST_STAMP:
            raise ValueError("it is too long")
        status, (_, token) = parts(only(answer, 0x30))
        kind, (_, explicit) = parts(token)
        _, _, (_, content), *others = parts(only(explicit, 0x30))
        what, (_, inner) = parts(content)
        version, _, (_, imprint), _, at, *_ = parts(only(only(inner, 4), 0x30))
        (_, algorithm), digest = parts(imprint)
        for tag, data in others:
            if tag == 0xA0:
                parts(data)
        when = re.fullmatch(b"([0-9]{14})(?:[.][0-9]{0,5}[1-9])?Z", at[1])
        named = parts(algorithm)[0]
        granted = parts(status[1])[0] == (2, b"\0")
        if not granted or (kind, what) != ((6, SIGNED_DATA), (6, TST_INFO)) or version != (2, b"\1") or when is None:
            raise ValueError("it is not granted, or no time stamp")
        if at[0] != 0x18 or named != (6, SHA256) or digest[0] != 4:
            raise ValueError("it is over another hash than SHA-256")
        return digest[1], datetime.strptime(when[1].decode(), "%Y%m%d%H%M%S").replace(tzinfo=timezone.utc)
    except (ValueError, IndexError) as error:
        raise ValueError(f"it is no time stamp ({error})") from None


def leads_to(note: bytes, answer: bytes, at: datetime, root: str) -> bool | None:
    """Whether openssl says that the stamp leads to one of these certificates, at the time that it names; None where there is none that can tell."""
    openssl = shutil.which("openssl")
    if openssl is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        for name, data in (("note", note), ("stamp", answer)):
            with open(os.path.join(folder, name), "wb") as file:
                file.write(data)
        command = [openssl, "ts", "-verify", "-CAfile", root]
        command += ["-data", os.path.join(folder, "note"), "-in", os.path.join(folder, "stamp")]
        command += ["-attime", str(int(at.timestamp()))]
        ran = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
        return ran.returncode == 0 if b"Verification:" in ran.stdout + ran.stderr else None


class Stamp(NamedTuple):
    size: int
    at: datetime
    good: bool | None  # None: not checked


# ---- Files: a run of bytes, in the container or by itself -----------------------------------------------------------------------------


class File(NamedTuple):
    buffer: Any  # bytes, or a file that is mapped
    start: int
    end: int

    @property
    def data(self) -> bytes:
        """All of a small file; of a larger one the beginning, which then is not what it should be."""
        return bytes(self.buffer[self.start : min(self.end, self.start + MOST_SMALL)])

    def blocks(self) -> Iterator[bytes]:
        for at in range(self.start, self.end, 1 << 20):
            yield self.buffer[at : min(at + (1 << 20), self.end)]

    def digest(self) -> str:
        whole = hashlib.sha256()
        for block in self.blocks():
            whole.update(block)
        return whole.hexdigest()

    def check(self) -> int:
        check = 0
        for block in self.blocks():
            check = zlib.crc32(block, check)
        return check

    def ends(self) -> array.array[int]:
        """Where each line begins, and where the last one ends: always one more than there are lines."""
        found, at = array.array("q", [self.start]), self.start
        while at < self.end:
            newline = self.buffer.find(b"\n", at, self.end)
            at = self.end + 1 if newline < 0 else newline + 1
            found.append(at)
        return found


LOCAL, CENTRAL, END = struct.Struct("<4s5H3I2H"), struct.Struct("<4s6H3I5H2I"), struct.Struct("<4s4H2IH")


def in_container(raw: Any) -> Files:
    """The files of a zip in which nothing is compressed, found one after the other and through the index: damage to one leaves the other."""
    files: Files = {}
    at = 0
    while at + LOCAL.size <= len(raw) and len(files) <= 10000:
        row = LOCAL.unpack(raw[at : at + LOCAL.size])
        start = at + LOCAL.size + row[9] + row[10]
        if row[0] != b"PK\3\4" or row[9] > 512 or start + row[7] > len(raw):
            break
        name = raw[at + LOCAL.size : at + LOCAL.size + row[9]].decode("ascii", "replace")
        files.setdefault(name, File(raw, start, start + row[7]))
        at = start + row[7]
    if len(raw) < END.size:
        return files
    _, _, _, _, count, _, at, _ = END.unpack(raw[len(raw) - END.size :])
    listed: set[str] = set()
    for _ in range(min(count, 10000)):
        if at + CENTRAL.size > len(raw):
            break
        row = CENTRAL.unpack(raw[at : at + CENTRAL.size])
        start = row[16] + LOCAL.size + row[10]
        encoded = raw[at + CENTRAL.size : at + CENTRAL.size + row[10]]
        if row[0] != b"PK\1\2" or len(encoded) != row[10] or row[10] > 512 or start + row[9] > len(raw):
            break
        name = encoded.decode("ascii", "replace")
        if name not in listed and (name not in files or files[name].check() != row[7]):
            files[name] = File(raw, start, start + row[9])
        listed.add(name)
        at += CENTRAL.size + row[10] + row[11] + row[12]
    return files


def is_as_exported(raw: Any, files: Files) -> tuple[bool, str | None]:
    """Whether these files, written in the one way a bundle is written, are these very bytes. If not, whether these bytes are a beginning
    of that: then where they were cut short (the name of a file, or nothing), else None."""
    index, at = b"", 0
    for name, file in sorted(files.items()):
        encoded, size, check = name.encode("ascii", "replace"), file.end - file.start, file.check()
        head = LOCAL.pack(b"PK\3\4", 10, 0, 0, 0, 0x21, check, size, size, len(encoded), 0) + encoded
        index += CENTRAL.pack(
            b"PK\1\2", 3 << 8 | 10, 10, 0, 0, 0, 0x21, check, size, size, len(encoded), 0, 0, 0, 0, 0o100600 << 16, at
        )
        index += encoded
        if file.start != at + len(head) or raw[at : file.start] != head:
            return False, None
        at = file.end
    end, left = index + END.pack(b"PK\5\6", 0, 0, len(files), len(files), len(index), at, 0), len(raw) - at
    if left <= len(end) and end.startswith(raw[at:]):
        return left == len(end), ""
    head = bytes(raw[at : at + LOCAL.size])
    always = LOCAL.pack(b"PK\3\4", 10, 0, 0, 0, 0x21, 0, 0, 0, 0, 0)[:14]
    if head[:14] != always[: len(head)]:
        return False, None
    if len(head) < LOCAL.size:
        return False, ""
    _, _, _, _, _, _, _, packed, size, length, extra = LOCAL.unpack(head)
    encoded = bytes(raw[at + LOCAL.size : at + LOCAL.size + length])
    name = encoded.decode("ascii", "replace")
    if length > 512 or not encoded.isascii():
        return False, None
    if len(encoded) < length:
        return False, ""
    well = packed == size and not extra and name > max(files, default="") and left < LOCAL.size + length + size
    return False, name if well else None


class Unreadable(Exception):
    pass


def inflated(packed: File, name: str) -> Iterator[bytes]:
    """What a compressed file holds, a piece at a time: it may be a thousand times as large."""
    inflate = zlib.decompressobj(-15)
    try:
        for block in packed.blocks():
            data = inflate.decompress(block, 1 << 20)
            while data:
                yield data
                data = b"" if inflate.eof else inflate.decompress(inflate.unconsumed_tail, 1 << 20)
    except zlib.error:
        raise Unreadable(f"{name} is damaged") from None
    if not inflate.eof:
        raise Unreadable(f"{name} was cut short")


def packed_again(raw: Any, path: str) -> Files | None:
    """The files of a zip that another program made; None where it is none, or compresses nothing. A folder around them is left out."""
    try:
        members = [one for one in zipfile.ZipFile(path).infolist() if not one.is_dir()]
    except zipfile.BadZipFile:
        head = bytes(raw[: LOCAL.size])
        if len(head) == LOCAL.size and head[:4] == b"PK\3\4" and LOCAL.unpack(head)[3]:
            raise Unreadable(
                "it was packed again by another program, and then cut short on its way: ask for the file again"
            ) from None
        return None
    except (NotImplementedError, ValueError, OSError, EOFError, OverflowError, struct.error):
        return None
    if all(one.compress_type == zipfile.ZIP_STORED for one in members):
        return None
    sizes: dict[str, int] = {}
    left = min(1 << 32, max(64 << 20, 200 * len(raw))) if len(members) <= 10000 else -1
    with tempfile.TemporaryFile() as out:
        for one in members:
            at = max(0, one.header_offset)
            head = raw[at : at + LOCAL.size]
            if (
                one.filename in sizes
                or one.flag_bits & 1
                or one.compress_type not in (0, 8)
                or len(head) < LOCAL.size
                or left < 0
            ):
                raise Unreadable(f"{one.filename} cannot be read: unpack the file, and name the folder")
            start = at + LOCAL.size + sum(LOCAL.unpack(head)[9:])
            packed = File(raw, start, min(len(raw), start + max(0, one.compress_size)))
            before = out.tell()
            for data in packed.blocks() if one.compress_type == 0 else inflated(packed, one.filename):
                left -= out.write(data)
                if left < 0:
                    raise Unreadable("it holds far more than a bundle does")
            sizes[one.filename] = out.tell() - before
        out.flush()
        whole = mmap.mmap(out.fileno(), 0, access=mmap.ACCESS_READ) if out.tell() else b""
    files: Files = {}
    at = 0
    for name, size in sizes.items():
        files[name] = File(whole, at, at + size)
        at += size
    top = next((name[: -len(REQUIRED[0])] for name in files if name.endswith("/" + REQUIRED[0])), "")
    if REQUIRED[0] in files or not top or "/" in top[:-1]:
        return files
    return {name[len(top) :] if name.startswith(top) else name: file for name, file in files.items()}


def in_folder(folder: str) -> Files:
    """The files of a bundle that was unpacked; others that lie beside it are not read."""
    found: Files = {}
    names = [name for name in os.listdir(folder) if name in REQUIRED + BESIDES]
    inner = os.path.join(folder, "playbooks")
    if os.path.isdir(inner) and not os.path.islink(inner):
        names += ["playbooks/" + name for name in os.listdir(inner) if name.endswith(".yaml")]
    inner = os.path.join(folder, "stamps")
    if os.path.isdir(inner) and not os.path.islink(inner):
        names += ["stamps/" + name for name in os.listdir(inner) if STAMP.fullmatch("stamps/" + name)]
    for name in names:
        path = os.path.join(folder, name)
        if os.path.isfile(path) and not os.path.islink(path):
            found[name] = File(mapped(path), 0, os.path.getsize(path))
    return found


def mapped(path: str) -> Any:
    with open(path, "rb") as file:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if os.path.getsize(path) else b""


# ---- Checking -------------------------------------------------------------------------------------------------------------------------


class Entry(NamedTuple):
    seq: int
    kind: str
    ts: str
    stream: str
    playbook: str | None
    digests: list[str]


def read_entry(line: bytes) -> Entry:
    said = read(line)
    fields = {"_sd", "_sd_alg", "incident", "playbook_sha256", "seq", "ts", "type", "v"}
    if not isinstance(said, dict) or set(said) != fields or said["_sd_alg"] != "sha-256":
        raise ValueError("this is no entry")
    digests, texts = said["_sd"], (said["incident"], said["ts"], said["type"], said["playbook_sha256"] or "")
    if (
        not all(isinstance(one, str) for one in texts)
        or said["playbook_sha256"] not in (None, texts[3])
        or type(said["v"]) is not int
        or type(said["seq"]) is not int
        or said["seq"] < 0
        or not said["type"].isidentifier()
        or not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z", said["ts"])
        or not isinstance(digests, list)
        or not all(isinstance(one, str) and re.fullmatch("[A-Za-z0-9_-]{43}", one) for one in digests)
        or digests != sorted(set(digests))
    ):
        raise ValueError("a part of it is not of its kind")
    return Entry(said["seq"], said["type"], said["ts"], said["incident"], said["playbook_sha256"], digests)


def in_words(entry: Entry, shown: Sequence[Sequence[Any]]) -> str:
    text = "%d  %s  %s\n" % (entry.seq, entry.ts, entry.kind)
    for _, path, value in shown:
        if value is not None:
            lines = (value if isinstance(value, str) else write(value)).splitlines() or [""]
            text += "    " + path + ": " + "\n      | ".join(lines) + "\n"
    return text


YAML_QUOTED_NAME = re.compile(r"(?:\"([^\"\\]*)\"|'([^']*)')\s*:(?=\s|$)")
YAML_NAME_ENDS = re.compile(r"\s#|:(?=\s|$)")
YAML_TEXT = re.compile(r"[|>][-+0-9]*\s*(\s#.*)?")
YAML_QUOTATION = re.compile(r"\"[^\"\\]*(?:\\.[^\"\\]*)*\"|'[^']*(?:''[^']*)*'", re.DOTALL)
YAML_PLAIN_QUOTATION = re.compile(r"\"[^\"\\\n]*\"|'[^'\n]*'")


def after_quotation(text: str, at: int) -> int:
    """Where a quotation of YAML ends that begins here. Raises ValueError where it does not end."""
    found = YAML_QUOTATION.match(text, at)
    if found is None:
        raise ValueError("a quotation does not end")
    return found.end()


def after_brackets(text: str, at: int) -> int:
    """Where brackets of YAML close that open here. Raises ValueError where they do not."""
    depth, word = 0, False  # within a word, quotes are characters like others
    while at < len(text):
        char = text[at]
        if char in "\"'" and not word:
            at = after_quotation(text, at)
            continue
        if char == "#" and text[at - 1].isspace():
            at = text.index("\n", at)
            continue
        depth += (char in "[{") - (char in "]}")
        if not depth:
            return at + 1
        if char in "[]{},":
            word = False
        elif char == ":":
            word = word and text[at + 1 : at + 2] not in (" ", "\t", "\n", ",", "[", "]", "{", "}")
        elif not char.isspace():
            word = True
        at += 1
    raise ValueError("brackets do not close")


def yaml_rows(text: str) -> list[tuple[int, bool, str | None, str]]:
    """The rows of YAML: how far each is indented, whether it is of a list, its name, and its value as it is written. Raises ValueError for what is not known
    here, though it may be good YAML: it is better doubted than guessed."""
    text = text.replace("\r\n", "\n").replace("\r", "\n") + "\n"
    if any(char in text for char in "\0\x85\u2028\u2029\ufeff"):
        raise ValueError("it has characters that are line ends to some readers")
    rows: list[tuple[int, bool, str | None, str]] = []
    bare = beyond = -1  # a value follows, a text of several lines goes on, while it is indented further than this
    at = 0
    while at < len(text):
        end = text.index("\n", at)
        line = text[at:end].strip()
        indent = end - at - len(text[at:end].lstrip(" "))
        begin, at = at + indent, end + 1
        if not line or line[0] == "#":
            continue
        if 0 <= beyond < indent:
            rows[-1] = (*rows[-1][:3], rows[-1][3].partition("\n")[0] + "\n")
            continue
        if indent == 0 and (line in ("---", "...") or line[0] == "%"):
            continue
        if text[begin] == "\t" or line[:2] in ("-\t", "?", "? "):
            raise ValueError("a row does not begin as rows do")
        dashes = re.findall("^(?:-(?: +|$))*", line)[0]
        rest, name, start = line[len(dashes) :], None, len(dashes)
        quoted, ends = YAML_QUOTED_NAME.match(rest), YAML_NAME_ENDS.search(rest)
        if quoted is not None:
            name, start = quoted[1] if quoted[1] is not None else quoted[2], start + quoted.end()
        elif rest[:1] not in ("", *"\"'[]{},#&*!|>%@`") and ends is not None and ends[0] == ":":
            name, start = rest[: ends.start()].rstrip(), start + ends.end()
        start += len(line[start:]) - len(line[start:].lstrip())
        value, column = line[start:], indent + (len(dashes) if name is not None else dashes.rfind("-"))
        if name is None and not dashes:
            if not 0 <= bare < indent:
                raise ValueError("a row has no name")
            column = bare
        beyond = -1
        if value[:1] in ("", "#"):
            value = ""
        elif value[0] in "\"'[{":
            closed = (after_quotation if value[0] in "\"'" else after_brackets)(text, begin + start)
            at = text.index("\n", closed) + 1
            if not re.fullmatch(r"\s*(\s#.*)?", text[closed : at - 1]):
                raise ValueError("something stands behind a value")
            value = text[begin + start : closed]
        else:
            if value[0] in "&*!%@`,]}" or (value[0] in "|>" and not YAML_TEXT.fullmatch(value)):
                raise ValueError("a value has a sign before it")
            value, beyond = re.split(r"\s#", value)[0].rstrip(), column
        bare = -1 if value else column
        rows.append((indent, bool(dashes), name, value))
    return rows


def keys_named(source: bytes) -> dict[str, str | None] | None:
    """The key that a playbook (YAML) names for each of its partners: empty where it names none, None where that is not written as it is read here, which is:
    "partners:", the partner's id below it, and "witness: KEY" below that, each on a line of its own. None for all where nothing can be read."""
    try:
        rows = yaml_rows(source.decode("utf-8-sig"))
    except ValueError:
        return None
    if rows and rows[0][0]:
        return None  # all of it is indented
    found: dict[str, str | None] = {}
    section = who = ""
    wide = deep = 0  # how far partners are indented, and what is said of one
    for indent, listed, name, value in rows:
        if indent == 0 and not listed:
            section, wide = name or "", 0
            if name is None or (name == "partners" and value):
                return None
        elif section == "partners":
            wide = wide or indent
            if indent < wide or (indent == wide and (name is None or listed)):
                return None
            if indent == wide:
                who, deep = name or "", 0
                found[who] = None if who in found or "witness" in value or "\\" in value else ""
                continue
            deep = deep or indent
            if indent < deep or (indent == deep and name is None and not listed):
                found[who] = None
            elif indent == deep and name == "witness" and not listed:
                key = value[1:-1] if YAML_PLAIN_QUOTATION.fullmatch(value) else value
                plain = key and key[0] not in "\"'[{|>" and "\n" not in key
                found[who] = key if plain and found[who] == "" else None
    return found


class Bundle:
    """One bundle, and all that is found wrong with it."""

    def __init__(
        self, files: Files, kept: Sequence[str], added: str, cut: str | None = None, root: str | None = None
    ) -> None:
        self.root = root  # the file of certificates that time stamps must lead to
        self.stamps: list[Stamp] = []
        self.told_stamped: list[tuple[int, dict[str, Any]]] = []
        self.files, self.kept, self.added, self.cut = files, kept, added, cut
        self.found: list[tuple[str, int | None, str]] = []  # grade, entry, words
        self.left = MOST_FOUND
        self.notes: list[str] = []
        self.manifest: dict[str, Any] = {}
        self.stream: str | None = None
        self.key: Key | None = None
        self.signed: Checkpoint | None = None
        self.leaves: list[bytes] = []
        self.hashes = bytearray()
        self.disclosed = 0
        self.withheld: dict[str, int] = {}
        self.playbooks: dict[str, int] = {}  # by digest, the first entry that was decided under it
        self.told, self.first_words = hashlib.sha256(), True
        self.exported: tuple[int, str, dict[str, Any]] | None = None  # the last time: where, when, what it shows
        self.opened: dict[str, Any] | None = None
        self.posted: list[tuple[int, dict[str, Any]]] = []
        self.told_cosigned: list[tuple[int, str | None, dict[str, Any]]] = []
        self.cosigners: list[Cosigner] = []
        self.rooms: dict[str, set[str]] = {}  # network, rooms in which a checkpoint arrived
        self.size = 0  # lines of entries
        self.sent: set[str] = set()
        self.other = "no bundle was unpacked here: name the file that was exported"
        self.again = False  # packed by another program, and whole
        self.agreed = 0  # the size of the largest checkpoint that was kept and is a part of this log

    def bad(self, words: str, entry: int | None = None, grade: str = "tampered") -> None:
        self.left -= entry is not None
        if entry is None or self.left >= 0:
            self.found.append((grade, entry, words))

    @property
    def code(self) -> int:
        grades = {grade for grade, _, _ in self.found}
        return 1 if "tampered" in grades else 2 if grades else 0

    def text(self, name: str) -> str:
        return self.files[name].data.decode()

    def run(self) -> None:
        missing = [name for name in REQUIRED if name not in self.files]
        if len(missing) == len(REQUIRED) and self.cut is None:
            return self.bad(self.other, None, "incomplete")
        if self.cut is not None:
            self.bad("it was cut short on its way: ask for the file again", None, "incomplete")
        if missing:
            self.bad("missing: %s: ask for the file again" % ", ".join(missing), None, "incomplete")
        if len(missing) == len(REQUIRED):
            return
        self.check_key()
        self.check_manifest()
        self.check_checkpoint()
        keys = self.check_chain()
        long = self.too_long()
        if long is not None:
            return self.bad(long, None, "incomplete")
        self.check_leaves()
        self.check_entries()
        self.check_witnesses(keys)
        self.check_words()

    def check_key(self) -> None:
        if "key.txt" in self.files:
            try:
                text = self.text("key.txt")
                self.key = read_key(text[:-1] if text.endswith("\n") else text)
            except ValueError as error:
                self.bad(f"key.txt: {error}")

    def check_manifest(self) -> None:
        if "manifest.json" not in self.files:
            return
        if self.key is not None and "manifest.sig" in self.files:
            try:
                note = read_note(self.text("manifest.sig"))
                text = "tocsin-manifest\n{}\n".format(self.files["manifest.json"].digest())
                # One line and no other: what stands beside it nobody signed, and it could name anybody.
                if note.text != text or len(note.signatures) != 1 or not self.key.signed(note):
                    self.bad("manifest.json is not the one that was signed")
            except ValueError as error:
                self.bad(f"manifest.sig: {error}")
        try:
            data = self.files["manifest.json"].data
            said = read(data[:-1] if data.endswith(b"\n") else data)
            listed, self.stream, _, _ = said["files"], str(said["stream"]), said["at"], said["reader"]
            if said["format"] != 2:
                self.bad("this verifier reads another format of bundles", None, "incomplete")
            for name in set(self.files) - {"manifest.json", "manifest.sig"} | set(listed):
                if name not in self.files:
                    if name not in REQUIRED:
                        self.bad(name + " is missing: ask for the file again", None, "incomplete")
                elif name not in listed:
                    (self.bad if self.added == "tampered" else self.remark)(name + " was added")
                elif self.files[name].digest() != listed[name]:
                    self.bad(name + " is not the file that was exported")
            self.manifest = said if isinstance(said, dict) else {}
            if self.cut and self.cut not in ("manifest.json", "manifest.sig", *listed):
                self.bad(self.cut + " was added")
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            self.bad(f"manifest.json cannot be read: {error}")

    def remark(self, words: str) -> None:
        self.notes.append(words)

    def check_checkpoint(self) -> None:
        if "checkpoint.txt" not in self.files or self.key is None:
            return
        try:
            said = read_checkpoint(self.text("checkpoint.txt"))
        except ValueError as error:
            return self.bad(f"checkpoint.txt: {error}", None, "incomplete")
        if not self.key.signed(said.note):
            return self.bad("checkpoint.txt was not signed by the key of this log")
        name, _, stream = said.origin.partition("/")
        if name != self.key.name or (self.manifest and stream != self.manifest.get("stream")):
            self.bad("the checkpoint is for another log: " + said.origin)
        if self.manifest and (self.manifest.get("size"), self.manifest.get("root")) != (said.size, said.root.hex()):
            self.bad("the manifest names another size or root than the checkpoint")
        self.signed, self.stream = said, stream

    def check_chain(self) -> list[Key]:
        """The keys that may have signed earlier checkpoints: each signed, with the one after it, that it was replaced."""
        if self.key is None:
            return []
        known = [self.key]
        try:
            lines = self.lines("keys.jsonl")
            if len(lines) > MOST_LINES:
                raise ValueError("it has too many lines")
            for line in reversed(lines):
                note = read_note(read_texts(line, "note")["note"])
                said = note.text.split("\n")
                if len(said) != 6 or said[0] != "tocsin-key":
                    raise ValueError("this is no replacement of a key")
                old, new = read_key(said[2]), read_key(said[3])
                if (
                    not (said[1] == old.name == new.name)
                    or new != known[-1]
                    or not (old.signed(note) and new.signed(note))
                ):
                    raise ValueError("the chain of keys is broken")
                known.append(old)
        except ValueError as error:
            self.bad(f"keys.jsonl: {error}")
        return known

    def lines(self, name: str) -> list[bytes]:
        """The lines of a small file."""
        lines = self.files[name].data.split(b"\n") if name in self.files else [b""]
        return lines if lines[-1] else lines[:-1]

    def too_long(self) -> str | None:
        """Which lines are longer than those of any log. They are not read: as JSON they take fifty times the memory."""
        for name in ("entries.jsonl", "disclosures.jsonl"):
            ends = self.files.get(name, File(b"", 0, 0)).ends()
            for index in range(len(ends) - 1):
                if ends[index + 1] - 1 - ends[index] > MOST_LINE:
                    return "%s, line %d is longer than those of any log" % (name, index + 1)
            for index in range(0, len(ends) - 1, 2048):
                if ends[min(index + 2048, len(ends) - 1)] - ends[index] > MOST_SECTION:
                    return "%s, line %d and after are longer than those of any log" % (name, index + 1)
        return None

    def check_leaves(self) -> None:
        """The hash of each entry, which is good for naming a changed one if the signed root covers it."""
        if self.signed is None or "leaves.txt" not in self.files:
            return
        file = self.files["leaves.txt"]
        well = file.end - file.start == 65 * self.signed.size
        lines = bytes(file.buffer[file.start : file.end]).split(b"\n") if well else [b""]
        well = well and lines.pop() == b"" and all(re.fullmatch(b"[0-9a-f]{64}", line) for line in lines)
        leaves = [bytes.fromhex(line.decode()) for line in lines] if well else []
        if well and roots(leaves, set())[-1] == self.signed.root:
            self.leaves = leaves
        else:
            self.bad("leaves.txt does not have the root that was signed")

    def leaf_at(self, place: int) -> bytes | None:
        return self.leaves[place] if place < len(self.leaves) else None

    def check_entries(self) -> None:
        entries, rows = (self.files.get(name, File(b"", 0, 0)) for name in ("entries.jsonl", "disclosures.jsonl"))
        ends, row_ends = entries.ends(), rows.ends()
        self.size = count = len(ends) - 1
        row_count = len(row_ends) - 1
        first = UNREAL.get((self.stream or "")[:2])
        if first is not None:
            self.told.update((first + "\n\n").encode())
        due = 0
        for index in range(count):
            line = entries.buffer[ends[index] : ends[index + 1] - 1]
            self.hashes += sha256(b"\0" + line)
            entry: Entry | None = None
            try:
                entry = read_entry(line)
                if self.stream is not None and entry.stream != self.stream:
                    self.bad("it belongs to " + entry.stream, due)
            except ValueError as error:
                self.bad(str(error), due)
            place = self.place_of(due, entry, bytes(self.hashes[-32:]))
            due = place + 1
            if entry is not None:
                if entry.playbook is not None:
                    self.playbooks.setdefault(entry.playbook, place)
                # Where every line is there, an entry out of place still finds its own.
                at = place if self.signed is not None and row_count == self.signed.size else index
                if at < row_count:
                    self.check_disclosures(place, entry, rows.buffer[row_ends[at] : row_ends[at + 1] - 1])
        if "entries.jsonl" not in self.files:
            return  # what is not there contradicts nothing
        if row_count != count and "disclosures.jsonl" in self.files:
            self.bad("%d lines of disclosures for %d entries" % (row_count, count))
        if self.signed is not None and count != self.signed.size:
            self.bad("%d entries, and the checkpoint was signed over %d" % (count, self.signed.size))
        elif self.signed is not None and self.roots_at(set())[-1] != self.signed.root:
            self.bad("the entries do not have the root that was signed")

    def roots_at(self, sizes: set[int]) -> dict[int, bytes]:
        return roots((bytes(self.hashes[at : at + 32]) for at in range(0, len(self.hashes), 32)), sizes)

    def place_of(self, due: int, entry: Entry | None, leaf: bytes) -> int:
        """Which entry this is: the one due, or another in its place."""
        said = due if entry is None else entry.seq
        if self.leaf_at(due) == leaf:
            if said != due:
                self.bad("it was numbered %d" % said, due)
            return due
        if self.leaves and self.leaf_at(said) != leaf:
            self.bad("it is not the one that was signed", due)
            return due
        if said > due:
            self.bad("it is missing: entry %d stands in its place" % said, due)
        elif said < due:
            self.bad("it stands where entry %d belongs" % due, said)
        return said

    def check_disclosures(self, place: int, entry: Entry, line: bytes) -> None:
        """Each field that is shown, [salt, path, value], hashes to one of the digests that the entry commits to."""
        try:
            shown = read(line)
            if not isinstance(shown, list):
                raise ValueError("it shows no list")
            for one in shown:
                if (
                    not isinstance(one, list)
                    or len(one) != 3
                    or not isinstance(one[0], str)
                    or not isinstance(one[1], str)
                ):
                    raise ValueError("what it shows is not salt, path, value")
                if not re.fullmatch("[A-Za-z0-9_-]{22}", one[0]):
                    raise ValueError("a salt is not one")
        except ValueError as error:
            return self.bad(f"what is shown of it: {error}", place)
        words = in_words(entry, shown)
        self.told.update((words if self.first_words else "\n" + words).encode())
        self.first_words = False
        left, paths = set(entry.digests), set()
        for one in shown:
            hidden = base64.urlsafe_b64encode(write(one).encode()).rstrip(b"=")
            digest = base64.urlsafe_b64encode(sha256(hidden)).rstrip(b"=").decode()
            if digest not in left or one[1] in paths:
                self.bad(f"{one[1]} is not what was committed to", place)
            if digest in left:
                left.remove(digest)
                paths.add(one[1])
                self.disclosed += 1
        if left:
            self.withheld[entry.kind] = self.withheld.get(entry.kind, 0) + len(left)
        fields = {one[1]: one[2] for one in shown}
        if entry.kind == "Exported":
            self.exported = place, entry.ts, fields
        elif entry.kind == "IncidentOpened" and self.opened is None:
            self.opened = fields
        elif entry.kind == "CheckpointPosted":
            self.posted.append((place, fields))
        elif entry.kind == "CheckpointCosigned":
            self.told_cosigned.append((place, entry.playbook, fields))
        elif entry.kind == "CheckpointStamped":
            self.told_stamped.append((place, fields))
        elif entry.kind == "MessageSent" and isinstance(fields.get("send"), str):
            self.sent.add(fields["send"])

    def check_witnesses(self, keys: list[Key]) -> None:
        """Every checkpoint of this log that somebody else has must be a part of it."""
        if self.kept and (self.signed is None or not keys):
            self.bad("it has no valid checkpoint to hold the one that was kept against", None, "incomplete")
        if self.signed is None:
            return
        self.left = MOST_FOUND
        kept, cosigned, stamped = self.read_kept(keys), self.read_cosigned(keys), self.read_stamped(keys)
        stated = [(place, said, True) for place, said in self.posted]
        stated += [(place, said, False) for place, _, said in self.told_cosigned]
        stated += [(place, said, False) for place, said in self.told_stamped]
        stated = [one for one in stated if type(one[1].get("size")) is int and one[1]["size"] > 0]
        stated = [one for one in stated if type(one[1].get("root")) is str]
        at = self.roots_at(
            {one.size for one in kept}
            | {one[0].size for one in (*cosigned, *stamped)}
            | {one[1]["size"] for one in stated}
        )
        if "entries.jsonl" not in self.files:
            at[self.signed.size] = self.signed.root
        self.hold(kept, keys, at)
        for said, partner, _ in cosigned:
            if said.size in at and at[said.size] != said.root:
                self.bad("the first %d entries are not those that %s cosigned" % (said.size, partner))
        for said, when, name in sorted(stamped, key=lambda one: one[0].size):
            if said.size in at and at[said.size] != said.root:
                self.bad("the first %d entries are not those that were time-stamped" % said.size)
            elif said.size in at:
                good = None
                if self.root is not None:
                    note, answer = (self.files["%s.%s" % (name, end)].data for end in ("txt", "tsr"))
                    good = leads_to(note, answer, when, self.root)
                self.stamps.append(Stamp(said.size, when, good))
        self.weigh(keys, [one for one in cosigned if at.get(one[0].size) == one[0].root])
        largest = 0
        for place, fields, posted in stated:
            size = fields["size"]
            try:
                root = bytes.fromhex(fields["root"])
            except ValueError:
                root = b""
            if size > place:
                self.bad("a checkpoint of %d entries, more than there were then" % size, place)
            elif at.get(size, root) != root:
                self.bad("the checkpoint that it speaks of is of another log", place)
            elif (
                posted
                and type(fields.get("send")) is str
                and fields["send"] in self.sent
                and type(fields.get("network")) is str
                and fields.get("room") is not None
            ):
                self.rooms.setdefault(fields["network"], set()).add(str(fields["room"]))
                largest = max(largest, size)
        seen = [one.size for one in self.cosigners if not one.doubt] + [one.size for one in self.stamps if one.good]
        self.tell_evidence(max([largest, self.agreed, *seen]))

    def tell_evidence(self, upto: int) -> None:
        """Who besides whoever keeps the log can say that it is this one, and up to where."""
        assert self.signed is not None
        for network, names in sorted(self.rooms.items()):
            edits = " (where whoever posted it can edit it)" if network == "telegram" else ""
            self.remark("the log says that checkpoints were posted in %d rooms on %s%s" % (len(names), network, edits))
        for one in self.cosigners:
            counts = "" if not one.doubt else "; THIS DOES NOT COUNT: " + DOUBTS[one.doubt]
            since = "never recorded in the log"
            if one.since is not None:
                late = ", which is after what it signed" if one.since >= one.size else ""
                since = "known to the log since entry %d%s" % (one.since, late)
            if one.unchecked:
                counts = "; that the playbook names the key as theirs cannot be checked in this copy, which has none"
            self.remark(
                "%s cosigned its first %d entries%s. The key is %s; compare its fingerprint with the partner: %s (%s)"
                % (one.partner, one.size, counts, since, fingerprint(one.vkey), one.vkey)
            )
        for good, words in STAMPS.items():
            some = [one for one in self.stamps if one.good is good]
            if some:
                last = some[-1]
                times = "1 time stamp" if len(some) == 1 else "%d time stamps" % len(some)
                self.remark(
                    "it carries %s, the last of %s UTC over its first %d entries: "
                    % (times, last.at.strftime("%Y-%m-%d %H:%M:%S"), last.size)
                    + (words if good is not None or self.root is None else NO_OPENSSL)
                )
        if self.worth == NEEDS[0] and not self.agreed:
            self.remark("no witness has seen it: it rests on the word of whoever keeps the log (self-asserted)")
        if 0 < upto < self.signed.size:
            words = "what came after entry %d (up to %d) rests on the word of whoever keeps the log"
            self.remark(words % (upto - 1, self.signed.size - 1))

    def weigh(self, keys: list[Key], cosigned: list[tuple[Checkpoint, str, str]]) -> None:
        """Which cosignatures count: of keys that an entry names as a partner's, and the playbook too. An auditor's copy has them all; any other
        has none, and it is told that none could be asked."""
        whole = self.manifest.get("reader", "auditor") == "auditor"
        since: dict[tuple[str, str], int] = {}
        agreed: set[tuple[str, str]] = set()
        owners: dict[bytes, str] = {}
        owners_agreed: dict[bytes, str] = {}
        named: dict[str, dict[str, str | None] | None] = {}
        unread: set[tuple[str, str]] = set()
        publics = {vkey: read_key(vkey, 4).public for _, _, vkey in cosigned}
        unseen: set[tuple[str, str]] = set()
        for place, digest, said in self.told_cosigned:
            partner, vkey = said.get("partner"), said.get("vkey")
            if type(partner) is not str or type(vkey) is not str or vkey not in publics:
                continue
            since.setdefault((partner, vkey), place)
            owners.setdefault(publics[vkey], partner)
            if said.get("confirmed") is not True:
                continue
            book = self.files.get(f"playbooks/{digest}.yaml")
            if book is None or digest is None:
                unseen.add((partner, vkey))
                continue
            if digest not in named:
                named[digest] = keys_named(book.data)
            keys_there = named[digest]
            key = None if keys_there is None else keys_there.get(partner, "")
            if key is None:
                unread.add((partner, vkey))
            elif key == vkey:
                agreed.add((partner, vkey))
                owners_agreed.setdefault(publics[vkey], partner)
                since[partner, vkey] = min(since[partner, vkey], self.playbooks[digest])
        owners.update(owners_agreed)
        largest: dict[tuple[str, str], Cosigner] = {}
        for checkpoint, partner, vkey in sorted(cosigned, key=lambda one: one[0].size):
            name, public = (partner, vkey), publics[vkey]
            if any(public == key.public for key in keys):
                doubt = "the log's own key"
            elif name not in since:
                doubt = "not recorded"
            elif owners[public] != partner:
                doubt = "another partner's key"
            elif name in agreed:
                doubt = ""
            elif name in unseen:
                doubt = "its playbook is not here" if whole else ""
            else:
                doubt = "cannot be read" if name in unread else "not in the playbook"
            unchecked = not doubt and name not in agreed
            largest[name] = Cosigner(partner, checkpoint.size, vkey, since.get(name), doubt, unchecked)
        self.cosigners = [largest[name] for name in sorted(largest)]

    @property
    def partners(self) -> set[str]:
        return {one.partner for one in self.cosigners if not one.doubt}

    @property
    def worth(self) -> str:
        """The best evidence there is, one of NEEDS. No partner counts twice, however many keys it has."""
        if self.partners:
            return NEEDS[3]
        return NEEDS[2] if set(self.rooms) - {"telegram"} else NEEDS[1] if self.rooms else NEEDS[0]

    def demand(self, need: str) -> None:
        """Whether there is as much evidence as was asked for, of what is not bad."""
        if need == "stamped":
            if self.code != 1 and not any(one.good for one in self.stamps):
                self.bad("a time stamp was asked for, and none here is known to be good", None, "unmet")
            return
        level, _, count = need.partition(":")
        if self.code != 1 and (NEEDS.index(self.worth) < NEEDS.index(level) or len(self.partners) < int(count or "0")):
            there = self.worth + (":%d" % len(self.partners) if self.partners else "")
            self.bad(
                f"the evidence is weaker than was asked for: {need} was asked for, and it is {there}", None, "unmet"
            )

    def read_kept(self, keys: list[Key]) -> list[Checkpoint]:
        """What was kept of this log."""
        found = []
        assert self.signed is not None
        for text in self.kept:
            try:
                one = read_checkpoint("\n".join(line.strip() for line in text.strip().splitlines()) + "\n")
            except ValueError:
                continue
            if one.origin == self.signed.origin and one.size:
                found.append(one)
        if self.kept and keys and not found:
            self.bad("what was kept is no signed checkpoint of this log: it proves nothing", None, "incomplete")
        return found if keys else []

    def hold(self, kept: list[Checkpoint], keys: list[Key], at: dict[int, bytes]) -> None:
        """The worst that a checkpoint which was kept shows: one that agrees hides none that does not, and what nobody signed says nothing."""
        assert self.signed is not None
        size = self.signed.size
        known = sorted((one for one in kept if one.size > size or one.size in at), key=lambda said: -said.size)
        if len(known) < len(kept):
            if "entries.jsonl" in self.files:
                self.bad("%d entries were seen, and here are fewer" % max(one.size for one in kept))
            else:
                self.bad("without its entries what was kept cannot be held against it", None, "incomplete")
        larger = 0
        for one in known:
            good = one.size > size or at[one.size] == one.root
            if (good and (larger or (self.agreed and one.size <= size))) or not any(
                key.signed(one.note) for key in keys
            ):
                continue
            if not good:
                self.agreed = 0
                return self.bad("the first %d entries are not those of the checkpoint that was kept" % one.size)
            if one.size > size:
                larger = one.size
            else:
                self.agreed = one.size
        if larger:
            self.agreed = 0
            # When the manifest says that this was made is the word of whoever could have rolled the log back: it excuses nothing.
            self.bad("you kept %d entries, and here are %d:" % (larger, size) + OLDER)
        elif self.agreed:
            self.remark(
                "the checkpoint that was kept is a part of it: its first %d entries have not changed" % self.agreed
            )
        elif known:
            self.bad("what was kept was not signed by a key of this log", None, "incomplete")

    def read_cosigned(self, keys: list[Key]) -> list[tuple[Checkpoint, str, str]]:
        found = []
        lines = self.lines("cosigned.jsonl")
        if len(lines) > MOST_LINES:
            self.bad("cosigned.jsonl has too many lines")
            return []
        for line in lines:
            assert self.signed is not None
            try:
                row = read_texts(line, "note", "partner", "vkey")
                said, witness = read_checkpoint(row["note"]), read_key(row["vkey"], 4)
                if said.origin != self.signed.origin or not any(key.signed(said.note) for key in keys):
                    raise ValueError("it is not of this log")
                if not witness.signed(said.note):
                    raise ValueError("{} did not sign it".format(row["partner"]))
                if said.size > self.signed.size:
                    raise ValueError("rolled back: %s cosigned %d entries" % (row["partner"], said.size))
            except ValueError as error:
                self.bad(f"cosigned.jsonl: {error}")
                continue
            if said.size:
                found.append((said, row["partner"], row["vkey"]))
        return found

    def read_stamped(self, keys: list[Key]) -> list[tuple[Checkpoint, datetime, str]]:
        found = []
        names = [name[:-4] for name in sorted(self.files) if STAMP.fullmatch(name) and name.endswith(".tsr")]
        names = [name for name in names if name + ".txt" in self.files]
        if len(names) > MOST_STAMPS:
            self.bad("there are too many time stamps")
            return []
        for name in names:
            assert self.signed is not None
            try:
                note = self.files[name + ".txt"].data
                said = read_checkpoint(note.decode())
                if said.origin != self.signed.origin or not any(key.signed(said.note) for key in keys):
                    raise ValueError("what it stamps is not of this log")
                imprint, when = read_stamp(self.files[name + ".tsr"].data)
                if imprint != sha256(note):
                    raise ValueError("it is a stamp of something else")
                if said.size > self.signed.size:
                    raise ValueError("rolled back: %d entries were time-stamped" % said.size)
            except ValueError as error:
                self.bad(f"{name}.tsr: {error}")
                continue
            if said.size:
                found.append((said, when, name))
        return found

    def check_words(self) -> None:
        """What is there for people says what the entries say."""
        playbooks = [name for name in self.files if name.startswith("playbooks/")]
        if any(name != f"playbooks/{self.files[name].digest()}.yaml" for name in playbooks):
            self.bad("a playbook is not the one of its digest")
        # Something is wrong already, or nobody says what ought to be here. What is only missing does not excuse the rest.
        if self.code == 1 or self.stream is None or self.manifest.get("format", 2) != 2:
            return
        if "entries.jsonl" not in self.files or "disclosures.jsonl" not in self.files:
            return
        told = self.files.get("log.txt")
        if not self.code if told is None else told.digest() != self.told.hexdigest():
            self.bad("log.txt does not say what the entries say")
        if not self.manifest:
            return
        if any(name[10:-5] not in self.playbooks for name in playbooks):
            self.bad("a playbook is none of this log")
        self.check_claims()

    def what(self) -> list[str]:
        """Which log it is and for whom the copy is, by its own word; first of all that nothing of it was real."""
        if self.signed is None or self.key is None or self.stream is None:
            return []
        first = UNREAL.get(self.stream[:2], "").split(" ")[0]
        if self.stream == "deployment" and self.key.name.endswith(REHEARSED):
            first = UNREAL["X-"].split(" ")[0]
        at, reader = str(self.manifest.get("at") or ""), str(self.manifest.get("reader") or "")
        name = "an auditor" if reader == "auditor" else str(self.manifest.get("reader_name") or reader)
        if re.fullmatch("[0-9-]{10}T[0-9:]{8}[.][0-9]{3}Z", at):
            at = "%s %s UTC" % (at[:10], at[11:16])
        size = "%d %s" % (self.signed.size, "entry" if self.signed.size == 1 else "entries")
        said = f"{first}: " * bool(first) + f"The log of {self.stream}, kept by {self.key.name}: {size}"
        return [said + f", signed {at}" * bool(at) + f", copied for {name}" * bool(name) + "."]

    def check_claims(self) -> None:
        """Whatever the manifest says that the entries say too."""
        said, counts = self.manifest, (self.manifest.get("disclosed"), self.manifest.get("withheld"))
        if self.exported is None or self.exported[0] != self.size - 1:
            self.bad("its last entry does not say that this copy was made")
        else:
            _, ts, shown = self.exported
            if any(
                name not in shown or said.get(name) != shown[name]
                for name in ("by", "reader", "reason", "basis", "form")
            ):
                self.bad("the manifest and the log differ on who exported this, for whom or why")
            if said.get("at") != ts:
                self.bad("the manifest and the log differ on when this was exported")
            if (shown.get("size"), shown.get("disclosed"), shown.get("withheld")) != (self.size, *counts):
                self.bad("the log says that this copy has another size, or shows or withholds something else")
        if counts != (self.disclosed, self.withheld):
            self.bad("the manifest claims to show or to withhold something else than it does")
        opened = self.opened or {}
        if any(said.get(name) != opened.get(name) for name in ("title", "playbook")):
            self.bad("the manifest and the log differ on what the incident is called, or by which playbook it goes")
        if (said.get("exercise") == "yes") != (self.stream or "").startswith("E-"):
            self.bad("the manifest and the log differ on whether it was an exercise")
        if self.key is not None and said.get("deployment") != self.key.name:
            self.bad("the manifest names another deployment than the key")
        if said.get("reader") == "auditor" and said.get("reader_name") != "auditor":
            self.bad("the manifest calls an auditor something else")


def what_else(head: bytes, path: str) -> str:
    """What a file is that is no bundle."""
    begins = (head[3:] if head[:3] == b"\xef\xbb\xbf" else head).lstrip().lower()
    for start, words in OTHERS.items():
        if begins.startswith(start):
            return words + ASK
    if path.lower().endswith(".csv"):
        return "this is a copy for a spreadsheet (CSV)" + ASK
    return "this is no bundle of Tocsin" if head else "the file is empty"


def examine(path: str, kept: Sequence[str] = (), root: str | None = None) -> Bundle:
    """Check a file or a folder. Never raises for what they hold."""
    bundle = Bundle({}, kept, "tampered", None, root)
    try:
        if os.path.isdir(path):
            bundle = Bundle(in_folder(path), kept, "note", None, root)
            bundle.run()
            return bundle
        raw = mapped(path)
    except OSError as error:
        bundle.bad(f"{path} cannot be read: {error.strerror}", None, "incomplete")
        return bundle
    files = in_container(raw)
    bundle.other = what_else(bytes(raw[:200]), path)
    if not files and raw[:2] != b"PK":
        bundle.bad(bundle.other, None, "incomplete")
        return bundle
    again: Files | None = None
    whole, cut = is_as_exported(raw, files)
    if not (files and whole):
        try:
            again = packed_again(raw, path)
        except Unreadable as error:
            bundle.bad(str(error), None, "incomplete")
            return bundle
        if again is None and cut is None and all(name in files for name in REQUIRED):
            bundle.bad("bytes outside its files were changed or added")
    if again is None:
        bundle.files, bundle.cut = files, None if whole else cut
        bundle.run()
        return bundle
    bundle, other = Bundle(again, kept, "note", None, root), bundle.other
    bundle.other = other
    bundle.run()
    if not bundle.code:
        bundle.again = True
        bundle.bad("packed again by another program; its contents are exactly what was exported", None, "incomplete")
    return bundle


def checkpoints_in(path: str) -> list[str]:
    """The checkpoints in what somebody kept: a signed note, lines of JSON with notes, or an older bundle."""
    raw = mapped(path)
    if raw[:2] == b"PK":
        found = in_container(raw).get("checkpoint.txt")
        data = found.data if found else b""
        try:
            archive = zipfile.ZipFile(io.BytesIO(raw[:]))
            name = next((one for one in archive.namelist() if one.split("/")[-1] == "checkpoint.txt"), None)
            if name is not None and archive.getinfo(name).file_size < 64 << 20:
                data = archive.read(name)
        except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError, EOFError, RuntimeError, zlib.error):
            pass
        return [data.decode("utf-8", "replace")] if data else []
    text, notes = raw[:].decode("utf-8"), []
    for line in text.splitlines():
        try:
            notes.append(json.loads(line)["note"])
        except (ValueError, KeyError, TypeError, RecursionError):
            continue
    return [one for one in notes if isinstance(one, str)] or [pasted(text) or text]


def pasted(text: str) -> str | None:
    """The last checkpoint in words copied out of a chat, as it was signed: nothing in one has spaces, so that it does not matter what became of the
    lines, and what stands around it."""
    words = text.split()
    for at in range(len(words) - 1, 1, -1):
        if (
            not re.fullmatch("[A-Za-z0-9+/]{43}=", words[at])
            or not re.fullmatch("0|[1-9][0-9]{0,18}", words[at - 1])
            or "/" not in words[at - 2]
        ):
            continue
        lines, rest = "", words[at + 1 :]
        while (
            len(rest) > 2
            and rest[0] in ("\u2014", "\u2013", "-", "--")
            and re.fullmatch("[A-Za-z0-9+/]{90,}={0,2}", rest[2])
        ):
            lines, rest = f"{lines}\u2014 {rest[1]} {rest[2]}\n", rest[3:]
        if lines:
            return f"{words[at - 2]}\n{words[at - 1]}\n{words[at]}\n\n{lines}"
    return None


def plain(text: str) -> str:
    """The same on one line, with what cannot be printed as an escape: nothing that a bundle says can command a terminal."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def main(arguments: list[str]) -> int:
    """Check what the command line names, and say what was found."""
    kept: list[str] = []
    if "-h" in arguments or "--help" in arguments:
        sys.stdout.write((__doc__ or "").partition("\nIt is written apart")[0])
        return 0
    if "--checkpoint" in arguments:
        at = arguments.index("--checkpoint")
        try:
            kept = checkpoints_in(arguments[at + 1])
        except (IndexError, OSError, ValueError):
            pass
        if not kept:
            sys.stdout.write("incomplete: there is no checkpoint in what --checkpoint names\n")
            return 2
        del arguments[at : at + 2]
    need = ""
    if "--need" in arguments:
        at = arguments.index("--need")
        need = arguments[at + 1] if at + 1 < len(arguments) else ""
        if not re.fullmatch("self-asserted|posted|posted-uneditable|stamped|cosigned(:[1-9][0-9]{0,3})?", need):
            sys.stdout.write("incomplete: --need is followed by one of %s, cosigned:N or stamped\n" % ", ".join(NEEDS))
            return 2
        del arguments[at : at + 2]
    root = None
    if "--tsa-root" in arguments:
        at = arguments.index("--tsa-root")
        root = arguments[at + 1] if at + 1 < len(arguments) else ""
        if not os.path.isfile(root) or b"-----BEGIN CERTIFICATE-----" not in mapped(root)[:]:
            sys.stdout.write("incomplete: --tsa-root is followed by a file of certificates (PEM)\n")
            return 2
        del arguments[at : at + 2]
    bundle = examine(arguments[0] if arguments else os.path.dirname(os.path.abspath(__file__)), kept, root)
    sound = not bundle.code
    if need:
        bundle.demand(need)
    first = min((entry for grade, entry, _ in bundle.found if entry is not None and grade == "tampered"), default=None)
    word = ("intact", "tampered", "incomplete")[bundle.code]
    out = [word if first is None else "%s: entry %d" % (word, first)]
    if bundle.again:
        out = [word + ": intact inside, but not the file that was exported"]
    elif sound and bundle.code:
        out = [word + ": intact, but not witnessed as was asked for"]
    out += [
        "  " + words if entry is None else "  entry %d: %s" % (entry, words) for _, entry, words in bundle.found[:100]
    ]
    out += bundle.what()
    if bundle.signed is not None and bundle.key is not None and (bundle.again or sound):
        # Where something is wrong, what is changed or missing would count as withheld.
        out.append("It shows %d fields of them and withholds %d." % (bundle.disclosed, sum(bundle.withheld.values())))
    if bundle.signed is not None and bundle.key is not None:
        out.append(f"Signed by {bundle.key.vkey}")
        out.append("Its fingerprint: " + fingerprint(bundle.key.vkey))
        out.append("Compare it with the one you were given by another way.")
    out += ["Note: " + words for words in bundle.notes]
    sys.stdout.buffer.write(("\n".join(map(plain, out)) + "\n").encode("utf-8", "replace"))
    return bundle.code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
