"""The methods of the emulated Bot API: each takes typed parameters and returns the result, or raises Refusal."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from telegram.constants import ReactionEmoji

from tests.emulators.bot_api import Refusal, bad
from tests.emulators.telegram_sends import Rules, Sends
from tests.emulators.telegram_town import Message, Town

ANSWER_CHARACTERS = 200
DELETED_WITHIN_SECONDS = 48 * 3600
SAME = (
    "message is not modified: specified new message content and reply markup are exactly the same as a current content "
    "and reply markup of the message"
)
REACTIONS = frozenset(one.value.replace("\ufe0f", "") for one in ReactionEmoji)
PERMITS = {
    "text": "messages", "audio": "audios", "document": "documents", "photo": "photos", "video": "videos",
    "voice": "voice_notes", "poll": "polls", "sticker": "other_messages",
}  # fmt: skip
TOO_OLD = "query is too old and response timeout expired or query ID is invalid"

Method = Callable[[Mapping[str, Any]], Awaitable[Any]]


class Methods(Sends):
    """The Bot API's methods over a town."""

    def __init__(self, town: Town, rules: Rules) -> None:
        super().__init__(town, rules)
        self._poller: asyncio.Future[None] | None = None
        self.table: dict[str, Method] = {
            "getMe": self.get_me,
            "getUpdates": self.get_updates,
            "sendMessage": self.send_message,
            "sendPhoto": self.send_photo,
            "sendVideo": self.send_video,
            "sendAnimation": self.send_animation,
            "sendAudio": self.send_audio,
            "sendVoice": self.send_voice,
            "sendSticker": self.send_sticker,
            "sendDocument": self.send_document,
            "sendMediaGroup": self.send_media_group,
            "sendLocation": self.send_location,
            "sendVenue": self.send_venue,
            "sendPoll": self.send_poll,
            "sendContact": self.send_contact,
            "stopPoll": self.stop_poll,
            "getFile": self.get_file,
            "editMessageText": self.edit_message_text,
            "editMessageCaption": self.edit_message_caption,
            "editMessageMedia": self.edit_message_media,
            "editMessageReplyMarkup": self.edit_message_reply_markup,
            "deleteMessage": self.delete_message,
            "answerCallbackQuery": self.answer_callback_query,
            "setMyCommands": self.set_my_commands,
            "setMessageReaction": self.set_message_reaction,
            "getChat": self.get_chat,
            "getChatMember": self.get_chat_member,
            "getChatAdministrators": self.get_chat_administrators,
            "createForumTopic": self.create_forum_topic,
            "leaveChat": self.leave_chat,
            "setWebhook": self.set_webhook,
            "deleteWebhook": self.delete_webhook,
            "getWebhookInfo": self.get_webhook_info,
        }

    async def get_me(self, _: Mapping[str, Any]) -> Any:
        can = {"can_join_groups": True, "can_read_all_group_messages": not self._town.privacy}
        return {**self._town.bot, **can, "supports_inline_queries": False}

    async def get_updates(self, asked: Mapping[str, Any]) -> Any:
        if self._town.webhook:
            raise Refusal(409, "Conflict: can't use getUpdates method while webhook is active")
        if self._poller is not None and not self._poller.done():
            self._poller.set_result(None)  # the server ends the poll that was there, and serves the new one
        poller = self._poller = asyncio.get_running_loop().create_future()
        if "allowed_updates" in asked:
            self._town.allowed = asked["allowed_updates"]
        waiting, offset = self._town.updates, asked.get("offset", 0)
        if offset < 0:
            while len(waiting) > -offset:
                waiting.popleft()
        near = offset <= self._town.next_update_id + 10  # ids that started anew: an offset far above them means nothing
        while near and offset > 0 and waiting and waiting[0]["update_id"] < offset:
            waiting.popleft()
        end = asyncio.get_running_loop().time() + min(max(asked.get("timeout", 0), 0), 50)
        while not waiting and (left := end - asyncio.get_running_loop().time()) > 0:
            change = asyncio.ensure_future(self._town.change())
            try:
                await asyncio.wait({change, poller}, timeout=left, return_when=asyncio.FIRST_COMPLETED)
            finally:
                change.cancel()
            if poller.done():
                raise Refusal(
                    409,
                    "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running",
                )
        poller.cancel()
        limit = min(max(asked.get("limit", 100), 1), 100)
        return [update for update, _ in zip(waiting, range(limit), strict=False)]

    async def edit_message_text(self, asked: Mapping[str, Any]) -> Any:
        message = self._own(asked, "edit")
        if message.file is not None or "contact" in message.extra:
            raise bad("there is no text in the message to edit")
        self._changeable(message)
        text, entities = self._text(asked)
        markup = self._markup(asked)
        if (text, entities, markup) == (message.text, message.entities, message.markup):
            raise bad(SAME)
        message.edits.append(message.html)
        message.text, message.entities, message.html, message.markup = text, entities, asked["text"], markup
        self._town.changed()
        return {**self._town.shown(message), "edit_date": int(self._town.now())}

    async def edit_message_caption(self, asked: Mapping[str, Any]) -> Any:
        message = self._own(asked, "edit")
        self._changeable(message)
        if message.file is None or self._town.files[message.file].kind in ("sticker", "video_note"):
            raise bad("there is no caption in the message to edit")
        text, entities = self._caption(asked)
        markup = self._markup(asked)
        if (text, entities, markup) == (message.text, message.entities, message.markup):
            raise bad(SAME)
        message.edits.append(message.html)
        message.text, message.entities, message.html, message.markup = text, entities, asked.get("caption", ""), markup
        self._town.changed()
        return {**self._town.shown(message), "edit_date": int(self._town.now())}

    async def edit_message_media(self, asked: Mapping[str, Any]) -> Any:
        message = self._own(asked, "edit")
        self._changeable(message)
        before = self._town.files[message.file].kind if message.file is not None else None
        if before in ("voice", "sticker", "video_note"):
            raise bad("there is no media in the message to edit")
        held, text, entities = self._replacing(asked, before if message.album is not None else None)
        markup = self._markup(asked)
        if (held.id, text, entities, markup) == (message.file, message.text, message.entities, message.markup):
            raise bad(SAME)
        message.edits.append(message.html)
        message.file, message.text, message.entities, message.markup = held.id, text, entities, markup
        message.html = asked["media"].get("caption", "")
        self._town.changed()
        return {**self._town.shown(message), "edit_date": int(self._town.now())}

    async def stop_poll(self, asked: Mapping[str, Any]) -> Any:
        message = self._own(asked, "edit")
        if message.poll is None:
            raise bad("message with poll to stop not found")
        ballot = self._town.polls[message.poll]
        if ballot.closed:
            raise bad("poll has already been closed")
        ballot.closed = True
        self._town.tell("poll", ballot.shown())
        return ballot.shown()

    async def get_file(self, asked: Mapping[str, Any]) -> Any:
        file = self._town.files.get(asked["file_id"])
        if file is None:
            raise bad("invalid file_id")
        if self.rules.folder is not None:
            place = self.rules.folder / file.path.replace("/", "_")
            place.write_bytes(file.data)
            return {**file.told(), "file_path": str(place)}
        if len(file.data) > self.rules.largest_download:
            raise bad("file is too big")
        return file.told()

    async def edit_message_reply_markup(self, asked: Mapping[str, Any]) -> Any:
        message = self._own(asked, "edit")
        markup = self._markup(asked)
        if markup == message.markup:
            raise bad(SAME)
        message.markup = markup
        self._town.changed()
        return {**self._town.shown(message), "edit_date": int(self._town.now())}

    async def delete_message(self, asked: Mapping[str, Any]) -> Any:
        if "chat_id" not in asked or "message_id" not in asked:
            raise bad("message identifier is not specified")
        chat = self._town.place(asked["chat_id"])
        message = chat.messages.get(asked["message_id"])
        if message is None or message.deleted:
            raise bad("message to delete not found")
        others = message.sender is not None and chat.status != "administrator"
        if others or self._town.now() - message.date >= DELETED_WITHIN_SECONDS:
            raise bad("message can't be deleted")
        message.deleted = True
        self._town.changed()
        return True

    async def answer_callback_query(self, asked: Mapping[str, Any]) -> Any:
        query = asked["callback_query_id"]
        if not self._town.queries.get(query):
            raise bad(TOO_OLD)
        if len(asked.get("text", "")) > ANSWER_CHARACTERS:
            raise bad("MESSAGE_TOO_LONG")
        self._town.answers[query] = dict(asked)
        self._town.changed()
        return True

    async def set_my_commands(self, asked: Mapping[str, Any]) -> Any:
        commands = asked["commands"]
        if len(commands) > 100:
            raise bad("BOT_COMMANDS_TOO_MUCH")
        for one in commands:
            name = one["command"].removeprefix("/")
            if not (1 <= len(name) <= 32 and name.isascii() and name.replace("_", "a").isalnum() and name.islower()):
                raise bad("BOT_COMMAND_INVALID")
            if not 1 <= len(one["description"]) <= 256:
                raise bad("BOT_COMMAND_DESCRIPTION_INVALID")
        if asked.get("language_code", "") and len(asked["language_code"]) != 2:
            raise bad("invalid language code specified")
        scope = asked.get("scope", {"type": "default"})["type"]
        self._town.commands[scope, asked.get("language_code", "")] = commands
        self._town.changed()
        return True

    async def set_message_reaction(self, asked: Mapping[str, Any]) -> Any:
        message = self._town.place(asked["chat_id"]).messages.get(asked["message_id"])
        if message is None or message.deleted:
            raise bad("message to react not found")
        reaction = asked.get("reaction", [])
        if len(reaction) > 1:
            raise bad("REACTIONS_TOO_MANY")
        if any(one["type"] != "emoji" or one["emoji"].replace("\ufe0f", "") not in REACTIONS for one in reaction):
            raise bad("REACTION_INVALID")
        allowed = self._town.place(asked["chat_id"]).reactions
        if allowed is not None and any(one["emoji"] not in allowed for one in reaction):
            raise bad("REACTION_INVALID")
        message.reactions[self._town.bot_id] = [one["emoji"] for one in reaction]
        self._town.changed()
        return True

    async def get_chat(self, asked: Mapping[str, Any]) -> Any:
        chat = self._town.place(asked["chat_id"])
        gifts = "unlimited_gifts limited_gifts unique_gifts premium_subscription gifts_from_channels"
        full: dict[str, Any] = {"accent_color_id": 0, "max_reaction_count": 11}
        full["accepted_gift_types"] = dict.fromkeys(gifts.split(), False)
        if chat.type != "private":
            full["permissions"] = self._permissions(chat.id)
        if chat.reactions is not None:
            full["available_reactions"] = [{"type": "emoji", "emoji": one} for one in chat.reactions]
        if chat.slow:
            full["slow_mode_delay"] = chat.slow
        return {**chat.name_it(self._town.users.get(chat.id)), **full}

    def _permissions(self, chat: int) -> dict[str, bool]:
        """What members may do."""
        forbidden = self.rules.forbidden.get(chat, frozenset())
        return {f"can_send_{name}": what not in forbidden for what, name in PERMITS.items()}

    async def get_chat_member(self, asked: Mapping[str, Any]) -> Any:
        chat = self._town.place(asked["chat_id"])
        if asked["user_id"] == self._town.bot_id:
            topics = {"can_manage_topics": chat.manages_topics} if chat.forum and chat.status == "administrator" else {}
            return self._town.member(self._town.bot, chat.status) | topics
        user = self._town.users.get(asked["user_id"])
        if user is None:
            raise bad("invalid user_id specified")
        return self._town.member(user, "member")

    async def get_chat_administrators(self, asked: Mapping[str, Any]) -> Any:
        chat = self._town.place(asked["chat_id"])
        if chat.type == "private":
            raise bad("there are no administrators in the private chat")
        return [self._town.member(self._town.bot, chat.status)] if chat.status == "administrator" else []

    async def create_forum_topic(self, asked: Mapping[str, Any]) -> Any:
        chat = self._town.place(asked["chat_id"])
        if not chat.forum:
            raise bad("the chat is not a forum")
        if chat.status != "administrator" or not chat.manages_topics:
            raise bad("not enough rights to create a topic")
        if not 1 <= len(asked["name"].strip()) <= 128:
            raise bad("TOPIC_TITLE_EMPTY" if not asked["name"].strip() else "TOPIC_TITLE_TOO_LONG")
        self._town.topic(chat.id, chat.last_id + 1, asked["name"])
        return {"message_thread_id": chat.last_id, "name": asked["name"], "icon_color": 7322096}

    async def leave_chat(self, asked: Mapping[str, Any]) -> Any:
        self._town.place(asked["chat_id"]).status = "left"
        self._town.changed()
        return True

    async def set_webhook(self, asked: Mapping[str, Any]) -> Any:
        self._town.webhook = asked["url"]
        return True

    async def delete_webhook(self, asked: Mapping[str, Any]) -> Any:
        self._town.webhook = ""
        if asked.get("drop_pending_updates"):
            self._town.updates.clear()
        return True

    async def get_webhook_info(self, _: Mapping[str, Any]) -> Any:
        waiting = len(self._town.updates)
        return {"url": self._town.webhook, "has_custom_certificate": False, "pending_update_count": waiting}

    def _own(self, asked: Mapping[str, Any], verb: str) -> Message:
        if "chat_id" not in asked or "message_id" not in asked:
            raise bad("message identifier is not specified")
        message = self._town.place(asked["chat_id"]).messages.get(asked["message_id"])
        if message is None or message.deleted:
            raise bad(f"message to {verb} not found")
        if message.sender is not None:
            raise bad(f"message can't be {verb}ed")
        return message

    def _changeable(self, message: Message) -> None:
        if message.poll is not None or "location" in message.extra:
            raise bad("message can't be edited")
