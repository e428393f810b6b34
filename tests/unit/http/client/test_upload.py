"""A request's body goes out as fast as it is taken, and no further than it is wanted."""

import asyncio

import pytest
from tests.fakes.steps import run_interrupted

from gearshift.errors import FailureKind, RequestError, UpstreamError
from gearshift.http.client.exchange import UpstreamConnection
from gearshift.http.client.upload import uploaded

HEAD = b"POST /f HTTP/1.1\r\n\r\n"
OK = b"HTTP/1.1 201 Created\r\ncontent-length: 0\r\n\r\n"
SILENCE = 20.0


def timed(test):
    """Run with a clock that jumps: no wait takes time."""

    def run():
        run_interrupted(test, None)

    run.__name__, run.__doc__ = test.__name__, test.__doc__
    return run


class Transport(asyncio.Transport):
    """Takes everything, or nothing more once it `is_full`."""

    def __init__(self, connection):
        super().__init__()
        self.connection = connection
        self.sent = b""
        self.is_aborted = False
        self.is_full = False

    def write(self, data):
        assert not self.is_aborted
        self.sent += data
        if self.is_full:
            self.connection.pause_writing()

    def is_closing(self):
        return self.is_aborted

    def resume_reading(self):
        """Nothing has been held back."""

    def abort(self):
        if not self.is_aborted:
            self.is_aborted = True
            asyncio.get_running_loop().call_soon(self.connection.connection_lost, None)


class Body:
    """Pieces, then the end, an error, or nothing more."""

    def __init__(self, *pieces, length=None, then=b""):
        self.length = length
        self.has_ended = False
        self.pieces = list(pieces)
        self.then = then
        self.reads = 0

    async def read(self):
        self.reads += 1
        await asyncio.sleep(0)
        if self.pieces:
            return self.pieces.pop(0)
        if isinstance(self.then, Exception):
            raise self.then
        if self.then is None:
            await asyncio.Event().wait()
        self.has_ended = True
        return self.then


def connected():
    connection = UpstreamConnection(asyncio.get_running_loop(), lambda _: None)
    transport = Transport(connection)
    connection.connection_made(transport)
    return connection, transport


async def begun(connection, body):
    task = asyncio.ensure_future(uploaded(connection, HEAD, body, SILENCE))
    await asyncio.sleep(0.1)
    return task


@timed
async def test_a_body_of_known_length_goes_out_as_it_is():
    connection, transport = connected()
    task = await begun(connection, Body(b"abc", b"de", length=5))
    assert transport.sent == HEAD + b"abcde"
    assert not task.done()
    connection.data_received(OK)
    await task
    assert connection.status == 201
    assert await connection.read() == b""
    assert connection.finish()


@timed
async def test_one_of_unknown_length_goes_out_in_chunks():
    connection, transport = connected()
    task = await begun(connection, Body(b"abc", b"x" * 20))
    assert transport.sent == HEAD + b"3\r\nabc\r\n14\r\n" + b"x" * 20 + b"\r\n0\r\n\r\n"
    connection.data_received(OK)
    await task


@timed
async def test_an_upstream_that_takes_nothing_holds_back_the_client():
    connection, transport = connected()
    transport.is_full = True
    body = Body(*[b"x" * 10] * 100, length=1000)
    task = await begun(connection, body)
    assert body.reads == 1
    transport.is_full = False
    connection.resume_writing()
    await asyncio.sleep(0.1)
    assert transport.sent == HEAD + b"x" * 1000
    connection.data_received(OK)
    await task


@timed
async def test_an_answer_before_the_end_ends_the_sending_and_the_connection():
    connection, transport = connected()
    body = Body(b"abc", length=1000, then=None)
    task = await begun(connection, body)
    connection.data_received(OK)
    await task
    assert (connection.status, body.has_ended) == (201, False)
    assert await connection.read() == b""
    assert not connection.finish()
    assert transport.is_aborted


@timed
async def test_a_client_that_fails_ends_the_request():
    connection, transport = connected()
    task = await begun(connection, Body(b"abc", length=9, then=RequestError("too slow")))
    with pytest.raises(RequestError, match="too slow"):
        await task
    assert transport.is_aborted


@timed
async def test_a_client_that_leaves_ends_the_request():
    connection, transport = connected()
    task = await begun(connection, Body(b"abc", length=9, then=None))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert transport.is_aborted


@timed
async def test_an_upstream_that_goes_is_an_error_of_its_own():
    connection, transport = connected()
    task = await begun(connection, Body(b"abc", length=9, then=None))
    transport.abort()
    with pytest.raises(UpstreamError) as caught:
        await task
    assert caught.value.fault is FailureKind.UNREACHABLE


@pytest.mark.parametrize("is_full", [False, True])
def test_an_upstream_that_is_silent_is_given_up(is_full):
    async def scenario():
        connection, transport = connected()
        transport.is_full = is_full
        task = await begun(connection, Body(b"abc", length=3))
        with pytest.raises(UpstreamError, match="silent for 20 s") as caught:
            await task
        assert caught.value.fault is FailureKind.TIMEOUT
        assert asyncio.get_running_loop().time() == SILENCE
        assert transport.is_aborted

    run_interrupted(scenario, None)
