"""The emulated Bot API in a process of its own, for tests that kill the bot and for benches."""

from __future__ import annotations

import asyncio
import base64
import json
import sys
from pathlib import Path
from typing import Any

import aiohttp

ROOT = Path(__file__).parents[2]


class RemoteTelegram:
    """Starts the emulator's program and drives it over its control endpoint: ``await tg.do("say", chat=..., ...)``."""

    def __init__(self, *, token: str = "7000000001:emulator-token", port: int = 0, limits: bool = False) -> None:
        self.token = token
        self.url = ""
        self._given = ["--token", token, "--port", str(port), *(["--limits"] if limits else [])]
        self._program: asyncio.subprocess.Process | None = None
        self._http: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> RemoteTelegram:
        program = [sys.executable, "-m", "tests.emulators.telegram", *self._given]
        self._program = await asyncio.create_subprocess_exec(*program, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
        assert self._program.stdout is not None
        ready = (await self._program.stdout.readline()).decode()
        if not ready.startswith("ready "):
            raise RuntimeError("the emulator did not start; its words are on standard error")
        self.url = ready.removeprefix("ready ").strip()
        self._http = aiohttp.ClientSession()
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._http is not None:
            await self._http.close()
        if self._program is not None:
            self._program.terminate()
            await self._program.wait()

    async def do(self, deed: str, **what: Any) -> Any:
        """Do what the emulator's method of this name does; messages come back as dicts, bytes go as base64. Raises LookupError."""
        assert self._http is not None
        asked = json.dumps({"do": deed, **what}, default=lambda held: base64.b64encode(held).decode())
        async with self._http.post(f"{self.url}/_control", data=asked) as response:
            answer = await response.json()
        if response.status != 200:
            raise LookupError(answer["error"])
        return answer["result"]
