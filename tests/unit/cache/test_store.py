"""The store: a back end may fail in any way, and no request is harmed by it."""

import asyncio

import pytest

from gearshift.cache.base import CacheConfig
from gearshift.cache.entry import CachedAnswer
from gearshift.cache.memory import MemoryCache
from gearshift.cache.store import AnswerStore

ANSWER = CachedAnswer("openai", False, "form", True, (b"{}",))


class Moody(MemoryCache):
    """Does `mood` before anything else."""

    level = "moody"
    mood: BaseException | str | None = None

    async def _felt(self):
        if isinstance(self.mood, BaseException):
            raise self.mood
        if self.mood == "hangs":
            await asyncio.Event().wait()

    async def get(self, key):
        await self._felt()
        return await super().get(key)

    async def set(self, key, value, ttl_seconds):
        await self._felt()
        await super().set(key, value, ttl_seconds)

    async def close(self):
        await self._felt()
        await super().close()


@pytest.fixture
def backend():
    return Moody(CacheConfig(100_000))


async def settled(store):
    await asyncio.gather(*store._writes)


async def test_an_answer_is_kept_and_forgotten(backend):
    store = AnswerStore(lambda: backend)
    assert await store.get("k", 1) is None
    store.put("k", ANSWER, 60)
    await settled(store)
    assert await store.get("k", 1) == ANSWER
    store.forget("k")
    await settled(store)
    assert await store.get("k", 1) is None


@pytest.mark.parametrize(
    "mood", [OSError("secret"), ValueError(), TimeoutError(), asyncio.CancelledError(), "hangs"]
)
async def test_whatever_a_back_end_does_is_a_miss_and_told_once(backend, caplog, mood):
    store = AnswerStore(lambda: backend)
    store.put("k", ANSWER, 60)
    await settled(store)
    backend.mood = mood
    for _ in range(3):
        assert await store.get("k", 0.01) is None
    (record,) = caplog.records
    assert "the cache 'moody' failed while reading" in record.getMessage()
    assert "secret" not in record.getMessage()
    backend.mood = None
    assert await store.get("k", 1) == ANSWER


async def test_a_request_that_is_given_up_is_given_up(backend):
    store = AnswerStore(lambda: backend)
    backend.mood = "hangs"
    task = asyncio.create_task(store.get("k", 60))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_writing_may_fail_or_hang(backend, caplog):
    store = AnswerStore(lambda: backend)
    backend.mood = OSError()
    for _ in range(2):
        store.put("k", ANSWER, 60)
        await settled(store)
    assert len(caplog.records) == 1
    backend.mood = "hangs"
    for _ in range(200):
        store.put("k", ANSWER, 60)
    assert len(store._writes) == 64
    for task in [*store._writes]:
        task.cancel()


@pytest.mark.parametrize("garbage", [b"", b"garbage", "text", 7])
async def test_garbage_is_a_miss_and_removed(backend, garbage):
    store = AnswerStore(lambda: backend)
    backend._entries["k"] = garbage, 1e18
    backend._bytes = 10_000
    backend._forget = lambda key: backend._entries.pop(key, None)
    assert await store.get("k", 1) is None
    await settled(store)
    assert "k" not in backend._entries


async def test_closing_writes_what_waits_and_it_may_be_used_again(caplog):
    made = []

    def make():
        made.append(Moody(CacheConfig(100_000)))
        return made[-1]

    store = AnswerStore(make)
    store.put("k", ANSWER, 60)
    await store.close()
    await store.close()
    assert len(made) == 1
    store.put("k", ANSWER, 60)
    await settled(store)
    assert await store.get("k", 1) == ANSWER
    assert len(made) == 2
    made[-1].mood = OSError()
    await store.close()
    assert "failed while closing" in caplog.text
