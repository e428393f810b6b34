"""Redis in trouble, a real one: requests go on at once, it is said once, and it comes back."""

import asyncio
import signal
import time

import pytest
from tests.fakes.local_server import LocalServer
from tests.fakes.ports import reserved_port
from tests.fakes.redis import own_redis

from gearshift.cache.base import CacheConfig
from gearshift.cache.entry import CachedAnswer, encode
from gearshift.cache.memory import MemoryCache
from gearshift.cache.redis import PREFIX, RedisCache
from gearshift.cache.store import AnswerStore

pytestmark = pytest.mark.timeout(120)
WITHIN = 0.004


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """The one server of this module; each test leaves it as it was."""
    with reserved_port() as port, own_redis(port, tmp_path_factory.mktemp("redis")) as own:
        yield own


@pytest.fixture
def redis(server):
    assert server.say("FLUSHALL") == b"OK"
    return server


class Far(AnswerStore):
    """Redis alone, or behind a memory."""

    def __init__(self, url, near=()):
        super().__init__(*near, lambda: RedisCache(CacheConfig(1, url)))
        self.far = self.levels[-1]

    async def ask(self, key):
        found = await self.get((key,), WITHIN, 60)
        return None if found is None else found.answer.frames[0]

    def tell(self, key, text=b"text"):
        self.put(key, CachedAnswer("openai", False, "", None, time.time(), (text,)), 60)

    async def keeps(self, key):
        """Until it is kept and found, with whatever has to be made good before that."""

        async def is_kept():
            self.tell(key)
            return await self.ask(key) == b"text"

        await until(is_kept)


async def until(is_so):
    async with asyncio.timeout(60):
        while not await is_so():  # noqa: ASYNC110 - it is another process
            await asyncio.sleep(0.01)


@pytest.fixture
async def store(redis):
    opened = Far(redis.url)
    await opened.keeps("before")
    yield opened
    await opened.close()


async def out(store):
    """Ask until it is left alone."""

    async def is_out():
        await store.ask("k")
        return store.far.is_out

    await until(is_out)


async def goes_on_at_once(store):
    """Nobody waits for what is out, not even for a turn of the loop."""
    for _ in range(100):
        asking = store.ask("k")
        with pytest.raises(StopIteration):
            asking.send(None)


async def test_one_that_hangs_is_left_alone_until_it_answers(redis, store, caplog):
    redis.signal(signal.SIGSTOP)
    try:
        await out(store)
        await goes_on_at_once(store)
    finally:
        redis.signal(signal.SIGCONT)
    await store.keeps("after")
    assert await store.ask("before") == b"text"
    told = [record.getMessage() for record in caplog.records]
    assert len(told) == 2
    assert "it took too long" in told[0]
    assert "works again" in told[1]


async def test_a_late_reply_is_nobody_elses(redis, store):
    for number in range(20):
        store.tell(f"k{number}", b"%d" % number)
    await until(lambda: _has(redis, 21))
    assert redis.say("CLIENT", "PAUSE", "30") == b"OK"
    early = await asyncio.gather(*(store.ask(f"k{number}") for number in range(20)))
    assert set(early) == {None}
    for number in range(20):

        async def is_found(number=number):
            return await store.ask(f"k{number}") == b"%d" % number

        await until(is_found)


async def _has(redis, count):
    return redis.say("DBSIZE") == count


async def test_one_that_is_killed_and_started_again_comes_back(redis, store, caplog):
    redis.kill()
    await out(store)
    await goes_on_at_once(store)
    redis.start()
    await store.keeps("after")
    assert await store.ask("before") is None  # it has forgotten, and we live with that
    assert len(caplog.records) == 2


async def test_a_full_one_is_read_and_written_when_it_has_room(redis, store, caplog):
    store.tell("k")
    assert redis.say("CONFIG", "SET", "maxmemory", "1") == b"OK"
    try:
        store.tell("new")

        async def is_told():
            return "OOM, it is full" in caplog.text

        await until(is_told)
        assert await store.ask("before") == b"text"
        assert await store.ask("new") is None
        assert not store.far.is_out
    finally:
        redis.say("CONFIG", "SET", "maxmemory", "0")
    await store.keeps("after")


