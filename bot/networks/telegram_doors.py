"""What Telegram's answers show of a group: whether it has a public name now. No update tells of that.

Until somebody speaks there, only the answer to a message of ours shows it: then it is told as if Telegram had.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bot.networks import telegram_read
from bot.networks.port import Ears
from storage.store import StorageError

log = logging.getLogger(__name__)


class Doors:
    """Remembers which groups have been seen with a public name, since the start."""

    def __init__(self) -> None:
        self._public: set[int] = set()

    async def look(self, result: Any, ears: Ears | None, now: datetime) -> None:
        """Look at the answer to a request, and tell ``ears`` what is new. Never raises: the message has arrived."""
        item = self.news(result, now)
        if item is None or ears is None:
            return
        try:
            await ears.keep("telegram", [item], None)
        except StorageError as error:
            self._public.clear()  # the next answer shows it again
            log.warning("what a group is like now could not be kept: %s", type(error).__name__)

    def news(self, result: Any, now: datetime) -> tuple[str, str] | None:
        """What the inbox is to keep of it, as (key, body); None where nothing is new, or nothing can be read."""
        message = result[0] if isinstance(result, list) and result else result
        chat = message.get("chat") if isinstance(message, Mapping) else None
        if not isinstance(chat, Mapping) or chat.get("type") == "private" or not isinstance(chat.get("id"), int):
            return None
        number, public = int(chat["id"]), bool(chat.get("username"))
        if public == (number in self._public):
            return None
        (self._public.add if public else self._public.discard)(number)
        # In the form of a message that gives the group a title: it has one, and is shown as it is.
        shown = {"message_id": message.get("message_id", 0), "date": int(now.timestamp()), "chat": dict(chat)}
        return telegram_read.keep_form(
            {"update_id": 0, "message": {**shown, "new_chat_title": str(chat.get("title", ""))}}, now
        )
