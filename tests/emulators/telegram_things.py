"""What people send in the emulated Telegram besides words: files, albums, places, polls, cards, and what others said.

Bytes may be given as base64, so that these deeds can also be asked for over the control endpoint.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from tests.emulators.telegram_files import Kind
from tests.emulators.telegram_town import Message, Town
from tests.patience import PATIENCE

THINGS = {
    "share", "album", "location", "move", "settle", "venue", "contact", "poll", "dice", "forward", "vote", "stop", "erase",
    "file_seen", "wait_file", "wait_sign",
}  # fmt: skip
FOR_EVER = 0x7FFFFFFF  # the live period of a place that is shared until further notice


class Things(Town):
    """A town in which people send things."""

    async def share(
        self,
        chat: int,
        user: int,
        kind: Kind,
        data: bytes | str,
        caption: str = "",
        *,
        name: str = "",
        mime: str = "",
        width: int = 0,
        height: int = 0,
        seconds: int = 0,
        emoji: str = "",
        entities: Sequence[dict[str, Any]] = (),
        reply_to: int | None = None,
        thread: int | None = None,
        album: str | None = None,
        still: bytes | str = b"",
        **extra: Any,
    ) -> Message:
        """A person sends a file; ``still`` is the picture of one that moves. Stickers, voices of circles and their like have no caption: see the Bot API."""
        held = base64.b64decode(data) if isinstance(data, str) else data
        if kind == "photo":
            width, height = width or 1280, height or 720
        elif kind in ("video", "animation", "video_note", "sticker"):
            width, height = width or 512, height or 512
        kept = self.keep(kind, held, name, mime, width=width, height=height, seconds=seconds, emoji=emoji)
        if still:
            picture = self.keep("sticker", base64.b64decode(still) if isinstance(still, str) else still)
            shown = {"file_id": picture.id, "file_unique_id": picture.unique, "file_size": len(picture.data)}
            kept = self.files[kept.id] = replace(kept, still={**shown, "width": 128, "height": 128})
        fields = {"file": kept.id, "album": album, "entities": list(entities)}
        return self.post(chat, user, caption, reply_to=reply_to, thread=thread, extra=extra, **fields)

    async def album(self, chat: int, user: int, parts: Sequence[Mapping[str, Any]], **where: Any) -> list[Message]:
        """A person sends several files together: each part has the parameters of ``share``."""
        together = str(13_000_000_000_000_000 + len(self.files))
        return [await self.share(chat, user, album=together, **part, **where) for part in parts]

    async def location(
        self, chat: int, user: int, latitude: float, longitude: float, live: int | None = None, **where: Any
    ) -> Message:
        """A person sends where they are, in degrees; ``live``: and will be, for so many seconds."""
        extra = {"location": _point(latitude, longitude) | ({"live_period": live} if live else {})}
        return self.post(chat, user, "", extra=extra, **where)

    async def move(self, chat: int, message_id: int, latitude: float, longitude: float) -> None:
        """A person who shares where they are has gone elsewhere."""
        message = self.chats[chat].messages[message_id]
        live = message.extra["location"]["live_period"]
        message.extra["location"] = {**_point(latitude, longitude), "live_period": live, "heading": 90}
        self.tell_edit(message)

    async def settle(self, chat: int, message_id: int) -> None:
        """A person shares where they are no longer."""
        message = self.chats[chat].messages[message_id]
        place = message.extra["location"]
        message.extra["location"] = _point(place["latitude"], place["longitude"])
        self.tell_edit(message)

    async def venue(
        self, chat: int, user: int, latitude: float, longitude: float, title: str, address: str, **where: Any
    ) -> Message:
        """A person sends a place that has a name."""
        place = _point(latitude, longitude)
        extra = {"location": place, "venue": {"location": place, "title": title, "address": address}}
        return self.post(chat, user, "", extra=extra, **where)

    async def contact(
        self, chat: int, user: int, phone: str, first_name: str, last_name: str = "", **where: Any
    ) -> Message:
        """A person sends somebody's card."""
        card = {"phone_number": phone, "first_name": first_name, **({"last_name": last_name} if last_name else {})}
        return self.post(chat, user, "", extra={"contact": card}, **where)

    async def poll(
        self,
        chat: int,
        user: int,
        question: str,
        options: Sequence[str],
        *,
        several: bool = False,
        anonymous: bool = True,
        **where: Any,
    ) -> Message:
        """A person asks the others."""
        made = self.ballot(question, tuple(options), several=several, anonymous=anonymous)
        return self.post(chat, user, "", poll=made.id, **where)

    async def dice(self, chat: int, user: int, emoji: str = "🎲", value: int = 4, **where: Any) -> Message:
        """A person throws a die, or something like it."""
        return self.post(chat, user, "", extra={"dice": {"emoji": emoji, "value": value}}, **where)

    async def forward(
        self, chat: int, user: int, source: int, message_id: int, *, hidden: bool = False, **where: Any
    ) -> Message:
        """A person hands on a message from the chat ``source``; ``hidden``: of somebody who shows no more than their name."""
        message = self.chats[source].messages[message_id]
        who = self.bot if message.sender is None else self.users.get(message.sender, {"first_name": "Deleted"})
        origin: dict[str, Any] = {"type": "user", "date": message.date, "sender_user": who}
        if "sender_chat" in message.extra:
            origin = {"type": "chat", "date": message.date, "sender_chat": message.extra["sender_chat"]}
        elif hidden:
            origin = {"type": "hidden_user", "date": message.date, "sender_user_name": who["first_name"]}
        kept = {key: value for key, value in message.extra.items() if key not in ("sender_chat", "from", "quote")}
        extra = {"forward_origin": origin} | kept  # what was handed on before remains whose it was
        content = {"file": message.file, "poll": message.poll, "entities": message.entities}
        return self.post(chat, user, message.text, extra=extra, **content, **where)

    async def vote(self, user: int, poll: str, *numbers: int, choice: Sequence[int] = ()) -> None:
        """A person chooses these options, by number from 0 (none: takes the vote back). Raises Refusal.

        The bot hears of the sums in its own polls, and in those that are not anonymous of who chose what.
        """
        found = self.polls[poll]
        chosen = numbers or tuple(choice)
        found.vote(user, chosen)
        if not found.ours:
            self.changed()
            return
        self.tell("poll", found.shown())
        if not found.anonymous:
            persistent = [str(number) for number in chosen]
            answer = {"poll_id": poll, "user": self.users[user], "option_ids": list(chosen)}
            self.tell("poll_answer", {**answer, "option_persistent_ids": persistent})

    async def stop(self, chat: int, message_id: int) -> None:
        """Whoever asked takes no more votes: bots are told how a poll stands when it is stopped by hand, anybody's."""
        ballot = self.polls[self.chats[chat].messages[message_id].poll or ""]
        ballot.closed = True
        self.tell("poll", ballot.shown())

    async def erase(self, chat: int, message_id: int) -> None:
        """A person deletes a message. Telegram tells bots nothing of it."""
        self.chats[chat].messages[message_id].deleted = True
        self.changed()

    # -- what they see of the bot's ----------------------------------------------------------------------------------

    def file_seen(self, chat: int, message_id: int) -> dict[str, Any]:
        """What is seen of the file in a message, its bytes as base64. In the same process: ``file``."""
        held = self.file(chat, message_id)
        look = {"kind": held.kind, "name": held.name, "mime": held.type, "seconds": held.seconds}
        return {**look, "width": held.width, "height": held.height, "base64": base64.b64encode(held.data).decode()}

    async def wait_file(self, chat: int, timeout: float = PATIENCE, *, after: int = 0) -> Message:
        """The bot's first message in the chat, with an id above ``after``, that holds a file."""

        def found() -> Message | None:
            return next((one for one in self.messages(chat) if one.id > after and one.file is not None), None)

        message = await self.wait_for(found, timeout)
        assert message is not None
        return message

    async def wait_sign(self, chat: int, message_id: int, emoji: str | None, timeout: float = PATIENCE) -> None:
        """Until the bot's reaction on a message is this one (None: until it has none)."""
        message = self.chats[chat].messages[message_id]
        wanted = [] if emoji is None else [emoji]
        await self.wait_for(lambda: message.reactions.get(self.bot_id, []) == wanted, timeout)

    # -- how it is told ----------------------------------------------------------------------------------------------

    def post(self, chat: int, user: int, text: str, **fields: Any) -> Message:
        """Keep a person's message, and tell the bot of it."""
        message = self.store(chat, user, text, **fields)
        self.tell("message", self.shown(message), chat)
        return message

    def tell_edit(self, message: Message) -> None:
        """Tell the bot that a message has changed."""
        self.tell("edited_message", {**self.shown(message), "edit_date": int(self.now())}, message.chat)


def _point(latitude: float, longitude: float) -> dict[str, Any]:
    return {"latitude": latitude, "longitude": longitude}
