"""The scripted model calls the first tool, and then says what it said."""

import json

from clients.scripted import answer

TOOL = {
    "type": "function",
    "function": {
        "name": "weather",
        "parameters": {
            "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
            "required": ["city"],
        },
    },
}


def test_a_tool_is_called_with_what_it_requires():
    said = answer({"messages": [{"role": "user", "content": "?"}], "tools": [TOOL]}, "note")
    (call,) = said["tool_calls"]
    assert call["function"]["name"] == "weather"
    assert json.loads(call["function"]["arguments"]) == {"city": "Paris"}


def test_its_result_is_the_answer():
    for parts in ("rain", [{"type": "text", "text": "rain"}]):
        told = [{"role": "user", "content": "?"}, {"role": "tool", "content": parts}]
        assert answer({"messages": told, "tools": [TOOL]}, "note")["content"].endswith(": rain")
