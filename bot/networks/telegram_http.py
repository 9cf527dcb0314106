"""How requests reach the Bot API: python-telegram-bot's ``Bot`` over aiohttp.

The library's own transport costs several times as much for each request at our concurrency, logs bodies that it
cannot read, and does not say by type whether a connection was made, on which it depends whether a message may be
sent again. This one does.
No exception that leaves here holds a URL, because the URL holds the token.

Files go out and come in by pieces: the library would hold the whole of each in memory.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any
from urllib.parse import quote, urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
from telegram import Bot
from telegram.error import NetworkError, TelegramError, TimedOut
from telegram.request import BaseRequest, RequestData

from bot.networks.telegram_form import STALLED_SECONDS, Upload, form

CONNECT_SECONDS = 10.0
STORING_SECONDS = 120.0  # what a server has for an upload before it answers, besides:
STORING_RATE = 256 << 10  # bytes that it puts away in a second, at least
PIECE = 64 << 10  # bytes
IDLE_SECONDS = 50.0  # how long a connection is kept for the next request
OFFICIAL = "https://api.telegram.org"

# The library's own switch, without which it warns whenever a 429's wait is read.
os.environ.setdefault("PTB_TIMEDELTA", "1")
# At DEBUG the library logs every parameter, message texts included.
logging.getLogger("telegram.Bot").setLevel(logging.INFO)


class NotConnectedError(NetworkError):
    """No connection was made, so nothing can have arrived."""


class UnreadableError(TelegramError):
    """What came back is not what the Bot API answers; the request may have been carried out."""


class StatusError(TelegramError):
    """The answer is not the one that was hoped for; ``status`` is its HTTP status."""

    def __init__(self, status: int) -> None:
        super().__init__(f"HTTP status {status}")
        self.status = status


class UnwrittenError(TelegramError):
    """The request was not written, for a reason of our own: a file could not be read."""


class Wire(BaseRequest):
    """The transport. ``read_seconds``: how long to wait for an answer once the request is written."""

    def __init__(self, root: str, connections: int, read_seconds: float) -> None:
        self._connections = connections
        self._proxy = _proxy_for(root)
        self._read_seconds = read_seconds
        self._session: aiohttp.ClientSession | None = None

    @property
    def read_timeout(self) -> float | None:
        return self._read_seconds

    async def initialize(self) -> None:
        """Nothing to do: the session is made by the first request, inside the running loop."""

    async def shutdown(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: Any = BaseRequest.DEFAULT_NONE,
        write_timeout: Any = BaseRequest.DEFAULT_NONE,
        connect_timeout: Any = BaseRequest.DEFAULT_NONE,
        pool_timeout: Any = BaseRequest.DEFAULT_NONE,
    ) -> tuple[int, bytes]:
        """Send one request; the library's other timeouts do not apply. A POST is never repeated by itself."""
        seconds = read_timeout if isinstance(read_timeout, int | float) else self._read_seconds
        data = request_data.json_parameters if request_data else None
        with _plain_errors():
            async with self._asked(method, url, seconds, data) as answer:
                return answer.status, await answer.read()

    async def upload(self, url: str, fields: Mapping[str, str], files: Sequence[Upload]) -> tuple[int, bytes]:
        """Send one request with files, read by pieces as they leave. Raises UnwrittenError where one cannot be read."""
        with ExitStack() as opened:
            try:
                written = await form(fields, files, opened)
            except OSError as error:
                raise UnwrittenError(f"a file to be sent cannot be read ({type(error).__name__})") from None
            seconds = STORING_SECONDS + sum(file.size for file in files) / STORING_RATE
            with _plain_errors():
                async with self._asked("POST", url, max(seconds, self._read_seconds), written) as answer:
                    return answer.status, await answer.read()

    async def download(self, url: str) -> AsyncIterator[bytes]:
        """What lies behind a URL, in pieces of at most 64 KiB. Raises TelegramError, StatusError where the answer is not 200."""
        with _plain_errors():
            async with self._asked("GET", url, STALLED_SECONDS) as answer:
                if answer.status != 200:
                    raise StatusError(answer.status)
                async for piece in answer.content.iter_chunked(PIECE):
                    yield piece

    def _asked(self, method: str, url: str, seconds: float, data: Any = None) -> Any:
        timeout = aiohttp.ClientTimeout(total=None, connect=CONNECT_SECONDS, sock_read=seconds)
        return self._opened().request(method, url, data=data, timeout=timeout, allow_redirects=False)

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        """The body as JSON. Raises UnreadableError, and logs nothing of what the body says."""
        try:
            parsed = json.loads(payload)
        except ValueError:
            raise UnreadableError("Telegram's answer could not be read") from None
        if not isinstance(parsed, dict):
            raise UnreadableError("Telegram's answer could not be read")
        return parsed

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            connector = aiohttp.TCPConnector(limit=self._connections, keepalive_timeout=IDLE_SECONDS, ttl_dns_cache=300)
            self._session = aiohttp.ClientSession(connector=connector, proxy=self._proxy)
        return self._session


