"""Which rooms are behind the names that playbooks give them. A name may be given to another room tomorrow; an
address may not.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable

from bot.clock import Clock, woken
from bot.networks.port import NetworkDown, NetworkPort
from handlers.events import Resolved, RoomEvent
from playbooks.load import Book
from playbooks.rooms import RoomRef

log = logging.getLogger(__name__)

AT_ONCE = 8
"""Names asked for side by side."""

AGAIN = 30.0
"""Seconds until a network that did not answer is asked again, as long as it is connected."""


async def resolved(port: NetworkPort, books: Iterable[Book], clock: Clock, stopped: asyncio.Event) -> Resolved | None:
    """The rooms of these playbooks on this network: as written, and where they are. None if the network went away
    meanwhile.

    A Matrix room is written as an alias (``#…``) or as its address; every other address is pinned as it is written.
    """
    written = {
        room.ref: None
        for book in books
        for partner in book.playbook.partners.values()
        for room in partner.rooms
        if room.network == port.name
    }
    while True:
        try:
            found = await _all(port, list(written))
        except* NetworkDown:
            log.warning("aliases could not be asked for", extra={"network": port.name})
        else:
            return Resolved(port.name, tuple(found))
        if await woken(clock, stopped, AGAIN) or not port.state.connected:
            return None


async def _all(port: NetworkPort, refs: list[RoomRef]) -> list[tuple[str, RoomRef]]:
    turns = asyncio.Semaphore(AT_ONCE)

    async def one(ref: RoomRef) -> RoomRef | None:
        if not ref.id.startswith("#"):
            return ref
        async with turns:
            return await port.resolve(ref.id)

    async with asyncio.TaskGroup() as group:
        asked = [(ref, group.create_task(one(ref))) for ref in refs]
    return [(str(ref), room) for ref, task in asked if (room := task.result()) is not None]


async def chats(port: NetworkPort, identities: Iterable[str]) -> list[RoomEvent]:
    """A private chat with each of these people, opened where there is none. Raises NetworkDown."""
    found = []
    for identity in identities:
        room = await port.direct(identity)
        if room is not None:
            found.append(RoomEvent("joined", room, identity, private=True))
    return found
