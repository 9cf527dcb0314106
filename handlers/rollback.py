"""The log is not the one that was signed: an older database was put back. It goes on, and whoever can mend it is told, once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from handlers.coordinators import tell_coordinators
from handlers.events import RolledBack
from handlers.texts import say, says
from handlers.world import World
from playbooks.cleared import Cleared, Reader, figure, glue, is_short_id, short_id, strong
from storage.effects import Effect, Record
from storage.facts import DEPLOYMENT, RollbackFound
from storage.store import Rollback

_MOST = 5
"""So many logs are named; a database that is older by days concerns them all."""


def found(world: World, event: RolledBack, now: datetime) -> list[Effect]:
    """Each is recorded, so that no copy of the log keeps it quiet; the coordinators are told what to do."""
    recorded = [Record(DEPLOYMENT, RollbackFound(one.stream, one.size, one.signed)) for one in event.streams]
    return [
        *recorded,
        *tell_coordinators(world, DEPLOYMENT, now, lambda reader: glue([*_told(reader, event.streams)])),
    ]


def _told(reader: Reader, streams: tuple[Rollback, ...]) -> Iterator[Cleared]:
    tongues = reader.languages
    yield strong(say(tongues, "An older database was put back on my server."))
    for one in streams[:_MOST]:
        what = short_id(one.stream) if is_short_id(one.stream) else say(tongues, "this deployment")
        if one.size < one.signed:
            yield say(
                tongues,
                "The log of {incident} had {signed} entries when I signed it last, and has {now} now.",
                incident=what,
                signed=figure(one.signed),
                now=figure(one.size),
            )
        else:
            yield say(
                tongues,
                "The log of {incident} is another one than the one that I signed over {signed} entries.",
                incident=what,
                signed=figure(one.signed),
            )
    if (more := len(streams) - _MOST) > 0:
        yield says(tongues, "And {count} more log.", "And {count} more logs.", more)
    yield say(
        tongues,
        "I go on, but sign no more of what is older. On the server: stop me, restore the newest backup, and tell the partners.",
    )
