"""The world as the log has it: folded at the start, and again where another process has written.

Open incidents are loaded; a closed one when something still concerns it. One that cannot be read is left out, and said
so in the world: it keeps no other from being decided.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace

from bot.faults import fault
from handlers.world import NotRead, World
from playbooks.load import Book, PlaybookErrors, parse
from storage import deployment, incident
from storage.facts import DEPLOYMENT, LogErased
from storage.incident import Incident
from storage.store import Erased, Kept, Store, Unreadable

log = logging.getLogger(__name__)


async def load(store: Store, empty: World) -> tuple[World, dict[str, int]]:
    """The world at the start, and how long each stream is in it. ``empty`` has what no fact says."""
    nothing = replace(empty, who=deployment.Deployment(), incidents={}, kept={}, unreadable={})
    world, sizes = await _deployment(store, nothing)
    for summary in await store.incidents():
        if summary.closed_at is None:
            world, sizes[summary.incident] = await if_readable(store, world, summary.incident)
    return replace(world, counters=dict(await store.counters())), sizes


async def refresh(store: Store, world: World, sizes: Mapping[str, int]) -> tuple[World, dict[str, int]]:
    """The world after another process has written: whatever grew is folded anew. A closed incident that did is left out
    until something concerns it: it may have been erased.
    """
    now = {head.stream: head.size for head in await store.heads()}
    grown = {name: size for name, size in sizes.items() if now.get(name) == size}
    if now.get(DEPLOYMENT, 0) != sizes.get(DEPLOYMENT, 0):
        world, fresh = await _deployment(store, world)
        grown |= fresh
    opened = {summary.incident for summary in await store.incidents() if summary.closed_at is None}
    stands = {name: one for name, one in world.incidents.items() if name in grown}
    world = replace(world, incidents=stands, unreadable={})
    for stream in sorted(opened - stands.keys()):
        world, grown[stream] = await if_readable(store, world, stream)
    return replace(world, counters=dict(await store.counters())), grown


async def with_incident(store: Store, world: World, stream: str) -> tuple[World, int]:
    """The world with this incident in it, open or closed, and its size. There may be none (size 0). Raises Unreadable."""
    facts = await store.facts(stream)
    found = _folded(stream, facts)
    if found is None:
        return world, 0
    digests = [found.digest, *([found.proposal.fact.digest] if found.proposal is not None else [])]
    books = {digest: world.kept.get(digest) or await _book(store, world, found, digest) for digest in digests}
    world = replace(world, incidents={**world.incidents, stream: found}, kept={**world.kept, **books})
    return world, len(facts)


async def if_readable(store: Store, world: World, stream: str) -> tuple[World, int]:
    """``with_incident``; where it cannot be read, the world without it, which says so (size 0)."""
    try:
        return await with_incident(store, world, stream)
    except Unreadable as error:
        log.error("an incident cannot be read", extra={"stream": stream, "reason": str(error)})
        why: NotRead = "erased" if isinstance(error, Erased) else "unreadable"
        others = {name: one for name, one in world.incidents.items() if name != stream}
        return replace(world, incidents=others, unreadable={**world.unreadable, stream: why}), 0


def _folded(stream: str, facts: Sequence[Kept]) -> Incident | None:
    """The incident that these facts make. Of what was erased each fact is left, and may say too little to make one."""
    if any(isinstance(kept.fact, LogErased) for kept in facts):
        raise Erased(f"the log of {stream} was erased: the time for which it was kept is over")
    try:
        found = incident.fold(None, facts)
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        raise Unreadable(f"what is left of the log of {stream} makes no incident: {fault(error)}") from error
    if found is not None and found.id != stream:
        raise Unreadable(f"the log of {stream} does not say which incident it is of")
    return found


async def _deployment(store: Store, world: World) -> tuple[World, dict[str, int]]:
    facts = await store.facts(DEPLOYMENT)
    return replace(world, who=deployment.fold(deployment.Deployment(), facts)), {DEPLOYMENT: len(facts)}


async def _book(store: Store, world: World, found: Incident, digest: str) -> Book:
    """A version of the playbook that an incident goes by, or is to go by."""
    for book in world.shelf.values():
        if book.digest == digest:
            return book
    source = await store.playbook(digest)
    if source is None:
        raise Unreadable(f"the playbook of {found.id} ({digest}) is not in the database: restore a backup")
    try:
        return parse(source, f"{found.playbook} of {found.id}")
    except PlaybookErrors as error:
        raise Unreadable(
            f"this version cannot read the playbook that {found.id} goes by: install the version that opened it, "
            "and close the incident there"
        ) from error
