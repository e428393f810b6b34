"""Requests of other dialects, or made in Python, in OpenAI's words."""

import re
from functools import partial

import orjson
import pytest
from tests.fakes.asking import USER, parsed_by, sent_by

from gearshift.dialects.ollama.dialect import OllamaDialect
from gearshift.dialects.openai.dialect import OpenAIDialect
from gearshift.errors import UntranslatableError
from gearshift.types import (
    ChatRequest,
    Operation,
)

OLLAMA, OPENAI = OllamaDialect(), OpenAIDialect()
TOOL = {"type": "function", "function": {"name": "f", "parameters": {}}}
CALL = {"function": {"name": "f", "arguments": {"a": 1}}}
parsed = partial(parsed_by, OLLAMA)
to_openai = partial(sent_by, OPENAI, OLLAMA)


def test_a_request_made_in_python_is_written():
    request = ChatRequest("openai", Operation.CHAT, "auto", [USER], options={"max_tokens": 3})
    assert orjson.loads(OPENAI.upstream_body(request, "m")) == {
        "model": "m",
        "messages": [USER],
        "max_tokens": 3,
    }


def test_a_completion_made_in_python_is_written():
    request = ChatRequest("openai", Operation.COMPLETION, "auto", [USER], stream=True)
    assert orjson.loads(OPENAI.upstream_body(request, "m")) == {
        "model": "m",
        "prompt": "hi",
        "stream": True,
    }


def test_settings_get_openais_names():
    sent = to_openai(
        options={"num_predict": 9, "temperature": 0.5, "stop": ["x"], "num_ctx": 8, "seed": 1},
        keep_alive="10m",
        tools=[TOOL],
        format="json",
        think="low",
    )
    assert sent == {
        "model": "m",
        "messages": [USER],
        "temperature": 0.5,
        "stop": ["x"],
        "seed": 1,
        "max_tokens": 9,
        "tools": [TOOL],
        "response_format": {"type": "json_object"},
        "reasoning_effort": "low",
        "stream": True,
        "stream_options": {"include_usage": True},
    }


def test_a_schema_and_thinking():
    sent = to_openai(format={"type": "object"}, think=False, stream=False)
    assert sent["response_format"] == {
        "type": "json_schema",
        "json_schema": {"name": "answer", "schema": {"type": "object"}},
    }
    assert sent["chat_template_kwargs"] == {"enable_thinking": False}
    assert "stream" not in sent
    assert "max_tokens" not in to_openai(options={"num_predict": -1})


def test_generate_becomes_a_chat_because_ollama_applies_the_template():
    request = parsed(Operation.COMPLETION, prompt="hi")
    assert OPENAI.path(request) == "/chat/completions"
    assert to_openai(Operation.COMPLETION, prompt="hi")["messages"] == [USER]


@pytest.mark.parametrize("body", [{"raw": True}, {"suffix": "end"}])
def test_raw_text_and_gaps_stay_completions(body):
    request = parsed(Operation.COMPLETION, prompt="hi", **body)
    assert OPENAI.path(request) == "/completions"
    sent = to_openai(Operation.COMPLETION, prompt="hi", **body)
    assert sent["prompt"] == "hi"
    assert "messages" not in sent


@pytest.mark.parametrize(
    ("message", "role", "content"),
    [
        ({"role": "System", "content": "s"}, "system", "s"),
        ({"role": "ASSISTANT", "content": None}, "assistant", ""),
        ({"role": "tool", "tool_name": "f", "content": None}, "tool", ""),
        ({"role": "tool", "tool_name": "f"}, "tool", ""),
        ({"role": "user", "content": None}, "user", ""),
        ({"role": "human", "content": "h"}, "user", "h"),
        ({"content": "no role"}, "user", "no role"),
        ({"role": "developer", "content": "d"}, "developer", "d"),
    ],
)
def test_roles_and_contents_that_ollama_takes(message, role, content):
    sent = to_openai(messages=[message, USER])
    assert isinstance(sent["messages"], list)
    assert (sent["messages"][0]["role"], sent["messages"][0]["content"]) == (role, content)


def test_a_switch_of_a_template_is_no_turn_of_a_conversation():
    switch = {"role": "control", "content": "thinking"}
    assert to_openai(messages=[switch, USER])["messages"] == [USER]
    raw = orjson.dumps({"model": "auto", "messages": [switch, USER]})
    passed = OLLAMA.upstream_body(OLLAMA.parse(Operation.CHAT, raw), "auto")
    assert passed == raw


def test_given_ids_are_made_acceptable_and_still_fit():
    sent = to_openai(
        messages=[
            USER,
            {"role": "assistant", "content": "", "tool_calls": [{"id": "call_x", **CALL}]},
            {"role": "tool", "content": "1", "tool_call_id": "call_x"},
        ]
    )
    assert isinstance(sent["messages"], list)
    made = sent["messages"][1]["tool_calls"][0]["id"]
    assert re.fullmatch("[0-9A-Za-z]{9}", made)
    assert sent["messages"][2]["tool_call_id"] == made


def test_what_an_upstream_has_refused_is_left_out_of_what_is_translated():
    request = parsed(options={"num_predict": 9, "top_k": 3}, stream=True)
    sent = orjson.loads(OPENAI.upstream_body(request, "m", frozenset({"top_k", "stream_options"})))
    assert "top_k" not in sent
    assert "stream_options" not in sent
    assert sent["max_tokens"] == 9


def test_a_newer_name_stands_for_the_limit_where_the_old_one_is_refused():
    sent = orjson.loads(
        OPENAI.upstream_body(parsed(options={"num_predict": 9}), "m", frozenset({"max_tokens"}))
    )
    assert "max_tokens" not in sent
    assert sent["max_completion_tokens"] == 9


def test_a_clients_own_fields_are_never_left_out():
    request = OPENAI.parse(Operation.CHAT, orjson.dumps({"messages": [USER], "top_k": 3}))
    made = ChatRequest("openai", Operation.CHAT, "auto", [USER], body=request.body)
    for one in (request, made):
        assert orjson.loads(OPENAI.upstream_body(one, "m", frozenset({"top_k"})))["top_k"] == 3


def test_what_only_a_vendor_runs_is_not_asked_of_another_server():
    tools = [{"type": "web_search_20250305", "name": "web_search"}]
    request = ChatRequest("anthropic", Operation.CHAT, "auto", [], options={"tools": tools})
    with pytest.raises(UntranslatableError, match="web_search_20250305"):
        OPENAI.upstream_body(request, "m")
