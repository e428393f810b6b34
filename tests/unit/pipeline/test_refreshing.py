"""Refreshes: one for each answer at a time, while there is room, and nobody hears of a failure."""

import asyncio
import logging
import time

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
    Deployment,
    Frame,
    Operation,
    Usage,
)

BROKEN = UpstreamError("broken", fault=FailureKind.FAILED)


def call():
    request = ChatRequest("openai", Operation.CHAT, "auto", [])
    return Call(
        request, decision(time=0.0, movable=True, reason="why"), (), 1.0, scoring_seconds=2.0,
        upstream_seconds=0.0, attempts=[("one/m", BROKEN)], is_from_cache=True, saved=Usage(1),
        cache=CacheUse("memory", CacheResult.HIT), spared=Deployment("one", "m"),
    )  # fmt: skip


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
    own, now = world.asked[0], time.perf_counter()
    assert (own.request, own.candidates) == (stale.request, stale.candidates)
    assert own.decision.reason == "refreshes a stale answer; why"
    assert 0.0 < own.decision.time <= time.time()
    assert 1.0 < own.started_at <= now
    assert (own.scoring_seconds, own.upstream_seconds, own.attempts) == (0.0, 0.0, [])
    assert own.spared is None
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


class Stream:
    """Three frames, and whether they were read and closed."""

    def __init__(self):
        self.left, self.is_closed = 3, False

    async def read(self):
        self.left -= 1
        return Frame(b"x") if self.left >= 0 else None

    async def aclose(self):
        self.is_closed = True


async def test_an_answer_is_read_to_its_end_so_that_it_can_be_kept():
    stream = Stream()

    async def ask(call):
        return ChatResponse(call.decision, "openai", stream)

    refreshing = Refreshing(ask, lambda decision: True)
    refreshing.begin("a", call())
    await asyncio.gather(*refreshing._tasks.values())
    assert (stream.left, stream.is_closed) == (-1, True)


@pytest.mark.parametrize(
    ("error", "told"),
    [(BROKEN, ""), (ValueError("a bug"), "ValueError while refreshing a cached answer")],
)
async def test_a_failure_is_nobodys(error, told, caplog):
    world = World()
    world.error = error
    world.goes_on.set()
    with caplog.at_level(logging.ERROR):
        world.refreshing.begin("a", call())
        await world.settle()
    assert (len(world.asked), world.read) == (1, 0)
    assert told in caplog.text
    assert bool(caplog.records) is bool(told)
