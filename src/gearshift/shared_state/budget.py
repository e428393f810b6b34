"""SharedBudget: tokens that all processes together may spend in a day."""

from __future__ import annotations

from typing import Final

from gearshift.shared_state.keys import key
from gearshift.shared_state.round import Round
from gearshift.shared_state.script import Script
from gearshift.shared_state.state import SharedState

_DAY_SECONDS: Final = 86_400
# What cannot be a number of tokens counts as lost; then so much is spent as a process knew last.
_SPEND: Final = Script(
    """
    local day = math.floor(redis.call('TIME')[1] / 86400)
    local kept = redis.pcall('HMGET', KEYS[1], 'day', 'spent')
    local spent = 0
    if kept.err then
      redis.call('DEL', KEYS[1])
    elseif tonumber(kept[1]) == day then
      spent = tonumber(kept[2]) or 0
    end
    if not (spent >= 0 and spent < 1e15) then spent = 0 end
    if tonumber(ARGV[2]) == day then spent = math.max(spent, tonumber(ARGV[3])) end
    spent = spent + tonumber(ARGV[1])
    redis.call('HSET', KEYS[1], 'day', day, 'spent', string.format('%.0f', spent))
    redis.call('EXPIRE', KEYS[1], 172800)
    return {day, spent}
    """
)


class SharedBudget:
    """Starts afresh at midnight, UTC, by the clock of Redis.

    What is spent is told in the next round, which is soon. While Redis fails, each process spends
    no more than its share of what was left.

    Args:
        shared: Where it is shared.
        name: What processes call it.
        tokens: In a day, at least 1.
    """

    def __init__(self, shared: SharedState, name: str, tokens: int) -> None:
        self._shared = shared
        self._key = key("budget", name)
        self._tokens = tokens
        self._day = self._today()
        self._spent = 0  # by all, as far as is known
        self._untold = 0

    def allow(self, tokens: int) -> None:
        """Allow so many in a day from now on; what was spent today stays spent."""
        self._tokens = tokens

    @property
    def left(self) -> int:
        """Tokens that may still be spent today; below 0 where the last answer was long."""
        spent = self._spent if self._day == self._today() else 0
        left = self._tokens - spent
        share = left if self._shared.is_available else left // self._shared.members
        return share - self._untold

    def spend(self, tokens: int) -> None:
        """Note tokens that were used."""
        self._untold += tokens
        self._shared.look_again()

    async def look(self, round_: Round) -> None:
        """Tell what was spent here, and find out what all have spent."""
        untold = self._untold
        match await round_.run(_SPEND, (self._key,), untold, self._day, self._spent):
            case [int(day), int(spent)]:
                self._day, self._spent = day, spent
                self._untold -= untold

    async def leave(self, round_: Round) -> None:
        """Tell what was spent last."""
        await self.look(round_)

    def _today(self) -> int:
        return int(self._shared.now() // _DAY_SECONDS)
