"""A subscription: it hears what is said, and is opened again when it has ended."""

import asyncio

import pytest
from tests.fakes.ports import reserved_port
from tests.fakes.redis import ScriptedRedis, packed

from gearshift.redis.address import redis_address
from gearshift.shared_state.subscription import Subscription

SUBSCRIBED = packed(b"subscribe", b"c", 1)


async def until(is_so):
    async with asyncio.timeout(20):
        while not is_so():  # noqa: ASYNC110 - it is another connection
            await asyncio.sleep(0.001)


@pytest.fixture
async def server():
    async with ScriptedRedis() as running:
        running.said[b"SUBSCRIBE"] = SUBSCRIBED
        yield running


async def test_messages_are_heard_and_nothing_else(server):
    told = []
    subscription = Subscription(redis_address(server.url), "c", told.append, 20)
    subscription.keep()
    await until(lambda: server.asked)
    server.push(packed(b"message", b"c", b"one") + b"+PONG\r\n" + packed(b"message", b"c", b"two"))
    await until(lambda: len(told) == 2)
    assert told == [b"one", b"two"]
    assert subscription.is_open
    subscription.close()
    assert not subscription.is_open


async def test_one_that_has_ended_is_opened_again(server):
    told = []
    subscription = Subscription(redis_address(server.url), "c", told.append, 20)
    subscription.keep()
    await until(lambda: server.asked)
    subscription.keep()  # it is open, or will be
    for writer in server._writers:
        writer.close()
    await until(lambda: not subscription.is_open)
    subscription.keep()
    await until(lambda: len(server.asked) == 2)
    subscription.close()


async def test_nobody_there_is_no_ones_business():
    with reserved_port() as port:
        address = redis_address(f"redis://127.0.0.1:{port}")
        subscription = Subscription(address, "c", print, 20)
        for _ in range(2):
            subscription.keep()
            await until(lambda: subscription._opening is None or subscription._opening.done())
            assert not subscription.is_open
        subscription.close()
