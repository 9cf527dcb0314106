"""What a bot sends through the emulated Bot API: words, files, albums, places, polls.

Files are looked into, as the real server does: what is no picture is no photo, and a document that could be a sticker becomes one unless the bot
forbids it.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.emulators import telegram_html
from tests.emulators.bot_api import ATTACHED, Attached, bad
from tests.emulators.telegram_files import Kind, Stored
from tests.emulators.telegram_town import Chat, Message, Town

MIB = 1 << 20
TEXT_UNITS = 4096
CAPTION_UNITS = 1024
DATA_BYTES = 64
_ALBUMS = (frozenset({"photo", "video", "live_photo"}), frozenset({"audio"}), frozenset({"document"}))
_REPLACING = frozenset({"animation", "audio", "document", "photo", "video"})
_CALLED = {"text": "text messages", "audio": "music", "voice": "voice messages"}
_UNDETECTED: dict[str, Kind] = {"image/webp": "sticker", "image/gif": "animation", "video/mp4": "video"}


@dataclass(slots=True)
class Rules:
    """What the server allows. ``folder``: it is one's own, in its local mode, and keeps files there. ``closed``: (chat, topic).

    ``forbidden``: by chat what members may not send: ``text``, ``photo``, ``poll`` … Sizes are in bytes.
    """

    largest_upload: int = 50 * MIB
    largest_photo: int = 10 * MIB
    largest_download: int = 20 * MIB
    folder: Path | None = None
    closed: set[tuple[int, int]] = field(default_factory=set)
    forbidden: dict[int, frozenset[str]] = field(default_factory=dict)


def looked(data: bytes) -> str:
    """The MIME type that the first bytes of a file show."""
    starts = {
        b"\xff\xd8\xff": "image/jpeg",
        b"\x89PNG\r\n\x1a\n": "image/png",
        b"GIF8": "image/gif",
        b"OggS": "audio/ogg",
        b"ID3": "audio/mpeg",
        b"\xff\xfb": "audio/mpeg",
        b"\x1f\x8b": "application/x-tgsticker",
        b"\x1aE\xdf\xa3": "video/webm",
    }
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    if data[4:8] == b"ftyp":
        return "audio/mp4" if data[8:11] == b"M4A" else "video/mp4"
    return next((kind for start, kind in starts.items() if data.startswith(start)), "")


def sides(data: bytes) -> tuple[int, int]:
    """The width and height of a PNG picture; (0, 0) of any other."""
    if looked(data) != "image/png" or len(data) < 24:
        return 0, 0
    width, height = struct.unpack(">II", data[16:24])
    return width, height


class Sends:
    """The methods that send, over a town."""

    def __init__(self, town: Town, rules: Rules) -> None:
        self._town = town
        self.rules = rules

    async def send_message(self, asked: Mapping[str, Any]) -> Any:
        text, entities = self._text(asked)
        preview = not asked.get("link_preview_options", {}).get("is_disabled", False)
        message = self._stored(asked, "text", text, entities=entities, html=asked["text"], preview=preview)
        return self._town.shown(message)

    async def send_photo(self, asked: Mapping[str, Any]) -> Any:
        return self._with_file(asked, "photo")

    async def send_video(self, asked: Mapping[str, Any]) -> Any:
        return self._with_file(asked, "video")

    async def send_animation(self, asked: Mapping[str, Any]) -> Any:
        return self._with_file(asked, "animation")

    async def send_audio(self, asked: Mapping[str, Any]) -> Any:
        return self._with_file(asked, "audio")

    async def send_voice(self, asked: Mapping[str, Any]) -> Any:
        return self._with_file(asked, "voice")

    async def send_sticker(self, asked: Mapping[str, Any]) -> Any:
        return self._with_file(asked, "sticker")

    async def send_document(self, asked: Mapping[str, Any]) -> Any:
        return self._with_file(asked, "document")

    async def send_media_group(self, asked: Mapping[str, Any]) -> Any:
        media = asked["media"]
        if not 2 <= len(media) <= 10:
            raise bad("wrong number of media in the media group: an album holds from 2 to 10")
        kinds = {one["type"] for one in media}
        if not any(kinds <= together for together in _ALBUMS):
            raise bad("can't mix media of these types in an album")
        chat, where = self._where(asked, *kinds)
        parts: Mapping[str, Attached] = asked.get(ATTACHED, {})
        found: list[tuple[Stored, str, list[dict[str, Any]], str]] = []
        for number, one in enumerate(media, 1):
            given = self._given(parts, one["media"])
            try:
                held = self._file(given, one["type"], {**one, "disable_content_type_detection": True})
            except Exception as refused:
                if getattr(refused, "status", 0) != 400:
                    raise
                why = str(refused).removeprefix("Bad Request: ")
                raise bad(f'failed to send message #{number} with the error message "{why}"') from None
            found.append((held, *self._caption(one), one.get("caption", "")))
        if (
            len({held.kind for held, *_ in found} & {"document", "audio"})
            and len({held.kind for held, *_ in found}) > 1
        ):
            raise bad("can't mix media of these types in an album")
        name = str(13_000_000_000_000_000 + chat.last_id)
        sent = [
            self._town.store(chat.id, None, text, entities=entities, html=html, file=held.id, album=name, **where)
            for held, text, entities, html in found
        ]
        return [self._town.shown(message) for message in sent]

    async def send_location(self, asked: Mapping[str, Any]) -> Any:
        return self._town.shown(self._stored(asked, "text", "", extra={"location": _place(asked)}))

    async def send_venue(self, asked: Mapping[str, Any]) -> Any:
        place = _place(asked)
        venue = {"location": place, "title": asked["title"], "address": asked["address"]}
        return self._town.shown(self._stored(asked, "text", "", extra={"location": place, "venue": venue}))

    async def send_contact(self, asked: Mapping[str, Any]) -> Any:
        if not asked["phone_number"].strip() or not asked["first_name"].strip():
            raise bad("PHONE_NUMBER_INVALID" if not asked["phone_number"].strip() else "first name must be non-empty")
        card = {name: asked[name] for name in ("phone_number", "first_name", "last_name", "vcard") if name in asked}
        return self._town.shown(self._stored(asked, "text", "", extra={"contact": card}))

    async def send_poll(self, asked: Mapping[str, Any]) -> Any:
        question, options = asked["question"].strip(), [one["text"].strip() for one in asked["options"]]
        if len(question) > 300:
            raise bad("poll question length must not exceed 300")
        if len(options) < 2:
            raise bad("poll must have at least 2 option")
        if len(options) > 12:
            raise bad("poll can't have more than 12 options")
        if any(len(option) > 100 for option in options):
            raise bad("poll options length must not exceed 100")
        if not all(options):
            raise bad("poll options must be non-empty")
        if len(set(options)) < len(options):
            raise bad("POLL_OPTION_DUPLICATE")
        self._where(asked, "poll")
        anonymous, several = asked.get("is_anonymous", True), asked.get("allows_multiple_answers", False)
        ballot = self._town.ballot(question, tuple(options), several=several, anonymous=anonymous, ours=True)
        return self._town.shown(self._stored(asked, "poll", "", poll=ballot.id))

    # -- what they share -------------------------------------------------------------------------------------------

    def _with_file(self, asked: Mapping[str, Any], kind: Kind) -> Any:
        self._where(asked, kind)
        text, entities = self._caption(asked)
        given = self._given(asked.get(ATTACHED, {}), asked[kind])
        held = self._file(given, kind, asked)
        html = asked.get("caption", "")
        if held.kind == "sticker":
            text, entities, html = "", [], ""  # as the real server: what became a sticker has no words
        return self._town.shown(self._stored(asked, kind, text, entities=entities, html=html, file=held.id))

    def _stored(self, asked: Mapping[str, Any], what: str, text: str, **fields: Any) -> Message:
        chat, where = self._where(asked, what)
        return self._town.store(chat.id, None, text, markup=self._markup(asked), **where, **fields)

    def _where(self, asked: Mapping[str, Any], *what: str) -> tuple[Chat, dict[str, Any]]:
        """The chat, and what every message there has, if such things may be sent there."""
        chat = self._town.place(asked["chat_id"])
        thread = asked.get("message_thread_id")
        if thread is not None and thread not in chat.topics:
            raise bad("message thread not found")
        if (chat.id, thread or 1) in self.rules.closed:
            raise bad("TOPIC_CLOSED")
        for one in what:
            if chat.status != "administrator" and one in self.rules.forbidden.get(chat.id, ()):
                raise bad(f"not enough rights to send {_CALLED.get(one, f'{one}s')} to the chat")
        replied = self._replied(chat, asked.get("reply_parameters"), thread)
        return chat, {"thread": thread, "silent": asked.get("disable_notification", False), "reply_to": replied}

    def _replacing(self, asked: Mapping[str, Any], in_album: Kind | None) -> tuple[Stored, str, list[dict[str, Any]]]:
        """The file that comes in the place of another, and its caption. ``in_album``: of what kind the one before is, if it stands in an album."""
        media = asked["media"]
        if media["type"] not in _REPLACING:
            raise bad("can't parse InputMedia: type must be one of animation, audio, document, photo or video")
        held = self._file(self._given(asked.get(ATTACHED, {}), media["media"]), media["type"], media)
        if held.kind not in _REPLACING:
            raise bad("unsupported input message content type")
        if in_album is not None and held.kind != in_album:
            if not any(held.kind in together for together in _ALBUMS):
                raise bad("message content type can't be used in an album")
            if not any({held.kind, in_album} <= together for together in _ALBUMS):
                raise bad("can't change media type in the album")
        return held, *self._caption(media)

    def _given(self, parts: Mapping[str, Attached], reference: str | Attached) -> str | Attached:
        """A file of the form, where it is one that is referred to."""
        if not isinstance(reference, str) or not reference.startswith("attach://"):
            return reference
        part = parts.get(reference.removeprefix("attach://"))
        if part is None:
            raise bad(f"file {reference.removeprefix('attach://')} is not attached")
        return part

    def _file(self, given: str | Attached, kind: Kind, asked: Mapping[str, Any]) -> Stored:
        """The file that is sent: one that the server has, or a new one."""
        if isinstance(given, str):
            known = self._town.files.get(given)
            if known is None:
                raise bad("wrong file identifier/HTTP URL specified")  # the emulator fetches nothing from elsewhere
            if known.kind != kind:
                raise bad(f"can't use file of type {known.kind.title()} as {kind.title()}")
            return known
        if not given.data:
            raise bad("file must be non-empty")
        found = looked(given.data)
        kind = self._kind(given, kind, found, asked)
        width, height = sides(given.data) if kind == "photo" else (asked.get("width", 0), asked.get("height", 0))
        if kind == "photo" and (width + height > 10_000 or max(width, height) > 20 * max(1, min(width, height))):
            raise bad("PHOTO_INVALID_DIMENSIONS")
        name = "" if kind in ("photo", "voice", "sticker") else given.name
        mime = "image/jpeg" if kind == "photo" else found or given.type
        return self._town.keep(
            kind, given.data, name, mime, width=width, height=height, seconds=asked.get("duration", 0)
        )

    def _kind(self, given: Attached, kind: Kind, found: str, asked: Mapping[str, Any]) -> Kind:
        """What the server makes of a new file."""
        fits: dict[Kind, bool] = {
            "video": found == "video/mp4",
            "animation": found in ("video/mp4", "image/gif"),
            "audio": found in ("audio/mpeg", "audio/mp4"),
            "voice": found == "audio/ogg",
        }
        match kind:
            case "photo" if len(given.data) > self.rules.largest_photo:
                size, most = len(given.data), self.rules.largest_photo
                raise bad(f"file of size {size} bytes is too big for a photo; the maximum size is {most} bytes")
            case "photo" if found not in ("image/jpeg", "image/png", "image/webp"):
                raise bad("IMAGE_PROCESS_FAILED")
            case "sticker" if found not in ("image/webp", "application/x-tgsticker", "video/webm"):
                raise bad("STICKER_FILE_INVALID")
            case "document" if not asked.get("disable_content_type_detection"):
                return _UNDETECTED.get(found, kind)
        return kind if fits.get(kind, True) else "document"

    def _caption(self, asked: Mapping[str, Any]) -> tuple[str, list[dict[str, Any]]]:
        if not asked.get("caption"):
            return "", []
        text, entities = self._parsed(asked["caption"], asked, "caption_entities")
        if telegram_html.units(text) > CAPTION_UNITS:
            raise bad("message caption is too long")
        return text, entities

    def _text(self, asked: Mapping[str, Any]) -> tuple[str, list[dict[str, Any]]]:
        text, entities = self._parsed(asked["text"], asked, "entities")
        if not text:
            raise bad("message text is empty")
        if telegram_html.units(text) > TEXT_UNITS:
            raise bad("message is too long")
        return text, entities

    def _parsed(self, source: str, asked: Mapping[str, Any], entities: str) -> tuple[str, list[dict[str, Any]]]:
        mode = asked.get("parse_mode", "")
        if mode == "HTML":
            text, found = telegram_html.parse(source)
            return text, [one for entity in found if (one := self._person(entity)) is not None]
        if mode:
            raise bad("unsupported parse_mode")  # the real server knows Markdown too; the bot never uses it
        return source.strip(), asked.get(entities, [])

    def _person(self, entity: dict[str, Any]) -> dict[str, Any] | None:
        """A link to a person as a mention of them, where the bot has met them; otherwise it is no link."""
        number = entity.get("url", "").partition("tg://user?id=")[2]
        if not number:
            return entity
        user = self._town.users.get(int(number))
        where = {"offset": entity["offset"], "length": entity["length"]}
        return None if user is None else {"type": "text_mention", **where, "user": user}

    def _markup(self, asked: Mapping[str, Any]) -> dict[str, Any] | None:
        markup: dict[str, Any] | None = asked.get("reply_markup")
        for row in (markup or {}).get("inline_keyboard", []):
            for button in row:
                if not button["text"].strip():
                    raise bad("can't parse inline keyboard button: Text must be non-empty")
                kinds = button.keys() & {"callback_data", "url", "copy_text", "login_url", "web_app"}
                if "copy_text" in button and not 1 <= len(button["copy_text"]["text"]) <= 256:
                    raise bad("BUTTON_COPY_TEXT_INVALID")
                if len(kinds) != 1:
                    raise bad("Text buttons are unallowed in the inline keyboard")
                if "callback_data" in kinds and not 1 <= len(button["callback_data"].encode()) <= DATA_BYTES:
                    raise bad("BUTTON_DATA_INVALID")
        return markup if markup and any(markup.get("inline_keyboard", [])) else None

    def _replied(self, chat: Chat, parameters: Mapping[str, Any] | None, thread: int | None) -> int | None:
        if parameters is None:
            return None
        message = chat.messages.get(parameters["message_id"])
        if message is not None and not message.deleted:
            return message.id
        elsewhere = message is not None and message.thread != thread  # of another topic, that is not asked
        if parameters.get("allow_sending_without_reply") and not elsewhere:
            return None
        raise bad("message to be replied not found")


def _place(asked: Mapping[str, Any]) -> dict[str, float]:
    place = {"latitude": float(asked["latitude"]), "longitude": float(asked["longitude"])}
    if abs(place["latitude"]) > 90 or abs(place["longitude"]) > 180:
        raise bad("wrong location specified")
    return place
