"""Who has written waits until it is taken, and whoever takes nothing is known by the time."""

import asyncio

from tests.fakes.transport import FakeTransport

from gearshift.http.server.outgoing import Outgoing


class Client(asyncio.Protocol):
    def connection_made(self, transport):
        self.out = Outgoing(asyncio.get_running_loop(), transport)

    def pause_writing(self):
        self.out.pause(0.0)

    def resume_writing(self):
        self.out.resume()


async def test_drained_returns_when_most_is_taken():
    client = Client()
    transport = FakeTransport(client)
    transport.takes_all = False
    await client.out.drained()  # nothing is written
    transport.write(b"x" * 100_000)
    waiting = asyncio.create_task(client.out.drained())
    await asyncio.sleep(0)
    transport.take(50_000)
    await asyncio.sleep(0)
    assert not waiting.done()
    transport.take()
    await waiting
    assert not client.out.is_paused


async def test_drained_returns_when_nobody_is_left_to_take():
    client = Client()
    transport = FakeTransport(client)
    transport.takes_all = False
    transport.write(b"x" * 100_000)
    waiting = asyncio.create_task(client.out.drained())
    await asyncio.sleep(0)
    transport.abort()
    client.out.resume()
    await waiting


async def test_stalled_since_the_last_byte_was_taken():
    client = Client()
    transport = FakeTransport(client)
    transport.takes_all = False
    transport.write(b"x" * 100_000)
    assert client.out.stalled_seconds(5.0) == 5.0
    transport.take(1)
    assert client.out.stalled_seconds(7.0) == 0.0
    assert client.out.stalled_seconds(9.0) == 2.0
    client.out.watch(10.0)
    assert client.out.stalled_seconds(11.0) == 1.0
