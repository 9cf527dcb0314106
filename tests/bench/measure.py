"""Figures: rounds in which the two sides of a ratio alternate, their medians, and a line for people."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median

now = time.perf_counter


@dataclass
class Figure:
    """What was measured: seconds for our side and for the bare one, round by round.

    ``ratio_within`` and ``seconds_within`` are the targets that there are.
    """

    title: str
    bare: str
    ratio_within: float | None = None
    seconds_within: float | None = None
    ours_took: list[float] = field(default_factory=list)
    bare_took: list[float] = field(default_factory=list)
    beside: list[str] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        """Our median."""
        return median(self.ours_took)

    @property
    def ratio(self) -> float:
        """The median of the rounds' ratios: what slows the machine for a while slows both sides of a round."""
        return median(ours / bare for ours, bare in zip(self.ours_took, self.bare_took, strict=True))

    def lines(self) -> list[str]:
        """The figure in words, with how it stands to its targets."""
        ours, bare = spread(self.ours_took), spread(self.bare_took)
        targets = [
            f"{word(met)} ≤ {target}"
            for met, target in (
                (self.ratio <= (self.ratio_within or 0), f"{self.ratio_within} ×" if self.ratio_within else ""),
                (self.seconds <= (self.seconds_within or 0), milliseconds(self.seconds_within or 0)),
            )
            if target and target != milliseconds(0)
        ]
        verdict = ", ".join(targets) or "no target"
        return [
            f"{self.title}: {self.ratio:.2f} × the bare work ({verdict})",
            f"    ours {ours}; {self.bare} {bare}; {len(self.ours_took)} rounds",
            *(f"    {line}" for line in self.beside),
        ]


def word(met: bool) -> str:
    """How a figure stands to its target."""
    return "meets" if met else "misses"


def milliseconds(seconds: float) -> str:
    """Seconds as people read them."""
    return f"{seconds * 1000:.{0 if seconds >= 0.1 else 2}f} ms"


def spread(took: Sequence[float]) -> str:
    """The median, and from the fastest to the slowest."""
    return f"{milliseconds(median(took))} ({milliseconds(min(took))} to {milliseconds(max(took))})"
