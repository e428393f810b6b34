"""RedisConnection: one connection to a Redis, on which many ask at the same time.

Commands are written as they come and answered in their order, so nobody waits for a free
connection. Whoever stops waiting leaves a gap that the reply falls into: a late reply is never
taken for another's.
"""

from __future__ import annotations

import asyncio
import os
import ssl
from collections import deque
from collections.abc import Callable
from typing import Any, Final, cast

from gearshift.extras import extra
from gearshift.redis.address import RedisAddress
from gearshift.redis.errors import RedisError, RedisReplyError

with extra("redis", "a connection to Redis"):
    import hiredis

_MOST_WAITING: Final = 10_000
_MOST_UNSENT_BYTES: Final = 4_000_000

Argument = bytes | str | int


class RedisConnection(asyncio.Protocol):
    """A connection that `connect` has made.

    Args:
        address: For messages.
        unasked: Given what comes without having been asked for, as where there is a subscription;
            without it, that ends the connection.
    """

    def __init__(self, address: RedisAddress, unasked: Callable[[Any], None] | None = None) -> None:
        self._address = address
        self._unasked = unasked
        self._reader = hiredis.Reader()
        self._waiting: deque[asyncio.Future[Any]] = deque()
        self._transport: asyncio.Transport | None = None
        self._is_paused = False

    @property
    def is_open(self) -> bool:
        """Whether it can be asked."""
        return self._transport is not None

    def ask(self, *command: Argument) -> asyncio.Future[Any]:
        """Send a command.

        Returns:
            Its reply; it fails with `RedisError` where there is none, or it is an error.

        Raises:
            RedisError: It cannot be sent, or Redis is far behind.
        """
        if self._transport is None:
            raise RedisError(f"{self._address}: the connection is closed")
        if self._is_paused or len(self._waiting) >= _MOST_WAITING:
            raise RedisError(f"{self._address}: it does not keep up")
        reply: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting.append(reply)
        self._transport.write(hiredis.pack_command(cast(Any, command)))
        return reply

    def close(self) -> None:
        """Close it at once; whoever waits for a reply gets an error."""
        if self._transport is not None:
            self._transport.abort()
            self.connection_lost(None)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by asyncio."""
        self._transport = cast(asyncio.Transport, transport)
        self._transport.set_write_buffer_limits(high=_MOST_UNSENT_BYTES)

    def data_received(self, data: bytes) -> None:
        """Called by asyncio."""
        try:
            self._reader.feed(data)
            while (reply := self._reader.gets()) is not False:
                self._give(reply)
        except (hiredis.ProtocolError, IndexError):  # no Redis, or one that talks unasked
            self.close()

    def _give(self, reply: Any) -> None:
        if not self._waiting and self._unasked is not None:
            self._unasked(reply)
            return
        waiting = self._waiting.popleft()
        if waiting.done():
            return
        if isinstance(reply, hiredis.ReplyError):
            waiting.set_exception(RedisReplyError(self._address, str(reply)))
        else:
            waiting.set_result(reply)

    def connection_lost(self, error: Exception | None) -> None:
        """Called by asyncio."""
        self._transport = None
        waiting, self._waiting = self._waiting, deque()
        for reply in waiting:
            if not reply.done():
                reply.set_exception(RedisError(f"{self._address}: the connection was closed"))
                reply.exception()  # nobody may wait for it any more

    def pause_writing(self) -> None:
        """Called by asyncio."""
        self._is_paused = True

    def resume_writing(self) -> None:
        """Called by asyncio."""
        self._is_paused = False


async def connect(
    address: RedisAddress, seconds: float, unasked: Callable[[Any], None] | None = None
) -> RedisConnection:
    """A connection that is ready for commands, signed in and with its database chosen.

    Args:
        address: Of the Redis.
        seconds: How long all of that may take.
        unasked: Given what comes without having been asked for.

    Raises:
        RedisError: It cannot be had; the message says why.
    """
    connection = RedisConnection(address, unasked)
    try:
        async with asyncio.timeout(seconds):
            await _open(connection, address)
            await _sign_in(connection, address)
    except TimeoutError as error:
        connection.close()
        raise RedisError(f"{address}: no connection within {seconds:g} s") from error
    except (OSError, UnicodeError) as error:
        connection.close()
        raise RedisError(f"{address}: {_cause(error)}") from error
    except BaseException:
        connection.close()
        raise
    return connection


def _cause(error: OSError | UnicodeError) -> str:
    if not isinstance(error, OSError):  # of a name that cannot be one
        return "not a host name"
    # asyncio puts words of its own there, with the address again.
    known = os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror
    return known or type(error).__name__


async def _open(connection: RedisConnection, address: RedisAddress) -> None:
    loop = asyncio.get_running_loop()
    if address.socket:
        await loop.create_unix_connection(lambda: connection, address.socket)
        return
    tls = ssl.create_default_context() if address.is_tls else None
    await loop.create_connection(lambda: connection, address.host, address.port, ssl=tls)


async def _sign_in(connection: RedisConnection, address: RedisAddress) -> None:
    if address.user:
        await connection.ask("AUTH", address.user, address.password)
    elif address.password:
        await connection.ask("AUTH", address.password)
    if address.database:
        await connection.ask("SELECT", address.database)
