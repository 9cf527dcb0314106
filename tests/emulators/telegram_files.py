"""Files and polls as the emulated Telegram keeps them, and the objects by which its API speaks of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from tests.emulators.bot_api import bad

Kind = Literal["photo", "video", "animation", "audio", "voice", "video_note", "document", "sticker"]

_FOLDERS = {"photo": "photos", "video": "videos", "animation": "animations", "audio": "music", "voice": "voice"}
_FOLDERS |= {"video_note": "video_notes", "sticker": "stickers"}
_ENDINGS = {"image/jpeg": "jpg", "image/webp": "webp", "video/webm": "webm", "application/x-tgsticker": "tgs"}
_ENDINGS |= {"video/mp4": "mp4", "audio/mpeg": "mp3", "audio/ogg": "oga"}
TYPES: dict[Kind, str] = {
    "photo": "image/jpeg",
    "video": "video/mp4",
    "animation": "video/mp4",
    "audio": "audio/mpeg",
    "voice": "audio/ogg",
    "video_note": "video/mp4",
    "document": "application/octet-stream",
    "sticker": "image/webp",
}
CAPTIONED = frozenset({"photo", "video", "animation", "audio", "voice", "document"})
POLL_OPTIONS = 12


@dataclass(frozen=True, slots=True)
class Stored:
    """A file on the server. ``id`` is its ``file_id``, ``unique`` its ``file_unique_id``; ``seconds``: how long it plays."""

    id: str
    unique: str
    kind: Kind
    data: bytes
    name: str = ""
    type: str = ""
    width: int = 0
    height: int = 0
    seconds: int = 0
    emoji: str = ""  # of a sticker
    still: dict[str, Any] | None = None  # the picture that stands for it, as the API shows it

    @property
    def path(self) -> str:
        """The ``file_path`` that getFile tells: what comes behind ``/file/bot<token>/``."""
        ending = self.name.rpartition(".")[2] if "." in self.name else _ENDINGS.get(self.type, "bin")
        return f"{_FOLDERS.get(self.kind, 'documents')}/file_{self.unique}.{ending if ending.isascii() else 'bin'}"

    def told(self) -> dict[str, Any]:
        """The File object of the API, as getFile returns it."""
        return {**self._basic(), "file_path": self.path}

    def shown(self) -> dict[str, Any]:
        """The fields of Message in which the API shows this file."""
        match self.kind:
            case "photo":
                size = {"width": self.width, "height": self.height}
                small = {"file_id": f"{self.id}-s", "file_unique_id": f"{self.unique}s", "file_size": 400}
                return {"photo": [{**small, "width": 90, "height": 51}, {**self._basic(), **size}]}
            case "sticker":
                kinds = {"is_animated": self.type == "application/x-tgsticker", "is_video": self.type == "video/webm"}
                look = {"type": "regular", "width": self.width, "height": self.height, **kinds}
                look |= {"thumbnail": self.still} if self.still is not None else {}
                return {"sticker": {**self._basic(), **look, **({"emoji": self.emoji} if self.emoji else {})}}
            case "document":
                return {"document": {**self._basic(), **self._named()}}
            case "voice":
                return {"voice": {**self._basic(), "duration": self.seconds, "mime_type": self.type}}
            case "audio":
                return {"audio": {**self._basic(), **self._named(), "duration": self.seconds}}
            case "video_note":
                return {"video_note": {**self._basic(), "length": self.width, "duration": self.seconds}}
            case "video" | "animation":
                size = {"width": self.width, "height": self.height, "duration": self.seconds}
                film = {**self._basic(), **self._named(), **size}
                if self.kind == "video":
                    return {"video": film}
                # As the real server: "for backward compatibility, the document field will also be set".
                return {"animation": film, "document": {**self._basic(), **self._named()}}

    def _basic(self) -> dict[str, Any]:
        return {"file_id": self.id, "file_unique_id": self.unique, "file_size": len(self.data)}

    def _named(self) -> dict[str, Any]:
        named = {"file_name": self.name, "mime_type": self.type}
        return {key: value for key, value in named.items() if value}


@dataclass(slots=True)
class Ballot:
    """A poll on the server. ``chosen``: by user id the numbers of the options. ``ours``: the bot made it."""

    id: str
    question: str
    options: tuple[str, ...]
    several: bool = False
    anonymous: bool = True
    closed: bool = False
    ours: bool = False
    entities: list[dict[str, Any]] = field(default_factory=list)
    chosen: dict[int, tuple[int, ...]] = field(default_factory=dict)

    @property
    def tally(self) -> tuple[int, ...]:
        """The votes for each option."""
        return tuple(sum(number in chosen for chosen in self.chosen.values()) for number in range(len(self.options)))

    def vote(self, user: int, numbers: tuple[int, ...]) -> None:
        """A person chooses; nothing takes the vote back. Raises Refusal."""
        if self.closed:
            raise bad("MESSAGE_POLL_CLOSED")
        if len(numbers) > 1 and not self.several:
            raise bad("OPTIONS_TOO_MUCH")
        if any(not 0 <= number < len(self.options) for number in numbers):
            raise bad("OPTION_INVALID")
        if numbers:
            self.chosen[user] = numbers
        else:
            self.chosen.pop(user, None)

    def shown(self) -> dict[str, Any]:
        """The Poll object of the API."""
        options = [
            {"persistent_id": str(number), "text": text, "voter_count": count}
            for number, (text, count) in enumerate(zip(self.options, self.tally, strict=True))
        ]
        return {
            "id": self.id,
            "question": self.question,
            **({"question_entities": self.entities} if self.entities else {}),
            "options": options,
            "total_voter_count": len(self.chosen),
            "is_closed": self.closed,
            "is_anonymous": self.anonymous,
            "type": "regular",
            "allows_multiple_answers": self.several,
            "allows_revoting": True,
            "members_only": False,
        }
