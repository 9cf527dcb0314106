"""The bundle: one file with a stream of the log and all that is needed to verify it offline.

| file | what it holds |
|---|---|
| ``entries.jsonl`` | the entries, one canonical JSON (RFC 8785) a line: the leaves of the tree |
| ``leaves.txt`` | the hash of each leaf in hexadecimal, so that a changed entry can be named |
| ``disclosures.jsonl`` | line i: what entry i commits to, as far as it is disclosed: ``[[salt, path, value], …]`` |
| ``checkpoint.txt`` | the signed note over size and root, made for this bundle |
| ``key.txt`` | the public key (C2SP vkey) |
| ``playbooks/DIGEST.yaml`` | the playbooks the entries were decided under |
| ``log.txt``, ``README.txt`` | for people |
| ``manifest.json``, ``manifest.sig`` | for whom, by whom, why, when; the SHA-256 of every other file; signed |

That the copy was made is itself a fact, appended before the checkpoint, and so part of the copy.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from importlib import metadata
from pathlib import Path
from typing import Protocol

from storage import canonical, notes, tree
from storage.connection import words
from storage.entry import EXERCISE, readable, told
from storage.export import container
from storage.facts import Exported, Fact, timestamp
from storage.facts.fact import is_exercise
from storage.keys import sync_folder
from storage.notes import Checkpoint, Signer
from storage.store import Kept, StorageError, StreamHead

FORMAT = 1

README = """\
This is a copy of one log of Tocsin, made to be verified by anyone.

  log.txt            the log, to read: the entries and what is disclosed of them, in words.
  entries.jsonl      the entries; each commits to every field of what happened, without showing it.
  disclosures.jsonl  what this copy shows of each entry.
  leaves.txt         the hash of each entry.
  checkpoint.txt     size and root of the log, signed.
  key.txt            the key that signed. Compare it with the one you were given by another way.
  playbooks/         the rules that were in force.
  manifest.json      for whom this copy was made, by whom, why, when.

Verify it offline:  tocsin verify FILE
Keep this file: it holds a checkpoint. A later copy of the same log can be held against it:
  tocsin verify LATER --checkpoint FILE