async def test_a_replica_is_read(redis, store, caplog):
    with reserved_port() as nobody:
        assert redis.say("REPLICAOF", "127.0.0.1", nobody) == b"OK"
        try:
            store.tell("new")

            async def is_told():
                return "READONLY, a replica that takes no writes" in caplog.text

            await until(is_told)
            assert await store.ask("before") == b"text"
            assert not store.far.is_out
        finally:
            redis.say("REPLICAOF", "NO", "ONE")
    await store.keeps("after")


async def test_a_password_that_becomes_right(redis, caplog):
    assert redis.say("ACL", "SETUSER", "gearshift", "on", ">right", "~*", "+@all") == b"OK"
    store = Far(redis.url.replace("redis://", "redis://gearshift:hunter2@"))
    store.start(WITHIN)
    await out(store)
    await goes_on_at_once(store)
    assert "WRONGPASS, wrong user or password" in caplog.text
    assert "hunter2" not in caplog.text
    redis.say("ACL", "SETUSER", "gearshift", "resetpass", ">hunter2")
    await store.keeps("after")
    await store.close()
    redis.say("ACL", "DELUSER", "gearshift")


async def test_a_user_who_may_only_read(redis, store, caplog):
    redis.say(
        "ACL", "SETUSER", "reader", "on", ">p", "~gearshift:*", "-@all", "+getrange", "+select"
    )
    reader = Far(redis.url.replace("redis://", "redis://reader:p@"))
    assert await reader.ask("nothing") is None
    await until(lambda: _finds(reader, "before"))
    reader.tell("new")

    async def is_told():
        return "NOPERM, this user may not do that" in caplog.text

    await until(is_told)
    assert await reader.ask("before") == b"text"
    await reader.close()
    redis.say("ACL", "DELUSER", "reader")


async def _finds(store, key):
    return await store.ask(key) == b"text"


@pytest.mark.parametrize(
    "commands",
    [
        [("SET", "{key}", "junk")],
        [("SET", "{key}", encode("another", CachedAnswer("o", False, "", None, 0.0, (b"x",))))],
        [("SET", "{key}", b"gearshift-answer 1\nof another version")],
        [("DEL", "{key}"), ("RPUSH", "{key}", "a list")],
        [("DEL", "{key}"), ("HSET", "{key}", "a", "hash")],
        [("SETRANGE", "{key}", "60", "x")],
    ],
)
async def test_poisoned_values_are_misses_and_removed(redis, store, commands, caplog):
    key = f"{PREFIX}before"
    for command in commands:
        redis.say(*(key if part == "{key}" else part for part in command))

    async def is_gone():
        assert await store.ask("before") is None
        return redis.say("EXISTS", key) == 0

    await until(is_gone)
    await store.keeps("before")
    assert not [record for record in caplog.records if "too long" not in record.getMessage()]


async def test_a_value_of_any_length_is_removed(redis, store):
    redis.say("SETRANGE", f"{PREFIX}before", "60000000", "long")

    async def is_gone():
        assert await store.ask("before") is None
        return redis.say("EXISTS", f"{PREFIX}before") == 0

    await until(is_gone)


async def test_answers_found_there_are_in_memory_from_then_on(redis, store):
    near = MemoryCache(CacheConfig(100_000))
    other = Far(redis.url, near=[lambda: near])
    await until(lambda: _finds(other, "before"))
    assert near.size[0] == 1
    redis.kill()
    assert await other.ask("before") == b"text"
    redis.start()
    await other.close()


class Cutting(LocalServer):
    """A proxy to a port that cuts every connection after some bytes of answers."""

    def __init__(self, port, after):
        self.port, self.after = port, after

    async def _converse(self, reader, writer):
        there, back = await asyncio.open_connection("127.0.0.1", self.port)

        async def forth():
            while data := await reader.read(65536):
                back.write(data)

        forwards = asyncio.create_task(forth())
        left = self.after
        try:
            while left > 0 and (data := await there.read(left)):
                writer.write(data)
                await writer.drain()
                left -= len(data)
        finally:
            forwards.cancel()
            back.close()
            writer.transport.abort()


@pytest.mark.parametrize("after", [1, 30, 500])
async def test_connections_that_are_cut_harm_nobody(redis, store, after):
    store.tell("k", b"x" * 300)
    await until(lambda: _has(redis, 2))
    async with Cutting(redis.port, after) as proxy:
        cut = Far(f"redis://{proxy.address}")
        for _ in range(50):
            assert await cut.ask("k") in (None, b"x" * 300)
            await asyncio.sleep(0.001)
        proxy.after = 1_000_000
        await cut.keeps("after")
        await cut.close()
