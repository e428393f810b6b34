"""What every upstream over HTTP has in common: nothing is left open, and no key gets out."""

import asyncio

import pytest
from tests.fakes.dialects import SpokenOpenAI
from tests.fakes.scripted import Act, ScriptedUpstream, chunk
from tests.fakes.upstream import FaultUpstream

from gearshift.errors import FailureKind, UpstreamError
from gearshift.providers import http_provider, http_stream
from gearshift.providers.base import Deadlines, UpstreamConfig
from gearshift.providers.openai_compatible import OpenAICompatibleProvider
from gearshift.types import ChatRequest, Operation

KEY = "sk-very-secret"


def request(stream=False, **body):
    messages = body.pop("messages", [{"role": "user", "content": "hi"}])
    return ChatRequest("openai", Operation.CHAT, "auto", messages, stream=stream, **body)


def provider_of(url, **deadlines):
    config = UpstreamConfig("u", "openai", url, api_key=KEY)
    return OpenAICompatibleProvider(config, Deadlines(**deadlines))


@pytest.fixture
async def upstream():
    async with FaultUpstream() as running:
        yield running


@pytest.fixture
async def provider(upstream):
    provider = provider_of(f"{upstream.url}/v1")
    yield provider
    await provider.aclose()


async def frames_of(stream):
    found = []
    while (frame := await stream.read()) is not None:
        found.append(frame)
    return found


async def failure(provider, asked):
    with pytest.raises(UpstreamError) as caught:
        await whole(provider, asked)
    return caught.value


async def whole(provider, asked, model="m"):
    stream = await provider.send(asked, model)
    try:
        return await frames_of(stream)
    finally:
        await stream.aclose()


async def test_a_stream_is_handed_over_at_its_first_content(provider, upstream):
    upstream.fault = "stall_mid"
    stream = await provider.send(request(stream=True), "m")
    frame = await stream.read()
    assert frame.chunk.content == "one"
    await stream.aclose()
    await asyncio.wait_for(upstream.idle.wait(), 10)
    assert await stream.read() is None


@pytest.mark.parametrize("stream", [False, True])
async def test_an_answer_is_complete(provider, stream):
    frames = await frames_of(await provider.send(request(stream=stream), "m"))
    assert "".join(f.chunk.content for f in frames if f.chunk) == "one two three"


@pytest.mark.parametrize(
    ("fault", "kind", "status"),
    [
        ("failed", FailureKind.FAILED, 500),
        ("busy", FailureKind.BUSY, 503),
        ("rejected", FailureKind.REJECTED, 400),
        ("html", FailureKind.GARBAGE, 200),
        ("error_with_200", FailureKind.FAILED, None),
    ],
)
async def test_an_error_is_told_with_its_status(provider, upstream, fault, kind, status):
    upstream.fault = fault
    error = await failure(provider, request())
    assert (error.fault, error.status) == (kind, status)


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ("end_mid", FailureKind.CUT_OFF),
        ("error_mid", FailureKind.FAILED),
        ("cut_mid", FailureKind.CUT_OFF),
    ],
)
async def test_a_stream_that_breaks_off_says_so(provider, upstream, fault, kind):
    upstream.fault = fault
    assert (await failure(provider, request(stream=True))).fault in (kind, FailureKind.UNREACHABLE)


async def test_what_an_upstream_quotes_of_our_key_goes_no_further(provider, upstream):
    upstream.fault = "echoes_key"
    error = await failure(provider, request())
    assert KEY not in error.message
    assert KEY.encode() not in error.body
    assert "***" in error.message


async def test_a_first_token_that_does_not_come_ends_the_request(upstream):
    upstream.fault = "stall_before_head"
    provider = provider_of(f"{upstream.url}/v1", first_token_seconds=0.01)
    error = await failure(provider, request(stream=True))
    assert error.fault is FailureKind.TIMEOUT
    await asyncio.wait_for(upstream.idle.wait(), 10)
    await provider.aclose()


