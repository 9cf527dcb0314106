"""Counts what is decided, for ``/metrics``: it stands between the engine and the handlers, and changes nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import datetime
from typing import Any, TypeVar

from bot.clock import Clock
from bot.deciding import Decisions
from bot.web import Figure, Histogram
from handlers.events import Came, Delivery
from handlers.world import Request, World
from playbooks.rooms import NETWORKS
from storage.effects import Effect
from storage.facts.fact import is_exercise
from storage.store import Deadline

T = TypeVar("T")


def by_network(counts: Mapping[Any, float]) -> dict[tuple[tuple[str, str], ...], float]:
    """Counts by network, as a figure has them."""
    return {(("network", str(name)),): float(count) for name, count in counts.items()}


def by_kind(counts: Mapping[bool, float]) -> dict[tuple[tuple[str, str], ...], float]:
    """Counts of the real thing and of exercises, apart."""
    kinds = (("real", False), ("exercise", True))
    return {(("kind", name),): float(counts.get(played, 0)) for name, played in kinds}


class Meters:
    """The handlers, counted and timed."""

    def __init__(self, decisions: Decisions, clock: Clock) -> None:
        self._decisions = decisions
        self._clock = clock
        self.seconds = Histogram()
        self.heard: Counter[str] = Counter()
        self.outcomes: Counter[tuple[str, str, bool]] = Counter()
        self.due_count = 0
        self.lateness = 0.0

    def hear(self, world: World, request: Request) -> list[Effect]:
        """What a person said."""
        self.heard[request.room.network] += 1
        return self._timed(lambda: self._decisions.hear(world, request))

    def happened(self, world: World, came: Came) -> list[Effect]:
        """What networks and the courier report."""
        if isinstance(came.event, Delivery):
            row = came.event.row
            self.outcomes[row.to.network, came.event.became, is_exercise(row.stream)] += 1
        return self._timed(lambda: self._decisions.happened(world, came))

    def due(self, world: World, deadline: Deadline, now: datetime) -> list[Effect]:
        """What fell due."""
        self.due_count += 1
        self.lateness = max(0.0, (now - deadline.at).total_seconds())
        return self._timed(lambda: self._decisions.due(world, deadline, now))

    def started(self, world: World, now: datetime) -> list[Effect]:
        """The program began."""
        return self._decisions.started(world, now)

    def failed(self, world: World, request: Request) -> list[Effect]:
        """A fault of ours."""
        return self._decisions.failed(world, request)

    def audited(self, world: World, keys: Collection[str], now: datetime) -> list[Effect]:
        """What is awaited, held against the deadlines that are set."""
        return self._decisions.audited(world, keys, now)

    def _timed(self, decide: Callable[[], T]) -> T:
        before = self._clock.monotonic()
        try:
            return decide()
        finally:
            self.seconds.observe(self._clock.monotonic() - before)

    def figures(self) -> Iterator[Figure]:
        """Everything that was counted."""
        heard = by_network({name: self.heard[name] for name in NETWORKS})
        yield Figure("messages_heard_total", "counter", "Messages, taps and reactions decided.", heard)
        for became in ("sent", "refused", "unknown"):
            values = {
                (*network, *kind): count
                for played in (False, True)
                for network, count in by_network({n: self.outcomes[n, became, played] for n in NETWORKS}).items()
                for kind in [(("kind", "exercise" if played else "real"),)]
            }
            yield Figure(f"messages_{became}_total", "counter", f"Messages of ours that were {became}.", values)
        yield Figure("decision_seconds", "histogram", "Time to decide one event, in seconds.", histogram=self.seconds)
        yield Figure("deadlines_total", "counter", "Deadlines seen to.", {(): float(self.due_count)})
        yield Figure("deadline_lateness_seconds", "gauge", "How late the last deadline was.", {(): self.lateness})
