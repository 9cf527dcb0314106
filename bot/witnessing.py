"""Checkpoints that come back: given with ``/verify``, or seen in whatever is heard. Each is held against the log.

Handlers touch no store. Before ``/verify`` is decided, the request is given what came of the comparison, where whoever asks may ask.

A data folder that was put back whole knows nothing newer: what was posted does. So the bot's own posts are compared where a network gives them back,
and what anybody forwards, quotes, answers or pastes: the signature counts, not who brings it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from itertools import islice

from bot.networks.port import Heard
from handlers import gates
from handlers.command import typed
from handlers.which import case_of
from handlers.world import Request, World
from storage.export.witnessed import all_pasted, pasted
from storage.notes import parse_checkpoint, split_note
from storage.store import Mentioned, Store

LONGEST = 70_000
"""Characters that are looked through for checkpoints: more than any network carries in one message."""

MOST = 200
"""So many checkpoints of one message are compared."""


async def compared(world: World, request: Request, store: Store, showed: str = "") -> Request:
    """The request with what its checkpoint is worth; as it is where it has none, or asks something else. ``showed``: what the message says that it answers,
    for one that is on no file here any more."""
    said = typed(request.text, world.usernames.get(request.room.network))
    if said is None or said.name != "verify" or gates.auditors(case_of(world, request, None)) is not None:
        return request
    note = pasted(said.arguments) or pasted(_posted(request.about)) or pasted(showed[:LONGEST])
    return request if note is None else replace(request, compared=await store.compared(note))


async def contradicted(heard: Heard, name: str, store: Store, now: datetime) -> bool:
    """Whether something that was heard shows a checkpoint of this deployment (``name``) that the log is not in accord with: that is remembered."""
    texts = [text[:LONGEST] for text in _texts(heard) if f"{name}/" in text]
    ours = dict.fromkeys(note for text in texts for note in all_pasted(text) if note.startswith(f"{name}/"))
    return any([await store.reminded(note, now) for note in islice(ours, MOST)])


async def signed_at(store: Store, stream: str) -> int:
    """How many entries a log had when it was signed last, as far as the database knows; 0 where it never was."""
    note = await store.checkpoint(stream)
    return parse_checkpoint(split_note(note)[0]).size if note is not None else 0


def _texts(heard: Heard) -> Iterator[str]:
    if heard.kind in ("message", "edited", "posted"):
        yield heard.text
        yield heard.quoted[0] if heard.quoted is not None else ""
        yield heard.showed


def _posted(about: Mentioned | None) -> str:
    """What a message of ours said; nothing where its words are not on file any more."""
    try:
        return str(json.loads(about.payload).get("text", "")) if about is not None else ""
    except (ValueError, AttributeError):
        return ""
