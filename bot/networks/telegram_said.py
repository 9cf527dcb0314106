"""What is in a Telegram message: its words, its file, its place, its poll. Pure.

Field names are the Bot API's. Whatever a person can send has a rendering; what only Telegram itself reports (joined, pinned, topic made …) has
none, and neither have things of which we are told no words.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.networks.telegram_entities import marked_up
from bot.networks.telegram_rich import rich
from playbooks.phrasing import legible, one_line
from playbooks.restricted import plain
from playbooks.spoken import Contact, File, FileKind, Poll, Spoken

_FILES: dict[
    str, tuple[FileKind, str]
] = {  # in the order in which they are looked for: an animation is also a document
    "live_photo": ("photo", "image/jpeg"),
    "photo": ("photo", "image/jpeg"),
    "animation": ("animation", "video/mp4"),
    "sticker": ("sticker", ""),
    "video": ("video", "video/mp4"),
    "video_note": ("video", "video/mp4"),
    "voice": ("voice", "audio/ogg"),
    "audio": ("audio", "audio/mpeg"),
    "document": ("file", ""),
}
_STICKERS = {"image/webp": "webp", "video/webm": "webm", "application/x-tgsticker": "tgs"}


def said(message: Mapping[str, Any]) -> tuple[str, Spoken]:
    """What somebody typed, as plain words, and all that the message says. ``Spoken.empty``: nothing.

    Raises KeyError, TypeError, AttributeError, ValueError or OverflowError for what is no Message of the Bot API.
    """
    lines = [line for line in _rendered(message) if line]
    typed = "text" if "text" in message else "caption"
    words = legible(str(message.get(typed, "")))
    html = marked_up(str(message.get(typed, "")), message.get("entities" if typed == "text" else "caption_entities"))
    if "rich_message" in message:
        html = rich(message["rich_message"])
        words = plain(html)
    point = place(message)
    return words, Spoken(
        html="\n".join([*lines, html] if html else lines),
        file=_file(message),
        point=point,
        live_until=_live_until(message) if point is not None else None,
        poll=_poll(message["poll"]) if "poll" in message else None,
        contact=_contact(message["contact"]) if "contact" in message else None,
    )


def place(message: Mapping[str, Any]) -> tuple[int, int] | None:
    """(latitude, longitude) in microdegrees. Raises ValueError for a place that is not on Earth."""
    found = message.get("location") or message.get("venue", {}).get("location")
    if not found:
        return None
    latitude, longitude = round(found["latitude"] * 1_000_000), round(found["longitude"] * 1_000_000)
    if abs(latitude) > 90_000_000 or abs(longitude) > 180_000_000:
        raise ValueError("a place that is not on Earth")
    return latitude, longitude


def _live_until(message: Mapping[str, Any]) -> datetime | None:
    period = (message.get("location") or {}).get("live_period")
    if period is None:
        return None
    return datetime.fromtimestamp(message["date"], UTC) + timedelta(seconds=int(period))


# -- files -------------------------------------------------------------------------------------------------------------


def _file(message: Mapping[str, Any]) -> File | None:
    field = next((field for field in _FILES if message.get(field)), None)
    if field is None:
        game = message.get("game")
        return _file({key: game[key] for key in ("animation", "photo") if key in game}) if game else None
    kind, usual = _FILES[field]
    told = message[field]
    if field == "live_photo" and told.get("photo"):
        told = told["photo"]
    elif field == "live_photo":
        kind, usual = "video", "video/mp4"
    if isinstance(told, list):
        told = max(told, key=lambda size: (_count(size.get("width")) or 0) * (_count(size.get("height")) or 0))
    file_type = _words(told.get("mime_type")) or usual
    name = _words(told.get("file_name"))
    if field == "sticker" and told.get("is_animated") and isinstance(told.get("thumbnail"), Mapping):
        # A drawing that only Telegram can play, and only as a sticker, which has no words: its picture stands for it everywhere.
        told = {**told["thumbnail"], "emoji": told.get("emoji")}
    if field == "sticker":
        moving = "application/x-tgsticker" if told.get("is_animated") else "video/webm" if told.get("is_video") else ""
        file_type = moving or "image/webp"
        name = f"{_words(told['emoji'])}.{_STICKERS[file_type]}" if told.get("emoji") else ""
    elif field == "audio" and not name:
        name = " – ".join(filter(None, (_words(told.get("performer")), _words(told.get("title")))))
    side = _count(told.get("length"))  # of a video note, which is round
    album = message.get("media_group_id")
    return File(
        network="telegram",
        where=json.dumps({"file_id": str(told["file_id"]), "unique": str(told.get("file_unique_id", ""))}),
        kind=kind,
        name=name,
        type=file_type,
        size=_count(told.get("file_size")),
        width=_count(told.get("width")) or side,
        height=_count(told.get("height")) or side,
        seconds=_count(told.get("duration")),
        album=None if album is None else _words(album),
    )


def _count(value: object) -> int | None:
    """A number that can be one: others are not known. 2⁵³ is as far as JSON goes everywhere."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53 else None


