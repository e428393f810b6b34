"""Responses' bodies as requests: settings under the names of chats, wrong fields by name."""

import orjson
import pytest

from gearshift.dialects.responses.request import parse
from gearshift.errors import RequestError
from gearshift.types import Capability, Operation

HI = [{"role": "user", "content": "hi"}]
TOOL = {"type": "function", "name": "f", "parameters": {}}
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}}


def parsed(**body):
    return parse(orjson.dumps({"input": "hi", **body}))


def refused(**body):
    with pytest.raises(RequestError) as caught:
        parsed(**body)
    assert caught.value.status == 400
    return caught.value


def test_a_text_is_routed_unless_a_model_is_named():
    request = parsed()
    assert (request.dialect, request.operation, request.model) == (
        "responses",
        Operation.CHAT,
        "auto",
    )
    assert list(request.messages) == HI
    assert request.options == {}
    assert not request.stream
    assert not request.needs
    assert parsed(model="gemma2:2b").model == "gemma2:2b"
    assert parsed(stream=True).stream


def test_instructions_are_the_beginning_of_the_system_prompt():
    system = {"role": "developer", "content": "Say please."}
    assert parsed(instructions="Be brief.", input=[system, *HI]).messages == [
        {"role": "system", "content": "Be brief.\n\nSay please."},
        *HI,
    ]
    assert parsed(instructions="Be brief.").messages[0]["content"] == "Be brief."
    assert parsed(instructions="").messages == HI


def test_sampling_has_the_names_of_chats():
    given = {"temperature": 0.5, "top_p": 1, "seed": 8, "stop": ["x"], "top_k": 3}
    assert parsed(**given, max_output_tokens=64).options == {**given, "max_tokens": 64}
    assert parsed(temperature=None, max_output_tokens=None).options == {}


@pytest.mark.parametrize(
    ("text", "options"),
    [
        (None, {}),
        ({}, {}),
        ({"format": None}, {}),
        ({"format": {"type": "text"}}, {}),
        ({"format": {"type": "json_object"}}, {"response_format": {"type": "json_object"}}),
        ({"verbosity": "low"}, {"verbosity": "low"}),
        (
            {"format": {"type": "json_schema", "name": "a", "schema": SCHEMA, "strict": True}},
            {
                "response_format": {
                    "type": "json_schema",
                    "json_schema": {"name": "a", "schema": SCHEMA, "strict": True},
                }
            },
        ),
        (
            {"format": {"type": "json_schema", "schema": SCHEMA}},
            {
                "response_format": {
                    "type": "json_schema",
                    "json_schema": {"name": "answer", "schema": SCHEMA},
                }
            },
        ),
    ],
)
def test_the_format_of_a_text(text, options):
    assert parsed(text=text).options == options


def test_effort_and_probabilities():
    assert parsed(reasoning={"effort": "low", "summary": "auto"}).options == {
        "reasoning_effort": "low"
    }
    assert parsed(reasoning={"effort": None}).options == {}
    assert parsed(include=["message.output_text.logprobs"]).options == {
        "logprobs": True,
        "top_logprobs": 0,
    }
    assert parsed(top_logprobs=3).options == {"logprobs": True, "top_logprobs": 3}
    assert parsed(include=["reasoning.encrypted_content"], top_logprobs=0).options == {}


def test_tools_and_the_choice_among_them():
    request = parsed(tools=[TOOL], tool_choice="required", parallel_tool_calls=False)
    assert request.options["tools"][0]["function"]["name"] == "f"
    assert request.options["tool_choice"] == "required"
    assert request.options["parallel_tool_calls"] is False
    assert request.needs == {Capability.TOOLS}
    assert parsed(tools=[TOOL], tool_choice="none").needs == set()


def test_a_choice_without_tools_is_not_sent():
    search = {"type": "web_search"}
    request = parsed(tools=[search], tool_choice="auto", parallel_tool_calls=True)
    assert request.options == {}
    assert request.needs == set()


