"""Many lives of the program, each ended by ``kill -9``: forked from a mother process that has read the code already, so that a life begins in
a fraction of a second.

``python -m tests.faults.lives`` is the mother: she reads one order a line (JSON: ``folder``, ``environment``, ``log``, ``turns``), says ``born
PID``, and when it is over ``ended CODE``. A life that is given ``turns`` kills itself in that turn of its event loop, counted from its first
commit: between any two things that it does, while others of its threads are in the middle of theirs. Nothing of this is in the program.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

from tests.emulators.program import ROOT, Program

SIGN_EVERY = 0.1


class Life:
    """One process, as ``Program`` wants it: the ends of it that ``asyncio.subprocess.Process`` has."""

    def __init__(self, pid: int, mother: asyncio.subprocess.Process) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._end = asyncio.create_task(self._ended(mother))

    def send_signal(self, number: int) -> None:
        """Send it a signal; nothing where it has ended already."""
        if self.returncode is None:
            os.kill(self.pid, number)  # it is nobody's pid but its own until the mother has said that it ended

    def terminate(self) -> None:
        """Ask it to stop."""
        self.send_signal(signal.SIGTERM)

    async def wait(self) -> int:
        """Its exit code, once it has ended; negative: the signal."""
        return await asyncio.shield(self._end)

    async def _ended(self, mother: asyncio.subprocess.Process) -> int:
        self.returncode = int((await _line(mother)).removeprefix("ended "))
        return self.returncode


class Lives(Program):
    """The program, whose lives are forked. ``async with``: the mother goes with the test."""

    _mother: asyncio.subprocess.Process

    @classmethod
    def of(cls, program: Program) -> Lives:
        """Of the program as it was set up."""
        return cls(program.folder, program._settings)

    async def __aenter__(self) -> Lives:
        self._mother = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.faults.lives", cwd=self.folder,
            env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"},
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        assert await _line(self._mother) == "ready"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.kill()
        assert self._mother.stdin is not None
        self._mother.stdin.close()
        await self._mother.wait()

    async def live(self, turns: int) -> None:
        """Begin a life that ends in this turn of its loop; nothing is waited for."""
        await self.spawn(self.environment, turns=turns)

    async def spawn(self, environment: dict[str, str], *, turns: int = 0) -> None:
        order = {"folder": str(self.folder), "environment": environment, "log": str(self.log), "turns": turns}
        assert self._mother.stdin is not None
        self._mother.stdin.write(json.dumps(order).encode() + b"\n")
        await self._mother.stdin.drain()
        born = await _line(self._mother)
        self._process = Life(int(born.removeprefix("born ")), self._mother)  # type: ignore[assignment]


async def _line(mother: asyncio.subprocess.Process) -> str:
    assert mother.stdout is not None
    return (await mother.stdout.readline()).decode().strip()


def _mother() -> None:
    import bot.cli_run
    import bot.networks.matrix
    import bot.networks.telegram
    import bot.queues

    bot.queues.SIGN_EVERY = SIGN_EVERY

    print("ready", flush=True)
    for line in sys.stdin:
        order = json.loads(line)
        child = os.fork()
        if child == 0:
            _live(order)
        print(f"born {child}", flush=True)
        _, status = os.waitpid(child, 0)
        print(f"ended {os.waitstatus_to_exitcode(status)}", flush=True)


def _live(order: dict[str, Any]) -> None:
    """Be the program, to the end of this process."""
    nothing, log = os.open(os.devnull, os.O_RDONLY), os.open(order["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    for here, there in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(here, there)
    os.chdir(Path(order["folder"]))
    os.environ.clear()
    os.environ.update(order["environment"])
    sys.argv = ["tocsin", "run"]
    if order["turns"]:
        _die_in(order["turns"])
    from bot.cli import main

    code: object = 0
    try:
        main()
    except SystemExit as end:
        code = end.code
    except BaseException:
        code = 1
    sys.stdout.flush()
    os._exit(code if isinstance(code, int) else int(code is not None))


def _die_in(turns: int) -> None:
    """Count the turns of the event loop from the first commit on."""
    from storage.database import SqliteStore

    handle: Any = asyncio.Handle
    store: Any = SqliteStore
    commit, run = store.commit, handle._run
    left = turns

    def counted(one: Any) -> None:
        nonlocal left
        run(one)
        left -= 1
        if left <= 0:
            os.kill(os.getpid(), signal.SIGKILL)

    async def first(one: Any, changes: Any) -> None:
        store.commit, handle._run = commit, counted
        await commit(one, changes)

    store.commit = first


if __name__ == "__main__":
    _mother()
