"""The chats, messages and updates behind the emulated Bot API, and the views that tests have of them.

Updates are kept under the rules by which Telegram sends them: only kinds the bot asked for, nothing from chats that
the bot is not in.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from tests.emulators.bot_api import Refusal, bad
from tests.emulators.telegram_files import CAPTIONED, TYPES, Ballot, Kind, Stored
from tests.patience import PATIENCE

T = TypeVar("T")

UNASKED = frozenset({"chat_member", "message_reaction", "message_reaction_count"})


@dataclass(slots=True)
class Message:
    """A message as the server keeps it. ``sender`` is a user id, or None for the bot itself.

    ``text`` is of a file its caption. ``file`` names what it holds in ``Town.files``, ``poll`` in ``Town.polls``; ``album`` is shared by what was
    sent together; ``extra`` are further fields of the API's Message (``location``, ``venue``, ``forward_origin`` …).
    """

    id: int
    chat: int
    sender: int | None
    text: str
    date: int
    thread: int | None = None
    entities: list[dict[str, Any]] = field(default_factory=list)
    html: str = ""
    silent: bool = False
    preview: bool = True
    reply_to: int | None = None
    markup: dict[str, Any] | None = None
    edits: list[str] = field(default_factory=list)
    deleted: bool = False
    reactions: dict[int, list[str]] = field(default_factory=dict)
    extra: dict[str, Any] = field(default_factory=dict)
    file: str | None = None
    album: str | None = None
    poll: str | None = None

    @property
    def point(self) -> tuple[float, float] | None:
        """The place that it shows, in degrees."""
        place = self.extra.get("location")
        return (place["latitude"], place["longitude"]) if place else None

    @property
    def buttons(self) -> list[list[tuple[str, str]]]:
        """Rows of (label, callback data)."""
        rows = (self.markup or {}).get("inline_keyboard", [])
        return [[(button["text"], button.get("callback_data", "")) for button in row] for row in rows]


@dataclass(slots=True)
class Chat:
    """A chat as the server keeps it."""

    id: int
    type: str
    title: str = ""
    username: str | None = None
    forum: bool = False
    topics: dict[int, str] = field(default_factory=dict)
    status: str = "member"  # of the bot: member, administrator, left, kicked
    started: bool = False
    blocked: bool = False
    manages_topics: bool = True  # the bot, where it is an administrator
    reactions: tuple[str, ...] | None = None  # those that the group allows; None: all
    slow: int = 0  # seconds that members wait between two messages
    moved_to: int | None = None
    last_id: int = 0
    messages: dict[int, Message] = field(default_factory=dict)

    def name_it(self, user: dict[str, Any] | None = None) -> dict[str, Any]:
        """The Chat object of the API."""
        shown: dict[str, Any] = {"id": self.id, "type": self.type}
        if self.title:
            shown["title"] = self.title
        if self.username:
            shown["username"] = self.username
        if self.forum:
            shown["is_forum"] = True
        if user:
            shown["first_name"] = user["first_name"]
        return shown


class Town:
    """The state of the emulated Telegram, without HTTP."""

    def __init__(self, *, bot_id: int = 7000000001, username: str = "tocsin_bot") -> None:
        self.bot_id = bot_id
        self.bot: dict[str, Any] = {"id": bot_id, "is_bot": True, "first_name": "Tocsin", "username": username}
        self.privacy = False
        self.users: dict[int, dict[str, Any]] = {}
        self.chats: dict[int, Chat] = {}
        self.updates: deque[dict[str, Any]] = deque()
        self.next_update_id = 100_000
        self.allowed: list[str] = []
        self.answers: dict[str, dict[str, Any]] = {}
        self.queries: dict[str, bool] = {}  # query id -> still answerable
        self.commands: dict[tuple[str, str], list[dict[str, str]]] = {}
        self.files: dict[str, Stored] = {}  # by file_id; whoever sends an id again sends the same file
        self.polls: dict[str, Ballot] = {}
        self.webhook = ""
        self.now: Callable[[], float] = time.time
        self._changed: asyncio.Future[None] | None = None

    # -- waiting ---------------------------------------------------------------------------------------------------

    def changed(self) -> None:
        """Wake whoever waits for something to happen."""
        if self._changed is not None:
            if not self._changed.done():
                self._changed.set_result(None)
            self._changed = None

    def change(self) -> asyncio.Future[None]:
        """Done when anything has changed since this call: what happens before it is awaited counts too."""
        if self._changed is None:
            self._changed = asyncio.get_running_loop().create_future()
        return asyncio.shield(self._changed)

    async def wait_for(self, predicate: Callable[[], T], timeout: float = PATIENCE) -> T:
        """The predicate's value as soon as it is true. Raises TimeoutError, saying what the chats held."""
        try:
            async with asyncio.timeout(timeout):
                while not (found := predicate()):
                    await self.change()
                return found
        except TimeoutError:
            held = {chat.id: [one.text for one in chat.messages.values()][-5:] for chat in self.chats.values()}
            raise TimeoutError(f"it did not happen in {timeout} s; the last messages were {held}") from None

    async def wait_message(
        self, chat: int, containing: str, timeout: float = PATIENCE, *, thread: int | None = None, after: int = 0
    ) -> Message:
        """The bot's first message in the chat, with an id above ``after``, whose text (now) contains these words."""

        def found() -> Message | None:
            said = self.messages(chat, thread)
            return next((one for one in said if one.id > after and containing in one.text), None)

        message = await self.wait_for(found, timeout)
        assert message is not None
        return message

    async def wait_answer(self, query: str, timeout: float = PATIENCE) -> dict[str, Any]:
        """The parameters with which the bot answered a callback query."""
        return await self.wait_for(lambda: self.answers.get(query) or {}, timeout)

    # -- views -----------------------------------------------------------------------------------------------------

    def messages(self, chat: int, thread: int | None = None) -> list[Message]:
        """What the bot said in a chat and has not deleted, oldest first. ``thread`` None: in every topic."""
        found = self.chats.get(chat)
        if found is None:
            return []
        return [
            one
            for one in found.messages.values()
            if one.sender is None and not one.deleted and (thread is None or one.thread == thread)
        ]

    def file(self, chat: int, message_id: int) -> Stored:
        """The file that a message holds, with its bytes. Raises LookupError."""
        held = self.chats[chat].messages[message_id].file
        if held is None:
            raise LookupError(f"message {message_id} holds no file")
        return self.files[held]

    # -- what the API shows and keeps ------------------------------------------------------------------------------

    def keep(
        self,
        kind: Kind,
        data: bytes,
        name: str = "",
        mime: str = "",
        *,
        width: int = 0,
        height: int = 0,
        seconds: int = 0,
        emoji: str = "",
    ) -> Stored:
        """Keep a new file. ``mime`` is the usual one of its kind where none is given."""
        number = len(self.files)
        unique = f"AgAD{number:06}"
        kept = Stored(
            f"BQACAgQ{number:06}Ae", unique, kind, data, name, mime or TYPES[kind], width, height, seconds, emoji
        )
        self.files[kept.id] = kept
        if kind == "photo":
            self.files[f"{kept.id}-s"] = Stored(f"{kept.id}-s", f"{unique}s", kind, b"small" * 80, "", TYPES[kind])
        return kept

    def ballot(self, question: str, options: tuple[str, ...], **fields: Any) -> Ballot:
        """Keep a new poll."""
        made = Ballot(str(5_000_000_000_000_000_000 + len(self.polls)), question, options, **fields)
        self.polls[made.id] = made
        return made

    def member(self, user: dict[str, Any], status: str) -> dict[str, Any]:
        """The ChatMember object of the API."""
        shown: dict[str, Any] = {"user": user, "status": status}
        if status == "kicked":
            shown["until_date"] = 0
        if status == "administrator":
            no = "can_be_edited is_anonymous can_promote_members can_change_info can_post_stories can_edit_stories"
            yes = "can_manage_chat can_delete_messages can_manage_video_chats can_restrict_members can_invite_users"
            shown |= dict.fromkeys([*no.split(), "can_delete_stories"], False) | dict.fromkeys(yes.split(), True)
        return shown

    def store(self, chat: int, sender: int | None, text: str, **fields: Any) -> Message:
        """Keep a new message in a chat."""
        found = self.chats[chat]
        found.last_id += 1
        message = Message(found.last_id, chat, sender, text, int(self.now()), **fields)
        found.messages[message.id] = message
        self.changed()
        return message

    def shown(self, message: Message, *, deep: bool = True) -> dict[str, Any]:
        """The Message object of the API."""
        chat = self.chats[message.chat]
        who = self.bot if message.sender is None else self.users.get(message.sender)
        shown: dict[str, Any] = {"message_id": message.id, "date": message.date}
        shown["chat"] = chat.name_it(self.users.get(chat.id))
        if who:
            shown["from"] = who
        if message.file is not None:
            shown |= self.files[message.file].shown()
        if message.poll is not None:
            shown["poll"] = self.polls[message.poll].shown()
        caption = not CAPTIONED.isdisjoint(shown) or "paid_media" in message.extra
        if message.text:
            shown["caption" if caption else "text"] = message.text
        if message.entities:
            shown["caption_entities" if caption else "entities"] = message.entities
        if message.album is not None:
            shown["media_group_id"] = message.album
        if message.markup:
            shown["reply_markup"] = message.markup
        shown |= message.extra
        if message.thread is not None:
            shown |= {"message_thread_id": message.thread, "is_topic_message": True}
        if deep:
            shown |= self._reply(chat, message)
        return shown

    def _reply(self, chat: Chat, message: Message) -> dict[str, Any]:
        if message.reply_to is not None:
            replied: dict[str, Any] = {"reply_to_message": self.shown(chat.messages[message.reply_to], deep=False)}
            if chat.type == "supergroup" and message.thread is None:
                replied["message_thread_id"] = message.reply_to
            return replied
        if message.thread is None:
            return {}
        # In a topic, whatever is no reply is shown as one to the message that made the topic.
        made = {"name": chat.topics.get(message.thread, ""), "icon_color": 7322096}
        return {
            "reply_to_message": {
                "message_id": message.thread,
                "date": message.date,
                "chat": chat.name_it(),
                "message_thread_id": message.thread,
                "is_topic_message": True,
                "forum_topic_created": made,
            }
        }

    def tell(self, kind: str, body: dict[str, Any], chat: int | None = None, *, always: bool = False) -> None:
        """Put an update before the bot, if Telegram would. ``chat`` None: it comes from no chat."""
        found = None if chat is None else self.chats.get(chat)
        present = found is None or found.status in ("member", "administrator")
        wanted = kind in self.allowed if self.allowed else kind not in UNASKED
        if wanted and (present or always):
            self.updates.append({"update_id": self.next_update_id, kind: body})
            self.next_update_id += 1
        self.changed()

    def place(self, chat_id: int | str) -> Chat:
        """The chat where the bot may write. Raises Refusal in the words of the real server."""
        if isinstance(chat_id, str):
            found = next((c for c in self.chats.values() if c.username and f"@{c.username}" == chat_id), None)
        else:
            found = self.chats.get(chat_id)
            if found is None and chat_id in self.users:
                raise Refusal(403, "Forbidden: bot can't initiate conversation with a user")
        if found is None:
            raise bad("chat not found")
        if found.moved_to is not None:
            description = "Bad Request: group chat was upgraded to a supergroup chat"
            raise Refusal(400, description, migrate_to_chat_id=found.moved_to)
        if found.blocked:
            raise Refusal(403, "Forbidden: bot was blocked by the user")
        if found.status in ("kicked", "left"):
            how = "was kicked from" if found.status == "kicked" else "is not a member of"
            raise Refusal(403, f"Forbidden: bot {how} the {found.type} chat")
        return found
