"""Outgoing: what is written to one client, no faster than the client takes it."""

from __future__ import annotations

import asyncio
from typing import Final

# Also over TLS, where transports hold eight times as much if nothing is said.
_HIGH_WATER_BYTES: Final = 64 * 1024


class Outgoing:
    """The flow control of one connection.

    A transport buffers without limit whatever it is given. So whoever has written waits with
    `drained` before writing more: the buffer then holds one answer, or one piece of it, at most.

    Attributes:
        is_paused: The buffer is over the transport's high-water mark.
    """

    __slots__ = ("_loop", "_resumed", "_since", "_transport", "_unsent", "is_paused")

    def __init__(self, loop: asyncio.AbstractEventLoop, transport: asyncio.Transport) -> None:
        self._loop = loop
        self._transport = transport
        transport.set_write_buffer_limits(_HIGH_WATER_BYTES)
        self._resumed: asyncio.Future[None] | None = None
        self._unsent = 0
        self._since = 0.0
        self.is_paused = False

    @property
    def unsent_bytes(self) -> int:
        """What the client has not taken yet, as far as the transport knows."""
        return self._transport.get_write_buffer_size()

    async def drained(self) -> None:
        """Wait until the client has taken most of what was written, or has gone."""
        while self.is_paused and not self._transport.is_closing():
            self._resumed = self._loop.create_future()
            await self._resumed

    def pause(self, now: float) -> None:
        """More is written than the client takes."""
        self.is_paused = True
        self.watch(now)

    def resume(self) -> None:
        """There is room again, or nobody is left to write to."""
        self.is_paused = False
        if self._resumed is not None and not self._resumed.done():
            self._resumed.set_result(None)

    def watch(self, now: float) -> None:
        """Measure from now on for how long the client takes nothing."""
        self._unsent = self.unsent_bytes
        self._since = now

    def stalled_seconds(self, now: float) -> float:
        """How long the client has taken nothing of what waits for it."""
        unsent = self.unsent_bytes
        if unsent < self._unsent:
            self._since = now
        self._unsent = unsent
        return now - self._since
