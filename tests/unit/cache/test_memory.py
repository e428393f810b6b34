"""The cache in memory: bounds, times, and who is forgotten first."""

import pytest

from gearshift.cache.base import CacheConfig
from gearshift.cache.memory import MemoryCache


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def cache(max_bytes=10_000, **more):
    return MemoryCache(CacheConfig(max_bytes), **more)


async def test_a_value_is_there_until_its_time_is_over():
    clock = Clock()
    kept = cache(clock=clock)
    await kept.set("a", b"1", 10)
    clock.now = 9.9
    assert await kept.get("a") == b"1"
    clock.now = 10.0
    assert await kept.get("a") is None
    assert kept.size == (0, 0)


async def test_it_never_holds_more_than_it_may_and_forgets_what_nobody_reads():
    kept = cache(max_bytes=3_000)
    for name in "abc":
        await kept.set(name, b"x" * 500, 10)
    assert await kept.get("a")
    await kept.set("d", b"x" * 500, 10)
    assert [bool(await kept.get(name)) for name in "abcd"] == [True, False, True, True]
    assert kept.size[1] <= 3_000


async def test_small_values_are_bounded_by_their_number():
    kept = cache(max_entries=2)
    for name in "abc":
        await kept.set(name, b"", 10)
    assert kept.size[0] == 2
    assert await kept.get("a") is None


async def test_what_is_too_large_takes_nothing_away_but_its_older_self():
    kept = cache(max_bytes=1_000)
    await kept.set("a", b"1", 10)
    await kept.set("b", b"2", 10)
    await kept.set("b", b"x" * 2_000, 10)
    assert (await kept.get("a"), await kept.get("b")) == (b"1", None)


async def test_replacing_and_deleting_are_counted():
    kept = cache()
    await kept.set("a", b"x" * 1_000, 10)
    await kept.set("a", b"x", 10)
    assert kept.size == (1, 401)
    await kept.delete("a")
    await kept.delete("a")
    assert kept.size == (0, 0)
    await kept.set("a", b"x", 10)
    await kept.close()
    assert kept.size == (0, 0)


def test_it_has_no_place_elsewhere():
    with pytest.raises(ValueError, match="no location"):
        MemoryCache(CacheConfig(1, "redis://h"))
