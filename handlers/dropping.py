"""Rooms that talk does not reach, and who is told."""

from __future__ import annotations

from handlers.events import Came, Delivery
from handlers.world import World
from storage.effects import Effect


def refused(world: World, came: Came, event: Delivery) -> list[Effect]:
    """A copy did not arrive."""
    return []


def reached(world: World, came: Came, event: Delivery) -> list[Effect]:
    """A copy arrived."""
    return []
