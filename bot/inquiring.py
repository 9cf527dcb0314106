"""The log of an incident, read when somebody asks it in a chat; and an incident that is over, when somebody looks back on it.

Handlers touch no store. Before ``/audit`` or ``/export`` is decided, the request is given the facts that were committed, held against what was committed to, as
``tocsin ask`` does; where whoever asks may ask, and where there are not so many of them that everybody else would be kept waiting.
"""

from __future__ import annotations

import logging
from dataclasses import replace

from handlers import audit, gates
from handlers.auditing import may_ask
from handlers.command import typed
from handlers.which import LOOKING_BACK, case_of, incidents, named_in_front
from handlers.world import Request, World
from storage.log import Damaged
from storage.store import Store, Unreadable

log = logging.getLogger(__name__)


def looked_back_on(world: World, request: Request) -> str | None:
    """The incident that somebody names who may want to look back on it, where it is not in the world: it is over, perhaps long since.

    Only who may have business with a log: reading one again takes its time.
    """
    said = typed(request.text, world.usernames.get(request.room.network))
    if said is None or said.name not in LOOKING_BACK:
        return None
    person = world.who.person(request.identity or "")
    concerned = request.identity in world.admins or (person is not None and person.role in ("auditor", "coordinator"))
    named = named_in_front(said.arguments)
    return named if concerned and named is not None and named not in world.incidents else None


async def inquired(world: World, request: Request, store: Store) -> Request:
    """The request with the log that it asks, or with what is damaged of it; as it is where it asks none, or one that is too long."""
    said = typed(request.text, world.usernames.get(request.room.network))
    if said is None or said.name not in ("audit", "export") or request.identity is None:
        return request
    found = incidents(world, request, said.arguments, said.name)
    if len(found) != 1 or found[0].size > audit.MOST:
        return request
    may = may_ask if said.name == "audit" else gates.auditors
    if may(case_of(world, request, found[0])) is not None:
        return request
    try:
        return replace(request, kept=tuple(await store.checked(found[0].id)))
    except Unreadable as error:
        # Tried again it would be no better, and everybody else would wait for it.
        log.error("a log that is asked in a chat cannot be read", extra={"stream": found[0].id, "reason": str(error)})
        entry = error.entry if isinstance(error, Damaged) else None
        return replace(request, damaged=() if entry is None else (entry,))
