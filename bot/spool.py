"""Files on their way: fetched once, looked into, cleaned, and deleted when nobody needs them.

Twenty rooms that are to get the same photo share one download. What lies here is a copy of what a network holds: it may be deleted at any time
while nobody holds it, and nothing of an earlier process is used again.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO, Protocol

from bot.clock import Clock
from bot.files.kinds import fitting, look
from bot.files.names import clean_name
from bot.files.places import PlaceRemains, without_place
from bot.networks.port import FileGone, FileTooLarge, NetworkDown, NetworkPort, Spooled
from playbooks.rooms import Network
from playbooks.spoken import File

__all__ = ["PlaceRemains", "Spool", "SpoolFull"]

MADE = "made:"
"""How the place of a file begins that no network has: it is made here. Every network writes its places as JSON, and no JSON begins so: nobody who says
something can name what is made here."""

GIB = 1 << 30
LONGEST = 600.0
"""Seconds that a file stays after the last room let go of it: rooms that are served a little later find it here."""

_OURS = (".whole", ".placeless", ".part")
_SLACK = 1 << 16
"""Bytes by which a cleaned copy may be longer than what it was made from."""


class SpoolFull(NetworkDown):
    """There is no room for the file on this machine now; trying again later may help."""


class Maker(Protocol):
    """Whoever makes the files that no network has."""

    async def make(self, what: str, path: Path) -> int:
        """Write the file that ``what`` names to ``path``, and say how many bytes it has. Raises FileGone (for good) or NetworkDown (try again later)."""


@dataclass(eq=False, slots=True)
class _Held:
    """One file in the folder, whole or without its place, being made or ready."""

    path: Path
    size: int = 0
    kind: str = ""
    changed: bool = False
    users: int = 0
    idle_since: float = 0.0
    making: asyncio.Task[None] | None = field(default=None, repr=False)


class Spool:
    """The folder of files on their way.

    ``folder`` belongs to this process alone. ``bound``: bytes that all files together may take; ``largest``: bytes of one file.
    """

    def __init__(
        self,
        folder: Path,
        networks: Mapping[Network, NetworkPort],
        clock: Clock,
        *,
        bound: int = GIB,
        largest: int = GIB // 4,
        maker: Maker | None = None,
    ) -> None:
        """Make the folder, readable by nobody else, and delete what an earlier process left in it. Raises OSError.

        ``maker``: makes what no network has; without one, there is no such file.
        """
        self._folder = folder
        self._networks = networks
        self._clock = clock
        self._maker = maker
        self._bound = bound
        self._largest = min(largest, bound)
        self._held: dict[str, _Held] = {}
        self._parts = 0
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for left in folder.iterdir():
            if left.suffix in _OURS:
                left.unlink()

    @property
    def size(self) -> int:
        """Bytes that the files take now."""
        return sum(held.size for held in self._held.values())

    async def hold(self, file: File, *, place: bool) -> Spooled:
        """Fetch a file, unless it is here, and look into it. It stays until ``release``, which is owed for each return of this.

        ``place``: whether it may tell where it was taken. Where that had to be taken out, ``source.where`` of the answer is empty: what the network
        has is another file, and this one must be handed to it. ``source.kind`` is one that fits what was found.
        Raises FileGone (for good), NetworkDown (try again later), PlaceRemains (``place`` is false, and it cannot be made sure that no place remains).
        """
        held = await self._ready(file, place=place)
        source = replace(
            file,
            kind=fitting(file.kind, held.kind),
            where="" if held.changed else file.where,
            type=held.kind,
            size=held.size,
        )
        return Spooled(held.path, clean_name(file.name, held.kind, source.kind), held.kind, held.size, source)

    def release(self, spooled: Spooled) -> None:
        """Let go of a file that ``hold`` gave. It is deleted a while later, or as soon as its room is needed.

        Raises ValueError where it is let go of more often than it was held; after ``close`` nothing is held, and this does nothing.
        """
        for held in self._held.values():
            if held.path == spooled.path:
                if not held.users:
                    raise ValueError(f"nobody holds {spooled.path.name}")
                self._let_go(held)

    @asynccontextmanager
    async def holding(self, file: File, *, place: bool) -> AsyncIterator[Spooled]:
        """``hold`` for the length of a block."""
        spooled = await self.hold(file, place=place)
        try:
            yield spooled
        finally:
            self.release(spooled)

    def sweep(self) -> None:
        """Delete what nobody has held for a while. Every ``hold`` does this too."""
        past = self._clock.monotonic() - LONGEST
        for key, held in list(self._held.items()):
            if self._unused(held) and held.idle_since <= past:
                self._drop(key)

    async def run(self) -> None:
        """Sweep until cancelled, so that nothing stays merely because nothing else is fetched."""
        while True:
            await self._clock.sleep(LONGEST / 4)
            self.sweep()

    async def close(self) -> None:
        """Stop fetching and delete everything."""
        making = [held.making for held in self._held.values() if held.making is not None]
        for task in making:
            task.cancel()
        await asyncio.gather(*making, return_exceptions=True)
        for key in list(self._held):
            self._drop(key)

    async def _ready(self, file: File, *, place: bool) -> _Held:
        """The file, ready, with one user more: the caller. Whoever asks first has it made, the others wait for that."""
        self.sweep()
        name = sha256(f"{file.network}\0{file.where}".encode(errors="surrogatepass")).hexdigest()[:32]
        key = f"{name}{'.whole' if place else '.placeless'}"
        held = self._held.get(key)
        if held is None:
            held = self._held[key] = _Held(self._folder / key)
            held.making = asyncio.create_task(self._make(key, held, file, place=place))
        held.users += 1
        ready = False
        try:
            if held.making is not None:
                # Shielded: one room that gives up does not take the file from the others.
                await asyncio.shield(held.making)
            ready = True
            return held
        finally:
            if not ready:
                self._let_go(held)
                if not held.users and held.making is not None and not held.making.done():
                    if self._held.get(key) is held:
                        del self._held[key]
                    held.making.cancel()

    async def _make(self, key: str, held: _Held, file: File, *, place: bool) -> None:
        """Make a file under a temporary name; only a finished one gets its own."""
        self._parts += 1
        part = self._folder / f"{self._parts}.part"
        done = False
        try:
            if place:
                await self._fetch(held, file, part)
                held.kind = await asyncio.to_thread(look, part)
            else:
                await self._clean(held, file, part)
            part.replace(held.path)
            held.making = None
            done = True
        except OSError as why:
            raise SpoolFull(f"the file cannot be kept on this machine: {why.strerror or type(why).__name__}") from why
        finally:
            if not done:
                part.unlink(missing_ok=True)
                if self._held.get(key) is held:
                    del self._held[key]

    async def _fetch(self, held: _Held, file: File, part: Path) -> None:
        """Write the bytes that the network gives, or that are made here."""
        if file.where.startswith(MADE):
            await self._made(held, file, part)
            return
        network = self._networks.get(file.network)
        if network is None:
            raise NetworkDown(f"{file.network} is not set up here")
        with _new(part) as out:
            pieces = network.fetch(file)
            try:
                async for piece in pieces:
                    if held.size + len(piece) > self._largest:
                        raise FileTooLarge(f"the file is larger than {self._largest >> 20} MiB")
                    self._make_room(len(piece))
                    held.size += len(piece)
                    out.write(piece)
            finally:
                # One that is not read to its end still holds a connection.
                if isinstance(pieces, AsyncGenerator):
                    await pieces.aclose()
        if not held.size:
            raise FileGone("the file is empty")

    async def _made(self, held: _Held, file: File, part: Path) -> None:
        """Have a file made here. Nobody else has it: a network must be handed its bytes."""
        if self._maker is None:
            raise FileGone("no such file is made here")
        held.size = await self._maker.make(file.where.removeprefix(MADE), part)
        held.changed = True
        if held.size > self._largest:
            raise FileTooLarge(f"the file is larger than {self._largest >> 20} MiB")
        self._make_room(0)

    async def _clean(self, held: _Held, file: File, part: Path) -> None:
        """Write a copy of the whole file that tells no place."""
        whole = await self._ready(file, place=True)
        try:
            held.kind = whole.kind
            self._make_room(whole.size + _SLACK)
            held.size = whole.size + _SLACK
            _new(part).close()
            held.changed, held.size = await asyncio.to_thread(_cleaned, whole.path, part, whole.kind)
        finally:
            self._let_go(whole)

    def _make_room(self, size: int) -> None:
        """Delete unused files, those unused for longest first, until so many bytes more fit. Raises SpoolFull."""
        over = self.size + size - self._bound
        if over <= 0:
            return
        unused = sorted((held.idle_since, key) for key, held in self._held.items() if self._unused(held))
        for _, key in unused:
            over -= self._held[key].size
            self._drop(key)
            if over <= 0:
                return
        raise SpoolFull("too many files are on their way")

    def _unused(self, held: _Held) -> bool:
        return not held.users and held.making is None

    def _let_go(self, held: _Held) -> None:
        held.users -= 1
        held.idle_since = self._clock.monotonic()

    def _drop(self, key: str) -> None:
        self._held.pop(key).path.unlink(missing_ok=True)


def _cleaned(source: Path, target: Path, kind: str) -> tuple[bool, int]:
    """Whether the copy without its place differs, and how many bytes it has."""
    return without_place(source, target, kind), target.stat().st_size


def _new(path: Path) -> BinaryIO:
    """A new file that nobody else on this machine can read."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
