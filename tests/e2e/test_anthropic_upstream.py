"""A scripted Anthropic upstream answers the vendors' own clients through a real gateway."""

import json
from typing import Any

import pytest
from tests.fakes.dialects import SPOKEN
from tests.fakes.scripted import Answering, ScriptedUpstream
from tests.fakes.sdks import anthropic, ollama, openai

KEY = "sk-ant-upstream-secret"
SCHEMA: dict[str, Any] = {"type": "object", "properties": {"city": {"type": "string"}}}
USAGE: dict[str, Any] = {"input_tokens": 20, "cache_read_input_tokens": 8, "output_tokens": 1}
USE: dict[str, Any] = {
    "type": "tool_use",
    "id": "toolu_01",
    "name": "weather",
    "input": {"city": "Paris"},
}
BLOCKS: list[dict[str, Any]] = [
    {"type": "thinking", "thinking": "Look it up.", "signature": "c2lnbmVk"},
    {"type": "text", "text": "One moment."},
    USE,
]
ASKED: dict[str, Any] = {
    "model": "claude",
    "max_tokens": 4096,
    "thinking": {"type": "enabled", "budget_tokens": 1024},
    "tools": [{"name": "weather", "input_schema": SCHEMA}],
}


def event(kind: str, **said) -> bytes:
    return b"event: %s\ndata: %s\n\n" % (kind.encode(), json.dumps({"type": kind, **said}).encode())


def block(index: int, opening: dict, *deltas: dict) -> bytes:
    said = [event("content_block_start", index=index, content_block=opening)]
    said += [event("content_block_delta", index=index, delta=delta) for delta in deltas]
    return b"".join([*said, event("content_block_stop", index=index)])


def head(model: str) -> dict:
    return {"id": "msg_01", "type": "message", "role": "assistant", "model": model}


def whole(model: str) -> bytes:
    end = {"stop_reason": "tool_use", "stop_sequence": None}
    usage = {**USAGE, "output_tokens": 30}
    return json.dumps({**head(model), "content": BLOCKS, **end, "usage": usage}).encode()


def streamed(model: str) -> bytes:
    end = {"stop_reason": "tool_use", "stop_sequence": None}
    begun = {**head(model), "content": [], "stop_reason": None, "usage": USAGE}
    thinking, text, _ = BLOCKS
    return b"".join(
        (
            event("message_start", message={**begun, "stop_sequence": None}),
            event("ping"),
            block(
                0,
                {"type": "thinking", "thinking": "", "signature": ""},
                {"type": "thinking_delta", "thinking": thinking["thinking"]},
                {"type": "signature_delta", "signature": thinking["signature"]},
            ),
            block(1, {"type": "text", "text": ""}, {"type": "text_delta", "text": text["text"]}),
            block(
                2,
                {**USE, "input": {}},
                {"type": "input_json_delta", "partial_json": ""},
                {"type": "input_json_delta", "partial_json": '{"city":'},
                {"type": "input_json_delta", "partial_json": ' "Paris"}'},
            ),
            event("message_delta", delta=end, usage={"output_tokens": 30}),
            event("message_stop"),
        )
    )


def calling(a: Answering) -> list[bytes]:
    # A dated name, as Anthropic answers with.
    name = f"{a.model}-20250929"
    return [a.sized(streamed(name) if a.streamed else whole(name))]


def overloaded(a: Answering) -> list[bytes]:
    return [a.sized(a.spoken.error("Overloaded"), "retry-after: 3", status="529 X")]


@pytest.fixture
async def upstream():
    scripts = {"claude": calling, "full": overloaded}
    async with ScriptedUpstream(SPOKEN["anthropic"], [*scripts], scripts) as running:
        yield running


@pytest.fixture
async def url(upstream, gateway):
    entry = {**upstream.settings("cloud"), "api_key": KEY}
    async with gateway({"upstreams": [entry], "retries": {"attempts": 0}}) as url:
        yield url


@pytest.fixture
async def client(url):
    made = anthropic.AsyncAnthropic(base_url=url, api_key="mine", max_retries=0)
    async with made as client:
        yield client


def conversation(content) -> list[dict]:
    result = {"type": "tool_result", "tool_use_id": "toolu_01", "content": "sunny"}
    return [
        {"role": "user", "content": "Weather in Paris?"},
        {"role": "assistant", "content": content},
        {"role": "user", "content": [result]},
    ]


def check_message(message) -> None:
    told = [part.model_dump(exclude_none=True) for part in message.content]
    assert len(told) == len(BLOCKS)
    assert all(block.items() <= part.items() for part, block in zip(told, BLOCKS, strict=True))
    assert message.model == "claude"
    assert message.stop_reason == "tool_use"
    assert message.usage.output_tokens == 30
    assert message.usage.cache_read_input_tokens == 8


