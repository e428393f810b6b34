"""What an Anthropic upstream is asked on behalf of clients that speak otherwise."""

import orjson
import pytest

from gearshift.dialects.anthropic.request import parse
from gearshift.dialects.anthropic.thinking import (
    BUDGET,
    DEFAULT_MAX_TOKENS,
    LIMIT_UNLESS_GIVEN,
    THINKING,
)
from gearshift.dialects.anthropic.upstream_request import refused, write
from gearshift.errors import FailureKind, UpstreamError
from gearshift.types import ChatRequest, Operation

HI = [{"role": "user", "content": "hi"}]
TOOL = {"type": "function", "function": {"name": "f", "description": "d", "parameters": {}}}
CALLED = [
    *HI,
    {
        "role": "assistant",
        "content": "",
        "tool_calls": [{"id": "a", "function": {"name": "f", "arguments": "{}"}}],
    },
    {"role": "tool", "tool_call_id": "a", "content": "3"},
]
NOTHING = frozenset()


def asked(options=None, messages=HI, left_out=NOTHING, **more):
    request = ChatRequest("openai", Operation.CHAT, "auto", messages, options=options or {}, **more)
    return orjson.loads(write(request, "claude", frozenset(left_out)))


def unable(options=None, **more):
    with pytest.raises(UpstreamError) as caught:
        asked(options, **more)
    assert caught.value.fault is FailureKind.INCAPABLE
    return caught.value.message


def test_a_plain_question_has_a_limit():
    assert asked() == {"model": "claude", "max_tokens": DEFAULT_MAX_TOKENS, "messages": HI}
    assert asked({"max_tokens": 9.0})["max_tokens"] == 9
    assert asked({"max_tokens": 0})["max_tokens"] == 1
    assert asked({LIMIT_UNLESS_GIVEN: 99})["max_tokens"] == 99
    assert asked({LIMIT_UNLESS_GIVEN: 99, "max_tokens": 9})["max_tokens"] == 9
    assert asked(stream=True)["stream"] is True


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"temperature": 1.7}, {"temperature": 1}),
        ({"temperature": 0}, {"temperature": 0}),
        ({"top_p": 0.5, "top_k": 40.0}, {"top_p": 0.5, "top_k": 40}),
        ({"top_k": -1}, {}),
        ({"stop": "END"}, {"stop_sequences": ["END"]}),
        ({"stop": ["END", "\n\n"]}, {"stop_sequences": ["END"]}),
        ({"stop": ["\n"]}, {}),
        ({"seed": 7, "logit_bias": {"1": 2}, "logprobs": True, "min_p": 0.1}, {}),
        ({"presence_penalty": 1, "response_format": {"type": "text"}, "n": 1}, {}),
    ],
)
def test_settings_are_kept_in_anthropics_bounds_or_left_out(options, told):
    body = asked(options)
    assert {k: v for k, v in body.items() if k not in ("model", "max_tokens", "messages")} == told


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"n": 2}, "'n' above 1"),
        ({"suffix": "}"}, "a text to be continued"),
        ({"response_format": {"type": "json_object"}}, "use 'json_schema'"),
        ({"tools": [{"type": "web_search"}]}, "tools of type 'web_search'"),
    ],
)
def test_what_anthropic_cannot_do_is_refused(options, words):
    assert words in unable(options)


def test_texts_to_be_continued_are_refused():
    assert "continued" in unable(body={"raw": True})
    assert "several prompts" in unable(body={"prompt": ["a", "b"]})
    assert asked(body={"prompt": ["a"]})["messages"]


def test_nothing_at_all_is_asked_in_words_that_anthropic_takes():
    assert asked(messages=[])["messages"] == [{"role": "user", "content": "."}]


@pytest.mark.parametrize(
    ("options", "choice"),
    [
        ({}, None),
        ({"tool_choice": "auto"}, {"type": "auto"}),
        ({"tool_choice": "required"}, {"type": "any"}),
        ({"tool_choice": "none", "parallel_tool_calls": False}, {"type": "none"}),
        (
            {"tool_choice": {"type": "function", "function": {"name": "f"}}},
            {"type": "tool", "name": "f"},
        ),
        ({"parallel_tool_calls": False}, {"type": "auto", "disable_parallel_tool_use": True}),
        ({"parallel_tool_calls": True}, None),
        ({"tool_choice": "unheard_of"}, None),
    ],
)
def test_tools_and_the_choice_among_them(options, choice):
    body = asked({"tools": [TOOL], **options})
    schema = {"type": "object"}
    assert body["tools"] == [{"name": "f", "description": "d", "input_schema": schema}]
    assert body.get("tool_choice") == choice


def test_a_strict_tool_stays_strict():
    function = {"name": "f", "strict": True, "parameters": {"type": "object", "properties": {}}}
    (tool,) = asked({"tools": [{"type": "function", "function": function}]})["tools"]
    assert tool["strict"] is True
    assert tool["input_schema"] == function["parameters"]


def test_calls_without_tools_have_theirs_and_no_more_are_to_be_made():
    body = asked(messages=CALLED)
    assert body["tools"] == [{"name": "f", "input_schema": {"type": "object"}}]
    assert body["tool_choice"] == {"type": "none"}


