"""What people say with Matrix clients, and how they see the bot's: really uploaded and encrypted, opened by their own library."""

from __future__ import annotations

import re
from hashlib import sha256
from types import MappingProxyType
from typing import Any

from playbooks.rooms import RoomRef
from playbooks.spoken import Contact, FileKind, Poll
from tests.contracts.stand import EMOJI
from tests.contracts.talk import Person, Seen, SeenFile, Talk, Thing, marked
from tests.emulators.matrix_person import MatrixPerson
from tests.emulators.matrix_speech import HTML, answering, in_thread
from tests.emulators.matrix_view import Shown

_HOW: dict[FileKind, str] = {"photo": "m.image", "video": "m.video", "animation": "m.video", "sticker": "m.sticker"}
_HOW |= {"audio": "m.audio", "voice": "m.audio", "file": "m.file"}
_SHOWN = {"m.image": "photo", "m.video": "video", "m.audio": "audio", "m.file": "file"}
_BLOCK = re.compile(r"(</(?:pre|blockquote)>)\n|\n(<(?:pre|blockquote)>)")
_PRE = re.compile(r"(<pre>.*?</pre>)", re.DOTALL)


class MatrixTalk(Talk):
    """Ada and Bo with their clients."""

    cards_are_files = True
    shows_as = MappingProxyType({"sticker": "photo"})  # only a picture can have words
    _ada: MatrixPerson
    _me: str
    _files: dict[str, dict[str, Any]]  # what Ada's files said of themselves, by their ids
    _opened: dict[str, SeenFile]

    async def person(self, room: RoomRef, who: Person | None) -> MatrixPerson:
        """Whoever is to say something, in the room."""
        raise NotImplementedError

    async def write(
        self,
        room: RoomRef,
        html: str,
        who: Person | None = None,
        reply_to: str | None = None,
        thread: str | None = None,
    ) -> str:
        person = await self.person(room, who)
        more: dict[str, Any] = {}
        if thread is not None:
            more = {"m.relates_to": in_thread(thread, answers=reply_to or "")}
        elif reply_to is not None:
            more = {"m.relates_to": answering(reply_to)}
        return await person.say_html(room.id, _as_clients_write(html), marked(html)[0], **more)

    async def rewrite(self, room: RoomRef, message: str, html: str) -> None:
        await self._ada.edit(room.id, message, marked(html)[0], format=HTML, formatted_body=_as_clients_write(html))

    async def recaption(self, room: RoomRef, message: str, html: str) -> None:
        fresh = self._files[message] | {"format": HTML, "formatted_body": _as_clients_write(html)}
        await self._ada.edit(room.id, message, marked(html)[0], **fresh)

    async def delete(self, room: RoomRef, message: str) -> None:
        await self._ada.redact(room.id, message)

    async def react(self, room: RoomRef, message: str, emoji: str) -> str:
        return await self._ada.react(room.id, message, emoji)

    async def unreact(self, room: RoomRef, message: str, reaction: str) -> None:
        await self._ada.redact(room.id, reaction)

    async def give(self, room: RoomRef, thing: Thing, html: str = "", reply_to: str | None = None) -> str:
        how = _HOW[thing.kind]
        content = await self._ada.file_content(room.id, thing.data, thing.name, how)
        info: dict[str, Any] = {"mimetype": thing.type, "size": len(thing.data)}
        info |= {"w": thing.width, "h": thing.height} if thing.width else {}
        info |= {"duration": thing.seconds * 1000} if thing.seconds else {}
        info |= {"fi.mau.gif": True} if thing.kind == "animation" else {}
        content |= {"info": info}
        content |= {"org.matrix.msc3245.voice": {}} if thing.kind == "voice" else {}
        content |= {"body": marked(html)[0], "format": HTML, "formatted_body": _as_clients_write(html)} if html else {}
        kept = {key: part for key, part in content.items() if key != "body"}
        content |= {"m.relates_to": answering(reply_to)} if reply_to is not None else {}
        kind = "m.sticker" if how == "m.sticker" else "m.room.message"
        if kind == "m.sticker":
            del content["msgtype"]
        given = await self._ada.send(room.id, kind, content)
        self._files[given] = kept
        return given

    async def give_album(self, room: RoomRef, things: tuple[Thing, ...], html: str) -> list[str]:
        raise LookupError("there are no albums on Matrix")

    async def give_card(self, room: RoomRef, card: Contact) -> str:
        raise LookupError("there are no contacts on Matrix")

    async def share(self, room: RoomRef, latitude: float, longitude: float, seconds: int) -> str:
        began = await self._ada.begin_live_place(room.id, seconds * 1000)
        await self._ada.move(room.id, began, latitude, longitude)
        return began

    async def walk(self, room: RoomRef, message: str, latitude: float, longitude: float) -> None:
        await self._ada.move(room.id, message, latitude, longitude)

    async def ask(self, room: RoomRef, poll: Poll) -> str:
        most = len(poll.options) if poll.several else 1
        return await self._ada.ask(room.id, poll.question, *poll.options, most=most)

    async def vote(self, room: RoomRef, message: str, options: tuple[int, ...]) -> None:
        names = list((await self._ada.look(room.id, message)).answers)
        await self._ada.vote(room.id, message, *(names[number] for number in options))

    async def end_poll(self, room: RoomRef, message: str) -> None:
        await self._ada.end_poll(room.id, message)

    async def pass_on(self, source: RoomRef, message: str, room: RoomRef) -> str:
        raise LookupError("what is forwarded on Matrix says nothing of whose it was")

    async def say_as_program(self, room: RoomRef, text: str) -> None:
        await self._ada.say(room.id, text, msgtype="m.notice")

    async def topic(self) -> RoomRef:
        raise LookupError("there are no topics on Matrix")

    def takes_votes(self, room: RoomRef, message: str) -> bool:
        return not next(one for one in self._ada.view(room.id) if one.event_id == message).ended

    async def see_signs(self, room: RoomRef, message: str, emoji: tuple[str, ...]) -> None:
        def so(shown: Shown) -> bool:
            here = (one.replace("\ufe0f", "") for one, who in shown.reactions.items() if self._me in who)
            return sorted(here) == sorted(emoji)

        await self._ada.look_until(room.id, message, so)

    async def seen(self, room: RoomRef) -> list[Seen]:
        """What the bot has said and what still stands there."""
        return [await self.look(shown) for shown in self._ada.view(room.id) if shown.sender == self._me]

    async def look(self, shown: Shown) -> Seen:
        """A message of the bot as Ada sees it, its file downloaded and opened."""
        text, marks = marked(shown.html, browser=True) if shown.html else (shown.text, ())
        covered = any(tag == "tg-spoiler" for tag, _, _ in marks)
        quoted = {line for tag, words, _ in marks if tag == "blockquote" for line in words.split("\n")}
        assert covered or [line.removeprefix("> ") for line in shown.text.split("\n")] == text.split("\n"), (
            "read the same"
        )
        assert covered or quoted <= {
            line.removeprefix("> ") for line in shown.text.split("\n") if line.startswith("> ")
        }
        lines = text.split("\n")
        rows: list[tuple[str, ...]] = []
        while lines[-1].startswith(EMOJI):
            rows.insert(0, tuple(part.partition(" ")[2] for part in lines.pop().split(" · ")))
        poll = None
        if shown.kind == "poll":
            most = shown.content["org.matrix.msc3381.poll.start"]["max_selections"]
            poll = Poll(shown.question, tuple(shown.answers.values()), most > 1)
        point = shown.point
        return Seen(
            shown.event_id,
            "\n".join(lines),
            marks,
            tuple(rows),
            shown.reply_to,
            shown.loud,
            shown.encrypted,
            await self._open(shown),
            (round(point[0] * 1_000_000), round(point[1] * 1_000_000)) if point is not None else None,
            poll,
            shown.thread,
            tuple(f"matrix:{one}" for one in shown.mentions),
        )

    async def _open(self, shown: Shown) -> SeenFile | None:
        if shown.file_name is None:
            return None
        where = str(shown.content.get("file") or shown.content.get("url"))
        if where not in self._opened:
            moving = (shown.content.get("info") or {}).get("fi.mau.gif")
            kind = "voice" if shown.voice else "animation" if moving else _SHOWN[shown.kind]
            data = await self._ada.open_file(shown)
            self._opened[where] = SeenFile(kind, sha256(data).hexdigest(), shown.file_name)
        return self._opened[where]


def _as_clients_write(html: str) -> str:
    """Restricted HTML as Element writes it: breaks are tags, but not around blocks, which break lines by themselves."""
    html = html.replace("<tg-spoiler>", "<span data-mx-spoiler>").replace("</tg-spoiler>", "</span>")
    html = _BLOCK.sub(lambda found: found[1] or found[2], html)
    return "".join(part if part.startswith("<pre>") else part.replace("\n", "<br>") for part in _PRE.split(html))
