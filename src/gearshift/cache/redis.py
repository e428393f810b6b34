"""RedisCache: answers in a Redis or Valkey, shared by all processes that use it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable
from typing import Any, Final

from gearshift.cache.base import CacheConfig, Stored
from gearshift.extras import extra
from gearshift.redis.address import RedisAddress, redis_address
from gearshift.redis.errors import RedisError

PREFIX: Final = "gearshift:1:"
"""What the names of all our keys begin with; to be raised when values are kept in another way."""

_CONNECT_SECONDS: Final = 2.0
_MOST_VALUE_BYTES: Final = 2_000_000  # twice an answer, for what is told of it
_SCANNED: Final = 500


class RedisCache:
    """Values under keys of our own, which Redis itself forgets when their time is over.

    How much it keeps is Redis's business (`maxmemory`). What it says too late or not at all is
    left to whoever asks: only a connection, once it stands, is waited for.

    Args:
        config: Its `location` is the URL, its `max_bytes` is without effect.

    Raises:
        ValueError: There is no location, or it is not a URL of a Redis.
        MissingExtraError: The driver is not installed.
    """

    level = "redis"

    def __init__(self, config: CacheConfig) -> None:
        if config.location is None:
            raise ValueError("'redis' needs a location, as in redis://127.0.0.1:6379/0")
        self._address = _address(config.location)
        with extra("redis", "a cache in Redis"):
            from gearshift.redis.lasting_connection import LastingConnection
        # Values are long: none that is written holds up one that is read.
        self._reads, self._writes = (
            LastingConnection(self._address, _CONNECT_SECONDS) for _ in range(2)
        )

    async def get(self, key: str) -> bytes | None:
        """The value of a key, if its time is not over.

        Raises:
            RedisError: Redis cannot be asked.
        """
        connection = await self._reads.connection()
        # Not GET: whatever somebody has put there, no more than this comes.
        found = await _unless_of_another_kind(
            connection.ask("GETRANGE", PREFIX + key, 0, _MOST_VALUE_BYTES)
        )
        if found is None or len(found) > _MOST_VALUE_BYTES:
            await self.delete(key)
            return None
        return found or None

    async def set(self, key: str, value: bytes, ttl_seconds: float) -> None:
        """Keep a value, in place of an older one.

        Raises:
            RedisError: Redis does not take it.
        """
        connection = await self._writes.connection()
        await connection.ask("SET", PREFIX + key, value, "PX", max(1, round(ttl_seconds * 1000)))

    async def delete(self, key: str) -> None:
        """Forget a value, if it is there.

        Raises:
            RedisError: Redis does not do it.
        """
        connection = await self._writes.connection()
        await connection.ask("DEL", PREFIX + key)

    async def stored(self, head_bytes: int) -> AsyncIterator[Stored]:
        """All that is kept here by anybody, in no order; what is written meanwhile may be missing.

        Args:
            head_bytes: How much of the beginning of each value is wanted.

        Raises:
            RedisError: Redis cannot be asked.
        """
        connection = await self._writes.connection()
        cursor: bytes | int = 0
        while True:
            cursor, names = await connection.ask(
                "SCAN", cursor, "MATCH", PREFIX + "*", "COUNT", _SCANNED
            )
            heads = [connection.ask("GETRANGE", name, 0, head_bytes - 1) for name in names]
            sizes = [connection.ask("STRLEN", name) for name in names]
            for name, head, size in zip(names, heads, sizes, strict=True):
                key = name.decode(errors="replace").removeprefix(PREFIX)
                found = await _unless_of_another_kind(head), await _unless_of_another_kind(size)
                yield Stored(key, found[1] or 0, found[0] or b"")
            if int(cursor) == 0:
                return

    async def close(self) -> None:
        """Close the connections."""
        self._reads.close()
        self._writes.close()


def _address(location: str) -> RedisAddress:
    try:
        return redis_address(location)
    except ValueError as error:
        raise ValueError(f"the location {error}") from None


async def _unless_of_another_kind(reply: Awaitable[Any]) -> Any:
    """A reply; `None` where somebody has put a list or the like under one of our names."""
    try:
        return await reply
    except RedisError as error:
        if getattr(error, "code", "") != "WRONGTYPE":
            raise
        return None
