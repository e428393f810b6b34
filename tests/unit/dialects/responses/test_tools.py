"""Tools as the functions of chats: custom ones, those of namespaces, and those of servers."""

import pytest

from gearshift.dialects.responses.tools import (
    active_tools,
    arguments_as_text,
    chat_tool,
    choose,
    function_name,
    read_tools,
)
from gearshift.errors import RequestError

PARAMETERS = {"type": "object", "properties": {"city": {"type": "string"}}}
OF_A_CITY = {"description": "Of a city.", "parameters": PARAMETERS, "strict": True}
WEATHER = {"type": "function", "name": "weather", **OF_A_CITY}
GRAMMAR = {"type": "grammar", "syntax": "lark", "definition": "start: WORD"}
PATCH = {"type": "custom", "name": "patch", "description": "Patches.", "format": GRAMMAR}
FILES = {"type": "namespace", "name": "files", "description": "d", "tools": [{"name": "open"}]}
SEARCH = {"type": "web_search", "external_web_access": False}


def offered(*tools):
    return [chat_tool(tool) for tool in read_tools(tools)]


def chosen(choice, *tools):
    option, left = choose(choice, read_tools(tools))
    return option, [tool.function for tool in left]


def refused(call, *arguments):
    with pytest.raises(RequestError) as caught:
        call(*arguments)
    assert caught.value.status == 400
    return caught.value.field


def test_a_function_is_one():
    assert offered(WEATHER) == [
        {
            "type": "function",
            "function": {
                "name": "weather",
                "description": "Of a city.",
                "parameters": PARAMETERS,
                "strict": True,
            },
        }
    ]


def test_a_function_without_parameters_takes_none():
    (tool,) = offered({"type": "function", "name": "now", "parameters": None})
    assert tool["function"] == {"name": "now", "parameters": {"type": "object"}}


def test_a_custom_tool_takes_one_text_and_tells_its_grammar():
    (tool,) = offered(PATCH)
    function = tool["function"]
    assert function["parameters"]["required"] == ["input"]
    assert function["description"].startswith("Patches.\n\n")
    assert function["description"].endswith("(lark):\nstart: WORD")
    assert offered({"type": "custom", "name": "a"})[0]["function"].keys() == {"name", "parameters"}


def test_functions_of_a_namespace_have_its_name_before_theirs():
    assert [tool["function"]["name"] for tool in offered(FILES, WEATHER)] == [
        "files__open",
        "weather",
    ]


def test_a_name_is_no_longer_than_servers_take_and_stays_one_of_a_kind():
    long = function_name("open", "x" * 70)
    assert len(long) == 64
    assert long == function_name("open", "x" * 70) != function_name("close", "x" * 70)


@pytest.mark.parametrize(
    "kind", ["web_search", "web_search_preview", "web_search_2025_08_26", "tool_search"]
)
def test_what_agents_always_offer_is_left_out_and_not_told(kind):
    assert offered({"type": kind}, WEATHER) == offered(WEATHER)
    assert active_tools([{"type": kind}, FILES, PATCH]) == active_tools([FILES, PATCH])


def test_an_answer_tells_no_more_of_a_tool_than_belongs_to_it():
    more = {"more": [[1]], "defer_loading": True}
    assert active_tools([WEATHER | more, PATCH | more]) == [WEATHER, PATCH]
    (space,) = active_tools([{**FILES, **more}])
    assert space["tools"][0]["name"] == "open"
    assert active_tools([{"type": "custom", "name": "a"}])[0]["format"] == {"type": "text"}


