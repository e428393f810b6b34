"""Anthropic's own SDK, unmodified, chats through the gateway with both tiers answering."""

import asyncio
import json
from typing import Any

import pytest
from tests.conftest import TIERS
from tests.fakes.sdks import anthropic
from tests.fakes.upstream import FaultUpstream

PROMPTS = {"simple": "What time is it?", "complex": "Explain async vs threads"}
WEATHER: Any = {
    "name": "weather",
    "description": "The weather of a city.",
    "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}},
}


def event(delta, finish=None, **more):
    """An event of OpenAI's stream."""
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    said = {"id": "1", "object": "chat.completion.chunk", "model": "gemma2:2b", **more}
    return b"data: " + json.dumps({**said, "choices": [choice]}).encode() + b"\n\n"


def call(**function):
    """The same with a piece of a tool call."""
    named = {"id": "call_1", "type": "function"} if "name" in function else {}
    return event({"tool_calls": [{"index": 0, **named, "function": function}]})


CALLING = b"".join(
    (
        event({"role": "assistant", "content": "One moment."}),
        call(name="weather", arguments=""),
        call(arguments='{"city":'),
        call(arguments='"Paris"}'),
        event({}, "tool_calls", usage={"prompt_tokens": 30, "completion_tokens": 9}),
        b"data: [DONE]\n\n",
    )
)


@pytest.fixture
def client(served):
    with anthropic.Anthropic(base_url=served.url, api_key="unused", max_retries=0) as client:
        yield client


def turn(text):
    return [{"role": "user", "content": text}]


@pytest.mark.parametrize("tier", TIERS)
def test_whole(client, tier, replies):
    answer = client.messages.create(model="auto", max_tokens=64, messages=turn(PROMPTS[tier]))
    assert [block.text for block in answer.content] == [replies[tier]]
    assert answer.model == TIERS[tier]
    assert answer.stop_reason == "end_turn"
    assert answer.usage.output_tokens > 10


@pytest.mark.parametrize("tier", TIERS)
def test_stream(client, tier, replies):
    asked = {"model": "auto", "max_tokens": 64, "messages": turn(PROMPTS[tier])}
    with client.messages.stream(**asked) as stream:
        assert "".join(stream.text_stream) == replies[tier]
        message = stream.get_final_message()
    assert message.model == TIERS[tier]
    assert message.stop_reason == "end_turn"
    assert message.usage.output_tokens > 10
    assert stream.response.headers["x-gearshift-tier"] == tier


async def test_side_by_side(served, replies):
    async with anthropic.AsyncAnthropic(base_url=served.url, api_key="unused") as client:
        answers: list[Any] = await asyncio.gather(
            *(
                client.messages.create(model="auto", max_tokens=64, messages=turn(PROMPTS[tier]))
                for tier in ("simple", "complex") * 4
            )
        )
    assert [a.content[0].text for a in answers] == [*replies.values()] * 4


def test_a_stream_can_be_left(client):
    asked = {"model": "auto", "max_tokens": 64, "messages": turn(PROMPTS["complex"])}
    with client.messages.stream(**asked) as stream:
        next(iter(stream.text_stream))
    assert client.messages.create(**asked).content


def test_system_tools_images_and_old_calls_do_not_upset_the_demo(demo):
    with anthropic.Anthropic(base_url=demo.url, api_key="unused", max_retries=0) as client:
        answer = client.messages.create(
            model="auto",
            max_tokens=64,
            system=[{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}],
            tools=[WEATHER],
            messages=[
                *turn("What is the weather in Paris?"),
                {
                    "role": "assistant",
                    "content": [
                        {"type": "thinking", "thinking": "I need to look.", "signature": "s"},
                        {
                            "type": "tool_use",
                            "id": "toolu_1",
                            "name": "weather",
                            "input": {"city": "Paris"},
                        },
                    ],
                },
                {
                    "role": "user",
                    "content": [
                        {"type": "tool_result", "tool_use_id": "toolu_1", "content": "rain"},
                        {"type": "text", "text": "What time is it?"},
                    ],
                },
            ],
        )
    assert answer.model == TIERS["simple"]
    assert answer.content


def test_names(client):
    names = [model.id for model in client.models.list(limit=2)]  # page by page
    assert names[:3] == ["auto", "simple", "complex"]
    assert client.models.retrieve("gemma2:2b").display_name == "gemma2:2b"
    for name, model in [*TIERS.items(), ("gemma2:2b", "gemma2:2b")]:
        answer = client.messages.create(model=name, max_tokens=9, messages=turn("Hello"))
        assert answer.model == model


