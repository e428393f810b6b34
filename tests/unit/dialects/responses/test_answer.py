"""The response object: what was settled of the request; the SDK reads it in tests/e2e."""

import orjson
import pytest

from gearshift.dialects.responses.answer import (
    COMPLETED,
    INCOMPLETE,
    ResponseObject,
    asks_for_summary,
    call_item,
    message_item,
    reasoning_item,
    status_of,
    text_part,
)
from gearshift.dialects.responses.request import parse
from gearshift.dialects.responses.tools import Tool
from gearshift.types import Usage

SCHEMA = {"type": "object", "properties": {}}
TOOLS = [
    {"type": "function", "name": "f", "parameters": SCHEMA, "strict": False},
    {"type": "custom", "name": "g"},
    {"type": "web_search"},
]


def response(*output, status=COMPLETED, usage=None, reason=None, **body):
    request = parse(orjson.dumps({"input": "hi", **body}))
    told = ResponseObject(request, "small", "abc", 7.5).told(
        status, output, usage or Usage(), finish_reason=reason
    )
    return orjson.loads(orjson.dumps(told))


def test_what_nobody_has_said_is_told_as_it_is():
    told = response()
    assert told["id"] == "resp_abc"
    assert told["model"] == "small"
    assert told["store"] is False
    assert told["tool_choice"] == "auto"
    assert told["parallel_tool_calls"] is True
    assert told["text"]["format"] == {"type": "text"}
    assert told["truncation"] == "disabled"
    assert told["temperature"] is told["instructions"] is told["error"] is None
    assert told["metadata"] == {}


def test_what_was_said_is_told():
    said = {
        "instructions": "Be brief.",
        "max_output_tokens": 9,
        "temperature": 0.5,
        "metadata": {"a": "b"},
        "parallel_tool_calls": False,
        "prompt_cache_key": "k",
        "safety_identifier": "s",
        "user": "u",
    }
    told = response(**said, store=True, reasoning={"effort": "low", "summary": "auto"})
    assert {name: told[name] for name in said} == said
    assert told["store"] is False
    assert told["reasoning"] == {"effort": "low", "summary": "auto"}


def test_tools_and_format_are_told_as_they_are_in_force():
    form = {"type": "json_schema", "name": "a", "schema": SCHEMA, "more": [1]}
    choice = {"type": "function", "name": "f", "more": [1]}
    told = response(tools=TOOLS, tool_choice=choice, text={"format": form, "verbosity": "low"})
    assert [tool["name"] for tool in told["tools"]] == ["f", "g"]
    assert told["tool_choice"] == {"type": "function", "name": "f"}
    assert told["text"] == {
        "format": {"type": "json_schema", "name": "a", "schema": SCHEMA},
        "verbosity": "low",
    }
    names = [{"type": "function", "name": "f"}]
    allowed = {"type": "allowed_tools", "mode": "auto", "tools": names}
    assert response(tools=TOOLS, tool_choice=allowed)["tool_choice"] == allowed


@pytest.mark.parametrize(
    ("reason", "status", "told"),
    [
        ("length", INCOMPLETE, "max_output_tokens"),
        ("content_filter", INCOMPLETE, "content_filter"),
        ("stop", COMPLETED, None),
        ("tool_calls", COMPLETED, None),
        ("unheard_of", COMPLETED, None),
        (None, COMPLETED, None),
    ],
)
def test_why_it_ended(reason, status, told):
    assert status_of(reason) == status
    details = response(status=status, reason=reason)["incomplete_details"]
    assert details == (None if told is None else {"reason": told})


def test_tokens():
    usage = response(usage=Usage(30, 9, 20, 4))["usage"]
    assert usage == {
        "input_tokens": 30,
        "input_tokens_details": {"cached_tokens": 20, "cache_write_tokens": 0},
        "output_tokens": 9,
        "output_tokens_details": {"reasoning_tokens": 4},
        "total_tokens": 39,
    }


def test_items_have_what_belongs_to_them():
    function, custom = Tool("f", "space", False, {}), Tool("g", None, True, {})
    output = [
        reasoning_item("rs_1", COMPLETED, "Hm.", is_summary=False),
        reasoning_item("rs_2", COMPLETED, "Hm.", is_summary=True),
        message_item("msg_1", COMPLETED, [text_part("a")]),
        call_item("fc_1", COMPLETED, function, "call_1", "{}"),
        call_item("ctc_1", COMPLETED, custom, "call_2", '{"input":"x"}'),
    ]
    told = response(*output)["output"]
    assert told[0]["content"] == [{"type": "reasoning_text", "text": "Hm."}]
    assert told[1]["summary"] == [{"type": "summary_text", "text": "Hm."}]
    assert (told[3]["name"], told[3]["namespace"]) == ("f", "space")
    assert told[4]["input"] == "x"


@pytest.mark.parametrize(
    ("reasoning", "asks"),
    [
        (None, False),
        ({"effort": "low"}, False),
        ({"summary": "none"}, False),
        ({"summary": "auto"}, True),
        ({"generate_summary": "concise"}, True),
    ],
)
def test_who_asks_for_a_summary(reasoning, asks):
    request = parse(orjson.dumps({"input": "hi", "reasoning": reasoning}))
    assert asks_for_summary(request) is asks
