"""What an OpenAI-compatible upstream tells of itself, and how requests reach it."""

import time

import pytest
from tests.fakes.upstream import WORDS, FaultUpstream

from gearshift.errors import Fault, UpstreamError
from gearshift.providers.base import Deadlines, UpstreamConfig
from gearshift.providers.openai_compatible import OpenAICompatibleProvider
from gearshift.types import ChatRequest, Operation

QUICK = Deadlines(connect_seconds=1, first_token_seconds=0.3, idle_seconds=0.3, total_seconds=1.0)
KEY = "sk-very-secret"


def request(*, stream: bool, dialect: str = "ollama") -> ChatRequest:
    messages = [{"role": "user", "content": "hi"}]
    return ChatRequest(dialect, Operation.CHAT, "auto", messages, stream=stream)


@pytest.fixture
async def upstream():
    async with FaultUpstream() as running:
        yield running


@pytest.fixture
async def provider(upstream):
    config = UpstreamConfig("u", "openai", f"{upstream.url}/v1", api_key=KEY)
    provider = OpenAICompatibleProvider(config, QUICK)
    yield provider
    await provider.aclose()


async def text(stream) -> str:
    said = ""
    while (frame := await stream.read()) is not None:
        said += frame.chunk.content if frame.chunk else ""
    return said


@pytest.mark.parametrize("stream", [False, True])
async def test_an_answer_and_the_key_that_paid_for_it(provider, upstream, stream):
    frames = await provider.send(request(stream=stream), "m")
    assert await text(frames) == "".join(WORDS)
    await frames.aclose()
    (asked,) = upstream.asked
    assert asked.headers["authorization"] == f"Bearer {KEY}"
    assert asked.json["model"] == "m"


async def test_the_key_is_in_no_message_and_no_repr(provider, upstream):
    assert KEY not in repr(UpstreamConfig("u", "openai", "http://h/v1", api_key=KEY))
    for fault in ("unauthorised", "reset", "garbage", "html", "failed", "echoes_key"):
        upstream.fault = fault
        with pytest.raises(UpstreamError) as caught:
            await provider.send(request(stream=False), "m")
        assert KEY not in str(caught.value)
        assert KEY not in repr(caught.value)
        assert KEY.encode() not in caught.value.body


async def test_models_are_asked_for_unless_the_operator_names_them(upstream, provider):
    state = await provider.probe()
    assert [info.name for info in state.models] == ["gemma2:2b", "mistral:7b-instruct"]
    config = UpstreamConfig("u", "openai", f"{upstream.url}/v1", models=("own",))
    declared = OpenAICompatibleProvider(config, QUICK)
    state = await declared.probe()
    await declared.aclose()
    assert [info.name for info in state.models] == ["own"]


async def test_the_first_token_has_a_deadline_of_its_own(provider, upstream):
    upstream.fault = "stall_after_head"
    started = time.monotonic()
    with pytest.raises(UpstreamError) as caught:
        await provider.send(request(stream=True), "m")
    assert caught.value.fault is Fault.TIMEOUT
    assert time.monotonic() - started < 5


async def test_strict_templates_get_folded_messages_from_then_on(upstream, provider):
    upstream.fault = "strict_template"
    system = {"role": "system", "content": "Be brief."}
    strict = ChatRequest(
        "openai", Operation.CHAT, "auto", [system, {"role": "user", "content": "hi"}]
    )
    for _ in range(2):
        frames = await provider.send(strict, "m")
        await frames.aclose()
    roles = [[m["role"] for m in asked.json["messages"]] for asked in upstream.asked]
    assert roles == [["system", "user"], ["user"], ["user"]]


async def test_a_connection_that_was_closed_meanwhile_is_replaced(provider, upstream):
    for _ in range(3):  # the fake closes after every answer
        frames = await provider.send(request(stream=False), "m")
        await frames.aclose()
    assert len(upstream.asked) == 3


async def test_a_server_that_ignores_names_is_not_asked_for_a_model_it_has_not(upstream, provider):
    upstream.owner = "llamacpp"
    await provider.probe()
    with pytest.raises(UpstreamError) as caught:
        await provider.send(request(stream=False), "another")
    assert caught.value.fault is Fault.MISSING_MODEL
    frames = await provider.send(request(stream=False), "gemma2:2b")
    await frames.aclose()
    assert len(upstream.asked) == 1


async def test_silence_before_the_first_content_is_not_yet_idleness(upstream):
    upstream.fault, upstream.pause_seconds = "slow_first", 0.4
    deadlines = Deadlines(1, first_token_seconds=5, idle_seconds=0.1, total_seconds=5)
    provider = OpenAICompatibleProvider(
        UpstreamConfig("u", "openai", f"{upstream.url}/v1"), deadlines
    )
    frames = await provider.send(request(stream=True), "m")
    assert await text(frames) == "".join(WORDS)
    await frames.aclose()
    await provider.aclose()


async def test_nothing_is_waited_for_after_the_end_mark(provider, upstream):
    upstream.fault = "chatty_end"
    frames = await provider.send(request(stream=True), "m")
    started = time.monotonic()
    assert await text(frames) == "".join(WORDS)
    await frames.aclose()
    assert time.monotonic() - started < 2
    await upstream.idle.wait()
