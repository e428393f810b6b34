"""Anthropic's bodies as requests: settings under OpenAI's names, wrong fields by name."""

import orjson
import pytest

from gearshift.dialects.anthropic.request import parse
from gearshift.errors import RequestError
from gearshift.types import Capability, Operation

HI = [{"role": "user", "content": "hi"}]
TOOL = {"name": "weather", "description": "Of a city.", "input_schema": {"type": "object"}}


def parsed(**body):
    return parse(orjson.dumps({"messages": HI, "max_tokens": 64, **body}))


def refused(**body):
    with pytest.raises(RequestError) as caught:
        parsed(**body)
    assert caught.value.status == 400
    return caught.value.field


def test_a_chat_of_one_turn_is_routed_unless_a_model_is_named():
    request = parsed()
    assert (request.dialect, request.operation, request.model) == (
        "anthropic",
        Operation.CHAT,
        "auto",
    )
    assert list(request.messages) == HI
    assert request.options == {"max_tokens": 64}
    assert not request.stream
    assert not request.needs
    assert parsed(model="gemma2:2b").model == "gemma2:2b"
    assert parsed(stream=True).stream


def test_the_bytes_are_kept():
    raw = b'{"max_tokens": 1.0, "messages":[{"role":"user","content":"hi"}]}'
    assert parse(raw).raw == raw


@pytest.mark.parametrize(
    "system",
    ["Be brief.\n\nSay please.", [{"type": "text", "text": "Be brief."}, {"text": "Say please."}]],
)
def test_the_system_prompt_is_the_first_turn(system):
    assert parsed(system=system).messages[0] == {
        "role": "system",
        "content": "Be brief.\n\nSay please.",
    }


@pytest.mark.parametrize("system", ["", [], None])
def test_no_system_prompt_is_no_turn(system):
    assert list(parsed(system=system).messages) == HI


@pytest.mark.parametrize(
    ("body", "options"),
    [
        (
            {"temperature": 0, "top_p": 0.5, "top_k": 3},
            {"temperature": 0, "top_p": 0.5, "top_k": 3},
        ),
        ({"stop_sequences": ["END"]}, {"stop": ["END"]}),
        ({"stop_sequences": []}, {}),
        ({"thinking": {"type": "disabled"}}, {"chat_template_kwargs": {"enable_thinking": False}}),
        ({"thinking": {"type": "adaptive"}}, {}),
        ({"thinking": {"type": "enabled"}}, {}),
        ({"thinking": {"type": "enabled", "budget_tokens": 1024}}, {"reasoning_effort": "low"}),
        ({"thinking": {"type": "enabled", "budget_tokens": 4096}}, {"reasoning_effort": "medium"}),
        ({"thinking": {"type": "enabled", "budget_tokens": 31999}}, {"reasoning_effort": "high"}),
        (
            {"thinking": {"type": "adaptive"}, "output_config": {"effort": "max"}},
            {"reasoning_effort": "max"},
        ),
        (
            {"thinking": {"type": "disabled"}, "output_config": {"effort": "max"}},
            {"chat_template_kwargs": {"enable_thinking": False}},
        ),
        ({"metadata": {"user_id": "u"}, "service_tier": "auto", "container": "c"}, {}),
    ],
)
def test_settings_have_openais_names(body, options):
    assert parsed(**body).options == {"max_tokens": 64, **options}


@pytest.mark.parametrize("field", ["output_config", "output_format"])
def test_a_schema_is_the_format_of_the_answer(field):
    wanted = {"type": "json_schema", "schema": {"type": "object"}}
    body = {field: {"format": wanted} if field == "output_config" else wanted}
    assert parsed(**body).options["response_format"] == {
        "type": "json_schema",
        "json_schema": {"name": "answer", "schema": {"type": "object"}},
    }
    assert "response_format" not in parsed(output_format={"type": "text"}).options


def test_tools_and_images_are_needs_unless_no_tool_may_be_called():
    image = {"type": "image", "source": {"type": "url", "url": "https://host/a.png"}}
    shown = [{"role": "user", "content": [image]}]
    assert parsed(tools=[TOOL]).needs == {Capability.TOOLS}
    assert parsed(tools=[TOOL], tool_choice={"type": "none"}).needs == set()
    assert parsed(messages=shown).needs == {Capability.VISION}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"max_tokens": None}, "max_tokens"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"max_tokens": 1.5}, "max_tokens"),
        ({"max_tokens": "64"}, "max_tokens"),
        ({"model": 7}, "model"),
        ({"stream": "yes"}, "stream"),
        ({"system": 7}, "system"),
        ({"system": [{"type": "text"}]}, "system.0.text"),
        ({"system": ["x"]}, "system"),
        ({"stop_sequences": "END"}, "stop_sequences"),
        ({"tools": {}}, "tools"),
        ({"tool_choice": "auto"}, "tool_choice"),
        ({"thinking": True}, "thinking"),
        ({"messages": None}, "messages"),
        ({"messages": []}, "messages"),
        ({"messages": [{"role": "tool", "content": "x"}]}, "messages.0.role"),
    ],
)
def test_what_is_wrong_is_named(body, field):
    assert refused(**body) == field


def test_a_limit_is_needed_to_be_answered_but_not_to_be_counted():
    raw = orjson.dumps({"messages": HI})
    with pytest.raises(RequestError, match="'max_tokens' is missing"):
        parse(raw)
    assert parse(raw, is_counted=True).options == {}
