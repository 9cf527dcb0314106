"""From an ``Outgoing`` to a request of the Bot API, and from its failure to an honest ``Outcome``. Pure.

The table of failures is the heart of delivery on Telegram, which has no idempotency key: only what was plainly
refused, and what never had a connection, may be sent again.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from telegram.error import (
    BadRequest,
    ChatMigrated,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
)

from bot.networks import markup
from bot.networks.port import Delayed, Moved, Outcome, Outgoing, Refused, Sent, Unknown
from bot.networks.telegram_http import NotConnectedError, UnreadableError
from bot.networks.telegram_read import GENERAL_TOPIC
from playbooks.rooms import RoomRef

RECONNECT_SECONDS = 2.0
REJECTED_SECONDS = 60.0
UNANSWERED_SECONDS = 10.0  # for what may be asked again
THROTTLED_SECONDS = 5.0  # for a 429 that does not say how long


def request(out: Outgoing) -> tuple[str | None, dict[str, Any]]:
    """The method and its parameters; no method for what Telegram cannot do. Raises ValueError for a foreign address."""
    asked: dict[str, Any] = {"chat_id": int(out.room.id)}
    if out.kind == "join":
        return None, asked
    if out.kind == "leave":
        return "leaveChat", asked
    if out.kind == "delete":
        return "deleteMessage", asked | {"message_id": int(out.replaces or "")}
    asked |= _content(out)
    if out.replaces is not None:
        return "editMessageText", asked | {"message_id": int(out.replaces)}
    if out.room.topic is not None and int(out.room.topic) != GENERAL_TOPIC:
        asked["message_thread_id"] = int(out.room.topic)
    if not out.loud:
        asked["disable_notification"] = True
    if out.reply_to is not None:
        asked["reply_parameters"] = {"message_id": int(out.reply_to), "allow_sending_without_reply": True}
    return "sendMessage", asked


def _content(out: Outgoing) -> dict[str, Any]:
    content: dict[str, Any] = {
        "text": out.html or markup.escape(out.text),
        "parse_mode": "HTML",
        "link_preview_options": {"is_disabled": True},
    }
    if out.buttons:
        rows = [[{"text": one.label, "callback_data": one.command} for one in row] for row in out.buttons]
        content["reply_markup"] = {"inline_keyboard": rows}
    return content


def outcome(error: TelegramError, out: Outgoing, words: str) -> Outcome:
    """What an error means for the message. Order matters: to the library a BadRequest is a NetworkError."""
    if out.kind == "delete":
        return _of_removal(error, out, words)
    match error:
        case NotConnectedError():
            return Delayed(RECONNECT_SECONDS, words, everywhere=True)
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
            return Refused(words, gone="rights" not in words)
        case BadRequest() if out.replaces is not None and "message is not modified" in words.lower():
            return Sent(out.replaces)
        case BadRequest():
            return Refused(words, gone="chat not found" in words.lower())
        case NetworkError() if words.startswith("Too Many Requests"):
            return Delayed(THROTTLED_SECONDS, words)
        case _:
            return Unknown(words)


def _of_removal(error: TelegramError, out: Outgoing, words: str) -> Outcome:
    """What an error means for a removal, which may be asked for as often as one likes: what is gone is gone."""
    said = words.lower()
    match error:
        case ChatMigrated():
            return Refused("the group has become another, in which the message has another name")
        case BadRequest() if "message to delete not found" in said:
            return Sent(out.replaces or "")
    outcome_of_message = outcome(error, replace(out, kind="message", replaces=None), words)
    if isinstance(outcome_of_message, Unknown):
        return Delayed(UNANSWERED_SECONDS, words)
    return outcome_of_message
