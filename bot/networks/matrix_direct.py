"""Direct chats: one encrypted room for each person, opened when first needed and found again ever after."""

from __future__ import annotations

from bot.networks.matrix_http import CLIENT, MatrixError
from bot.networks.matrix_rooms import MEGOLM
from bot.networks.matrix_session import Session
from playbooks.rooms import RoomRef


async def chat_with(session: Session, person: str) -> RoomRef | None:
    """The chat with ``person`` (a full user id); None when the homeserver cannot invite them. Raises NetworkDown."""
    async with session.opening:
        known = _known(session, person)
        if known is not None:
            return RoomRef("matrix", known)
        body = {
            "preset": "trusted_private_chat",
            "is_direct": True,
            "invite": [person],
            "initial_state": [{"type": "m.room.encryption", "state_key": "", "content": {"algorithm": MEGOLM}}],
        }
        try:
            made = str((await session.home.call("POST", f"{CLIENT}/createRoom", body))["room_id"])
        except MatrixError as refusal:
            if refusal.status in (400, 403, 404):
                return None
            raise
        session.memory.set_direct(made, person)
        return RoomRef("matrix", made)


def _known(session: Session, person: str) -> str | None:
    """A chat where only the two of us are, or where the invitation still stands."""
    us = {person, session.login.user}
    for room in session.memory.directs(person):
        known = session.rooms.get(room)
        if known is None or not known.whole:
            return room  # made a moment ago: no sync has told of it yet
        there = known.members.get(person)
        here = {user for user, member in known.members.items() if member.membership in ("join", "invite")}
        # One that was opened to others since is no chat between two any more: a new one is made.
        usable = known.closed and known.replacement is None
        if usable and here <= us and (there is None or there.membership in ("join", "invite")):
            return room
    return None
