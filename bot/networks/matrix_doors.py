"""Whether a room that members of other rooms may enter uninvited (``restricted``) is open to anybody through one of those.

A room in a private space is as closed as the space, and one in a public space is open to the world, whatever it looks like itself. Of rooms
that the bot is not in, the homeserver is asked: one that it does not show to strangers lets no strangers in. Where that cannot be known, the
room counts as open.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, urlencode

from bot.networks.matrix_http import Homeserver, MatrixError
from bot.networks.matrix_rooms import Room
from bot.networks.port import NetworkDown

_AGAIN = timedelta(hours=1)
_SECONDS = 5.0
_REST = timedelta(minutes=5)  # after a question that got no answer none is asked for so long
_MOST = 10  # rooms behind one that are asked about; beyond that it counts as open
_SERVERS = 5  # through which ours may ask about a room it is not in
_HIDDEN = ("M_NOT_FOUND", "M_FORBIDDEN")


class Doors:
    """Looks behind the ``rooms`` we are in. An answer of the homeserver is good for an hour."""

    def __init__(self, home: Homeserver, rooms: dict[str, Room], clock: Callable[[], datetime]) -> None:
        self._home = home
        self._rooms = rooms
        self._clock = clock
        self._seen: dict[str, tuple[bool, datetime | None]] = {}
        self._resting = datetime.min.replace(tzinfo=UTC)

    async def look(self, touched: set[str]) -> None:
        """Bring ``Room.ajar`` up to date for the rooms of which something may be new; those it changes for are added. Never raises."""
        for room in [room for room in self._rooms.values() if room.allowed]:
            if room.id in touched or touched.intersection(room.allowed):
                before, room.ajar = room.ajar, await self._open(room)
                if room.ajar != before:
                    touched.add(room.id)

    async def _open(self, room: Room) -> bool:
        if len(room.allowed) > _MOST:
            return True
        for door in room.allowed:
            known = self._rooms.get(door)
            inside = known is not None and known.whole
            if known.open_join if known is not None and inside else await self._asked(door, room):
                return True
        return False

    async def _asked(self, door: str, room: Room) -> bool:
        now = self._clock()
        opened, asked = self._seen.get(door, (True, None))
        if now < self._resting or (asked is not None and abs(now - asked) < _AGAIN):
            return opened
        path = f"/_matrix/client/v1/room_summary/{quote(door, safe='')}"
        query = urlencode({"via": _servers(door, room)}, doseq=True)
        try:
            summary = await self._home.call("GET", f"{path}?{query}", seconds=_SECONDS)
            # A room that can itself be entered through others may be open too.
            opened = summary.get("join_rule", "public") not in ("invite", "knock", "private")
        except NetworkDown as down:
            if not isinstance(down, MatrixError) or down.errcode not in _HIDDEN:
                # Nobody may hold up hearing by naming rooms on servers that dawdle.
                self._resting = now + _REST
                return opened
            opened = False
        self._seen[door] = (opened, now)
        return opened


def _servers(door: str, room: Room) -> list[str]:
    # Those who are in a room are most often also in the space it belongs to.
    here = Counter(user.partition(":")[2] for user, member in room.members.items() if member.membership == "join")
    named = [server] if (server := door.partition(":")[2]) else []
    return list(dict.fromkeys([*named, *(server for server, _ in here.most_common(_SERVERS))]))[:_SERVERS]
