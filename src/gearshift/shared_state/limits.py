"""Rate limits of a fleet: one token bucket for all processes, by the clock of Redis."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from gearshift.shared_state.keys import key
from gearshift.shared_state.script import Script
from gearshift.shared_state.state import SharedState

if TYPE_CHECKING:  # an optional package is behind it
    from gearshift.redis.connection import RedisConnection

_MICROSECONDS: Final = 1e6
# GCRA: one number is kept, when the bucket will be full again. What cannot be such a time (another
# kind of value, no number, farther away than an empty bucket's) counts as lost; then the bucket is
# as full as the asking process last knew.
_TAKE: Final = Script(
    """
    local time = redis.call('TIME')
    local now = time[1] * 1000000 + time[2]
    local interval, reserve = tonumber(ARGV[1]), tonumber(ARGV[2])
    local kept = redis.pcall('GET', KEYS[1])
    local full = type(kept) == 'string' and tonumber(kept) or nil
    if full == nil or full ~= full or full > now + reserve + 2 * interval then
      full = now + math.min(tonumber(ARGV[3]), reserve + interval)
    end
    full = math.max(full, now)
    local wait = full - reserve - now
    if wait > 1 then return {math.ceil(wait), math.ceil(full - now)} end
    full = full + interval
    local lasts = math.ceil((full - now) / 1000) + 1000
    redis.call('SET', KEYS[1], string.format('%.0f', full), 'PX', string.format('%.0f', lasts))
    return {0, math.ceil(full - now)}
    """
)


class Taken(NamedTuple):
    """What became of a request for one token.

    Attributes:
        wait: 0 if there was one; otherwise the seconds until there is, and nothing is taken.
        full_in: Seconds until the bucket is full again.
    """

    wait: float
    full_in: float


async def take(shared: SharedState, name: str, per_minute: float, full_in: float) -> Taken | None:
    """Take one request out of a bucket, in one step and one round trip.

    Args:
        shared: Where it is.
        name: Of the bucket; one with another rate is another bucket.
        per_minute: Requests a minute, and the size of the bucket; it holds at least one.
        full_in: Seconds until it is full as far as this process knows; counts where Redis has
            lost it.

    Returns:
        `None` where it is not to be had in time.
    """
    interval = 60.0 / per_minute
    reserve = (max(1.0, per_minute) - 1) * interval
    times = [f"{seconds * _MICROSECONDS:.3f}" for seconds in (interval, reserve, max(0.0, full_in))]
    bucket = key("rate", name, f"{per_minute:g}")

    async def question(connection: RedisConnection) -> Taken | None:
        match await _TAKE.run(connection, (bucket,), *times):
            case [int(wait), int(full)]:
                return Taken(wait / _MICROSECONDS, full / _MICROSECONDS)
        return None

    return await shared.ask(question)
