"""MemoryCache: answers in the memory of this process, the least recently used forgotten first."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from typing import Final

from gearshift.cache.base import CacheConfig, Stored

_MOST_ENTRIES: Final = 100_000
# A key, its entry and their places in the dictionary, measured on CPython 3.11 to 3.14.
_ENTRY_BYTES: Final = 400


class MemoryCache:
    """A dictionary with bounds.

    Args:
        config: Its `max_bytes` counts values and what keeping them takes.
        clock: Seconds; never goes back.
        max_entries: How many values are kept at most.

    Raises:
        ValueError: A location is given.
    """

    level = "memory"

    def __init__(
        self,
        config: CacheConfig,
        clock: Callable[[], float] = time.monotonic,
        max_entries: int = _MOST_ENTRIES,
    ) -> None:
        if config.location is not None:
            raise ValueError("'memory' keeps answers in this process: it has no location")
        self._max_bytes = config.max_bytes
        self._max_entries = max_entries
        self._clock = clock
        self._entries: OrderedDict[str, tuple[bytes, float]] = OrderedDict()
        self._bytes = 0

    @property
    def size(self) -> tuple[int, int]:
        """How many values there are, and the bytes they take."""
        return len(self._entries), self._bytes

    async def get(self, key: str) -> bytes | None:
        """The value of a key, if its time is not over."""
        return self.get_now(key)

    async def set(self, key: str, value: bytes, ttl_seconds: float) -> None:
        """Keep a value; whatever has waited longest for a reader makes room for it."""
        self.set_now(key, value, ttl_seconds)

    def get_now(self, key: str) -> bytes | None:
        """As `get`."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        value, until = entry
        if self._clock() >= until:
            self._forget(key)
            return None
        self._entries.move_to_end(key)
        return value

    def set_now(self, key: str, value: bytes, ttl_seconds: float) -> None:
        """As `set`."""
        self._forget(key)
        if _size(value) > self._max_bytes:
            return
        self._entries[key] = value, self._clock() + ttl_seconds
        self._bytes += _size(value)
        while self._bytes > self._max_bytes or len(self._entries) > self._max_entries:
            self._forget(next(iter(self._entries)))

    async def delete(self, key: str) -> None:
        """Forget a value, if it is there."""
        self._forget(key)

    async def stored(self, head_bytes: int) -> AsyncIterator[Stored]:
        """All that is kept."""
        now = self._clock()
        for key, (value, until) in list(self._entries.items()):
            if until > now:
                yield Stored(key, len(value), value[:head_bytes])

    async def close(self) -> None:
        """Forget everything."""
        self._entries.clear()
        self._bytes = 0

    def _forget(self, key: str) -> None:
        entry = self._entries.pop(key, None)
        if entry is not None:
            self._bytes -= _size(entry[0])


def _size(value: bytes) -> int:
    return len(value) + _ENTRY_BYTES
