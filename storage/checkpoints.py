"""Signed checkpoints of every stream, and the memory outside the database that shows when the database was rolled back.

Each checkpoint is written to ``checkpoints.log`` beside the database (append-only, flushed to the disk) and to the
database before anyone sees it. Whoever puts an older database back leaves that file knowing a larger size, or another
root for the same size; then no more of that stream is signed. The others, and incidents that begin later, are.
Where that file was put back too, what partners kept still knows better: such a checkpoint is written there when it comes back (``remind``).
"""

from __future__ import annotations

import json
import os
import re
import sqlite3
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from storage import canonical, log, tree
from storage.connection import words
from storage.facts import timestamp
from storage.notes import Checkpoint, Signer, split_note
from storage.queries import SQL, micros
from storage.store import Rollback, StorageError, StreamHead

FILE = "checkpoints.log"

_NUMBERED = re.compile(r"([A-Z])-([1-9]\d{0,17})")


class RolledBack(StorageError):
    """The database is older than, or differs from, what was signed. The message names the stream and both sizes."""


@dataclass(frozen=True, slots=True)
class Signed:
    """A checkpoint that was signed once: size and root (32 bytes)."""

    size: int
    root: bytes


class SideFile:
    """The file beside the database: the largest checkpoint of each stream in it, and those that came back because the log was another one.
    Only what was added since is read again."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE
        self._inode: int | None = None
        self._upto = 0
        self._largest: dict[str, Signed] = {}
        self._witnessed: dict[str, set[Signed]] = {}

    def remembered(self) -> dict[str, Signed]:
        """The largest of each stream. A torn last line was never released. What was once seen here is not forgotten with the file."""
        with words(self.path):
            if not self.path.exists():
                self._inode = None
                return dict(self._largest)
            with self.path.open("rb") as file:
                now = os.fstat(file.fileno())
                if now.st_ino != self._inode or now.st_size < self._upto:
                    self._inode, self._upto = now.st_ino, 0
                file.seek(self._upto)
                for line in file:
                    if line.endswith(b"\n"):
                        self._upto += len(line)
                    self._note(line)
        return dict(self._largest)

    def _note(self, line: bytes) -> None:
        try:
            said = json.loads(line)
            stream, found = said["stream"], Signed(said["size"], bytes.fromhex(said["root"]))
            if type(stream) is not str or type(found.size) is not int or found.size < 1 or len(found.root) != 32:
                return  # no line of ours: whoever wrote it can only make this file say less
            if said.get("witness") is True:
                self._witnessed.setdefault(stream, set()).add(found)
            if stream not in self._largest or found.size > self._largest[stream].size:
                self._largest[stream] = found
        except (ValueError, KeyError, TypeError, RecursionError):
            return

    def witnessed(self, stream: str) -> frozenset[Signed]:
        """What came back of a stream, whatever was signed of it since; as of the last ``remembered``."""
        return frozenset(self._witnessed.get(stream, ()))

    def remember(self, lines: Sequence[bytes]) -> None:
        """Add lines, on the disk before this returns."""
        _remember(self.path, lines)


def numbers(file: SideFile) -> Mapping[str, int]:
    """The highest number of an incident that was ever signed, by letter: after a rollback none is given twice."""
    found: dict[str, int] = {}
    for stream in file.remembered():
        if one := _NUMBERED.fullmatch(stream):
            found[one[1]] = max(found.get(one[1], 0), int(one[2]))
    return found


def lacking(inner: sqlite3.Connection, file: SideFile) -> list[str]:
    """The streams of whose largest checkpoint in the database the file beside it knows nothing: it was removed, or is an older one."""
    known = file.remembered()
    rows = inner.execute(SQL["latest_checkpoints"]).fetchall()
    return sorted(stream for stream, size, _, _ in rows if stream not in known or known[stream].size < size)


def check(
    inner: sqlite3.Connection, heads: Sequence[StreamHead], file: SideFile, streams: Collection[str] | None = None
) -> list[Rollback]:
    """Hold what is kept against everything signed before; ``streams``: only these. Returns those that are not what was signed."""
    largest = file.remembered()
    for stream, size, root, _ in inner.execute(SQL["latest_checkpoints"]).fetchall():
        if stream not in largest or size > largest[stream].size:
            largest[stream] = Signed(size, bytes(root))
    now = {head.stream: head for head in heads}
    found = []
    for stream, signed in sorted(largest.items()):
        if streams is not None and stream not in streams:
            continue
        size = now[stream].size if stream in now else 0
        known = sorted({signed, *file.witnessed(stream)}, key=lambda one: one.size, reverse=True)
        for one in known:
            if size < one.size or root_at(inner, now[stream], one.size) != one.root:
                found.append(Rollback(stream, size, one.size))
                break
    return found


def remind(file: SideFile, stream: str, signed: Signed, note: str, now: datetime) -> None:
    """Remember a checkpoint that somebody kept, and that the log is not in accord with: from now on it counts as what this deployment signed last does."""
    file.remembered()
    if signed not in file.witnessed(stream):
        file.remember([_line(StreamHead(stream, signed.size, signed.root), note, now, witness=True)])


def sign(
    inner: sqlite3.Connection,
    heads: Sequence[StreamHead],
    signer: Signer,
    file: SideFile,
    now: datetime,
    streams: Collection[str] | None = None,
) -> tuple[list[str], list[Rollback]]:
    """Sign every stream that grew, or was last signed with another key, inside a transaction; ``streams``: only these. Returns the notes, and
    the streams that were not signed because they are not what was signed before.

    The file beside the database comes first: a crash between the two leaves a line there that the next signing repeats with the same root. So what is
    signed must be on file already: in a transaction that appends, a crash would take back what the file remembers.
    What the file lacks, because it was removed, it is told again.
    """
    back = check(inner, heads, file, streams)
    wrong, remembered = {one.stream for one in back}, file.remembered()
    kept = {stream: (size, note) for stream, size, _, note in inner.execute(SQL["latest_checkpoints"]).fetchall()}
    rows, lines, notes = [], [], []
    for head in heads:
        if head.stream in wrong or (streams is not None and head.stream not in streams):
            continue
        size, last = kept.get(head.stream, (0, ""))
        if head.size == size and _is_by(signer, last):
            if size and (head.stream not in remembered or remembered[head.stream].size < size):
                lines.append(_line(head, last, now))
            continue
        note = signer.sign(Checkpoint(f"{signer.name}/{head.stream}", head.size, head.root).text)
        notes.append(note)
        rows.append((head.stream, head.size, head.root, note, micros(now)))
        lines.append(_line(head, note, now))
    if lines:
        file.remember(lines)
        inner.executemany(SQL["add_checkpoint"], rows)
    return notes, back


def sign_at(
    inner: sqlite3.Connection, head: StreamHead, size: int, signer: Signer, file: SideFile, now: datetime
) -> str:
    """Sign a stream as it was when it had ``size`` entries, inside a transaction. Raises RolledBack where it is not what was signed before."""
    if back := check(inner, [head], file, [head.stream]):
        raise RolledBack(back[0].words)
    then = StreamHead(head.stream, size, root_at(inner, head, size))
    note = signer.sign(Checkpoint(f"{signer.name}/{then.stream}", then.size, then.root).text)
    file.remember([_line(then, note, now)])
    inner.execute(SQL["add_checkpoint"], (then.stream, then.size, then.root, note, micros(now)))
    return note


def _line(head: StreamHead, note: str, now: datetime, *, witness: bool = False) -> bytes:
    said = {"stream": head.stream, "size": head.size, "root": head.root.hex(), "note": note, "at": timestamp(now)}
    return canonical.encode(said | ({"witness": True} if witness else {}))


def _is_by(signer: Signer, note: str) -> bool:
    key = signer.verifier
    return any((one.name, one.key_id) == (key.name, key.key_id) for one in split_note(note)[1])


def _remember(path: Path, lines: Sequence[bytes]) -> None:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "r+b", buffering=0) as file:
        size = file.seek(0, os.SEEK_END)
        torn = size > 0 and os.pread(file.fileno(), 1, size - 1) != b"\n"
        data = (b"\n" if torn else b"") + b"".join(line + b"\n" for line in lines)
        if file.write(data) != len(data):
            raise OSError(28, "no room left on the disk", str(path))
        os.fsync(file.fileno())


def root_at(inner: sqlite3.Connection, head: StreamHead, size: int) -> bytes:
    """The root of a stream when it had ``size`` entries: 1 to as many as it has."""
    if size == head.size:
        return head.root
    places = json.dumps(tree.cover(0, size))
    rows = inner.execute(SQL["hashes"], (head.stream, places)).fetchall()
    return log.prove(head.stream, [(0, size)], list(rows))[0]
