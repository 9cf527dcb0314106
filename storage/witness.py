"""The witness's side, on a partner's own machine: what it has cosigned, and what it refuses to.

The rules it keeps:

- It signs only what the deployment's key signed, as that key was told to it; another key only with a link that the old one signed.
- It never signs two roots for one size of a log, and never a size below one that it signed: whoever asks for that has rolled the log back,
  or shows different logs to different people.
- A larger log must come with a proof that it continues what was signed last.
- What it is about to sign is on its disk before the signature exists.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from storage import canonical, rotation, tree
from storage.connection import words
from storage.cosigning import Request, WitnessKey
from storage.keys import sync_folder
from storage.notes import BadNote, Checkpoint, Verifier, parse_checkpoint, split_note
from storage.store import StorageError


class NotCosigned(Exception):
    """The witness does not sign this. The message says why, and what to do."""


class Contradicted(NotCosigned):
    """What is asked contradicts what was signed before: the log was rolled back, or replaced. Both notes are evidence."""


@dataclass(frozen=True, slots=True)
class Memory:
    """What a witness remembers: the key of each deployment (vkey), and the last checkpoint of each log (by origin, as a note)."""

    keys: Mapping[str, str] = field(default_factory=dict)
    logs: Mapping[str, str] = field(default_factory=dict)

    def last(self, origin: str) -> Checkpoint | None:
        """What was last cosigned of a log."""
        return _said(self.logs[origin]) if origin in self.logs else None


def judge(memory: Memory, request: Request, vkey: str | None = None, links: Sequence[str] = ()) -> Memory:
    """What to remember before this is signed. ``vkey``: the deployment's key, told by another way; ``links``: of its rotation, in any order.

    Raises NotCosigned, and Contradicted where what is asked contradicts what was signed before.
    """
    try:
        said = _said(request.note)
    except BadNote as error:
        raise NotCosigned(f"this is no checkpoint: {error}; ask the operator for the file again") from error
    deployment = said.origin.rpartition("/")[0]
    key = _trusted(memory, deployment, vkey, links)
    text, signatures = split_note(request.note)
    if not any(key.verifies(one, text) for one in signatures):
        raise NotCosigned(
            f"{deployment}'s key, as you were told it, did not sign this: ask the operator; "
            "if the key was replaced, you need its link (--link FILE), and each one where it was replaced several times "
            "(--link FILE --link FILE, or --link keys.jsonl, which is in every copy of a log)"
        )
    if said.size == 0:
        raise NotCosigned("this log has no entry yet: there is nothing to sign")
    last = memory.last(said.origin)
    if last is not None:
        _continues(last, said, request)
    elif request.old != 0:
        raise NotCosigned(
            f"you never signed this log: ask the operator for a file from the start (--since 0), not from {request.old}"
        )
    return replace(memory, keys={**memory.keys, deployment: key.vkey}, logs={**memory.logs, said.origin: request.note})


def _continues(last: Checkpoint, said: Checkpoint, request: Request) -> None:
    what = said.origin.rpartition("/")[2]
    if said.size < last.size:
        raise Contradicted(
            f"ROLLED BACK: you signed the log of {what} at {last.size} entries, and are now shown {said.size}. "
            "Do not sign; keep both, and tell the other partners"
        )
    if said.size == last.size:
        if said.root != last.root:
            raise Contradicted(_split_view(what, last.size))
        return
    if request.old != last.size:
        raise NotCosigned(
            f"you signed the log of {what} at {last.size} entries, and this proves nothing from there: "
            f"ask the operator for a file from there (--since {last.size})"
        )
    if not tree.verify_consistency(last.size, said.size, request.proof, last.root, said.root):
        raise Contradicted(_split_view(what, last.size))


def _split_view(what: str, size: int) -> str:
    return (
        f"ANOTHER LOG: what you are shown of {what} does not continue the {size} entries that you signed. "
        "Its history was replaced, or others are shown another log. Do not sign; keep both, and tell the other partners"
    )


def _trusted(memory: Memory, deployment: str, vkey: str | None, links: Sequence[str]) -> Verifier:
    known = memory.keys.get(deployment)
    try:
        told = Verifier.parse(vkey) if vkey is not None else None
        followed = rotation.follow(known, links, deployment) if known is not None else None
    except BadNote as error:
        raise NotCosigned(str(error)) from error
    if followed is None:
        if told is None or told.name != deployment:
            raise NotCosigned(
                f"this is the first time that you sign for {deployment}: give its key with --vkey, "
                "as the operator tells it to you by telephone or on paper"
            )
        return told
    if told is not None and told.vkey != followed:
        raise NotCosigned(
            f"{deployment} had another key when you signed first ({followed}). If it was replaced, "
            "give the link that both keys signed (--link FILE, once for each, or --link keys.jsonl out of a copy of a log); "
            "if nobody can give you one, do not sign"
        )
    return Verifier.parse(followed)


def _said(note: str) -> Checkpoint:
    return parse_checkpoint(split_note(note)[0])


# --- on the disk ---------------------------------------------------------------------------------------------------------


def cosign(
    path: Path, key: WitnessKey, request: Request, at: datetime, vkey: str | None = None, links: Sequence[str] = ()
) -> str:
    """The request's checkpoint with this witness's signature; ``path``: its memory, made if need be. Raises NotCosigned or StorageError."""
    with _alone(path):
        after = judge(read(path), request, vkey, links)
        write(path, after)
        return key.cosign(request.note, at)


def read(path: Path) -> Memory:
    """A witness's memory; empty where there is no file yet. Raises StorageError."""
    with words(path):
        if not path.exists():
            return Memory()
        data = path.read_bytes()
    try:
        said = json.loads(data)
        memory = Memory(dict(said["keys"]), dict(said["logs"]))
        for origin, note in memory.logs.items():
            if _said(note).origin != origin:
                raise BadNote("a checkpoint of another log")
        for vkey in memory.keys.values():
            Verifier.parse(vkey)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise StorageError(
            f"{path} is not what this witness remembered: put it back from a copy; without it, sign nothing"
        ) from error
    return memory


def write(path: Path, memory: Memory) -> None:
    """Keep a witness's memory, whole or not at all, on the disk."""
    with words(path):
        _place(path, canonical.encode({"keys": dict(memory.keys), "logs": dict(memory.logs)}) + b"\n")


def keep_key(path: Path, key: WitnessKey) -> None:
    """Write a witness's private key, with mode 600, where no file is. Raises StorageError."""
    with words(path):
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        except FileExistsError as error:
            raise StorageError(f"{path} exists: name another file; a key is never written over") from error
        with os.fdopen(descriptor, "wb") as file:
            file.write(f"{key.secret}\n".encode())
            file.flush()
            os.fsync(file.fileno())
        sync_folder(path.absolute().parent)


def read_key(path: Path) -> WitnessKey:
    """A witness's private key. Raises StorageError."""
    with words(path):
        text = path.read_bytes()
    try:
        return WitnessKey.parse(text.decode().strip())
    except ValueError as error:
        raise StorageError(f"{path} is no witness's key: name the file that `tocsin witness new` wrote") from error


def _place(path: Path, data: bytes) -> None:
    draft = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
        sync_folder(path.absolute().parent)
    finally:
        draft.unlink(missing_ok=True)


@contextlib.contextmanager
def _alone(path: Path) -> Iterator[None]:
    """One at a time: two that read the same memory could sign two logs."""
    with words(path):
        descriptor = os.open(path.with_name(f"{path.name}.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
