"""A Bot API server for tests and benches: strict, quick, and able to fail in every way the real one does.

In a test's own process: ``async with TelegramEmulator() as tg:`` and ``tg.url`` as the base URL. In a process of its
own, for tests that kill the bot and for benches: ``python -m tests.emulators.telegram --port 8081``; it prints
``ready URL``, and ``POST /_control`` with ``{"do": "say", "chat": -100, ...}`` does what the method of that name does.
"""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal
from urllib.parse import parse_qsl

from aiohttp import web

from tests.emulators.bot_api import BotApi, Refusal, bad
from tests.emulators.telegram_forms import give, read_form, weight
from tests.emulators.telegram_limits import Bucket
from tests.emulators.telegram_methods import Methods
from tests.emulators.telegram_people import DEEDS as PEOPLES_DEEDS
from tests.emulators.telegram_people import People
from tests.emulators.telegram_sends import Rules
from tests.emulators.telegram_town import Message

Failure = Literal[
    "drop-before",  # the connection breaks before the request has any effect
    "drop-after",  # the request is carried out, then the connection breaks
    "429",  # refused, ``retry_after`` seconds
    "5xx-before",  # 502 without effect
    "5xx-after",  # 502 although it was carried out
    "truncated",  # carried out, half of the answer arrives
    "not-json",  # carried out, the answer is a page of some proxy
    "delay-before",  # ``seconds`` pass, then it is carried out
    "delay-after",  # it is carried out, ``seconds`` pass before the answer
]
_SCENE = {"group", "topic", "user", "fault", "clear_faults", "revoke_token", "limit"}
_RULES = {"close_topic", "reopen_topic", "forbid", "allow_sizes", "local_mode"}
_SEEN = {"messages", "wait_message", "wait_answer"}
DEEDS = _SCENE | _RULES | PEOPLES_DEEDS | _SEEN  # what the control endpoint does: the methods of these names
_API = BotApi.load()


@dataclasses.dataclass(slots=True)
class Fault:
    """A failure to come: which, for which method and chat (None: any), how many times."""

    failure: Failure
    method: str | None
    chat: int | None
    times: int
    retry_after: int
    seconds: float


