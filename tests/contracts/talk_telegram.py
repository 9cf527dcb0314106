"""What people say on the emulated Telegram, and how they see the bot's."""

from __future__ import annotations

import itertools
from hashlib import sha256
from types import MappingProxyType
from typing import Any

from playbooks.rooms import RoomRef
from playbooks.spoken import Contact, FileKind, Poll
from tests.contracts.talk import Mark, Person, Seen, SeenFile, Talk, Thing
from tests.emulators import telegram_html
from tests.emulators.telegram import TelegramEmulator
from tests.emulators.telegram_files import Kind
from tests.emulators.telegram_town import Message

_TAGS = {kind: tag for tag, kind in reversed(telegram_html.KINDS.items())} | {"expandable_blockquote": "blockquote"}
_KINDS: dict[FileKind, Kind] = {"file": "document"}
_SHOWN = {"document": "file"}


class TelegramTalk(Talk):
    """Ada and Bo in groups with the bot."""

    tells_deletions = False
    one_reaction = True
    links_addresses = False
    threads = False
    topics = albums = contacts = cards = forwards = folds = True
    names_pictures = False
    hears_votes_of_others = False
    votes_are = "tallied"
    shows_as = MappingProxyType({"sticker": "photo"})  # a sticker has no words: with some it goes as a picture
    _town: TelegramEmulator
    _topics = itertools.count(7)

    async def write(
        self,
        room: RoomRef,
        html: str,
        who: Person | None = None,
        reply_to: str | None = None,
        thread: str | None = None,
    ) -> str:
        text, entities = telegram_html.parse(html)
        said = await self._town.say(
            int(room.id), _user(who or self.ada), text, int(reply_to) if reply_to else None, entities=entities
        )
        return str(said.id)

    async def rewrite(self, room: RoomRef, message: str, html: str) -> None:
        text, entities = telegram_html.parse(html)
        await self._town.edit(int(room.id), int(message), text, entities)

    async def recaption(self, room: RoomRef, message: str, html: str) -> None:
        await self.rewrite(room, message, html)

    async def delete(self, room: RoomRef, message: str) -> None:
        await self._town.erase(int(room.id), int(message))

    async def react(self, room: RoomRef, message: str, emoji: str) -> str:
        await self._town.react(int(room.id), int(message), _user(self.ada), emoji)
        return ""

    async def unreact(self, room: RoomRef, message: str, reaction: str) -> None:
        await self._town.react(int(room.id), int(message), _user(self.ada))

    async def give(self, room: RoomRef, thing: Thing, html: str = "", reply_to: str | None = None) -> str:
        answered = int(reply_to) if reply_to else None
        said = await self._town.share(int(room.id), _user(self.ada), reply_to=answered, **_part(thing, html))
        return str(said.id)

    async def give_album(self, room: RoomRef, things: tuple[Thing, ...], html: str) -> list[str]:
        parts = [_part(thing, html if number == 0 else "") for number, thing in enumerate(things)]
        return [str(said.id) for said in await self._town.album(int(room.id), _user(self.ada), parts)]

    async def give_card(self, room: RoomRef, card: Contact) -> str:
        return str((await self._town.contact(int(room.id), _user(self.ada), card.phone, card.name)).id)

    async def share(self, room: RoomRef, latitude: float, longitude: float, seconds: int) -> str:
        return str((await self._town.location(int(room.id), _user(self.ada), latitude, longitude, seconds)).id)

    async def walk(self, room: RoomRef, message: str, latitude: float, longitude: float) -> None:
        await self._town.move(int(room.id), int(message), latitude, longitude)

    async def ask(self, room: RoomRef, poll: Poll) -> str:
        asked = await self._town.poll(
            int(room.id), _user(self.ada), poll.question, poll.options, several=poll.several
        )  # fmt: skip
        return str(asked.id)

    async def vote(self, room: RoomRef, message: str, options: tuple[int, ...]) -> None:
        await self._town.vote(_user(self.ada), self._poll(room, message), *options)

    async def end_poll(self, room: RoomRef, message: str) -> None:
        await self._town.stop(int(room.id), int(message))

    async def pass_on(self, source: RoomRef, message: str, room: RoomRef) -> str:
        return str((await self._town.forward(int(room.id), _user(self.ada), int(source.id), int(message))).id)

    async def say_as_program(self, room: RoomRef, text: str) -> None:
        other = {"id": 7_000_000_777, "is_bot": True, "first_name": "Bridge", "username": "some_bridge_bot"}
        await self._town.say(int(room.id), 0, text, **{"from": other})

    async def topic(self) -> RoomRef:
        room = await self.room()
        number = next(self._topics)
        chat = self._town.chats[int(room.id)]
        chat.type, chat.forum = "supergroup", True
        self._town.topic(chat.id, number, "Digue")
        return RoomRef("telegram", room.id, str(number))

    def takes_votes(self, room: RoomRef, message: str) -> bool:
        return not self._town.polls[self._poll(room, message)].closed

    async def see_signs(self, room: RoomRef, message: str, emoji: tuple[str, ...]) -> None:
        await self._town.wait_sign(int(room.id), int(message), emoji[0] if emoji else None)

    def look(self, message: Message) -> Seen:
        """A message of the bot as everybody sees it."""
        choices = tuple(tuple(label for label, _ in row) for row in message.buttons)
        reply_to = str(message.reply_to) if message.reply_to else None
        file, poll = None, None
        if message.file is not None:
            held = self._town.files[message.file]
            file = SeenFile(_SHOWN.get(held.kind, held.kind), sha256(held.data).hexdigest(), held.name)
        if message.poll is not None:
            ballot = self._town.polls[message.poll]
            poll = Poll(ballot.question, ballot.options, ballot.several)
        point = message.point
        venue, card = message.extra.get("venue"), message.extra.get("contact")
        return Seen(
            str(message.id),
            f"{venue['title']}\n{venue['address']}" if venue else message.text,
            _marks(message),
            choices,
            reply_to,
            not message.silent,
            False,
            file,
            (round(point[0] * 1_000_000), round(point[1] * 1_000_000)) if point is not None else None,
            poll,
            mentions=tuple(
                f"telegram:{one['user']['id']}" for one in message.entities if one["type"] == "text_mention"
            ),
            card=Contact(card["first_name"], card["phone_number"]) if card else None,
        )

    def _poll(self, room: RoomRef, message: str) -> str:
        named = self._town.chats[int(room.id)].messages[int(message)].poll
        assert named is not None
        return named


def _user(who: Person) -> int:
    return int(who.identity.partition(":")[2])


def _part(thing: Thing, html: str) -> dict[str, Any]:
    """What ``share`` wants of a file."""
    text, entities = telegram_html.parse(html)
    size = {"width": thing.width, "height": thing.height, "seconds": thing.seconds}
    named = {"name": thing.name} if thing.kind in ("file", "audio", "video", "animation") else {}
    kind = _KINDS.get(thing.kind, thing.kind)
    return {
        "kind": kind,
        "data": thing.data,
        "caption": text,
        "entities": entities,
        "mime": thing.type,
        **named,
        **size,
    }


def _marks(message: Message) -> tuple[Mark, ...]:
    # Entities count in UTF-16 code units, two bytes each.
    units = message.text.encode("utf-16-le")
    return tuple(
        sorted(
            (
                _TAGS[entity["type"]],
                units[2 * entity["offset"] : 2 * (entity["offset"] + entity["length"])].decode("utf-16-le"),
                "expandable"
                if entity["type"].startswith("expandable")
                else entity.get("url") or entity.get("language", ""),
            )
            for entity in message.entities
            if entity["type"] in _TAGS
        )
    )
