"""Whether a Redis does all that shared state asks of it, for `gearshift doctor`."""

from __future__ import annotations

from typing import Final

from gearshift.extras import extra
from gearshift.redis.address import redis_address
from gearshift.shared_state.heartbeat import beat
from gearshift.shared_state.keys import channel

_CONNECT_SECONDS: Final = 3.0


async def examined(url: str) -> int:
    """Have it do everything once: a script that writes, and a message.

    Returns:
        How many processes share it now.

    Raises:
        RedisError: It does not do it; the message says why.
        MissingExtraError: The driver is not installed.
    """
    with extra("redis", "shared state in Redis"):
        from gearshift.redis.connection import connect
    address = redis_address(url)
    connection = await connect(address, _CONNECT_SECONDS)
    try:
        await connection.ask("PUBLISH", channel(address.database), "doctor")
        members = (await beat(connection, None)).members
        await connection.ask("SUBSCRIBE", channel(address.database))
        return members
    finally:
        connection.close()
