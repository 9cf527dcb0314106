"""Topics of forums in which threads go on that began in other rooms.

A topic is made once: it is remembered here until the first message in it has arrived, and with what became of that it is kept for good. Where none
can be made (the group is no forum, or the bot may not), the thread goes on as answers, and it is tried again a while later.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from telegram.error import BadRequest, Forbidden, RetryAfter

from bot.networks.port import Outgoing
from bot.networks.telegram_http import RawBot, UnreadableError
from playbooks.rooms import RoomRef

NAME_CHARACTERS = 128
TRIED_AGAIN = timedelta(minutes=30)
"""After which it is asked again whether a group has become a forum, or the bot may manage topics there."""

_MOST = 1000


class Topics:
    """What is known of topics since the start. ``clock`` tells the time, aware."""

    def __init__(self, bot: RawBot, clock: Callable[[], datetime]) -> None:
        self._bot = bot
        self._clock = clock
        self._made: dict[tuple[str, str | None], str] = {}
        self._none_in: dict[str, datetime] = {}

    async def begun(self, out: Outgoing) -> RoomRef | None:
        """The topic in which the thread goes on that this message begins; None where there is none.

        Raises TelegramError where the server cannot be asked now, KeyError, TypeError or ValueError where its answer cannot be read.
        """
        if out.begins is None or out.room.topic is not None:
            return None
        chat, key = out.room.id, (out.room.id, out.reply_to)
        if key not in self._made:
            tried = self._none_in.get(chat)
            if tried is not None and self._clock() - tried < TRIED_AGAIN:
                return None
            name = out.begins[:NAME_CHARACTERS].strip() or "…"
            try:
                made = await self._bot.ask("createForumTopic", {"chat_id": int(chat), "name": name})
            except (BadRequest, Forbidden) as error:
                if isinstance(error, RetryAfter) or isinstance(error.__cause__, UnreadableError):
                    raise
                self._none_in[chat] = self._clock()
                return None
            if len(self._made) >= _MOST:
                del self._made[next(iter(self._made))]
            self._made[key] = str(int(made["message_thread_id"]))
        return RoomRef(out.room.network, chat, self._made[key])