async def test_a_stream_may_not_take_for_ever_however_lively(upstream):
    upstream.pause_seconds = 0.02
    provider = provider_of(f"{upstream.url}/v1", total_seconds=0.03)
    error = await failure(provider, request(stream=True))
    assert error.fault is FailureKind.TIMEOUT
    await provider.aclose()


async def scripted(script, asked, then=None):
    """The outcome of a request by a script, and the upstream afterwards."""
    async with ScriptedUpstream(SpokenOpenAI(), ("m",), {"m": script}) as fake:
        provider = provider_of(fake.url)
        try:
            outcome = await whole(provider, asked)
        except UpstreamError as error:
            outcome = error
        if then is not None:
            await whole(provider, asked, then)
        await provider.aclose()
        return outcome, fake


async def test_a_connection_is_used_again_after_a_whole_stream():
    def script(answering):
        return [answering.chunked(), chunk(answering.said()), chunk(b"")]

    outcome, fake = await scripted(script, request(stream=True), then="other")
    assert outcome[-1].is_end
    assert fake.connections == 1


async def test_but_not_after_an_end_mark_that_more_follows(monkeypatch):
    monkeypatch.setattr(http_stream, "_TAIL_SECONDS", 0)

    def script(answering):
        return [answering.chunked(), chunk(answering.said()), Act.HANG]

    outcome, fake = await scripted(script, request(stream=True), then="other")
    assert outcome[-1].is_end
    assert fake.connections == 2


async def test_a_flood_of_frames_without_content_is_no_answer(monkeypatch):
    monkeypatch.setattr(http_stream, "_MAX_HELD_BYTES", 1000)
    empty = b'data: {"choices":[{"index":0,"delta":{"role":"assistant"}}]}\n\n'

    def script(answering):
        return [answering.chunked(), chunk(empty * 100), Act.HANG]

    outcome, _ = await scripted(script, request(stream=True))
    assert outcome.fault is FailureKind.GARBAGE


async def test_a_reason_to_finish_is_an_end_without_its_mark():
    def script(answering):
        said = answering.said().replace(b"data: [DONE]\n\n", b"")
        return [answering.chunked(), chunk(said), chunk(b"")]

    outcome, _ = await scripted(script, request(stream=True))
    assert outcome[-1].chunk.finish_reason == "stop"


@pytest.mark.parametrize(
    ("value", "expected"), [("7", 7.0), ("1.5", 1.5), ("-3", 0.0), ("Fri, 1 Jan", None), ("", None)]
)
async def test_when_to_come_back_is_passed_on(value, expected):
    def script(answering):
        body = b'{"error":{"message":"busy"}}'
        return [answering.sized(body, f"retry-after: {value}", status="429 X")]

    outcome, _ = await scripted(script, request())
    assert outcome.retry_after_seconds == expected


async def test_an_error_page_is_read_only_so_far(monkeypatch):
    monkeypatch.setattr(http_provider, "MAX_ERROR_BYTES", 100)

    def script(answering):
        return [answering.sized(b"x" * 50_000, status="500 X")]

    outcome, _ = await scripted(script, request())
    assert len(outcome.body) == 100


async def test_what_is_refused_by_name_is_left_out_from_then_on(provider, upstream):
    upstream.fault = "strict_template"
    messages = [{"role": "system", "content": "be short"}, {"role": "user", "content": "hi"}]
    for count in (2, 3):
        await frames_of(await provider.send(request(messages=messages), "m"))
        assert len(upstream.asked) == count
    assert [m["role"] for m in upstream.asked[-1].json["messages"]] == ["user"]


async def test_that_is_known_of_the_model_that_said_it_alone(provider, upstream):
    upstream.fault = "strict_template"
    messages = [{"role": "system", "content": "be short"}, {"role": "user", "content": "hi"}]
    await frames_of(await provider.send(request(messages=messages), "m"))
    assert provider.left_out("m")
    assert not provider.left_out("other")


async def test_what_did_not_help_is_not_remembered(provider, upstream):
    upstream.fault = "incapable"
    await failure(provider, request())
    assert not provider.left_out("m")
    assert len(upstream.asked) == 1
