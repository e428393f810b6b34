"""Whoever has connected is answered or told why not when the server ends, and then it is quiet."""

import asyncio
import socket
from contextlib import asynccontextmanager
from typing import Any

import pytest

from gearshift.http.server import state
from gearshift.http.server.server import HttpServer
from gearshift.http.values import HttpLimits, HttpResponse

GET = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"


class Plane:
    """Answers when it may."""

    def __init__(self):
        self.may_answer = asyncio.Event()
        self.is_asked = asyncio.Event()

    async def handle(self, request):
        self.is_asked.set()
        await self.may_answer.wait()
        return HttpResponse(200, {}, b"done")

    def refuse(self, request, error):
        return HttpResponse(error.status, {}, b"refused")


class Streaming(Plane):
    """Answers in two parts, the second when it may."""

    def __init__(self):
        super().__init__()
        self.may_end = asyncio.Event()

    async def handle(self, request):
        return HttpResponse(200, {}, Parts(self.may_end))


class Parts:
    def __init__(self, may_end):
        self._left = [b"part", b"the rest"]
        self._may_end = may_end

    async def read(self):
        if len(self._left) == 1:
            await self._may_end.wait()
        return self._left.pop(0) if self._left else None

    def abort_marker(self):
        return b"cut"

    async def aclose(self):
        pass


@pytest.fixture
async def plane(monkeypatch):
    monkeypatch.setattr(state, "_GRACE_SECONDS", 0.01)
    return Plane()


@asynccontextmanager
async def serving(plane, **options):
    listener = socket.create_server(("127.0.0.1", 0))
    listener.setblocking(False)
    server = HttpServer(plane.handle, plane.refuse, **options)
    await server.start(listener)
    try:
        yield server, listener.getsockname()[1]
    finally:
        if not server.state.is_draining:
            await server.stop()


async def client(port, data=GET):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(data)
    return reader, writer


async def everything(reader, writer):
    try:
        return await reader.read()
    except ConnectionError:
        return b""
    finally:
        writer.close()


async def test_what_is_in_flight_is_answered_before_it_ends(plane):
    async with serving(plane) as (server, port):
        ends = await client(port)
        await plane.is_asked.wait()
        stopping = asyncio.create_task(server.stop())
        await asyncio.sleep(0)
        assert not stopping.done()
        plane.may_answer.set()
        assert b"done" in await everything(*ends)
        await stopping
        assert server.state.connections == set()


async def test_it_takes_nobody_any_more(plane):
    async with serving(plane) as (server, port):
        await server.stop()
        with pytest.raises(OSError, match=r"refused|Connect"):
            await asyncio.open_connection("127.0.0.1", port)


async def test_an_idle_connection_does_not_hold_it_up(plane):
    plane.may_answer.set()
    async with serving(plane, drain_seconds=30) as (server, port):
        reader, writer = await client(port)
        await reader.readuntil(b"done")
        async with asyncio.timeout(10):
            await server.stop()
        assert await everything(reader, writer) == b""


async def test_one_that_leaves_answers_on_and_ends_each_connection(plane):
    plane.may_answer.set()
    async with serving(plane) as (server, port):
        server.leave()
        assert b"connection: close" in await everything(*await client(port))
        assert b"connection: close" in await everything(*await client(port))


@pytest.mark.parametrize("end", [HttpServer.leave, HttpServer.stop])
async def test_who_was_told_that_it_can_go_on_is_answered_once_more(end):
    """Its next request may be on its way before anybody can tell it that this is the end."""
    plane = Streaming()
    async with serving(plane, drain_seconds=30) as (server, port):
        server.state.grace_seconds = 5
        reader, writer = await client(port)
        await reader.readuntil(b"part")
        ended = end(server)
        ending = asyncio.create_task(ended) if ended is not None else None
        await asyncio.sleep(0)
        plane.may_end.set()
        await reader.readuntil(b"0\r\n\r\n")
        await asyncio.sleep(0.05)
        writer.write(GET)
        again = await everything(reader, writer)
        assert b"connection: close" in again
        assert b"part" in again
        if ending is not None:
            await ending


async def test_one_that_takes_too_long_is_ended(plane):
    async with serving(plane, drain_seconds=0.01) as (server, port):
        ends = await client(port)
        await plane.is_asked.wait()
        async with asyncio.timeout(10):
            await server.stop()
        assert server.state.is_interrupted
        assert b"done" not in await everything(*ends)
        assert server.state.connections == set()


async def test_who_is_queued_at_the_socket_when_it_ends_is_not_lost(plane):
    plane.may_answer.set()
    listener = socket.create_server(("127.0.0.1", 0))
    listener.setblocking(False)
    server = HttpServer(plane.handle, plane.refuse)
    await server.start(listener)
    listening: Any = server._server
    listening.close()  # nobody accepts, as in the moment between two turns of the loop
    with socket.create_connection(listener.getsockname()) as queued:
        queued.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_sendall(queued, GET)
        stopping = asyncio.create_task(server.stop())
        assert (await loop.sock_recv(queued, 1000)).startswith(b"HTTP/1.1 ")
        await stopping


async def test_it_can_be_stopped_before_it_has_started(plane):
    await HttpServer(plane.handle, plane.refuse).stop()


async def test_deadlines_are_kept_by_a_sweep(plane):
    limits = HttpLimits(header_seconds=0.01)
    async with serving(plane, limits=limits) as (_, port):
        said = await everything(*await client(port, b"GET / HT"))
        assert b" 408 " in said.partition(b"\r\n")[0] + b" "


async def test_after_its_end_nothing_is_swept(plane):
    async with serving(plane) as (server, _):
        await server.stop()
    assert server._sweeper.cancelled()


async def test_the_date_is_the_present_one(plane):
    async with serving(plane) as (server, _):
        assert server.state.date.startswith("date: ")
        assert server.state.date.endswith(" GMT\r\n")
