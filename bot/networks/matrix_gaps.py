"""What a sync left out: after an absence or a flood the server sends only the newest events of a room.

The missing ones are fetched before the batch is kept, so that what is kept is whole and the token may move.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from bot.networks.matrix_http import Homeserver, MatrixError, room_path

log = logging.getLogger(__name__)

_PAGE = 100


async def fill(home: Homeserver, sync: dict[str, Any], since: str, was_in: Callable[[str], bool], me: str) -> None:
    """Put into each limited timeline of ``sync`` the events between ``since`` and its beginning, in order, as ``gap``.

    In a room we were not in before, only what came after our own arrival. Raises NetworkDown.
    """
    rooms = sync.get("rooms") or {}
    for section in ("join", "leave"):
        for room, part in (rooms.get(section) or {}).items():
            timeline = part.get("timeline") or {}
            if not timeline.get("limited") or not timeline.get("prev_batch"):
                continue
            if not was_in(room) and arrival(timeline.get("events") or [], me) is not None:
                continue
            try:
                gap = await _between(home, room, timeline["prev_batch"], since, None if was_in(room) else me)
            except MatrixError as refusal:
                if refusal.status not in (403, 404):
                    raise
                log.warning("events missed in %s cannot be fetched: %s", room, refusal)
                continue
            known = {event.get("event_id") for event in timeline.get("events") or []}
            timeline["gap"] = [event for event in gap if event.get("event_id") not in known]


def arrival(events: list[dict[str, Any]], me: str) -> int | None:
    """The index of the event by which we came in last, or None."""
    for index in range(len(events) - 1, -1, -1):
        event = events[index]
        if event.get("type") == "m.room.member" and event.get("state_key") == me:
            before = ((event.get("unsigned") or {}).get("prev_content") or {}).get("membership")
            if (event.get("content") or {}).get("membership") == "join" and before != "join":
                return index
    return None


async def _between(home: Homeserver, room: str, start: str, since: str, arriving: str | None) -> list[dict[str, Any]]:
    newest_first: list[dict[str, Any]] = []
    while True:
        query = {"dir": "b", "from": start, "to": since, "limit": str(_PAGE)}
        page = await home.call("GET", room_path(room, "messages"), query=query)
        chunk = page.get("chunk") or []
        newest_first += chunk
        end = page.get("end")
        if not chunk or not end or end == start:
            break
        if arriving is not None and arrival(chunk, arriving) is not None:
            break
        start = end
    return newest_first[::-1]
