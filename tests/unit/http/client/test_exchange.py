"""One socket to an upstream: how long it may be silent, and when it is of use again."""

import asyncio

import pytest
from tests.fakes.steps import SteppedLoop, run_interrupted

from gearshift.errors import FailureKind, UpstreamError
from gearshift.http.client.exchange import UpstreamConnection

HEAD = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
END = b"0\r\n\r\n"
IDLE_SECONDS = 10.0


class Transport(asyncio.Transport):
    """Notes what is done to it."""

    def __init__(self):
        super().__init__()
        self.sent = b""
        self.is_paused = False
        self.is_aborted = False

    def write(self, data):
        self.sent += data

    def pause_reading(self):
        assert not self.is_paused
        self.is_paused = True

    def resume_reading(self):
        assert self.is_paused
        self.is_paused = False

    def is_closing(self):
        return self.is_aborted

    def abort(self):
        self.is_aborted = True


def chunk(data):
    return b"%x\r\n%b\r\n" % (len(data), data)


async def connected(*answer, within_seconds=None):
    """A connection whose request is answered with these bytes."""
    loop = asyncio.get_running_loop()
    connection = UpstreamConnection(loop, lambda _: None)
    transport = Transport()
    connection.connection_made(transport)
    exchanging = asyncio.ensure_future(
        connection.exchange(b"GET / HTTP/1.1\r\n\r\n", within_seconds)
    )
    await asyncio.sleep(0)
    for data in answer:
        connection.data_received(data)
    await exchanging
    return connection, transport


def timed(test):
    """Run with a clock that jumps: no wait takes time."""

    def run():
        run_interrupted(test, None)

    run.__name__, run.__doc__ = test.__name__, test.__doc__
    return run


@timed
async def test_an_answer_in_pieces_and_the_next_one_on_the_same_socket():
    connection, transport = await connected(HEAD, chunk(b"one"))
    assert await connection.read() == b"one"
    connection.data_received(chunk(b"two") + END)
    assert await connection.read() == b"two"
    assert await connection.read() == b""
    assert connection.finish()
    assert not transport.is_aborted


@timed
async def test_silence_for_too_long_is_an_error():
    connection, transport = await connected(HEAD, chunk(b"one"))
    connection.limit_silence(IDLE_SECONDS)
    await connection.read()
    loop = asyncio.get_running_loop()
    began = loop.time()
    with pytest.raises(UpstreamError, match="silent for 10 s") as caught:
        await connection.read()
    assert caught.value.fault is FailureKind.TIMEOUT
    assert loop.time() - began == pytest.approx(IDLE_SECONDS)
    assert transport.is_aborted


@timed
async def test_every_piece_ends_the_silence():
    connection, transport = await connected(HEAD)
    connection.limit_silence(IDLE_SECONDS)
    for _ in range(20):
        await asyncio.sleep(0.9 * IDLE_SECONDS)
        connection.data_received(chunk(b"x"))
        assert await connection.read() == b"x"
    assert not transport.is_aborted


@timed
async def test_while_we_hold_it_back_nothing_is_timed_and_nothing_is_polled():
    connection, transport = await connected(HEAD)
    connection.limit_silence(IDLE_SECONDS)
    connection.data_received(chunk(b"x" * 300_000))
    assert transport.is_paused
    loop = asyncio.get_running_loop()
    assert isinstance(loop, SteppedLoop)
    await asyncio.sleep(1.01 * IDLE_SECONDS)
    steps = loop.steps
    await asyncio.sleep(100 * IDLE_SECONDS)
    assert loop.steps - steps < 5
    assert len(await connection.read()) == 300_000
    assert not transport.is_paused
    # Its silence begins when it is heard again.
    await asyncio.sleep(0.99 * IDLE_SECONDS)
    assert not transport.is_aborted
    await asyncio.sleep(0.02 * IDLE_SECONDS)
    assert transport.is_aborted


@pytest.mark.parametrize("seconds", [0.0, 0.5, 0.999, 1.0, 1.001, 1.5, 2.0])
def test_a_healthy_stream_is_not_ended_in_the_moment_of_resuming(seconds):
    async def scenario():
        connection, transport = await connected(HEAD)
        connection.limit_silence(IDLE_SECONDS)
        for _ in range(5):
            connection.data_received(chunk(b"x" * 300_000))
            await asyncio.sleep(seconds * IDLE_SECONDS)
            await connection.read()
            await asyncio.sleep(0.9 * IDLE_SECONDS)
            assert not transport.is_aborted
        connection.data_received(END)
        assert await connection.read() == b""
        assert connection.finish()
        await asyncio.sleep(3 * IDLE_SECONDS)
        assert not transport.is_aborted

    run_interrupted(scenario, None)


@timed
async def test_an_answer_that_keeps_coming_has_its_time_in_all():
    connection, transport = await connected(HEAD, within_seconds=IDLE_SECONDS)
    loop = asyncio.get_running_loop()
    began = loop.time()
    for _ in range(4):
        loop.call_at(loop.time() + 2.0, connection.data_received, chunk(b"x"))
        assert await connection.read() == b"x"
    with pytest.raises(UpstreamError, match="nothing within 10 s") as caught:
        await connection.read()
    assert caught.value.fault is FailureKind.TIMEOUT
    assert loop.time() - began == pytest.approx(IDLE_SECONDS)
    assert transport.is_aborted


@timed
async def test_a_head_that_does_not_come_has_its_time_too():
    with pytest.raises(UpstreamError, match="nothing within 10 s"):
        await connected(within_seconds=IDLE_SECONDS)


@pytest.mark.parametrize("is_silence_limited", [False, True])
def test_an_answer_that_has_come_in_time_is_not_ended_afterwards(is_silence_limited):
    async def scenario():
        connection, transport = await connected(HEAD, within_seconds=IDLE_SECONDS)
        if is_silence_limited:
            connection.limit_silence(100 * IDLE_SECONDS)  # takes the place of the other limit
            await asyncio.sleep(2 * IDLE_SECONDS)
        connection.data_received(END)
        await asyncio.sleep(2 * IDLE_SECONDS)
        assert await connection.read() == b""
        assert connection.finish()
        assert not transport.is_aborted

    run_interrupted(scenario, None)


@timed
async def test_an_exchange_that_is_given_up_ends_its_socket():
    connection, transport = await connected(HEAD, chunk(b"one"))
    assert not connection.finish()
    assert transport.is_aborted


@timed
async def test_bytes_that_nobody_asked_for_end_the_socket():
    connection, transport = await connected(HEAD, END)
    await connection.read()
    assert connection.finish()
    connection.data_received(b"HTTP/1.1 200 OK\r\n\r\n")
    assert transport.is_aborted


@timed
async def test_a_connection_that_breaks_says_where():
    connection, _ = await connected(HEAD, chunk(b"one"))
    connection.connection_lost(ConnectionResetError("reset by peer"))
    assert await connection.read() == b"one"
    with pytest.raises(UpstreamError, match="cut off: reset by peer") as caught:
        await connection.read()
    assert caught.value.fault is FailureKind.CUT_OFF


async def test_one_that_is_given_up_just_when_its_answer_has_come_is_closed():
    connection = UpstreamConnection(asyncio.get_running_loop(), lambda _: None)
    transport = Transport()
    connection.connection_made(transport)
    exchanging = asyncio.ensure_future(connection.exchange(b"GET / HTTP/1.1\r\n\r\n"))
    await asyncio.sleep(0)
    connection.data_received(HEAD + chunk(b"all") + END)
    exchanging.cancel()
    with pytest.raises(asyncio.CancelledError):
        await exchanging
    assert transport.is_aborted
