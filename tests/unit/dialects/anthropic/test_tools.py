"""Anthropic's tools as OpenAI has them, and the choice among them."""

import pytest

from gearshift.dialects.anthropic.tools import choice_from_anthropic, tools_from_anthropic
from gearshift.errors import RequestError

SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}}
WEATHER = {"name": "weather", "input_schema": SCHEMA}


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({}, {}),
        ({"type": "custom"}, {}),
        ({"type": None, "cache_control": {"type": "ephemeral"}}, {}),
        ({"description": "Of a city."}, {"description": "Of a city."}),
        ({"strict": True}, {"strict": True}),
    ],
)
def test_a_tool_of_the_client_is_a_function(more, told):
    function = {"name": "weather", "parameters": SCHEMA, **told}
    assert tools_from_anthropic([{**WEATHER, **more}], None) == [
        {"type": "function", "function": function}
    ]


def test_what_anthropics_servers_run_keeps_its_type():
    search = {"type": "web_search_20250305", "name": "web_search", "max_uses": 5}
    servers = [
        {"type": "url", "url": "https://host/mcp", "name": "files", "authorization_token": "t"}
    ]
    assert tools_from_anthropic([search], servers) == [
        search,
        {"type": "mcp_server", "name": "files"},
    ]
    assert tools_from_anthropic(None, None) == []


@pytest.mark.parametrize(
    ("tool", "field"),
    [
        ({"input_schema": SCHEMA}, "tools.0.name"),
        ({"name": "", "input_schema": SCHEMA}, "tools.0.name"),
        ({"name": 7, "input_schema": SCHEMA}, "tools.0.name"),
        ({"name": "f"}, "tools.0.input_schema"),
        ({"name": "f", "input_schema": "{}"}, "tools.0.input_schema"),
        ({**WEATHER, "description": 7}, "tools.0.description"),
        ({**WEATHER, "type": 7}, "tools.0.type"),
        ({**WEATHER, "type": ""}, "tools.0.type"),
    ],
)
def test_what_is_wrong_with_a_tool_is_named(tool, field):
    with pytest.raises(RequestError) as caught:
        tools_from_anthropic([tool], None)
    assert caught.value.field == field


@pytest.mark.parametrize(
    ("choice", "options"),
    [
        (None, {}),
        ({"type": "auto"}, {"tool_choice": "auto"}),
        ({"type": "any"}, {"tool_choice": "required"}),
        ({"type": "none"}, {"tool_choice": "none"}),
        (
            {"type": "tool", "name": "weather"},
            {"tool_choice": {"type": "function", "function": {"name": "weather"}}},
        ),
        (
            {"type": "auto", "disable_parallel_tool_use": True},
            {"tool_choice": "auto", "parallel_tool_calls": False},
        ),
        ({"type": "any", "disable_parallel_tool_use": False}, {"tool_choice": "required"}),
    ],
)
def test_the_choice_has_openais_words(choice, options):
    assert choice_from_anthropic(choice) == options


@pytest.mark.parametrize(
    ("choice", "field"),
    [
        ({}, "tool_choice.type"),
        ({"type": "required"}, "tool_choice.type"),
        ({"type": ["auto"]}, "tool_choice.type"),
        ({"type": "tool"}, "tool_choice.name"),
        ({"type": "tool", "name": ""}, "tool_choice.name"),
    ],
)
def test_an_unknown_choice_is_refused(choice, field):
    with pytest.raises(RequestError) as caught:
        choice_from_anthropic(choice)
    assert caught.value.field == field
