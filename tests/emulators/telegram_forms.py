"""Files on the emulated server's wire: the forms in which they come, and the pieces in which they go."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiohttp import BodyPartReader, web

from tests.emulators.bot_api import Attached


async def read_form(request: web.BaseRequest) -> dict[str, Any]:
    """The values of a form as text, and its files. Like the real server it decodes no quoting in names, and ends them at a semicolon."""
    found: dict[str, Any] = {}
    async for part in await request.multipart():
        assert isinstance(part, BodyPartReader)
        data = bytearray()
        while piece := await part.read_chunk(1 << 16):
            data += piece
        said = [one.partition("=") for one in part.headers["Content-Disposition"].split(";")[1:]]
        given = {key.strip(): value.strip().strip('"') for key, _, value in said}
        if "filename" in given:
            kind = part.headers.get("Content-Type", "application/octet-stream")
            found[given["name"]] = Attached(given["filename"], kind, bytes(data))
        else:
            found[given["name"]] = data.decode()
    return found


def weight(form: Mapping[str, Any]) -> int:
    """Bytes of all files of a form."""
    return sum(len(one.data) for one in form.values() if isinstance(one, Attached))


async def give(request: web.BaseRequest, data: bytes, *, whole: bool) -> web.StreamResponse:
    """Answer with a file in pieces, or with half of it."""
    given = web.StreamResponse(headers={"Content-Type": "application/octet-stream"})
    given.content_length = len(data)
    await given.prepare(request)
    end = len(data) if whole else len(data) // 2
    for at in range(0, end, 1 << 14):
        await given.write(data[at : min(at + (1 << 14), end)])
    return given
