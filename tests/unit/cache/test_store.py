"""The store: answers go into every level, and come from the nearest that has them."""

import asyncio

import pytest

from gearshift.cache.base import CacheConfig
from gearshift.cache.entry import CachedAnswer, encode
from gearshift.cache.memory import MemoryCache
from gearshift.cache.store import AnswerStore

NOW = 1_000.0
ANSWER = CachedAnswer("openai", False, "form", None, NOW, (b"{}",))


class Far:
    """Keeps values and their times to live, as if elsewhere."""

    level = "far"

    def __init__(self):
        self.values = {}
        self.ttls = {}
        self.error = None
        self.is_closed = False

    async def get(self, key):
        if self.error is not None:
            raise self.error
        return self.values.get(key)

    async def set(self, key, value, ttl_seconds):
        self.values[key], self.ttls[key] = value, ttl_seconds

    async def delete(self, key):
        self.values.pop(key, None)

    async def close(self):
        self.is_closed = True


@pytest.fixture
def near():
    return MemoryCache(CacheConfig(100_000))


@pytest.fixture
def far():
    return Far()


@pytest.fixture
async def store(near, far):
    opened = AnswerStore(lambda: near, lambda: far, clock=lambda: NOW + 10)
    yield opened
    await opened.close()


async def settled(store):
    await asyncio.gather(*(task for level in store.levels for task in level._writes))


async def test_an_answer_is_kept_everywhere_and_found_near(store, near, far):
    assert await store.get(("k",), 20, 60) is None
    store.put("k", ANSWER, 60)
    found = await store.get(("k",), 20, 60)  # at once, not in a moment
    assert found == (ANSWER, "k", "memory")
    await settled(store)
    assert far.values == {"k": encode("k", ANSWER)}
    store.forget("k")
    await settled(store)
    assert (near.size[0], far.values) == (0, {})


async def test_what_only_the_far_one_has_is_brought_near_for_what_is_left_of_its_time(
    store, near, far
):
    far.values["k"] = encode("k", ANSWER)
    assert (await store.get(("k",), 20, 60)).level == "far"
    far.values.clear()
    assert (await store.get(("k",), 20, 60)).level == "memory"
    ((_, until),) = near._entries.values()
    assert until - near._clock() == pytest.approx(50, abs=5)


async def test_what_is_older_than_it_may_be_is_a_miss(store, far):
    far.values["k"] = encode("k", ANSWER)
    assert await store.get(("k",), 20, 9) is None


async def test_the_first_key_that_has_an_answer_wins(store, far):
    far.values["second"] = encode("second", ANSWER)
    far.values["third"] = encode("third", ANSWER)
    assert (await store.get(("first", "second", "third"), 20, 60)).key == "second"
    store.put("third", ANSWER, 60)
    assert (await store.get(("first", "third"), 20, 60))[1:] == ("third", "memory")


@pytest.mark.parametrize("garbage", [b"", b"garbage", "text", 7, encode("other", ANSWER)])
async def test_garbage_is_a_miss_and_removed(store, far, garbage):
    far.values["k"] = garbage
    assert await store.get(("k",), 20, 60) is None
    await settled(store)
    assert far.values == {}


async def test_forged_content_is_a_miss_and_removed(store, far, monkeypatch):
    monkeypatch.setattr("gearshift.cache.store.decode", lambda *_: 1 / 0)
    far.values["k"] = b"with the right checksum"
    assert await store.get(("k",), 20, 60) is None
    await settled(store)
    assert far.values == {}


async def test_a_far_one_that_fails_leaves_the_near_one(store, far):
    far.error = OSError()
    store.put("k", ANSWER, 60)
    assert (await store.get(("k",), 20, 60)).level == "memory"
    assert await store.get(("other",), 20, 60) is None


async def test_closing_writes_what_waits(store, far):
    store.start(20)
    store.put("k", ANSWER, 60)
    await store.close()
    assert (len(far.values), far.is_closed) == (1, True)
