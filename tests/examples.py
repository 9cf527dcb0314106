"""How many examples a property is tried on: all of them in the full run, an eighth in the quick part of the checks."""

from __future__ import annotations

import os


def examples(many: int) -> int:
    """``many``, or fewer where QUICK_TESTS is set."""
    return max(6, many // 8) if os.environ.get("QUICK_TESTS") else many
