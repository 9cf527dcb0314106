"""A request with files, as a form that is read by pieces while it leaves: the memory it takes does not depend on what it carries.

The Bot API's server reads forms in its own way (tdlib's ``HttpReader.cpp``): it decodes no quoting in a file's name, takes UTF-8 as it is, and ends
the name at a semicolon, quoted or not.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp.abc import AbstractStreamWriter
from aiohttp.payload import BufferedReaderPayload

STALLED_SECONDS = 30.0  # within which a piece of a file has to have left, or come


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that goes with a request: the ``part`` of the form that it is, its place here, name, MIME type and size in bytes."""

    part: str
    path: Path
    name: str
    type: str
    size: int


async def form(fields: Mapping[str, str], files: Sequence[Upload], opened: ExitStack) -> aiohttp.FormData:
    """The form; the files are closed by ``opened``. Raises OSError where one cannot be read."""
    made = aiohttp.FormData(quote_fields=False)
    for name, value in fields.items():
        made.add_field(name, value)
    for file in files:
        handle = opened.enter_context(await asyncio.to_thread(file.path.open, "rb"))
        made.add_field(file.part, _Watched(handle, content_type=file.type, filename=None), filename=named(file.name))
    return made


def named(name: str) -> str:
    """A file's name without what the server takes for its end: quotes, semicolons, line ends."""
    return "".join("_" if part in '";\\\\' else part for part in name if part.isprintable()) or "file"


class _Watched(BufferedReaderPayload):
    """A file as it leaves. A piece that does not leave in time ends the request: else a dead connection would hold the room for ever."""

    async def write_with_length(self, writer: AbstractStreamWriter, content_length: int | None) -> None:
        """Write the file, watched."""
        await super().write_with_length(_Impatient(writer), content_length)


class _Impatient(AbstractStreamWriter):
    """A writer that waits only so long for each piece to leave."""

    def __init__(self, writer: AbstractStreamWriter) -> None:
        self._writer = writer

    async def write(self, chunk: bytes | bytearray | memoryview) -> None:
        """Write a piece. Raises TimeoutError."""
        async with asyncio.timeout(STALLED_SECONDS):
            await self._writer.write(chunk)

    async def write_eof(self, chunk: bytes = b"") -> None:
        """End the body."""
        await self._writer.write_eof(chunk)

    async def drain(self) -> None:
        """Wait until what was written has left."""
        await self._writer.drain()

    def enable_compression(self, encoding: str = "deflate", strategy: int | None = None) -> None:
        """Nothing is compressed."""

    def enable_chunking(self) -> None:
        """Nothing is chunked."""

    async def write_headers(self, status_line: str, headers: Any) -> None:
        """Write the head."""
        await self._writer.write_headers(status_line, headers)