class _WithFiles(BaseRequest):
    """One request with files, over a wire that is there: to the library a transport like any other."""

    def __init__(self, wire: Wire, fields: Mapping[str, str], files: Sequence[Upload]) -> None:
        self._wire = wire
        self._fields = fields
        self._files = files

    @property
    def read_timeout(self) -> float | None:
        return self._wire.read_timeout

    async def initialize(self) -> None:
        """Nothing to do."""

    async def shutdown(self) -> None:
        """Nothing to do: the wire lives on."""

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: Any = BaseRequest.DEFAULT_NONE,
        write_timeout: Any = BaseRequest.DEFAULT_NONE,
        connect_timeout: Any = BaseRequest.DEFAULT_NONE,
        pool_timeout: Any = BaseRequest.DEFAULT_NONE,
    ) -> tuple[int, bytes]:
        """Send the request with its files."""
        return await self._wire.upload(url, self._fields, self._files)

    parse_json_payload = staticmethod(Wire.parse_json_payload)


@contextmanager
def _plain_errors() -> Iterator[None]:
    """What the transport raises, as errors that say whether a connection was made, and hold no URL."""
    try:
        yield
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.ClientHttpProxyError):
        raise NotConnectedError("no connection to Telegram") from None
    except aiohttp.InvalidURL:
        raise NotConnectedError("the base URL is not a URL") from None
    except TimeoutError:
        raise TimedOut("Telegram did not answer in time") from None
    except (aiohttp.ClientError, OSError) as error:
        raise NetworkError(f"the connection to Telegram broke ({type(error).__name__})") from None


def _proxy_for(root: str) -> str | None:
    """The proxy that the environment names for this server. Looked up once: for each request it would cost too much."""
    parts = urlsplit(root)
    if parts.hostname is None or proxy_bypass(parts.netloc):
        return None
    proxies = getproxies()
    return proxies.get(parts.scheme) or proxies.get("all")


class RawBot(Bot):
    """The library's bot, asked by method name and answering with JSON as it came.

    Its typed methods raise when Telegram adds something they do not expect, also after a message was accepted.
    """

    __slots__ = ("_files_url", "_wire")

    def __init__(self, token: str, base_url: str | None, connections: int) -> None:
        root = (base_url or OFFICIAL).rstrip("/")
        wire = Wire(root, connections, read_seconds=20.0)
        super().__init__(
            token,
            base_url=f"{root}/bot",
            base_file_url=f"{root}/file/bot",
            request=wire,
            get_updates_request=Wire(root, 2, read_seconds=20.0),
        )
        self._wire = wire
        self._files_url = f"{root}/file/bot{token}"

    async def ask(
        self, method: str, asked: Mapping[str, Any], files: Sequence[Upload] = (), *, seconds: float | None = None
    ) -> Any:
        """Call a method of the Bot API, perhaps with files; ``seconds`` to wait for its answer, if not the usual. Raises TelegramError."""
        data = {name: value for name, value in asked.items() if value is not None}
        try:
            if files:
                fields = {name: one if isinstance(one, str) else json.dumps(one) for name, one in data.items()}
                return await _WithFiles(self._wire, fields, files).post(f"{self._base_url}/{method}")
            if seconds is None:
                return await self._do_post(method, data)
            return await self._do_post(method, data, read_timeout=seconds)
        except KeyError:
            raise UnreadableError("Telegram's answer has no result") from None

    def download(self, path: str) -> AsyncIterator[bytes]:
        """The file that the server keeps under this path, in pieces of at most 64 KiB. Raises TelegramError."""
        return self._wire.download(f"{self._files_url}/{quote(path.lstrip('/'))}")

    async def close_wires(self) -> None:
        """Close every connection."""
        for wire in self._request:
            await wire.shutdown()
