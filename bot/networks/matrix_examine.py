"""What ``doctor`` says of a Matrix room: each thing that would keep a message from arriving, and what to do."""

from __future__ import annotations

from bot.networks.matrix_http import MatrixError
from bot.networks.matrix_session import Session
from bot.networks.port import NetworkDown


async def examine(session: Session, room_id: str) -> list[str]:
    """The troubles of one room; empty when all is well. Gives the room's keys on the way."""
    me = session.login.user
    try:
        room = await session.room(room_id)
    except MatrixError:
        return [f"The bot is not in Matrix room {room_id}: invite {me} into it."]
    except NetworkDown as down:
        return [f"Matrix room {room_id} cannot be examined: {down}."]
    said: list[str] = []
    title, powers = room.name or room_id, room.power_of(me)
    member = room.members.get(me)
    if member is None or member.membership != "join":
        return [f"The bot is not in {title}: invite {me} into it."]
    speak = room.power_to("m.room.encrypted" if room.encrypted else "m.room.message")
    if powers < speak:
        said.append(f"The bot may not speak in {title}: give {me} a power level of {speak:g}.")
    if powers < (remove := room.power_to("redact")):
        said.append(f"The bot cannot remove messages in {title}: give {me} a power level of {remove:g}.")
    if (trouble := session.encryption_trouble(room)) is not None:
        said.append(f"The bot does not speak in {title}: {trouble}.")
    if room.replacement is not None:
        said.append(f"{title} was replaced by {room.replacement}: bind that one.")
    if room.encrypted:
        said += await _encrypted(session, room_id, title)
    return said


async def _encrypted(session: Session, room_id: str, title: str) -> list[str]:
    said: list[str] = []
    room = session.rooms[room_id]
    try:
        await session.sharing.prepare(room)
    except NetworkDown as down:
        said.append(f"Keys for {title} cannot be given now: {down}.")
    keyless = session.sharing.keyless(room)
    said += [f"In {title} one device cannot read the bot, for it offers no keys: {device}." for device in keyless]
    if session.unvouched is not None:
        said.append(f"The bot's Matrix device is not cross-signed: {session.unvouched}.")
    return said
