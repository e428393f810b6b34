"""Many vectors at once: the nearest back end first, and none that is slow holds anybody up."""

import asyncio

import pytest

from gearshift.cache.base import CacheConfig
from gearshift.cache.level import Level
from gearshift.cache.memory import MemoryCache
from gearshift.cache.vector import CachedVector
from gearshift.cache.vector_store import VectorStore

NOW = 1_000.0
MANY = {f"vector:{n}": CachedVector(b"[%d]" % n, n, NOW) for n in range(100)}


class Far:
    """Keeps values as if elsewhere."""

    level = "far"

    def __init__(self):
        self.values = {}
        self.asked = 0
        self.hangs = False

    async def get(self, key):
        self.asked += 1
        if self.hangs:
            await asyncio.Event().wait()
        return self.values.get(key)

    async def set(self, key, value, ttl_seconds):
        self.values[key] = value

    async def delete(self, key):
        self.values.pop(key, None)

    async def close(self):
        pass


@pytest.fixture
def near():
    return MemoryCache(CacheConfig(1_000_000))


@pytest.fixture
def far():
    return Far()


@pytest.fixture
async def levels(near, far):
    levels = (Level(lambda: near), Level(lambda: far))
    yield levels
    for level in levels:
        await level.close()


async def written(levels):
    await asyncio.gather(*levels[1]._writes)


async def test_all_are_kept_everywhere_as_one_write(levels, near, far):
    store = VectorStore(levels, lambda: NOW)
    store.put(MANY, 60.0, 1_000)
    assert len(levels[1]._writes) == 1
    await written(levels)
    assert near.size[0] == len(far.values) == len(MANY)
    assert await store.get([*MANY, "vector:none"], 20.0, 60.0) == MANY
    assert far.asked == 1  # only what the nearer has not


def test_it_goes_by_the_name_of_the_nearest(levels):
    assert VectorStore(levels).level == levels[0].name == "memory"


async def test_what_only_the_farther_has_is_brought_nearer(levels, near, far):
    store = VectorStore(levels, lambda: NOW)
    store.put(MANY, 60.0, 1_000)
    await written(levels)
    await near.close()
    far.values["vector:5"] = b"garbage"
    found = await store.get([*MANY], 20.0, 60.0)
    assert len(found) == near.size[0] == len(MANY) - 1
    await written(levels)
    assert "vector:5" not in far.values


async def test_one_that_hangs_is_asked_for_some_and_then_left_alone(levels, far):
    store = VectorStore(levels, lambda: NOW)
    far.hangs = True
    assert await store.get([*MANY], 0.001, 60.0) == {}
    assert far.asked <= 33  # with a probe
    assert await store.get([*MANY], 0.001, 60.0) == {}
    assert far.asked <= 33


async def test_what_is_too_old_or_too_large_is_not_there(levels):
    store = VectorStore(levels, lambda: NOW + 61.0)
    store.put(MANY, 60.0, 1_000)
    assert await store.get([*MANY], 20.0, 60.0) == {}
    store = VectorStore(levels, lambda: NOW)
    store.put({"vector:big": CachedVector(b"[1]" * 999, 1, NOW)}, 60.0, 1_000)
    assert await store.get(["vector:big"], 20.0, 60.0) == {}
