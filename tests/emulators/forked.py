"""The program in a process of its own that begins at once, because it is forked from one that has read the code: see ``mother``.

What only a fresh process can show (that the program begins from nothing, and what it takes) is shown with ``Program``.
"""

from __future__ import annotations

import asyncio
import atexit
import functools
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.emulators.program import ROOT, Program
from tests.patience import PATIENCE


@functools.cache
def _door() -> str:
    """The socket of this process's own mother, who is begun when she is first needed and goes with it."""
    folder = Path(tempfile.mkdtemp(prefix="mother-"))
    door = str(folder / "door")
    mother = subprocess.Popen(
        [sys.executable, "-m", "tests.emulators.mother", door],
        env={**os.environ, "PYTHONPATH": str(ROOT)}, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip

    def end() -> None:
        mother.communicate()
        shutil.rmtree(folder, ignore_errors=True)

    atexit.register(end)
    assert mother.stdout is not None and mother.stdout.readline() == b"ready\n"
    return door


def _order(
    module: str, arguments: Sequence[str], folder: Path, environment: dict[str, str], out: Path, err: Path
) -> bytes:
    order = {
        "module": module,
        "arguments": list(arguments),
        "folder": str(folder),
        "environment": environment,
        "out": str(out),
        "err": str(err),
    }
    return json.dumps(order).encode() + b"\n"


def run(
    folder: Path,
    arguments: Sequence[str],
    environment: dict[str, str],
    *,
    module: str = "bot.cli",
    seconds: float = PATIENCE,
) -> tuple[int, str, str]:
    """Run a command to its end, with nothing to read: exit code (negative: the signal), output, errors."""
    with tempfile.TemporaryDirectory(prefix="said-") as said, socket.socket(socket.AF_UNIX) as line:
        out, err = Path(said, "out"), Path(said, "err")
        line.settimeout(seconds)
        line.connect(_door())
        line.sendall(_order(module, arguments, folder, environment, out, err))
        with line.makefile("r") as answers:
            _, ended = answers.readline(), answers.readline()
        return int(ended.removeprefix("ended ")), out.read_text("utf-8"), err.read_text("utf-8")


class Life:
    """One process, as ``Program`` wants it: what it needs of ``asyncio.subprocess.Process``."""

    def __init__(self, pid: int, reading: asyncio.StreamReader, writing: asyncio.StreamWriter) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._writing = writing
        self._end = asyncio.create_task(self._ended(reading))

    def send_signal(self, number: int) -> None:
        """Send it a signal; nothing where it has ended already."""
        if self.returncode is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to stop."""
        self.send_signal(signal.SIGTERM)

    async def wait(self) -> int:
        """Its exit code, once it has ended; negative: the signal."""
        return await asyncio.shield(self._end)

    async def _ended(self, reading: asyncio.StreamReader) -> int:
        said = (await reading.readline()).decode()
        self._writing.close()
        self.returncode = int(said.removeprefix("ended "))
        return self.returncode


class Forked(Program):
    """``tocsin run`` on a folder, forked each time it is started."""

    async def spawn(self, environment: dict[str, str]) -> None:
        """Begin the process; nothing is waited for."""
        reading, writing = await asyncio.open_unix_connection(_door())
        writing.write(_order(self._through[1], ["run"], self.folder, environment, self.log, self.log))
        born = (await reading.readline()).decode()
        self._process = Life(int(born.removeprefix("born ")), reading, writing)  # type: ignore[assignment]

    async def run(self, *arguments: str) -> tuple[int, str, str]:
        """Another command of the program on the same data: exit code, output, errors."""
        return await asyncio.to_thread(run, self.folder, arguments, self.environment)
