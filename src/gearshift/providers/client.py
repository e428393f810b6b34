"""HttpClient: the seam to what carries requests to upstreams."""

from __future__ import annotations

import asyncio
import base64
import ssl
from collections.abc import AsyncIterator, Mapping
from typing import Final, Self
from urllib.parse import unquote, urlsplit

from gearshift.errors import Fault, UpstreamError
from gearshift.providers.exchange import UpstreamConnection

MAX_ERROR_BYTES: Final = 64 * 1024
MAX_ANSWER_BYTES: Final = 64 * 1024 * 1024
_IDLE_CONNECTION_SECONDS: Final = 30.0


class HttpResponse:
    """A response whose head has arrived; `aclose` ends the connection if the body has not."""

    def __init__(self, client: HttpClient, connection: UpstreamConnection) -> None:
        self._client = client
        self._connection: UpstreamConnection | None = connection
        self.status = connection.status
        self.headers: Mapping[str, str] = connection.headers

    @property
    def content_type(self) -> str:
        """In lower case, without its parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def is_complete(self) -> bool:
        """Whether nothing more will come."""
        return self._connection is None or self._connection.is_complete

    def limit_silence(self, seconds: float) -> None:
        """From now on, silence for so long within the body is an error."""
        if self._connection is not None:
            self._connection.limit_silence(seconds)

    async def read(self) -> bytes:
        """What has come of the body since the last call; nothing at its end.

        Raises:
            UpstreamError: Silence for too long, or the connection broke.
        """
        return b"" if self._connection is None else await self._connection.read()

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body as it arrives.

        Raises:
            UpstreamError: As `read`.
        """
        while data := await self.read():
            yield data

    async def body(self, limit: int) -> bytes:
        """The whole body.

        Raises:
            UpstreamError: It is larger than `limit` bytes, or did not arrive.
        """
        parts = []
        size = 0
        while data := await self.read():
            parts.append(data)
            size += len(data)
            if size > limit:
                self.abort()
                raise UpstreamError(f"answer larger than {limit} bytes", fault=Fault.GARBAGE)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def abort(self) -> None:
        """End the connection at once."""
        if self._connection is not None:
            self._connection.abort()

    async def aclose(self) -> None:
        """As `release`."""
        self.release()

    def release(self) -> None:
        """Give the connection back if the body is complete, else end it at once."""
        connection, self._connection = self._connection, None
        if connection is not None and connection.finish():
            self._client.take_back(connection)


