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
    return "".join([frame.chunk.content async for frame in stream if frame.chunk])


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
    for fault in ("unauthorised", "reset", "garbage", "html", "failed"):
        upstream.fault = fault
        with pytest.raises(UpstreamError) as caught:
            await provider.send(request(stream=False), "m")
        assert KEY not in str(caught.value)
        assert KEY not in repr(caught.value)


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
