"""A road to the homeserver that a test can break: it stands before Synapse and does to chosen requests what was asked.

A fault names the method and a piece of the path, and how often it strikes: an answer of the test's making instead of
the server's, the connection dropped before the server hears of the request, or after it has carried it out.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any, Literal

import aiohttp
from aiohttp import web

from tests.patience import PATIENCE

FaultKind = Literal["answer", "drop_before", "drop_after", "hold"]


@dataclass
class Fault:
    """What happens to the next ``times`` requests that match."""

    kind: FaultKind
    method: str
    path: str
    times: int = 1
    status: int = 500
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    struck: asyncio.Event = field(default_factory=asyncio.Event)
    release: asyncio.Event = field(default_factory=asyncio.Event)


class MatrixProxy:
    """Use as an async context manager; ``url`` is what to give to a client instead of ``target``."""

    def __init__(self, target: str) -> None:
        self.target = target
        self.url = ""
        self.faults: list[Fault] = []
        self.requests: list[tuple[str, str]] = []
        self.rewrite_sync: list[dict[str, Any]] = []  # merged, once each, into answers to /sync that somebody hears
        self._news = asyncio.Condition()

    async def __aenter__(self) -> MatrixProxy:
        self._client = aiohttp.ClientSession(auto_decompress=True)
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.router.add_route("*", "/{path:.*}", self._pass)
        # A request ends with its client: else the poll of a bot that is no more would take what is meant for the next.
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        port = self._runner.addresses[0][1]
        self.url = f"http://127.0.0.1:{port}"
        return self

    async def __aexit__(self, *_: object) -> None:
        for fault in self.faults:
            fault.release.set()
        await self._runner.cleanup()
        await self._client.close()

    def fault(self, kind: FaultKind, method: str, path: str, **more: Any) -> Fault:
        """Have the next matching request meet ``kind``; returns the fault, whose ``struck`` is set when it does."""
        fault = Fault(kind, method, path, **more)
        self.faults.append(fault)
        return fault

    def count(self, method: str, path: str) -> int:
        """How many requests with ``path`` in their address came by."""
        return sum(1 for seen in self.requests if seen[0] == method and path in seen[1])

    async def wait_request(self, method: str, path: str, count: int = 1, seconds: float = PATIENCE) -> None:
        """Wait until ``count`` such requests came by."""
        async with asyncio.timeout(seconds), self._news:
            await self._news.wait_for(lambda: self.count(method, path) >= count)

    async def _pass(self, request: web.Request) -> web.StreamResponse:
        address = str(request.rel_url)
        self.requests.append((request.method, address))
        async with self._news:
            self._news.notify_all()
        fault = next(
            (f for f in self.faults if f.times > 0 and f.method == request.method and f.path in address), None
        )  # fmt: skip
        if fault is not None:
            fault.times -= 1
            if fault.kind == "drop_before":
                return self._drop(request, fault)
            if fault.kind == "hold":
                fault.struck.set()
                await fault.release.wait()
            elif fault.kind == "answer":
                fault.struck.set()
                text = fault.body if isinstance(fault.body, str) else json.dumps(fault.body or {})
                return web.Response(
                    status=fault.status, text=text, headers=fault.headers, content_type="application/json"
                )
        status, body, headers = await self._forward(request)
        if fault is not None and fault.kind == "drop_after":
            return self._drop(request, fault)
        return web.Response(status=status, body=body, headers=headers)

    async def _forward(self, request: web.Request) -> tuple[int, bytes, dict[str, str]]:
        headers = {k: v for k, v in request.headers.items() if k.lower() in ("authorization", "content-type")}
        async with self._client.request(
            request.method,
            self.target + str(request.rel_url),
            data=await request.read(),
            headers=headers,
            timeout=aiohttp.ClientTimeout(total=120),
        ) as reply:
            body = await reply.read()
            if "/sync?" in str(request.rel_url) and reply.status == 200 and self.rewrite_sync and _hears(request):
                body = json.dumps(_merged(json.loads(body), self.rewrite_sync.pop(0))).encode()
            kept = {k: v for k, v in reply.headers.items() if k.lower() in ("content-type", "retry-after")}
            return reply.status, body, kept

    def _drop(self, request: web.Request, fault: Fault) -> web.Response:
        fault.struck.set()
        if request.transport is not None:
            request.transport.abort()
        return web.Response(status=500)


def _hears(request: web.Request) -> bool:
    return request.transport is not None and not request.transport.is_closing()


def _merged(answer: Any, change: Any) -> Any:
    """``answer`` with ``change`` laid over it: objects merge, lists are put in front, the rest is replaced."""
    if isinstance(answer, dict) and isinstance(change, dict):
        return answer | {key: _merged(answer.get(key), value) for key, value in change.items()}
    if isinstance(answer, list) and isinstance(change, list):
        return change + answer
    return change
