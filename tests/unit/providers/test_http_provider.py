"""How long an answer may take in all, and what is done with one that is none."""

from types import SimpleNamespace

import pytest
from tests.fakes.timed_response import TimedResponse

from gearshift.errors import FailureKind, UpstreamError
from gearshift.providers.base import Deadlines, UpstreamConfig
from gearshift.providers.openai_compatible import OpenAICompatibleProvider
from gearshift.types import ChatRequest, Operation

DEADLINES = Deadlines(connect_seconds=1, first_token_seconds=20, idle_seconds=7, total_seconds=100)
WORD = b'data: {"choices":[{"index":0,"delta":{"content":"x"}}]}\n\n'
END = b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'
WHOLE = b'{"choices":[{"index":0,"message":{"role":"assistant","content":"x"}}]}'


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
    monkeypatch.setattr("gearshift.providers.http_stream.time", clock)
    return clock


def provider(response, deadlines=DEADLINES):
    made = OpenAICompatibleProvider(UpstreamConfig("u", "openai", "http://u/v1"), deadlines)
    made._client = Client(response)  # type: ignore[assignment] # a fake
    return made


def request(*, stream=True):
    messages = [{"role": "user", "content": "hi"}]
    return ChatRequest("openai", Operation.CHAT, "auto", messages, stream=stream)


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
    response = TimedResponse(clock, [(0.0, WORD), (0.0, END)] if stream else [(0.0, WHOLE)])
    upstream = provider(response, deadlines)
    await upstream.send(request(stream=stream), "m")
    assert upstream._client.within == [seconds]
    silences = [done for done in response.done if done[0] == "silence"]
    assert silences == ([("silence", deadlines.idle_seconds)] if stream else [])


async def test_a_flood_without_content_is_refused_and_its_connection_not_used_again(clock):
    frame = b'data: {"choices":[{"index":0,"delta":{"role":"assistant"}}],"pad":"%b"}\n\n'
    response = TimedResponse(clock, [(0.0, frame % (b"p" * 200_000))] * 1000)
    with pytest.raises(UpstreamError, match="flood") as caught:
        await provider(response).send(request(), "m")
    assert caught.value.fault is FailureKind.GARBAGE
    assert response.done == ["abort", "release"]