class TelegramEmulator(People):
    """The emulator. ``limits``: enforce 30/s overall, 1/s a chat, 20/min a group with 429."""

    def __init__(self, token: str = "7000000001:emulator-token", *, limits: bool = False, port: int = 0) -> None:
        super().__init__()
        self.token = token
        self.port = port
        self.calls: dict[str, int] = {}
        self._limited = limits
        self._buckets: dict[tuple[str, int], Bucket] = {}
        self._faults: list[Fault] = []
        self.rules = Rules()
        self._methods = Methods(self, self.rules)
        self._server: asyncio.Server | None = None
        self._web: web.Server | None = None

    @property
    def url(self) -> str:
        """The root to give the bot as its base URL."""
        return f"http://127.0.0.1:{self.port}"

    async def __aenter__(self) -> TelegramEmulator:
        await self.up()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.down()

    async def up(self) -> None:
        """Listen (again, on the same port)."""
        self._web = web.Server(self._handle, handler_cancellation=True, access_log=None, keepalive_timeout=3600)
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._web, "127.0.0.1", self.port, reuse_address=True)
        self.port = self._server.sockets[0].getsockname()[1]

    async def down(self) -> None:
        """Stop listening and break every connection: the network is gone."""
        assert self._server is not None and self._web is not None
        self._server.close()
        self._server = None
        for connection in list(self._web.connections):
            if connection.transport is not None:
                connection.transport.abort()
        await self._web.shutdown(0)

    # -- misfortune ------------------------------------------------------------------------------------------------

    def fault(
        self,
        failure: Failure,
        *,
        method: str | None = "sendMessage",
        chat: int | None = None,
        times: int = 1,
        retry_after: int = 1,
        seconds: float = 30.0,
    ) -> None:
        """The next ``times`` requests of this method (None: any) for this chat (None: any) fail so."""
        self._faults.append(Fault(failure, method, chat, times, retry_after, seconds))

    def clear_faults(self) -> None:
        """Nothing fails any more."""
        self._faults.clear()

    def revoke_token(self) -> None:
        """The token is worth nothing from now on."""
        self.token = ""

    def limit(self, on: bool) -> None:
        """Enforce Telegram's limits, or stop doing so."""
        self._limited = on

    # -- rules -----------------------------------------------------------------------------------------------------

    def close_topic(self, chat: int, topic: int) -> None:
        """Nobody but who manages topics writes into this topic any more; 1 is General."""
        self.rules.closed.add((chat, topic))

    def reopen_topic(self, chat: int, topic: int) -> None:
        """Everybody may write into it again."""
        self.rules.closed.discard((chat, topic))

    def forbid(self, chat: int, *what: str) -> None:
        """From now on who is no administrator may not send these: ``text``, ``photo``, ``sticker``, ``poll`` …; nothing: all may be sent."""
        self.rules.forbidden[chat] = frozenset(what)

    def allow_sizes(self, upload: int, download: int) -> None:
        """Take and give files of so many bytes at most."""
        self.rules.largest_upload, self.rules.largest_download = upload, download

    def local_mode(self, folder: str) -> None:
        """Be a server of one's own that runs in its local mode, and keeps files in this folder."""
        self.rules.folder = Path(folder)

    # -- HTTP ------------------------------------------------------------------------------------------------------

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        path = request.path
        if path.startswith("/file/"):
            return await self._give(request, path.removeprefix("/file/"))
        form = await read_form(request) if request.content_type == "multipart/form-data" else None
        # A deed may bring a file with it, which is more than a request of the API may have.
        body = b"" if form is not None else await (request.content if path == "/_control" else request).read()
        if self._server is None:
            return _drop(request)  # it had been accepted when we went down
        if path == "/_control":
            return await self._control(body)
        try:
            method = self._method(path)
            if form is not None and weight(form) > self.rules.largest_upload:
                raise Refusal(413, "Request Entity Too Large")
            raw = self._raw(request, body) if form is None else form
            asked = _API.decode(method, raw)
            fault = self._fault(method, asked.get("chat_id"))
            if fault is None:
                return _answer(200, {"ok": True, "result": await self._do(method, asked)})
            return await self._fail(fault, request, method, asked)
        except Refusal as refusal:
            failed = {"ok": False, "error_code": refusal.status, "description": refusal.description}
            return _answer(refusal.status, failed | ({"parameters": refusal.parameters} if refusal.parameters else {}))

    def _method(self, path: str) -> str:
        start, _, method = path.removeprefix("/").partition("/")
        if not start.startswith("bot") or ":" not in start or not method:
            raise Refusal(404, "Not Found")
        if start[3:] != self.token:
            raise Refusal(401, "Unauthorized")
        if method not in self._methods.table:
            raise Refusal(404, "Not Found: method not found")
        self.calls[method] = self.calls.get(method, 0) + 1
        self.changed()
        return method

    def _raw(self, request: web.BaseRequest, body: bytes) -> Mapping[str, Any]:
        found: dict[str, Any] = dict(parse_qsl(request.query_string, keep_blank_values=True))
        if not body:
            return found
        if request.content_type == "application/x-www-form-urlencoded":
            return found | dict(parse_qsl(body.decode(), keep_blank_values=True))
        if request.content_type == "application/json":
            return found | dict(json.loads(body))
        raise bad(f"the emulator reads no {request.content_type}")

    async def _give(self, request: web.BaseRequest, path: str) -> web.StreamResponse:
        self.calls["file"] = self.calls.get("file", 0) + 1
        fault = self._fault("file", None)
        token, _, place = path.partition("/")
        if token != f"bot{self.token}":
            return _answer(401, {"ok": False, "error_code": 401, "description": "Unauthorized"})
        if fault is not None and fault.failure in ("429", "5xx-before", "5xx-after"):
            return web.Response(status=429 if fault.failure == "429" else 502)
        if fault is not None and fault.failure == "drop-before":
            return _drop(request)
        found = next((one for one in self.files.values() if one.path == place), None)
        if found is None or len(found.data) > self.rules.largest_download:
            return _answer(404, {"ok": False, "error_code": 404, "description": "Not Found"})
        given = await give(request, found.data, whole=fault is None)
        return given if fault is None else _drop(request, given)

    async def _do(self, method: str, asked: Mapping[str, Any]) -> Any:
        if method.startswith("send"):
            self._enforce(asked["chat_id"], len(asked["media"]) if method == "sendMediaGroup" else 1)
        return await self._methods.table[method](asked)

    def _enforce(self, chat: int | str, messages: int) -> None:
        found = self.place(chat)
        now = asyncio.get_running_loop().time()
        kinds = [("all", 0, 30, 1.0), ("chat", found.id, 1, 1.0)] if self._limited else []
        if found.type != "private" and self._limited:
            kinds.append(("group", found.id, 20, 60.0))
        if found.slow and found.status == "member":
            kinds.append(("slow", found.id, 1, float(found.slow)))
        buckets = [
            self._buckets.setdefault((kind, key), Bucket(count, period, float(count), now))
            for kind, key, count, period in kinds
        ]
        wait = max((bucket.wait(now) for bucket in buckets), default=0.0)
        if wait > 0:
            raise _too_many(max(1, -int(-wait // 1)))
        for bucket in buckets:
            bucket.left -= messages

    def _fault(self, method: str, chat: Any) -> Fault | None:
        for fault in self._faults:
            if fault.method in (None, method) and fault.chat in (None, chat):
                fault.times -= 1
                if fault.times <= 0:
                    self._faults.remove(fault)
                return fault
        return None

    async def _fail(
        self, fault: Fault, request: web.BaseRequest, method: str, asked: Mapping[str, Any]
    ) -> web.StreamResponse:
        match fault.failure:
            case "drop-before":
                return _drop(request)
            case "drop-after":
                await self._do(method, asked)
                return _drop(request)
            case "429":
                raise _too_many(fault.retry_after)
            case "5xx-before":
                raise Refusal(502, "Bad Gateway")
            case "5xx-after":
                await self._do(method, asked)
                raise Refusal(502, "Bad Gateway")
            case "truncated":
                whole = _body({"ok": True, "result": await self._do(method, asked)})
                half = web.StreamResponse(headers={"Content-Type": "application/json"})
                half.content_length = len(whole)
                await half.prepare(request)
                await half.write(whole[: len(whole) // 2])
                return _drop(request, half)
            case "not-json":
                await self._do(method, asked)
                return web.Response(text="<html>It works!</html>", content_type="text/html")
            case "delay-before":
                await asyncio.sleep(fault.seconds)
                return _answer(200, {"ok": True, "result": await self._do(method, asked)})
            case "delay-after":
                result = await self._do(method, asked)
                await asyncio.sleep(fault.seconds)
                return _answer(200, {"ok": True, "result": result})

    async def _control(self, body: bytes) -> web.Response:
        asked = json.loads(body)
        deed = asked.pop("do")
        if deed not in DEEDS:
            return _answer(404, {"error": f"no such deed: {deed}; there are {', '.join(sorted(DEEDS))}"})
        try:
            done = getattr(self, deed)(**asked)
            result = await done if asyncio.iscoroutine(done) else done
        except (LookupError, TypeError, TimeoutError) as error:
            return _answer(400, {"error": f"{type(error).__name__}: {error}"})
        return _answer(200, {"result": _plain(result)})


def _too_many(seconds: int) -> Refusal:
    return Refusal(429, f"Too Many Requests: retry after {seconds}", retry_after=seconds)


def _drop(request: web.BaseRequest, response: web.StreamResponse | None = None) -> web.StreamResponse:
    if request.transport is not None:
        if response is None:
            request.transport.abort()
        else:
            request.transport.close()  # what was written still goes out
    return response or web.Response()


def _body(value: Mapping[str, Any]) -> bytes:
    # Escaped, as by the real server: half characters pass.
    return json.dumps(value, separators=(",", ":")).encode()


def _answer(status: int, value: Mapping[str, Any]) -> web.Response:
    return web.Response(status=status, body=_body(value), content_type="application/json")


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if isinstance(value, Message):
        return {**dataclasses.asdict(value), "buttons": value.buttons}
    return dataclasses.asdict(value) if dataclasses.is_dataclass(value) and not isinstance(value, type) else value


async def _main() -> None:
    parser = argparse.ArgumentParser(description="An emulated Bot API server.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--token", default="7000000001:emulator-token")
    parser.add_argument("--limits", action="store_true")
    given = parser.parse_args()
    async with TelegramEmulator(given.token, limits=given.limits, port=given.port) as emulator:
        print(f"ready {emulator.url}", flush=True)
        await asyncio.get_running_loop().create_future()


if __name__ == "__main__":
    asyncio.run(_main())
