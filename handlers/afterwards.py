"""The world as it will be once facts are kept that a decision has just asked for: what it goes on to decide sees them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from handlers.world import World
from playbooks.load import Book
from storage import deployment
from storage.effects import Effect, Record
from storage.facts import DEPLOYMENT, IDS, Fact
from storage.incident import fold
from storage.store import Kept


def after(world: World, incident: str, facts: Iterable[Fact], now: datetime, begins: Book | None = None) -> World:
    """The world after these facts of an incident that it knows; or of one that ``begins`` with this playbook."""
    known = world.incidents.get(incident)
    digest, size = (known.digest, known.size) if known is not None else ("", 0)
    if begins is not None:
        digest, world = begins.digest, replace(world, kept={**world.kept, begins.digest: begins})
    kept = [Kept(incident, size + number, now, digest, fact) for number, fact in enumerate(facts)]
    became = fold(known, kept)
    assert became is not None
    counters = dict(world.counters)
    for each in kept:
        attribute = IDS.get(type(each.fact))
        if attribute is not None:
            letter, _, number = getattr(each.fact, attribute).partition("-")
            counters[letter] = max(counters.get(letter, 0), int(number) if number.isdigit() else 0)
    return replace(world, incidents={**world.incidents, incident: became}, counters=counters)


def after_all(world: World, incident: str, effects: Iterable[Effect], now: datetime) -> World:
    """The world after what these effects record of an incident that it knows."""
    facts = [one.fact for one in effects if isinstance(one, Record) and one.stream == incident]
    return after(world, incident, facts, now) if facts else world


def after_here(world: World, facts: Iterable[Fact], now: datetime) -> World:
    """The world after these facts of the deployment: whose rooms are, and what is known of them."""
    kept = [Kept(DEPLOYMENT, 0, now, None, fact) for fact in facts]
    return replace(world, who=deployment.fold(world.who, kept)) if kept else world
