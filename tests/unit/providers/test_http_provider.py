"""How long an answer may take in all, and what is done with one that is none."""

import threading
from types import SimpleNamespace

import orjson
import pytest
from tests.fakes.timed_response import TimedResponse
from tests.fakes.upstream import FaultUpstream

from gearshift.dialects.openai.embeddings import OpenAIEmbeddings
from gearshift.errors import FailureKind, UntranslatableError, UpstreamError
from gearshift.providers.base import Deadlines, UpstreamConfig
from gearshift.providers.openai_compatible import OpenAICompatibleProvider
from gearshift.types import ChatRequest, Operation, Usage

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


def texts(*inputs, **more):
    body = orjson.dumps({"model": "auto", "input": list(inputs), **more})
    return OpenAIEmbeddings().parse(Operation.EMBEDDING, body)


def vectors(*found):
    data = [{"embedding": vector, "index": n} for n, vector in enumerate(found)]
    return orjson.dumps({"data": data, "model": "m", "usage": {"prompt_tokens": 3}})


@pytest.fixture
async def upstream():
    async with FaultUpstream() as running:
        yield running


@pytest.fixture
async def asked(upstream):
    provider = OpenAICompatibleProvider(
        UpstreamConfig("u", "openai", f"{upstream.url}/v1", api_key="sk-very-secret"), Deadlines()
    )
    yield provider
    await provider.aclose()


async def test_vectors_come_with_what_was_used(upstream, asked):
    response = await asked.embed(texts("a", "b", user="u"), "m")
    assert response.vectors == (b"[0.6, 0.8]", b"[0.6, 0.8]")
    assert response.frame.chunk.usage == Usage(3)
    (received,) = upstream.asked
    assert received.path == "/v1/embeddings"
    assert received.json == {"model": "m", "input": ["a", "b"], "user": "u"}
    assert received.headers["authorization"] == "Bearer sk-very-secret"
    state = await asked.probe()
    assert "m" in [info.name for info in state.models]  # it has answered


async def test_a_large_batch_is_written_and_read_in_threads(upstream, asked, monkeypatch):
    threads = []
    for name in ("upstream_body", "decode_response"):
        method = getattr(OpenAIEmbeddings, name)

        def noted(*arguments, method=method):
            threads.append(threading.current_thread().name.partition("_")[0])
            return method(*arguments)

        monkeypatch.setattr(OpenAIEmbeddings, name, noted)
    upstream.says = vectors([0.5] * 100_000)
    await asked.embed(texts("a" * 300_000), "m")
    assert threads == ["decode", "decode"]


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        (b"<html>", FailureKind.FAILED),
        (b'{"data":[]}', FailureKind.FAILED),
        (vectors([1], [2]), FailureKind.FAILED),
        (vectors([None]), FailureKind.FAILED),
        (b'{"error":{"message":"not a multimodal model"}}', FailureKind.INCAPABLE),
    ],
)
async def test_what_is_no_answer_is_a_failure(upstream, asked, said, fault):
    upstream.says = said
    with pytest.raises(UpstreamError) as caught:
        await asked.embed(texts("a"), "m")
    assert caught.value.fault is fault


@pytest.mark.parametrize("status", [404, 405, 501])
async def test_a_server_without_embeddings_is_well(upstream, asked, status):
    upstream.fault = f"status_{status}"
    with pytest.raises(UpstreamError, match="no embeddings") as caught:
        await asked.embed(texts("a"), "m")
    assert caught.value.fault is FailureKind.INCAPABLE


async def test_a_model_that_is_not_there_is_missing_all_the_same(upstream, asked):
    await asked.probe()
    upstream.fault = "missing_model"
    with pytest.raises(UpstreamError) as caught:
        await asked.embed(texts("a"), "m")
    assert caught.value.fault is FailureKind.MISSING_MODEL
    assert (await asked.probe()).missing == {"m"}


async def test_a_server_that_knows_one_form_is_asked_for_that_from_then_on(upstream, asked):
    upstream.refuses = {"encoding_format": "Unsupported parameter: encoding_format"}
    request = texts("a", encoding_format="base64")
    response = await asked.embed(request, "m")
    assert response.frame.is_other_shape
    await asked.embed(request, "m")
    forms = ["encoding_format" in received.json for received in upstream.asked]
    assert forms == [True, False, False]


async def test_a_dialect_without_embeddings_says_so(asked, monkeypatch):
    monkeypatch.delattr(type(asked._wire), "embeddings")
    with pytest.raises(UntranslatableError, match="no embeddings"):
        await asked.embed(texts("a"), "m")
