"""Signs, exports and replaces the key, and is killed at each single step of that: ``python -m tests.faults.stepping FOLDER``.

A step is each word to the disk: before and after a commit, a flush, a link and a rename, and in the middle of a line of ``checkpoints.log``. For each step a
process is forked that dies there, and one that goes on with other words; then nothing that was ever signed may contradict anything else that was. Prints
how many steps there are.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import sys
import traceback
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Any

from storage import checkpoints, connection, rotation
from storage.database import SqliteStore, open_store
from storage.facts import NoteAdded
from storage.notes import Verifier, parse_checkpoint, split_note
from tests.storage.small import NOW, ROOM, STREAM, opened

RELEASED = "released"
"""A file with every note that somebody was given, a line of JSON each."""


class Counted:
    """Dies at the n-th step. ``count``: how many there were."""

    def __init__(self, n: int) -> None:
        self.left = n
        self.count = 0

    def step(self) -> None:
        """One step."""
        self.count += 1
        if self.count == self.left:
            os.kill(os.getpid(), signal.SIGKILL)

    def around(self, inner: Callable[..., Any]) -> Callable[..., Any]:
        """The same function, a step before and a step after."""

        def stepped(*args: Any, **kwargs: Any) -> Any:
            self.step()
            result = inner(*args, **kwargs)
            self.step()
            return result

        return stepped

    def hook(self) -> None:
        """Count every word to the disk from here on."""
        for name in ("fsync", "link", "replace"):
            setattr(os, name, self.around(getattr(os, name)))
        inner, opened_as = connection.transaction, os.fdopen

        def transaction(with_: Any, work: Callable[[Any], Any]) -> Any:
            def worked(found: Any) -> Any:
                result = work(found)
                self.step()
                return result

            result = inner(with_, worked)
            self.step()
            return result

        connection.transaction = transaction  # type: ignore[assignment]

        def fdopen(*args: Any, **kwargs: Any) -> Any:
            file = opened_as(*args, **kwargs)
            return Torn(file, self) if kwargs.get("buffering") == 0 else file

        os.fdopen = fdopen


class Torn:
    """A file whose every line may be written by half."""

    def __init__(self, inner: Any, steps: Counted) -> None:
        self._inner, self._steps = inner, steps

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def __enter__(self) -> Torn:
        return self

    def __exit__(self, *why: object) -> None:
        self._inner.close()

    def write(self, data: bytes) -> int:
        """Half of it, a step, and the rest."""
        half = self._inner.write(data[: len(data) // 2])
        self._steps.step()
        return int(half + self._inner.write(data[len(data) // 2 :]))


def given(folder: Path, notes: Iterable[str]) -> None:
    """Somebody has these now."""
    file = os.open(folder / RELEASED, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(file, "".join(json.dumps({"note": note}) + "\n" for note in notes).encode())
    os.close(file)


async def _exported(store: SqliteStore, words: str) -> str:
    """A note committed and signed at once, as it is recorded that a copy is made."""
    size = next(head.size for head in await store.heads() if head.stream == STREAM)
    note = await store.append_signed(STREAM, _note(words), size=size, now=NOW, playbook=None)
    assert note is not None
    return note


async def begun(folder: Path) -> None:
    """A log of four entries, signed."""
    store = await open_store(folder, "liege")
    await opened(store)
    given(folder, await store.sign(NOW))
    await store.close()


async def life(folder: Path, steps: Counted) -> None:
    """Everything that signs, one after the other."""
    steps.hook()
    store = await open_store(folder, "liege")
    await store.append(STREAM, _note("first"), now=NOW)
    given(folder, await store.sign(NOW))
    given(folder, [await _exported(store, "an export")])
    await store.append(STREAM, _note("second"), now=NOW)
    given(folder, [(await store.request(STREAM, 0, NOW)).note])
    await store.replace_key("lent", "operator", NOW)
    given(folder, [note for note in [await store.checkpoint(STREAM)] if note is not None])
    await store.append(STREAM, _note("third"), now=NOW)
    given(folder, await store.sign(NOW))
    await store.close()
    (folder / "steps").write_text(str(steps.count))


async def afterwards(folder: Path, first: str) -> None:
    """What is found goes on with other words, and contradicts nothing that was ever signed."""
    store = await open_store(folder, "liege")
    assert await store.health() == []
    assert await store.rolled_back() == []
    await store.append(STREAM, _note("instead"), now=NOW)
    given(folder, await store.sign(NOW))
    await store.append(STREAM, _note("and so on"), now=NOW)
    given(folder, [await _exported(store, "another export")])
    chain = await store.key_chain()
    assert rotation.follow(first, chain, "liege") == store.signer.verifier.vkey
    keys = [Verifier.parse(first), *(rotation.parse_link(note).new for note in chain)]
    notes = list(_notes(folder / RELEASED))
    for note in notes:
        assert (await store.compared(note)).stands == "part", note
    roots: dict[tuple[str, int], bytes] = {}
    for note in (*notes, *_notes(folder / checkpoints.FILE)):
        text, signatures = split_note(note)
        said = parse_checkpoint(text)
        assert any(key.verifies(one, text) for key in keys for one in signatures), note
        assert roots.setdefault((said.origin, said.size), said.root) == said.root, note
    await store.close()


def _note(text: str) -> NoteAdded:
    return NoteAdded("ada", None, ROOM, text)


def _notes(path: Path) -> Iterable[str]:
    for line in path.read_text().splitlines():
        try:
            yield json.loads(line)["note"]
        except ValueError:
            continue  # a line that was torn, and never given to anybody


def forked(work: Callable[[], Awaitable[None]]) -> int:
    """Do it in a process of its own; how that ended: 0, or the signal as a negative number, or 1 for a fault."""
    child = os.fork()
    if child == 0:
        try:
            asyncio.run(work())  # type: ignore[arg-type]
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def main(folder: Path) -> int:
    """Every step, until a life comes to its end."""
    start = folder / "start"
    assert forked(lambda: begun(start)) == 0
    first = json.loads((start / RELEASED).read_text().splitlines()[0])["note"]
    vkey = folder / "vkey"

    async def key() -> None:
        store = await open_store(start, "liege")
        vkey.write_text(store.signer.verifier.vkey)
        await store.close()

    assert first and forked(key) == 0
    for n in range(1, 1000):
        here = folder / str(n)
        shutil.copytree(start, here)
        ended = forked(lambda n=n, here=here: life(here, Counted(n)))  # type: ignore[misc]
        assert ended in (0, -signal.SIGKILL), n
        assert forked(lambda here=here: afterwards(here, vkey.read_text())) == 0, f"killed at step {n}"  # type: ignore[misc]
        shutil.rmtree(here)
        if ended == 0:
            return n - 1
    raise AssertionError("it never comes to its end")


if __name__ == "__main__":
    print(main(Path(sys.argv[1])))
