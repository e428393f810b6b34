"""Calls and results of tools that no server could read are refused with the name of the field."""

import pytest

from gearshift.dialects.tool_fields import check_tool_fields, functions_only
from gearshift.errors import RequestError, UntranslatableError

CALL = {"id": "c", "function": {"name": "f"}}


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"name": None, "tool_calls": None, "tool_call_id": "c"},
        {"tool_calls": [CALL, {"type": "function", "function": {"name": "f"}}]},
        {"tool_calls": [{"type": "custom"}]},
    ],
)
def test_what_is_fine_passes(message):
    check_tool_fields(message, "messages.0")


@pytest.mark.parametrize(
    ("message", "field"),
    [
        ({"name": 7}, "name"),
        ({"tool_call_id": []}, "tool_call_id"),
        ({"tool_calls": {}}, "tool_calls"),
        ({"tool_calls": [{"id": 7}]}, "tool_calls.0.id"),
        ({"tool_calls": [CALL, {}]}, "tool_calls.1.function"),
        ({"tool_calls": [{"function": {"name": 7}}]}, "tool_calls.0.function"),
    ],
)
def test_what_is_not_is_named(message, field):
    with pytest.raises(RequestError) as caught:
        check_tool_fields(message, "messages.0")
    assert caught.value.field == f"messages.0.{field}"


@pytest.mark.parametrize("kind", [None, "", "function"])
def test_functions_can_be_told_to_every_server(kind):
    tools = [{"type": kind, "function": {"name": "f"}}]
    assert functions_only(tools, "Ollama") is tools


@pytest.mark.parametrize("kind", ["web_search_20250305", "custom", 7])
def test_what_a_vendor_runs_is_not_asked_of_another_server(kind):
    with pytest.raises(UntranslatableError, match=f"Ollama does not take tools of type '{kind}'"):
        functions_only([{"type": "function"}, {"type": kind}], "Ollama")
