"""The heartbeat: who is there, and what time it is."""

import pytest
from tests.fakes.redis import ScriptedFleet, packed

from gearshift.redis.address import redis_address
from gearshift.redis.connection import connect
from gearshift.redis.errors import RedisError
from gearshift.shared_state.heartbeat import Beat, beat, leave


@pytest.fixture
async def server():
    async with ScriptedFleet() as running:
        yield running


@pytest.fixture
async def connection(server):
    made = await connect(redis_address(server.url), 20)
    yield made
    made.close()


async def test_it_tells_the_time_and_how_many_there_are(server, connection):
    server.beats(1_700_000_000_500, members=3)
    assert await beat(connection, "me") == Beat(1_700_000_000.5, 3)
    assert server.asked[0][3:] == [b"gearshift-state:1:members", b"me", b"4000"]


async def test_whoever_answers_no_requests_is_none_of_them(server, connection):
    server.beats(members=0)
    assert (await beat(connection, None)).members == 0
    assert server.asked[0][4] == b""


@pytest.mark.parametrize("reply", [b"+OK\r\n", packed(b"x", 1), packed(b"1"), b"$-1\r\n"])
async def test_a_redis_that_answers_nonsense_is_no_good(server, connection, reply):
    server.said[b"EVALSHA"] = reply
    with pytest.raises(RedisError, match="something else"):
        await beat(connection, "me")


async def test_who_leaves_says_so(server, connection):
    await leave(connection, "me")
    assert server.asked == [[b"ZREM", b"gearshift-state:1:members", b"me"]]
