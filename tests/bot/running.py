"""The real program in a process of its own, for what only a process can show: exit codes, streams, signals."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
LIBRARY = ROOT / "playbooks" / "library"
FLOOD = LIBRARY / "meuse-flood.yaml"
SECONDS = 60


@dataclass(frozen=True, slots=True)
class Ran:
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str


def environment(folder: Path, **settings: str) -> dict[str, str]:
    """Nothing of whoever runs the tests, data in this folder, and these settings without their prefix."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("TOCSIN_")}
    given = {"DATA": str(folder / "data"), "WEB": "127.0.0.1:0", **settings}
    return {
        **clean,
        "PYTHONPATH": str(ROOT),
        "COLUMNS": "100",
        **{f"TOCSIN_{name}": one for name, one in given.items()},
    }


def tocsin(folder: Path, *arguments: str | Path, **settings: str) -> Ran:
    """Run a command to its end, in a folder, with no terminal."""
    done = subprocess.run(
        [sys.executable, "-m", "bot.cli", *map(str, arguments)],
        cwd=folder,
        env=environment(folder, **settings),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return Ran(done.returncode, done.stdout, done.stderr)
