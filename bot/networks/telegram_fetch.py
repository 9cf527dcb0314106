"""A file that was heard on Telegram, fetched by pieces.

``getFile`` says under which path the server keeps it. A Bot API server of one's own that runs in its local mode names a file on its disk instead,
which is read from there when this program shares that disk.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import BinaryIO

from telegram.error import BadRequest, Forbidden, InvalidToken, NetworkError

from bot.networks.port import FileGone, FileTooLarge
from bot.networks.telegram_files import file_id
from bot.networks.telegram_http import PIECE, RawBot, StatusError, UnreadableError
from playbooks.spoken import File

LOCAL_SECONDS = 600.0  # a server of one's own has fetched the whole file before it answers
TOO_LARGE = "Telegram gives bots no file over 20 MB"


async def fetch(bot: RawBot, file: File, *, own_server: bool) -> AsyncIterator[bytes]:
    """The file's bytes, in pieces of at most 64 KiB. Raises FileGone, and TelegramError where trying again may help."""
    path = await _path(bot, file, LOCAL_SECONDS if own_server else None)
    if own_server and (kept := await asyncio.to_thread(_opened, path)) is not None:
        with kept:
            while piece := await asyncio.to_thread(kept.read, PIECE):
                yield piece
        return
    try:
        async for piece in bot.download(path):
            yield piece
    except StatusError as answer:
        status = answer.status
    else:
        return
    if status == 401:
        raise InvalidToken("Unauthorized")
    if status == 429 or status >= 500:
        raise NetworkError(f"the file is not given now (HTTP status {status})")
    raise FileGone("Telegram does not have the file any more")


async def _path(bot: RawBot, file: File, seconds: float | None) -> str:
    known = file_id(file.where)
    if known is None:
        raise FileGone("nobody knows under which name Telegram has the file")
    reason = "Telegram does not have the file any more"
    try:
        found = await bot.ask("getFile", {"file_id": known}, seconds=seconds)
        path = found.get("file_path") if isinstance(found, dict) else None
        if not isinstance(path, str) or not path:
            raise UnreadableError("Telegram does not say where the file is")
        return path
    except BadRequest as error:
        said = str(error).lower()
        if isinstance(error.__cause__, UnreadableError) or "temporarily unavailable" in said:
            raise
        if "too big" in said:
            reason = TOO_LARGE
    except Forbidden as error:
        if isinstance(error.__cause__, UnreadableError):
            raise
    raise FileTooLarge(reason) if reason == TOO_LARGE else FileGone(reason)


def _opened(path: str) -> BinaryIO | None:
    """The file on this disk, if the path is one of a disk, and there is one. Raises FileGone where it may not be read."""
    place = Path(path)
    try:
        return place.open("rb") if place.is_absolute() and place.is_file() else None
    except OSError as why:
        raise FileGone(f"the Bot API server's copy of the file cannot be read ({type(why).__name__})") from None
