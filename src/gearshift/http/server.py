"""HttpServer: the seam to the HTTP library that carries requests from clients."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections.abc import AsyncGenerator, Callable
from typing import Final

from aiohttp import hdrs, web
from aiohttp.http import HttpVersion11

from gearshift.errors import GearshiftError, RequestError
from gearshift.http.connection import ConnectionFactory
from gearshift.http.values import HttpHandler, HttpRequest, HttpResponse

_KEEP_ALIVE_SECONDS: Final = 75.0
_INTERRUPT_SECONDS: Final = 1.0
_MAX_HEADER_BYTES: Final = 16_384
_ENCODINGS: Final = ("", "identity", "gzip", "deflate")
# The paths of requests that cannot be parsed are unknown: they are told in OpenAI's shape.
_UNKNOWN: Final = HttpRequest("", "/v1")

Refusal = Callable[[HttpRequest, GearshiftError], HttpResponse]
"""Makes the response to a request that is refused before its handler is called."""


class HttpServer:
    """Serves one plane on one listening socket.

    A client that goes away cancels the handler's task, and with it whatever the handler awaits.

    Args:
        handler: The plane.
        refusal: Called for a request whose body is refused before it is read.
        max_body_bytes: Larger bodies are refused with 413 as soon as that is known.
        drain_seconds: How long requests in flight may take after `stop`.
    """

    def __init__(
        self,
        handler: HttpHandler,
        refusal: Refusal,
        *,
        max_body_bytes: int,
        drain_seconds: float = 30.0,
    ) -> None:
        self._handler = handler
        self._refusal = refusal
        self._max_body_bytes = max_body_bytes
        self._drain_seconds = drain_seconds
        self._in_flight: set[asyncio.Task[object]] = set()
        self._is_interrupted = False
        server = ConnectionFactory(
            self._serve,
            lambda error: _whole(refusal(_UNKNOWN, error)),
            keepalive_timeout=_KEEP_ALIVE_SECONDS,
            access_log=None,
            max_line_size=_MAX_HEADER_BYTES,
            max_field_size=_MAX_HEADER_BYTES,
        )
        self._runner = web.ServerRunner(
            server, handle_signals=False, shutdown_timeout=drain_seconds + _INTERRUPT_SECONDS
        )

    async def start(self, listener: socket.socket) -> None:
        """Accept connections on a socket that listens already."""
        await self._runner.setup()
        await web.SockSite(self._runner, listener, backlog=1024).start()

    async def stop(self) -> None:
        """Accept no more, let requests in flight finish, then close everything.

        What takes longer than `drain_seconds` is ended with an error, so that no client takes
        half an answer for a whole one.
        """
        loop = asyncio.get_running_loop()
        timer = loop.call_later(self._drain_seconds, self._interrupt)
        try:
            await self._runner.cleanup()
        finally:
            timer.cancel()

    def _interrupt(self) -> None:
        self._is_interrupted = True
        for task in self._in_flight:
            task.cancel()

    async def _serve(self, received: web.BaseRequest) -> web.StreamResponse:
        task = asyncio.current_task()
        assert task is not None
        self._in_flight.add(task)
        try:
            return await self._answer(received)
        except asyncio.CancelledError:
            if not self._is_interrupted:
                raise  # the client has gone
            task.uncancel()
            request = HttpRequest(received.method, received.path)
            return _whole(self._refusal(request, _stopping()))
        finally:
            self._in_flight.discard(task)

    async def _answer(self, received: web.BaseRequest) -> web.StreamResponse:
        headers = {name.lower(): value for name, value in received.headers.items()}
        try:
            body = await self._body(received)
        except RequestError as error:
            request = HttpRequest(received.method, received.path, headers)
            answer = _whole(self._refusal(request, error))
            answer.force_close()  # the rest of the body is not worth reading
            return answer
        request = HttpRequest(received.method, received.path, headers, body, time.perf_counter())
        response = await self._handler(request)
        if isinstance(response.body, bytes):
            return _whole(response)
        return await self._streamed(received, response, response.body)

    async def _body(self, received: web.BaseRequest) -> bytes:
        if (received.content_length or 0) > self._max_body_bytes:
            raise _too_large(self._max_body_bytes)
        if not received.can_read_body:
            return b""
        _check_encoding(received)
        await _continue(received)
        try:
            return await self._read(received)
        except web.RequestPayloadError as error:
            # A wrong chunk size, gzip that is none: the client's mistake.
            raise RequestError(
                "the body is not what its headers say (content-encoding, transfer-encoding)",
                field="body",
                code="malformed_body",
            ) from error

    async def _read(self, received: web.BaseRequest) -> bytes:
        limit = self._max_body_bytes
        parts = []
        size = 0
        async for data in received.content.iter_any():
            size += len(data)
            if size > limit:
                raise _too_large(limit)
            parts.append(data)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    async def _streamed(
        self, received: web.BaseRequest, response: HttpResponse, pieces: AsyncGenerator[bytes]
    ) -> web.StreamResponse:
        headers = {"server": "gearshift", **response.headers}
        answer = web.StreamResponse(status=response.status, headers=headers)
        try:
            await answer.prepare(received)
            async for piece in pieces:
                await answer.write(piece)
            await answer.write_eof()
        except ConnectionError:
            pass  # the client has gone: nobody is left to tell
        except asyncio.CancelledError:
            if not self._is_interrupted:
                raise
            with contextlib.suppress(ConnectionError):
                await answer.write_eof(response.interrupted)
        finally:
            # Also when the client has gone: that is what stops the upstream.
            await pieces.aclose()
            if response.close is not None:
                await response.close()
        return answer


def _check_encoding(received: web.BaseRequest) -> None:
    encoding = received.headers.get(hdrs.CONTENT_ENCODING, "").strip().lower()
    if encoding not in _ENCODINGS:
        raise RequestError(
            f"content-encoding {encoding[:40]!r} is not understood; gzip and deflate are",
            status=415,
            field="content-encoding",
            headers={"Accept-Encoding": "gzip, deflate"},
        )


async def _continue(received: web.BaseRequest) -> None:
    """Tell a client that asks first (curl does, for large bodies) to send its body."""
    expects = received.headers.get(hdrs.EXPECT, "").lower() == "100-continue"
    if expects and received.version == HttpVersion11:
        await received.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        received.writer.output_size = 0  # the response itself has not begun


def _stopping() -> RequestError:
    message = "gearshift is stopping; try again"
    return RequestError(message, status=503, code="stopping", headers={"Retry-After": "1"})


def _too_large(limit: int) -> RequestError:
    return RequestError(
        f"the body is larger than {limit} bytes (limits.max_body_bytes)",
        status=413,
        field="body",
        code="request_too_large",
    )


def _whole(response: HttpResponse) -> web.Response:
    assert isinstance(response.body, bytes)
    headers = {"server": "gearshift", **response.headers}
    return web.Response(body=response.body, status=response.status, headers=headers)