Do not pack it again: only the file as it was exported is intact. Unpacked into a folder, it can be checked too.
Exit code 0: intact. 1: tampered with; it says where. 2: the question cannot be answered.
"""


class ExportFailed(StorageError):
    """The copy could not be written. The message says what to do; what is kept is untouched."""


class Source(Protocol):
    """What an export needs of the store."""

    @property
    def signer(self) -> Signer: ...
    async def heads(self) -> Sequence[StreamHead]: ...
    async def facts(self, stream: str, start: int = 0) -> Sequence[Kept]: ...
    async def append(self, stream: str, *facts: Fact, now: datetime, playbook: str | None = None) -> None: ...
    async def sign(self, now: datetime) -> Sequence[str]: ...
    async def checkpoint(self, stream: str) -> str | None: ...
    async def playbook(self, digest: str) -> bytes | None: ...
    def entries(self, stream: str) -> AsyncIterator[tuple[int, bytes, list[list[object]]]]: ...


async def export_bundle(
    store: Source, stream: str, *, reader: str, by: str, reason: str, path: Path, now: datetime, replace: bool = False
) -> Checkpoint:
    """Write a bundle of a stream to ``path``, whole or not at all, and return the checkpoint it ends in.

    ``reader`` is for whom, ``by`` who asked, ``reason`` why; all three are recorded. An existing file is left alone
    unless ``replace``. Raises ExportFailed for a path that cannot be written, before anything is recorded, and
    StorageError otherwise.
    """
    head = next((head for head in await store.heads() if head.stream == stream), None)
    if head is None:
        raise ExportFailed(f"no log called {stream} is on file")
    draft = _draft(path, replace)
    try:
        [last] = (await store.facts(stream, head.size - 1))[:1]
        fact = Exported(by=by, reader=reader, reason=reason, form="bundle", size=head.size + 1)
        await store.append(stream, fact, now=now, playbook=last.playbook_sha256)
        await store.sign(now)
        note = await store.checkpoint(stream)
        if note is None:
            raise StorageError(f"the log of {stream} has no checkpoint after it was signed: restore a backup")
        checkpoint = notes.parse_checkpoint(notes.split_note(note)[0])
        files = await _contents(store, stream, checkpoint)
        files["checkpoint.txt"] = note.encode()
        about = {"by": by, "reader": reader, "reason": reason, "at": timestamp(now), "stream": stream}
        if is_exercise(stream):
            about["exercise"] = "yes"
        _write(draft, path, container.pack(files | _manifest(store.signer, checkpoint, about, files)), replace)
    finally:
        draft.unlink(missing_ok=True)
    return checkpoint


async def _contents(store: Source, stream: str, checkpoint: Checkpoint) -> dict[str, bytes]:
    entries, disclosures, leaves, text = [], [], [], []
    digests: set[str] = set()
    async for seq, data, disclosed in store.entries(stream):
        if seq >= checkpoint.size:
            break
        said = json.loads(data)
        entries.append(data)
        leaves.append(tree.leaf_hash(data))
        disclosures.append(canonical.encode(disclosed))
        pairs = [(str(path), value) for _, path, value in disclosed]
        text.append(readable(said["seq"], said["ts"], said["type"], pairs))
        digests.add(said["playbook_sha256"] or "")
    if tree.root_of(leaves) != checkpoint.root:
        raise StorageError(f"the entries of {stream} do not have the root that was signed: the database is damaged")
    files = {
        "README.txt": (f"{EXERCISE}\n\n{README}" if is_exercise(stream) else README).encode(),
        "entries.jsonl": b"".join(line + b"\n" for line in entries),
        "disclosures.jsonl": b"".join(line + b"\n" for line in disclosures),
        "leaves.txt": "".join(leaf.hex() + "\n" for leaf in leaves).encode(),
        "log.txt": told(stream, text).encode(),
        "key.txt": f"{store.signer.verifier.vkey}\n".encode(),
    }
    for digest in sorted(digests - {""}):
        body = await store.playbook(digest)
        if body is not None:
            files[f"playbooks/{digest}.yaml"] = body
    return files


def _manifest(
    signer: Signer, checkpoint: Checkpoint, about: Mapping[str, str], files: Mapping[str, bytes]
) -> dict[str, bytes]:
    said = canonical.composed(
        {
            **about,
            "format": FORMAT,
            "form": "bundle",
            "program": _program(),
            "deployment": signer.name,
            "size": checkpoint.size,
            "root": checkpoint.root.hex(),
            "files": {name: sha256(data).hexdigest() for name, data in files.items()},
        }
    )
    manifest = canonical.encode(said) + b"\n"
    return {"manifest.json": manifest, "manifest.sig": signer.sign(container.manifest_text(manifest)).encode()}


def _draft(path: Path, replace: bool) -> Path:
    """An empty file beside the target, which shows that one can be written there."""
    if path.is_dir():
        raise ExportFailed(f"{path} is a folder: name a file in it")
    if path.exists() and not replace:
        raise ExportFailed(f"{path} exists: name another file, or remove it")
    draft = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600))
    except OSError as error:
        raise ExportFailed(
            f"{path} cannot be written ({error.strerror}): name a file in a folder that you may write to"
        ) from error
    return draft


def _write(draft: Path, path: Path, data: bytes, replace: bool) -> None:
    with words(path):
        _flush(draft, data)
        if replace:
            draft.replace(path)
        else:
            try:
                os.link(draft, path)
            except FileExistsError as error:
                raise ExportFailed(f"{path} exists: name another file, or remove it") from error
        sync_folder(path.parent)


def _flush(draft: Path, data: bytes) -> None:
    with draft.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _program() -> str:
    with contextlib.suppress(metadata.PackageNotFoundError):
        return metadata.version("tocsin")
    return "unknown"
