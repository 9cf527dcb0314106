"""From what a network heard to what is decided about it: a person's request, or something that happened to a room.

Which message of ours somebody answers is looked up by the caller. An edit of a command decides nothing, so that nothing is decided twice; what
befalls what was said in a channel is an event of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Literal, assert_never

from bot.networks.port import Heard, HeardKind
from bot.outgoing import meaning
from handlers.events import Befalls, RoomEvent, Talk
from handlers.world import Request, Via
from storage.facts import RoomObserved
from storage.store import Mentioned, OutboxRow, ReactionKept, Utterance


def answered(heard: Heard) -> str | None:
    """The network's id of the message that this answers, if any. What is said in a thread answers what began it."""
    return heard.message_id if heard.kind in ("button", "reaction") else heard.reply_to or heard.thread


def understood(
    heard: Heard,
    about: Mentioned | None,
    now: datetime,
    seed: bytes,
    answers: Utterance | None = None,
    thread: Utterance | None = None,
) -> Request | RoomEvent | None:
    """What is to be decided; None where there is nothing, or it concerns what was said in a channel (``talk``).

    ``about`` is the message of ours that ``answered`` named; ``answers`` and ``thread`` what was said in channels under those names.
    """
    match heard.kind:
        case "message":
            if heard.automatic and heard.private:
                return None
            asks = heard.spoken is not None and heard.spoken.poll is not None
            text = "" if asks else heard.text  # what a poll asks is no command, however it begins
            written = text.lstrip().startswith(("/", "!"))
            via: Via = "reply" if about is not None and not written else "command"
            return replace(
                _request(heard, about, now, seed, text, via),
                spoken=heard.spoken,
                at=heard.said_at,
                replies=heard.reply_to is not None,
                answers=answers,
                thread=thread,
                forwarded=heard.forwarded,
                automatic=heard.automatic,
                as_notice=heard.as_notice,
                versions=heard.versions,
            )
        case "button":
            return _request(heard, about, now, seed, heard.text, "button")
        case "reaction":
            command = meaning(about.payload, heard.emoji or "") if about is not None and heard.emoji else None
            if about is None or command is None:
                return None
            # Telegram does not say in which topic a reaction was given; our message does.
            return _request(replace(heard, room=about.to), about, now, seed, command, "reaction")
        case "edited" | "deleted" | "voted" | "tallied" | "ended" | "posted":
            return None
        case "room":
            return None if heard.traits is None else _room(heard, "observed")
        case "moved":
            return None if heard.moved_to is None else _room(heard, "moved")
        case "invited" | "joined" | "removed" | "unreadable":
            return _room(heard, heard.kind)
        case _:
            assert_never(heard.kind)


def shown_by(heard: Heard, known: RoomObserved | None) -> RoomEvent | None:
    """What anything that happens in a room shows of it, where that is news: nothing else tells that a Telegram group got a public name."""
    traits = heard.traits
    if traits is None or heard.kind in ("room", "moved") or traits.public == (known is not None and known.public):
        return None
    return _room(replace(heard, room=heard.room.chat, sender=None, private=False, text="", message_id=None), "observed")


_BEFALLS: Mapping[HeardKind, Befalls] = {
    "edited": "edited",
    "deleted": "deleted",
    "reaction": "reacted",
    "voted": "voted",
    "tallied": "tallied",
    "ended": "ended",
}


TALK = frozenset(_BEFALLS)
"""What networks tell that may befall what was said in a channel."""


def talk(heard: Heard, said: Utterance, copies: Sequence[OutboxRow], taken_back: ReactionKept | None) -> Talk:
    """What befell something that was said in a channel. ``taken_back``: the reaction that this deletes."""
    kind = _BEFALLS[heard.kind]
    gone = heard.gone
    if taken_back is not None:
        kind, gone = "reacted", taken_back.emoji
    return Talk(
        kind, said, tuple(copies), heard.room, heard.said_at, heard.key, heard.sender, heard.sender_name,
        heard.message_id, heard.spoken, heard.emoji, gone, taken_back.who if taken_back is not None else None, options=heard.options, tally=heard.tally,
        overtaken=heard.overtaken,
    )  # fmt: skip


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
        heard.message_id,
    )
