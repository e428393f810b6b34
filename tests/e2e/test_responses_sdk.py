"""OpenAI's own SDK, unmodified, asks by its Responses API, with both tiers answering."""

import asyncio
import json
from typing import Any

import pytest
from pydantic import BaseModel, TypeAdapter
from tests.conftest import TIERS
from tests.fakes.sdks import openai
from tests.fakes.upstream import FaultUpstream

from gearshift.dialects.pieces import joined
from gearshift.dialects.responses.dialect import ResponsesDialect
from gearshift.types import Chunk, Operation, ToolCall, Usage

PROMPTS = {"simple": "What time is it?", "complex": "Explain async vs threads"}
PARAMETERS = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}
WEATHER = {"type": "function", "name": "weather", "parameters": PARAMETERS, "strict": True}


class City(BaseModel):
    city: str


def event(delta, finish=None, **more):
    """An event of a chat's stream."""
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    said = {"id": "1", "object": "chat.completion.chunk", "model": "gemma2:2b", **more}
    return b"data: " + json.dumps({**said, "choices": [choice]}).encode() + b"\n\n"


def call(index, **function):
    """The same with a piece of a tool call."""
    named = {"id": f"call_{index}", "type": "function"} if "name" in function else {}
    return event({"tool_calls": [{"index": index, **named, "function": function}]})


def end(finish):
    usage = {
        "prompt_tokens": 30,
        "completion_tokens": 9,
        "prompt_tokens_details": {"cached_tokens": 20},
        "completion_tokens_details": {"reasoning_tokens": 4},
    }
    return event({}, finish, usage=usage) + b"data: [DONE]\n\n"


CALLING = b"".join(
    (
        event({"role": "assistant", "reasoning_content": "I need to look."}),
        event({"content": "One moment."}),
        call(0, name="weather", arguments=""),
        call(0, arguments='{"city":'),
        call(0, arguments='"Paris"}'),
        call(1, name="weather", arguments='{"city":"Rome"}'),
        end("tool_calls"),
    )
)
SCHEMA_KEPT = event({"content": '{"city":'}) + event({"content": '"Paris"}'}) + end("stop")


@pytest.fixture
def client(served):
    with openai.OpenAI(base_url=f"{served.url}/v1", api_key="unused", max_retries=0) as client:
        yield client


@pytest.fixture
def demo_client(demo):
    with openai.OpenAI(base_url=f"{demo.url}/v1", api_key="unused", max_retries=0) as client:
        yield client


def test_tokens_are_counted_by_an_engine_that_can(demo_client):
    asked = {"model": "auto", "instructions": "Be brief.", "input": "Hello there, 你好"}
    counted = demo_client.responses.input_tokens.count(**asked)
    usage = demo_client.responses.create(**asked, max_output_tokens=9).usage
    assert counted.object == "response.input_tokens"
    assert counted.input_tokens == usage.input_tokens


def test_who_wants_a_summary_is_told_how_to_get_one(demo_client):
    with pytest.raises(openai.NotFoundError, match="ask a model for one"):
        demo_client.responses.compact(model="auto", input="hi")


@pytest.mark.parametrize("tier", TIERS)
def test_whole(client, tier, replies):
    answer = client.responses.create(model="auto", input=PROMPTS[tier], max_output_tokens=64)
    assert answer.output_text == replies[tier]
    assert answer.model == TIERS[tier]
    assert answer.status == "completed"
    assert answer.usage.output_tokens > 10
    assert answer.to_dict()["store"] is False


@pytest.mark.parametrize("tier", TIERS)
def test_stream(client, tier, replies):
    with client.responses.stream(model="auto", input=PROMPTS[tier]) as stream:
        told = "".join(e.delta for e in stream if e.type == "response.output_text.delta")
        response = stream.get_final_response()
    assert told == response.output_text == replies[tier]
    assert response.model == TIERS[tier]
    assert response.usage.output_tokens > 10


async def test_side_by_side(served, replies):
    async with openai.AsyncOpenAI(base_url=served.url, api_key="unused") as client:  # without /v1
        answers = await asyncio.gather(
            *(
                client.responses.create(model="auto", input=PROMPTS[tier])
                for tier in ("simple", "complex") * 4
            )
        )
    assert [answer.output_text for answer in answers] == [*replies.values()] * 4


