"""Saying one thing in one room, so that it is said once and never in the clear where it must not be."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from bot.networks import matrix_card, matrix_posts, matrix_write
from bot.networks.matrix_attachment import Stored
from bot.networks.matrix_http import CLIENT, MatrixError, room_path
from bot.networks.matrix_rooms import Room
from bot.networks.matrix_session import Session
from bot.networks.matrix_shelf import FileRefused, Shelf
from bot.networks.matrix_write import Said
from bot.networks.port import Delayed, Moved, NetworkDown, Outcome, Outgoing, Refused, Sent
from playbooks.rooms import RoomRef

_STALE = timedelta(hours=23)  # the server forgets transaction ids after a day
_SLACK = timedelta(minutes=10)  # between our clock and the server's


async def say(session: Session, shelf: Shelf, out: Outgoing, now: datetime) -> Outcome:
    """Send a message or an edit. Raises NetworkDown, when trying again is safe."""
    if out.kind == "edit" and out.poll is not None:
        return Refused("a poll cannot be changed once people may have voted")
    room = await session.room(out.room.id)
    found: dict[str, str] = {}
    moved = room.replacement is not None
    if out.first_claimed_at is not None and (moved or now - out.first_claimed_at > _STALE):
        tokens = matrix_write.tokens_of(out) if out.kind == "message" else [out.token]
        found = await _find(session, room, tokens, out.first_claimed_at)
        if len(found) == len(tokens):
            return _sent([found[token] for token in tokens])
    if moved and not found and room.replacement is not None:
        return Moved(
            RoomRef("matrix", room.replacement), by_people=True
        )  # it may be open to us still, but nobody is there
    if (trouble := _trouble(session, room, out)) is not None:
        return trouble
    sealed = room.encrypted
    try:
        # All are there before anything is said, so that no album is left half told.
        files = [await shelf.bring(file, sealed=sealed) for file in out.files]
        if out.contact is not None and out.kind == "message":
            out, files = await matrix_card.with_card(shelf, out, sealed=sealed)
        events = await _events(session, room, out, files, shelf)
    except FileRefused as refusal:
        return Refused(str(refusal))
    names: list[str] = []
    for said in events:
        # Bringing files takes time, and whose room it is may have changed it.
        if (trouble := _trouble(session, room, out)) is not None:
            return trouble
        if files and room.encrypted is not sealed:
            return Delayed(0.1, "the room was encrypted meanwhile")
        names.append(found.get(said.token) or await _put(session, room, said, checkpoint=out.checkpoint))
        shown = said.content.get("m.new_content", said.content)
        if "info" in shown:
            shelf.remember(out.replaces or names[-1], shown)
    return _sent(names)


async def react(session: Session, out: Outgoing) -> Outcome:
    """Put a reaction, which stays in the clear also in encrypted rooms, as all clients have it. Raises NetworkDown."""
    room = await session.room(out.room.id)
    if (trouble := _trouble(session, room, out)) is not None:
        return trouble
    said = matrix_write.reaction_of(out)
    try:
        sent = await session.home.call("PUT", room_path(room.id, "send", said.type, said.token), said.content)
        return Sent(str(sent["event_id"]))
    except MatrixError as refusal:
        if refusal.errcode != "M_DUPLICATE_ANNOTATION":
            raise
    standing = await _standing(session, room, out.replaces or "", said.content["m.relates_to"]["key"])
    return Sent(standing) if standing is not None else Refused("the bot has reacted like this already")


async def remove(session: Session, shelf: Shelf, out: Outgoing) -> Outcome:
    """Redact an event of ours; doing so again, by the same transaction or another, changes nothing. Raises NetworkDown."""
    gone = out.replaces or ""
    try:
        await session.home.call("PUT", room_path(out.room.id, "redact", gone, out.token), {})
    except MatrixError as refusal:
        if refusal.status != 404:  # it is not there: that is what was asked for
            raise
    shelf.forget(gone)
    return Sent(gone)


async def end(session: Session, out: Outgoing) -> Outcome:
    """End a poll of ours; doing so again changes nothing. Raises NetworkDown."""
    room = await session.room(out.room.id)
    if (trouble := _trouble(session, room, out)) is not None:
        return trouble
    await _put(session, room, matrix_write.end_of(out))
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
    if out.kind in ("message", "edit") and (new := await _replacement(session, out.room.id)) is not None:
        return Moved(RoomRef("matrix", new), by_people=True)
    act = {"delete": "remove that message", "react": "react"}.get(out.kind, "speak")
    return Refused(f"the bot may not {act} in the room; raise its power level")


async def _replacement(session: Session, room: str) -> str | None:
    """The room that takes the place of this one, as the server has it: we may not have heard of it yet."""
    try:
        tombstone = await session.home.call("GET", room_path(room, "state", "m.room.tombstone"))
    except NetworkDown:
        return None
    new = tombstone.get("replacement_room")
    return new if isinstance(new, str) and new else None


async def _events(session: Session, room: Room, out: Outgoing, files: list[Stored], shelf: Shelf) -> list[Said]:
    if out.kind != "edit":
        return matrix_write.events_of(out, files)
    before = shelf.recall(out.replaces or "") if not files else None
    if before is None and out.caption and not files:
        before = await _shown(session, room, out.replaces or "")
    return [matrix_write.edit_of(out, files, before)]


async def _shown(session: Session, room: Room, event: str) -> dict[str, Any]:
    """What an event says that shows a file, asked of the server. Raises FileRefused: words alone would wipe the file out."""
    try:
        told = await session.home.call("GET", room_path(room.id, "event", event))
    except MatrixError as refusal:
        if refusal.status not in (403, 404):
            raise
        told = {}
    plain = session.keys.decrypt(room.id, told) if told.get("type") == "m.room.encrypted" else told
    content = (plain or {}).get("content")
    if not isinstance(content, dict) or not {"url", "file"} & content.keys():
        raise FileRefused("the words cannot be changed any more: the file above them is not known here now")
    return content


def _trouble(session: Session, room: Room, out: Outgoing) -> Refused | None:
    """Why ``out`` may not be said in ``room`` as it is now."""
    if (trouble := session.encryption_trouble(room)) is not None:
        return Refused(trouble)
    if out.must_encrypt and not room.encrypted:
        return Refused("the room is not encrypted, and these words may only go into an encrypted one")
    if out.among_us and not room.closed:
        # Known here before it is decided: what was written a moment ago was written for a closed room.
        return Refused("the room is not private any more, and what people say only goes into private ones")
    return None


async def _put(session: Session, room: Room, said: Said, *, checkpoint: bool = False) -> str:
    kind, content = said.type, said.content
    key = session.memory.posts_key if room.encrypted else None
    beside = matrix_posts.beside(content, room.id, key) if checkpoint else {}
    if room.encrypted:
        content = await session.sharing.encrypt(room, kind, content)
        kind = "m.room.encrypted"
    elif content.get("m.mentions") == {} and not room.may_name(str(content.get("body", ""))):
        # That nobody is mentioned has to be said only where a name could be found in the words. Synapse looks at it for 2 ms, a tenth of what a message costs it.
        content = {name: part for name, part in content.items() if name != "m.mentions"}
    content = content | beside
    sent = await session.home.call("PUT", room_path(room.id, "send", kind, said.token), content)
    return str(sent["event_id"])


def _sent(names: list[str]) -> Sent:
    return Sent(names[0], tuple(names[1:]))


async def _standing(session: Session, room: Room, event: str, key: str) -> str | None:
    """The reaction of ours that says the same already."""
    parts = ("relations", event, "m.annotation", "m.reaction")
    path = room_path(room.id, *parts).replace(CLIENT, "/_matrix/client/v1", 1)
    query = {"limit": "100"}
    while True:
        page = await session.home.call("GET", path, query=query)
        for reaction in page.get("chunk") or []:
            relation = (reaction.get("content") or {}).get("m.relates_to") or {}
            if reaction.get("sender") == session.login.user and relation.get("key") == key:
                return str(reaction["event_id"])
        if not page.get("next_batch"):
            return None
        query["from"] = str(page["next_batch"])


async def _find(session: Session, room: Room, tokens: list[str], claimed: datetime) -> dict[str, str]:
    """The events that already say it, sent when the server still knew their transactions, by these."""
    found: dict[str, str] = {}
    earliest = (claimed - _SLACK).timestamp() * 1000
    query = {"dir": "b", "limit": "100"}
    while True:
        page = await session.home.call("GET", room_path(room.id, "messages"), query=query)
        events = page.get("chunk") or []
        for event in events:
            if event.get("sender") != session.login.user:
                continue
            plain = session.keys.decrypt(room.id, event) if event["type"] == "m.room.encrypted" else event
            marks = [(event.get("unsigned") or {}).get("transaction_id")]
            marks += [plain["content"].get(matrix_write.MARKER)] if plain is not None else []
            found |= {token: str(event["event_id"]) for token in tokens if token in marks}
        oldest = min((event.get("origin_server_ts", 0) for event in events), default=0)
        if len(found) == len(tokens) or not page.get("end") or oldest < earliest:
            return found
        query["from"] = str(page["end"])
