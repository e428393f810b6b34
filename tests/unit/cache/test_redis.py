"""The back end: its keys, and what comes back whatever is kept under them."""

import asyncio

import pytest
from tests.fakes.redis import ScriptedRedis

from gearshift.cache.base import CacheConfig
from gearshift.cache.redis import RedisCache
from gearshift.redis.errors import RedisError


@pytest.fixture
async def server():
    async with ScriptedRedis() as running:
        yield running


@pytest.fixture
async def cache(server):
    opened = RedisCache(CacheConfig(1, server.url))
    yield opened
    await opened.close()


@pytest.mark.parametrize("location", [None, "http://h", "redis://h:hunter2"])
def test_it_needs_a_url(location):
    with pytest.raises(ValueError, match="location") as told:
        RedisCache(CacheConfig(1, location))
    assert "hunter2" not in str(told.value)


async def test_keys_are_ours_and_expire(cache, server):
    assert await cache.get("k") is None
    await cache.set("k", b"value", 1.5)
    assert await cache.get("k") == b"value"
    assert [b"SET", b"gearshift:1:k", b"value", b"PX", b"1500"] in server.asked
    await cache.delete("k")
    assert server.values == {}
    await cache.set("k", b"value", 1e-9)
    assert server.asked[-1][-1] == b"1"


async def test_what_is_too_long_to_be_ours_is_removed(cache, server, monkeypatch):
    monkeypatch.setattr("gearshift.cache.redis._MOST_VALUE_BYTES", 10)
    server.values[b"gearshift:1:k"] = b"x" * 11
    assert await cache.get("k") is None
    assert server.values == {}


async def test_what_is_kept_can_be_listed(cache, server):
    await cache.set("a", b"12345", 60)
    (stored,) = [one async for one in cache.stored(3)]
    assert stored == ("a", 5, b"123")


async def test_errors_are_told(cache, server):
    server.error = "LOADING Redis is loading the dataset in memory"
    with pytest.raises(RedisError, match="LOADING, it is still reading its data"):
        await cache.get("k")


async def test_a_new_connection_follows_one_that_was_lost(cache, server):
    await cache.set("k", b"value", 60)
    assert await cache.get("k") == b"value"
    for task in server._tasks:
        task.cancel()
    await asyncio.gather(*server._tasks, return_exceptions=True)
    with pytest.raises(RedisError):
        await asyncio.gather(*(cache._reads._open.ask("PING") for _ in range(2)))
    assert await cache.get("k") == b"value"
