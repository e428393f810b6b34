"""Round: one look at what processes share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gearshift.redis.errors import RedisReplyError
from gearshift.shared_state.script import Script

if TYPE_CHECKING:  # an optional package is behind it
    from gearshift.redis.connection import Argument, RedisConnection


class Round:
    """What is asked in one.

    Args:
        connection: To the Redis.
        now: Seconds since 1970, by its clock.
    """

    def __init__(self, connection: RedisConnection, now: float = 0.0) -> None:
        self._connection = connection
        self.now = now

    async def ask(self, command: str, key: str, *arguments: Argument) -> Any:
        """The reply; `None` where a value of another kind is under the key: that is removed.

        Raises:
            RedisError: There is none.
        """
        try:
            return await self._connection.ask(command, key, *arguments)
        except RedisReplyError as error:
            if error.code != "WRONGTYPE":
                raise
        await self._connection.ask("DEL", key)
        return None

    async def run(self, script: Script, keys: tuple[str, ...], *arguments: Argument) -> Any:
        """What a script returns.

        Raises:
            RedisError: It cannot be run.
        """
        return await script.run(self._connection, keys, *arguments)
