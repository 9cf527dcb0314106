"""Messages on their way: from what a decision asks to say, to rows of the outbox, to what a network is handed.

A row's payload is JSON and the whole message; a button's meaning is found in it again when somebody reacts to the
message.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from hashlib import sha256
from types import MappingProxyType
from typing import Any

from bot import speech
from bot.networks.port import Button, Outgoing
from bot.speech import CAPTIONS, Split, plain
from playbooks.calling import called
from playbooks.cleared import Cleared, Misdirected
from playbooks.labels import Label
from playbooks.rooms import RoomRef
from playbooks.spoken import Contact, poll_of
from storage.effects import Carried, React, RemoveMessage, Send, Tap, Urgency
from storage.facts import DEPLOYMENT, CheckpointPosted, Disclosed
from storage.notes import Checkpoint
from storage.store import OutboxRow

_WITH_THE_FIRST = frozenset(
    {"answers", "mentions", "file", "place", "instead", "point", "live_until", "poll", "contact", "amends", "anew"}
)
"""What only the first part of carried speech has."""

_VARIANT = "\ufe0f"
_JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
_SAME = {"👍": "✅", "👌": "✅", "✔": "✅", "☑": "✅", "👎": "❌", "✖": "❌", "🚫": "❌"}
"""What people tap when they mean one of our emoji; some phones offer these first."""


class Tokens:
    """The names of one event's messages, made from its seed: the same event makes the same names."""

    def __init__(self, seed: bytes) -> None:
        self._seed = seed
        self._used = 0

    @property
    def repeat(self) -> str:
        """The name of the message that repeats the one whose fate is being decided."""
        return self._name(0)

    def next(self) -> str:
        """A new name."""
        self._used += 1
        return self._name(self._used)

    def _name(self, number: int) -> str:
        return sha256(self._seed + number.to_bytes(4, "big")).hexdigest()[:24]


def rows(
    send: Send, token: str, split: Split, epoch: int, *, must_encrypt: bool, captions: int = CAPTIONS
) -> list[OutboxRow]:
    """The rows of a Send, one for each part that fits its network. Raises Misdirected.

    The first part edits or replies, the last one has the buttons, and the mark stands on each. Of what is carried each part says who
    speaks, and a file goes with the first; ``captions``: UTF-16 units of words that its network lets stand under a file.
    """
    _meant_for_its_room(send)
    mark = send.mark.html if send.mark is not None else ""
    said: list[dict[str, Any]]
    if send.carries is not None:
        said = _carried(mark, send, send.carries, split, captions)
    else:
        said = [{"html": html} for html in _parts(mark, send.body.html, split)]
    names = [token] if len(said) == 1 else [f"{token}-{number}" for number in range(1, len(said) + 1)]
    result = []
    for number, (name, part) in enumerate(zip(names, said, strict=True)):
        first, last = number == 0, number == len(said) - 1
        edits = first and send.replaces is not None
        payload = {
            "kind": "edit" if edits else "message",
            "html": part["html"],
            "text": plain(part["html"]),
            "buttons": _buttons(send.taps) if last else [],
            "reply_to": send.reply_to if first and not edits else None,
            "follows": send.follows if first and not edits else None,
            "replaces": send.replaces if edits else None,
            **({"where": str(send.to.chat)} if edits else {}),
            "loud": send.loud and first,
            "notice": send.urgency >= Urgency.CHATTER and send.carries is None,
            "must_encrypt": must_encrypt,
            **({"mark": mark} if mark else {}),
            **({"checkpoint": True} if send.checkpoint is not None and send.carries is None else {}),
            **part,
        }
        result.append(
            OutboxRow(
                name,
                names[0],
                send.stream,
                send.to,
                int(send.urgency),
                written(payload),
                send.about,
                send.partner,
                number,
                bool(shown(send)),
                epoch,
                send.not_after,
                send.again,
                place=send.place,
            )
        )
    return result


def posted(send: Send, said: Checkpoint, token: str) -> CheckpointPosted:
    """That a message gives its room the log's state to keep. ``token``: of its first part, under which its network's id is found."""
    return CheckpointPosted(token, said.size, said.root.hex(), send.to, send.partner or "", send.to.network)


def _meant_for_its_room(send: Send) -> None:
    """Raises Misdirected where anything in it was cleared for another room."""
    texts = [send.body, *(tap.label for line in send.taps for tap in line)]
    if send.mark is not None:
        texts.append(send.mark)
    bonds = [text.only for text in texts]
    if send.carries is not None:
        carried = send.carries
        parts = (carried.head, carried.words, carried.clock, carried.instead, carried.attached)
        bonds += [part.only for part in parts if part is not None]
    for only in bonds:
        if only is not None and only != send.to:
            raise Misdirected(f"a text for {only} was to be sent to {send.to}")