def test_tokens_are_counted_by_an_engine_that_can(demo):
    asked: dict[str, Any] = {
        "model": "auto",
        "system": "Be brief.",
        "messages": turn("Hello there, 你好"),
    }
    with anthropic.Anthropic(base_url=demo.url, api_key="unused", max_retries=0) as client:
        counted = client.messages.count_tokens(**asked)
        usage = client.messages.create(**asked, max_tokens=9).usage
    assert counted.input_tokens == usage.input_tokens + usage.cache_read_input_tokens


def test_errors(client):
    with pytest.raises(anthropic.NotFoundError, match="'type': 'not_found_error'"):
        client.messages.create(model="nobody", max_tokens=9, messages=turn("Hello"))
    with pytest.raises(anthropic.BadRequestError, match="messages"):
        client.messages.create(model="auto", max_tokens=9, messages=[])
    with pytest.raises(anthropic.BadRequestError, match=r"tools of type 'web_search_20250305'"):
        client.messages.create(
            model="auto",
            max_tokens=9,
            messages=turn("Hello"),
            tools=[{"type": "web_search_20250305", "name": "web_search"}],
        )
    with pytest.raises(anthropic.NotFoundError, match="not available"):
        client.messages.batches.list()


@pytest.fixture
async def calling(gateway):
    """A client, and the upstream behind its gateway that calls a tool."""
    async with FaultUpstream(says=CALLING) as upstream:
        here = {"name": "here", "provider": "openai", "base_url": f"{upstream.url}/v1"}
        async with (
            gateway({"upstreams": [here]}) as url,
            anthropic.AsyncAnthropic(base_url=url, api_key="unused", max_retries=0) as client,
        ):
            yield client, upstream


@pytest.mark.parametrize("is_streamed", [True, False])
async def test_a_tool_is_called_and_its_result_goes_back(calling, is_streamed):
    client, upstream = calling
    asked = {"model": "gemma2:2b", "max_tokens": 64, "tools": [WEATHER]}
    question = turn("What is the weather in Paris?")
    if is_streamed:
        async with client.messages.stream(messages=question, **asked) as stream:
            answer = await stream.get_final_message()
    else:
        answer = await client.messages.create(messages=question, **asked)
    said, call = answer.content
    assert said.text == "One moment."
    assert (call.name, call.input) == ("weather", {"city": "Paris"})
    assert answer.stop_reason == "tool_use"
    assert (answer.usage.input_tokens, answer.usage.output_tokens) == (30, 9)

    result = {"type": "tool_result", "tool_use_id": call.id, "content": "rain"}
    told = [
        *question,
        {"role": "assistant", "content": answer.content},
        {"role": "user", "content": [result]},
    ]
    await client.messages.create(messages=told, **asked)
    sent = upstream.asked[-1].json
    _, called, returned = sent["messages"]
    assert called["tool_calls"][0]["function"]["arguments"] == '{"city":"Paris"}'
    assert returned["content"] == "rain"
    assert returned["tool_call_id"] == called["tool_calls"][0]["id"]
    assert sent["tools"][0]["function"]["parameters"] == WEATHER["input_schema"]


@pytest.mark.parametrize(
    ("fault", "error", "status"),
    [
        ("busy", "APIStatusError", 529),
        ("rejected", "BadRequestError", 400),
        ("failed", "InternalServerError", 502),
    ],
)
async def test_what_goes_wrong_behind_us_has_anthropics_shape(calling, fault, error, status):
    client, upstream = calling
    upstream.says, upstream.fault = b"", fault
    with pytest.raises(getattr(anthropic, error)) as caught:
        await client.messages.create(model="gemma2:2b", max_tokens=9, messages=turn("Hello"))
    assert caught.value.status_code == status
    assert caught.value.body["error"]["message"]


async def test_an_answer_that_breaks_off_raises(calling):
    client, upstream = calling
    upstream.says = CALLING[:-200]
    asked = {"model": "gemma2:2b", "max_tokens": 9, "messages": turn("Hello")}
    with pytest.raises(anthropic.APIStatusError, match="not JSON"):
        async with client.messages.stream(**asked) as stream:
            await stream.get_final_message()
