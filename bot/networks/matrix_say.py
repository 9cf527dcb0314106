"""Saying one thing in one room, so that it is said once and never in the clear where it must not be."""

from __future__ import annotations

from datetime import datetime, timedelta
from urllib.parse import quote

from bot.networks import matrix_write
from bot.networks.matrix_http import CLIENT, MatrixError, room_path
from bot.networks.matrix_rooms import Room
from bot.networks.matrix_session import Session
from bot.networks.port import Delayed, NetworkDown, Outcome, Outgoing, Refused, Sent

_STALE = timedelta(hours=23)  # the server forgets transaction ids after a day
_SLACK = timedelta(minutes=10)  # between our clock and the server's


async def say(session: Session, out: Outgoing, now: datetime) -> Outcome:
    """Send a message or an edit. Raises NetworkDown, when trying again is safe."""
    room = await session.room(out.room.id)
    if out.first_claimed_at is not None and now - out.first_claimed_at > _STALE:
        found = await _find(session, room, out.token, out.first_claimed_at)
        if found is not None:
            return Sent(found)
    if (trouble := session.encryption_trouble(room)) is not None:
        return Refused(trouble)
    kind, content = "m.room.message", matrix_write.content_of(out)
    if room.encrypted:
        content = await session.sharing.encrypt(room, kind, content)
        kind = "m.room.encrypted"
    elif out.must_encrypt:
        return Refused("the room is not encrypted, and these words may only go into an encrypted one")
    sent = await session.home.call("PUT", room_path(room.id, "send", kind, out.token), content)
    return Sent(str(sent["event_id"]))


async def remove(session: Session, out: Outgoing) -> Outcome:
    """Redact an event of ours; doing so again, by the same transaction or another, changes nothing. Raises NetworkDown."""
    path = room_path(out.room.id, "redact", out.replaces or "", out.token)
    await session.home.call("PUT", path, {})
    return Sent(out.replaces or "")


async def join(session: Session, out: Outgoing) -> Outcome:
    """Enter a room; doing so again changes nothing. Raises NetworkDown."""
    await session.home.call("POST", f"{CLIENT}/join/{quote(out.room.id, safe='')}", {})
    return Sent(out.room.id)


async def leave(session: Session, out: Outgoing) -> Outcome:
    """Leave a room, or stay out of it. Raises NetworkDown."""
    try:
        await session.home.call("POST", room_path(out.room.id, "leave"), {})
    except MatrixError as refusal:
        if refusal.status not in (403, 404):
            raise
    return Sent(out.room.id)


async def forbidden(session: Session, out: Outgoing, error: MatrixError) -> Outcome:
    """What a 403 means: we are not in the room, or may not speak there. The server says which in English only."""
    if out.kind == "join":
        return Refused("the bot is not invited into the room", gone=True)
    try:
        path = room_path(out.room.id, "state", "m.room.member", session.login.user)
        member = await session.home.call("GET", path)
    except MatrixError as refusal:
        if refusal.status in (403, 404):
            return Refused("the bot is not in the room any more", gone=True)
        return Delayed(5.0, str(error))
    except NetworkDown as down:
        return Delayed(5.0, str(down))
    if member.get("membership") != "join":
        return Refused("the bot is not in the room any more", gone=True)
    return Refused("the bot may not speak in the room; raise its power level")


async def _find(session: Session, room: Room, token: str, claimed: datetime) -> str | None:
    """The event that already says it, sent when the server still knew its transaction; None if there is none."""
    earliest = (claimed - _SLACK).timestamp() * 1000
    query = {"dir": "b", "limit": "100"}
    while True:
        page = await session.home.call("GET", room_path(room.id, "messages"), query=query)
        events = page.get("chunk") or []
        for event in events:
            if event.get("sender") != session.login.user:
                continue
            plain = session.keys.decrypt(room.id, event) if event["type"] == "m.room.encrypted" else event
            marked = plain is not None and plain["content"].get(matrix_write.MARKER) == token
            if marked or (event.get("unsigned") or {}).get("transaction_id") == token:
                return str(event["event_id"])
        oldest = min((event.get("origin_server_ts", 0) for event in events), default=0)
        if not page.get("end") or oldest < earliest:
            return None
        query["from"] = str(page["end"])
