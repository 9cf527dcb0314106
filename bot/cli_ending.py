"""How a command ends: its exit code, and what it says on standard error.

0 fine, 1 the thing examined is bad, 2 the question could not be answered.
"""

from __future__ import annotations

import sys

FINE, BAD, UNANSWERED = 0, 1, 2


class Stop(Exception):
    """The command ends here, with these lines on standard error and this exit code."""

    def __init__(self, code: int, *lines: str) -> None:
        self.code = code
        self.lines = lines
        super().__init__("\n".join(lines))


def complain(*lines: str) -> None:
    """Say lines on standard error."""
    for line in lines:
        print(line, file=sys.stderr)
