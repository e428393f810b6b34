"""A worker answers every order once, and goes on with what it has if a change fails."""

import asyncio
from typing import Any

import pytest

from gearshift.cache.contents import Selection
from gearshift.config.loading import Settings
from gearshift.errors import GearshiftError
from gearshift.serving import worker
from gearshift.serving.worker_protocol import Abort, Cache, Commit, Order, Prepare


class LiveInterface:
    """Notes what it is asked; `error` is what a change fails with."""

    def __init__(self):
        self.asked = []
        self.error = None
        self.closed = asyncio.get_running_loop().create_future()

    async def prepare(self, settings, upstreams):
        self.asked.append(("prepare", settings, upstreams))
        if self.error is not None:
            raise self.error

    def commit(self):
        self.asked.append("commit")
        return self.closed

    @property
    def llm(self):
        return self

    async def cache_contents(self, which, *, clear):
        self.asked.append((which, clear))
        return [{"level": "memory", "cleared": 3}]

    async def abort(self):
        self.asked.append("abort")


@pytest.fixture
async def obeying(capfdbinary):
    live: Any = LiveInterface()
    orders: asyncio.Queue[Order] = asyncio.Queue()
    task = asyncio.create_task(worker._obey(live, orders))

    async def say(*given):
        for order in given:
            orders.put_nowait(order)
        for _ in range(10):
            await asyncio.sleep(0)
        return capfdbinary.readouterr().out.decode().splitlines()

    yield live, say
    task.cancel()


async def test_its_cache_is_told_of(obeying):
    live, say = obeying
    assert await say(Cache(4, Selection(), clear=True)) == [
        'cache 4 [{"level":"memory","cleared":3}]'
    ]
    assert live.asked == [(Selection(), True)]


PREPARE = Prepare(3, Settings(), ())


async def test_a_change_goes_through_its_stages(obeying):
    live, say = obeying
    assert await say(PREPARE) == ["prepared 3"]
    assert await say(Commit(3)) == ["switched 3"]
    live.closed.set_result(None)
    assert await say() == ["drained 3"]
    assert live.asked == [("prepare", PREPARE.settings, ()), "commit"]


async def test_a_refusal_is_one_line_with_its_reason(obeying):
    live, say = obeying
    live.error = GearshiftError("no such file:\n  a.gguf")
    assert await say(PREPARE) == ["refused 3 no such file: a.gguf"]


async def test_of_a_defect_only_the_kind_is_told(obeying, caplog):
    live, say = obeying
    live.error = ZeroDivisionError("secret")
    (line,) = await say(PREPARE)
    assert line == "refused 3 ZeroDivisionError in a worker; see the log"
    assert "could not be prepared" in caplog.text


async def test_after_a_refusal_it_still_obeys(obeying):
    live, say = obeying
    live.error = ZeroDivisionError()
    await say(PREPARE)
    live.error = None
    assert await say(Abort(3), Prepare(4, Settings(), ())) == ["prepared 4"]
    assert live.asked[1] == "abort"


async def test_a_reason_of_any_length_and_any_signs_is_one_line_that_the_parent_reads(obeying):
    live, say = obeying
    live.error = GearshiftError("\ud800" + "x" * 100_000)
    (line,) = await say(PREPARE)
    assert line.startswith("refused 3 ?xxx")
    assert len(line) == 4000