def _carried(mark: str, send: Send, carried: Carried, split: Split, captions: int) -> list[dict[str, Any]]:
    """What the payload of each part of carried speech has more than another message's: what the courier needs to put it together anew."""
    made = []
    lines = speech.cut(mark, carried, split, captions)
    mentions = _calling(lines, carried.mentions)
    for number, line in enumerate(lines):
        part: dict[str, Any] = {
            "html": speech.shown([line]),
            "head": line.head,
            "words": line.words,
            "said_at": int(carried.said_at.timestamp()),
            "clock": carried.clock.html,
            "thread": send.thread,
            "mentions": mentions[number],
        }
        if number == 0:
            part |= {"answers": send.answers, **_attached(carried)}
        made.append(part)
    return made


def _calling(lines: Sequence[speech.Line], mentions: Iterable[tuple[str, str]]) -> list[list[list[str]]]:
    """For each part whom it calls: everybody once, where the words do so first."""
    found: list[list[list[str]]] = [[] for _ in lines]
    for account, name in mentions:
        at = next((number for number, line in enumerate(lines) if called(line.words, [name])), 0)
        found[at].append([account, name])
    return found


def _attached(carried: Carried) -> dict[str, Any]:
    goes_with = carried.attached
    if goes_with is None:
        return {}
    until = goes_with.live_until
    found: dict[str, Any] = {
        "file": asdict(goes_with.file) if goes_with.file is not None else None,
        "place": goes_with.place_in_file if goes_with.file is not None else None,
        "instead": carried.instead.html if carried.instead is not None and goes_with.file is not None else None,
        "point": list(goes_with.point) if goes_with.point is not None else None,
        "live_until": int(until.timestamp()) if until is not None else None,
        "poll": asdict(goes_with.poll) if goes_with.poll is not None else None,
        "contact": asdict(goes_with.contact) if goes_with.contact is not None else None,
    }
    return {name: one for name, one in found.items() if one is not None}


def amended(
    send: Send,
    parts: Sequence[OutboxRow],
    token: str,
    split: Split,
    epoch: int,
    *,
    must_encrypt: bool,
    captions: int = CAPTIONS,
    shown: Mapping[str, OutboxRow] = MappingProxyType({}),
) -> list[OutboxRow]:
    """The rows that make an earlier carried message say what this one says. Raises Misdirected.

    ``parts``: the rows, in order, of which its copy in that room consists. Each is edited to what the same part says now; what there is more of now
    follows the first as new messages, what there was more of is removed. ``amends`` in the payload names the row whose message is changed.
    ``shown``: by its token, the last change of a part that was changed before.
    """
    fresh = rows(send, token, split, epoch, must_encrypt=must_encrypt, captions=captions)
    if not parts:
        return fresh
    result = []
    for number, row in enumerate(fresh):
        payload = json.loads(row.payload)
        payload |= {"reply_to": None, "follows": None, "loud": False, "answers": None}
        if number < len(parts):
            anew = _another_file(shown.get(parts[number].token, parts[number]), payload)
            payload |= {"kind": "edit", "amends": parts[number].token, **({"anew": True} if anew else {})}
        else:
            payload |= {"follows": parts[0].token}
        result.append(replace(row, payload=written(payload)))
    first = fresh[0]
    for number, part in enumerate(parts[len(fresh) :], len(fresh)):
        payload = {"kind": "delete", "html": "", "text": "", "buttons": [], "amends": part.token}
        name = f"{first.send.removesuffix('-1')}-{number + 1}"
        result.append(replace(first, token=name, part=number, shows=False, payload=written(payload)))
    return result


def _another_file(before: OutboxRow, now: Mapping[str, Any]) -> bool:
    """Whether the file is not the one that stands there; where it is to be had says nothing, networks name the same file differently."""
    had = json.loads(before.payload).get("file") if before.payload else None
    has = now.get("file")
    if had is None or has is None:
        return False
    return any(had.get(trait) != has.get(trait) for trait in ("kind", "name", "size", "width", "height", "seconds"))


