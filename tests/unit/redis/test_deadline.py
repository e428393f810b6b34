"""A deadline: it ends a wait, but not one whose end has come and was not yet read."""

import asyncio
import time

import pytest

from gearshift.redis.deadline import Deadline


async def waited(reply):
    async with asyncio.timeout(None) as limit:
        deadline = Deadline(limit, 0.001)
        try:
            return await reply
        finally:
            deadline.cancel()


async def test_it_ends_a_wait():
    with pytest.raises(TimeoutError):
        await waited(asyncio.Event().wait())


async def test_what_comes_in_the_turn_of_a_busy_loop_is_in_time():
    reply = asyncio.get_running_loop().create_future()

    def keep_busy():
        time.sleep(0.01)  # the deadline is over, and nothing has been read
        reply.get_loop().call_soon(reply.set_result, "in time")

    reply.get_loop().call_soon(keep_busy)
    assert await waited(reply) == "in time"


async def test_one_that_is_cancelled_ends_nothing():
    async with asyncio.timeout(None) as limit:
        Deadline(limit, 0.001).cancel()
        await asyncio.sleep(0.01)
