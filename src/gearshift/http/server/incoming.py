"""Incoming: what one client sends, cut into requests no faster than they are answered."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from gearshift.errors import RequestError
from gearshift.http.server.reader import ParsedRequest, Phase, RejectedRequest, RequestReader
from gearshift.http.server.streamed_body import Wanted
from gearshift.http.values import HttpLimits

# What is read ahead of pipelined requests: a client may send more, but it stays in its socket.
_MAX_WAITING: Final = 8
_MAX_WAITING_BYTES: Final = 64 * 1024
# The reader gets its bytes in slices, so that one packet cannot hold thousands of requests.
_SLICE_BYTES: Final = 4096
# What is read ahead of a body that is read as it comes, beside what one packet brings.
_MAX_STREAMED_BYTES: Final = 256 * 1024


class Incoming:
    """The requests of one connection, in the order of their coming.

    Args:
        limits: Sizes.
        go_on: Called when a client asks whether it may send its body.
        streamed: As for `RequestReader`.
        wanted: Likewise.

    Attributes:
        waiting: Requests that are complete, or whose bodies are read as they come, and nobody
            works on yet.
    """

    __slots__ = ("_is_reading", "_reader", "_transport", "_unread", "waiting")

    def __init__(
        self,
        limits: HttpLimits,
        go_on: Callable[[], None],
        streamed: tuple[bytes, ...] = (),
        wanted: Wanted | None = None,
    ) -> None:
        self.waiting: list[ParsedRequest | RejectedRequest] = []
        self._reader = RequestReader(limits, self.waiting.append, go_on, streamed, wanted)
        self._transport: asyncio.Transport
        self._unread = b""
        self._is_reading = True

    def attach(self, transport: asyncio.Transport) -> None:
        """Say whose bytes these are."""
        self._transport = transport
        peer = transport.get_extra_info("peername")
        self._reader.peer = str(peer[0]) if peer else ""

    @property
    def phase(self) -> Phase:
        """What the client is to send now."""
        return self._reader.phase

    @property
    def body_bytes(self) -> int:
        """How much of the present body has come."""
        return self._reader.body_bytes

    def limit(self, limits: HttpLimits) -> None:
        """From the next request on, these are the sizes."""
        self._reader.limits = limits

    def feed(self, data: bytes, *, is_ahead: bool) -> None:
        """Cut what has come into requests, as far as there is room for them.

        Args:
            data: Bytes, after those that there was no room for before.
            is_ahead: Another request is being answered.
        """
        reader = self._reader
        data = self._unread + data if self._unread else data
        start = 0
        while start < len(data) and self._has_room(is_ahead=is_ahead):
            end = start + _SLICE_BYTES + reader.missing_bytes
            reader.feed(data[start:end])
            start = end
        self._unread = data[start:]

    def _has_room(self, *, is_ahead: bool) -> bool:
        stream = self._reader.stream
        if stream is not None:
            return stream.held_bytes <= _MAX_STREAMED_BYTES
        waiting = self.waiting
        if not waiting and not is_ahead:
            return True
        ahead = self._reader.body_bytes if self._reader.phase is Phase.BODY else 0
        ahead += sum([len(item.request.body) for item in waiting])
        return len(waiting) < _MAX_WAITING and ahead <= _MAX_WAITING_BYTES

    def refuse(self, error: RequestError) -> None:
        """Give up on the request that is being read."""
        self._reader.refuse(error)

    def regulate(self, *, is_ahead: bool, is_held: bool) -> None:
        """Have the client's kernel keep what there is no room for.

        Args:
            is_ahead: As for `feed`.
            is_held: The client is to take its answer before it is heard again.
        """
        wanted = not is_held and not self._unread and self._has_room(is_ahead=is_ahead)
        if wanted is not self._is_reading and not self._transport.is_closing():
            self._is_reading = wanted
            if wanted:
                self._transport.resume_reading()
            else:
                self._transport.pause_reading()

    def drop(self) -> None:
        """Nothing more is answered; what still comes is read, so that the client can go on."""
        self.waiting.clear()
        self._unread = b""
        self._reader.abandon()
        self.regulate(is_ahead=False, is_held=False)

    def close(self) -> None:
        """The client has gone."""
        self.waiting.clear()
        self._unread = b""
        self._reader.close()
