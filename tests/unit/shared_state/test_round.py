"""A round: values of another kind are removed, and every other error is one."""

import pytest
from tests.fakes.redis import ScriptedRedis, packed

from gearshift.redis.address import redis_address
from gearshift.redis.connection import connect
from gearshift.redis.errors import RedisError
from gearshift.shared_state.round import Round
from gearshift.shared_state.script import Script


@pytest.fixture
async def server():
    async with ScriptedRedis() as running:
        yield running


@pytest.fixture
async def round_(server):
    made = await connect(redis_address(server.url), 20)
    yield Round(made, 5.0)
    made.close()


async def test_it_asks_and_runs_scripts(server, round_):
    server.said[b"EVALSHA"] = packed(1)
    server.said[b"GET"] = b"$1\r\nx\r\n"
    assert await round_.ask("GET", "k") == b"x"
    assert await round_.run(Script("return 1"), ("k",)) == [1]
    assert round_.now == 5.0


async def test_what_is_of_another_kind_is_removed(server, round_):
    server.said[b"GET"] = b"-WRONGTYPE Operation against a key\r\n"
    assert await round_.ask("GET", "k") is None
    assert server.asked[-1] == [b"DEL", b"k"]


async def test_other_errors_end_it(server, round_):
    server.said[b"GET"] = b"-LOADING Redis is loading\r\n"
    with pytest.raises(RedisError):
        await round_.ask("GET", "k")