@pytest.mark.parametrize(
    ("tools", "field"),
    [
        ([{"type": "file_search", "vector_store_ids": []}], "tools.0.type"),
        ([WEATHER, {"type": "mcp", "server_label": "a"}], "tools.1.type"),
        ([{"type": "local_shell"}], "tools.0.type"),
        ([{"type": "function"}], "tools.0.name"),
        ([{"type": "function", "name": 7}], "tools.0.name"),
        ([{"type": 7}], "tools.0.type"),
        ([{"type": "function", "name": "a", "parameters": []}], "tools.0.parameters"),
        ([{"type": "function", "name": "a", "strict": 1}], "tools.0.strict"),
        ([{"type": "custom", "name": "a", "format": "text"}], "tools.0.format"),
        ([{"type": "namespace", "name": "a" * 300, "tools": []}], "tools.0.name"),
        ([{"type": "namespace", "name": "a", "tools": [7]}], "tools.0.tools"),
        ([{"type": "namespace", "name": "a", "tools": [{}]}], "tools.0.tools.0.name"),
        ([{"type": "namespace", "name": "a", "tools": [FILES]}], "tools.0.tools.0.type"),
    ],
)
def test_what_no_model_here_can_call_is_named(tools, field):
    assert refused(read_tools, tools) == field


@pytest.mark.parametrize("choice", [None, "auto", "none", "required"])
def test_a_mode_is_one(choice):
    assert chosen(choice, WEATHER) == (choice, ["weather"])


@pytest.mark.parametrize(
    "choice",
    [
        {"type": "function", "name": "weather"},
        {"type": "function", "function": {"name": "weather"}},
    ],
)
def test_a_function_can_be_chosen(choice):
    option = {"type": "function", "function": {"name": "weather"}}
    assert chosen(choice, WEATHER, PATCH) == (option, ["weather", "patch"])


def test_so_can_a_custom_tool_and_one_of_a_namespace():
    option, _ = chosen({"type": "custom", "name": "patch"}, PATCH)
    assert option["function"] == {"name": "patch"}
    for more in ({"namespace": "files"}, {}):
        option, _ = chosen({"type": "function", "name": "open", **more}, FILES)
        assert option["function"] == {"name": "files__open"}


def test_only_allowed_tools_are_offered():
    allowed = {"type": "allowed_tools", "mode": "required"}
    names = [{"type": "function", "name": "weather"}, SEARCH]
    assert chosen({**allowed, "tools": names}, WEATHER, PATCH) == ("required", ["weather"])
    assert chosen({"type": "allowed_tools", "tools": names}, WEATHER)[0] == "auto"


def test_many_allowed_tools_are_found_at_once():
    many = [{"type": "function", "name": f"f{number}"} for number in range(10_000)]
    assert len(chosen({"type": "allowed_tools", "tools": many}, *many)[1]) == 10_000


@pytest.mark.parametrize(
    ("choice", "field"),
    [
        ("any", "tool_choice"),
        ({}, "tool_choice.type"),
        ({"type": "file_search"}, "tool_choice.type"),
        ({"type": "function"}, "tool_choice.name"),
        ({"type": "function", "name": "nobody"}, "tool_choice.name"),
        ({"type": "allowed_tools", "tools": 7}, "tool_choice.tools"),
        ({"type": "allowed_tools", "mode": 7, "tools": []}, "tool_choice.mode"),
        ({"type": "allowed_tools", "mode": "required", "tools": []}, "tool_choice"),
        ({"type": "allowed_tools", "tools": [{"type": "mcp"}]}, "tool_choice.tools.0.type"),
    ],
)
def test_what_cannot_be_chosen_is_named(choice, field):
    assert refused(choose, choice, read_tools([WEATHER])) == field


def test_a_call_cannot_be_demanded_where_nothing_can_be_called():
    assert refused(choose, "required", read_tools([SEARCH])) == "tool_choice"


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ('{"input":"a\\nb"}', "a\nb"),
        ('{"input":""}', ""),
        ("{}", ""),
        ("", ""),
        ('{"other":"a"}', '{"other":"a"}'),
        ('{"input":7}', '{"input":7}'),
        ("*** Begin", "*** Begin"),
    ],
)
def test_the_text_of_a_custom_tool_is_found_in_arguments(arguments, text):
    assert arguments_as_text(arguments) == text
