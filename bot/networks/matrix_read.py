"""What a kept Matrix event says. Pure.

The hearing side keeps each event as a small JSON object of ours: its ``key``, ``what`` it is, the ``room``,
when it was ``heard`` (milliseconds), whether the room is ``private``, the sender's ``name``, and the ``event`` itself,
already decrypted.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import Any, cast

from bot.networks.port import Heard, HeardKind, RoomTraits
from playbooks.rooms import RoomRef

_POLLS = ("m.poll.start", "org.matrix.msc3381.poll.start")
_WORDS = ("m.text", "m.notice", "m.emote")
_FILES = ("m.image", "m.file", "m.audio", "m.video")
_VARIATION = re.compile("[\ufe0e\ufe0f]")
_GEO = re.compile(r"geo:(-?\d{1,3}(?:\.\d+)?),(-?\d{1,3}(?:\.\d+)?)")

# Event types of a timeline that can say something to us; anything else is not kept.
SPOKEN = ("m.room.message", "m.reaction", "m.sticker", *_POLLS)


def spoken(key: str, room: str, event: dict[str, Any], *, heard: int, private: bool, name: str) -> str:
    """The body to keep for a (decrypted) event that somebody sent into ``room``."""
    kept = {key: event[key] for key in ("event_id", "type", "sender", "origin_server_ts", "content") if key in event}
    return _body(key, "event", room, heard, event=kept, private=private, name=name)


def happened(
    key: str, kind: HeardKind, room: str, event: dict[str, Any], *, heard: int, private: bool, name: str
) -> str:
    """The body to keep for what befell us or the room: ``invited``, ``joined``, ``removed``, ``moved``…"""
    kept = {key: event[key] for key in ("event_id", "sender", "origin_server_ts") if key in event}
    moved_to = (event.get("content") or {}).get("replacement_room") if kind == "moved" else None
    return _body(key, kind, room, heard, event=kept, private=private, name=name, moved_to=moved_to)


def told_traits(key: str, room: str, traits: RoomTraits, *, heard: int) -> str:
    """The body to keep for what is newly known of ``room``."""
    return _body(key, "room", room, heard, traits=asdict(traits), private=traits.private)


def read(body: str) -> Heard | None:
    """What a kept body says; None when it says nothing to us.

    Raises ValueError for a body that cannot be read.
    """
    try:
        item = json.loads(body)
        room = RoomRef("matrix", item["room"])
        heard = datetime.fromtimestamp(item["heard"] / 1000, UTC)
        if item["what"] == "room":
            return Heard(item["key"], "room", room, heard, private=item["private"], traits=RoomTraits(**item["traits"]))
        if item["what"] == "event":
            return _spoken(item, room, heard)
        return _happened(item, room, heard)
    except (KeyError, TypeError, AttributeError, IndexError) as odd:
        raise ValueError(f"not a Matrix event of ours: {type(odd).__name__} {odd}") from None


def whole(text: str) -> str:
    """``text`` with halves of characters, which JSON can carry and nothing else can, replaced."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def plain_emoji(emoji: str) -> str:
    """An emoji without variation selectors, so that all ways of writing it are one."""
    return _VARIATION.sub("", whole(emoji)).strip()


def _happened(item: dict[str, Any], room: RoomRef, heard: datetime) -> Heard:
    kind = cast(HeardKind, item["what"])
    event = item["event"]
    moved = item.get("moved_to")
    return Heard(
        item["key"],
        kind,
        room,
        _said_at(event, heard),
        sender=f"matrix:{event['sender']}" if event.get("sender") else None,
        sender_name=item["name"],
        private=item["private"],
        message_id=event.get("event_id"),
        moved_to=RoomRef("matrix", str(moved)) if moved else None,
    )


