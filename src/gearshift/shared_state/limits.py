"""Rate limits of a fleet: one token bucket for all processes, by the clock of Redis."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from gearshift.shared_state.keys import key
from gearshift.shared_state.script import Script
from gearshift.shared_state.state import SharedState

if TYPE_CHECKING:  # an optional package is behind it
    from gearshift.redis.connection import RedisConnection

_MICROSECONDS: Final = 1e6
# GCRA: what is kept is when the bucket will be full again, and since when it is kept. What cannot
# be such times counts as lost; then the bucket is as full as the asking process last knew, which
# includes what processes gave by themselves until then. What they gave since it was made is added,
# and may leave it in debt, up to its size.
_TAKE: Final = Script(
    """
    local time = redis.call('TIME')
    local now = time[1] * 1000000 + time[2]
    local interval, reserve = tonumber(ARGV[1]), tonumber(ARGV[2])
    local farthest = now + 2 * (reserve + interval)
    local kept = redis.pcall('GET', KEYS[1])
    local full, made = string.match(type(kept) == 'string' and kept or '', '^(%d+) (%d+)$')
    full, made = tonumber(full), tonumber(made)
    if full == nil or full > farthest + interval or made > now then
      full, made = now + tonumber(ARGV[3]), now
    end
    local owed = made <= now - tonumber(ARGV[5]) and tonumber(ARGV[4]) or 0
    full = math.max(now, math.min(full + owed * interval, farthest))
    local wait = full - reserve - now
    if wait <= 1 then wait, full = 0, full + interval end
    if wait == 0 or owed > 0 then
      local lasts = math.ceil((full - now) / 1000) + 1000
      local value = string.format('%.0f %.0f', full, made)
      redis.call('SET', KEYS[1], value, 'PX', string.format('%.0f', lasts))
    end
    return {math.ceil(wait), math.ceil(full - now)}
    """
)


class Owed(NamedTuple):
    """Tokens that a process has given by itself while Redis failed.

    Attributes:
        tokens: How many.
        seconds: How long ago it began to.
    """

    tokens: int
    seconds: float


NOTHING_OWED: Final = Owed(0, 0.0)


class Taken(NamedTuple):
    """What became of a request for one token.

    Attributes:
        wait: 0 if there was one; otherwise the seconds until there is, and nothing is taken.
        full_in: Seconds until the bucket is full again.
    """

    wait: float
    full_in: float


async def take(
    shared: SharedState,
    name: str,
    per_minute: float,
    full_in: float,
    owed: Owed = NOTHING_OWED,
) -> Taken | None:
    """Take one request out of a bucket, in one step and one round trip.

    Args:
        shared: Where it is.
        name: Of the bucket; one with another rate is another bucket.
        per_minute: Requests a minute, and the size of the bucket; it holds at least one.
        full_in: Seconds until it is full as far as this process knows; counts where Redis has
            lost it.
        owed: What this process has given by itself; it is taken, too.

    Returns:
        `None` where it is not to be had in time.
    """
    interval = 60.0 / per_minute
    reserve = (max(1.0, per_minute) - 1) * interval
    times = [f"{seconds * _MICROSECONDS:.3f}" for seconds in (interval, reserve, max(0.0, full_in))]
    age = f"{max(0.0, owed.seconds) * _MICROSECONDS:.0f}"
    bucket = key("rate", name, f"{per_minute:g}")

    async def question(connection: RedisConnection) -> Taken | None:
        match await _TAKE.run(connection, (bucket,), *times, owed.tokens, age):
            case [int(wait), int(full)]:
                return Taken(wait / _MICROSECONDS, full / _MICROSECONDS)
        return None

    return await shared.ask(question)
