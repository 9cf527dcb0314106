"""What a person says with a Matrix client, beyond words: as Element and its kin write it, in plain and in encrypted rooms.

Every method returns the id of the event. Files are really uploaded, in encrypted rooms really encrypted.
"""

from __future__ import annotations

import io
import time
from typing import Any

from nio import AsyncClient, UploadResponse

HTML = "org.matrix.custom.html"
_POLL = "org.matrix.msc3381.poll"
_BEACON = "org.matrix.msc3672.beacon"
_WORDS = "org.matrix.msc1767.text"
_PLACE = "org.matrix.msc3488.location"
_TYPES = {
    "m.image": ("image/png", {"w": 640, "h": 480}),
    "m.video": ("video/mp4", {"w": 320, "h": 240, "duration": 4200}),
    "m.audio": ("audio/ogg", {"duration": 2600}),
    "m.file": ("application/pdf", {}),
    "m.sticker": ("image/webp", {"w": 128, "h": 128}),
}


class MatrixSpeech:
    """A part of a person who is a ``client``."""

    client: AsyncClient
    user: str

    async def send(self, room: str, kind: str, content: dict[str, Any]) -> str:
        reply = await self.client.room_send(room, kind, content, ignore_unverified_devices=True)
        event: str | None = getattr(reply, "event_id", None)
        assert event is not None, reply
        return event

    async def say(self, room: str, text: str, **more: Any) -> str:
        """Say something, encrypted where the room is. ``more`` is added to the content."""
        return await self.send(room, "m.room.message", {"msgtype": "m.text", "body": text, **more})

    async def say_html(self, room: str, html: str, text: str, **more: Any) -> str:
        """Say something with markup; ``text`` is the plain form that goes with it."""
        return await self.say(room, text, format=HTML, formatted_body=html, **more)

    async def reply(self, room: str, event: str, text: str, **more: Any) -> str:
        return await self.say(room, text, **{"m.relates_to": answering(event)}, **more)

    async def say_in_thread(self, room: str, root: str, text: str, *, latest: str = "", answers: str = "") -> str:
        """Say something in the thread of ``root``: after ``latest``, or in answer to one message of it."""
        return await self.say(room, text, **{"m.relates_to": in_thread(root, latest=latest, answers=answers)})

    async def edit(self, room: str, event: str, text: str, **fresh: Any) -> str:
        """Replace the words of ``event``, or with ``fresh`` parts its whole content."""
        content = {"msgtype": "m.text", "body": text, **fresh}
        relation = {"rel_type": "m.replace", "event_id": event}
        return await self.send(
            room,
            "m.room.message",
            {**content, "body": f"* {text}", "m.new_content": content, "m.relates_to": relation},
        )

    async def redact(self, room: str, event: str, reason: str = "") -> str:
        """Take back a message, a reaction, anything."""
        reply = await self.client.room_redact(room, event, reason or None)
        redaction: str | None = getattr(reply, "event_id", None)
        assert redaction is not None, reply
        return redaction

    async def react(self, room: str, event: str, emoji: str, **more: Any) -> str:
        relation = {"rel_type": "m.annotation", "event_id": event, "key": emoji}
        return await self.send(room, "m.reaction", {"m.relates_to": relation, **more})

    # -- files -----------------------------------------------------------------------------------------------------

    async def show(
        self, room: str, data: bytes, name: str, msgtype: str = "m.image", *, caption: str = "", **more: Any
    ) -> str:
        """Send a file of type ``m.image``, ``m.video``, ``m.audio``, ``m.file`` or ``m.sticker``, perhaps with words under it."""
        content = await self.file_content(room, data, name, msgtype, caption=caption) | more
        if msgtype == "m.sticker":
            del content["msgtype"]
            return await self.send(room, "m.sticker", content)
        return await self.send(room, "m.room.message", content)

    async def speak(self, room: str, data: bytes, milliseconds: int, **more: Any) -> str:
        """Send a voice message."""
        voice: dict[str, Any] = {
            "org.matrix.msc3245.voice": {},
            "org.matrix.msc1767.audio": {"duration": milliseconds, "waveform": [0, 512, 1024]},
        }
        return await self.show(room, data, "Voice message.ogg", "m.audio", **voice, **more)

    async def file_content(
        self, room: str, data: bytes, name: str, msgtype: str, *, caption: str = ""
    ) -> dict[str, Any]:
        """Upload a file for ``room``; the content of the event that shows it."""
        mime, info = _TYPES[msgtype]
        sealed = room in self.client.rooms and self.client.rooms[room].encrypted
        # What is encrypted shows neither its type nor its name to the server.
        answer, keys = await self.client.upload(
            io.BytesIO(data), "application/octet-stream" if sealed else mime, None if sealed else name, sealed, None, len(data)
        )  # fmt: skip
        assert isinstance(answer, UploadResponse), answer
        where: dict[str, Any] = {"file": {"url": answer.content_uri, **keys}} if keys else {"url": answer.content_uri}
        return {
            "msgtype": msgtype,
            "body": caption or name,
            "filename": name,
            "info": {"mimetype": mime, "size": len(data), **info},
            **where,
        }

    # -- places ----------------------------------------------------------------------------------------------------

    async def show_place(self, room: str, latitude: float, longitude: float, words: str = "") -> str:
        """Send a place, as Element does; with ``words`` it is described."""
        uri = f"geo:{latitude},{longitude};u=10"
        place = {"uri": uri, **({"description": words} if words else {})}
        content = {"msgtype": "m.location", "body": words or f"Location {uri}", "geo_uri": uri, _PLACE: place}
        return await self.send(room, "m.room.message", content)

    async def begin_live_place(self, room: str, milliseconds: int, words: str = "") -> str:
        """Begin to show where one is for so long; where that is follows (``move``)."""
        content = {"description": words, "timeout": milliseconds, "live": True, "org.matrix.msc3488.ts": _now()}
        return await self._set_beacon(room, content)

    async def move(self, room: str, began: str, latitude: float, longitude: float) -> str:
        """Be somewhere, of a live place."""
        relation = {"rel_type": "m.reference", "event_id": began}
        place = {"uri": f"geo:{latitude},{longitude}"}
        content = {"m.relates_to": relation, _PLACE: place, "org.matrix.msc3488.ts": _now()}
        return await self.send(room, _BEACON, content)

    async def end_live_place(self, room: str, milliseconds: int = 60_000) -> str:
        content = {"description": "", "timeout": milliseconds, "live": False, "org.matrix.msc3488.ts": _now()}
        return await self._set_beacon(room, content)

    async def _set_beacon(self, room: str, content: dict[str, Any]) -> str:
        reply = await self.client.room_put_state(room, f"{_BEACON}_info", content, self.user)
        event: str | None = getattr(reply, "event_id", None)
        assert event is not None, reply
        return event

    # -- polls -----------------------------------------------------------------------------------------------------

    async def ask(self, room: str, question: str, *options: str, most: int = 1, ids: tuple[str, ...] = ()) -> str:
        """Begin a poll. The options have ids ``id-0``, ``id-1``…, or ``ids``."""
        return await self.send(room, f"{_POLL}.start", poll(question, *options, most=most, ids=ids))

    async def vote(self, room: str, event: str, *ids: str) -> str:
        """Choose in a poll by the options' ids; none takes the vote back."""
        relation = {"rel_type": "m.reference", "event_id": event}
        return await self.send(
            room, f"{_POLL}.response", {"m.relates_to": relation, f"{_POLL}.response": {"answers": list(ids)}}
        )

    async def end_poll(self, room: str, event: str) -> str:
        relation = {"rel_type": "m.reference", "event_id": event}
        return await self.send(
            room, f"{_POLL}.end", {"m.relates_to": relation, f"{_POLL}.end": {}, _WORDS: "Ended the poll"}
        )


def answering(event: str) -> dict[str, Any]:
    """The relation of an answer."""
    return {"m.in_reply_to": {"event_id": event}}


def in_thread(root: str, *, latest: str = "", answers: str = "") -> dict[str, Any]:
    """The relation of words in a thread; without ``answers`` the reply in it is made up for older clients."""
    return {
        "rel_type": "m.thread",
        "event_id": root,
        "is_falling_back": not answers,
        **answering(answers or latest or root),
    }


def poll(question: str, *options: str, most: int = 1, ids: tuple[str, ...] = ()) -> dict[str, Any]:
    """The content of a poll."""
    names = ids or tuple(f"id-{number}" for number in range(len(options)))
    words = "\n".join([question, *(f"{number}. {option}" for number, option in enumerate(options, 1))])
    return {
        f"{_POLL}.start": {
            "question": {_WORDS: question, "body": question, "msgtype": "m.text"},
            "kind": f"{_POLL}.disclosed",
            "max_selections": most,
            "answers": [{"id": name, _WORDS: option} for name, option in zip(names, options, strict=True)],
        },
        _WORDS: words,
    }


def _now() -> int:
    return int(time.time() * 1000)