def test_images_need_a_model_that_sees():
    image = {"type": "input_image", "image_url": "data:image/png;base64,AAAA"}
    assert parsed(input=[{"role": "user", "content": [image]}]).needs == {Capability.VISION}


@pytest.mark.parametrize("store", [True, False, None])
def test_who_wants_to_be_remembered_is_answered_all_the_same(store):
    assert parsed(store=store).messages == HI


def test_state_that_is_not_kept_is_not_wanted_where_it_is_null():
    for nothing in (None, ""):
        names = ("previous_response_id", "conversation", "prompt")
        assert parsed(**dict.fromkeys(names, nothing), background=False).messages == HI


@pytest.mark.parametrize(
    ("name", "value", "remedy"),
    [
        ("previous_response_id", "resp_1", "whole conversation in 'input'"),
        ("conversation", "conv_1", "whole conversation in 'input'"),
        ("conversation", {"id": "conv_1"}, "whole conversation in 'input'"),
        ("prompt", {"id": "pmpt_1"}, "'instructions'"),
        ("prompt", {}, "'instructions'"),
        ("conversation", 0, "whole conversation in 'input'"),
        ("background", True, "wait or stream"),
        ("moderation", {"model": "omni"}, "leave it out"),
    ],
)
def test_what_is_not_kept_here_is_refused_with_what_to_do(name, value, remedy):
    error = refused(**{name: value})
    assert error.field == name
    assert remedy in error.message


def test_who_asks_for_an_earlier_answer_is_told_as_by_openai():
    assert refused(previous_response_id="resp_1").code == "previous_response_not_found"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"model": []}, "model"),
        ({"input": []}, "input"),
        ({"input": [{"type": "web_search_call"}]}, "input"),
        ({"instructions": []}, "instructions"),
        ({"stream": "yes"}, "stream"),
        ({"tools": {}}, "tools"),
        ({"tools": [{"type": "mcp"}]}, "tools.0.type"),
        ({"tool_choice": 7}, "tool_choice"),
        ({"tool_choice": "required"}, "tool_choice"),
        ({"text": "x"}, "text"),
        ({"text": {"format": "json"}}, "text.format"),
        ({"text": {"format": {}}}, "text.format.type"),
        ({"text": {"format": {"type": "json_schema"}}}, "text.format.schema"),
        ({"text": {"format": {"type": "json_schema", "schema": []}}}, "text.format.schema"),
        ({"text": {"verbosity": 7}}, "text.verbosity"),
        ({"reasoning": "high"}, "reasoning"),
        ({"reasoning": {"effort": 7}}, "reasoning.effort"),
        ({"reasoning": {"summary": 7}}, "reasoning.summary"),
        ({"max_output_tokens": 0}, "max_output_tokens"),
        ({"max_output_tokens": "9"}, "max_output_tokens"),
        ({"metadata": []}, "metadata"),
        ({"metadata": {"a": 1}}, "metadata.a"),
        ({"include": "x"}, "include"),
        ({"previous_response_id": 7}, "previous_response_id"),
        ({"background": "x"}, "background"),
        ({"temperature": "x"}, "temperature"),
        ({"user": 7}, "user"),
    ],
)
def test_what_is_wrong_is_named(body, field):
    error = refused(**body)
    assert error.field == field
    assert f"'{field}'" in error.message


def test_a_body_without_input_is_refused():
    with pytest.raises(RequestError, match="'input' is missing"):
        parse(b"{}")


def test_to_be_counted_a_request_needs_nothing_to_answer():
    request = parse(b'{"instructions":"Be brief."}', is_counted=True)
    assert request.messages == [{"role": "system", "content": "Be brief."}]
    assert parse(b"{}", is_counted=True).messages == []
    with pytest.raises(RequestError, match="'input'"):
        parse(b'{"input":7}', is_counted=True)
