"""The heartbeat: which processes there are, by the clock of the Redis that they share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from gearshift.redis.errors import RedisError
from gearshift.shared_state.keys import key
from gearshift.shared_state.script import Script

if TYPE_CHECKING:  # an optional package is behind it
    from gearshift.redis.connection import RedisConnection

MEMBER_SECONDS: Final = 4.0
"""For how long a process counts that is not heard of."""

_KEY: Final = key("members")
# What takes memory comes first: a full Redis refuses that only as the first thing that is written.
# The times of members that are ahead of the clock are those of a clock that was put back.
_BEAT: Final = Script(
    """
    local time = redis.call('TIME')
    local now = time[1] * 1000 + math.floor(time[2] / 1000)
    local lasts = tonumber(ARGV[2])
    if redis.call('TYPE', KEYS[1]).ok ~= 'zset' then redis.call('DEL', KEYS[1]) end
    if ARGV[1] ~= '' then
      redis.call('ZADD', KEYS[1], now, ARGV[1])
      redis.call('PEXPIRE', KEYS[1], 10 * lasts)
    else
      redis.call('SET', KEYS[1] .. ':writable', 1, 'PX', lasts)
    end
    redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - lasts)
    redis.call('ZREMRANGEBYSCORE', KEYS[1], now + lasts, '+inf')
    return {tostring(now), redis.call('ZCARD', KEYS[1])}
    """
)


class Beat(NamedTuple):
    """What a heartbeat finds.

    Attributes:
        now: Seconds since 1970, by the clock of Redis.
        members: How many processes answer requests.
    """

    now: float
    members: int


async def beat(connection: RedisConnection, member: str | None) -> Beat:
    """Say that a process is there, and find out how many are; proves that Redis takes writes.

    Args:
        connection: To the Redis.
        member: Its name; `None` for one that does not answer requests.

    Raises:
        RedisError: It does not take writes, or is not there.
    """
    lasts = round(MEMBER_SECONDS * 1000)
    match await _BEAT.run(connection, (_KEY,), member or "", lasts):
        case [bytes(now), int(members)] if now.isdigit():
            return Beat(int(now) / 1000, members)
    raise RedisError("it answers a script with something else")


async def leave(connection: RedisConnection, member: str) -> None:
    """Say that a process ends.

    Raises:
        RedisError: It cannot be told.
    """
    await connection.ask("ZREM", _KEY, member)
