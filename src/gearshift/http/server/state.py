"""ServerState: what a server and its connections know of each other."""

from __future__ import annotations

import asyncio
import time
from email.utils import formatdate
from typing import Final, Protocol

from gearshift.http.values import HttpHandler, HttpLimits, Refusal

# A request may be on its way on a connection that is idle when the server is to end.
_GRACE_SECONDS: Final = 0.3


class OpenConnection(Protocol):
    """A connection as its server sees it.

    Attributes:
        deadline: When to look after it again, in seconds of the loop's clock.
    """

    deadline: float

    @property
    def is_idle(self) -> bool:
        """Whether nothing has come that is still to be answered."""

    def expire(self) -> None:
        """The deadline has passed."""

    def interrupt(self) -> None:
        """End the answer in progress with an error."""

    def close(self) -> None:
        """Close when everything written has been taken."""

    def abort(self) -> None:
        """Close now."""


class ServerState:
    """Shared by a server and all of its connections.

    Args:
        handler: The plane.
        refusal: Called for a request that is refused before the handler sees it.
        limits: What one client may cost; may be replaced while running.
        streamed: What the targets begin with whose requests come with their heads, and whose
            bodies are read as they come.

    Attributes:
        connections: All that are open.
        grace_seconds: How long a connection may be idle while the server ends.
        is_leaving: Each answer says that it is the last of its connection.
        is_draining: No connection is accepted, and none is idle for longer than a moment.
        is_interrupted: Answers in progress end with an error.
        now: Seconds of the loop's clock, a quarter of a second old at most.
        date: The header line of the present second.
        loop: The one it runs in; set at the start.
    """

    loop: asyncio.AbstractEventLoop

    def __init__(
        self,
        handler: HttpHandler,
        refusal: Refusal,
        limits: HttpLimits,
        streamed: tuple[bytes, ...] = (),
    ) -> None:
        self.handler = handler
        self.refusal = refusal
        self.limits = limits
        self.streamed = streamed
        self.connections: set[OpenConnection] = set()
        self.grace_seconds = _GRACE_SECONDS
        self.is_leaving = False
        self.is_draining = False
        self.is_interrupted = False
        self.now = 0.0
        self.date = ""
        self._empty = asyncio.Event()

    @property
    def keep_alive_seconds(self) -> float:
        """How long a connection may be idle between two requests."""
        return self.grace_seconds if self.is_draining else self.limits.keep_alive_seconds

    def tick(self) -> None:
        """Note the time."""
        self.now = self.loop.time()
        self.date = f"date: {formatdate(time.time(), usegmt=True)}\r\n"

    def forget(self, connection: OpenConnection) -> None:
        """A connection has ended."""
        self.connections.discard(connection)
        if not self.connections:
            self._empty.set()

    async def emptied(self) -> None:
        """Wait until no connection is open."""
        while self.connections:
            self._empty.clear()
            await self._empty.wait()
