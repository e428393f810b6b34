"""HttpServer: the seam to the HTTP library that carries requests from clients."""

from __future__ import annotations

import socket
import time
from collections.abc import AsyncGenerator, Callable
from typing import Final

from aiohttp import web

from gearshift.errors import RequestError
from gearshift.http.values import HttpHandler, HttpRequest, HttpResponse

_KEEP_ALIVE_SECONDS: Final = 75.0
_MAX_HEADER_BYTES: Final = 16_384

Refusal = Callable[[HttpRequest, RequestError], HttpResponse]
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
        server = web.Server(
            self._serve,
            handler_cancellation=True,
            keepalive_timeout=_KEEP_ALIVE_SECONDS,
            access_log=None,
            max_line_size=_MAX_HEADER_BYTES,
            max_field_size=_MAX_HEADER_BYTES,
        )
        self._runner = web.ServerRunner(
            server, handle_signals=False, shutdown_timeout=drain_seconds
        )

    async def start(self, listener: socket.socket) -> None:
        """Accept connections on a socket that listens already."""
        await self._runner.setup()
        await web.SockSite(self._runner, listener, backlog=1024).start()

    async def stop(self) -> None:
        """Accept no more, let requests in flight finish, then close everything."""
        await self._runner.cleanup()

    async def _serve(self, received: web.BaseRequest) -> web.StreamResponse:
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
        return await _streamed(received, response, response.body)

    async def _body(self, received: web.BaseRequest) -> bytes:
        limit = self._max_body_bytes
        if (received.content_length or 0) > limit:
            raise _too_large(limit)
        if not received.can_read_body:
            return b""
        parts = []
        size = 0
        async for data in received.content.iter_any():
            size += len(data)
            if size > limit:
                raise _too_large(limit)
            parts.append(data)
        return parts[0] if len(parts) == 1 else b"".join(parts)


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


async def _streamed(
    received: web.BaseRequest, response: HttpResponse, pieces: AsyncGenerator[bytes]
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
    finally:
        # Also when the client has gone: that is what stops the upstream.
        await pieces.aclose()
        if response.close is not None:
            await response.close()
    return answer
