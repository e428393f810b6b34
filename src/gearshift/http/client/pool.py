"""Pool: the connections to one upstream that belong to one event loop."""

from __future__ import annotations

import asyncio
import select
import sys
from typing import Final

from gearshift.http.client.dialling import Dialling
from gearshift.http.client.exchange import UpstreamConnection

_IDLE_SECONDS: Final = 30.0


class Pool:
    """Opens connections, keeps those that are free, and closes what nobody has needed for a while.

    Args:
        dialling: How the upstream is reached.
    """

    def __init__(self, dialling: Dialling) -> None:
        self._dialling = dialling
        self._loop = asyncio.get_running_loop()
        self._idle: list[UpstreamConnection] = []
        self._open: set[UpstreamConnection] = set()
        self._sweeper: asyncio.TimerHandle | None = None

    def free(self) -> UpstreamConnection | None:
        """The connection used last: the others may rest until they are old."""
        while self._idle:
            connection = self._idle.pop()
            if connection.is_usable and not _has_news(connection.descriptor):
                return connection
            connection.abort()
        return None

    def has_free(self) -> bool:
        """Whether a connection is kept that still stands."""
        return any(
            connection.is_usable and not _has_news(connection.descriptor)
            for connection in self._idle
        )

    async def connected(self) -> UpstreamConnection:
        """A new connection.

        Raises:
            UpstreamError: `UNREACHABLE`.
        """
        connection = await self._dialling.connect(
            lambda: UpstreamConnection(self._loop, self._open.discard)
        )
        self._open.add(connection)
        return connection

    def take_back(self, connection: UpstreamConnection) -> None:
        """Keep a connection for the next request."""
        connection.is_reused = True
        connection.idle_since = self._loop.time()
        self._idle.append(connection)
        if self._sweeper is None:
            self._sweeper = self._loop.call_later(_IDLE_SECONDS / 2, self._sweep)

    def _sweep(self) -> None:
        """Close connections that nobody has needed for a while."""
        oldest = self._loop.time() - _IDLE_SECONDS
        kept = []
        for connection in self._idle:
            if connection.idle_since < oldest:
                connection.abort()
            elif not connection.is_lost:
                kept.append(connection)
        self._idle = kept
        self._sweeper = self._loop.call_later(_IDLE_SECONDS / 2, self._sweep) if kept else None

    async def aclose(self) -> None:
        """Close every connection."""
        if self._sweeper is not None:
            self._sweeper.cancel()
            self._sweeper = None
        for connection in list(self._open):
            connection.abort()
        self._idle.clear()
        # Transports tell their protocols of the end in the loop's next turn.
        await asyncio.sleep(0)


def _has_news(descriptor: int) -> bool:
    """Whether something has come on a free connection that the loop has not looked at yet.

    Nobody has asked for anything, so it is the end of the connection, or nothing to be trusted.
    """
    if sys.platform == "win32":
        return bool(select.select([descriptor], [], [], 0)[0])
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(0))
