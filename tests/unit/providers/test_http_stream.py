"""How long a stream may take in all, and how much of it is held before its first content."""

from types import SimpleNamespace

import pytest
from tests.fakes.timed_response import TimedResponse

from gearshift.dialects.openai.dialect import OpenAIDialect
from gearshift.errors import FailureKind, UpstreamError
from gearshift.providers.base import Deadlines
from gearshift.providers.http_stream import HttpStream

DEADLINES = Deadlines(connect_seconds=1, first_token_seconds=20, idle_seconds=7, total_seconds=100)
WORD = b'data: {"choices":[{"index":0,"delta":{"content":"x"}}]}\n\n'
END = b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'
HELD_BYTES = 1024 * 1024


@pytest.fixture
def clock(monkeypatch):
    clock = SimpleNamespace(now=1000.0)
    clock.monotonic = lambda: clock.now
    monkeypatch.setattr("gearshift.providers.http_stream.time", clock)
    return clock


def failure(message):
    return UpstreamError(message, fault=FailureKind.FAILED)


async def held(response):
    """The stream of a response, read to its first content."""
    wire = OpenAIDialect()
    started = response.clock.now
    reader = wire.stream_reader()
    stream = HttpStream(response, reader, wire.framed, failure, DEADLINES, started)
    await stream.hold_to_content()
    return stream


async def read(frames):
    """How many frames come up to the end."""
    count = 0
    while await frames.read() is not None:
        count += 1
    return count


async def test_a_stream_that_is_never_silent_and_never_ends_is_ended_after_its_total_time(clock):
    response = TimedResponse(clock, [(5.0, WORD)] * 1000)
    frames = await held(response)
    with pytest.raises(UpstreamError, match="not finished within 100 s") as caught:
        await read(frames)
    assert caught.value.fault is FailureKind.TIMEOUT
    assert clock.now - 1000.0 == 105.0  # the first piece after the end of the time
    assert "abort" in response.done


async def test_a_stream_that_ends_with_its_time_is_whole(clock):
    response = TimedResponse(clock, [(50.0, WORD), (50.0, WORD), (1.0, END)])
    frames = await held(response)
    assert await read(frames) >= 3
    assert "abort" not in response.done


def without_content(size):
    """A frame of just so many bytes that says nothing."""
    frame = b'data: {"choices":[{"index":0,"delta":{"role":"assistant"}}],"pad":"%b"}\n\n'
    return frame % (b"p" * (size + 2 - len(frame)))


async def test_what_has_no_content_is_held_up_to_a_limit_and_then_given_out(clock):
    frames = [(0.0, without_content(HELD_BYTES // 8))] * 8
    response = TimedResponse(clock, [*frames, (0.0, WORD), (0.0, END)])
    answer = await held(response)
    first = await answer.read()
    assert first is not None
    assert len(first.raw) == HELD_BYTES // 8
    assert await read(answer) >= 9


async def test_a_flood_without_content_is_refused_before_it_ends(clock):
    frame = without_content(HELD_BYTES // 8)
    response = TimedResponse(clock, [(0.0, frame)] * 1000)
    with pytest.raises(UpstreamError, match="flood") as caught:
        await held(response)
    assert caught.value.fault is FailureKind.GARBAGE
    assert len(response.pieces) == 1000 - 9
