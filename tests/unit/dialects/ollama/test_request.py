"""Ollama's request bodies, read."""

from functools import partial

import orjson
import pytest
from tests.fakes.asking import USER, parsed_by, sent_by

from gearshift.dialects.ollama.dialect import OllamaDialect
from gearshift.dialects.openai.dialect import OpenAIDialect
from gearshift.errors import RequestError
from gearshift.types import (
    Capability,
    Operation,
)

DIALECT = OllamaDialect()
OPENAI = OpenAIDialect()
TOOL = {"type": "function", "function": {"name": "f", "parameters": {}}}
parsed = partial(parsed_by, DIALECT)
from_openai = partial(sent_by, DIALECT, OPENAI)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"model": 7}, "model"),
        ({"stream": 1}, "stream"),
        ({"format": 1}, "format"),
        ({"options": []}, "options"),
        ({"options": {"temperature": "hot"}}, "options.temperature"),
        ({"options": {"num_predict": 1.5}}, "options.num_predict"),
        ({"options": {"stop": 1}}, "options.stop"),
        ({"tools": "f"}, "tools"),
        ({"think": 1}, "think"),
        ({"keep_alive": []}, "keep_alive"),
        ({"messages": {}}, "messages"),
        ({"messages": ["x"]}, "messages.0"),
        ({"messages": [{"role": 7, "content": ""}]}, "messages.0.role"),
        ({"messages": [{"role": "user", "content": 7}]}, "messages.0.content"),
        ({"messages": [{"role": "user", "content": [{"type": "text"}]}]}, "messages.0.content"),
        ({"messages": [{**USER, "images": "x"}]}, "messages.0.images"),
        ({"messages": [{**USER, "tool_name": 1}]}, "messages.0.tool_name"),
        (
            {"messages": [{"role": "assistant", "tool_calls": [{"function": "f"}]}]},
            "messages.0.tool_calls.0.function",
        ),
    ],
)
def test_a_wrong_type_names_its_field(body, field):
    with pytest.raises(RequestError) as caught:
        parsed(**body)
    assert caught.value.status == 400
    assert caught.value.field == field


def test_what_is_left_out():
    request = parsed()
    assert request.model == "auto"
    assert request.stream is True
    assert request.options == {}
    assert parsed(stream=False).stream is False


@pytest.mark.parametrize("body", [b"{}", b'{"messages":[]}', b'{"messages":null,"keep_alive":0}'])
def test_without_messages_it_asks_to_load_or_unload(body):
    request = DIALECT.parse(Operation.CHAT, body)
    assert (request.messages, request.loads_model) == ([], True)


@pytest.mark.parametrize("body", [{}, {"prompt": ""}, {"prompt": None}, {"keep_alive": 0}])
def test_without_a_prompt_it_asks_to_load_or_unload(body):
    request = parsed(Operation.COMPLETION, **body)
    assert (request.messages, request.loads_model) == ([], True)


@pytest.mark.parametrize(
    ("body", "is_templated"),
    [
        ({}, True),
        ({"raw": False, "suffix": ""}, True),
        ({"raw": True}, False),
        ({"suffix": "x"}, False),
    ],
)
def test_a_prompt_is_a_question_unless_it_is_to_be_continued_or_has_a_gap(body, is_templated):
    request = parsed(Operation.COMPLETION, prompt="hi", **body)
    assert (request.is_templated, request.loads_model) == (is_templated, False)


def test_generate_is_a_conversation():
    request = parsed(Operation.COMPLETION, prompt="hi", system="s", images=["iVBORw"])
    assert request.messages == [
        {"role": "system", "content": "s"},
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "hi"},
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw"}},
            ],
        },
    ]
    assert request.needs == {Capability.VISION}


@pytest.mark.parametrize(
    ("body", "needs"),
    [
        ({"tools": [TOOL]}, {Capability.TOOLS}),
        ({"think": True}, {Capability.THINKING}),
        ({"think": "high"}, {Capability.THINKING}),
        ({"think": False}, set()),
    ],
)
def test_needs(body, needs):
    assert parsed(**body).needs == needs


def test_names_in_capitals_are_read_as_go_does():
    body = {
        "Model": "auto",
        "Stream": False,
        "Options": {"temperature": 0.5, "Own": 1},
        "Messages": [
            {"Role": "User", "Content": "hi", "Tool_Calls": [{"Function": {"Name": "f"}}]}
        ],
    }
    request = DIALECT.parse(Operation.CHAT, orjson.dumps(body))
    assert (request.model, request.stream, request.options) == ("auto", False, {"temperature": 0.5})
    sent = orjson.loads(DIALECT.upstream_body(request, "m"))
    assert sent == {
        "model": "m",
        "stream": False,
        "options": {"temperature": 0.5, "Own": 1},
        "messages": [
            {"role": "User", "content": "hi", "tool_calls": [{"function": {"name": "f"}}]}
        ],
    }
