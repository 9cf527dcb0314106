"""Lists of those who are silent, kept up to date: one message about each alert or round and kind of step in a room.

The first partner that comes on a list makes it ring in the room. Those that follow are added by editing it, as often as
``handlers.pace`` lets it, and so is what becomes of them: five hundred silent partners are one message. What a list says is in ``silence`` and
``callers``.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from handlers import callers
from handlers.cards import digest_of
from handlers.pace import EVERY, free, rests
from handlers.silence import LISTS, Desks, written
from handlers.world import World
from playbooks.cleared import Cleared, Reader
from playbooks.rooms import RoomRef
from storage.effects import Effect, Send, Urgency, Wake
from storage.incident import Incident, Live

ROLES = frozenset((*LISTS, callers.ROLE))


def told(
    world: World, incident: Incident, about: str, kind: str, rooms: Iterable[RoomRef], now: datetime
) -> list[Effect]:
    """A partner has come on a list: a room without one gets it, aloud; to the others it is added. ``incident``: with that in it."""
    effects: list[Effect] = []
    for room in dict.fromkeys(rooms):
        live = incident.live.get((kind, about, room))
        effects += _again(world, incident, live, now) if live else []
        effects += _version(world, incident, about, kind, room, None, now) if live is None else []
    return effects


def due(world: World, incident: Incident, about: str, now: datetime, *, besides: Iterable[Effect] = ()) -> list[Effect]:
    """Write each list anew that says something else by now, where it may be now. ``besides``: what is sent at the same time."""
    lives = [live for live in incident.live.values() if live.about == about and live.role in ROLES]
    taken = {one.to for one in besides if isinstance(one, Send)}
    sends: list[Effect] = []
    later: list[datetime] = []
    for live in lives:
        for one in _again(world, incident, live, now):
            if isinstance(one, Send) and one.to not in taken:
                taken.add(one.to)
                sends.append(one)
            else:
                later.append(one.at if isinstance(one, Wake) else now + EVERY)
    return [*sends, *([_wake(incident, about, min(later))] if later else [])]


def arrived(world: World, incident: Incident, send: str, now: datetime) -> list[Effect]:
    """A version of a list is there: what has happened since it was written is added. ``incident``: with its arrival in it."""
    key = incident.live_of.get(send)
    live = incident.live.get(key) if key is not None else None
    return (
        [*_again(world, incident, live, now)] if live is not None and live.role in ROLES and live.send == send else []
    )


def _again(world: World, incident: Incident, live: Live, now: datetime) -> list[Send | Wake]:
    """A list anew, where it says something else: at once, or as soon as that may be."""
    if rests(live, now):
        return []  # what is on its way is looked at again when it has arrived
    version = _version(world, incident, live.about, live.role, live.room, live, now)
    turn = free(world, live.room, now)
    return [*version] if not version or turn is None else [_wake(incident, live.about, turn)]


def _version(
    world: World, incident: Incident, about: str, kind: str, room: RoomRef, live: Live | None, now: datetime
) -> list[Send]:
    """What a list says now, where it says something else than what stands there."""
    if kind == callers.ROLE:
        send = callers.list_for(world, incident, about, room, now, loud=live is None)
    else:
        found = written(world, incident, about, kind, room, Desks(world, incident, about, now))
        send = _send(incident, about, kind, *found, loud=live is None) if found is not None else None
    return [] if send is None or (live is not None and send.digest == live.digest) else [send]


def _send(incident: Incident, about: str, kind: str, reader: Reader, said: Cleared, *, loud: bool) -> Send:
    return Send(
        stream=incident.id,
        to=reader.room,
        body=said,
        urgency=Urgency.PROMPT,
        about=about,
        partner=reader.partner,
        language=next(iter(reader.languages), ""),
        loud=loud,
        role=kind,
        digest=digest_of(said),
    )


def _wake(incident: Incident, about: str, at: datetime) -> Wake:
    return Wake(f"silent:{about}", incident.id, at, "silent", about)
