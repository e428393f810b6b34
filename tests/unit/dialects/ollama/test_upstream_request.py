"""What Ollama is asked for requests of other dialects."""

from functools import partial

import orjson
import pytest
from tests.fakes.asking import USER, parsed_by, sent_by

from gearshift.dialects.ollama.dialect import OllamaDialect
from gearshift.dialects.openai.dialect import OpenAIDialect
from gearshift.errors import FailureKind, UpstreamError
from gearshift.types import ChatRequest, Message, Operation

DIALECT = OllamaDialect()
OPENAI = OpenAIDialect()
TOOL = {"type": "function", "function": {"name": "f", "parameters": {}}}
parsed = partial(parsed_by, DIALECT)
from_openai = partial(sent_by, DIALECT, OPENAI)


def test_settings_get_ollamas_names():
    sent = from_openai(
        temperature=0.5,
        max_tokens=9,
        stop="x",
        tools=[TOOL],
        response_format={"type": "json_object"},
        reasoning_effort="none",
        keep_alive="5m",
        logprobs=True,
        top_logprobs=3,
    )
    assert sent == {
        "model": "m",
        "stream": False,
        "messages": [USER],
        "options": {"temperature": 0.5, "stop": ["x"], "num_predict": 9},
        "tools": [TOOL],
        "format": "json",
        "think": False,
        "keep_alive": "5m",
        "logprobs": True,
        "top_logprobs": 3,
    }


def test_formats_and_thinking():
    schema = {"type": "json_schema", "json_schema": {"name": "a", "schema": {"type": "object"}}}
    assert from_openai(response_format=schema)["format"] == {"type": "object"}
    assert "format" not in from_openai(response_format={"type": "text"})
    assert from_openai(think="high")["think"] == "high"
    assert "tools" not in from_openai(tools=[TOOL], tool_choice="none")


def test_a_completion_becomes_generate():
    sent = from_openai(Operation.COMPLETION, prompt=["hi"], suffix="end", max_tokens=3)
    assert sent == {
        "model": "m",
        "stream": False,
        "prompt": "hi",
        "suffix": "end",
        "options": {"num_predict": 3},
    }


@pytest.mark.parametrize(
    ("operation", "body"),
    [
        (
            Operation.CHAT,
            {
                "messages": [
                    {
                        "role": "user",
                        "content": [
                            {"type": "image_url", "image_url": {"url": "https://example.org/a.png"}}
                        ],
                    }
                ]
            },
        ),
        (
            Operation.CHAT,
            {"messages": [{"role": "user", "content": [{"type": "input_audio", "x": 1}]}]},
        ),
        (Operation.CHAT, {"n": 2}),
        (Operation.COMPLETION, {"prompt": ["a", "b"]}),
        (Operation.COMPLETION, {"prompt": [1, 2]}),
    ],
)
def test_what_ollama_cannot_say_is_for_another_deployment(operation, body):
    with pytest.raises(UpstreamError) as caught:
        from_openai(operation, **body)
    assert caught.value.fault is FailureKind.INCAPABLE
    assert caught.value.permits_fallback


def test_a_prompt_made_in_python_is_written():
    messages: list[Message] = [
        {"role": "system", "content": "s"},
        {
            "role": "user",
            "content": [{"type": "image_url", "image_url": {"url": "data:a/b;base64,AA"}}],
        },
        USER,
    ]
    request = ChatRequest("openai", Operation.COMPLETION, "auto", messages)
    assert orjson.loads(DIALECT.upstream_body(request, "m")) == {
        "model": "m",
        "stream": False,
        "system": "s",
        "prompt": "\n\nhi",
        "images": ["AA"],
    }


@pytest.mark.parametrize(
    ("asked", "left_out", "think"),
    [
        ({"reasoning_effort": "high"}, set(), "high"),
        ({"reasoning_effort": "minimal"}, set(), "low"),
        ({"reasoning": {"effort": "medium"}}, set(), "medium"),
        ({"reasoning_effort": "high"}, {"think level"}, True),
        ({"reasoning_effort": "high"}, {"think"}, None),
        ({"reasoning_effort": "strange"}, set(), None),
        ({"reasoning": {"enabled": False}}, {"think"}, False),
        ({"chat_template_kwargs": {"enable_thinking": False}}, {"think"}, False),
        ({"reasoning_effort": "none"}, {"think"}, False),
        ({"think": "high"}, {"think"}, "high"),
        ({"think": True}, {"think", "think level"}, True),
    ],
)
def test_effort_becomes_thinking(asked, left_out, think):
    request = OPENAI.parse(Operation.CHAT, orjson.dumps({"messages": [USER], **asked}))
    sent = orjson.loads(DIALECT.upstream_body(request, "m", frozenset(left_out)))
    assert sent.get("think") == think


@pytest.mark.parametrize(
    ("message", "status", "left_out"),
    [
        ("model does not support thinking", 400, {"think"}),
        ('invalid think value: "high"', 400, {"think level"}),
        ("think level is not supported", 400, {"think level"}),
        ("model does not support thinking", 500, set()),
        ("model does not support tools", 400, set()),
    ],
)
def test_thinking_that_is_refused_is_left_out_the_next_time(message, status, left_out):
    request = OPENAI.parse(Operation.CHAT, orjson.dumps({"messages": [USER]}))
    error = UpstreamError(message, fault=FailureKind.INCAPABLE, status=status)
    assert DIALECT.refused(request, error) == left_out


def test_thinking_that_is_demanded_is_not_left_out():
    body = {"messages": [USER], "think": True}
    error = UpstreamError("does not support thinking", fault=FailureKind.INCAPABLE, status=400)
    request = OPENAI.parse(Operation.CHAT, orjson.dumps(body))
    assert DIALECT.refused(request, error) == frozenset()
    assert DIALECT.refused(parsed(think=True), error) == frozenset()


def test_tools_that_only_a_vendor_runs_are_not_asked_of_ollama():
    with pytest.raises(UpstreamError, match="tools of type 'custom'") as caught:
        from_openai(tools=[{"type": "custom", "custom": {"name": "f"}}])
    assert caught.value.fault is FailureKind.INCAPABLE
    sent = from_openai(tools=[{"type": "custom", "custom": {"name": "f"}}], tool_choice="none")
    assert "tools" not in sent
