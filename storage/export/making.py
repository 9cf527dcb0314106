"""How a copy is made: what the recipient may see is found out, that it is made becomes a fact, the log is signed, and one form writes the file.

The log is read a page at a time, as often as it takes: memory stays the same however long it is. The file appears whole or not at all. The fact
``Exported`` is appended before the checkpoint is signed, and so is part of the copy: no copy can be made that the log does not tell of.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, fields
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Literal, Protocol

from storage import notes, tree
from storage.connection import words
from storage.cosigning import Cosigned, largest
from storage.export.books import Books
from storage.export.copy import About, Copy, Form, Line
from storage.export.for_whom import Recipient
from storage.export.naming import Naming, Sought
from storage.export.view import View
from storage.facts import Exported, Fact, IncidentOpened
from storage.facts.fact import is_exercise
from storage.keys import sync_folder
from storage.log import fact_of, not_whole, said_of
from storage.notes import Signer
from storage.stamping import Stamped, chosen
from storage.store import Kept, StorageError, StreamHead
from storage.unseen import visible

Stage = Literal["finding", "counting", "writing"]
"""Why the log is read: to find what is the recipient's own, to count what it may see, to write the copy (once or more)."""

Progress = Callable[[Stage, int, int], None]
"""Told how many entries are done, of how many: anew for each time that the log is read."""

_EVERY = 500
"""Entries between two words on the progress."""

_TRIES = 30
"""So often what a recipient may see is counted anew because something happened meanwhile."""


class ExportFailed(StorageError):
    """The copy could not be written. The message says what to do; what is kept is untouched."""


class Source(Protocol):
    """What an export needs of the store."""

    @property
    def signer(self) -> Signer: ...
    async def heads(self) -> Sequence[StreamHead]: ...
    async def facts(self, stream: str, start: int = 0) -> Sequence[Kept]: ...
    async def append_signed(
        self, stream: str, fact: Fact, *, size: int, now: datetime, playbook: str | None
    ) -> str | None: ...
    async def playbook(self, digest: str) -> bytes | None: ...
    async def key_chain(self) -> Sequence[str]: ...
    async def cosigned(self, stream: str) -> Sequence[Cosigned]: ...
    async def stamped(self, stream: str) -> Sequence[Stamped]: ...
    def entries(self, stream: str, start: int = 0) -> AsyncIterator[tuple[int, bytes, list[list[object]]]]: ...


@dataclass(frozen=True, slots=True)
class Asked:
    """Which copy is asked for. ``by``: who asks (``operator``, or a person's id); ``reason``: why; ``basis``: by which right, if one was named.

    ``form``: its name, for the log. ``zone``: the IANA time zone in which times are told to people.
    """

    stream: str
    recipient: Recipient
    by: str
    reason: str
    form: str
    basis: str | None = None
    zone: str = "UTC"


Now = Callable[[], Awaitable[datetime]]
"""Tells the time."""


def nothing(stage: Stage, done: int, of: int) -> None:
    """Progress that nobody looks at."""


async def make(
    store: Source,
    asked: Asked,
    form: Form,
    path: Path,
    *,
    now: Now,
    replace: bool = False,
    progress: Progress = nothing,
) -> About:
    """Write a copy to ``path``, whole or not at all, and return what it says of itself. An existing file is left alone unless ``replace``.

    What the log then says of the copy (its size, how much it shows) is so: where something happens between counting and recording, it is counted again.

    ``now`` is asked for when it is recorded: looking through a long log takes a while, in which others write.

    Raises ExportFailed for a path that cannot be written and for a log that is not there, before anything is recorded, and StorageError otherwise.
    """
    await _head(store, asked.stream)
    draft = _draft(path, replace)
    try:
        view, count, note = View(asked.recipient), _Count(), None
        while note is None:
            count = await _examined(store, asked, view, count, progress)
            fact = Exported(
                by=asked.by,
                reader=asked.recipient.id,
                reason=asked.reason,
                form=asked.form,
                size=count.size + 1,
                basis=asked.basis,
                disclosed=count.disclosed + len(fields(Exported)),  # whoever gets a copy sees that it was made
                withheld=dict(count.withheld),
            )
            made_at = await now()
            note = await store.append_signed(asked.stream, fact, size=count.size, now=made_at, playbook=count.playbook)
        about = About(
            asked.stream,
            is_exercise(asked.stream),
            view.title(count.opened) if count.opened is not None else None,
            count.opened.playbook if count.opened is not None else None,
            asked.recipient,
            asked.by,
            asked.reason,
            asked.basis,
            made_at,
            store.signer.name,
            store.signer.verifier.vkey,
            notes.parse_checkpoint(notes.split_note(note)[0]),
            note,
            fact.disclosed,
            fact.withheld,
            asked.zone,
        )
        await _write(await _copy(store, about, view, count, progress), form, draft, path, replace)
    finally:
        draft.unlink(missing_ok=True)
    return about


class _Count:
    """What was found in the log before a copy is made."""

    def __init__(self, tries: int = 1) -> None:
        self.tries = tries
        self.size = 0
        self.edge: list[bytes] = []
        self.disclosed = 0
        self.withheld: Counter[str] = Counter()
        self.digests: dict[str, None] = {}
        self.playbook: str | None = None
        """The digest that the last entry was decided under."""
        self.opened: IncidentOpened | None = None
        self.sought = Sought()


async def _head(store: Source, stream: str) -> StreamHead:
    """How many entries there are, and their root. Raises ExportFailed where there is no such log."""
    for head in await store.heads():
        if head.stream == stream:
            return head
    raise ExportFailed(f"no log called {stream} is on file")