async def test_anthropics_sdk_whole_and_streamed_with_thoughts_that_stay_signed(client, upstream):
    turns: list[Any] = [{"role": "user", "content": "Weather in Paris?"}]
    message = await client.messages.create(**ASKED, messages=turns)
    check_message(message)
    asked = {**ASKED, "messages": conversation(message.content)}
    headers = {"anthropic-beta": "interleaved-thinking-2025-05-14"}
    async with client.messages.stream(**asked, extra_headers=headers) as stream:
        kinds = [event.type async for event in stream]
        check_message(await stream.get_final_message())
    assert kinds[0] == "message_start"
    assert {"thinking", "signature", "text", "input_json"} <= set(kinds)
    received = upstream.received[-1]
    sent = json.loads(received.body)
    assert sent["messages"][1]["content"][0] == BLOCKS[0]
    assert sent["thinking"] == ASKED["thinking"]
    assert received.headers["x-api-key"] == KEY
    assert received.headers["anthropic-beta"] == headers["anthropic-beta"]
    assert "mine" not in str(received.headers)


async def test_the_upstreams_bytes_reach_its_own_clients(url, client, upstream):
    raw = await client.messages.with_raw_response.create(**ASKED, messages=conversation("Hm."))
    assert raw.http_response.content == whole("claude")


async def test_who_is_overloaded_is_told_so(client):
    with pytest.raises(anthropic.APIStatusError) as caught:
        await client.messages.create(**{**ASKED, "model": "full"}, messages=conversation("Hm."))
    assert caught.value.status_code == 529
    assert caught.value.response.headers["retry-after"] == "3"
    assert "overloaded_error" in str(caught.value.body)


def tool() -> dict:
    return {"type": "function", "function": {"name": "weather", "parameters": SCHEMA}}


async def test_openais_sdk_whole_and_streamed(url, upstream):
    async with openai.AsyncOpenAI(base_url=f"{url}/v1", api_key="x", max_retries=0) as client:
        turns: list[Any] = [{"role": "user", "content": "Weather in Paris?"}]
        asked: dict[str, Any] = {"model": "claude", "tools": [tool()], "reasoning_effort": "low"}
        answer: Any = await client.chat.completions.create(**asked, messages=turns)
        message = answer.choices[0].message
        assert (message.content, message.reasoning_content) == ("One moment.", "Look it up.")
        assert answer.choices[0].finish_reason == "tool_calls"
        assert answer.usage.prompt_tokens_details.cached_tokens == 8
        assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (28, 30)
        (call,) = message.tool_calls
        assert json.loads(call.function.arguments) == {"city": "Paris"}
        result = {"role": "tool", "tool_call_id": call.id, "content": "sunny"}
        turns = [*turns, message.model_dump(exclude_none=True), result]
        stream: Any = await client.chat.completions.create(**asked, messages=turns, stream=True)
        chunks = [chunk async for chunk in stream]
    deltas = [chunk.choices[0].delta for chunk in chunks if chunk.choices]
    assert "".join(delta.content or "" for delta in deltas) == "One moment."
    calls = [call for delta in deltas for call in delta.tool_calls or ()]
    assert calls[0].id == "toolu_01"
    assert json.loads("".join(c.function.arguments for c in calls)) == {"city": "Paris"}
    sent = json.loads(upstream.received[-1].body)
    assert sent["messages"][1]["content"][1]["id"] == "toolu_01"
    assert sent["messages"][2]["content"][0]["tool_use_id"] == "toolu_01"
    assert "thinking" not in sent  # the calls' thoughts have no signature here
    assert sent["stream"] is True


async def test_ollamas_client_streamed(url, upstream):
    client = ollama.AsyncClient(host=url)
    turns: list[Any] = [
        {"role": "user", "content": "Weather in Paris?", "images": ["iVBORw0KGgo="]}
    ]
    options = {"num_predict": 5000, "temperature": 1.5}
    stream = await client.chat(
        "claude", turns, stream=True, tools=[tool()], options=options, think="high"
    )
    lines = [line async for line in stream]
    assert "".join(line.message.content or "" for line in lines) == "One moment."
    assert "".join(line.message.thinking or "" for line in lines) == "Look it up."
    (call,) = [call for line in lines for call in line.message.tool_calls or ()]
    assert call.function.arguments == {"city": "Paris"}
    assert lines[-1].eval_count == 30
    sent = json.loads(upstream.received[-1].body)
    assert sent["thinking"] == {"type": "enabled", "budget_tokens": 2500}
    source = {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="}
    assert sent["messages"][0]["content"][1] == {"type": "image", "source": source}
    await client.close()
