"""Topics of forums in which threads go on that began in other rooms.

A topic is made once: it is kept for good before the first message goes there, and remembered here until then. Where none
can be made (the group is no forum, or the bot may not), the thread goes on as answers, and it is tried again a while later. Where Telegram does not
say whether it has made one, the thread goes on as answers, too: nothing of it is late or lost for want of a topic.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from telegram.error import (
    BadRequest,
    ChatMigrated,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
)

from bot.networks.port import Outgoing
from bot.networks.telegram_http import NotConnectedError, RawBot, UnreadableError
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
        self._made: dict[tuple[str, str | None], str | None] = {}
        self._none_in: dict[str, datetime] = {}

    async def begun(self, out: Outgoing) -> RoomRef | None:
        """The topic in which the thread goes on that this message begins, the room itself where nobody knows whether it was made; None where there is none.

        Raises TelegramError where certainly none was made, and one may be later.
        """
        if out.begins is None or out.room.topic is not None:
            return None
        chat, key = out.room.id, (out.room.id, out.reply_to)
        if key not in self._made:
            tried = self._none_in.get(chat)
            if tried is not None and self._clock() - tried < TRIED_AGAIN:
                return None
            try:
                made = await self._make(chat, out.begins[:NAME_CHARACTERS].strip() or "…")
            except (BadRequest, Forbidden):
                self._none_in[chat] = self._clock()
                return None
            if len(self._made) >= _MOST:
                del self._made[next(iter(self._made))]
            self._made[key] = made
        topic = self._made[key]
        return RoomRef(out.room.network, chat, topic)

    async def _make(self, chat: str, name: str) -> str | None:
        """A new topic's id; None where nobody knows whether there is one now: then no second one is made beside it.

        Raises TelegramError where certainly none was made.
        """
        try:
            made = await self._bot.ask("createForumTopic", {"chat_id": int(chat), "name": name})
            return str(int(made["message_thread_id"]))
        except (NotConnectedError, RetryAfter, ChatMigrated, InvalidToken):
            raise
        except (BadRequest, Forbidden) as error:
            if not isinstance(error.__cause__, UnreadableError):
                raise
        except NetworkError as error:
            if str(error).startswith("Too Many Requests"):  # a refusal that does not say how long
                raise
        except (TelegramError, AttributeError, KeyError, TypeError, ValueError):
            pass
        return None
