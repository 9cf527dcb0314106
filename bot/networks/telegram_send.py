"""From an ``Outgoing`` to a request of the Bot API, and from its answer to a ``Sent``. Pure.

Where Telegram refuses the first form of a message, nothing has arrived, and a plainer form can be sent: ``Manner`` says how plain, ``plainer``
what to try next.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from bot.networks import markup, telegram_emoji, telegram_files, telegram_polls
from bot.networks.port import Outgoing, Refused, Sent, Spooled
from bot.networks.telegram_form import Upload
from bot.networks.telegram_links import written_out
from bot.networks.telegram_read import GENERAL_TOPIC
from playbooks import restricted
from playbooks.calling import linked
from playbooks.spoken import Contact, FileKind, card

TEXT_UNITS, CAPTION_UNITS = 4096, 1024
TITLE_UNITS, ADDRESS_UNITS = 120, 240  # of a place: longer ones clients cut ◊
BUTTON_UNITS, NAME_UNITS, NUMBER_UNITS = 100, 64, 32  # of a contact: what is longer is not seen whole ◊
_NOT_AS_THIS = re.compile(
    r"\b(?:photo|image|sticker|video|audio|media|webp)_\w+|for a photo|used in an album|type in the album"
)
_NOT_A_CARD = re.compile(r"contact|phone|name|button|markup|copy")
_NOT_ITS_FILE = re.compile(r"file.?id|file identifier|file.reference|can't use file of type|wrong type of")


@dataclass(frozen=True, slots=True)
class Manner:
    """How a message is put. ``plain``: without markup. ``anew``: files handed over though Telegram has them. ``documents``: files as documents.
    ``spelt``: a poll or a contact as text. ``turned``: an edit of the caption instead of the text, or the reverse. ``unanswering``: no answer to anything.
    """

    plain: bool = False
    anew: bool = False
    documents: bool = False
    spelt: bool = False
    turned: bool = False
    unanswering: bool = False


@dataclass(frozen=True, slots=True)
class Request:
    """A method of the Bot API, its fields, and the files that go with it."""

    method: str
    fields: dict[str, Any]
    files: tuple[Upload, ...] = ()


def request(out: Outgoing, manner: Manner = Manner()) -> Request | Refused:
    """What to ask of Telegram, or why it cannot be asked. Raises ValueError for a foreign address."""
    words = markup.escape(out.text) if manner.plain else _calling(out, _with_addresses(out))
    where: dict[str, Any] = {"chat_id": int(out.room.id)}
    match out.kind:
        case "join":
            return Refused("a Telegram bot cannot join by itself; somebody in the group has to add it")
        case "leave":
            return Request("leaveChat", where)
        case "delete":
            return Request("deleteMessage", where | {"message_id": int(out.replaces or "")})
        case "react":
            return _reaction(out, where | {"message_id": int(out.replaces or "")})
        case "end":
            return Request("stopPoll", where | {"message_id": int(out.replaces or "")})
        case "message" | "edit":
            pass
    if out.replaces is not None:
        return _edit(out, words, manner, where | {"message_id": int(out.replaces)})
    if out.room.topic is not None and int(out.room.topic) != GENERAL_TOPIC:
        where["message_thread_id"] = int(out.room.topic)
    if not out.loud:
        where["disable_notification"] = True
    if out.reply_to is not None and not manner.unanswering:
        where["reply_parameters"] = {"message_id": int(out.reply_to), "allow_sending_without_reply": True}
    return _message(out, words, manner, where)


def _with_addresses(out: Outgoing) -> str:
    """The words with such addresses written out as are no links here, where there is room for them."""
    html = out.html or markup.escape(out.text)
    whole = written_out(html)
    most = CAPTION_UNITS if out.files or out.caption else TEXT_UNITS
    return whole if markup.utf16_units(markup.plain(whole)) <= most else html


def _calling(out: Outgoing, words: str) -> str:
    """The words in which those who are called are linked: whoever has no username is notified in no other way."""
    people = [(account.removeprefix("telegram:"), name) for account, name in out.mentions]
    links = [(f"tg://user?id={number}", name) for number, name in people if number.isascii() and number.isdecimal()]
    return linked(words, links) if links else words


def _message(out: Outgoing, words: str, manner: Manner, where: dict[str, Any]) -> Request | Refused:
    if len(out.files) > 1:
        return _album(out, words, manner, where)
    where |= _buttons(out)
    if out.files:
        return _file(out.files[0], words, manner, where)
    if out.poll is not None:
        asked = telegram_polls.question(words, out.poll)
        if not manner.spelt and telegram_polls.poll_fits(asked, out.poll.options):
            return Request("sendPoll", where | telegram_polls.fields(words, out.poll))
        words = telegram_polls.spelt(words, out.poll)
    elif out.point is not None:
        return _place(out.point, words, where)
    elif out.contact is not None and not manner.spelt and (found := _card(out, out.contact, words)) is not None:
        return Request("sendContact", where | found)
    return Request("sendMessage", where | _text(words))


def _reaction(out: Outgoing, where: dict[str, Any]) -> Request | Refused:
    if out.emoji is None:
        return Request("setMessageReaction", where | {"reaction": []})
    near = telegram_emoji.reaction(out.emoji)
    if near is None:
        return Refused("Telegram has no such reaction")
    return Request("setMessageReaction", where | {"reaction": [{"type": "emoji", "emoji": near}]})


def _edit(out: Outgoing, words: str, manner: Manner, where: dict[str, Any]) -> Request | Refused:
    if out.point is not None or out.poll is not None:
        return Refused("Telegram lets a bot change no place and no poll")
    where |= _buttons(out)
    if out.files:
        return _another_file(out.files[0], words, manner, where)
    if out.caption != manner.turned:
        return Request("editMessageCaption", where | {"caption": words, "parse_mode": "HTML"})
    return Request("editMessageText", where | _text(words))


def _another_file(file: Spooled, words: str, manner: Manner, where: dict[str, Any]) -> Request:
    """Another file in the place of the one that a message holds, and these words under it."""
    item, uploads = _item(
        file, telegram_files.replacing(file, anew=manner.anew, documents=manner.documents), "file0", manner
    )
    media = json.dumps(item | _caption(words), ensure_ascii=False)
    return Request("editMessageMedia", where | {"media": media}, tuple(uploads))


def _place(point: tuple[int, int], words: str, where: dict[str, Any]) -> Request:
    """A place with who speaks as its title. Where the words are too many to stand on it, they are sent, with the coordinates."""
    latitude, longitude = (degrees / 1_000_000 for degrees in point)
    written = f"{latitude:.6f}, {longitude:.6f}"
    first, _, rest = restricted.plain(words).strip().partition("\n")
    title, address = first.strip() or written, " · ".join(rest.split("\n")).strip() or written
    if markup.utf16_units(title) > TITLE_UNITS or markup.utf16_units(address) > ADDRESS_UNITS:
        link = f'<a href="https://www.openstreetmap.org/?mlat={latitude:.6f}&amp;mlon={longitude:.6f}">{written}</a>'
        return Request("sendMessage", where | _text(f"{words}\n{link}"))
    found = {"latitude": latitude, "longitude": longitude, "title": title, "address": address}
    return Request("sendVenue", where | found)


def _card(out: Outgoing, contact: Contact, words: str) -> dict[str, Any] | None:
    """The fields of sendContact; None where it is too long, or already has buttons. A card has no words: a button under it says who speaks, and copies
    the number.
    """
    said = [line for line in restricted.plain(words).split("\n") if line.strip()]
    if said[-1:] == [restricted.plain(card(contact))]:
        del said[-1]
    who, name = " ".join(said), contact.name.strip() or contact.phone
    lengths = ((who, BUTTON_UNITS), (name, NAME_UNITS), (contact.phone, NUMBER_UNITS))
    if out.buttons or not all(0 < markup.utf16_units(part) <= most for part, most in lengths):
        return None
    button = {"text": who, "copy_text": {"text": contact.phone}}
    return {"phone_number": contact.phone, "first_name": name, "reply_markup": {"inline_keyboard": [[button]]}}


def _file(file: Spooled, words: str, manner: Manner, where: dict[str, Any]) -> Request:
    kind: FileKind = "file" if manner.documents else telegram_files.fit(file, worded=bool(words), anew=manner.anew)
    way = telegram_files.WAYS[kind]
    fields = where | ({} if kind == "sticker" else _caption(words))
    known = None if manner.anew else telegram_files.known(file, kind)
    if known is not None:
        return Request(way.method, fields | {way.field: known})
    return Request(
        way.method, fields | telegram_files.traits(file, kind), (telegram_files.upload(file, kind, way.field),)
    )


def _album(out: Outgoing, words: str, manner: Manner, where: dict[str, Any]) -> Request | Refused:
    """Several files as one album, with the words under the first. An album has no buttons."""
    if len(out.files) not in telegram_files.ALBUM:
        return Refused(f"{len(out.files)} files are too many for one album on Telegram; ten are the most")
    kinds: list[FileKind] = (
        ["file"] * len(out.files) if manner.documents else telegram_files.album(out.files, anew=manner.anew)
    )
    media: list[dict[str, Any]] = []
    uploads: list[Upload] = []
    for number, (file, kind) in enumerate(zip(out.files, kinds, strict=True)):
        item, upload = _item(file, kind, f"file{number}", manner)
        media.append(item)
        uploads += upload
    media[0] |= _caption(words)
    return Request("sendMediaGroup", where | {"media": json.dumps(media, ensure_ascii=False)}, tuple(uploads))


def _item(file: Spooled, kind: FileKind, part: str, manner: Manner) -> tuple[dict[str, Any], list[Upload]]:
    item: dict[str, Any] = {"type": telegram_files.WAYS[kind].field}
    known = None if manner.anew else telegram_files.known(file, kind)
    if known is not None:
        return item | {"media": known}, []
    item |= {"media": f"attach://{part}"} | telegram_files.traits(file, kind)
    return item, [telegram_files.upload(file, kind, part)]


def _caption(words: str) -> dict[str, Any]:
    return {"caption": words, "parse_mode": "HTML"} if words else {}


def _text(words: str) -> dict[str, Any]:
    return {"text": words, "parse_mode": "HTML", "link_preview_options": {"is_disabled": True}}


def _buttons(out: Outgoing) -> dict[str, Any]:
    if not out.buttons:
        return {}
    rows = [[{"text": one.label, "callback_data": one.command} for one in row] for row in out.buttons]
    return {"reply_markup": {"inline_keyboard": rows}}


def sent(method: str, result: Any, out: Outgoing) -> Sent:
    """What an answer of success says. Raises KeyError, TypeError or ValueError for one that cannot be read."""
    if not method.startswith("send"):
        return Sent(out.replaces or "")
    first, *others = result if method == "sendMediaGroup" else [result]
    poll: Mapping[str, Any] | None = first.get("poll")
    return Sent(
        str(int(first["message_id"])),
        tuple(str(int(one["message_id"])) for one in others),
        str(poll["id"]) if poll else None,
    )


def plainer(out: Outgoing, manner: Manner, words: str) -> Manner | None:
    """How to put a message that was refused with these words; None where nothing plainer would help."""
    said = words.lower()
    tried: dict[str, bool] = {}
    if "can't parse entities" in said and out.text:
        tried = {"plain": True}
    elif out.reply_to is not None and "message to be replied not found" in said:
        tried = {"unanswering": True}  # in another topic it is asked for in vain to do without
    elif out.kind == "edit" and re.search(r"there is no (?:text|caption) in the message", said):
        tried = {"turned": True}
    elif out.files and _NOT_ITS_FILE.search(said) and not manner.anew:
        tried = {"anew": True}
    elif out.files and _NOT_AS_THIS.search(said) and "forbidden" not in said:
        tried = {"documents": True}
    elif (out.poll is not None and "poll" in said) or (out.contact is not None and _NOT_A_CARD.search(said)):
        tried = {"spelt": True}
    after = replace(manner, **tried)
    return after if after != manner else None
