"""VectorStore: vectors in the back ends of the answer cache, many at once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from gearshift.cache.level import Level
from gearshift.cache.vector import CachedVector, decode, encode

_AT_ONCE: Final = 32
"""Keys that a back end elsewhere is asked for together, within the time of one lookup."""


class VectorStore:
    """Asks back ends for many vectors, the nearest first; never raises.

    Args:
        levels: The back ends.
        clock: Seconds since 1970.
    """

    def __init__(self, levels: Sequence[Level], clock: Callable[[], float] = time.time) -> None:
        self._levels = levels
        self._clock = clock

    @property
    def level(self) -> str:
        """The name of the nearest back end."""
        return self._levels[0].name

    async def get(
        self, keys: Sequence[str], within_seconds: float, ttl_seconds: float
    ) -> dict[str, CachedVector]:
        """Those that are kept and can be had in time.

        Args:
            keys: Different ones.
            within_seconds: For up to 32 of them at each level; one that is slow is not asked on.
            ttl_seconds: How old they may be.
        """
        found: dict[str, CachedVector] = {}
        for position, level in enumerate(self._levels):
            missing = [key for key in keys if key not in found]
            if not missing:
                break
            for key, value in (await _values(level, missing, within_seconds)).items():
                kept = _read(key, value)
                if kept is None:
                    level.delete(key)
                    continue
                left = ttl_seconds - max(0.0, self._clock() - kept.stored_at)
                if left > 0:
                    found[key] = kept
                    for nearer in self._levels[:position]:
                        nearer.set(key, value, left)
        return found

    def put(self, vectors: Mapping[str, CachedVector], ttl_seconds: float, most_bytes: int) -> None:
        """Have vectors kept, in a moment; larger ones than `most_bytes` are not."""
        values = {key: encode(key, kept) for key, kept in vectors.items()}
        small = {key: value for key, value in values.items() if len(value) <= most_bytes}
        for level in self._levels:
            level.set_all(small, ttl_seconds)


async def _values(level: Level, keys: Sequence[str], within: float) -> dict[str, bytes]:
    values: dict[str, bytes] = {}
    for some in _chunks(keys, len(keys) if level.is_local else _AT_ONCE):
        if level.is_out:
            break
        if level.is_local:
            answers = [await level.get(key, within) for key in some]
        else:
            answers = await asyncio.gather(*(level.get(key, within) for key in some))
        values |= {key: v for key, v in zip(some, answers, strict=True) if v is not None}
    return values


def _chunks(keys: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    return (keys[start : start + size] for start in range(0, len(keys), size))


def _read(key: str, value: bytes) -> CachedVector | None:
    try:
        return decode(key, value)
    except Exception:  # noqa: BLE001 - whoever forged it, it is none of ours
        return None
