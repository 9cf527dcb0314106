"""What some events of a room can only be understood with: a vote with its poll, a step of a live place with its beginning.

Reading an event is pure and has that event alone; so what it needs is noted here when it comes by, and kept with each event that needs it.
Everything may be done twice, with the same outcome.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from bot.networks import matrix_polls, matrix_read
from bot.networks.matrix_memory import LivePlace, Memory
from bot.networks.matrix_rooms import Room
from bot.networks.matrix_said import location_in, whole

_TIMES = ("m.ts", "org.matrix.msc3488.ts")
_LONGEST_LIVE = 366 * 86_400_000


def context_of(event: dict[str, Any], room: Room, memory: Memory) -> dict[str, Any] | None:
    """What is to be kept with a (decrypted) event of ``room``: ``ballot`` or ``live``, or nothing; None where it means nothing.

    ``ballot`` is None for a poll that nobody but we can have begun. ``live`` has ``of`` (the event that began the live place), ``until``
    (milliseconds of the epoch; None: it moves no more), ``words``, whether it is told ``first``, and perhaps its ``point``.
    """
    kind, content = event["type"], event["content"]
    relation = content.get("m.relates_to")
    relation = relation if isinstance(relation, dict) else {}
    about = str(relation.get("event_id") or "")
    if kind in matrix_polls.STARTS:
        _note_poll(event, about if relation.get("rel_type") == "m.replace" else "", room, memory)
    elif kind in matrix_polls.RESPONSES:
        poll = memory.poll(about)
        return {"ballot": asdict(poll.ballot) if poll is not None and poll.room == room.id else None}
    elif kind in matrix_polls.ENDS:
        poll = memory.poll(about)
        own = poll is not None and poll.sender == event["sender"]
        return {} if own or room.power_of(event["sender"]) >= room.power_to("redact") else None
    elif kind in matrix_read.BEACONS:
        return _step(event, about, room, memory)
    return {}


def edited(
    event: dict[str, Any], room: Room, memory: Memory, plain: Callable[[str, dict[str, Any]], dict[str, Any] | None]
) -> dict[str, Any]:
    """What is to be kept with a (decrypted) event that was edited before it was heard: ``edits``, in their order; or nothing.

    Each has ``at`` (milliseconds of the epoch), the new ``content``, and whether it is ``gone``, taken back since. ``plain`` reads an event as it came.
    """
    found = []
    for kept in memory.edits.of(room.id, event["event_id"], str(event["sender"])):
        edit = plain(room.id, kept.event)
        if edit is None or edit["type"] != event["type"] or not isinstance(edit["content"].get("m.new_content"), dict):
            continue
        if not kept.gone:
            context_of(edit, room, memory)
        found.append({"at": kept.at, "content": edit["content"]["m.new_content"], "gone": kept.gone})
    return {"edits": found} if found else {}


def live_place(event: dict[str, Any], room: Room, memory: Memory) -> dict[str, Any] | None:
    """Note the state event by which somebody begins or ends a live place; what to keep with it where it ends one."""
    content, sender = event["content"], str(event["sender"])
    if event["state_key"] != sender:
        return None
    before = memory.live_of(room.id, sender)
    if content.get("live") is True:
        began = next((ts for name in _TIMES if isinstance(ts := content.get(name), int)), event["origin_server_ts"])
        until = began + int(content["timeout"])
        if 0 < until < event["origin_server_ts"] + _LONGEST_LIVE:
            words = content.get("description")
            words = whole(words).strip() if isinstance(words, str) else ""
            memory.begin_live(LivePlace(event["event_id"], room.id, sender, until, words))
    elif content.get("live") is False and before is not None and before.point is not None:
        return {"live": _live(before, until=None, first=False, point=before.point)}
    return None


def _note_poll(event: dict[str, Any], replaced: str, room: Room, memory: Memory) -> None:
    content, name = event["content"], event["event_id"]
    if replaced:
        known = memory.poll(replaced)
        if known is None or known.sender != event["sender"] or known.room != room.id:
            return
        content, name = content.get("m.new_content"), replaced
    found = matrix_polls.poll_in(content) if isinstance(content, dict) else None
    if found is not None:
        memory.note_poll(name, room.id, str(event["sender"]), found[1])


def _step(event: dict[str, Any], about: str, room: Room, memory: Memory) -> dict[str, Any] | None:
    place = memory.live(about)
    point = location_in(event["content"])[0]
    if place is None or place.room != room.id or place.sender != event["sender"] or point is None:
        return None
    first = memory.move_live(about, event["event_id"], point)
    return {"live": _live(place, until=place.until, first=first == event["event_id"])}


def _live(place: LivePlace, *, until: int | None, first: bool, point: tuple[int, int] | None = None) -> dict[str, Any]:
    return {"of": place.event, "until": until, "words": place.words, "first": first, "point": point}
