"""The bundle: one file with a copy of a stream of the log, and all that is needed to verify it offline.

| file | what it holds |
|---|---|
| ``entries.jsonl`` | the entries, one canonical JSON (RFC 8785) a line: the leaves of the tree |
| ``leaves.txt`` | the hash of each leaf in hexadecimal, so that a changed entry can be named |
| ``disclosures.jsonl`` | line i: what entry i commits to, as far as it is disclosed: ``[[salt, path, value], …]`` |
| ``checkpoint.txt`` | the signed note over size and root, made for this bundle |
| ``key.txt`` | the public key (C2SP vkey) |
| ``keys.jsonl`` | the chain of keys that led to it, each signed by the one before: ``{"note"}`` |
| ``cosigned.jsonl`` | checkpoints that partners signed too: ``{"note", "partner", "vkey"}`` |
| ``stamps/N.txt``, ``stamps/N.tsr`` | a checkpoint over N entries, and its time stamp (RFC 3161) |
| ``playbooks/DIGEST.yaml`` | for an auditor: the playbooks the entries were decided under |
| ``log.txt``, ``README.txt`` | for people |
| ``verify.py`` | a verifier that needs Python alone |
| ``manifest.json``, ``manifest.sig`` | for whom, by whom, why, when, what is withheld; the SHA-256 of every other file; signed |

That the copy was made is itself a fact, appended before the checkpoint, and so part of the copy.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
import zlib
from collections import Counter
from collections.abc import Iterable, Mapping
from hashlib import sha256
from importlib import resources
from pathlib import Path
from typing import Any, BinaryIO

from storage import canonical, tree
from storage.cosigning import Cosigned
from storage.entry import opening, readable
from storage.export import program
from storage.export.container import Packing, manifest_text
from storage.export.copy import About, Copy, Line
from storage.export.lawyer import readme
from storage.export.span import BLOCK
from storage.facts import timestamp
from storage.store import StorageError

FORMAT = 2


async def bundle(copy: Copy, out: BinaryIO) -> None:
    """Write the bundle of a copy. ``out`` is empty and can be read back. The largest files wait beside it until all is known of them, so
    that memory stays the same however long the log is.

    Raises StorageError for more than 4 GiB, and as the copy does.
    """
    about = copy.about
    folder = _beside(out)
    members: dict[str, _Member] = {}
    try:
        log = _Log(about, members, folder)
        async for line in copy.lines():
            log.add(line)
        for name, data in _small(copy).items():
            members[name] = _Member(folder, data)
        manifest = _manifest(about, log, members)
        members["manifest.json"] = _Member(folder, manifest)
        signed = copy.sign(manifest_text(sha256(manifest).hexdigest()))
        members["manifest.sig"] = _Member(folder, signed.encode())
        await asyncio.to_thread(_pack, members, out)
    finally:
        for member in members.values():
            member.file.close()


class _Member:
    """A file of the bundle that waits to be packed, and what is known of it so far. Small ones wait in memory."""

    def __init__(self, folder: str | None, data: bytes = b"") -> None:
        self.file = tempfile.SpooledTemporaryFile(BLOCK, dir=folder)  # noqa: SIM115 (closed by whoever packs it)
        self.size, self.check, self.hash = 0, 0, sha256()
        self._waiting: list[bytes] = []
        self._length = 0
        if data:
            self.write(data)

    def write(self, data: bytes) -> None:
        self._waiting.append(data)
        self._length += len(data)
        if self._length >= BLOCK:
            self.settle()

    def settle(self) -> None:
        """Nothing is left in hand."""
        block = b"".join(self._waiting)
        self._waiting, self._length = [], 0
        self.file.write(block)
        self.hash.update(block)
        self.size, self.check = self.size + len(block), zlib.crc32(block, self.check)

    def digest(self) -> str:
        """The SHA-256 of all of it, in hexadecimal."""
        self.settle()
        return self.hash.hexdigest()

    def blocks(self) -> Iterable[bytes]:
        """All of it, from the beginning."""
        self.file.seek(0)
        while block := self.file.read(BLOCK):
            yield block


class _Log:
    """The files with a line or more for each entry, written side by side."""

    def __init__(self, about: About, members: dict[str, _Member], folder: str | None) -> None:
        self.withheld: Counter[str] = Counter()
        self.disclosed = 0
        self.entries, self.disclosures, self.leaves, self.text = (
            members.setdefault(name, _Member(folder))
            for name in ("entries.jsonl", "disclosures.jsonl", "leaves.txt", "log.txt")
        )
        self.text.write(opening(about.stream).encode())

    def add(self, line: Line) -> None:
        """One more entry."""
        said = json.loads(line.entry)
        self.entries.write(line.entry + b"\n")
        self.leaves.write(tree.leaf_hash(line.entry).hex().encode() + b"\n")
        self.disclosures.write(canonical.encode(line.shown) + b"\n")
        pairs = [(path, value) for _, path, value in line.shown]
        text = readable(said["seq"], said["ts"], said["type"], pairs)
        self.text.write((f"\n{text}" if said["seq"] else text).encode())
        self.disclosed += len(line.shown)
        if line.hidden:
            self.withheld[said["type"]] += line.hidden


def _small(copy: Copy) -> dict[str, bytes]:
    about = copy.about
    files = {
        "README.txt": f"{opening(about.stream)}{readme(about)}",
        "checkpoint.txt": about.note,
        "cosigned.jsonl": "".join(_line(_said(one)) for one in copy.cosigned),
        "key.txt": f"{about.vkey}\n",
        "keys.jsonl": "".join(_line({"note": note}) for note in copy.keys),
    }
    kept = {name: text.encode() for name, text in files.items()}
    kept["verify.py"] = verifier()
    for one in copy.stamped:
        name = f"stamps/{one.size}"
        kept |= {f"{name}.txt": one.note.encode(), f"{name}.tsr": one.answer}
    return kept | {f"playbooks/{digest}.yaml": body for digest, body in copy.playbooks.items()}


def verifier() -> bytes:
    """The one-file verifier, as every bundle brings it."""
    return resources.files("storage.export").joinpath("verifier.py").read_bytes()


def _said(cosigned: Cosigned) -> Mapping[str, str]:
    """A line of ``cosigned.jsonl``."""
    return {"note": cosigned.note, "partner": cosigned.partner, "vkey": cosigned.vkey}


def _line(said: Mapping[str, str]) -> str:
    return canonical.write(canonical.composed(said)) + "\n"


def _manifest(about: About, log: _Log, members: Mapping[str, _Member]) -> bytes:
    said: dict[str, Any] = {
        "format": FORMAT,
        "form": "bundle",
        "program": program(),
        "deployment": about.deployment,
        "stream": about.stream,
        "title": about.title,
        "playbook": about.playbook,
        "reader": about.recipient.id,
        "reader_name": about.recipient.name,
        "by": about.by,
        "reason": about.reason,
        "basis": about.basis,
        "at": timestamp(about.at),
        "zone": about.zone,
        "size": about.checkpoint.size,
        "root": about.checkpoint.root.hex(),
        "disclosed": log.disclosed,
        "withheld": dict(log.withheld),
        "files": {name: member.digest() for name, member in members.items()},
    }
    if about.exercise:
        said["exercise"] = "yes"
    return canonical.encode(canonical.composed(said)) + b"\n"


def _pack(members: Mapping[str, _Member], out: BinaryIO) -> None:
    packing = Packing(out)
    try:
        for name, member in sorted(members.items()):
            member.settle()
            packing.add(name, member.size, member.check, member.blocks())
    except ValueError as error:
        raise StorageError(f"{error}: export it as JSON lines or CSV, which have no such limit") from error
    packing.finish()


def _beside(out: BinaryIO) -> str | None:
    """The folder that ``out`` is in: it has room for a copy, where the system's own for temporary files may be memory."""
    name = getattr(out, "name", None)
    return str(Path(name).absolute().parent) if isinstance(name, str) else None
