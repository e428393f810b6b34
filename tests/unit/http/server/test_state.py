"""What a server and its connections know of each other."""

import asyncio
from typing import Any

from gearshift.http.server.state import ServerState
from gearshift.http.values import HttpLimits


def state():
    nothing: Any = None
    return ServerState(nothing, nothing, HttpLimits())


async def test_it_is_empty_when_the_last_connection_has_gone():
    here = state()
    one: Any = object()
    other: Any = object()
    await here.emptied()  # at once
    here.connections |= {one, other}
    waiting = asyncio.ensure_future(here.emptied())
    here.forget(one)
    await asyncio.sleep(0)
    assert not waiting.done()
    here.forget(other)
    await waiting
    here.forget(other)  # twice is harmless


async def test_a_connection_that_comes_meanwhile_is_waited_for():
    here = state()
    one: Any = object()
    here.connections.add(one)
    waiting = asyncio.ensure_future(here.emptied())
    await asyncio.sleep(0)
    here.forget(one)
    here.connections.add(one)
    await asyncio.sleep(0)
    assert not waiting.done()
    here.forget(one)
    await waiting


async def test_it_knows_the_time():
    here = state()
    here.loop = asyncio.get_running_loop()
    here.tick()
    assert here.now <= here.loop.time()
    assert here.date.startswith("date: ")
    assert here.date.endswith(" GMT\r\n")
