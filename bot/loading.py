"""The world as the log has it: folded at the start, and again where another process has written.

Open incidents are loaded; a closed one when something still concerns it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from handlers.world import World
from playbooks.load import Book, PlaybookErrors, parse
from storage import deployment, incident
from storage.facts import DEPLOYMENT
from storage.incident import Incident
from storage.store import StorageError, Store


async def load(store: Store, empty: World) -> tuple[World, dict[str, int]]:
    """The world at the start, and how long each stream is in it. ``empty`` has what no fact says."""
    world, sizes = await _deployment(store, replace(empty, who=deployment.Deployment(), incidents={}, kept={}))
    for summary in await store.incidents():
        if summary.closed_at is None:
            world, sizes[summary.incident] = await with_incident(store, world, summary.incident)
    return replace(world, counters=dict(await store.counters())), sizes


async def refresh(store: Store, world: World, sizes: Mapping[str, int]) -> tuple[World, dict[str, int]]:
    """The world after another process has written: whatever grew is folded anew."""
    now = {head.stream: head.size for head in await store.heads()}
    grown = dict(sizes)
    if now.get(DEPLOYMENT, 0) != sizes.get(DEPLOYMENT, 0):
        world, fresh = await _deployment(store, world)
        grown |= fresh
    opened = {summary.incident for summary in await store.incidents() if summary.closed_at is None}
    for stream in sorted(opened | world.incidents.keys()):
        if now.get(stream) != sizes.get(stream) or stream not in world.incidents:
            world, grown[stream] = await with_incident(store, world, stream)
    return replace(world, counters=dict(await store.counters())), grown


async def with_incident(store: Store, world: World, stream: str) -> tuple[World, int]:
    """The world with this incident in it, open or closed, and its size. There may be none (size 0)."""
    facts = await store.facts(stream)
    found = incident.fold(None, facts)
    if found is None:
        return world, 0
    digests = [found.digest, *([found.proposal.fact.digest] if found.proposal is not None else [])]
    books = {digest: world.kept.get(digest) or await _book(store, world, found, digest) for digest in digests}
    world = replace(world, incidents={**world.incidents, stream: found}, kept={**world.kept, **books})
    return world, len(facts)


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
        raise StorageError(f"the playbook of {found.id} ({digest}) is not in the database: restore a backup")
    try:
        return parse(source, f"{found.playbook} of {found.id}")
    except PlaybookErrors as error:
        raise StorageError(
            f"this version cannot read the playbook that {found.id} goes by: install the version that opened it, "
            "and close the incident there"
        ) from error
