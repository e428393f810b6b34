"""What back ends keep, counted by tier and model, and cleared by them."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from typing import Final, NamedTuple

from gearshift.cache import entry, vector
from gearshift.cache.base import CacheBackend, ListingBackend, Stored
from gearshift.constants.model_constants import EMBEDDINGS
from gearshift.types import JsonObject

_HEAD_BYTES: Final = 1024
_AT_ONCE: Final = 100
_MOST_MODELS: Final = 15


class Selection(NamedTuple):
    """Which of the values are meant; all by default.

    Attributes:
        prefix: Of their keys, such as `answer:`.
        tier: Whose answers; `embeddings` for vectors.
        model: Whose answers, or vectors.
    """

    prefix: str = ""
    tier: str | None = None
    model: str | None = None

    def has(self, stored: Stored) -> bool:
        """Whether it is one of them."""
        tier, model = _made_by(stored)
        return (
            stored.key.startswith(self.prefix)
            and self.tier in (None, tier)
            and self.model in (None, model)
        )


async def counted(level: str, backend: CacheBackend, selection: Selection) -> JsonObject:
    """How many values a back end keeps, and how large they are.

    Args:
        level: Its name.
        backend: One that can list what it keeps.
        selection: Which of them.

    Raises:
        UnavailableError: It cannot be asked.
    """
    size = entries = 0
    tiers: Counter[str] = Counter()
    models: Counter[str] = Counter()
    async for stored in _selected(backend, selection):
        tier, model = _made_by(stored)
        entries += 1
        size += stored.size
        tiers[tier] += 1
        models[model] += 1
    most = dict(models.most_common(_MOST_MODELS))
    return {"level": level, "entries": entries, "bytes": size, "tiers": dict(tiers), "models": most}


async def cleared(level: str, backend: CacheBackend, selection: Selection) -> JsonObject:
    """Have a back end forget values, and how many; the rest as in `counted`."""
    keys = [stored.key async for stored in _selected(backend, selection)]
    for start in range(0, len(keys), _AT_ONCE):
        await asyncio.gather(*map(backend.delete, keys[start : start + _AT_ONCE]))
    return {"level": level, "cleared": len(keys)}


async def _selected(backend: CacheBackend, selection: Selection) -> AsyncIterator[Stored]:
    if isinstance(backend, ListingBackend):
        async for stored in backend.stored(_HEAD_BYTES):
            if selection.has(stored):
                yield stored


def _made_by(stored: Stored) -> tuple[str, str]:
    """The tier and model of a value; empty where it is none of ours."""
    answered = entry.made_by(stored.head)
    if answered is not None:
        return answered
    model = vector.made_by(stored.head)
    return ("", "") if model is None else (EMBEDDINGS, model)
