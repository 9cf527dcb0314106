"""The bundle's container: a zip file that can be written in one way only, and read even when it is damaged.

Every archiver opens it. Files are stored without compression, sorted by name, with one fixed time, so that equal
contents have equal bytes, and a verifier that packs what it found again sees every byte that does not belong. Reading
looks at the files where they lie and leaves it to the caller to judge them: checksums of a zip file say nothing about
who changed it.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping
from hashlib import sha256

_LOCAL = struct.Struct("<4s5H3I2H")
_CENTRAL = struct.Struct("<4s6H3I5H2I")
_END = struct.Struct("<4s4H2IH")
_VERSION = 10
_UNIX = 3 << 8
_DATE = 0x21  # 1 January 1980, the first day a zip file knows
_MODE = 0o100600 << 16
_LARGEST = 2**32 - 1


def pack(files: Mapping[str, bytes]) -> bytes:
    """The container of these files. Names are ASCII. Raises ValueError above 4 GiB, which this form cannot hold."""
    parts: list[bytes] = []
    index: list[bytes] = []
    offset = 0
    for name, data in sorted(files.items()):
        encoded = name.encode("ascii")
        if offset + len(data) > _LARGEST - 2**20:
            raise ValueError("too large for one bundle (4 GiB)")
        check, size = zlib.crc32(data), len(data)
        header = _LOCAL.pack(b"PK\x03\x04", _VERSION, 0, 0, 0, _DATE, check, size, size, len(encoded), 0)
        index.append(
            _CENTRAL.pack(
                b"PK\x01\x02", _UNIX | _VERSION, _VERSION, 0, 0, 0, _DATE, check, size, size, len(encoded),
                0, 0, 0, 0, _MODE, offset,
            )
            + encoded
        )  # fmt: skip
        parts += [header, encoded, data]
        offset += len(header) + len(encoded) + size
    central = b"".join(index)
    end = _END.pack(b"PK\x05\x06", 0, 0, len(index), len(index), len(central), offset, 0)
    return b"".join([*parts, central, end])


def unpack(raw: bytes) -> dict[str, bytes]:
    """The files that can be found, damaged ones too; empty when this is no such container.

    Looks through the index at the end, and through the files one after the other: damage to one way leaves the other.
    """
    files = _walk(raw)
    for name, (data, check) in _look_up(raw).items():
        if name not in files or zlib.crc32(files[name]) != check:
            files[name] = data
    return files


def manifest_text(manifest: bytes) -> str:
    """What is signed for a manifest: two lines, so that it can never be taken for a checkpoint, which has three."""
    return f"tocsin-manifest\n{sha256(manifest).hexdigest()}\n"


def _walk(raw: bytes) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    at = 0
    while found := _file_at(raw, at):
        name, data, at = found
        files.setdefault(name, data)
    return files


def _look_up(raw: bytes) -> dict[str, tuple[bytes, int]]:
    files: dict[str, tuple[bytes, int]] = {}
    if len(raw) < _END.size:
        return files
    _, _, _, _, count, _, at, _ = _END.unpack_from(raw, len(raw) - _END.size)
    for _ in range(count):
        if at + _CENTRAL.size > len(raw):
            break
        row = _CENTRAL.unpack_from(raw, at)
        size, length, offset = row[9], row[10], row[16]
        name = raw[at + _CENTRAL.size : at + _CENTRAL.size + length]
        start = offset + _LOCAL.size + length
        if row[0] != b"PK\x01\x02" or len(name) != length or start + size > len(raw):
            break
        files.setdefault(name.decode("ascii", "replace"), (raw[start : start + size], row[7]))
        at += _CENTRAL.size + length + row[11] + row[12]
    return files


def _file_at(raw: bytes, at: int) -> tuple[str, bytes, int] | None:
    if at + _LOCAL.size > len(raw):
        return None
    magic, _, _, _, _, _, _, size, _, length, extra = _LOCAL.unpack_from(raw, at)
    start = at + _LOCAL.size + length + extra
    if magic != b"PK\x03\x04" or start + size > len(raw):
        return None
    name = raw[at + _LOCAL.size : at + _LOCAL.size + length]
    return name.decode("ascii", "replace"), raw[start : start + size], start + size
