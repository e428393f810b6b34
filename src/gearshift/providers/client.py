"""HttpClient: the seam to the HTTP library that carries requests to upstreams."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Mapping
from types import SimpleNamespace
from typing import Any, Final, Self

import aiohttp

from gearshift.errors import Fault, UpstreamError

MAX_ERROR_BYTES: Final = 64 * 1024
MAX_ANSWER_BYTES: Final = 64 * 1024 * 1024
_IDLE_CONNECTION_SECONDS: Final = 30.0
_SENT_AT_ONCE_BYTES: Final = 256 * 1024


class HttpResponse:
    """A response whose head has arrived; `aclose` ends the connection if the body has not.

    Attributes:
        idle_seconds: The longest silence within the body; no bound while it is `None`.
    """

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response
        self.status = response.status
        self.content_type = response.content_type.lower()
        self.headers: Mapping[str, str] = response.headers
        self.idle_seconds: float | None = None

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body as it arrives.

        Raises:
            UpstreamError: Silence for `idle_seconds`, or the connection broke.
        """
        content = self._response.content
        while True:
            try:
                async with asyncio.timeout(self.idle_seconds):
                    data = await content.readany()
            except TimeoutError as error:
                message = f"silent for {self.idle_seconds:g} s"
                raise UpstreamError(message, fault=Fault.TIMEOUT) from error
            except (aiohttp.ClientError, OSError) as error:
                raise UpstreamError(f"cut off: {_words(error)}", fault=Fault.CUT_OFF) from error
            if not data:
                return
            yield data

    async def body(self, limit: int) -> bytes:
        """The whole body.

        Raises:
            UpstreamError: It is larger than `limit` bytes, or did not arrive.
        """
        parts = []
        size = 0
        async for data in self.chunks():
            size += len(data)
            if size > limit:
                self._response.close()
                raise UpstreamError(f"answer larger than {limit} bytes", fault=Fault.GARBAGE)
            parts.append(data)
        return b"".join(parts)

    async def aclose(self) -> None:
        """Give the connection back if the body is complete, else end it at once."""
        if self._response.content.at_eof():
            self._response.release()
        else:
            self._response.close()


class HttpClient:
    """Pooled connections to one upstream. No redirects, no proxies, no cookies."""

    def __init__(self, base_url: str, api_key: str, connect_seconds: float) -> None:
        self.base_url = base_url.rstrip("/")
        self._headers = {"accept-encoding": "identity"}
        if api_key:
            self._headers["authorization"] = f"Bearer {api_key}"
        self._timeout = aiohttp.ClientTimeout(total=None, sock_connect=connect_seconds)
        self._session: aiohttp.ClientSession | None = None
        self._unpooled: aiohttp.ClientSession | None = None

    async def request(
        self,
        method: str,
        path: str,
        *,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> HttpResponse:
        """Send a request; returns when the head of the response has arrived.

        Args:
            method: HTTP method.
            path: Below the base URL, or a whole URL.
            body: JSON text.
            headers: Beside the client's own.

        Raises:
            UpstreamError: There was no response.
        """
        url = path if "://" in path else self.base_url + path
        sent = {**self._headers, **(headers or {})}
        if body is not None:
            sent["content-type"] = "application/json"
        seen = SimpleNamespace(is_reused=False)
        try:
            return await self._send(self._pooled(), method, url, body, sent, seen)
        except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError) as error:
            if not seen.is_reused:
                raise _unreachable(error) from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise _unreachable(error) from error
        # The server had closed a pooled connection in the meantime: no byte of an answer came,
        # so asking once more, on a fresh one, repeats nothing.
        try:
            return await self._send(self._fresh(), method, url, body, sent, seen)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise _unreachable(error) from error

    async def _send(
        self,
        session: aiohttp.ClientSession,
        method: str,
        url: str,
        body: bytes | None,
        headers: Mapping[str, str],
        seen: SimpleNamespace,
    ) -> HttpResponse:
        # A large body goes out piece by piece, so that other requests are not held up.
        data = io.BytesIO(body) if body and len(body) > _SENT_AT_ONCE_BYTES else body
        response = await session.request(
            method, url, data=data, headers=headers, allow_redirects=False, trace_request_ctx=seen
        )
        return HttpResponse(response)

    def _pooled(self) -> aiohttp.ClientSession:
        if self._session is None or self._session.closed:
            self._session = self._open(force_close=False)
        return self._session

    def _fresh(self) -> aiohttp.ClientSession:
        if self._unpooled is None or self._unpooled.closed:
            self._unpooled = self._open(force_close=True)
        return self._unpooled

    def _open(self, *, force_close: bool) -> aiohttp.ClientSession:
        trace = aiohttp.TraceConfig()
        trace.on_connection_reuseconn.append(_note_reuse)
        kept: dict[str, Any] = (
            {} if force_close else {"keepalive_timeout": _IDLE_CONNECTION_SECONDS}
        )
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=0, ttl_dns_cache=60, force_close=force_close, **kept
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=self._timeout,
            auto_decompress=False,
            trust_env=False,
            trace_configs=[trace],
        )

    async def aclose(self) -> None:
        """Close every connection."""
        for session in (self._session, self._unpooled):
            if session is not None:
                await session.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()


async def _note_reuse(session: object, context: SimpleNamespace, parameters: object) -> None:
    context.trace_request_ctx.is_reused = True


def _unreachable(error: Exception) -> UpstreamError:
    fault = Fault.GARBAGE if isinstance(error, aiohttp.ClientResponseError) else Fault.UNREACHABLE
    return UpstreamError(f"cannot be reached: {_words(error)}", fault=fault)


def _words(error: Exception) -> str:
    """The library's message in one line; aiohttp's name the address, never a header."""
    return " ".join(str(error).split())[:200] or type(error).__name__
