"""Subscription: hears at once of what others have changed, as long as its connection stands."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from gearshift.redis.address import RedisAddress
from gearshift.redis.connection import RedisConnection, connect
from gearshift.redis.errors import RedisError


class Subscription:
    """A connection of its own, opened anew where it has ended; nobody relies on it.

    Args:
        address: Of the Redis.
        channel: What is listened to.
        told: Given each message.
        connect_seconds: How long a connection may take.
    """

    def __init__(
        self,
        address: RedisAddress,
        channel: str,
        told: Callable[[bytes], None],
        connect_seconds: float,
    ) -> None:
        self._address = address
        self._channel = channel
        self._told = told
        self._connect_seconds = connect_seconds
        self._connection: RedisConnection | None = None
        self._opening: asyncio.Task[None] | None = None

    @property
    def is_open(self) -> bool:
        """Whether messages are heard."""
        return self._connection is not None and self._connection.is_open

    def keep(self) -> None:
        """Open it in the background, if it is not open."""
        if not self.is_open and (self._opening is None or self._opening.done()):
            self._opening = asyncio.get_running_loop().create_task(self._open())

    async def _open(self) -> None:
        try:
            connection = await connect(self._address, self._connect_seconds, self._on_push)
            self._connection = connection
            await connection.ask("SUBSCRIBE", self._channel)
        except RedisError:  # what is wrong is told by those who need the Redis
            self._connection = None

    def _on_push(self, message: Any) -> None:
        match message:
            case [b"message", _, bytes(text)]:
                self._told(text)

    def close(self) -> None:
        """Listen no more."""
        if self._opening is not None:
            self._opening.cancel()
            self._opening = None
        if self._connection is not None:
            self._connection.close()
            self._connection = None
