"""What a Telegram update says. Pure: from the JSON that was kept to a ``Heard``, or None when it is nothing to us.

Field names are the Bot API's. Topics are named only where the chat is a forum and the topic is not the General one,
because in other supergroups ``message_thread_id`` is the root of a chain of replies.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from bot.networks import telegram_said
from bot.networks.port import Heard, HeardKind, RoomTraits
from bot.networks.telegram_rights import inside
from playbooks.rooms import RoomRef

ALLOWED_UPDATES = (
    "message",
    "edited_message",
    "callback_query",
    "message_reaction",
    "poll",
    "my_chat_member",
)
GENERAL_TOPIC = 1
RECEIVED = "_received"  # our own field: when we heard it, for the kinds in which Telegram says no time
_TIMELESS = ("callback_query", "poll")
_NOWHERE = RoomRef("telegram", "0")  # a poll is told of without its chat
_SILENT = {"id": 0}


def keep_form(update: Mapping[str, Any], received: datetime) -> tuple[str, str]:
    """A raw update as (key, body) for the inbox. Raises ValueError when it has no id."""
    update_id = update.get("update_id")
    if not isinstance(update_id, int):
        raise ValueError("an update without an id")
    key = _key(update_id, update)
    noted = {**update, RECEIVED: int(received.timestamp())} if any(kind in update for kind in _TIMELESS) else update
    return key, json.dumps(noted, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def query(update: Mapping[str, Any]) -> str | None:
    """The id of the callback query that a raw update holds, for the answer that stops the phone's spinner."""
    found = update.get("callback_query")
    return str(found["id"]) if isinstance(found, Mapping) and "id" in found else None


def bot_id(token: str) -> int | None:
    """Whose token this is: the bot's own user id stands in front."""
    number = token.partition(":")[0]
    return int(number) if number.isascii() and number.isdecimal() else None


def read(body: str, us: int | None = None) -> Heard | None:
    """What a kept update says; ``us`` is the bot's own user id. Raises ValueError when it cannot be read."""
    try:
        update = json.loads(body)
        received = update.pop(RECEIVED, None)
        key = _key(update["update_id"], update)
        match next((kind for kind in ALLOWED_UPDATES if kind in update), None):
            case "message":
                return _message(key, "message", update["message"], us)
            case "edited_message":
                return _message(key, "edited", update["edited_message"], us)
            case "callback_query":
                return _button(key, update["callback_query"], received)
            case "message_reaction":
                return _reaction(key, update["message_reaction"])
            case "poll":
                return _tally(key, update["poll"], received)
            case "my_chat_member":
                return _membership(key, update["my_chat_member"])
            case _:
                return None
    except (KeyError, TypeError, AttributeError, OverflowError, OSError, RecursionError) as error:
        raise ValueError(f"a Telegram update that cannot be read ({type(error).__name__}: {error})") from error


