"""A checkpoint that somebody kept, held against the log when they ask for it in a chat.

Handlers touch no store. Before ``/verify`` is decided, the request is given what came of the comparison, where whoever asks may ask.
"""

from __future__ import annotations

import json
from dataclasses import replace

from handlers import gates
from handlers.command import typed
from handlers.which import case_of
from handlers.world import Request, World
from storage.export.witnessed import pasted
from storage.store import Mentioned, Store


async def compared(world: World, request: Request, store: Store) -> Request:
    """The request with what its checkpoint is worth; as it is where it has none, or asks something else."""
    said = typed(request.text, world.usernames.get(request.room.network))
    if said is None or said.name != "verify" or gates.auditors(case_of(world, request, None)) is not None:
        return request
    note = pasted(said.arguments) or pasted(_posted(request.about))
    return request if note is None else replace(request, compared=await store.compared(note))


def _posted(about: Mentioned | None) -> str:
    """What a message of ours said; nothing where its words are not on file any more."""
    try:
        return str(json.loads(about.payload).get("text", "")) if about is not None else ""
    except (ValueError, AttributeError):
        return ""