def reaction(effect: React, token: str, partner: str | None = None) -> OutboxRow:
    """The bot's reaction to something that was said, in one room, put there or taken away."""
    urgency = Urgency.SIGN if effect.sign and not effect.gone else Urgency.CHATTER
    payload: dict[str, Any] = {
        "kind": "react",
        "html": "",
        "text": "",
        "buttons": [],
        "on": effect.said,
        "emoji": effect.emoji,
        "gone": effect.gone,
        "sign": effect.sign,
    }
    return OutboxRow(
        token, token, effect.stream, effect.room, int(urgency), written(payload), effect.said, partner
    )  # fmt: skip


def _parts(mark: str, html: str, split: Split) -> list[str]:
    """What a network shows in one message each, every part with the mark on top."""
    if not mark:
        return list(split(html)) or [""]
    parts, left = [], [f"{mark}\n{html}"]
    while left:
        first, *left = split("\n".join(left))
        parts.append(first)
        left = [mark, *left] if left else []
    return parts


def shown(send: Send) -> Mapping[str, Any]:
    """Every field that a message and its buttons show, or would if they might."""
    fields = dict(send.body.shows)
    for line in send.taps:
        for tap in line:
            fields.update(tap.label.shows)
    return fields


def disclosed(send: Send, token: str, epoch: int) -> Disclosed:
    """The fact that a message shows what it shows."""
    label = send.body.label
    for line in send.taps:
        for tap in line:
            label = label.join(tap.label.label)
    return Disclosed(
        token, send.about or "", send.partner, send.to, send.language, _marking(label), epoch, shown(send),
        send.carries.person or None if send.carries is not None else None,
    )  # fmt: skip


def repeated(row: OutboxRow, mark: Cleared, token: str, split: Split) -> list[OutboxRow]:
    """A message again, marked as perhaps a repetition. Its epoch stays that of its clearance."""
    if mark.only is not None and mark.only != row.to:
        raise Misdirected(f"a text for {mark.only} was to be sent to {row.to}")
    before = json.loads(row.payload)
    over = before.get("mark", "")
    parts: list[dict[str, Any]]
    if "words" in before:
        top = f"{over}\n{mark.html}" if over else mark.html
        lines = speech.cut_words(
            top, before["head"], before["words"], before["clock"], split, before.get("instead", "")
        )
        parts = [{"html": speech.shown([line]), "head": line.head, "words": line.words, "mark": top} for line in lines]
    else:
        words = before["html"].removeprefix(f"{over}\n") if over else before["html"]
        parts = [{"html": html} for html in _parts(over, f"{mark.html}\n{words}", split)]
    result = []
    for number, part in enumerate(parts):
        payload = {
            **before,
            **part,
            "text": plain(part["html"]),
            "buttons": before["buttons"] if number == len(parts) - 1 else [],
        }
        if number:
            payload |= {"kind": "message", "replaces": None, "reply_to": None, "follows": None, "loud": False}
            payload = {name: one for name, one in payload.items() if name not in _WITH_THE_FIRST}
        name = token if number == 0 else f"{token}-{number + 1}"
        result.append(
            replace(
                row,
                token=name,
                send=token,
                part=number,
                payload=written(payload),
                again=row.again + 1,
                state="pending",
                id=0,
                created_at=None,
                claimed_at=None,
                first_claimed_at=None,
                not_before=None,
                message=None,
                reason=None,
            )
        )
    return result


def emptied(row: OutboxRow) -> OutboxRow:
    """A message that may stand in its room already, without its words. Sent under the same token it gives the name of what stands there, or else
    stands there itself; either is then removed or spoken of as what arrived.
    """
    payload = {
        "kind": "message",
        "html": TAKEN_BACK,
        "text": TAKEN_BACK,
        "buttons": [],
        "notice": True,
        "emptied": True,
    }
    if '"poll":{' in row.payload:  # some homeservers know a token only with the kind of its event
        payload["poll"] = {"question": TAKEN_BACK, "options": [TAKEN_BACK, TAKEN_BACK]}
    return replace(row, payload=written(payload))


def passage(room: RoomRef, token: str, kind: str) -> OutboxRow:
    """Going into a room (``join``), before anything is said there, or leaving it (``leave``), after everything was."""
    urgency = Urgency.ALERT if kind == "join" else Urgency.CHATTER
    payload = {"kind": kind, "html": "", "text": "", "buttons": []}
    return OutboxRow(token, token, DEPLOYMENT, room, int(urgency), written(payload))


TAKEN_BACK = "🗑"
"""What is shown for the moment between the two: it says nothing, in any language."""

UNNAMED = "nobody knows whether it arrived, nor under which name"


