"""What people do in the emulated Telegram: each deed becomes an update for the bot, if Telegram would send one.

What sets the scene is a plain call; what somebody does is awaited, like the same deed over the control endpoint.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tests.emulators.telegram_html import units
from tests.emulators.telegram_things import THINGS, Things
from tests.emulators.telegram_town import Chat, Message

TALK = {"start", "say", "anonymous", "edit", "press", "react", "expire_queries"}
PLACES = {"block", "kick", "add", "migrate"}
DEEDS = TALK | PLACES | THINGS  # what people can do, also over the control endpoint

ANONYMOUS_ADMIN = {"id": 1087968824, "is_bot": True, "first_name": "Group", "username": "GroupAnonymousBot"}
CHANNEL_BOT = {"id": 136817688, "is_bot": True, "first_name": "Channel", "username": "Channel_Bot"}


class People(Things):
    """A town with people in it."""

    def group(
        self, chat_id: int, title: str, *, forum: bool = False, username: str | None = None, admin: bool = False
    ) -> Chat:
        """A group that the bot is in: a supergroup when its id, topics or username say so."""
        great = forum or username is not None or chat_id <= -1_000_000_000_000
        chat = Chat(chat_id, "supergroup" if great else "group", title, username, forum)
        chat.status = "administrator" if admin else "member"
        self.chats[chat_id] = chat
        return chat

    def topic(self, chat: int, topic_id: int, name: str) -> None:
        """A topic in a forum. Its id is that of the service message that made it."""
        self.chats[chat].topics[topic_id] = name
        self.chats[chat].last_id = max(self.chats[chat].last_id, topic_id)

    def user(self, user_id: int, name: str, language_code: str | None = None) -> dict[str, Any]:
        """A person. They have not spoken to the bot yet."""
        user: dict[str, Any] = {"id": user_id, "is_bot": False, "first_name": name}
        if language_code:
            user["language_code"] = language_code
        self.users[user_id] = user
        return user

    # -- what people do --------------------------------------------------------------------------------------------

    async def start(self, user: int, payload: str = "") -> Message:
        """A person opens the private chat by tapping Start, perhaps through a deep link with a payload."""
        chat = self.chats.setdefault(user, Chat(user, "private"))
        chat.started, chat.blocked = True, False
        return await self.say(user, user, f"/start {payload}".strip())

    async def block(self, user: int) -> None:
        """A person blocks the bot."""
        self.chats[user].blocked = True
        self._membership(self.chats[user], user, "member", "kicked")

    async def say(
        self,
        chat: int,
        user: int,
        text: str,
        reply_to: int | None = None,
        thread: int | None = None,
        *,
        entities: Sequence[dict[str, Any]] = (),
        quote: str = "",
        **extra: Any,
    ) -> Message:
        """A person writes. ``quote``: the words of ``reply_to`` that they answer. ``extra`` are further fields of the API's Message."""
        if quote:
            at = units(self.chats[chat].messages[reply_to or 0].text.partition(quote)[0])
            extra["quote"] = {"text": quote, "position": at, "is_manual": True}
        return self.post(chat, user, text, reply_to=reply_to, thread=thread, entities=list(entities), extra=extra)

    async def anonymous(self, chat: int, text: str, channel: int | None = None, thread: int | None = None) -> Message:
        """An administrator writes as the group, or somebody writes as a channel."""
        shown = {"id": channel, "type": "channel", "title": "Channel"} if channel else self.chats[chat].name_it()
        as_whom = CHANNEL_BOT if channel else ANONYMOUS_ADMIN
        return self.post(chat, 0, text, thread=thread, extra={"from": as_whom, "sender_chat": shown})

    async def edit(self, chat: int, message_id: int, text: str, entities: Sequence[dict[str, Any]] = ()) -> None:
        """A person changes what they wrote, perhaps under a file."""
        message = self.chats[chat].messages[message_id]
        message.edits.append(message.text)
        message.text, message.entities = text, list(entities)
        self.tell_edit(message)

    async def press(self, chat: int, message_id: int, user: int, label_or_data: str) -> str:
        """A person taps a button, named by its label or its data. Returns the callback query's id."""
        message = self.chats[chat].messages[message_id]
        data = next((d for row in message.buttons for label, d in row if label_or_data in (label, d)), None)
        if data is None:
            raise LookupError(f"no button {label_or_data!r} under message {message_id}, only {message.buttons}")
        query = str(4_000_000 + len(self.queries))
        self.queries[query] = True
        shown = {"id": query, "from": self.users[user], "message": self.shown(message), "data": data}
        self.tell("callback_query", {**shown, "chat_instance": str(chat)}, chat)
        return query

    async def react(self, chat: int, message_id: int, user: int, *emoji: str, signs: Sequence[str] = ()) -> None:
        """A person sets these reactions on a message (none: takes them away); digits name a custom emoji, ``⭐`` is a paid one."""
        message = self.chats[chat].messages[message_id]
        old, new = message.reactions.get(user, []), [*emoji, *signs]
        message.reactions[user] = new
        if self.chats[chat].status != "administrator" and self.chats[chat].type != "private":
            return
        reaction = {
            "chat": self.chats[chat].name_it(self.users.get(chat)),
            "message_id": message_id,
            "user": self.users[user],
            "date": int(self.now()),
            "old_reaction": [_reaction(one) for one in old],
            "new_reaction": [_reaction(one) for one in new],
        }
        self.tell("message_reaction", reaction, chat)

    async def kick(self, chat: int, by: int = 0) -> None:
        """The bot is thrown out."""
        was, self.chats[chat].status = self.chats[chat].status, "kicked"
        self._membership(self.chats[chat], by, was, "kicked")

    async def add(self, chat: int, by: int = 0, *, admin: bool = False) -> None:
        """The bot is taken in (again), as an administrator or not."""
        found = self.chats[chat]
        was, found.status = found.status, "administrator" if admin else "member"
        self._membership(found, by, "left" if was == "kicked" else was, found.status)
        if was in ("left", "kicked"):
            self.post(chat, by, "", extra={"new_chat_members": [self.bot]})

    async def migrate(self, chat: int) -> int:
        """The group becomes a supergroup with a new id, which is returned."""
        old = self.chats[chat]
        new = -1_000_000_000_000 + chat if chat > -1_000_000_000_000 else chat - 1
        self.chats[new] = Chat(new, "supergroup", old.title, old.username, old.forum, status=old.status)
        self.post(chat, 0, "", extra={"from": ANONYMOUS_ADMIN, "migrate_to_chat_id": new})
        old.moved_to = new
        self.post(new, 0, "", extra={"from": ANONYMOUS_ADMIN, "migrate_from_chat_id": chat})
        return new

    async def expire_queries(self) -> None:
        """Every callback query is from now on too old to be answered."""
        self.queries = dict.fromkeys(self.queries, False)

    def _membership(self, chat: Chat, by: int, was: str, now: str) -> None:
        who = self.users.get(by, {"id": 1, "is_bot": False, "first_name": "Owner"})
        change = {
            "chat": chat.name_it(self.users.get(chat.id)),
            "from": who,
            "date": int(self.now()),
            "old_chat_member": self.member(self.bot, was),
            "new_chat_member": self.member(self.bot, now),
        }
        self.tell("my_chat_member", change, chat.id, always=True)


def _reaction(sign: str) -> dict[str, Any]:
    if sign.isdecimal():
        return {"type": "custom_emoji", "custom_emoji_id": sign}
    return {"type": "paid"} if sign == "⭐" else {"type": "emoji", "emoji": sign}
