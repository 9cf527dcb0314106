"""How many messages the emulated Telegram lets through before it says 429."""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(slots=True)
class Bucket:
    """So many at once, and so many in each period after that."""

    count: int
    period: float
    left: float
    at: float

    def wait(self, now: float) -> float:
        """Fill up to ``now``; the seconds until one more may pass, 0 when it may now."""
        self.left = min(float(self.count), self.left + (now - self.at) * self.count / self.period)
        self.at = now
        return 0.0 if self.left >= 0.95 else (1 - self.left) * self.period / self.count  # 5 % for the wire's jitter
