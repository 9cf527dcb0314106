"""The log of an incident, read when somebody asks it in a chat.

Handlers touch no store. Before ``/audit`` is decided, the request is given the facts that were committed, where whoever asks may ask, and where
there are not so many of them that everybody else would be kept waiting.
"""

from __future__ import annotations

from dataclasses import replace

from handlers import audit
from handlers.auditing import may_ask
from handlers.command import typed
from handlers.which import case_of, incidents
from handlers.world import Request, World
from storage.store import Store


async def inquired(world: World, request: Request, store: Store) -> Request:
    """The request with the log that it asks; as it is where it asks none, or one that is too long."""
    said = typed(request.text, world.usernames.get(request.room.network))
    if said is None or said.name != "audit" or request.identity is None:
        return request
    found = incidents(world, request, said.arguments, said.name)
    if len(found) != 1 or found[0].size > audit.MOST or may_ask(case_of(world, request, found[0])) is not None:
        return request
    return replace(request, kept=tuple(await store.facts(found[0].id)))
