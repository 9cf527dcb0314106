"""Who is on duty for a partner: /duty take, /duty give PERSON at the change of shift, /duty off, /duty who."""

from __future__ import annotations

from handlers.world import World


def on_duty(world: World, partner: str) -> tuple[str, ...]:
    """The persons who are on duty for a partner now, whoever took it first in front."""
    return world.who.on_duty.get(partner, ())
