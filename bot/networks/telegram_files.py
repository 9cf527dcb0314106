"""As what a file goes to Telegram: each kind has its method, and each method takes only some files. Pure.

Sources: core.telegram.org/bots/api (sendPhoto and its neighbours, sendMediaGroup, editMessageMedia, "Sending files"). Whatever fits nowhere else goes as a
document, which every client can save. A document is sent with content type detection off: Telegram would else make a sticker or an animation
of some, and drop the words under it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bot.networks.port import Spooled
from bot.networks.telegram_form import Upload
from playbooks.spoken import FileKind

MIB = 1 << 20
PHOTO_BYTES = 10 * MIB
PHOTO_SIDES = 10_000  # width and height together
PHOTO_RATIO = 20
ALBUM = range(2, 11)

_PICTURES = frozenset({"image/jpeg", "image/png", "image/webp"})
_FILMS = frozenset({"video/mp4"})
_MOVING = _FILMS | {"image/gif"}
_SOUNDS = frozenset({"audio/mpeg", "audio/mp4", "audio/x-m4a", "audio/m4a", "audio/mp3"})
_VOICES = frozenset({"audio/ogg", "audio/opus", "application/ogg"})
_STICKERS = {
    "image/webp": 512 << 10,
    "application/x-tgsticker": 64 << 10,
    "video/webm": 256 << 10,
}  # bytes of each at most
_REPLACING = frozenset({"photo", "video", "animation", "audio", "file"})
_NAMELESS = frozenset({"photo", "voice", "sticker"})
_PLAYED = frozenset({"video", "animation", "audio", "voice"})


@dataclass(frozen=True, slots=True)
class Way:
    """A method, and the field of it that holds the file, which is also the file's type in an album."""

    method: str
    field: str


WAYS: dict[FileKind, Way] = {
    "photo": Way("sendPhoto", "photo"),
    "video": Way("sendVideo", "video"),
    "animation": Way("sendAnimation", "animation"),
    "audio": Way("sendAudio", "audio"),
    "voice": Way("sendVoice", "voice"),
    "sticker": Way("sendSticker", "sticker"),
    "file": Way("sendDocument", "document"),
}


def fit(file: Spooled, *, worded: bool, anew: bool = False) -> FileKind:
    """As what this file can go. ``worded``: with words under it, which a sticker cannot have. ``anew``: handed over, even if Telegram has it.

    What Telegram has as something can go as that, whatever it is made of.
    """
    kind, found = file.source.kind, file.type.partition(";")[0].strip().lower()
    if not anew and not (worded and kind == "sticker") and known(file, kind) is not None:
        return kind
    if kind == "sticker":
        if not worded and file.size <= _STICKERS.get(found, -1):
            return "sticker"
        kind = "photo"
    match kind:
        case "photo" if found in _PICTURES and _fair(file):
            return "photo"
        case "animation" | "photo" | "video" if found == "image/gif":
            return "animation"
        case "animation" if found in _MOVING:
            return "animation"
        case "video" if found in _FILMS:
            return "video"
        case "voice" if found in _VOICES:
            return "voice"
        case "voice" | "audio" if found in _SOUNDS:
            return "audio"
    return "file"


def album(files: Sequence[Spooled], *, anew: bool = False) -> list[FileKind]:
    """As what files can go together: pictures and films mixed, sounds alone, else all as documents."""
    kinds = [fit(file, worded=True, anew=anew) for file in files]
    if set(kinds) <= {"photo", "video"} or set(kinds) == {"audio"}:
        return kinds
    return ["file"] * len(kinds)


def replacing(file: Spooled, *, anew: bool = False, documents: bool = False) -> FileKind:
    """As what a file can take the place of another, which no voice message can (editMessageMedia)."""
    kind = "file" if documents else fit(file, worded=True, anew=anew)
    return kind if kind in _REPLACING else "file"


def _fair(file: Spooled) -> bool:
    """Whether a picture's size and, as far as its sender tells them, its sides are such as Telegram takes for a photo."""
    if file.size > PHOTO_BYTES:
        return False
    width, height = file.source.width, file.source.height
    if not width or not height or min(width, height) < 1:
        return True
    return width + height <= PHOTO_SIDES and max(width, height) <= PHOTO_RATIO * min(width, height)


def known(file: Spooled, kind: FileKind) -> str | None:
    """The name under which Telegram has this very file already, to be sent as this kind; None where it must be handed over."""
    source = file.source
    if source.network != "telegram" or source.kind != kind or source.size not in (None, file.size):
        return None
    if kind not in _NAMELESS and source.name not in ("", file.name):
        return None
    return file_id(source.where)


def file_id(where: str) -> str | None:
    """The ``file_id`` in a ``File.where`` of Telegram; None where there is none."""
    try:
        found = json.loads(where)["file_id"]
    except (ValueError, KeyError, TypeError):
        return None
    return found if isinstance(found, str) and found else None


def upload(file: Spooled, kind: FileKind, part: str) -> Upload:
    """The file as a part of a form."""
    return Upload(part, file.path, file.name or kind, file.type or "application/octet-stream", file.size)


def traits(file: Spooled, kind: FileKind) -> dict[str, Any]:
    """What goes with a file that is handed over, so that a phone shows it as it is before it has it all."""
    if kind == "file":
        return {"disable_content_type_detection": True}
    told: dict[str, Any] = {}
    source = file.source
    if kind in _PLAYED and _sane(source.seconds):
        told["duration"] = source.seconds
    if kind in ("video", "animation") and _sane(source.width) and _sane(source.height):
        told |= {"width": source.width, "height": source.height}
    if kind == "video":
        told["supports_streaming"] = True
    return told


def _sane(told: int | None) -> bool:
    return isinstance(told, int) and 0 < told < 1 << 31