@pytest.mark.parametrize("name", [["f"], {"f": 1}, 7, None])
def test_a_call_whose_name_is_no_text_is_told_in_words(name):
    call = {"id": "a", "function": {"name": name, "arguments": "{}"}}
    body = asked(messages=[*HI, {"role": "assistant", "content": "", "tool_calls": [call]}, *HI])
    assert "tools" not in body
    assert [turn["role"] for turn in body["messages"]] == ["user", "assistant", "user"]
    assert "tool_use" not in orjson.dumps(body).decode()


def test_a_schema_is_a_format_whose_objects_are_closed():
    inner = {"type": "object", "properties": {}, "additionalProperties": True}
    schema = {"type": "object", "properties": {"a": inner, "b": {"anyOf": [{"type": "object"}]}}}
    wanted = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
    told = asked({"response_format": wanted})["output_config"]["format"]
    assert told["type"] == "json_schema"
    assert told["schema"]["additionalProperties"] is False
    assert told["schema"]["properties"]["a"] == inner
    assert told["schema"]["properties"]["b"]["anyOf"][0]["additionalProperties"] is False


def test_thoughts_take_the_place_of_sampling():
    body = asked({"reasoning_effort": "low", "temperature": 0.2, "top_k": 3})
    assert body["thinking"] == {"type": "enabled", "budget_tokens": 2048}
    assert body["max_tokens"] == DEFAULT_MAX_TOKENS + 2048
    assert "temperature" not in body
    assert "top_k" not in body
    disabled = asked({"reasoning_effort": "none", "temperature": 0.2})
    assert disabled["thinking"] == {"type": "disabled"}
    assert disabled["temperature"] == 0.2


def test_thoughts_give_way_to_a_forced_tool_and_to_results_of_unsigned_calls():
    wish = {"reasoning_effort": "high", "tools": [TOOL]}
    assert "thinking" not in asked({**wish, "tool_choice": "required"})
    assert "thinking" not in asked(wish, messages=CALLED)
    assert "thinking" in asked(wish, messages=CALLED, left_out={BUDGET})
    assert "thinking" in asked(wish, messages=[*CALLED, *HI])


def test_effort_and_format_share_their_place():
    wanted = {"type": "json_schema", "json_schema": {"schema": {"type": "string"}}}
    body = asked({"reasoning_effort": "max", "response_format": wanted}, left_out={BUDGET})
    assert body["output_config"].keys() == {"effort", "format"}


def error(message, status=400):
    return UpstreamError(message, fault=FailureKind.REJECTED, status=status)


@pytest.mark.parametrize(
    ("message", "names"),
    [
        ("`temperature` and `top_p` cannot both be specified", {"top_p beside temperature"}),
        ("temperature is deprecated for this model", {"temperature"}),
        ("top_k: Extra inputs are not permitted", {"top_k"}),
        ("temperature: range: 0..1", set()),
        ('"thinking.type.enabled" is not supported. Use "thinking.type.adaptive"', {BUDGET}),
        ("claude-3-5-haiku does not support thinking.", {THINKING}),
        ("messages: text content blocks must be non-empty", set()),
    ],
)
def test_settings_that_a_model_does_not_take_are_named_by_it(message, names):
    options = {"temperature": 1, "top_p": 1, "top_k": 1, "reasoning_effort": "low"}
    request = ChatRequest("openai", Operation.CHAT, "auto", HI, options=options)
    assert refused(request, error(message)) == names
    assert refused(request, error(message, 500)) == NOTHING


def test_what_was_refused_is_not_sent_again():
    options = {"temperature": 1, "top_p": 0.5}
    assert "top_p" not in asked(options, left_out={"top_p beside temperature"})
    assert "top_p" in asked({"top_p": 0.5}, left_out={"top_p beside temperature"})
    assert "temperature" not in asked(options, left_out={"temperature"})


def test_a_demand_for_thoughts_is_not_passed_over():
    options, body = {"reasoning_effort": "high"}, {"think": "high"}
    request = ChatRequest("ollama", Operation.CHAT, "auto", HI, options=options, body=body)
    assert refused(request, error("does not support thinking")) == NOTHING


def test_an_anthropic_clients_turns_stay_signed_where_only_its_bytes_are_gone():
    blocks = [{"type": "thinking", "thinking": "Hm.", "signature": "abc"}]
    body = {
        "max_tokens": 9,
        "system": [{"type": "text", "text": "a"}],
        "messages": [*HI, {"role": "assistant", "content": blocks}],
        "stream": True,
        "metadata": {"user_id": "u"},
    }
    request = parse(orjson.dumps(body))
    request.raw, request.stream = b"", False
    sent = orjson.loads(write(request, "claude", NOTHING))
    assert sent == {**{k: v for k, v in body.items() if k != "stream"}, "model": "claude"}
    request.messages, request.stream = HI, True
    changed = orjson.loads(write(request, "claude", NOTHING))
    assert changed["messages"] == HI
    assert "system" not in changed
    assert changed["stream"] is True