class HttpClient:
    """Pooled connections to one upstream. No redirects, no proxies, no cookies.

    Args:
        base_url: `http://` or `https://`, host, and the path that all others are below.
        api_key: Sent as a bearer token; without it the URL's user and password are sent.
        connect_seconds: How long a connection may take to stand.
    """

    def __init__(self, base_url: str, api_key: str, connect_seconds: float) -> None:
        parts = urlsplit(base_url)
        self._host = parts.hostname or "127.0.0.1"
        self._tls = ssl.create_default_context() if parts.scheme == "https" else None
        self._port = parts.port or (443 if self._tls else 80)
        self._base_path = parts.path.rstrip("/")
        self._connect_seconds = connect_seconds
        self._idle: list[UpstreamConnection] = []
        self._open: set[UpstreamConnection] = set()
        self._heads: dict[tuple[str, str], str] = {}
        self._sweeper: asyncio.TimerHandle | None = None
        lines = [f"host: {parts.netloc.rpartition('@')[2]}", "accept-encoding: identity"]
        if api_key:
            lines.append(f"authorization: Bearer {api_key}")
        elif parts.username is not None:
            pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
            lines.append(f"authorization: Basic {base64.b64encode(pair.encode()).decode()}")
        self._own = "".join(f"{line}\r\n" for line in lines)

    async def request(
        self,
        method: str,
        path: str,
        *,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        from_root: bool = False,
        within_seconds: float | None = None,
    ) -> HttpResponse:
        """Send a request; returns when the head of the response has arrived.

        Args:
            method: HTTP method.
            path: Below the base URL.
            body: JSON text.
            headers: Beside the client's own.
            from_root: `path` is the whole path instead.
            within_seconds: How long the answer may take, beside the connection; `limit_silence`
                takes its place.

        Raises:
            UpstreamError: There was no response.
        """
        target = path if from_root else self._base_path + path
        sent = self._written(method, target, body, headers)
        connection = self._pooled() or await self._connected()
        try:
            await connection.exchange(sent, within_seconds)
            return HttpResponse(self, connection)
        except UpstreamError as error:
            is_stale = connection.is_reused and not connection.has_answered
            if not is_stale or error.fault is not Fault.UNREACHABLE:
                raise
        # The server had closed a pooled connection in the meantime: no byte of an answer came,
        # so asking once more, on a fresh one, repeats nothing.
        connection = await self._connected()
        await connection.exchange(sent, within_seconds)
        return HttpResponse(self, connection)

    def _written(
        self, method: str, path: str, body: bytes | None, headers: Mapping[str, str] | None
    ) -> bytes:
        known = self._heads.get((method, path))
        if known is None:
            kind = "content-type: application/json\r\n" if body is not None else ""
            known = f"{method} {path} HTTP/1.1\r\n{self._own}{kind}"
            if len(self._heads) < 64:
                self._heads[method, path] = known
        more = "".join([f"{k}: {v}\r\n" for k, v in headers.items()]) if headers else ""
        if body is None:
            return f"{known}{more}\r\n".encode("latin-1", "replace")
        head = f"{known}{more}content-length: {len(body)}\r\n\r\n"
        return head.encode("latin-1", "replace") + body

    # --- connections

    def _pooled(self) -> UpstreamConnection | None:
        """The connection used last: the others may rest until they are old."""
        while self._idle:
            connection = self._idle.pop()
            if connection.is_usable:
                return connection
        return None

    async def _connected(self) -> UpstreamConnection:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._connect_seconds):
                _, connection = await loop.create_connection(
                    lambda: UpstreamConnection(loop, self._forget),
                    self._host,
                    self._port,
                    ssl=self._tls,
                    server_hostname=self._host if self._tls else None,
                )
        except TimeoutError as error:
            message = f"cannot be reached: no connection within {self._connect_seconds:g} s"
            raise UpstreamError(message, fault=Fault.UNREACHABLE) from error
        except (OSError, ValueError) as error:
            said = " ".join(str(error).split())[:200] or type(error).__name__
            message = f"cannot be reached: {self._host}:{self._port}: {said}"
            raise UpstreamError(message, fault=Fault.UNREACHABLE) from error
        self._open.add(connection)
        return connection

    def _forget(self, connection: UpstreamConnection) -> None:
        self._open.discard(connection)

    def take_back(self, connection: UpstreamConnection) -> None:
        """Keep a connection for the next request."""
        loop = asyncio.get_running_loop()
        connection.is_reused = True
        connection.idle_since = loop.time()
        self._idle.append(connection)
        if self._sweeper is None:
            self._sweeper = loop.call_later(_IDLE_CONNECTION_SECONDS / 2, self._sweep)

    def _sweep(self) -> None:
        """Close connections that nobody has needed for a while."""
        loop = asyncio.get_running_loop()
        oldest = loop.time() - _IDLE_CONNECTION_SECONDS
        kept = []
        for connection in self._idle:
            if connection.idle_since < oldest:
                connection.abort()
            elif not connection.is_lost:
                kept.append(connection)
        self._idle = kept
        self._sweeper = loop.call_later(_IDLE_CONNECTION_SECONDS / 2, self._sweep) if kept else None

    async def aclose(self) -> None:
        """Close every connection."""
        if self._sweeper is not None:
            self._sweeper.cancel()
            self._sweeper = None
        for connection in list(self._open):
            connection.abort()
        self._idle.clear()
        # Transports tell their protocols of the end in the loop's next turn.
        await asyncio.sleep(0)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()
