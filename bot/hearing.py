"""From what a network heard to what is decided about it: a person's request, or something that happened to a room.

Which message of ours somebody answers is looked up by the caller; edits and redactions decide nothing, so that
nothing is decided twice.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Literal, assert_never

from bot.networks.port import Heard
from bot.outgoing import meaning
from handlers.events import RoomEvent
from handlers.world import Request, Via
from storage.facts import RoomObserved
from storage.store import Mentioned


def answered(heard: Heard) -> str | None:
    """The network's id of the message that this answers, if any."""
    return heard.message_id if heard.kind in ("button", "reaction") else heard.reply_to


def understood(heard: Heard, about: Mentioned | None, now: datetime, seed: bytes) -> Request | RoomEvent | None:
    """What is to be decided; None where there is nothing. ``about`` is the message of ours that ``answered`` named."""
    match heard.kind:
        case "message":
            written = heard.text.lstrip().startswith(("/", "!"))
            return _request(
                heard, about, now, seed, heard.text, "reply" if about is not None and not written else "command"
            )
        case "button":
            return _request(heard, about, now, seed, heard.text, "button")
        case "reaction":
            command = meaning(about.payload, heard.emoji or "") if about is not None else None
            if about is None or command is None:
                return None
            # Telegram does not say in which topic a reaction was given; our message does.
            return _request(replace(heard, room=about.to), about, now, seed, command, "reaction")
        case "edited":
            return None
        case "room":
            return None if heard.traits is None else _room(heard, "observed")
        case "moved":
            return None if heard.moved_to is None else _room(heard, "moved")
        case "invited" | "joined" | "removed" | "unreadable":
            return _room(heard, heard.kind)
        case _:
            assert_never(heard.kind)


def _request(heard: Heard, about: Mentioned | None, now: datetime, seed: bytes, text: str, via: Via) -> Request:
    return Request(
        now,
        seed,
        heard.room,
        heard.private,
        heard.sender,
        heard.sender_name,
        text,
        via,
        heard.message_id,
        heard.sender_language,
        about,
        heard.point,
    )


def _room(heard: Heard, kind: Literal["invited", "joined", "removed", "moved", "observed", "unreadable"]) -> RoomEvent:
    traits = heard.traits
    observed = None
    if traits is not None:
        observed = RoomObserved(
            heard.room.chat, traits.encrypted, traits.tampered, traits.world_readable, traits.open_join, traits.public,
            traits.private, traits.title,
        )  # fmt: skip
    return RoomEvent(
        kind,
        heard.room,
        heard.sender,
        heard.private or (traits is not None and traits.private),
        heard.moved_to,
        observed,
        heard.text,
        traits.alias if traits is not None else None,
    )
