"""How this program is called where it runs, so that what it tells people to type can be typed."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path


def program() -> str:
    """``tocsin`` where that is found, else the path by which it was started."""
    started = Path(sys.argv[0]) if sys.argv and sys.argv[0] else Path("tocsin")
    found = shutil.which("tocsin")
    if not started.is_file() or (found is not None and Path(found).resolve() == started.resolve()):
        return "tocsin"
    inside = os.path.relpath(started.absolute())
    return inside if not inside.startswith("..") else str(started.absolute())
