"""AnswerStore: answers in one back end, or in several, the nearest asked first."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from gearshift.cache.base import CacheBackend
from gearshift.cache.entry import CachedAnswer, decode, encode
from gearshift.cache.level import Level


class Found(NamedTuple):
    """An answer that was kept.

    Attributes:
        key: Which of those that were asked for.
        level: Where it was.
    """

    answer: CachedAnswer
    key: str
    level: str


class AnswerStore:
    """Asks back ends within a short time, writes behind its readers' backs, and never raises.

    What only a farther back end has is brought to the nearer ones, for as long as it may still be
    kept. Clocks of two machines may differ: an answer may go that much too early or too late.

    Args:
        make: Makes a back end; called now, and again should it be used after `close`.
        farther: The same, of those that are asked next.
        clock: Seconds since 1970.

    Attributes:
        levels: One for each back end.
        level: The name of the nearest.

    Raises:
        ConfigError: A back end cannot be made.
    """

    def __init__(
        self,
        make: Callable[[], CacheBackend],
        *farther: Callable[[], CacheBackend],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.levels: Final = tuple(map(Level, (make, *farther)))
        self.level: Final = self.levels[0].name
        self._clock = clock

    async def get(
        self, keys: Sequence[str], within_seconds: float, ttl_seconds: float
    ) -> Found | None:
        """The first answer that is kept under one of some keys; `None` where none is, in time.

        Args:
            keys: The best first.
            within_seconds: For all of them, at each level.
            ttl_seconds: How old it may be.
        """
        for position, level in enumerate(self.levels):
            for key, value in zip(keys, await _values(level, keys, within_seconds), strict=True):
                answer = None if value is None else _read(key, value)
                if value is None:
                    continue
                if answer is None:
                    level.delete(key)
                    continue
                left = self._left(answer, ttl_seconds)
                if left > 0:
                    for nearer in self.levels[:position]:
                        nearer.set(key, value, left)
                    return Found(answer, key, level.name)
        return None

    def near(self, key: str, ttl_seconds: float) -> Found | None:
        """The answer under a key that is at hand without waiting."""
        level = self.levels[0]
        value = level.get_now(key)
        answer = None if value is None else _read(key, value)
        if answer is None or self._left(answer, ttl_seconds) <= 0:
            return None
        return Found(answer, key, level.name)

    def _left(self, answer: CachedAnswer, ttl_seconds: float) -> float:
        return ttl_seconds - max(0.0, self._clock() - answer.stored_at)

    def put(self, key: str, answer: CachedAnswer, ttl_seconds: float) -> None:
        """Have an answer kept, in a moment; not while a back end is far behind."""
        value = encode(key, answer)
        for level in self.levels:
            level.set(key, value, ttl_seconds)

    def forget(self, key: str) -> None:
        """Have a value forgotten, in a moment."""
        for level in self.levels:
            level.delete(key)

    def start(self, within_seconds: float) -> None:
        """Connect to what has to be connected to, in the background."""
        for level in self.levels:
            level.start(within_seconds)

    async def close(self) -> None:
        """Write what is waiting, then close the back ends."""
        for level in self.levels:
            await level.close()


async def _values(level: Level, keys: Sequence[str], within: float) -> Sequence[bytes | None]:
    if len(keys) == 1 or level.is_local:
        return [await level.get(key, within) for key in keys]
    return await asyncio.gather(*(level.get(key, within) for key in keys))


def _read(key: str, value: bytes) -> CachedAnswer | None:
    try:
        return decode(key, value)
    except Exception:  # noqa: BLE001 - whoever forged it, it is none of ours
        return None
