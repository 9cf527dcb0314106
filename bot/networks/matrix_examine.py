"""What ``doctor`` says of a Matrix room: each thing that would keep a message from arriving, and what to do."""

from __future__ import annotations

from bot.networks.matrix_http import MatrixError
from bot.networks.matrix_rooms import Room
from bot.networks.matrix_session import Session
from bot.networks.matrix_write import MESSAGE, POLL
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
    said += [
        f"The bot {lacks} in {title}{lost}: give {me} a power level of {needed:g}."
        for needed, lacks, lost in _needs(room)
        if powers < needed
    ]
    if (trouble := session.encryption_trouble(room)) is not None:
        said.append(f"The bot does not speak in {title}: {trouble}.")
    if room.replacement is not None:
        said.append(f"{title} was replaced by {room.replacement}: bind that one.")
    if room.encrypted:
        said += await _encrypted(session, room_id, title)
    return said


def _needs(room: Room) -> list[tuple[float, str, str]]:
    """The power for everything that the bot does in a room, what it cannot do with less, and what is lost then.

    To remove its own messages it needs no power over those of others, and it changes no state. In encrypted rooms polls are words to the server,
    reactions and removals are not.
    """
    found = [
        (room.power_to("m.room.encrypted" if room.encrypted else MESSAGE), "may not speak", ""),
        (
            room.power_to("m.room.redaction"),
            "cannot remove its messages",
            ", so what is taken back elsewhere stays there",
        ),
        (room.power_to("m.reaction"), "may not react", ", so nobody sees there what was carried"),
        (room.power_to_ring(), "cannot ring for everybody", ", so an alert is missed by whoever hears only mentions"),
    ]
    if not room.encrypted:
        found.append((room.power_to(POLL), "may not ask polls", ", so those of other rooms are missing there"))
    return found


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
