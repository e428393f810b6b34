"""UpstreamConnection: one socket to an upstream, one exchange at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final, cast

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

from gearshift.errors import FailureKind, UpstreamError

_MAX_HEAD_BYTES: Final = 64 * 1024
# What may wait to be read before the upstream is held back.
_HIGH_WATER_BYTES: Final = 256 * 1024


class UpstreamConnection(asyncio.Protocol):
    """Sends a request and holds what comes back until it is asked for.

    Attributes:
        status: Of the response, once `exchange` has returned.
        headers: Likewise; names in lower case.
        is_complete: Whether the whole response has come.
        is_lost: Whether the socket is closed.
        has_answered: Whether a byte has come since the request was sent.
        is_reused: Whether it was kept for a later request.
        idle_since: When it became free, by the loop's clock.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, lost: Callable[..., None]) -> None:
        self._loop = loop
        self._lost = lost
        self._transport: asyncio.Transport
        self._waiter: asyncio.Future[None] | None = None
        self._is_active = False
        self._keeps_alive = False
        self._is_reading = True
        self._room: asyncio.Future[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._parser = HttpResponseParser(self)
        self.is_lost = False
        self.is_reused = False
        self.idle_since = 0.0
        self._begin()

    def _begin(self) -> None:
        self._pieces: list[bytes] = []
        self._size = 0
        self._head_bytes = 0
        self._has_head = False
        self._has_surplus = False
        self._is_half_sent = False
        self._error: UpstreamError | None = None
        self._last_data = 0.0
        self._idle_seconds = 0.0
        self.status = 0
        self.headers: dict[str, str] = {}
        self.is_complete = False
        self.has_answered = False

    @property
    def is_usable(self) -> bool:
        """Whether the socket is open, as far as is known."""
        return not self.is_lost and not self._transport.is_closing()

    @property
    def descriptor(self) -> int:
        """The socket's number."""
        number: int = self._transport.get_extra_info("socket").fileno()
        return number

    # --- the exchange

    async def exchange(self, request: bytes, within_seconds: float | None = None) -> None:
        """Send a request and wait for the head of its response.

        Args:
            request: Head and body.
            within_seconds: How long the whole response may take; `limit_silence` ends that.

        Raises:
            UpstreamError: There is no response.
        """
        self.begin(request)
        if within_seconds is not None:
            self._timer = self._loop.call_later(within_seconds, self._expire, within_seconds)
        try:
            while not self._has_head:
                await self._more()
        except BaseException:
            self.give_up()
            raise

    def begin(self, request: bytes) -> None:
        """Send a request, or the beginning of one; `head` waits for its response."""
        if self.is_reused:
            self._begin()
        self._is_active = True
        self._last_data = self._loop.time()
        self._transport.write(request)

    async def head(self) -> None:
        """Wait for the head of the response.

        Raises:
            UpstreamError: There is no response.
        """
        while not self._has_head:
            await self._more()

    async def send(self, data: bytes) -> None:
        """Send more of the request, no faster than the upstream takes it."""
        if self.is_usable:
            self._transport.write(data)
        if self._room is not None:
            await self._room

    def give_up(self) -> None:
        """End an exchange that has no response."""
        self.finish()
        self.abort()  # though all may have come meanwhile: nobody gives it back

    def end_with_response(self) -> None:
        """Keep the connection for nothing else: its request has not been sent to its end."""
        self._is_half_sent = True

    def _expire(self, seconds: float) -> None:
        self._timer = None
        if not self.is_complete and self._is_active:
            self._fail(UpstreamError(f"nothing within {seconds:g} s", fault=FailureKind.TIMEOUT))

    async def read(self) -> bytes:
        """What has come of the body since the last call; nothing at its end.

        Raises:
            UpstreamError: Silence for too long, or the connection broke.
        """
        while not self._pieces:
            if self.is_complete:
                return b""
            await self._more()
        pieces = self._pieces
        data = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        self._pieces = []
        self._size = 0
        if not self._is_reading and not self.is_lost:
            self._resume()
        return data

    def _resume(self) -> None:
        """Hear the upstream again; its silence begins now, whatever we made it wait."""
        self._is_reading = True
        self._transport.resume_reading()
        self._last_data = self._loop.time()
        if self._timer is None and self._idle_seconds and not self.is_complete:
            self._timer = self._loop.call_later(self._idle_seconds, self._look)

    async def _more(self) -> None:
        if self._error is not None:
            raise self._error
        self._waiter = self._loop.create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None
        if self._error is not None and not self._pieces:
            raise self._error

    def limit_silence(self, seconds: float) -> None:
        """From now on, silence for so long is an error; nothing else is limited any more."""
        self._idle_seconds = seconds
        self._last_data = self._loop.time()
        self._stop_timer()
        if not self.is_complete:
            self._timer = self._loop.call_later(seconds, self._look)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        """One timer follows the silence, however many pieces come."""
        self._timer = None
        seconds = self._idle_seconds
        if self.is_complete or not self._is_active or not self._is_reading:
            return  # while we hold it back, it is not its fault: `_resume` looks again
        left = self._last_data + seconds - self._loop.time()
        if left > 0:
            self._timer = self._loop.call_later(left, self._look)
            return
        self._fail(UpstreamError(f"silent for {seconds:g} s", fault=FailureKind.TIMEOUT))

    def finish(self) -> bool:
        """End the exchange; whether the connection can be used again."""
        self._stop_timer()
        self._error = None  # its traceback holds us
        reusable = self.is_complete and self._keeps_alive and self.is_usable
        reusable = reusable and not self._has_surplus and not self._is_half_sent
        self._is_active = False
        if not reusable:
            self.abort()
        elif not self._is_reading:
            self._is_reading = True
            self._transport.resume_reading()
        self._pieces = []
        return reusable

    def abort(self) -> None:
        """Close the socket at once, whatever is under way."""
        if not self.is_lost:
            self._transport.abort()

    # --- called by the event loop

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection stands."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's has another base

    def data_received(self, data: bytes) -> None:
        """Bytes have come."""
        if not self._is_active or self.is_complete:
            # Nobody has asked for anything: what comes belongs to no answer.
            self._keeps_alive = False
            self._transport.abort()
            return
        self.has_answered = True
        self._last_data = self._loop.time()
        if not self._has_head:
            self._head_bytes += len(data)
        self._parse(data)
        if not self._has_head and self._head_bytes > _MAX_HEAD_BYTES:
            self._fail(_garbage("endless headers"))
        if self._has_head:
            self._wake()
        if self._size > _HIGH_WATER_BYTES and self._is_reading and not self.is_complete:
            self._is_reading = False
            self._transport.pause_reading()

    def _parse(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except HttpParserUpgrade:
            self._fail(_garbage("it switched protocols without being asked"))
        except HttpParserError as error:
            # Bytes after a complete response that ends the connection are nobody's.
            if not self.is_complete:
                self._fail(_garbage(str(error.args[0])[:200]))
            self._keeps_alive = False

    def eof_received(self) -> None:
        """The upstream sends no more."""

    def pause_writing(self) -> None:
        """The upstream takes a request more slowly than it is sent."""
        self._room = self._loop.create_future()

    def resume_writing(self) -> None:
        """It has taken most of it, or is gone."""
        room, self._room = self._room, None
        if room is not None and not room.done():
            room.set_result(None)

    def connection_lost(self, error: Exception | None) -> None:
        """The connection is closed."""
        self.is_lost = True
        self._lost(self)
        self.resume_writing()
        del self._parser  # it holds us as we hold it
        if not self._is_active or self.is_complete:
            return
        if self._has_head and error is None and self._ends_with_connection():
            self.is_complete = True
            self._wake()
        elif self._has_head:
            cause = _words(error) if error else "the connection was closed"
            self._fail(UpstreamError(f"cut off: {cause}", fault=FailureKind.CUT_OFF))
        else:
            cause = _words(error) if error else "the connection was closed without an answer"
            self._fail(UpstreamError(f"cannot be reached: {cause}", fault=FailureKind.UNREACHABLE))

    def _ends_with_connection(self) -> bool:
        return "content-length" not in self.headers and "transfer-encoding" not in self.headers

    def _fail(self, error: UpstreamError) -> None:
        self._error = self._error or error
        self._keeps_alive = False
        self._wake()
        self.abort()

    def _wake(self) -> None:
        waiter = self._waiter
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    # --- called by the parser

    def on_message_begin(self) -> None:
        """A response begins; a second one belongs to no request."""
        if self.is_complete:
            self._has_surplus = True

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header field; those after the body (trailers) say nothing that we use."""
        if not self._has_head:
            self.headers[name.lower().decode("latin-1")] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        """The head has come; one with a status of 1xx announces another."""
        if self._has_surplus:
            return
        status = self._parser.get_status_code()
        if 100 <= status < 200:
            self.headers = {}
            return
        self.status = status
        self._has_head = True

    def on_body(self, data: bytes) -> None:
        """A piece of the body."""
        if not self._has_surplus:
            self._pieces.append(data)
            self._size += len(data)

    def on_message_complete(self) -> None:
        """The whole response has come."""
        if self._has_head and not self._has_surplus:
            self.is_complete = True
            self._keeps_alive = self._parser.should_keep_alive()


def _garbage(cause: str) -> UpstreamError:
    return UpstreamError(
        f"cannot be reached: it does not speak HTTP: {cause}", fault=FailureKind.GARBAGE
    )


def _words(error: Exception) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