# -- polls, contacts ---------------------------------------------------------------------------------------------------


def _poll(poll: Mapping[str, Any]) -> Poll:
    options = tuple(_words(option["text"]) for option in poll["options"])
    return Poll(_words(poll["question"]), options, poll.get("allows_multiple_answers") is True, _words(poll.get("id")))


def _contact(contact: Mapping[str, Any]) -> Contact:
    return Contact(_name(contact), _words(contact["phone_number"]))


def _name(person: Mapping[str, Any]) -> str:
    return " ".join(_words(person[part]) for part in ("first_name", "last_name") if person.get(part))


def _words(value: object) -> str:
    return "" if value is None else one_line(legible(str(value)))


# -- things that have no form of their own elsewhere: words of theirs, and signs rather than words of ours ---------------


def _rendered(message: Mapping[str, Any]) -> Iterator[str]:
    """Lines of restricted HTML."""
    for field, render in _RENDERED.items():
        if message.get(field):
            yield from render(message[field])


def _venue(venue: Mapping[str, Any]) -> Iterator[str]:
    yield f"<b>{_html(venue.get('title'))}</b>" if venue.get("title") else ""
    yield _html(venue.get("address"))


def _dice(dice: Mapping[str, Any]) -> Iterator[str]:
    yield f"{_html(dice['emoji'])} {int(dice['value'])}"


def _checklist(checklist: Mapping[str, Any]) -> Iterator[str]:
    yield f"<b>{marked_up(str(checklist['title']), checklist.get('title_entities'))}</b>"
    for task in checklist["tasks"]:
        done = "completed_by_user" in task or "completed_by_chat" in task or bool(task.get("completion_date"))
        yield f"{'☑' if done else '☐'} {marked_up(str(task['text']), task.get('text_entities'))}"


def _about_poll(poll: Mapping[str, Any]) -> Iterator[str]:
    yield marked_up(str(poll.get("description", "")), poll.get("description_entities"))


def _story(story: Mapping[str, Any]) -> Iterator[str]:
    chat = story["chat"]
    name = _html(chat.get("title") or _name(chat))
    username = str(chat.get("username", ""))
    if username.isascii() and username.replace("_", "a").isalnum():
        yield f'🎞 <a href="https://t.me/{username}/s/{int(story["id"])}">{name or username}</a>'
    else:
        yield f"🎞 {name}".strip()


def _game(game: Mapping[str, Any]) -> Iterator[str]:
    yield f"🎮 <b>{_html(game['title'])}</b>"
    yield marked_up(str(game["text"]), game.get("text_entities")) if game.get("text") else _html(game["description"])


def _invoice(invoice: Mapping[str, Any]) -> Iterator[str]:
    yield f"🧾 <b>{_html(invoice['title'])}</b>"
    yield _html(invoice["description"])


def _paid_media(paid: Mapping[str, Any]) -> Iterator[str]:
    # What is in it was paid for: it is not ours to hand on.
    yield f"⭐ {int(paid['star_count'])}"


def _gift(info: Mapping[str, Any]) -> Iterator[str]:
    emoji = _html(info["gift"].get("sticker", {}).get("emoji"))
    yield f"🎁 {emoji}".strip()
    yield marked_up(str(info.get("text", "")), info.get("entities"))


def _unique_gift(info: Mapping[str, Any]) -> Iterator[str]:
    gift = info["gift"]
    yield f"🎁 {_html(gift['base_name'])} #{int(gift['number'])}"


def _giveaway(giveaway: Mapping[str, Any]) -> Iterator[str]:
    yield f"🎉 {_html(giveaway.get('prize_description'))}".strip()
    yield ", ".join(filter(None, (_html(_name(winner)) for winner in giveaway.get("winners", ()))))


def _html(value: object) -> str:
    return marked_up(_words(value), None)


_RENDERED: dict[str, Callable[[Mapping[str, Any]], Iterator[str]]] = {
    "venue": _venue,
    "dice": _dice,
    "checklist": _checklist,
    "poll": _about_poll,
    "story": _story,
    "game": _game,
    "invoice": _invoice,
    "paid_media": _paid_media,
    "gift": _gift,
    "gift_upgrade_sent": _gift,
    "unique_gift": _unique_gift,
    "giveaway": _giveaway,
    "giveaway_winners": _giveaway,
}
