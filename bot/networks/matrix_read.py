"""What a kept Matrix event says. Pure.

The hearing side keeps each event as a small JSON object of ours: its ``key``, ``what`` it is, the ``room``,
when it was ``heard`` (milliseconds), whether the room is ``private``, the sender's ``name``, the ``event`` itself,
already decrypted, and what it can only be understood with (see ``matrix_context``).
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import Any, cast

from bot.networks import matrix_html, matrix_polls
from bot.networks.matrix_said import by_program, location_in, repeated, said, whole
from bot.networks.matrix_write import MARKER
from bot.networks.port import Heard, HeardKind, RoomTraits
from playbooks.rooms import RoomRef
from playbooks.spoken import Spoken, Version

_VARIATION = re.compile("[\ufe0e\ufe0f]")

REDACTION = "m.room.redaction"
BEACONS = ("m.beacon", "org.matrix.msc3672.beacon")
BEACON_INFOS = ("m.beacon_info", "org.matrix.msc3672.beacon_info")
# What people can say inside encryption. Nothing else is believed there: a server checks who may redact only where it can read that.
SEALED = (
    "m.room.message", "m.reaction", "m.sticker", *matrix_polls.STARTS, *matrix_polls.RESPONSES, *matrix_polls.ENDS, *BEACONS,
)  # fmt: skip
# Event types of a timeline that can say something to us; anything else is not kept.
SPOKEN = (*SEALED, REDACTION)


def spoken(
    key: str,
    room: str,
    event: dict[str, Any],
    *,
    heard: int,
    private: bool,
    name: str,
    context: dict[str, Any] | None = None,
) -> str:
    """The body to keep for a (decrypted) event that somebody sent into ``room``."""
    names = ("event_id", "type", "sender", "origin_server_ts", "content", "redacts")
    kept = {name: event[name] for name in names if name in event}
    return _body(key, "event", room, heard, event=kept, private=private, name=name, **(context or {}))


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


def posted(key: str, room: str, notes: str, *, heard: int) -> str:
    """The body to keep for checkpoints that we posted ourselves and that ``room``, among others, gives back."""
    return _body(key, "posted", room, heard, text=notes)


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
        if item["what"] == "posted":
            return Heard(item["key"], "posted", room, heard, text=item["text"])
        if item["what"] == "event":
            return _spoken(item, room, heard)
        return _happened(item, room, heard)
    except (KeyError, TypeError, AttributeError, IndexError) as odd:
        raise ValueError(f"not a Matrix event of ours: {type(odd).__name__} {odd}") from None


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
    event, kind = item["event"], str(item["event"]["type"])
    content = event["content"]
    relation = _object(content.get("m.relates_to"))
    about = _name(relation.get("event_id"))
    plain = Heard(
        item["key"],
        "message",
        room,
        _said_at(event, heard),
        sender=f"matrix:{event['sender']}",
        sender_name=whole(item["name"]),
        private=item["private"],
        message_id=event["event_id"],
        automatic=by_program(content, MARKER),
        as_notice=content.get("msgtype") == "m.notice" and not by_program({**content, "msgtype": "m.text"}, MARKER),
        # Some clients pass a message on with all that is in it: then these are words of ours, cleared for where they were.
        forwarded="us" if MARKER in content else None,
    )
    if kind == REDACTION:
        gone = _name(event.get("redacts") or content.get("redacts"))
        return replace(plain, kind="deleted", message_id=gone) if gone is not None else None
    if kind == "m.reaction":
        if relation.get("rel_type") != "m.annotation" or about is None or "key" not in relation:
            return None
        return replace(plain, kind="reaction", message_id=about, emoji=_emoji(relation["key"], content))
    if kind in matrix_polls.RESPONSES:
        return _vote(plain, about, content, item.get("ballot"))
    if kind in matrix_polls.ENDS:
        return replace(plain, kind="ended", message_id=about) if about is not None else None
    if kind in BEACONS or kind in BEACON_INFOS:
        return _live(plain, content, item["live"])
    if relation.get("rel_type") == "m.replace":
        fresh = content.get("m.new_content")
        if not isinstance(fresh, dict) or about is None:
            return None
        edited = replace(plain, kind="edited", message_id=about, overtaken=bool(item.get("overtaken")))
        return _with_words(edited, kind, fresh)
    thread = about if relation.get("rel_type") == "m.thread" else None
    answer = replace(plain, reply_to=_reply_to(relation), thread=thread, showed=repeated(content))
    return _edited(_with_words(answer, kind, content), answer, kind, item.get("edits") or [])


def _edited(first: Heard | None, answer: Heard, kind: str, edits: list[dict[str, Any]]) -> Heard | None:
    """What was said, as it is now where it was edited before it was heard. ``first``: what it said at first; None where that was nothing."""
    told = [] if first is None else [first]
    stands = first
    for edit in edits:
        at = _said_at({"origin_server_ts": edit["at"]}, answer.said_at)
        found = _with_words(replace(answer, said_at=at), kind, edit["content"])
        if found is None:
            continue
        told.append(_with_file(found, told[-1] if told else None))
        stands = stands if edit["gone"] else told[-1]
    if stands is None:
        return None
    versions = [Version(one.said_at, one.spoken or Spoken()) for one in told]
    if told[-1] is not stands:  # what came after it was taken back
        versions.append(Version(told[-1].said_at, stands.spoken or Spoken()))
    return replace(stands, said_at=answer.said_at, versions=tuple(versions) if len(versions) > 1 else ())


def _with_file(now: Heard, before: Heard | None) -> Heard:
    """Some clients name only the caption of an edit: the file is then the one that was."""
    if now.spoken is None or now.spoken.file is not None or before is None or before.spoken is None:
        return now
    return replace(now, spoken=replace(now.spoken, file=before.spoken.file))


def _with_words(heard: Heard, kind: str, content: dict[str, Any]) -> Heard | None:
    what, text = said(kind, content)
    if what.empty and not text:
        return None
    return replace(heard, text=text, point=what.point, spoken=what)


def _vote(heard: Heard, poll: str | None, content: dict[str, Any], ballot: Any) -> Heard | None:
    known = matrix_polls.Ballot(tuple(ballot["ids"]), int(ballot["most"])) if ballot is not None else None
    options = matrix_polls.chosen(content, known)
    return replace(heard, kind="voted", message_id=poll, options=options) if poll and options is not None else None


def _live(heard: Heard, content: dict[str, Any], live: dict[str, Any]) -> Heard | None:
    """A live place: the first time it is told it is said, after that it is edited. ``live``: see ``matrix_context``."""
    point = tuple(live["point"]) if live.get("point") else location_in(content)[0]
    if point is None:
        return None
    until = datetime.fromtimestamp(live["until"] / 1000, UTC) if live["until"] is not None else None
    what = Spoken(matrix_html.from_plain(live["words"]), point=(int(point[0]), int(point[1])), live_until=until)
    kind: HeardKind = "message" if live["first"] else "edited"
    return replace(heard, kind=kind, message_id=live["of"], text=whole(live["words"]), point=what.point, spoken=what)


def _emoji(key: Any, content: dict[str, Any]) -> str:
    # A picture of somebody's own as a reaction has a name beside it.
    name = content.get("com.beeper.reaction.shortcode") or content.get("shortcode")
    if str(key).startswith("mxc://"):
        return plain_emoji(f":{str(name).strip(':')}:") if name else "🖼"
    return plain_emoji(str(key))


def _object(part: Any) -> dict[str, Any]:
    """Any client may put anything where an object belongs; words beside it are still meant."""
    return part if isinstance(part, dict) else {}


def _reply_to(relation: dict[str, Any]) -> str | None:
    answered = _object(relation.get("m.in_reply_to")).get("event_id")
    if relation.get("rel_type") == "m.thread" and relation.get("is_falling_back"):
        return None  # made up for clients without threads; what is meant is the thread
    return _name(answered)


def _name(event: Any) -> str | None:
    """The id of another event, which any client may name and nobody has checked: one that the store can look for."""
    return whole(str(event)) if event else None


def _said_at(event: dict[str, Any], heard: datetime) -> datetime:
    # The time is the sender's server's word; one that no calendar has is not believed.
    try:
        return datetime.fromtimestamp(event["origin_server_ts"] / 1000, UTC)
    except (KeyError, TypeError, ValueError, OverflowError, OSError):
        return heard


def _body(key: str, what: str, room: str, heard: int, **more: Any) -> str:
    return json.dumps({"key": key, "what": what, "room": room, "heard": heard, **more})
