"""OpenAI's request bodies, read: what is refused, by which name, and what passes."""

from functools import partial
from typing import Any

import orjson
import pytest
from tests.fakes.asking import USER, parsed_by

from gearshift.dialects.openai.dialect import OpenAIDialect
from gearshift.errors import RequestError
from gearshift.types import (
    Capability,
    Operation,
)

DIALECT = OpenAIDialect()
IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA"}}
TOOL = {"type": "function", "function": {"name": "f", "parameters": {}}}
parsed = partial(parsed_by, DIALECT)


def refused(**body: Any) -> RequestError:
    with pytest.raises(RequestError) as caught:
        parsed(**body)
    assert caught.value.status == 400
    return caught.value


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("model", 7),
        ("stream", "yes"),
        ("temperature", "hot"),
        ("temperature", True),
        ("top_p", []),
        ("max_tokens", 1.5),
        ("max_completion_tokens", "9"),
        ("n", "1"),
        ("stop", 1),
        ("stop", ["a", 1]),
        ("tools", {}),
        ("tools", ["x"]),
        ("tool_choice", 1),
        ("response_format", "json"),
        ("stream_options", True),
        ("logit_bias", []),
        ("messages", None),
        ("messages", []),
        ("messages", "hi"),
        ("messages.0", ["hi"]),
        ("messages.0", [None]),
    ],
)
def test_a_wrong_type_names_its_field(field, value):
    error = refused(**{field.partition(".")[0]: value})
    assert error.field == field
    assert f"'{field}'" in error.message


@pytest.mark.parametrize(
    ("message", "field"),
    [
        ({"role": "robot", "content": "x"}, "messages.0.role"),
        ({"role": ["user"], "content": "x"}, "messages.0.role"),
        ({"content": "x"}, "messages.0.role"),
        ({"role": "user", "content": None}, "messages.0.content"),
        ({"role": "user"}, "messages.0.content"),
        ({"role": "user", "content": 7}, "messages.0.content"),
        ({"role": "user", "content": ["x"]}, "messages.0.content.0"),
        ({"role": "user", "content": [{"text": "x"}]}, "messages.0.content.0"),
        ({"role": "user", "content": [{"type": "text"}]}, "messages.0.content.0.text"),
        ({"role": "user", "content": [{"type": "image_url"}]}, "messages.0.content.0.image_url"),
        ({"role": "assistant", "content": None, "tool_calls": 1}, "messages.0.tool_calls"),
        (
            {"role": "assistant", "content": None, "tool_calls": [{}]},
            "messages.0.tool_calls.0.function",
        ),
        (
            {"role": "assistant", "content": "", "tool_calls": [{**TOOL, "id": []}]},
            "messages.0.tool_calls.0.id",
        ),
        (
            {"role": "assistant", "tool_calls": [{**TOOL, "type": {}}]},
            "messages.0.tool_calls.0.type",
        ),
        (
            {"role": "assistant", "tool_calls": [{"id": "1", "type": None}]},
            "messages.0.tool_calls.0.function",
        ),
        ({"role": "tool", "content": "x", "tool_call_id": {}}, "messages.0.tool_call_id"),
    ],
)
def test_a_wrong_message_names_its_field(message, field):
    assert refused(messages=[message]).field == field


@pytest.mark.parametrize(
    "message",
    [
        *({"role": role, "content": "x"} for role in ("system", "developer", "tool", "function")),
        {"role": "assistant", "content": None},
        {"role": "assistant"},
        {"role": "assistant", "content": None, "tool_calls": [{"id": "1", **TOOL}]},
        {"role": "assistant", "content": None, "tool_calls": [{"id": "1", "type": "custom"}]},
        {"role": "user", "content": [{"type": "input_audio", "input_audio": {}}]},
        {"role": "user", "content": []},
        {"role": "user", "content": "\x00", "unknown": 1},
    ],
)
def test_every_role_and_unknown_parts_pass(message):
    assert parsed(messages=[message]).messages == [message]


def test_what_is_left_out():
    request = parsed()
    assert request.model == "auto"
    assert request.stream is False
    assert request.options == {}
    assert request.needs == frozenset()
    assert parsed(model=None, stream=None, temperature=None).model == "auto"


def test_a_whole_number_may_be_written_as_a_fraction():
    request = DIALECT.parse(Operation.COMPLETION, b'{"prompt":"x","max_tokens":64.0,"seed":-7e2}')
    assert request.options == {"max_tokens": 64, "seed": -700}


def test_unknown_fields_pass():
    assert parsed(whatever={"a": [1]}).body["whatever"] == {"a": [1]}


def test_settings_keep_their_names():
    request = parsed(temperature=0.5, max_completion_tokens=9, stop="x", user="me")
    assert request.options == {"temperature": 0.5, "max_tokens": 9, "stop": "x"}


@pytest.mark.parametrize(
    ("body", "needs"),
    [
        ({"tools": [TOOL]}, {Capability.TOOLS}),
        ({"functions": [{"name": "f"}]}, {Capability.TOOLS}),
        ({"tools": [TOOL], "tool_choice": "none"}, set()),
        ({"tools": []}, set()),
        ({"messages": [{"role": "user", "content": [IMAGE]}]}, {Capability.VISION}),
        ({"think": True}, {Capability.THINKING}),
        ({"reasoning_effort": "high"}, set()),
    ],
)
def test_needs(body, needs):
    assert parsed(**body).needs == needs


@pytest.mark.parametrize(
    ("prompt", "text"),
    [("hi", "hi"), (["a", "b"], "a\nb"), ([1, 2], ""), ("", "")],
)
def test_a_prompt_is_a_user_turn(prompt, text):
    request = parsed(Operation.COMPLETION, prompt=prompt)
    assert request.messages == [{"role": "user", "content": text}]


@pytest.mark.parametrize("body", [{}, {"prompt": None}, {"prompt": []}, {"prompt": 5}])
def test_a_completion_needs_a_prompt(body):
    with pytest.raises(RequestError) as caught:
        parsed(Operation.COMPLETION, **body)
    assert caught.value.field == "prompt"


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (None, ""),
        ({"celsius": 5}, '{"celsius":5}'),
        (7, "7"),
        (True, "true"),
        ([], ""),
        (["a", {"type": "text", "text": "b"}, {"x": 1}, 2], 'a\nb\n{"x":1}\n2'),
        ([{"type": "output_text", "text": "c"}], "c"),
        ({"type": "text", "text": "d"}, "d"),
    ],
)
@pytest.mark.parametrize("role", ["tool", "function"])
def test_what_a_tool_says_may_be_anything(role, content, text):
    turn = {"role": role, "tool_call_id": "1", "name": "f", "content": content}
    raw = orjson.dumps({"messages": [USER, turn]})
    request = DIALECT.parse(Operation.CHAT, raw)
    assert request.messages[1]["content"] == text
    assert request.raw == raw  # for servers of the same dialect
    without = {key: value for key, value in turn.items() if key != "content"}
    request = DIALECT.parse(Operation.CHAT, orjson.dumps({"messages": [USER, without]}))
    assert request.messages[1]["content"] == ""


def test_a_result_is_read_as_a_text_and_the_body_stays_as_it_came():
    call = {"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    given = [{"role": "assistant", "tool_calls": [call]}, {"role": "tool", "tool_call_id": "a"}]
    request = parsed(messages=given)
    assert request.messages[1]["content"] == ""
    assert request.body["messages"] == given
