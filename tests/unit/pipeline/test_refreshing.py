"""Refreshes: one for each answer at a time, while there is room, and nobody hears of a failure."""

import asyncio

import pytest
from tests.fakes.finished import decision

from gearshift.errors import FailureKind, UpstreamError
from gearshift.pipeline.call import Call
from gearshift.pipeline.refreshing import Refreshing
from gearshift.types import (
    CacheResult,
    CacheUse,
    ChatRequest,
    ChatResponse,
    CompleteResponse,
    Frame,
    Operation,
    Usage,
)


def call():
    request = ChatRequest("openai", Operation.CHAT, "auto", [])
    used = CacheUse("memory", CacheResult.HIT)
    return Call(request, decision(), (), 1.0, cache=used, is_from_cache=True, saved=Usage(1))


class World:
    """Refreshes that wait until they may go on."""

    def __init__(self):
        self.asked = []
        self.goes_on = asyncio.Event()
        self.has_place = True
        self.error = None
        self.read = 0
        self.refreshing = Refreshing(self.ask, lambda decision: self.has_place)

    async def ask(self, call):
        self.asked.append(call)
        await self.goes_on.wait()
        if self.error:
            raise self.error
        self.read += 1
        return ChatResponse(call.decision, "openai", CompleteResponse(Frame(b"x")))

    async def settle(self):
        await asyncio.gather(*self.refreshing._tasks.values())
        await asyncio.sleep(0)


async def test_each_is_asked_for_once_at_a_time_as_a_request_of_its_own():
    world, stale = World(), call()
    for _ in range(3):
        world.refreshing.begin("a", stale)
    world.refreshing.begin("b", call())
    world.goes_on.set()
    await world.settle()
    assert (len(world.asked), world.read) == (2, 2)
    own = world.asked[0]
    assert own.is_background
    assert own.decision.id == stale.decision.id + "-refresh"
    assert not own.decision.movable
    assert (own.cache, own.is_from_cache, own.saved) == (None, False, None)
    world.refreshing.begin("a", stale)
    await world.settle()
    assert len(world.asked) == 3


async def test_nothing_is_asked_where_users_wait_or_enough_is_asked():
    world = World()
    world.has_place = False
    world.refreshing.begin("a", call())
    assert not world.refreshing._tasks
    world.has_place = True
    for number in range(50):
        world.refreshing.begin(str(number), call())
    assert len(world.refreshing._tasks) == 16
    await world.refreshing.aclose()
    assert not world.refreshing._tasks


@pytest.mark.parametrize(
    "error", [UpstreamError("broken", fault=FailureKind.FAILED), ValueError("a bug")]
)
async def test_a_failure_is_nobodys(error):
    world = World()
    world.error = error
    world.goes_on.set()
    world.refreshing.begin("a", call())
    await world.settle()
    assert (len(world.asked), world.read) == (1, 0)
