"""What every test shares: Hypothesis replays the same examples each time, and what was not tried is said last."""

from __future__ import annotations

import pytest
from hypothesis import settings

settings.register_profile("tocsin", derandomize=True, deadline=None)
settings.load_profile("tocsin")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest comes first, so that at the end no core waits for the other."""
    items.sort(key=lambda item: not item.nodeid.startswith(("tests/faults/", "tests/stories/")))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say whether everything could be tried; the reasons stand in the list above."""
    untried = len(terminalreporter.stats.get("skipped", []))
    terminalreporter.write_line(
        f"NOT TRIED: {untried} of the tests, see above." if untried else "Every test was tried."
    )
