"""An edit that is taken back: the message says again what it said before, as clients show it.

A redaction names the edit, and not the message; which one it changed was noted when it came, and what is left of it the homeserver tells. Where
that cannot be had, the whole message counts as taken back: what somebody wanted gone must not stay where we carried it.
"""

from __future__ import annotations

import json
from typing import Any

from bot.networks.matrix_http import MatrixError, room_path
from bot.networks.matrix_session import Session
from bot.networks.matrix_yield import Yield


async def restore(session: Session, yielded: Yield) -> None:
    """Put what the messages say now into what is kept of such redactions. Raises NetworkDown."""
    for number, (key, body) in enumerate(yielded.items):
        if (of := yielded.reverted.get(key)) is not None:
            yielded.items[number] = (key, await _restored(session, body, of))


async def _restored(session: Session, body: str, of: str) -> str:
    item = json.loads(body)
    event = item["event"]
    try:
        original = await session.home.call("GET", room_path(item["room"], "event", of))
    except MatrixError as refusal:
        if refusal.status not in (403, 404):
            raise
        original = {}
    says = _says(session, item["room"], original)
    if says is None:
        fresh = {**event, "redacts": of, "content": {}}
    else:
        relation = {"rel_type": "m.replace", "event_id": of}
        content = {**says, "m.new_content": says, "m.relates_to": relation}
        fresh = {**event, "type": "m.room.message", "sender": original["sender"], "content": content}
    return json.dumps({**item, "event": fresh})


def _says(session: Session, room: str, original: dict[str, Any]) -> dict[str, Any] | None:
    """The content of a message as its last edit has it, of those that still stand."""
    relations = (original.get("unsigned") or {}).get("m.relations") or {}
    last = _plain(session, room, relations.get("m.replace"))
    fresh = last.get("m.new_content") if last is not None else None
    return fresh if isinstance(fresh, dict) else _plain(session, room, original)


def _plain(session: Session, room: str, event: Any) -> dict[str, Any] | None:
    """What a message says; None for one that is gone, no message or not to be read."""
    if not isinstance(event, dict):
        return None
    if event.get("type") == "m.room.encrypted":
        event = session.keys.decrypt(room, event)
    content = event.get("content") if event is not None and event.get("type") == "m.room.message" else None
    return content if isinstance(content, dict) and content else None