async def _examined(store: Source, asked: Asked, view: View, count: _Count, progress: Progress) -> _Count:
    """Let the view learn what is the recipient's own, and count what it may and may not see: what came since the last count, or all of it anew where
    that changes what may be seen of what was before. Raises ExportFailed where that never ends."""
    stream, head = asked.stream, await _head(store, asked.stream)
    size = head.size
    if view.partner is not None:
        knew = deepcopy(vars(view))
        async for _, said, disclosed in _pages(store, stream, size, partial(progress, "finding"), count.size):
            view.learn(fact_of(stream, said, disclosed))
        if vars(view) != knew:
            count = _Count(count.tries + 1)
    if count.tries > _TRIES:
        raise ExportFailed(f"too much happens in {stream} to count what may be shown: try again in a quieter minute")
    places = count.size
    async for data, said, disclosed in _pages(store, stream, size, partial(progress, "counting"), count.size):
        tree.grow(count.edge, places, tree.leaf_hash(data))
        places += 1
        shown = len(disclosed)
        may = {str(path) for _, path, _ in disclosed}
        if view.partner is not None:
            may &= view.shows(fact_of(stream, said, disclosed))
            shown = len(may)
        count.sought.see(said["playbook_sha256"], {str(path): value for _, path, value in disclosed if path in may})
        if said["type"] in ("AlertIssued", "Disclosed"):
            one = fact_of(stream, said, disclosed)
            count.sought.take(one, visible(one.fact, may))
        count.disclosed += shown
        if hidden := len(said["_sd"]) - shown:
            count.withheld[said["type"]] += hidden
        if said["playbook_sha256"]:
            count.digests[said["playbook_sha256"]] = None
        count.playbook = said["playbook_sha256"]
        if said["type"] == "IncidentOpened" and count.opened is None:
            opened = fact_of(stream, said, disclosed).fact
            assert isinstance(opened, IncidentOpened)
            count.opened = opened
    if places != size or tree.fold(count.edge) != head.root:
        raise not_whole(stream)
    count.size = size
    return count


async def _copy(store: Source, about: About, view: View, count: _Count, progress: Progress) -> _Made:
    playbooks = {}
    for digest in sorted(count.digests) if about.recipient.partner is None else ():
        body = await store.playbook(digest)
        if body is not None:
            playbooks[digest] = body
    sources = {digest: await store.playbook(digest) for digest in sorted(count.sought.digests())}
    recipient = about.recipient
    naming = count.sought.found(
        Books({digest: body for digest, body in sources.items() if body is not None}), recipient
    )
    known = [
        one for one in await store.cosigned(about.stream) if recipient.partner is None or one.partner in recipient.knows
    ]
    cosigned = largest(known, about.checkpoint.size)
    stamped = chosen(await store.stamped(about.stream), about.checkpoint.size)
    return _Made(store, about, view, playbooks, naming, await store.key_chain(), cosigned, stamped, progress)


class _Made:
    """A copy as it is read from the store: see ``Copy``."""

    def __init__(
        self,
        store: Source,
        about: About,
        view: View,
        playbooks: Mapping[str, bytes],
        naming: Naming,
        keys: Sequence[str],
        cosigned: Sequence[Cosigned],
        stamped: Sequence[Stamped],
        progress: Progress,
    ) -> None:
        self.about = about
        self.playbooks = playbooks
        self.naming = naming
        self.keys = keys
        self.cosigned = cosigned
        self.stamped = stamped
        self._store = store
        self._view = view
        self._told = partial(progress, "writing")

    def sign(self, text: str) -> str:
        """A signed note over this text."""
        return self._store.signer.sign(text)

    async def lines(self) -> AsyncIterator[Line]:
        """Every entry, in order; at the end, that they have the signed root, or StorageError."""
        stream, checkpoint = self.about.stream, self.about.checkpoint
        edge: list[bytes] = []
        size = 0
        async for data, said, disclosed in _pages(self._store, stream, checkpoint.size, self._told):
            tree.grow(edge, size, tree.leaf_hash(data))
            size += 1
            fact = fact_of(stream, said, disclosed)
            shown = [(str(salt), str(path), value) for salt, path, value in disclosed]
            if self._view.partner is not None:
                may = self._view.shows(fact)
                shown = [one for one in shown if one[1] in may]
                fact = fact_of(stream, said, shown)
            yield Line(data, shown, len(said["_sd"]) - len(shown), fact)
        if size != checkpoint.size or tree.fold(edge) != checkpoint.root:
            raise StorageError(
                f"the entries of {stream} do not have the root that was signed: the database is damaged; restore a backup"
            )


async def _pages(
    store: Source, stream: str, size: int, told: Callable[[int, int], None], start: int = 0
) -> AsyncIterator[tuple[bytes, dict[str, Any], list[list[object]]]]:
    """Of the first ``size`` entries those from ``start`` on: bytes, what they say, and what is disclosed."""
    async for seq, data, disclosed in store.entries(stream, start):
        if seq >= size:
            break
        yield data, said_of(stream, seq, data), disclosed
        if (seq + 1) % _EVERY == 0 or seq + 1 == size:
            told(seq + 1, size)


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


async def _write(copy: Copy, form: Form, draft: Path, path: Path, replace: bool) -> None:
    with words(path):
        with draft.open("w+b") as out:
            await form(copy, out)
            out.flush()
            os.fsync(out.fileno())
        _place(draft, path, replace)


def _place(draft: Path, path: Path, replace: bool) -> None:
    if replace:
        draft.replace(path)
    else:
        try:
            os.link(draft, path)
        except FileExistsError as error:
            raise ExportFailed(f"{path} exists: name another file, or remove it") from error
    sync_folder(path.parent)
