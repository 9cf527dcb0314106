"""What silence leads to, step by step, for each partner whose answer is awaited."""

from __future__ import annotations

from datetime import datetime

from handlers.waiting import key, next_step, steps, waits
from handlers.world import World
from storage.effects import Effect, Unwake, Wake
from storage.incident import Incident


def begun(world: World, incident: Incident, about: str, partner: str, now: datetime) -> list[Effect]:
    """A partner's silence counts: the next step's deadline is set."""
    book = world.book_of(incident)
    watch = waits(book, incident, about, world.who).get(partner)
    at = next_step(steps(book, incident, about), watch) if watch is not None else None
    if at is None:
        return []
    name = key("escalation", about, partner)
    return [Wake(name, incident.id, max(at, now), "escalation", f"{about} {partner}")]


def stopped(about: str, partner: str) -> list[Effect]:
    """Nobody waits for this partner's answer any more: its deadlines are taken back."""
    return [Unwake(f"escalation:{about}:{partner}"), Unwake(f"unreachable:{about}:{partner}")]
