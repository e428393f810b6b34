"""Dialling: a new connection to an upstream, directly or through a proxy."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar, cast

from gearshift.errors import FailureKind, UpstreamError
from gearshift.http.client.proxies import Proxy
from gearshift.http.client.request_head import RequestHead

P = TypeVar("P", bound=asyncio.Protocol)

_MAX_ANSWER_BYTES: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class Dialling:
    """How to reach one upstream.

    Args:
        host: Name or address.
        port: Of the upstream.
        is_tls: Speak TLS to it.
        proxy: What stands between, if anything.
        seconds: How long a connection may take to stand, with everything on the way.
    """

    host: str
    port: int
    is_tls: bool
    proxy: Proxy | None
    seconds: float
    _tls: ssl.SSLContext | None

    @classmethod
    def to(
        cls, host: str, port: int, proxy: Proxy | None, seconds: float, *, is_tls: bool
    ) -> Dialling:
        """As the arguments say, with the certificates of this machine."""
        needs_tls = is_tls or (proxy is not None and proxy.is_tls)
        context = ssl.create_default_context() if needs_tls else None
        return cls(host, port, is_tls, proxy, seconds, context)

    async def connect(self, protocol: Callable[[], P]) -> P:
        """A connection that stands.

        Raises:
            UpstreamError: `UNREACHABLE`.
        """
        try:
            async with asyncio.timeout(self.seconds):
                return await self._through(protocol)
        except TimeoutError as error:
            raise _unreachable(f"no connection within {self.seconds:g} s{self.way}") from error
        except (OSError, ValueError) as error:
            cause = " ".join(str(error).split())[:200] or type(error).__name__
            raise _unreachable(f"{self.host}:{self.port}{self.way}: {cause}") from error

    @property
    def way(self) -> str:
        """` through the proxy …`, or nothing."""
        return f" through the proxy {self.proxy.shown}" if self.proxy else ""

    async def _through(self, protocol: Callable[[], P]) -> P:
        if self.proxy is None:
            return await self._opened(self.host, self.port, self.is_tls, protocol)
        proxy = self.proxy
        if not self.is_tls:  # the proxy is told the whole URL in each request
            return await self._opened(proxy.host, proxy.port, proxy.is_tls, protocol)
        tunnel = await self._opened(proxy.host, proxy.port, proxy.is_tls, _Tunnel)
        try:
            await tunnel.open(f"{_bracketed(self.host)}:{self.port}", proxy)
            return await self._secured(tunnel.transport, protocol())
        except BaseException:
            tunnel.transport.abort()
            raise

    async def _opened(self, host: str, port: int, is_tls: bool, protocol: Callable[[], P]) -> P:
        _, connection = await asyncio.get_running_loop().create_connection(
            protocol,
            host,
            port,
            ssl=self._tls if is_tls else None,
            server_hostname=host if is_tls else None,
        )
        return connection

    async def _secured(self, transport: asyncio.Transport, connection: P) -> P:
        assert self._tls is not None
        connection.connection_made(transport)
        loop = asyncio.get_running_loop()
        secure = await loop.start_tls(transport, connection, self._tls, server_hostname=self.host)
        if secure is None:
            raise OSError("the connection was closed")
        connection.connection_made(secure)
        return connection


class _Tunnel(asyncio.Protocol):
    """Asks a proxy for a connection to somewhere else (RFC 9110, CONNECT)."""

    transport: asyncio.Transport

    def __init__(self) -> None:
        self._answer = bytearray()
        self._has_answered = asyncio.get_running_loop().create_future()

    async def open(self, target: str, proxy: Proxy) -> None:
        """Return when bytes go through.

        Raises:
            UpstreamError: The proxy will not, or cannot.
        """
        fields = {"host": target}
        if proxy.authorization:
            fields["proxy-authorization"] = proxy.authorization
        self.transport.write(RequestHead(fields).written("CONNECT", target, None, None))
        await self._has_answered
        first = bytes(self._answer).partition(b"\r\n")[0].decode("latin-1")
        version, _, status = first.partition(" ")
        if not version.startswith("HTTP/1."):
            raise _unreachable(f"the proxy {proxy.shown} did not answer in HTTP")
        if status.startswith("407"):
            raise UpstreamError(
                f"cannot be reached: the proxy {proxy.shown} rejects the user or password "
                "(407); set them in its URL: http://user:password@…",
                fault=FailureKind.AUTHENTICATION,
            )
        if not status.startswith("2"):
            raise _unreachable(f"the proxy {proxy.shown} refused {target}: {status[:100]}")

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The proxy is there."""
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """A part of the proxy's answer; nothing comes after it before we have spoken."""
        self._answer += data
        is_whole = b"\r\n\r\n" in self._answer or len(self._answer) > _MAX_ANSWER_BYTES
        if is_whole and not self._has_answered.done():
            self._has_answered.set_result(None)

    def connection_lost(self, error: Exception | None) -> None:
        """What has come is all there is."""
        if not self._has_answered.done():
            self._has_answered.set_result(None)


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _unreachable(cause: str) -> UpstreamError:
    return UpstreamError(f"cannot be reached: {cause}", fault=FailureKind.UNREACHABLE)
