"""A script: known by its hash, and brought along where it is not known."""

import pytest
from tests.fakes.redis import ScriptedRedis, packed

from gearshift.redis.address import redis_address
from gearshift.redis.connection import connect
from gearshift.redis.errors import RedisError
from gearshift.shared_state.script import Script


@pytest.fixture
async def server():
    async with ScriptedRedis() as running:
        yield running


@pytest.fixture
async def connection(server):
    made = await connect(redis_address(server.url), 20)
    yield made
    made.close()


async def test_it_is_asked_for_by_its_hash(server, connection):
    server.said[b"EVALSHA"] = packed(1, b"two")
    assert await Script("return 1").run(connection, ("k",), "a", 2) == [1, b"two"]
    assert server.asked == [
        [b"EVALSHA", b"e0e1f9fabfc9d4800c877a703b823ac0578ff8db", b"1", b"k", b"a", b"2"]
    ]


async def test_a_redis_that_does_not_know_it_is_given_it(server, connection):
    server.said[b"EVALSHA"] = b"-NOSCRIPT No matching script.\r\n"
    server.said[b"EVAL"] = packed(3)
    assert await Script("return 1").run(connection, ("k",), "a") == [3]
    assert server.asked[-1] == [b"EVAL", b"return 1", b"1", b"k", b"a"]


async def test_another_error_is_one(server, connection):
    server.error = "READONLY You can't write against a read only replica."
    with pytest.raises(RedisError, match="READONLY, a replica that takes no writes"):
        await Script("return 1").run(connection, ("k",))
    assert len(server.asked) == 1
