"""What a person with a Matrix client sees of a room: messages as they stand now, with files, places, polls, threads and reactions.

Reads the timeline as clients do: edits replace, redactions take away, reactions hang on what they are about, a caption is
``body`` where ``filename`` says something else. Files are opened with the library's own decryption, not with the bot's.
"""

from __future__ import annotations

import asyncio
import re
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nio.crypto.attachments import decrypt_attachment

if TYPE_CHECKING:
    from tests.emulators.matrix_person import Seen
    from tests.emulators.synapse import SynapseServer

POLL = "org.matrix.msc3381.poll.start"
POLL_END = "org.matrix.msc3381.poll.end"
_FILES = ("m.image", "m.video", "m.audio", "m.file")
_GEO = re.compile(r"geo:(-?[0-9.]+),(-?[0-9.]+)")


@dataclass
class Shown:
    """A message as it stands in the person's client. ``content`` is the whole of it; ``reactions``: emoji, and who."""

    event_id: str
    sender: str
    kind: str  # ``m.text``, ``m.image``…, ``poll``
    text: str  # words, of a file its caption
    html: str
    content: dict[str, Any]
    encrypted: bool
    reply_to: str | None = None
    thread: str | None = None
    edited: bool = False
    ended: bool = False  # a poll: it takes no more votes
    reactions: dict[str, list[str]] = field(default_factory=dict)

    @property
    def file_name(self) -> str | None:
        """The name of its file; None where it has none."""
        return str(self.content.get("filename") or self.content["body"]) if self.kind in _FILES else None

    @property
    def mentions(self) -> list[str]:
        """The people whom it calls upon."""
        return list((self.content.get("m.mentions") or {}).get("user_ids") or [])

    @property
    def loud(self) -> bool:
        """Whether it calls upon the whole room."""
        return bool((self.content.get("m.mentions") or {}).get("room"))

    @property
    def voice(self) -> bool:
        """Whether it plays as a voice message."""
        return self.kind == "m.audio" and "org.matrix.msc3245.voice" in self.content

    @property
    def point(self) -> tuple[float, float] | None:
        """Latitude and longitude of a place."""
        found = _GEO.match(str(self.content.get("geo_uri") or ""))
        return (float(found[1]), float(found[2])) if found is not None else None

    @property
    def question(self) -> str:
        """What its poll asks."""
        return str(self.content[POLL]["question"]["org.matrix.msc1767.text"])

    @property
    def answers(self) -> dict[str, str]:
        """The answers of its poll, by their ids."""
        return {one["id"]: one["org.matrix.msc1767.text"] for one in self.content[POLL]["answers"]}


class Viewing:
    """The eyes of a ``MatrixPerson``."""

    if TYPE_CHECKING:
        server: SynapseServer

        @property
        def token(self) -> str: ...
        def timeline(self, room: str) -> list[Seen]: ...
        async def wait_seen(self, test: Callable[[Seen], bool], seconds: float = ...) -> Seen: ...
        async def wait_until(self, test: Callable[[], bool], seconds: float = ...) -> None: ...

    def view(self, room: str) -> list[Shown]:
        """The messages that stand in ``room`` now, oldest first."""
        events = self.timeline(room)
        taken = {redacted(event) for event in events}
        standing = [event for event in events if event.event_id not in taken and event.type != "m.room.redaction"]
        shown: dict[str, Shown] = {}
        for event in standing:
            relation = event.content.get("m.relates_to") or {}
            about = shown.get(str(relation.get("event_id")))
            if event.type == "m.reaction":
                if about is not None:
                    about.reactions.setdefault(relation["key"], []).append(event.sender)
            elif event.type == POLL_END:
                if about is not None and about.sender == event.sender:
                    about.ended = True
            elif relation.get("rel_type") == "m.replace":
                if about is not None and about.sender == event.sender:
                    _say(about, event.content["m.new_content"])
                    about.edited = True
            elif event.type in ("m.room.message", POLL):
                made = Shown(event.event_id, event.sender, "poll", "", "", event.content, event.decrypted)
                _say(made, event.content)
                _relate(made, relation)
                shown[event.event_id] = made
        return list(shown.values())

    async def look(self, room: str, event: str) -> Shown:
        """The message ``event`` as it stands; waits until it has come."""
        came = await self.wait_seen(lambda seen: seen.event_id == event)
        shown = next((one for one in self.view(room) if one.event_id == event), None)
        assert shown is not None, f"no message that can be read: {came.type}"
        return shown

    async def look_until(self, room: str, event: str, test: Callable[[Shown], bool]) -> Shown:
        """The message ``event`` once it stands as ``test`` wants it."""
        return await self.wait_shown(room, lambda one: one.event_id == event and test(one))

    async def wait_shown(self, room: str, test: Callable[[Shown], bool]) -> Shown:
        """The first message that stands in ``room`` as ``test`` wants it; waits for it."""
        try:
            await self.wait_until(lambda: any(test(one) for one in self.view(room)))
        except TimeoutError:
            held = "\n".join(f"{one.kind} {one.text!r} {one.reactions}" for one in self.view(room)[-8:])
            raise TimeoutError(f"nothing such came; the last in the room:\n{held}") from None
        return next(one for one in self.view(room) if test(one))

    async def wait_gone(self, room: str, event: str) -> None:
        """Wait until ``event`` (a message, a reaction) is taken back."""
        await self.wait_seen(lambda seen: seen.room == room and redacted(seen) == event)

    async def open_file(self, shown: Shown) -> bytes:
        """The bytes of a message's file, decrypted where it is sealed. Fails where its digest is wrong."""
        sealed = shown.content.get("file")
        if sealed is None:
            assert not shown.encrypted, "a plain file was shown in an encrypted room"
            return await self.raw_file(shown.content["url"])
        assert "url" not in shown.content
        raw = await self.raw_file(sealed["url"])
        return bytes(decrypt_attachment(raw, sealed["key"]["k"], sealed["hashes"]["sha256"], sealed["iv"]))

    async def raw_file(self, mxc: str) -> bytes:
        """The bytes as they lie on the homeserver."""
        url = f"{self.server.url}/_matrix/client/v1/media/download/{mxc.removeprefix('mxc://')}"
        request = urllib.request.Request(url, headers={"Authorization": f"Bearer {self.token}"})

        def read() -> bytes:
            with urllib.request.urlopen(request, timeout=60) as reply:
                return bytes(reply.read())

        return await asyncio.to_thread(read)


def redacted(event: Seen) -> str | None:
    """The event that this one takes back; where it says so depends on the version of the room."""
    named = event.source.get("redacts") or event.content.get("redacts")
    return str(named) if event.type == "m.room.redaction" and named else None


def _say(shown: Shown, content: dict[str, Any]) -> None:
    shown.content = content
    if "msgtype" not in content:
        return
    shown.kind, shown.text = str(content["msgtype"]), str(content["body"])
    shown.html = str(content.get("formatted_body", ""))
    if shown.kind in _FILES and shown.text == content.get("filename", shown.text):
        shown.text = ""  # the name of a file is no caption


def _relate(shown: Shown, relation: dict[str, Any]) -> None:
    answered = (relation.get("m.in_reply_to") or {}).get("event_id")
    if relation.get("rel_type") == "m.thread":
        shown.thread = relation["event_id"]
        answered = None if relation.get("is_falling_back") else answered
    shown.reply_to = answered
