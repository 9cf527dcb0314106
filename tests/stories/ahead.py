"""Runs the program with a clock that is ahead: ``python -m tests.stories.ahead run``, with AHEAD naming a file that says by how many seconds.

A test writes another number there as it runs: so time passes without anybody waiting for it. Nothing of this is in the program.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.clock import SystemClock


class Ahead(SystemClock):
    """The machine's clock, and what the file says."""

    said = Path(os.environ.get("AHEAD", "nowhere"))

    def now(self) -> datetime:
        """The time of day as the test has it."""
        seconds = float(self.said.read_text() or 0) if self.said.exists() else 0.0
        return datetime.now(UTC) + timedelta(seconds=seconds)


if __name__ == "__main__":
    SystemClock.now = Ahead().now  # type: ignore[method-assign,assignment]
    from bot.cli import main

    main()