def test_a_stream_can_be_left(client):
    with client.responses.stream(model="auto", input=PROMPTS["complex"]) as stream:
        next(event for event in stream if event.type == "response.output_text.delta")
    assert client.responses.create(model="auto", input=PROMPTS["complex"]).output_text


def test_an_answer_that_reaches_its_limit_is_not_complete(client):
    answer = client.responses.create(model="complex", input=PROMPTS["complex"], max_output_tokens=3)
    assert answer.status == "incomplete"
    assert answer.incomplete_details.reason == "max_output_tokens"


def test_a_conversation_with_tools_thoughts_and_images_does_not_upset_the_demo(demo_client):
    items = [
        {"role": "developer", "content": "Be brief."},
        {"role": "user", "content": [{"type": "input_text", "text": "Weather in Paris?"}]},
        {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "x"},
        {"type": "function_call", "call_id": "a", "name": "weather", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "a", "output": "rain"},
        {"role": "user", "content": "What time is it?"},
    ]
    answer = demo_client.responses.create(
        model="auto",
        instructions="Say please.",
        input=items,
        tools=[WEATHER, {"type": "web_search"}],
        include=["reasoning.encrypted_content"],
    )
    assert answer.model == TIERS["simple"]
    assert answer.output_text
    assert [tool.name for tool in answer.tools] == ["weather"]


def test_errors(client):
    with pytest.raises(openai.NotFoundError, match="nobody"):
        client.responses.create(model="nobody", input="Hello")
    with pytest.raises(openai.BadRequestError) as caught:
        client.responses.create(model="auto", input=[])
    assert caught.value.param == "input"
    with pytest.raises(openai.BadRequestError, match="whole conversation") as caught:
        client.responses.create(model="auto", input="Hello", previous_response_id="resp_1")
    assert caught.value.code == "previous_response_not_found"
    for ask in (
        client.responses.retrieve,
        client.responses.delete,
        client.responses.cancel,
        client.responses.input_items.list,
    ):
        with pytest.raises(openai.NotFoundError, match="not available"):
            ask("resp_1")


SETTLED = {
    "tools": [
        WEATHER,
        {"type": "custom", "name": "patch"},
        {"type": "namespace", "name": "files", "tools": [{"type": "function", "name": "open"}]},
    ],
    "tool_choice": {"type": "custom", "name": "patch"},
    "text": {"format": {"type": "json_schema", "name": "a", "schema": PARAMETERS}},
    "metadata": {"a": "b"},
    "instructions": "Be brief.",
    "max_output_tokens": 9,
    "top_logprobs": 1,
}
PROBABILITY = {"token": "a", "logprob": -0.5, "bytes": [97], "top_logprobs": []}
PIECES = (
    Chunk(reasoning="Hm."),
    Chunk("One moment.", logprobs=(PROBABILITY,)),
    Chunk(tool_calls=(ToolCall(0, "a", "weather", '{"city":'), ToolCall(1, "b", "files__open"))),
    Chunk(tool_calls=(ToolCall(0, None, None, '"Paris"}'),)),
    Chunk(tool_calls=(ToolCall(2, "c", "patch", '{"input":"x"}'),)),
)


@pytest.mark.parametrize("finish", ["tool_calls", "length"])
@pytest.mark.parametrize("asked", [SETTLED, {"reasoning": {"effort": "low", "summary": "auto"}}])
def test_its_types_and_helper_read_every_event(asked, finish):
    from openai import omit
    from openai.lib.streaming.responses._responses import ResponseStreamState
    from openai.types.responses import Response, ResponseStreamEvent

    dialect, state = ResponsesDialect(), ResponseStreamState(input_tools=omit, text_format=omit)
    request = dialect.parse(Operation.CHAT, json.dumps({"input": "hi", **asked}).encode())
    writer = dialect.stream_writer(request, "m", "abc", 7.0)
    types: TypeAdapter[Any] = TypeAdapter(ResponseStreamEvent)
    pieces = (*PIECES, Chunk(finish_reason=finish, usage=Usage(3, 4)))
    raw = b"".join(map(writer.write, pieces)) + writer.finish()
    for event in raw.removesuffix(b"\n\n").split(b"\n\n"):
        state.handle_event(types.validate_json(event.split(b"data: ", 1)[1]))
    assert (state._completed_response is None) is (finish == "length")
    whole = dialect.encode_response(request, joined(pieces)._replace(model="m"), "abc", 7.0)
    assert len(TypeAdapter(Response).validate_json(whole).output) == 5


