"""What every test shares: Hypothesis replays the same examples each time, and what was not tried is said last."""

from __future__ import annotations

import pytest
from hypothesis import settings

settings.register_profile("tocsin", derandomize=True, deadline=None)
settings.load_profile("tocsin")


LONGEST = tuple(
    f"tests/{name}.py"
    for name in (
        "stories/test_long_day",
        "faults/test_kill",
        "faults/test_talk_killed",
        "playbooks/test_every_condition_counts",
        "playbooks/test_plain_rule",
        "playbooks/test_sight_properties",
        "storage/test_verifier",
        "handlers/test_noninterference",
        "storage/test_copy_noninterference",
    )
)
"""The files of tests that take half a minute and more, the longest first."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest comes first, so that at the end no core waits for the other."""
    items.sort(key=_turn)


def _turn(item: pytest.Item) -> int:
    file = item.nodeid.partition("::")[0]
    if file in LONGEST:
        return LONGEST.index(file)
    return len(LONGEST) + (not file.startswith(("tests/faults/", "tests/stories/")))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say whether everything could be tried; the reasons stand in the list above."""
    untried = len(terminalreporter.stats.get("skipped", []))
    terminalreporter.write_line(
        f"NOT TRIED: {untried} of the tests, see above." if untried else "Every test was tried."
    )
