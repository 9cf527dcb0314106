"""Requests to a homeserver: one connection pool, and errors that say whose fault they are.

Nothing here retries. Whoever asks knows whether asking again is safe, and the courier and the caller of ``run`` own
the waiting.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

import aiohttp

from bot.networks import matrix_odd
from bot.networks.port import NetworkDown, NetworkRejected

CLIENT = "/_matrix/client/v3"
SECONDS = 60.0
PIECE = 64 * 1024
"""Bytes of a file that are in memory at a time."""
_CONNECTIONS = 100
_FILE_SECONDS = 1800.0
_SLOWEST = 20_000  # bytes a second, below which sending a file is given up
_HOPS = 3
_TOKEN_GONE = ("M_UNKNOWN_TOKEN", "M_MISSING_TOKEN", "M_USER_DEACTIVATED")


class MatrixError(NetworkDown):
    """The homeserver answered, and the answer is no. ``retry_after`` is in seconds, None where it names no time."""

    def __init__(self, status: int, body: dict[str, Any], retry_after: float | None = None) -> None:
        self.status = status
        self.errcode = str(body.get("errcode", ""))
        self.body = body
        self.retry_after = retry_after
        said = str(body.get("error", ""))[:120]
        super().__init__(f"the homeserver answered {status} {self.errcode}".strip() + (f" ({said})" if said else ""))


class TokenRefused(MatrixError, NetworkRejected):
    """Our access token is not, or no longer, accepted."""


def room_path(room: str, *rest: str) -> str:
    """The client-server path of something in a room, every part quoted."""
    return f"{CLIENT}/rooms/{quote(room, safe='')}" + "".join(f"/{quote(part, safe='')}" for part in rest)


class Homeserver:
    """The homeserver at ``url``. ``token`` is sent with every request once it is set."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self.token: str | None = None
        self.token_lost = asyncio.Event()  # set when the server refuses our token, until we log in anew
        self._session: aiohttp.ClientSession | None = None

    async def call(
        self,
        method: str,
        path: str,
        body: dict[str, Any] | None = None,
        query: dict[str, str] | None = None,
        seconds: float = SECONDS,
    ) -> dict[str, Any]:
        """Ask, and return the JSON object answered.

        Raises MatrixError for what the server refuses (TokenRefused when it refuses who we are), and NetworkDown
        when there was no whole answer, in which case the request may or may not have been carried out.
        """
        text = await self.call_raw(method, path, body, query, seconds)
        return _object(text)

    async def call_raw(
        self,
        method: str,
        path: str,
        body: dict[str, Any] | None = None,
        query: dict[str, str] | None = None,
        seconds: float = SECONDS,
    ) -> str:
        """As ``call``, but the answer's text as it came."""
        limits = aiohttp.ClientTimeout(total=seconds, sock_connect=15)
        async with self._asked(method, self.url + path, limits, json=body, params=query) as reply:
            return await self._text(reply)

    async def upload(self, path: str, pieces: AsyncIterator[bytes], size: int, kind: str) -> dict[str, Any]:
        """Send a file of ``size`` bytes and of MIME type ``kind``, piece by piece. Raises as ``call`` does."""
        limits = aiohttp.ClientTimeout(total=SECONDS + size / _SLOWEST, sock_connect=15)
        named = {"Content-Type": kind, "Content-Length": str(size)}
        async with self._asked("POST", self.url + path, limits, headers=named, data=pieces) as reply:
            return _object(await self._text(reply))

    async def download(self, path: str) -> AsyncGenerator[bytes, None]:
        """The bytes of what is at ``path``, in pieces of at most ``PIECE``. Raises as ``call`` does.

        A homeserver may keep its files elsewhere, and say so. Our token goes to the homeserver alone.
        """
        url = self.url + path
        limits = aiohttp.ClientTimeout(total=_FILE_SECONDS, sock_connect=15, sock_read=SECONDS)
        for _ in range(_HOPS + 1):
            ours = urlsplit(url)[:2] == urlsplit(self.url)[:2]
            plainly = {"Accept-Encoding": "identity"}
            async with self._asked("GET", url, limits, ours=ours, headers=plainly) as reply:
                if reply.status not in (301, 302, 303, 307, 308):
                    if reply.status != 200:
                        await self._text(reply)  # raises
                    async for piece in reply.content.iter_chunked(PIECE):
                        yield piece
                    return
                url = urljoin(url, reply.headers.get("Location", ""))
            if urlsplit(url).scheme not in ("https", urlsplit(self.url).scheme):
                break
        raise NetworkDown("the homeserver sends us elsewhere for a file, without end or in no safe way")

    @asynccontextmanager
    async def _asked(
        self, method: str, url: str, limits: aiohttp.ClientTimeout, *, ours: bool = True, **more: Any
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """The answer to one request, with the trouble of reaching the server as NetworkDown."""
        headers = dict(more.pop("headers", {}))
        if ours and self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        try:
            async with self._pool().request(
                method,
                url,
                headers=headers,
                timeout=limits,
                allow_redirects=False,  # the token goes to the configured server and nowhere else
                **more,
            ) as reply:
                yield reply
        except TimeoutError:
            raise NetworkDown("the homeserver did not answer in time") from None
        except aiohttp.ClientConnectorError:
            raise NetworkDown("the homeserver cannot be reached") from None
        except aiohttp.InvalidURL:
            raise NetworkDown("the homeserver's address is not a URL") from None
        except (aiohttp.ClientError, OSError, UnicodeDecodeError) as broken:
            raise NetworkDown(f"the connection to the homeserver broke ({type(broken).__name__})") from None

    async def _text(self, reply: aiohttp.ClientResponse) -> str:
        """The text of an answer that is a yes. Raises MatrixError for a no."""
        text = await reply.text()
        if 200 <= reply.status < 300:
            return text
        error = _error(reply.status, text, reply.headers.get("Retry-After"))
        if isinstance(error, TokenRefused):
            self.token_lost.set()
        raise error

    async def close(self) -> None:
        """Let go of the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _pool(self) -> aiohttp.ClientSession:
        if self._session is None or self._session.closed:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=_CONNECTIONS, keepalive_timeout=30),
                # Without a jar nothing a server sets is ever sent back.
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._session


def _object(text: str) -> dict[str, Any]:
    try:
        answer = matrix_odd.loads(text)
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        raise NetworkDown("the homeserver's answer is not JSON; is the address that of a Matrix homeserver?")
    return answer


def _error(status: int, text: str, header: str | None) -> MatrixError:
    try:
        body = matrix_odd.loads(text)
    except ValueError:
        body = {}
    if not isinstance(body, dict):
        body = {}
    if body.get("errcode") in _TOKEN_GONE:
        return TokenRefused(status, body)
    return MatrixError(status, body, _retry_after(body, header))


def _retry_after(body: dict[str, Any], header: str | None) -> float | None:
    millis = body.get("retry_after_ms")
    if isinstance(millis, int | float) and millis >= 0:
        return float(millis) / 1000
    if header is not None and header.strip().isdigit():
        return float(header)
    return None
