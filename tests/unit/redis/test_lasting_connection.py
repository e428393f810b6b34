"""A lasting connection: one connection for all, made again when it has ended."""

import asyncio

import pytest
from tests.fakes.ports import reserved_port
from tests.fakes.redis import ScriptedRedis

from gearshift.redis.address import redis_address
from gearshift.redis.errors import RedisError
from gearshift.redis.lasting_connection import LastingConnection


async def test_all_who_need_it_get_the_same_one():
    async with ScriptedRedis() as server:
        line = LastingConnection(redis_address(server.url), 20)
        assert line.ready is None
        first, second = await asyncio.gather(line.connection(), line.connection())
        assert first is second is line.ready is await line.connection()
        line.close()


async def test_another_is_made_when_it_has_ended():
    async with ScriptedRedis() as server:
        line = LastingConnection(redis_address(server.url), 20)
        first = await line.connection()
        first.close()
        assert line.ready is None
        assert await line.connection() is not first
        line.close()


async def test_it_goes_on_opening_when_one_who_waits_gives_up():
    async with ScriptedRedis() as server:
        line = LastingConnection(redis_address(server.url), 20)
        impatient = asyncio.create_task(line.connection())
        await asyncio.sleep(0)
        impatient.cancel()
        assert (await line.connection()).is_open
        line.close()


async def test_nobody_there_is_an_error_and_no_end():
    with reserved_port() as port:
        line = LastingConnection(redis_address(f"redis://127.0.0.1:{port}"), 20)
        for _ in range(2):
            with pytest.raises(RedisError, match="Connection refused"):
                await line.connection()
        line.close()
