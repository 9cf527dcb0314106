"""The bundle's container: a zip file that can be written in one way only, and read even when it is damaged.

Every archiver opens it. Files are stored without compression, sorted by name, with one fixed time, so that equal
contents have equal bytes, and a verifier that lays out what it found again sees every byte that does not belong. Reading
looks at the files where they lie and leaves it to the caller to judge them: checksums of a zip file say nothing about
who changed it.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import BinaryIO

from storage.export.span import Span, written

_LOCAL = struct.Struct("<4s5H3I2H")
_CENTRAL = struct.Struct("<4s6H3I5H2I")
_END = struct.Struct("<4s4H2IH")
_VERSION = 10
_UNIX = 3 << 8
_DATE = 0x21  # 1 January 1980, the first day a zip file knows
_MODE = 0o100600 << 16
_LARGEST = 2**32 - 1
_LONGEST_NAME = 512
_ALWAYS = _LOCAL.pack(b"PK\x03\x04", _VERSION, 0, 0, 0, _DATE, 0, 0, 0, 0, 0)[:14]
"""How what stands before each file begins."""
MOST_FILES = 10_000


@dataclass(slots=True)
class Packing:
    """A container that is being written, file by file in the order of their names."""

    out: BinaryIO
    offset: int = 0
    index: list[bytes] = field(default_factory=list)
    last: str = ""

    def add(self, name: str, size: int, check: int, blocks: Iterable[bytes]) -> None:
        """Write a file of ``size`` bytes with this CRC-32. Names are ASCII. Raises ValueError above 4 GiB, which this form cannot hold."""
        if name <= self.last:
            raise ValueError(f"{name} comes after {self.last}: the files of a container are sorted")
        if self.offset + size > _LARGEST - 2**20:
            raise ValueError("too large for one bundle (4 GiB)")
        header, row = layout(name, size, check, self.offset)
        self.out.write(header)
        for block in blocks:
            self.out.write(block)
        self.index.append(row)
        self.offset += len(header) + size
        self.last = name

    def finish(self) -> None:
        """Write the index."""
        self.out.write(ending(self.index, self.offset))


def layout(name: str, size: int, check: int, offset: int) -> tuple[bytes, bytes]:
    """What stands before a file at this offset, and its row in the index."""
    encoded = name.encode("ascii")
    header = _LOCAL.pack(b"PK\x03\x04", _VERSION, 0, 0, 0, _DATE, check, size, size, len(encoded), 0)
    row = _CENTRAL.pack(
        b"PK\x01\x02", _UNIX | _VERSION, _VERSION, 0, 0, 0, _DATE, check, size, size, len(encoded),
        0, 0, 0, 0, _MODE, offset,
    )  # fmt: skip
    return header + encoded, row + encoded


def ending(index: list[bytes], offset: int) -> bytes:
    """All that comes after the last file."""
    central = b"".join(index)
    return central + _END.pack(b"PK\x05\x06", 0, 0, len(index), len(index), len(central), offset, 0)


def pack(files: Mapping[str, bytes]) -> bytes:
    """The container of these files, in memory."""
    out = io.BytesIO()
    packing = Packing(out)
    for name, data in sorted(files.items()):
        packing.add(name, len(data), zlib.crc32(data), [data])
    packing.finish()
    return out.getvalue()


def unpack(raw: bytes) -> dict[str, bytes]:
    """``find``, for bytes in memory."""
    return {name: span.read() for name, span in find(written(raw)).items()}


def find(raw: Span) -> dict[str, Span]:
    """The files that can be found, damaged ones too; empty when this is no such container.

    Looks through the index at the end, and through the files one after the other: damage to one way leaves the other.
    """
    files = _walk(raw)
    for name, (span, check) in _look_up(raw).items():
        if files.get(name) != span and (name not in files or checksum(files[name]) != check):
            files[name] = span
    return files


def is_as_written(raw: Span, files: Mapping[str, tuple[Span, int]]) -> bool:
    """Whether every byte around these files (with their CRC-32) stands as ``Packing`` writes it, and there is nothing more."""
    laid = _laid_out(raw, files)
    if laid is None:
        return False
    offset, end = laid
    return raw.size == offset + len(end) and raw.read(offset) == end


def cut(raw: Span, files: Mapping[str, tuple[Span, int]]) -> str | None:
    """Where a container was cut short: the name of the file that it ends in, empty where it ends within a name, between two files or in the index.

    None where these bytes are no beginning of what ``Packing`` writes: then somebody changed them, whatever else was cut off.
    """
    laid = _laid_out(raw, files)
    if laid is None:
        return None
    offset, end = laid
    left = raw.size - offset
    if left < len(end) and end.startswith(raw.read(offset)):
        return ""
    head = raw.read(offset, _LOCAL.size + _LONGEST_NAME)
    if head[: len(_ALWAYS)] != _ALWAYS[: len(head)]:
        return None
    if len(head) < _LOCAL.size:
        return ""
    *_, check, _, size, length, _ = _LOCAL.unpack(head[: _LOCAL.size])
    name = head[_LOCAL.size : _LOCAL.size + length].decode("ascii", "replace")
    if length > _LONGEST_NAME or not name.isascii():
        return None
    if len(name) < length:
        return ""
    header, _ = layout(name, size, check, offset)
    in_order = name > max(files, default="")
    return name if in_order and head.startswith(header) and left < len(header) + size else None


def _laid_out(raw: Span, files: Mapping[str, tuple[Span, int]]) -> tuple[int, bytes] | None:
    """Where these files end, and all that must stand behind them; None where they do not lie as ``Packing`` writes them."""
    index: list[bytes] = []
    offset = 0
    for name, (span, check) in sorted(files.items()):
        if not name.isascii():
            return None
        header, row = layout(name, span.size, check, offset)
        if span.start != raw.start + offset + len(header) or raw.read(offset, len(header)) != header:
            return None
        index.append(row)
        offset += len(header) + span.size
    return offset, ending(index, offset)


def checksum(span: Span) -> int:
    """The CRC-32 of what a span holds."""
    check = 0
    for block in span.blocks():
        check = zlib.crc32(block, check)
    return check


def manifest_text(digest: str) -> str:
    """What is signed for a manifest with this SHA-256 (hexadecimal): two lines, so that it can never be taken for a checkpoint, which has three."""
    return f"tocsin-manifest\n{digest}\n"


def _walk(raw: Span) -> dict[str, Span]:
    files: dict[str, Span] = {}
    at = 0
    while len(files) <= MOST_FILES and (found := _file_at(raw, at)):
        name, span, at = found
        files.setdefault(name, span)
    return files


def _look_up(raw: Span) -> dict[str, tuple[Span, int]]:
    files: dict[str, tuple[Span, int]] = {}
    if raw.size < _END.size:
        return files
    _, _, _, _, count, _, at, _ = _END.unpack(raw.read(raw.size - _END.size))
    for _ in range(min(count, MOST_FILES)):
        found = raw.read(at, _CENTRAL.size)
        if len(found) < _CENTRAL.size:
            break
        row = _CENTRAL.unpack(found)
        size, length, offset = row[9], row[10], row[16]
        name = raw.read(at + _CENTRAL.size, length)
        start = offset + _LOCAL.size + length
        if row[0] != b"PK\x01\x02" or len(name) != length or length > _LONGEST_NAME or start + size > raw.size:
            break
        files.setdefault(name.decode("ascii", "replace"), (raw.part(start, size), row[7]))
        at += _CENTRAL.size + length + row[11] + row[12]
    return files


def _file_at(raw: Span, at: int) -> tuple[str, Span, int] | None:
    found = raw.read(at, _LOCAL.size)
    if len(found) < _LOCAL.size:
        return None
    magic, _, _, _, _, _, _, size, _, length, extra = _LOCAL.unpack(found)
    start = at + _LOCAL.size + length + extra
    if magic != b"PK\x03\x04" or length > _LONGEST_NAME or start + size > raw.size:
        return None
    name = raw.read(at + _LOCAL.size, length)
    return name.decode("ascii", "replace"), raw.part(start, size), start + size
