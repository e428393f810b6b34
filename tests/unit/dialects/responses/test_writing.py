"""Whole answers: what was thought, said and called, in this order."""

import orjson
import pytest

from gearshift.dialects.responses.request import parse
from gearshift.dialects.responses.writing import encode_response
from gearshift.types import Chunk, ToolCall, Usage

TOOLS = [
    {"type": "custom", "name": "patch"},
    {"type": "namespace", "name": "files", "tools": [{"type": "function", "name": "open"}]},
]
PROBABILITY = {"token": "a", "logprob": -0.5, "bytes": [97], "top_logprobs": []}


def whole(chunk, **body):
    request = parse(orjson.dumps({"input": "hi", **body}))
    return orjson.loads(encode_response(request, chunk._replace(model="small"), "abc", 7.0))


def test_thoughts_words_and_calls_in_their_order():
    calls = (ToolCall(0, "call_1", "f", '{"a":1}'), ToolCall(1, None, "g", ""))
    told = whole(Chunk("Wait.", "Hm.", calls, "tool_calls", Usage(3, 4)))
    assert [item["type"] for item in told["output"]] == [
        *("reasoning", "message"),
        *("function_call", "function_call"),
    ]
    first, second = told["output"][2:]
    assert (first["call_id"], first["arguments"]) == ("call_1", '{"a":1}')
    assert second["call_id"].startswith("call_")
    assert second["arguments"] == "{}"
    assert told["status"] == "completed"
    assert told["usage"]["total_tokens"] == 7
    assert len({item["id"] for item in told["output"]}) == 4


def test_an_answer_that_says_nothing_is_an_empty_message():
    (message,) = whole(Chunk(finish_reason="stop"))["output"]
    assert message["content"][0]["text"] == ""


def test_an_answer_that_was_cut_off_is_not_complete():
    told = whole(Chunk("a", finish_reason="length"))
    assert told["status"] == "incomplete"
    assert told["output"][0]["status"] == "incomplete"
    assert told["incomplete_details"] == {"reason": "max_output_tokens"}


def test_calls_come_back_as_their_tools_are_known():
    calls = (
        ToolCall(0, "a", "patch", '{"input":"x"}'),
        ToolCall(1, "b", "files__open", "{}"),
        ToolCall(2, "c", "nobody", "{}"),
    )
    custom, function, unknown = whole(Chunk(tool_calls=calls), tools=TOOLS)["output"]
    assert (custom["type"], custom["input"]) == ("custom_tool_call", "x")
    assert (function["name"], function["namespace"]) == ("open", "files")
    assert unknown["name"] == "nobody"


@pytest.mark.parametrize(("asked", "told"), [({"top_logprobs": 1}, [PROBABILITY]), ({}, [])])
def test_probabilities_are_told_to_who_asks(asked, told):
    answer = whole(Chunk("a", logprobs=(PROBABILITY,)), **asked)
    assert answer["output"][0]["content"][0]["logprobs"] == told
