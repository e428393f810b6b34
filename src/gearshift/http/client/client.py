"""HttpClient: the seam to what carries requests to upstreams."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from typing import Final, Self
from urllib.parse import quote, unquote, urlencode, urlsplit

from gearshift.errors import FailureKind, UpstreamError
from gearshift.http.client.dialling import Dialling
from gearshift.http.client.exchange import UpstreamConnection
from gearshift.http.client.loop_end import LoopEnd
from gearshift.http.client.pool import Pool
from gearshift.http.client.proxies import proxy_for
from gearshift.http.client.request_head import RequestHead
from gearshift.http.client.upload import uploaded
from gearshift.http.values import RequestBody

MAX_ERROR_BYTES: Final = 64 * 1024
MAX_ANSWER_BYTES: Final = 64 * 1024 * 1024
# What a path may hold as it is; `%` too, for what is escaped already.
_PATH_MARKS: Final = "/%:@!$&'()*+,;="
_QUERY_MARKS: Final = "/:@!$'()*,"


class UpstreamResponse:
    """A response whose head has arrived; `aclose` ends the connection if the body has not."""

    def __init__(self, pool: Pool, connection: UpstreamConnection) -> None:
        self._pool = pool
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
                raise UpstreamError(f"answer larger than {limit} bytes", fault=FailureKind.GARBAGE)
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
            self._pool.take_back(connection)


class HttpClient:
    """Requests to one upstream, from any number of event loops. No redirects, no cookies.

    Args:
        base_url: `http://` or `https://`, host, and the path that all others are below.
        api_key: Sent as a bearer token; without it the URL's user and password are sent.
        connect_seconds: How long a connection may take to stand.
        credentials: Headers that carry a key in another way than as a bearer token.
        headers: Sent with every request; an `authorization` takes the place of the key's.
        query: Added to every URL.

    Attributes:
        way: ` through the proxy …` where the environment names one, else empty.

    Raises:
        GearshiftError: The key cannot stand in a header, or the proxy is not supported.
    """

    def __init__(
        self,
        base_url: str,
        api_key: str,
        connect_seconds: float,
        *,
        credentials: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
    ) -> None:
        parts = urlsplit(base_url)
        host, is_tls = parts.hostname or "127.0.0.1", parts.scheme == "https"
        port = parts.port or (443 if is_tls else 80)
        proxy = proxy_for(base_url)
        self._dialling = Dialling.to(host, port, proxy, connect_seconds, is_tls=is_tls)
        self.way = self._dialling.way
        authority = _ascii(parts.netloc.rpartition("@")[2])
        base_path = quote(parts.path.rstrip("/"), safe=_PATH_MARKS)
        common = {"host": authority, "accept-encoding": "identity"}
        self._prefix, self._root = base_path, base_path.removesuffix("/v1")
        if proxy is not None and not is_tls:
            # Such a proxy carries single requests, and needs to be told where each one goes.
            self._prefix = f"http://{authority}{self._prefix}"
            self._root = f"http://{authority}{self._root}"
            if proxy.authorization:
                common["proxy-authorization"] = proxy.authorization
        self._query = urlencode(query or {}, safe=_QUERY_MARKS, quote_via=quote)
        own = {name.lower(): value for name, value in (headers or {}).items()}
        self._anonymous = RequestHead({**common, **own})
        key = credentials or _credentials(api_key, parts.username, parts.password)
        self._head = RequestHead({**common, **key, **own})
        self._pools: dict[asyncio.AbstractEventLoop, tuple[Pool, LoopEnd]] = {}

    async def request(
        self,
        method: str,
        path: str,
        *,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        within_seconds: float | None = None,
        is_at_root: bool = False,
    ) -> UpstreamResponse:
        """Send a request; returns when the head of the response has arrived.

        Args:
            method: HTTP method.
            path: Below the base URL; it may have a query.
            body: JSON text.
            headers: Beside the upstream's own, which count more.
            within_seconds: How long the answer may take, beside the connection; `limit_silence`
                takes its place.
            is_at_root: The path is below what the base URL has before its `/v1`.

        Raises:
            UpstreamError: There was no response, or the request cannot be written.
        """
        size = None if body is None else len(body)
        target = self._target((self._root if is_at_root else self._prefix) + path)
        head = self._head.written(method, target, headers, size)
        sent = head if body is None else head + body
        return await self._exchanged(sent, within_seconds, may_repeat=method == "GET")

    async def upload(
        self, method: str, path: str, body: RequestBody, silence_seconds: float
    ) -> UpstreamResponse:
        """Send a request whose body is sent as it comes; returns when the response begins.

        Args:
            method: HTTP method.
            path: As for `request`.
            body: Read as fast as the upstream takes it; its length need not be known.
            silence_seconds: How long the upstream may take nothing, or not answer.

        Raises:
            UpstreamError: There was no response, or the request cannot be written.
            RequestError: The body does not come.
        """
        target = self._target(self._prefix + path)
        head = self._head.written_before_stream(method, target, None, body.length)
        pool = await self._pool()
        connection = await pool.connected()  # a body cannot be sent twice, so a fresh one
        await uploaded(connection, head, body, silence_seconds)
        return UpstreamResponse(pool, connection)

    async def look(self, path: str) -> UpstreamResponse:
        """A GET without the key, below what the base URL has before its `/v1`.

        Raises:
            UpstreamError: As `request`.
        """
        head = self._anonymous.written("GET", self._target(self._root + path), None, None)
        return await self._exchanged(head, None, may_repeat=True)

    def _target(self, path: str) -> str:
        """A path with the query that every URL has."""
        if not self._query:
            return path
        return f"{path}{'&' if '?' in path else '?'}{self._query}"

    async def _exchanged(
        self, sent: bytes, within_seconds: float | None, *, may_repeat: bool
    ) -> UpstreamResponse:
        pool = await self._pool()
        connection = pool.free() or await pool.connected()
        try:
            await connection.exchange(sent, within_seconds)
            return UpstreamResponse(pool, connection)
        except UpstreamError as error:
            is_stale = connection.is_reused and not connection.has_answered
            # What has no effects may be asked again on a fresh connection (RFC 9110, 9.2.2). A
            # POST may not: an upstream that has read it may be at work, or have died of it.
            if not may_repeat or not is_stale or error.fault is not FailureKind.UNREACHABLE:
                raise
        connection = await pool.connected()
        await connection.exchange(sent, within_seconds)
        return UpstreamResponse(pool, connection)

    async def knock(self) -> None:
        """See whether a connection stands or can be had; nothing is asked.

        One that was opened only for this is closed again: a simple server attends to nobody else
        while a client that it has let in says nothing.

        Raises:
            UpstreamError: `UNREACHABLE`.
        """
        pool = await self._pool()
        if not pool.has_free():
            (await pool.connected()).abort()

    async def _pool(self) -> Pool:
        """The pool of the running event loop: a connection cannot be used from another one."""
        loop = asyncio.get_running_loop()
        pool_of_loop = self._pools.get(loop)
        if pool_of_loop is not None:
            return pool_of_loop[0]
        for other in [other for other in self._pools if other.is_closed()]:
            del self._pools[other]
        end = LoopEnd(self.aclose)
        pool = Pool(self._dialling)
        self._pools[loop] = pool, end
        await end.arm()
        return pool

    async def aclose(self) -> None:
        """Close every connection of the running event loop."""
        pool, end = self._pools.pop(asyncio.get_running_loop(), (None, None))
        if pool is not None and end is not None:
            await pool.aclose()
            await end.disarm()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()


def _credentials(api_key: str, user: str | None, password: str | None) -> dict[str, str]:
    if api_key:
        return {"authorization": f"Bearer {api_key}"}
    if user is None:
        return {}
    pair = f"{unquote(user)}:{unquote(password or '')}"
    return {"authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}


def _ascii(authority: str) -> str:
    """A host and port as they stand in a request: names in other scripts have a form for it."""
    if authority.isascii():
        return authority
    with suppress(UnicodeError):
        return authority.encode("idna").decode()
    return authority
