"""A body that is read as it comes: in order, at its reader's pace, and not for ever."""

import asyncio

import pytest
from tests.fakes.steps import run_interrupted

from gearshift.errors import RequestError
from gearshift.http.server.streamed_body import BODY_BYTES_PER_SECOND, StreamedBody


def timed(test):
    """Run with a clock that jumps: no wait takes time."""

    def run():
        run_interrupted(test, None)

    run.__name__, run.__doc__ = test.__name__, test.__doc__
    return run


def made(length=None, seconds=30.0, asks=False):
    told = []
    return StreamedBody(length, seconds, lambda *, asks: told.append(asks), asks=asks), told


@timed
async def test_what_has_come_is_read_at_once_and_room_is_told():
    body, told = made(6)
    body.feed(b"abc")
    body.feed(b"def")
    assert body.held_bytes == 6
    assert await body.read() == b"abcdef"
    assert body.held_bytes == 0
    assert told == [False]
    assert not body.has_ended
    body.end()
    assert [await body.read(), await body.read()] == [b"", b""]
    assert body.has_ended


@timed
async def test_a_reader_waits_for_the_next_piece():
    body, _ = made()
    reading = asyncio.ensure_future(body.read())
    await asyncio.sleep(1)
    body.feed(b"late")
    assert await reading == b"late"


@timed
async def test_a_client_that_asks_is_told_to_go_on_once_its_body_is_wanted():
    body, told = made(asks=True)
    assert told == []
    reading = asyncio.ensure_future(body.read())
    await asyncio.sleep(0)
    assert told == [True]
    body.feed(b"x")
    await reading
    assert told == [True, False]


@timed
async def test_a_client_that_sends_nothing_is_given_up():
    body, _ = made(seconds=5)
    loop = asyncio.get_running_loop()
    with pytest.raises(RequestError) as caught:
        await body.read()
    assert (caught.value.status, loop.time()) == (408, 5)


@timed
async def test_time_is_earned_with_bytes_and_not_lost_to_a_slow_reader():
    body, _ = made(seconds=5)
    loop = asyncio.get_running_loop()
    body.feed(b"x" * 2 * BODY_BYTES_PER_SECOND)
    await asyncio.sleep(1000)  # the upstream is slow, not the client
    await body.read()
    before = loop.time()
    with pytest.raises(RequestError):
        await body.read()
    assert loop.time() - before == 7


@timed
async def test_drops_of_bytes_do_not_hold_a_connection_for_ever():
    body, _ = made(seconds=5)

    async def drip():
        while True:
            await asyncio.sleep(1)
            body.feed(b"x")

    async def read_all():
        while await body.read():
            pass

    dripping = asyncio.ensure_future(drip())
    with pytest.raises(RequestError):
        await read_all()
    assert asyncio.get_running_loop().time() < 6
    dripping.cancel()


@timed
async def test_what_is_malformed_reaches_the_reader():
    body, _ = made()
    reading = asyncio.ensure_future(body.read())
    await asyncio.sleep(0)
    body.fail(RequestError("bad chunk"))
    with pytest.raises(RequestError, match="bad chunk"):
        await reading
    with pytest.raises(RequestError, match="bad chunk"):
        await body.read()
