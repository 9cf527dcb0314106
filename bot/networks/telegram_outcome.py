"""From a failure of the Bot API to an honest ``Outcome``. Pure.

This table is the heart of delivery on Telegram, which has no idempotency key: only what was plainly refused, and what never had a connection, may be
sent again. Removals and reactions are the exception: asked for twice, they are there once.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

from telegram.error import (
    BadRequest,
    ChatMigrated,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
)

from bot.networks.port import Delayed, Moved, Outcome, Outgoing, Refused, Sent, Unknown
from bot.networks.telegram_http import NotConnectedError, UnreadableError, UnwrittenError
from playbooks.rooms import RoomRef

RECONNECT_SECONDS = 2.0
REJECTED_SECONDS = 60.0
UNANSWERED_SECONDS = 10.0  # for what may be asked again
UNREAD_SECONDS = 30.0  # for a file of ours that cannot be read now
THROTTLED_SECONDS = 5.0  # for a 429 that does not say how long

_TOO_LARGE = re.compile(r"too large|too big|\(413\)")
_GONE = re.compile(r"message to (?:react|delete|edit|be edited) not found|message_id_invalid")
_ENDED = re.compile(
    r"poll has already been closed|message with poll to stop not found"
)  # the second: in words, or gone
_PLAIN = [
    (re.compile(pattern), plain)
    for pattern, plain in (
        (r"topic_closed", "the topic is closed; open it again, or let the bot manage topics"),
        (r"thread not found|topic_deleted|topic_id_invalid", "the topic is not there any more (thread not found)"),
        (r"chat_send_(\w+?)_forbidden", r"the group does not let the bot send \1"),
        (r"not enough rights to send ([\w ]+?) to the chat", r"the group does not let the bot send \1"),
        (
            r"chat_write_forbidden|need administrator rights|have no rights to send",
            "the bot may not write in this group",
        ),
        (r"voice_messages_forbidden", "this person takes no voice messages"),
        (_GONE.pattern, "the message is not there any more"),
        (
            r"message can't be edited",
            "Telegram does not let this message be changed any more (message can't be edited)",
        ),
        (r"no media in the message", "Telegram lets nobody put another file into such a message"),
        (r"album", "Telegram does not take such a file into the album in which it would stand"),
        (r"reaction_invalid|reactions_too_many", "the group does not take this reaction"),
        (r"caption is too long", "the words are too long to stand under a file"),
    )
]


def no_such_place(words: str) -> bool:
    """Whether an error says that a topic is gone or closed."""
    return any(pattern.search(words.lower()) for pattern, plain in _PLAIN if plain.startswith("the topic is "))


def outcome(error: TelegramError, out: Outgoing, words: str) -> Outcome:
    """What an error means for the message. ``words`` are the error's own, without secrets."""
    if out.kind in ("delete", "react", "end"):
        return _of_repeatable(error, out, words)
    return _of_message(error, out, words)


def _of_message(error: TelegramError, out: Outgoing, words: str) -> Outcome:
    """Order matters: to the library a BadRequest is a NetworkError."""
    said = words.lower()
    match error:
        case NotConnectedError():
            return Delayed(RECONNECT_SECONDS, words, everywhere=True)
        case UnwrittenError():
            return Delayed(UNREAD_SECONDS, words)
        case RetryAfter():
            wait = error.retry_after  # the library is changing its type
            seconds = wait.total_seconds() if isinstance(wait, timedelta) else float(wait)
            return Delayed(seconds, f"Telegram asks us to wait {seconds:.0f} s")
        case ChatMigrated():
            return Moved(RoomRef(out.room.network, str(error.new_chat_id), out.room.topic))
        case BadRequest() | Forbidden() | InvalidToken() if isinstance(error.__cause__, UnreadableError):
            return Unknown(words)  # the body was not Telegram's: some proxy answered
        case InvalidToken():
            return Delayed(REJECTED_SECONDS, "Telegram refuses the token", everywhere=True)
        case Forbidden():
            return Refused(
                _plainly(words), gone="rights" not in said and "forbidden" not in said.removeprefix("forbidden")
            )
        case BadRequest() if out.replaces is not None and "message is not modified" in said:
            return Sent(out.replaces)
        case BadRequest():
            return Refused(_plainly(words), gone="chat not found" in said)
        case NetworkError() if words.startswith("Too Many Requests"):
            return Delayed(THROTTLED_SECONDS, words)
        case NetworkError() if out.files and _TOO_LARGE.search(said):
            return Refused(_plainly(words))  # whoever says so has not taken it
        case _:
            return Unknown(words)


def _of_repeatable(error: TelegramError, out: Outgoing, words: str) -> Outcome:
    """What an error means for a removal, the end of a poll or a reaction, which may be asked for as often as one likes: what is gone is gone."""
    match error:
        case ChatMigrated():
            return Refused("the group has become another, in which the message has another name")
        case BadRequest() if out.emoji is None and _GONE.search(words.lower()):
            return Sent(out.replaces or "")
        case BadRequest() if out.kind == "end" and _ENDED.search(words.lower()):
            return Sent(out.replaces or "")
    of_message = _of_message(error, replace(out, kind="message", replaces=None), words)
    if isinstance(of_message, Unknown):
        return Delayed(UNANSWERED_SECONDS, words)
    return of_message


def _plainly(words: str) -> str:
    """A refusal in words that say what is the matter; Telegram's own where nothing better is known."""
    said = words.lower()
    for pattern, plain in _PLAIN:
        if found := pattern.search(said):
            return found.expand(plain).replace("_", " ")
    return f"too large for Telegram ({words})" if _TOO_LARGE.search(said) else words
