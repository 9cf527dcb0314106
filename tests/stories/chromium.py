"""A real browser without a screen: Debian's Chromium, driven by its DevTools protocol (https://chromedevtools.github.io/devtools-protocol).

It is no Python package, and so not locked with the others: `.ci/run` installs it where it can, and where it is missing the tests that
need it say so instead of passing.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import itertools
import json
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.patience import PATIENCE

PROGRAM = shutil.which("chromium")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--remote-debugging-port=0",
)


def needed() -> str:
    """Chromium's path; where there is none, the test is reported as not tried."""
    if PROGRAM is None:
        pytest.skip("no Chromium here (Debian's package is called chromium)")
    return PROGRAM


class Page:
    """A tab of a running browser. ``requests``: every address that it asked for; ``complaints``: what its console said."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._ids = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._loaded = asyncio.Event()
        self.requests: list[str] = []
        self.complaints: list[str] = []

    async def listen(self) -> None:
        async for message in self._socket:
            said = json.loads(message.data)
            if "id" in said:
                self._waiting.pop(said["id"]).set_result(said)
            elif said["method"] == "Page.loadEventFired":
                self._loaded.set()
            elif said["method"] == "Network.requestWillBeSent":
                self.requests.append(said["params"]["request"]["url"])
            elif said["method"] == "Log.entryAdded":
                self.complaints.append(said["params"]["entry"]["text"])
            elif said["method"] == "Runtime.exceptionThrown":
                self.complaints.append(json.dumps(said["params"]["exceptionDetails"]))

    async def ask(self, method: str, **params: object) -> Any:
        """One command of the protocol; its result."""
        number = next(self._ids)
        answer = self._waiting[number] = asyncio.get_running_loop().create_future()
        await self._socket.send_json({"id": number, "method": method, "params": params})
        said = await asyncio.wait_for(answer, PATIENCE)
        assert "error" not in said, said
        return said["result"]

    async def value(self, expression: str) -> Any:
        """What an expression is worth in the page; a promise is waited for."""
        said = await self.ask("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in said, said
        return said["result"].get("value")

    async def open(self, path: Path, *, width: int = 1400, language: str = "en", dark: bool = False) -> None:
        """Open a file, and wait until its report has been checked, or would not be."""
        await self.ask(
            "Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=width < 500
        )
        await self.ask("Emulation.setLocaleOverride", locale=language)
        agent = await self.ask("Browser.getVersion")
        await self.ask("Emulation.setUserAgentOverride", userAgent=agent["userAgent"], acceptLanguage=language)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        await self.ask("Emulation.setEmulatedMedia", features=[scheme])
        self.requests.clear()
        self.complaints.clear()
        self._loaded.clear()
        await self.ask("Page.navigate", url=path.as_uri())
        await asyncio.wait_for(self._loaded.wait(), PATIENCE)
        await self.value(_CHECKED)

    async def text(self) -> str:
        """What a person reads."""
        return str(await self.value("document.body.innerText"))

    async def screenshot(self, path: Path, *, whole: bool = True, height: int = 0) -> None:
        """A picture of the page: all of it, or as high as said."""
        size = (await self.ask("Page.getLayoutMetrics"))["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": size["width"], "height": height or size["height"], "scale": 1}
        said = await self.ask(
            "Page.captureScreenshot", captureBeyondViewport=True, **({"clip": clip} if whole or height else {})
        )
        path.write_bytes(base64.b64decode(said["data"]))


_CHECKED = """new Promise((done) => {
  const root = document.documentElement;
  const look = () => (root.dataset.verdict || typeof start === "undefined") && done();
  new MutationObserver(look).observe(root, { attributes: true });
  look();
})"""


@contextlib.asynccontextmanager
async def browser(folder: Path) -> AsyncIterator[Page]:
    """A browser with one tab, whose profile is in ``folder``; gone at the end."""
    process = await asyncio.create_subprocess_exec(
        needed(),
        *FLAGS,
        f"--user-data-dir={folder}",
        "about:blank",
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr
    try:
        async with asyncio.timeout(PATIENCE):
            address = ""
            while "DevTools listening on" not in address:
                address = (await process.stderr.readline()).decode()
                assert address, "Chromium did not start"
        port = address.split("ws://127.0.0.1:")[1].split("/")[0]
        drain = asyncio.create_task(process.stderr.read())
        async with aiohttp.ClientSession() as session:
            async with session.get(f"http://127.0.0.1:{port}/json/list") as said:
                [tab] = [one for one in await said.json() if one["type"] == "page"]
            async with session.ws_connect(tab["webSocketDebuggerUrl"], max_msg_size=0) as socket:
                page = Page(socket)
                listening = asyncio.create_task(page.listen())
                for domain in ("Page", "Network", "Runtime", "Log"):
                    await page.ask(f"{domain}.enable")
                yield page
                listening.cancel()
        drain.cancel()
    finally:
        process.kill()
        await process.wait()
