"""Script: Lua that Redis runs as one step, known to it by its hash."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from gearshift.redis.errors import RedisReplyError

if TYPE_CHECKING:  # an optional package is behind it
    from gearshift.redis.connection import Argument, RedisConnection


class Script:
    """What is asked with EVALSHA, and with EVAL of a Redis that does not know it yet.

    Args:
        text: Lua; it reads what others may have written, so it has to expect anything.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._sha = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()

    async def run(
        self, connection: RedisConnection, keys: tuple[str, ...], *arguments: Argument
    ) -> Any:
        """What it returns.

        Raises:
            RedisError: It cannot be run.
        """
        given = (len(keys), *keys, *arguments)
        try:
            return await connection.ask("EVALSHA", self._sha, *given)
        except RedisReplyError as error:
            if error.code != "NOSCRIPT":
                raise
        return await connection.ask("EVAL", self._text, *given)
