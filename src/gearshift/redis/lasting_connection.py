"""LastingConnection: one to a Redis that is made when it is needed, and again when it has ended."""

from __future__ import annotations

import asyncio

from gearshift.redis.address import RedisAddress
from gearshift.redis.connection import RedisConnection, connect


class LastingConnection:
    """A connection that is made once for all who need it.

    Args:
        address: Of the Redis.
        connect_seconds: How long a connection may take.
    """

    def __init__(self, address: RedisAddress, connect_seconds: float) -> None:
        self._address = address
        self._connect_seconds = connect_seconds
        self._open: RedisConnection | None = None
        self._opening: asyncio.Task[RedisConnection] | None = None

    @property
    def ready(self) -> RedisConnection | None:
        """The one that stands; `None` where there is none yet, or none any more."""
        return self._open if self._open is not None and self._open.is_open else None

    async def connection(self) -> RedisConnection:
        """The one that stands; else a new one, which goes on opening if its reader gives up.

        Raises:
            RedisError: It cannot be had; the message says why.
        """
        if self._open is not None and self._open.is_open:
            return self._open
        if self._opening is None:
            opening = connect(self._address, self._connect_seconds)
            self._opening = asyncio.get_running_loop().create_task(opening)
            self._opening.add_done_callback(self._opened)
        return await asyncio.shield(self._opening)

    def _opened(self, opening: asyncio.Task[RedisConnection]) -> None:
        self._opening = None
        if not opening.cancelled() and opening.exception() is None:
            self._open = opening.result()

    def close(self) -> None:
        """Close it, or give up opening it."""
        if self._opening is not None:
            self._opening.cancel()
        if self._open is not None:
            self._open.close()