@pytest.fixture
async def scripted(gateway):
    """A client, and the upstream behind its gateway whose words the test sets."""
    async with FaultUpstream(says=CALLING) as upstream:
        here = {"name": "here", "provider": "openai", "base_url": f"{upstream.url}/v1"}
        async with (
            gateway({"upstreams": [here]}) as url,
            openai.AsyncOpenAI(base_url=f"{url}/v1", api_key="unused", max_retries=0) as client,
        ):
            yield client, upstream


@pytest.mark.parametrize("is_streamed", [True, False])
async def test_tools_are_called_and_their_results_go_back(scripted, is_streamed):
    client, upstream = scripted
    asked = {"model": "gemma2:2b", "tools": [WEATHER], "reasoning": {"summary": "auto"}}
    question = [{"role": "user", "content": "What is the weather in Paris and Rome?"}]
    if is_streamed:
        async with client.responses.stream(input=question, **asked) as stream:
            answer = await stream.get_final_response()
    else:
        answer = await client.responses.create(input=question, **asked)
    thoughts, said, *calls = answer.output
    assert thoughts.summary[0].text == "I need to look."
    assert said.content[0].text == "One moment."
    assert [json.loads(call.arguments)["city"] for call in calls] == ["Paris", "Rome"]
    usage = answer.usage
    assert (usage.input_tokens_details.cached_tokens, usage.total_tokens) == (20, 39)
    assert usage.output_tokens_details.reasoning_tokens == 4

    results = [
        {"type": "function_call_output", "call_id": call.call_id, "output": "rain"}
        for call in calls
    ]
    own = [item.to_dict() for item in answer.output]
    await client.responses.create(input=[*question, *own, *results], **asked)
    sent = upstream.asked[-1].json
    _, called, *returned = sent["messages"]
    assert called["reasoning_content"] == "I need to look."
    assert called["tool_calls"][0]["function"]["arguments"] == '{"city":"Paris"}'
    assert [turn["content"] for turn in returned] == ["rain", "rain"]
    assert [turn["tool_call_id"] for turn in returned] == [c["id"] for c in called["tool_calls"]]
    assert sent["tools"][0]["function"]["parameters"] == PARAMETERS


async def test_an_answer_of_a_schema_is_parsed(scripted):
    client, upstream = scripted
    upstream.says = SCHEMA_KEPT
    answer = await client.responses.parse(model="gemma2:2b", input="Where?", text_format=City)
    assert answer.output_parsed == City(city="Paris")
    asked = upstream.asked[-1].json["response_format"]
    assert asked["type"] == "json_schema"
    assert asked["json_schema"]["schema"]["required"] == ["city"]
    async with client.responses.stream(
        model="gemma2:2b", input="Where?", text_format=City
    ) as stream:
        assert (await stream.get_final_response()).output_parsed == City(city="Paris")


@pytest.mark.parametrize(
    ("fault", "error", "status"),
    [
        ("busy", "InternalServerError", 503),
        ("rejected", "BadRequestError", 400),
        ("failed", "InternalServerError", 502),
    ],
)
async def test_what_goes_wrong_behind_us_has_openais_shape(scripted, fault, error, status):
    client, upstream = scripted
    upstream.says, upstream.fault = b"", fault
    with pytest.raises(getattr(openai, error)) as caught:
        await client.responses.create(model="gemma2:2b", input="Hello")
    assert caught.value.status_code == status
    assert caught.value.body["message"]


async def test_an_answer_that_breaks_off_raises(scripted):
    client, upstream = scripted
    upstream.says = CALLING[:-400]
    with pytest.raises(openai.APIError, match="not JSON"):
        async for _ in await client.responses.create(model="gemma2:2b", input="Hi", stream=True):
            pass


async def test_who_goes_away_stops_the_upstream(scripted):
    client, upstream = scripted
    upstream.says, upstream.fault = b"", "endless"
    async with client.responses.stream(model="gemma2:2b", input="Hello") as stream:
        async for event in stream:
            if event.type == "response.output_text.delta":
                break
    async with asyncio.timeout(20):
        await upstream.idle.wait()
