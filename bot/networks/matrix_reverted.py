"""An edit that is taken back: the message says again what it said before, as clients show it.

A redaction names the edit, and not the message; which one it changed was noted when it came, and what is left of it the homeserver tells. Where
that cannot be had, the whole message counts as taken back: what somebody wanted gone must not stay where we carried it. But anybody may send what
looks like an edit of another's message, which no client shows: taking that back changes nothing. Nor does an edit of what is no message, as a poll.
"""

from __future__ import annotations

import json
from typing import Any

from bot.networks.matrix_edits import KnownEdit
from bot.networks.matrix_http import MatrixError, room_path
from bot.networks.matrix_session import Session
from bot.networks.matrix_yield import Yield


async def restore(session: Session, yielded: Yield) -> None:
    """Put what the messages say now into what is kept of such redactions. Raises NetworkDown."""
    for number, (key, body) in enumerate(yielded.items):
        if (edit := yielded.reverted.get(key)) is not None:
            yielded.items[number] = (key, await _restored(session, body, edit))


async def _restored(session: Session, body: str, edit: KnownEdit) -> str:
    item = json.loads(body)
    event, of = item["event"], edit.of
    try:
        original = await session.home.call("GET", room_path(item["room"], "event", of))
    except MatrixError as refusal:
        if refusal.status not in (403, 404):
            raise
        original = {}
    if original and original.get("sender") != edit.sender:
        return body
    plain = _plain(session, item["room"], original)
    if plain is not None and plain.get("type") != "m.room.message":
        return body
    says = _says(session, item["room"], original)
    if says is None:
        fresh = {**event, "redacts": of, "content": {}}
    else:
        relation = {"rel_type": "m.replace", "event_id": of}
        content = {**says, "m.new_content": says, "m.relates_to": relation}
        fresh = {**event, "type": "m.room.message", "sender": original["sender"], "content": content}
    return json.dumps({**item, "event": fresh})


def _says(session: Session, room: str, original: dict[str, Any]) -> dict[str, Any] | None:
    """The content of a message as its last edit has it, of those that still stand; None for one that is gone, or not to be read."""
    relations = (original.get("unsigned") or {}).get("m.relations") or {}
    last = _content(_plain(session, room, relations.get("m.replace")))
    fresh = last.get("m.new_content") if last is not None else None
    return fresh if isinstance(fresh, dict) else _content(_plain(session, room, original))


def _content(event: dict[str, Any] | None) -> dict[str, Any] | None:
    """What a message says; None for one that is gone, or no message."""
    content = event.get("content") if event is not None and event.get("type") == "m.room.message" else None
    return content if isinstance(content, dict) and content else None


def _plain(session: Session, room: str, event: Any) -> dict[str, Any] | None:
    """An event as it was before it was encrypted; None where there is none, or it is not to be read."""
    if not isinstance(event, dict) or not event:
        return None
    sealed = event.get("type") == "m.room.encrypted"
    return session.keys.decrypt(room, event) if sealed else event