def _key(update_id: int, update: Mapping[str, Any]) -> str:
    """Ids may start anew after a quiet week, so what was said is part of the key."""
    canonical = json.dumps(update, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return f"{update_id}:{hashlib.sha256(canonical.encode('utf-8', 'surrogatepass')).hexdigest()[:16]}"


def _message(key: str, kind: HeardKind, message: Mapping[str, Any], us: int | None) -> Heard | None:
    chat = message["chat"]
    said_at = _time(message.get("edit_date", message["date"]))
    if "migrate_to_chat_id" in message:
        there = RoomRef("telegram", str(int(message["migrate_to_chat_id"])))
        return Heard(key, "moved", _room(chat), said_at, moved_to=there, traits=_traits(chat))
    if "new_chat_title" in message:
        return Heard(key, "room", _room(chat), said_at, traits=_traits(chat))
    text, spoken = telegram_said.said(message)
    if spoken.empty:
        return None
    sender, name, language, automatic = _sender(message)
    return Heard(
        key,
        kind,
        _room(chat, message),
        said_at,
        sender=sender,
        sender_name=name,
        sender_language=language,
        private=chat["type"] == "private",
        text=text,
        message_id=str(message["message_id"]),
        reply_to=_reply(message),
        quoted=_quoted(message),
        showed=_showed(message),
        point=spoken.point,
        traits=_traits(chat),
        spoken=spoken,
        forwarded=_forwarded(message, us),
        automatic=automatic,
    )


def _forwarded(message: Mapping[str, Any], us: int | None) -> str | None:
    """Whose words these are where they are not the sender's own; chats, and people who hide it, cannot be known."""
    origin = message.get("forward_origin")
    if origin is None:
        return "" if message.get("is_automatic_forward") else None
    if origin.get("type") != "user":
        return ""
    who = origin["sender_user"]
    return "us" if us is not None and who["id"] == us else _identity(who)


def _button(key: str, query: Mapping[str, Any], received: int | None) -> Heard | None:
    message = query.get("message")
    if message is None or "data" not in query:
        return None
    chat = message["chat"]
    return Heard(
        key,
        "button",
        _room(chat, message),
        _time(message["date"] if received is None else received),
        sender=_identity(query["from"]),
        sender_name=_name(query["from"]),
        sender_language=query["from"].get("language_code"),
        private=chat["type"] == "private",
        text=str(query["data"]),
        message_id=str(message["message_id"]),
        traits=_traits(chat),
    )


def _reaction(key: str, reaction: Mapping[str, Any]) -> Heard | None:
    """The first emoji put and the first taken away. Telegram does not say in which topic the message is."""
    before, now = _emoji(reaction["old_reaction"]), _emoji(reaction["new_reaction"])
    put = next((one for one in now if one not in before), None)
    gone = next((one for one in before if one not in now), None)
    chat, user = reaction["chat"], reaction.get("user")
    if (put is None and gone is None) or (user is not None and user.get("is_bot")):
        return None
    return Heard(
        key,
        "reaction",
        _room(chat),
        _time(reaction["date"]),
        sender=_identity(user) if user else None,
        sender_name=_name(user) if user else str(reaction.get("actor_chat", {}).get("title", "")),
        sender_language=user.get("language_code") if user else None,
        private=chat["type"] == "private",
        message_id=str(reaction["message_id"]),
        emoji=put,
        gone=gone,
        traits=_traits(chat),
    )


def _emoji(reactions: list[Mapping[str, Any]]) -> list[str]:
    """Custom emoji and paid stars are pictures of Telegram's own."""
    return [str(one["emoji"]) for one in reactions if one["type"] == "emoji"]


def _tally(key: str, poll: Mapping[str, Any], received: int | None) -> Heard | None:
    """How a poll of ours stands, or that one has ended: also of people's own polls that is told, with how it stands then, once they are stopped.

    Only its id is told, neither chat nor time.
    """
    if not poll.get("options"):
        return None
    votes = tuple(int(option["voter_count"]) for option in poll["options"])
    kind: HeardKind = "ended" if poll.get("is_closed") is True else "tallied"
    return Heard(key, kind, _NOWHERE, _time(received or 0), handle=str(poll["id"]), tally=votes)


def _membership(key: str, change: Mapping[str, Any]) -> Heard:
    chat, who = change["chat"], change["from"]
    was, now = inside(change["old_chat_member"]), inside(change["new_chat_member"])
    kind: HeardKind = "room" if was == now else "joined" if now else "removed"
    return Heard(
        key,
        kind,
        _room(chat),
        _time(change["date"]),
        sender=None if who.get("is_bot") else _identity(who),
        sender_name=_name(who),
        sender_language=who.get("language_code"),
        private=chat["type"] == "private",
        traits=_traits(chat),
    )


def _sender(message: Mapping[str, Any]) -> tuple[str | None, str, str | None, bool]:
    """Identity, name, language, and whether a program said it. Who writes as a chat has no identity.

    What somebody picked with the help of a bot (``via_bot``: a picture, a place) they said themselves.
    """
    who = message.get("from", _SILENT)
    if "sender_chat" in message:
        posted_as = message["sender_chat"]
        return None, str(message.get("author_signature") or posted_as.get("title", "")), None, False
    if who is _SILENT:
        return None, "", None, False
    return _identity(who), _name(who), who.get("language_code"), bool(who.get("is_bot"))


def _identity(user: Mapping[str, Any]) -> str:
    return f"telegram:{int(user['id'])}"


def _name(user: Mapping[str, Any]) -> str:
    return " ".join(str(user[part]) for part in ("first_name", "last_name") if user.get(part))


def _room(chat: Mapping[str, Any], message: Mapping[str, Any] | None = None) -> RoomRef:
    topic = None
    if message is not None and message.get("is_topic_message"):
        thread = message.get("message_thread_id")
        topic = None if thread in (None, GENERAL_TOPIC) else str(thread)
    return RoomRef("telegram", str(int(chat["id"])), topic)


def _reply(message: Mapping[str, Any]) -> str | None:
    replied = message.get("reply_to_message")
    if replied is None:
        return None
    made_the_topic = "forum_topic_created" in replied or (
        message.get("is_topic_message") and replied["message_id"] == message.get("message_thread_id")
    )
    return None if made_the_topic else str(replied["message_id"])


def _quoted(message: Mapping[str, Any]) -> tuple[str, int] | None:
    quote = message.get("quote")
    return (str(quote["text"]), int(quote["position"])) if quote else None


def _showed(message: Mapping[str, Any]) -> str:
    replied = message.get("reply_to_message") or _SILENT
    return str(replied.get("text") or replied.get("caption") or "")


def _traits(chat: Mapping[str, Any]) -> RoomTraits:
    private = chat["type"] == "private"
    username = chat.get("username")
    shown = None if private or not username else f"@{username}"
    return RoomTraits(public=shown is not None, private=private, title=str(chat.get("title", "")), alias=shown)


def _time(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
