"""How requests reach the Bot API: python-telegram-bot's ``Bot`` over aiohttp.

The library's own transport costs several times as much for each request at our concurrency, logs bodies that it
cannot read, and does not say by type whether a connection was made, on which it depends whether a message may be
sent again. This one does.
No exception that leaves here holds a URL, because the URL holds the token.
"""

from __future__ import annotations

import json
import logging
import os
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
from telegram import Bot
from telegram.error import NetworkError, TelegramError, TimedOut
from telegram.request import BaseRequest, RequestData

CONNECT_SECONDS = 10.0
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
        timeout = aiohttp.ClientTimeout(total=None, connect=CONNECT_SECONDS, sock_read=seconds)
        data = request_data.json_parameters if request_data else None
        try:
            async with self._opened().request(method, url, data=data, timeout=timeout, allow_redirects=False) as answer:
                return answer.status, await answer.read()
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.ClientHttpProxyError):
            raise NotConnectedError("no connection to Telegram") from None
        except aiohttp.InvalidURL:
            raise NotConnectedError("the base URL is not a URL") from None
        except TimeoutError:
            raise TimedOut("Telegram did not answer in time") from None
        except (aiohttp.ClientError, OSError) as error:
            raise NetworkError(f"the connection to Telegram broke ({type(error).__name__})") from None

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

    __slots__ = ()

    def __init__(self, token: str, base_url: str | None, connections: int) -> None:
        root = (base_url or OFFICIAL).rstrip("/")
        super().__init__(
            token,
            base_url=f"{root}/bot",
            base_file_url=f"{root}/file/bot",
            request=Wire(root, connections, read_seconds=20.0),
            get_updates_request=Wire(root, 2, read_seconds=20.0),
        )

    async def ask(self, method: str, asked: dict[str, Any], *, seconds: float | None = None) -> Any:
        """Call a method of the Bot API; ``seconds`` to wait for its answer, if not the usual. Raises TelegramError."""
        try:
            if seconds is None:
                return await self._post(method, asked)
            return await self._post(method, asked, read_timeout=seconds)
        except KeyError:
            raise UnreadableError("Telegram's answer has no result") from None

    async def close_wires(self) -> None:
        """Close every connection."""
        for wire in self._request:
            await wire.shutdown()
