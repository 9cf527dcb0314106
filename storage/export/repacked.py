"""Reads a bundle that another program has packed again, or unpacked into a folder.

Such a copy is no longer the file that was exported, but its contents can be checked all the same. Whoever hands it over
may mean harm, so that nothing is read beyond what a bundle can hold: 4 GiB in all, ten thousand files, and no file that
grows more than two hundredfold once there is much of it.
"""

from __future__ import annotations

import re
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

from storage.export.span import BLOCK, Span

MOST_BYTES = 1 << 32
MOST_FILES = 10_000
MOST_GROWTH = 200
"""How many times larger than its container a bundle may be; text of a log grows less than twentyfold."""

SMALL = 64 << 20
"""So much may be unpacked from any container, whatever its size."""

PLAYBOOKS = "playbooks"
STAMPS = "stamps"

READ = ("README.txt", "log.txt", "keys.jsonl", "cosigned.jsonl", "verify.py")
"""What a bundle holds besides what it must."""

_STAMP = re.compile(r"stamps/[1-9]\d{0,15}\.(txt|tsr)", re.ASCII)

_LOCAL = struct.Struct("<4s5H3I2H")
_ENCRYPTED = 0x1


class Unreadable(Exception):
    """What is inside cannot be known. The message says why, and what to do."""


def unzip(raw: Span, required: tuple[str, ...]) -> dict[str, Span] | None:
    """The files of a zip that another program made; None where this is none, or nothing in it is compressed.

    ``raw`` is all of a file. A folder around all of its files is left out. They are unpacked into a temporary file. Raises Unreadable.
    """
    try:
        members = zipfile.ZipFile(raw.file).infolist()
    except zipfile.BadZipFile:
        head = raw.read(0, _LOCAL.size)
        if len(head) == _LOCAL.size and head[:4] == b"PK\x03\x04" and _LOCAL.unpack(head)[3]:
            raise Unreadable(_CUT) from None
        return None
    except (NotImplementedError, ValueError, OSError, EOFError, OverflowError, struct.error):
        return None
    members = [member for member in members if not member.is_dir()]
    if all(member.compress_type == zipfile.ZIP_STORED for member in members):
        return None
    if len(members) > MOST_FILES:
        raise Unreadable(f"{len(members)} files are packed here; a bundle has fewer than {MOST_FILES}")
    left = min(MOST_BYTES, max(SMALL, MOST_GROWTH * raw.size))
    files: dict[str, Span] = {}
    out = tempfile.TemporaryFile()  # noqa: SIM115 (the spans keep it open)
    for member in members:
        if member.filename in files:
            raise Unreadable(f"{member.filename} stands here twice: nobody can say which of the two was exported")
        start = out.tell()
        _inflate(raw, member, left, out)
        left -= out.tell() - start
        files[member.filename] = Span(out, start, out.tell() - start)
    out.flush()
    return _without_folder(files, required)


def gather(folder: Path, required: tuple[str, ...]) -> tuple[dict[str, Span], list[str]]:
    """The files of a bundle that was unpacked into a folder, and the names of others that lie there and are not read.

    Raises Unreadable where they are too large, OSError where they cannot be read.
    """
    files: dict[str, Span] = {}
    others: list[str] = []
    left = MOST_BYTES
    for path in _in(folder):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink() or not path.is_file() or not (name in required or _belongs(name)):
            others.append(name)
            continue
        files[name] = Span.whole(path.open("rb"))
        left -= files[name].size
        if left < 0 or len(files) > MOST_FILES:
            raise Unreadable("this folder holds more than a bundle can: 4 GiB")
    return files, others


def _belongs(name: str) -> bool:
    return (
        name in READ
        or (name.startswith(PLAYBOOKS + "/") and name.endswith(".yaml"))
        or _STAMP.fullmatch(name) is not None
    )


def _in(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.name in (PLAYBOOKS, STAMPS) and path.is_dir() and not path.is_symlink():
            yield from sorted(path.iterdir())
        else:
            yield path


def _inflate(raw: Span, member: zipfile.ZipInfo, left: int, out: BinaryIO) -> None:
    """Write one member, its checksum left to those who compare it with what was signed."""
    name = member.filename
    if member.flag_bits & _ENCRYPTED:
        raise Unreadable(f"{name} is encrypted; unpack it with its password, and name the folder")
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise Unreadable(f"{name} is compressed in a way that is not read here; unpack it, and name the folder")
    try:
        *_, length, extra = _LOCAL.unpack(raw.read(max(0, member.header_offset), _LOCAL.size))
    except struct.error:
        raise Unreadable(f"{name} is not where the index says: the file is damaged") from None
    packed = raw.part(max(0, member.header_offset) + _LOCAL.size + length + extra, max(0, member.compress_size))
    if member.compress_type == zipfile.ZIP_STORED:
        if packed.size > left:
            raise Unreadable(_TOO_MUCH)
        out.writelines(packed.blocks())
        return
    inflate = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        for block in packed.blocks():
            waiting = block
            while not inflate.eof and (data := inflate.decompress(waiting, BLOCK)):
                waiting = inflate.unconsumed_tail
                left -= out.write(data)
                if left < 0:
                    raise Unreadable(_TOO_MUCH)
    except zlib.error:
        raise Unreadable(f"{name} cannot be decompressed: the file is damaged") from None
    if not inflate.eof:
        raise Unreadable(f"{name} cannot be decompressed: the file was cut short")


_CUT = (
    "it was packed again by another program, and then cut short on its way: ask for the file again, as it was exported"
)
_TOO_MUCH = "it would unpack to far more than a bundle holds; it is not opened any further"


def _without_folder(files: Mapping[str, Span], required: tuple[str, ...]) -> dict[str, Span]:
    top = next((name.removesuffix(required[0]) for name in files if name.endswith("/" + required[0])), "")
    if required[0] in files or not top or "/" in top.removesuffix("/"):
        return dict(files)
    return {name.removeprefix(top): data for name, data in files.items()}