def _spoken(item: dict[str, Any], room: RoomRef, heard: datetime) -> Heard | None:
    event = item["event"]
    content = event["content"]
    relation = _object(content.get("m.relates_to"))
    said = Heard(
        item["key"],
        "message",
        room,
        _said_at(event, heard),
        sender=f"matrix:{event['sender']}",
        sender_name=whole(item["name"]),
        private=item["private"],
        message_id=event["event_id"],
    )
    if event["type"] == "m.reaction":
        if relation.get("rel_type") != "m.annotation" or not {"event_id", "key"} <= relation.keys():
            return None
        return replace(
            said, kind="reaction", message_id=str(relation["event_id"]), emoji=plain_emoji(str(relation["key"]))
        )
    if relation.get("rel_type") == "m.replace":
        fresh = content.get("m.new_content")
        if not isinstance(fresh, dict) or "event_id" not in relation:
            return None
        return replace(said, kind="edited", text=_text(event["type"], fresh), message_id=str(relation["event_id"]))
    reply_to = _reply_to(relation)
    text = _text(event["type"], content)
    if reply_to is not None:
        text = _without_quote(text)
    point = _point(content)
    if not text and point is None:
        return None
    return replace(said, text=text, reply_to=reply_to, point=point)


def _object(part: Any) -> dict[str, Any]:
    """Any client may put anything where an object belongs; words beside it are still meant."""
    return part if isinstance(part, dict) else {}


def _text(kind: str, content: dict[str, Any]) -> str:
    if kind in _POLLS:
        return _poll(content)
    body = whole(str(content.get("body") or ""))
    how = content.get("msgtype")
    if how in _WORDS:
        return f"* {body}" if how == "m.emote" else body
    if how in _FILES or kind == "m.sticker":
        name, caption = whole(str(content.get("filename") or "")), body
        return f"📎 {name}\n{caption}" if name and name != caption else f"📎 {body}"
    if how == "m.location":
        return body
    return body


def _poll(content: dict[str, Any]) -> str:
    kinds = ("m.poll.start", "m.poll", "org.matrix.msc3381.poll.start")
    poll = next((found for kind in kinds if (found := _object(content.get(kind)))), {})
    answers = poll.get("answers")
    answers = answers if isinstance(answers, list) else []
    lines = [_words(poll.get("question")), *(f"– {_words(answer)}" for answer in answers)]
    return "\n".join(line for line in lines if line.strip("– "))


def _words(part: Any) -> str:
    # Extensible text comes as a string under one of two names, or as a list of forms of it.
    if not isinstance(part, dict):
        return ""
    text = part.get("m.text") or part.get("org.matrix.msc1767.text") or part.get("body") or ""
    if isinstance(text, list):
        text = text[0].get("body", "") if text and isinstance(text[0], dict) else ""
    return whole(str(text))


def _reply_to(relation: dict[str, Any]) -> str | None:
    answered, thread = _object(relation.get("m.in_reply_to")).get("event_id"), relation.get("event_id")
    if relation.get("rel_type") == "m.thread" and thread and (relation.get("is_falling_back") or not answered):
        # In a thread the reply is made up for clients without threads; what is meant is the thread.
        return str(thread)
    return str(answered) if answered else None


def _without_quote(text: str) -> str:
    if not text.startswith("> <") and not text.startswith("> * <"):
        return text
    lines = text.split("\n")
    while lines and lines[0].startswith(">"):
        lines.pop(0)
    if lines and not lines[0].strip():
        lines.pop(0)
    return "\n".join(lines)


def _point(content: dict[str, Any]) -> tuple[int, int] | None:
    if content.get("msgtype") != "m.location":
        return None
    found = _GEO.match(str(content.get("geo_uri") or ""))
    if found is None:
        return None
    latitude, longitude = round(float(found[1]) * 1_000_000), round(float(found[2]) * 1_000_000)
    inside = abs(latitude) <= 90_000_000 and abs(longitude) <= 180_000_000
    return (latitude, longitude) if inside else None


def _said_at(event: dict[str, Any], heard: datetime) -> datetime:
    # The time is the sender's server's word; one that no calendar has is not believed.
    try:
        return datetime.fromtimestamp(event["origin_server_ts"] / 1000, UTC)
    except (KeyError, TypeError, ValueError, OverflowError, OSError):
        return heard


def _body(key: str, what: str, room: str, heard: int, **more: Any) -> str:
    return json.dumps({"key": key, "what": what, "room": room, "heard": heard, **more})
