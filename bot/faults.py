"""How a fault of ours is named in logs and facts: what kind, and where in the code; never in words that somebody
wrote.
"""

from __future__ import annotations

import traceback
from pathlib import PurePath

_FLOORS = ("bot", "handlers", "storage", "playbooks")


def fault(error: BaseException) -> str:
    """``KeyError at handlers/ack.py:41``: the innermost place in this program. An exception's message may quote
    people; it is left out.
    """
    place = ""
    for frame in traceback.extract_tb(error.__traceback__):
        found = [number for number, part in enumerate(PurePath(frame.filename).parts) if part in _FLOORS]
        if found and "site-packages" not in PurePath(frame.filename).parts[found[-1] :]:
            inside = "/".join(PurePath(frame.filename).parts[found[0] if len(found) == 1 else found[-1] :])
            place = f" at {inside}:{frame.lineno}"
    return f"{type(error).__name__}{place}"
