"""What somebody says in a room, apart from who says it and where: words, a file, a place, a poll, a contact.

Plain frozen values, which every floor may hold. Words are restricted HTML: see ``restricted``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from html import escape
from typing import Any, Literal

from playbooks.rooms import Network

FileKind = Literal["photo", "video", "animation", "audio", "voice", "sticker", "file"]


@dataclass(frozen=True, slots=True)
class File:
    """A file as its network offers it.

    ``where`` is what that network needs to fetch it (JSON; it may hold keys, and goes into no log). ``type`` (MIME), ``size``
    (bytes) and the rest are the sender's word: see ``bot.spool`` for what is found. ``seconds``: how long it plays, and ``millis``
    where that is told more exactly. ``waveform``: how loud it is all along, each part from 0 to 1024. ``album``: files that were sent together share it.
    """

    network: Network
    where: str
    kind: FileKind = "file"
    name: str = ""
    type: str = ""
    size: int | None = None
    width: int | None = None
    height: int | None = None
    seconds: int | None = None
    album: str | None = None
    millis: int | None = None
    waveform: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Poll:
    """A question with options to choose from. ``several``: more than one may be chosen. ``handle``: a second name under which its network speaks of it."""

    question: str
    options: tuple[str, ...]
    several: bool = False
    handle: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Contact:
    """Somebody's name and number, sent as a card."""

    name: str
    phone: str


@dataclass(frozen=True, slots=True)
class Spoken:
    """What was said. ``html`` is restricted HTML, of a file its caption. ``point``: (latitude, longitude) in microdegrees, until
    ``live_until`` a place that moves.
    """

    html: str = ""
    file: File | None = None
    point: tuple[int, int] | None = None
    live_until: datetime | None = None
    poll: Poll | None = None
    contact: Contact | None = None

    @property
    def empty(self) -> bool:
        """Whether there is nothing in it."""
        return self == Spoken()


@dataclass(frozen=True, slots=True)
class Version:
    """What something said since ``at``, by its network's clock."""

    at: datetime
    spoken: Spoken


def card(contact: Contact) -> str:
    """A contact as a line of restricted HTML."""
    return f"👤 {escape(contact.name, quote=False)} ☎ {escape(contact.phone, quote=False)}"


def written(spoken: Spoken) -> str:
    """As JSON."""
    parts = {name: value for name, value in asdict(spoken).items() if value not in (None, "")}
    if spoken.live_until is not None:
        parts["live_until"] = int(spoken.live_until.timestamp())
    return json.dumps(parts, ensure_ascii=False, separators=(",", ":"))


def read(text: str) -> Spoken:
    """Read what ``written`` wrote. Raises ValueError for anything else."""
    try:
        parts: Mapping[str, Any] = json.loads(text)
        point, until = parts.get("point"), parts.get("live_until")
        return Spoken(
            str(parts.get("html", "")),
            file_of(parts["file"]) if "file" in parts else None,
            (int(point[0]), int(point[1])) if point else None,
            datetime.fromtimestamp(until, UTC) if until is not None else None,
            poll_of(parts["poll"]) if "poll" in parts else None,
            Contact(**parts["contact"]) if "contact" in parts else None,
        )
    except (KeyError, TypeError, AttributeError, IndexError) as odd:
        raise ValueError(f"not something that was said: {type(odd).__name__} {odd}") from None


def file_of(parts: Mapping[str, Any]) -> File:
    """A file from what ``asdict`` made of it."""
    return File(**{**parts, "waveform": tuple(map(int, parts.get("waveform", ())))})


def poll_of(parts: Mapping[str, Any]) -> Poll:
    """A poll from what ``asdict`` made of it."""
    options = tuple(map(str, parts["options"]))
    return Poll(str(parts["question"]), options, bool(parts.get("several")), str(parts.get("handle") or ""))
