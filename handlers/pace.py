"""How often messages are edited in place: the rules that cards, lists of the silent and lists of roll calls keep together.

- Of a message, never more than one version is on its way; when it has arrived, the message is looked at again.
- A room is not edited more often than every three seconds, however many such messages of however many incidents it has.
- What says the same is not written again, and a room that refuses is left alone for a while.

The first version of a list rings, and goes at once. Each later one waits its turn.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from handlers.world import World
from playbooks.rooms import RoomRef
from storage.incident import Incident, Live

EVERY = timedelta(seconds=3)
"""The shortest time between two edits in one room."""

LASTS = timedelta(seconds=20)
"""For so long a version that is on its way keeps the room for itself."""

REFUSED = timedelta(minutes=10)
"""How long a room that refused a message is left alone."""


def rests(live: Live, now: datetime) -> bool:
    """Whether nothing is to be written now, whatever it says: a version is on its way, or was refused a short while ago."""
    return live.waiting or (live.refused and now < live.at + REFUSED)


def settled(live: Live | None, digest: str, now: datetime) -> bool:
    """Whether nothing is to be written of what says this now."""
    return live is not None and (live.digest == digest or rests(live, now))


def outrun(incident: Incident, live: Live) -> bool:
    """Whether something has happened since a version was written, or nobody knows what stands there."""
    thing, *circumstances = incident.as_it_is(live.about)
    known = live.digest and live.written_of and live.written_of[0] is thing
    return not (known and [*live.written_of[1:]] == circumstances)


def tick(now: datetime, every: timedelta) -> datetime:
    """The next moment on a grid: what keeps happening does not put it off."""
    seconds = int(every.total_seconds())
    return datetime.fromtimestamp((int(now.timestamp()) // seconds + 1) * seconds, UTC)


def free(world: World, room: RoomRef, now: datetime) -> datetime | None:
    """When the next message may be edited in a room, whichever it is; None: now."""
    late = now - LASTS  # what was written before that, however long ago, keeps nothing back
    lives = [
        live for one in world.incidents.values() for live in one.live.values() if live.at > late and live.room == room
    ]
    if any(live.waiting for live in lives):
        return now + EVERY
    newest = max((live.at for live in lives), default=now - EVERY)
    return newest + EVERY if now < newest + EVERY else None
