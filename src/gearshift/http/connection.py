"""Connection: one client's socket, its requests in turn, its answers as they come."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Final, cast

from gearshift.errors import GearshiftError, RequestError
from gearshift.http.defects import defect
from gearshift.http.encoding import decoded
from gearshift.http.head import CONTINUE, LAST_CHUNK, chunk, head
from gearshift.http.reader import Phase, Received, Refused, RequestReader
from gearshift.http.values import HttpResponse, Pieces

if TYPE_CHECKING:
    from gearshift.http.server import HttpServer

# Pipelined requests that are read ahead; a client may send more, but they stay in its socket.
_MAX_WAITING: Final = 8
# A client that was refused in the middle of its request gets this long to stop sending: closing
# at once would make its kernel throw our answer away.
_LINGER_SECONDS: Final = 2.0
_BODY_BYTES_PER_SECOND: Final = 1024
_NEVER: Final = float("inf")


class Connection(asyncio.Protocol):
    """Reads requests, runs the plane's handler for one after the other, writes the answers.

    A client that goes away cancels the handler's task, and with it whatever that awaits.
    """

    def __init__(self, server: HttpServer) -> None:
        self._server = server
        self._transport: asyncio.Transport
        self._reader = RequestReader(server.limits, self._take, self._go_on)
        self._waiting: deque[Received | Refused] = deque()
        self._task: asyncio.Task[None] | None = None
        self._writable: asyncio.Future[None] | None = None
        self._is_paused = False
        self._is_lingering = False
        self._has_begun = False  # to answer the present request
        self._timed = Phase.HEAD  # what the deadline is for, and since when
        self._since = server.now
        self.deadline = server.now + server.limits.header_seconds

    @property
    def is_idle(self) -> bool:
        """Whether nothing has come that is still to be answered."""
        return self._task is None and self._reader.phase in (Phase.IDLE, Phase.ENDED)

    # --- called by the event loop

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client has come."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's has another base
        server = self._server
        server.connections.add(self)
        if len(server.connections) > server.limits.max_connections:
            self._reader.refuse(_crowded())

    def data_received(self, data: bytes) -> None:
        """Bytes have come."""
        if self._is_lingering:
            return
        reader = self._reader
        reader.feed(data)
        if self._task is None and not self._is_lingering:
            self._await_more()

    def eof_received(self) -> None:
        """The client sends no more: it has gone, as far as anybody can tell."""

    def connection_lost(self, error: Exception | None) -> None:
        """The client has gone: what works for it is stopped."""
        self._server.forget(self)
        self._waiting.clear()
        self._reader.close()
        self._wake()
        if self._task is not None:
            self._task.cancel()

    def pause_writing(self) -> None:
        """The client takes its answer more slowly than it comes."""
        self._is_paused = True
        self.deadline = self._server.now + self._server.limits.send_seconds

    def resume_writing(self) -> None:
        """The client has taken what was waiting."""
        self._is_paused = False
        self.deadline = _NEVER if self._task is not None else self.deadline
        self._wake()

    def _wake(self) -> None:
        if self._writable is not None and not self._writable.done():
            self._writable.set_result(None)

    # --- requests

    def _await_more(self) -> None:
        """Set how long the next bytes may take."""
        server, limits, phase = self._server, self._server.limits, self._reader.phase
        if phase is not self._timed:
            self._timed = phase
            self._since = server.now
        match phase:
            case Phase.HEAD:
                self.deadline = self._since + limits.header_seconds
            case Phase.BODY:
                earned = self._reader.body_bytes / _BODY_BYTES_PER_SECOND
                self.deadline = self._since + limits.body_seconds + earned
            case Phase.IDLE | Phase.ENDED:
                self.deadline = self._since + limits.keep_alive_seconds

    def _go_on(self) -> None:
        if self._task is None:
            self._transport.write(CONTINUE)

    def _take(self, item: Received | Refused) -> None:
        if self._task is not None:
            self._waiting.append(item)
            if len(self._waiting) >= _MAX_WAITING:
                self._transport.pause_reading()
            return
        self._begin(item)

    def _begin(self, item: Received | Refused) -> None:
        self._has_begun = False
        self._reader.limits = self._server.limits  # they may have changed since
        self.deadline = _NEVER
        if isinstance(item, Refused):
            self._send(self._server.refusal(item.request, item.error), item, keeps_alive=False)
            self._linger()
            return
        self._task = self._server.loop.create_task(self._answer(item))

    def _next(self) -> None:
        """The present request is answered: go on with the next, or wait for it."""
        self._task = None
        if self._transport.is_closing():
            return
        if self._waiting:
            item = self._waiting.popleft()
            if not self._waiting:
                self._transport.resume_reading()
            self._begin(item)
            return
        self._timed = Phase.ENDED  # whatever is awaited now is awaited from now on
        self._await_more()

    # --- answers

    async def _answer(self, item: Received) -> None:
        server = self._server
        keeps_alive = item.keeps_alive
        try:
            request = item.request
            if "content-encoding" in request.headers:
                request = await decoded(request, server.limits.max_body_bytes)
            response = await server.handler(request)
            keeps_alive = keeps_alive and not server.is_draining
            if isinstance(response.body, bytes):
                self._send(response, item, keeps_alive=keeps_alive)
            else:
                keeps_alive = keeps_alive and not item.is_http_1_0  # its end is the answer's
                await self._stream(response, response.body, item, keeps_alive=keeps_alive)
        except asyncio.CancelledError:
            if not self._is_to_be_ended():
                raise  # the client has gone
            self._fail(item, _stopping())
            keeps_alive = False
        except GearshiftError as error:
            self._fail(item, error)
            keeps_alive = False
        except Exception as error:  # noqa: BLE001 - the edge: the process must go on
            self._fail(item, defect(error, "serving a connection"))
            keeps_alive = False
        if keeps_alive:
            self._next()
        else:
            self._task = None
            self._linger()

    def _fail(self, item: Received, error: GearshiftError) -> None:
        """Report an error, unless a part of the answer has gone out already."""
        if self._has_begun:
            self._transport.abort()  # so that nobody takes half an answer for a whole one
        else:
            self._send(self._server.refusal(item.request, error), item, keeps_alive=False)

    def _send(self, response: HttpResponse, item: Received | Refused, *, keeps_alive: bool) -> None:
        body = response.body
        assert isinstance(body, bytes)
        is_old = isinstance(item, Received) and item.is_http_1_0
        start = head(
            response,
            self._server.date,
            length=len(body),
            keeps_alive=keeps_alive,
            is_http_1_0=is_old,
        )
        self._has_begun = True
        self._transport.write(start if item.request.method == "HEAD" else start + body)

    async def _stream(
        self,
        response: HttpResponse,
        pieces: Pieces,
        item: Received,
        *,
        keeps_alive: bool,
    ) -> None:
        write = self._transport.write
        is_old = item.is_http_1_0
        begun = head(
            response,
            self._server.date,
            length=None,
            keeps_alive=keeps_alive,
            is_http_1_0=is_old,
        )
        try:
            while (piece := await pieces.read()) is not None:
                if piece:
                    # The head goes out with the first piece, in one packet.
                    write(begun + (piece if is_old else chunk(piece)))
                    begun = b""
                    self._has_begun = True
                if self._is_paused:
                    await self._drained()
            write(begun if is_old else begun + LAST_CHUNK)
        except asyncio.CancelledError:
            if not self._is_to_be_ended() or not self._has_begun:
                raise
            last = pieces.interrupted()
            write(last if is_old else chunk(last) + LAST_CHUNK)
        finally:
            # Also when the client has gone: that is what stops the upstream.
            await pieces.aclose()

    def _is_to_be_ended(self) -> bool:
        """Whether a cancellation comes from the server, which ends, and not from the client."""
        return self._server.is_interrupted and not self._transport.is_closing()

    async def _drained(self) -> None:
        """Wait until the client has taken what was written."""
        while self._is_paused and not self._transport.is_closing():
            self._writable = self._server.loop.create_future()
            await self._writable

    # --- the end

    def expire(self) -> None:
        """The deadline has passed: cut off whoever is too slow."""
        self.deadline = _NEVER
        phase = self._reader.phase
        if self._is_paused or self._is_lingering:
            self._transport.abort()
        elif phase in (Phase.HEAD, Phase.BODY):
            self._reader.refuse(_slow(phase))
        else:
            self._transport.close()

    def interrupt(self) -> None:
        """End the answer in progress with an error."""
        if self._task is not None:
            self._task.cancel()

    def close(self) -> None:
        """Close when everything written has been sent."""
        self._transport.close()

    def abort(self) -> None:
        """Close now."""
        self._transport.abort()

    def _linger(self) -> None:
        """Close for writing; read and drop what still comes, for a moment."""
        self._waiting.clear()
        if self._transport.is_closing():
            return
        if self._reader.phase is not Phase.ENDED or not self._transport.can_write_eof():
            self._transport.close()
            return
        self._is_lingering = True
        self.deadline = self._server.now + _LINGER_SECONDS
        self._transport.resume_reading()
        self._transport.write_eof()


def _crowded() -> RequestError:
    return RequestError(
        "too many connections (limits.max_connections); try again",
        status=503,
        code="too_many_connections",
        headers={"Retry-After": "1"},
    )


def _stopping() -> RequestError:
    message = "gearshift is stopping; try again"
    return RequestError(message, status=503, code="stopping", headers={"Retry-After": "1"})


def _slow(phase: Phase) -> RequestError:
    what = "headers" if phase is Phase.HEAD else "body"
    return RequestError(
        f"the {what} of the request did not arrive in time (limits.{what.rstrip('s')}_seconds)",
        status=408,
        code="request_timeout",
    )
