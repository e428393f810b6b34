"""How long an answer may take in all, and how much of it is held before its first content."""

from types import SimpleNamespace

import pytest

from gearshift.errors import FailureKind, UpstreamError
from gearshift.providers.base import Deadlines, UpstreamConfig
from gearshift.providers.openai_compatible import OpenAICompatibleProvider
from gearshift.types import ChatRequest, Operation

DEADLINES = Deadlines(connect_seconds=1, first_token_seconds=20, idle_seconds=7, total_seconds=100)
WORD = b'data: {"choices":[{"index":0,"delta":{"content":"x"}}]}\n\n'
END = b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'
WHOLE = b'{"choices":[{"index":0,"message":{"role":"assistant","content":"x"}}]}'
HELD_BYTES = 1024 * 1024


class Response:
    """The body of a 200 in pieces, each after so many seconds of a clock."""

    status = 200
    content_type = "text/event-stream"

    def __init__(self, clock, pieces):
        self.clock = clock
        self.pieces = list(pieces)
        self.done = []
        self.headers = {}
        self.is_complete = False

    async def read(self):
        seconds, data = self.pieces.pop(0) if self.pieces else (0.0, b"")
        self.clock.now += seconds
        return data

    async def body(self, limit):
        return b"".join([data for _, data in self.pieces])

    async def chunks(self):
        while data := await self.read():
            yield data

    def limit_silence(self, seconds):
        self.done.append(("silence", seconds))

    def abort(self):
        self.done.append("abort")

    def release(self):
        self.done.append("release")


class Client:
    """Answers with one response, and knows how long it may take."""

    def __init__(self, response):
        self.response = response
        self.within = []

    async def request(self, method, path, *, within_seconds, **_):
        self.within.append(within_seconds)
        return self.response


@pytest.fixture
def clock(monkeypatch):
    clock = SimpleNamespace(now=1000.0, time=lambda: 0.0)
    clock.monotonic = lambda: clock.now
    monkeypatch.setattr("gearshift.providers.http_provider.time", clock)
    return clock


def provider(response, deadlines=DEADLINES):
    made = OpenAICompatibleProvider(UpstreamConfig("u", "openai", "http://u/v1"), deadlines)
    made._client = Client(response)  # type: ignore[assignment] # a fake
    return made


def request(*, stream=True):
    messages = [{"role": "user", "content": "hi"}]
    return ChatRequest("openai", Operation.CHAT, "auto", messages, stream=stream)


async def read(frames):
    """How many frames come up to the end."""
    count = 0
    while await frames.read() is not None:
        count += 1
    return count


@pytest.mark.parametrize(
    ("stream", "deadlines", "seconds"),
    [
        (True, DEADLINES, 20),  # up to the first content; the whole is looked at as it comes
        (False, DEADLINES, 100),
        (True, Deadlines(first_token_seconds=120, total_seconds=30), 30),
    ],
)
async def test_the_connection_is_told_how_long_the_answer_may_take(
    clock, stream, deadlines, seconds
):
    response = Response(clock, [(0.0, WORD), (0.0, END)] if stream else [(0.0, WHOLE)])
    upstream = provider(response, deadlines)
    await upstream.send(request(stream=stream), "m")
    assert upstream._client.within == [seconds]
    silences = [done for done in response.done if done[0] == "silence"]
    assert silences == ([("silence", deadlines.idle_seconds)] if stream else [])


async def test_a_stream_that_is_never_silent_and_never_ends_is_ended_after_its_total_time(clock):
    response = Response(clock, [(5.0, WORD)] * 1000)
    frames = await provider(response).send(request(), "m")
    with pytest.raises(UpstreamError, match="not finished within 100 s") as caught:
        await read(frames)
    assert caught.value.fault is FailureKind.TIMEOUT
    assert clock.now - 1000.0 == 105.0  # the first piece after the end of the time
    assert "abort" in response.done


async def test_a_stream_that_ends_with_its_time_is_whole(clock):
    response = Response(clock, [(50.0, WORD), (50.0, WORD), (1.0, END)])
    frames = await provider(response).send(request(), "m")
    assert await read(frames) >= 3
    assert "abort" not in response.done


def without_content(size):
    """A frame of just so many bytes that says nothing."""
    frame = b'data: {"choices":[{"index":0,"delta":{"role":"assistant"}}],"pad":"%b"}\n\n'
    return frame % (b"p" * (size + 2 - len(frame)))


async def test_what_has_no_content_is_held_up_to_a_limit_and_then_given_out(clock):
    frames = [(0.0, without_content(HELD_BYTES // 8))] * 8
    response = Response(clock, [*frames, (0.0, WORD), (0.0, END)])
    answer = await provider(response).send(request(), "m")
    first = await answer.read()
    assert first is not None
    assert len(first.raw) == HELD_BYTES // 8
    assert await read(answer) >= 9


async def test_a_flood_without_content_is_refused_before_it_ends(clock):
    frame = without_content(HELD_BYTES // 8)
    response = Response(clock, [(0.0, frame)] * 1000)
    with pytest.raises(UpstreamError, match="flood") as caught:
        await provider(response).send(request(), "m")
    assert caught.value.fault is FailureKind.GARBAGE
    assert len(response.pieces) == 1000 - 9
    assert response.done == ["abort", "release"]
