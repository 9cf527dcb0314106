"""The program itself, in a process of its own: started, waited for, killed, started again on the same folder."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp

from tests.emulators.synapse import free_port
from tests.patience import PATIENCE

ROOT = Path(__file__).parents[2]


class Program:
    """``tocsin run`` on a folder. ``settings`` are the TOCSIN_ ones without their prefix.

    ``through`` names a module to run instead of the program, with the same arguments: how faults are put in.
    """

    def __init__(self, folder: Path, settings: dict[str, str], through: list[str] | None = None) -> None:
        self.folder = folder
        self.port = free_port()
        self.log = folder / "program.log"
        self._through = through or ["-m", "bot.cli"]
        self._settings = settings
        self._process: asyncio.subprocess.Process | None = None

    @property
    def environment(self) -> dict[str, str]:
        """What the program is started with: nothing of the settings of whoever runs the tests."""
        clean = {name: value for name, value in os.environ.items() if not name.startswith("TOCSIN_")}
        given = {f"TOCSIN_{name}": value for name, value in self._settings.items()}
        web = {"TOCSIN_WEB": f"127.0.0.1:{self.port}", "TOCSIN_DATA": str(self.folder / "data")}
        return {**clean, **web, **given, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}

    async def start(self, *, ready: bool = True, **more: str) -> None:
        """Start it; wait until ``/readyz`` says 200 (``ready``) or ``/healthz`` does. Raises with its log when it ends instead."""
        await self.spawn({**self.environment, **more})
        try:
            async with asyncio.timeout(PATIENCE):
                while True:
                    if self._process.returncode is not None:
                        raise RuntimeError(f"the program ended with {self._process.returncode}:\n{self.words()}")
                    status, _ = await self.ask("/readyz" if ready else "/healthz")
                    if status == 200:
                        return
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise RuntimeError(
                f"the program did not become ready:\n{self.words()}\n{await self.ask('/readyz')}"
            ) from None

    async def spawn(self, environment: dict[str, str]) -> None:
        """Begin the process; nothing is waited for."""
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                *self._through,
                "run",
                cwd=self.folder,
                env=environment,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    async def ask(self, path: str) -> tuple[int, Any]:
        """Status and body of one of its web pages; (0, None) when nobody answers."""
        try:
            async with aiohttp.ClientSession() as http, http.get(f"http://127.0.0.1:{self.port}{path}") as answer:
                text = await answer.text()
                return answer.status, json.loads(text) if text.startswith("{") else text
        except (aiohttp.ClientError, OSError):
            return 0, None

    async def ended(self, seconds: float = PATIENCE) -> int:
        """Wait until it ends by itself; its exit code (negative: the signal)."""
        assert self._process is not None
        async with asyncio.timeout(seconds):
            return await self._process.wait()

    async def until(self, test: Callable[[int, Any], bool], seconds: float = PATIENCE) -> None:
        """Wait until ``/readyz`` is so: ``test`` is given its status and body."""
        try:
            async with asyncio.timeout(seconds):
                while not test(*await self.ask("/readyz")):
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise RuntimeError(f"it did not come to that: {await self.ask('/readyz')}\n{self.words()}") from None

    async def at_rest(self, seconds: float = PATIENCE) -> None:
        """Wait until it is ready and nothing waits to be sent: twice in a row, so that a decision between is not missed."""
        quiet = 0
        try:
            async with asyncio.timeout(seconds):
                while quiet < 2:
                    status, body = await self.ask("/readyz")
                    idle = status == 200 and all(one["backlog"] == 0 for one in body["networks"].values())
                    quiet = quiet + 1 if idle else 0
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise RuntimeError(f"it did not come to rest: {await self.ask('/readyz')}\n{self.words()}") from None

    async def kill(self) -> None:
        """kill -9."""
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(signal.SIGKILL)
            await self._process.wait()

    async def stop(self, seconds: float = PATIENCE) -> int:
        """SIGTERM, and its exit code."""
        assert self._process is not None
        if self._process.returncode is None:
            self._process.terminate()
        return await self.ended(seconds)

    @property
    def running(self) -> bool:
        """Whether it is still there."""
        return self._process is not None and self._process.returncode is None

    def words(self) -> str:
        """The end of what it has printed."""
        return self.log.read_text(errors="replace")[-6000:] if self.log.exists() else ""

    async def run(self, *arguments: str) -> tuple[int, str, str]:
        """Another command of the program on the same data: exit code, output, errors."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot.cli", *arguments,
            cwd=self.folder, env=self.environment, stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, err = await process.communicate()
        return process.returncode or 0, out.decode(), err.decode()