def removal(effect: RemoveMessage, part: OutboxRow, token: str) -> OutboxRow:
    """The request to remove one part of a message from where it was said. Of one whose name is not known, a refused one."""
    payload: dict[str, Any] = {
        "kind": "delete",
        "html": "",
        "text": "",
        "buttons": [],
        "replaces": part.message,
        "amends": part.token,
        "room": str(part.to),
    }
    named = part.message is not None
    return OutboxRow(
        token,
        token,
        effect.stream,
        part.to,
        int(Urgency.ALERT),
        written(payload),
        effect.about,
        effect.partner,
        not_after=effect.not_after,
        state="pending" if named else "refused",
        reason=None if named else UNNAMED,
    )


def outgoing(row: OutboxRow) -> Outgoing:
    """A row as the network is handed it, but for what must be looked up first: see ``addressing``.

    A removal stays with the room where the message is: names mean nothing elsewhere.
    """
    said = json.loads(row.payload)
    point, poll, contact = said.get("point"), said.get("poll"), said.get("contact")
    return Outgoing(
        row.token,
        RoomRef.parse(said["room"]) if "room" in said else row.to,
        said["kind"],
        said["html"],
        said["text"],
        tuple(tuple(Button(**button) for button in line) for line in said["buttons"]),
        said.get("reply_to"),
        said.get("replaces"),
        bool(said.get("loud")),
        bool(said.get("notice")),
        row.first_claimed_at,
        bool(said.get("must_encrypt")),
        point=(point[0], point[1]) if point else None,
        poll=poll_of(poll) if poll else None,
        emoji=None if said.get("gone") else said.get("emoji"),
        mentions=called_in(said),
        contact=Contact(**contact) if contact else None,
        among_us="words" in said,
        checkpoint=bool(said.get("checkpoint")) and "words" not in said,
    )


def called_in(said: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Whom the words of a payload call: accounts, each with its name."""
    return tuple((account, name) for account, name in said.get("mentions") or ())


def follows(row: OutboxRow) -> str | None:
    """The earlier Send that this one replies to, where its id was not known yet."""
    said = json.loads(row.payload)
    return said.get("follows") if said.get("reply_to") is None else None


def replaced(row: OutboxRow) -> str | None:
    """The network's name for the message that this row edits; None where it is a message of its own, or edits one by its token."""
    found = json.loads(row.payload).get("replaces") if row.kind == "edit" else None
    return str(found) if found is not None else None


def carried_over(row: OutboxRow) -> OutboxRow:
    """An edit as a message of its own: what it changes stayed behind in a room that has moved."""
    said = json.loads(row.payload)
    left = {name: one for name, one in said.items() if name not in ("kind", "replaces", "where", "amends", "anew")}
    return replace(row, payload=written({"kind": "message", **left}))


def kind(row: OutboxRow) -> str:
    """What a row does: ``message``, ``edit``, ``delete``, ``react``, ``join`` or ``leave``."""
    return str(json.loads(row.payload)["kind"])


def meaning(payload: str, emoji: str) -> str | None:
    """The command of the button with this emoji in a stored message; None where there is none, or the body was
    blanked.
    """
    if not payload:
        return None
    wanted = _SAME.get(_bare(emoji), _bare(emoji))
    for line in json.loads(payload).get("buttons", ()):
        for button in line:
            if _bare(button["emoji"]) == wanted:
                return str(button["command"])
    return None


def _bare(emoji: str) -> str:
    """An emoji without its variant and its colour of skin."""
    return "".join(part for part in emoji if part != _VARIANT and not "\U0001f3fb" <= part <= "\U0001f3ff")


def moved(row: OutboxRow, to: RoomRef) -> OutboxRow:
    """The row at the room's new address; its topic stays, unless the network names another."""
    return replace(row, to=RoomRef(to.network, to.id, to.topic if to.topic is not None else row.to.topic))


def held_until(row: OutboxRow, now: datetime) -> float:
    """Seconds that a row still has to wait, at most an hour: a clock that jumped must not silence a room."""
    if row.not_before is None:
        return 0.0
    return min(max(0.0, (row.not_before - now).total_seconds()), 3600.0)


def _buttons(taps: tuple[tuple[Tap, ...], ...]) -> list[list[dict[str, str]]]:
    return [[{"label": tap.label.text, "command": tap.command, "emoji": tap.emoji} for tap in line] for line in taps]


def _marking(label: Label) -> str:
    """``TLP:AMBER medical``."""
    return " ".join([str(label.tlp), *sorted(label.compartments)])


def written(payload: Mapping[str, Any]) -> str:
    """A payload as it is kept; ``kind`` comes first in it."""
    return _JSON.encode(payload)
