"""A flood becomes a digest."""

from __future__ import annotations

from handlers.events import Came, Flooded
from handlers.world import World
from storage.effects import Effect


def flooded(world: World, came: Came, event: Flooded) -> list[Effect]:
    """So much waited that it would have come as a flood."""
    return []
