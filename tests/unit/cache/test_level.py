"""A level: who fails is left alone, comes back by itself, and is told of once."""

import asyncio
import socket
import time

import pytest

from gearshift.cache.base import CacheConfig, CacheError
from gearshift.cache.level import Level
from gearshift.cache.memory import MemoryCache
from gearshift.redis import outage


class Moody:
    """A back end that fails as its mood says."""

    level = "moody"

    def __init__(self):
        self.values = {}
        self.mood = self.writing = None
        self.asked = 0
        self.is_closed = False

    async def get(self, key):
        self.asked += 1
        await self._felt(self.mood)
        return self.values.get(key)

    async def set(self, key, value, ttl_seconds):
        await self._felt(self.writing)
        self.values[key] = value

    async def delete(self, key):
        await self._felt(self.writing)
        self.values.pop(key, None)

    async def close(self):
        self.is_closed = True

    async def _felt(self, mood):
        if isinstance(mood, BaseException):
            raise mood
        if mood == "hangs":
            await asyncio.Event().wait()


@pytest.fixture
def backend():
    return Moody()


@pytest.fixture
async def level(backend, monkeypatch):
    monkeypatch.setattr(outage, "_SHORTEST_PAUSE", 0.001)
    monkeypatch.setattr(outage, "_LONGEST_PAUSE", 0.002)
    made = Level(lambda: backend)
    yield made
    await made.close()


async def until(condition):
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - what it is about has no event
            await asyncio.sleep(0.001)


async def test_it_is_left_alone_until_it_answers_again(level, backend, caplog):
    backend.values["k"] = b"v"
    assert await level.get("k", 20) == b"v"
    backend.mood = CacheError("h:1: refused")
    assert await level.get("k", 20) is None
    assert level.is_out
    before = backend.asked
    for _ in range(100):  # without a moment for the probe
        assert await level.get("k", 20) is None
    assert backend.asked == before
    await until(lambda: backend.asked > before + 2)
    backend.mood = None
    await until(lambda: not level.is_out)
    assert await level.get("k", 20) == b"v"
    first, second = [record.getMessage() for record in caplog.records]
    assert "the cache 'moody' failed while reading: h:1: refused; requests are answered" in first
    assert second == "the cache 'moody' works again"


async def test_what_has_come_in_time_counts_though_the_loop_was_busy(level, backend, monkeypatch):
    """As on a socket: what came meanwhile is read in the loop's next turn."""
    ours, theirs = socket.socketpair()
    ours.setblocking(False)

    async def get(key):
        return await asyncio.get_running_loop().sock_recv(ours, 10)

    monkeypatch.setattr(backend, "get", get)
    with ours, theirs:
        for _ in range(5):
            asking = asyncio.create_task(level.get("k", 0.001))
            await asyncio.sleep(0)
            theirs.sendall(b"v")
            time.sleep(0.01)  # noqa: ASYNC251 - the loop is kept from what it should do
            assert await asking == b"v"
    assert not level.is_out


async def test_one_slow_answer_is_nothing_several_are(level, backend):
    backend.mood = "hangs"
    assert await level.get("k", 0.001) is None
    assert await level.get("k", 0.001) is None
    assert not level.is_out
    assert await level.get("k", 0.001) is None
    assert level.is_out


async def test_slow_answers_long_apart_are_nothing(backend):
    now = [0.0]
    level = Level(lambda: backend, lambda: now[0])
    backend.mood = TimeoutError()
    for _ in range(10):
        assert await level.get("k", 20) is None
        now[0] += 0.6
    assert not level.is_out


@pytest.mark.parametrize(
    "mood", [OSError("secret"), ValueError("secret"), asyncio.CancelledError()]
)
async def test_whatever_it_raises_is_a_miss_and_its_words_are_not_told(
    level, backend, caplog, mood
):
    backend.mood = mood
    assert await level.get("k", 20) is None
    assert "secret" not in caplog.text
    assert type(mood).__name__ in caplog.text


async def test_who_is_cancelled_is_cancelled(level, backend):
    backend.mood = "hangs"
    task = asyncio.create_task(level.get("k", 60))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not level.is_out


async def test_what_cannot_be_written_can_still_be_read(level, backend, caplog):
    backend.values["k"] = b"v"
    backend.writing = CacheError("h:1: OOM")
    for _ in range(5):
        level.set("other", b"x", 60)
        level.delete("other")
    await until(lambda: not level._writes)
    assert await level.get("k", 20) == b"v"
    assert [record.getMessage()[:45] for record in caplog.records] == [
        "the cache 'moody' failed while writing: h:1: O"[:45]
    ]
    backend.writing = None

    def is_kept():
        level.set("other", b"x", 60)
        return "other" in backend.values

    await until(is_kept)
    assert "works again" in caplog.text


async def test_nothing_is_written_while_it_is_out(level, backend):
    backend.mood = "hangs"
    for _ in range(3):
        await level.get("k", 0.001)
    level.set("k", b"v", 60)
    assert not level._writes


async def test_writes_do_not_pile_up(level, backend):
    backend.writing = "hangs"
    for _ in range(200):
        level.set("k", b"v", 60)
    assert len(level._writes) == 64
    for task in level._writes:
        task.cancel()


async def test_what_is_wrong_at_the_start_is_told_before_anybody_asks(level, backend, caplog):
    backend.mood = CacheError("h:1: refused")
    level.start(20)
    await until(lambda: level.is_out)
    assert len(caplog.records) == 1


async def test_outages_in_quick_succession_are_told_once(level, backend, caplog):
    for _ in range(5):
        backend.mood = OSError()
        await level.get("k", 20)
        backend.mood = None
        await until(lambda: not level.is_out)
    assert len(caplog.records) == 2


async def test_memory_is_asked_without_waiting():
    level = Level(lambda: MemoryCache(CacheConfig(100_000)))
    assert level.is_local
    level.start(20)
    level.set("k", b"v", 60)
    assert await level.get("k", 0.0) == b"v"
    level.delete("k")
    await level.close()


async def test_it_may_be_used_again_after_its_end(caplog):
    made = []

    def make():
        made.append(Moody())
        return made[-1]

    level = Level(make)
    await level.close()
    assert made[0].is_closed
    await level.close()
    assert await level.get("k", 20) is None
    assert len(made) == 2
    await level.close()
