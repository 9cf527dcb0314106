"""What the networks say of the rooms, asked for when somebody wants to know whether all is ready.

Handlers touch no network. Before ``/ready`` is decided, the world is given how many things are wrong in each room; a room of which
nothing was said in time is left out, because whoever asked, and everybody behind them, waits.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace

from bot.networks.port import NetworkDown, NetworkPort
from handlers.command import typed
from handlers.world import Request, World, accounts
from playbooks.rooms import Network, RoomRef

SECONDS = 2.0
AT_ONCE = 16
"""Rooms looked into side by side."""


async def examined(world: World, request: Request, networks: Mapping[Network, NetworkPort]) -> World:
    """The world with what is wrong in the rooms that whoever asks may ask about; as it is where nobody does."""
    said = typed(request.text, world.usernames.get(request.room.network))
    if said is None or said.name != "ready":
        return world
    rooms = [room for room in _asked_about(world, request.identity) if room.network in networks]
    gate = asyncio.Semaphore(AT_ONCE)
    tasks = {asyncio.create_task(_troubles(networks[room.network], room, gate)): room for room in rooms}
    if tasks:
        await asyncio.wait(tasks, timeout=SECONDS)
    found: dict[RoomRef, int] = {}
    for task, room in tasks.items():
        if not task.done():
            task.cancel()
        elif task.exception() is None and (troubles := task.result()) is not None:
            found[room] = troubles
    return replace(world, examined=found)


async def _troubles(port: NetworkPort, room: RoomRef, gate: asyncio.Semaphore) -> int | None:
    async with gate:
        if not port.state.connected:
            return None
        try:
            return len(await port.examine(room))
        except NetworkDown:
            return None


def _asked_about(world: World, identity: str | None) -> list[RoomRef]:
    """Coordinators ask about every room, liaisons about their partner's; for nobody else are networks asked."""
    person = world.who.person(identity or "")
    held = {identity or "", *(accounts(world, person) if person is not None else ())}
    every = bool(world.admins & held) or (person is not None and person.role == "coordinator")
    own = person.partner if person is not None and person.role == "liaison" else None
    if world.who.withdrawn(identity or ""):
        return []
    found = {
        b.room: None for (of, _), b in world.who.bindings.items() if of in world.shelf and (every or b.partner == own)
    }
    return [room for room in found if room.chat not in world.who.lost]
