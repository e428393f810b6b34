"""A transport whose other side takes bytes when a test says so, and a server around it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from gearshift.errors import GearshiftError, RequestError
from gearshift.http.server.connection import Connection
from gearshift.http.values import HttpLimits, HttpRequest, HttpResponse

HIGH_WATER_BYTES = 64 * 1024


class FakeTransport(asyncio.Transport):
    """Buffers whatever is written, and tells its protocol of it as asyncio's transports do.

    Attributes:
        buffer: Written, and not taken yet.
        taken: What the other side has taken.
        largest: The most that was ever in the buffer.
        is_aborted: Whether what was left was thrown away.
    """

    def __init__(self, protocol: asyncio.Protocol) -> None:
        super().__init__()
        self._protocol = protocol
        self._is_closing = False
        self._is_lost = False
        self._is_writing_paused = False
        self._has_written_eof = False
        self.is_reading_paused = False
        self.is_aborted = False
        self.takes_all = True
        self.buffer = b""
        self.taken = b""
        self.largest = 0
        protocol.connection_made(self)

    # --- what the protocol calls

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        assert high == HIGH_WATER_BYTES

    def write(self, data) -> None:
        assert not self._has_written_eof
        if self._is_lost:
            return
        self.buffer += data
        self.largest = max(self.largest, len(self.buffer))
        if self.takes_all:
            self.take()
        elif len(self.buffer) > HIGH_WATER_BYTES and not self._is_writing_paused:
            self._is_writing_paused = True
            self._protocol.pause_writing()

    def get_write_buffer_size(self) -> int:
        return len(self.buffer)

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        self._has_written_eof = True

    def is_closing(self) -> bool:
        return self._is_closing

    def pause_reading(self) -> None:
        assert not self._is_closing
        assert not self.is_reading_paused
        self.is_reading_paused = True

    def resume_reading(self) -> None:
        assert self.is_reading_paused
        self.is_reading_paused = False

    def close(self) -> None:
        self._is_closing = True
        if not self.buffer:
            self._lose(None)

    def abort(self) -> None:
        self.is_aborted = True
        self._is_closing = True
        self.buffer = b""
        self._lose(None)

    def _lose(self, error: Exception | None) -> None:
        if not self._is_lost:
            self._is_lost = True
            asyncio.get_running_loop().call_soon(self._protocol.connection_lost, error)

    # --- what the other side does

    @property
    def is_lost(self) -> bool:
        """Whether the connection is closed on our side too."""
        return self._is_lost

    def send(self, data: bytes) -> None:
        """The other side sends."""
        assert not self.is_reading_paused
        self._protocol.data_received(data)

    def take(self, size: int | None = None) -> None:
        """The other side takes bytes: all, or so many."""
        count = len(self.buffer) if size is None else size
        self.taken, self.buffer = self.taken + self.buffer[:count], self.buffer[count:]
        if self._is_writing_paused and len(self.buffer) <= HIGH_WATER_BYTES // 4:
            self._is_writing_paused = False
            self._protocol.resume_writing()
        if self._is_closing and not self.buffer:
            self._lose(None)

    def go(self) -> None:
        """The other side ends the connection."""
        self._is_closing = True
        self._lose(None)

    def half_close(self) -> None:
        """The other side sends no more."""
        if not self._protocol.eof_received():
            self.close()


async def _unanswered(request: HttpRequest) -> HttpResponse:
    raise NotImplementedError


@dataclass
class FakeServer:
    """What a connection needs of its server; `answer` is the handler's."""

    loop: asyncio.AbstractEventLoop
    answer: Callable[[HttpRequest], Awaitable[HttpResponse]] = _unanswered
    limits: HttpLimits = field(default_factory=HttpLimits)
    now: float = 0.0
    date: str = "date: x\r\n"
    is_leaving: bool = False
    is_interrupted: bool = False
    streamed: tuple[bytes, ...] = ()
    connections: set = field(default_factory=set)
    asked: list[HttpRequest] = field(default_factory=list)

    @property
    def keep_alive_seconds(self) -> float:
        """How long a connection may be idle between two requests."""
        return self.limits.keep_alive_seconds

    async def handler(self, request: HttpRequest) -> HttpResponse:
        """Note and answer."""
        self.asked.append(request)
        return await self.answer(request)

    def refusal(self, request: HttpRequest, error: GearshiftError) -> HttpResponse:
        """An error by its status."""
        status = error.status if isinstance(error, RequestError) else 500
        return HttpResponse(status, {}, b"refused")

    def forget(self, connection: Connection) -> None:
        """A connection has ended."""
        self.connections.discard(connection)

    def connect(self) -> FakeTransport:
        """A client comes."""
        return FakeTransport(Connection(self))  # type: ignore[arg-type] # stands for a server's state

    def later(self, seconds: float) -> None:
        """So many seconds go by, in sweeps, as the server makes them."""
        until = self.now + seconds
        while self.now < until:
            self.now = min(until, self.now + 0.25)
            for connection in [c for c in self.connections if c.deadline < self.now]:
                connection.expire()
