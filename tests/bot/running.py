"""The real program in a process of its own, for what only a process can show: exit codes, streams, signals.

``tocsin`` forks it from a process that has read its code; ``afresh`` begins Python for it, as a person does, and takes two seconds.
"""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from unittest import mock

from bot.cli import main
from tests.emulators import forked

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
    code, out, err = forked.run(folder, [*map(str, arguments)], environment(folder, **settings), seconds=SECONDS)
    assert "Traceback" not in err, err
    return Ran(code, out, err)


def afresh(folder: Path, *arguments: str | Path, **settings: str) -> Ran:
    """The same from nothing."""
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


def within(folder: Path, *arguments: str | Path, **settings: str) -> Ran:
    """``tocsin``, in this process: for tests of what many commands do one after the other, where a process for each would cost seconds."""
    out, err = StringIO(), StringIO()
    with (
        chdir(folder),
        mock.patch.dict(os.environ, environment(folder, **settings), clear=True),
        mock.patch.object(sys, "argv", ["tocsin", *map(str, arguments)]),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        try:
            main()
        except SystemExit as ended:
            code = ended.code
    assert isinstance(code, int)
    return Ran(code, out.getvalue(), err.getvalue())
