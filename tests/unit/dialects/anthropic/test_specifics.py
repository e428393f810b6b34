"""What Anthropic's clients share with others, and what only among themselves."""

import pytest

from gearshift.dialects.anthropic.specifics import specifics_of

TURN = {"role": "user", "content": "hi"}
TOOL = {"name": "f", "description": "d", "input_schema": {"type": "object"}}
TEXT = {"type": "text", "text": "hi"}
IMAGE = {"type": "image", "source": {"type": "url", "url": "https://example.org/a.png"}}


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"model": "auto", "stream": True, "temperature": 0, "top_k": 1, "top_p": 0.5},
        {"stop_sequences": ["x"], "metadata": None},
        {"system": "be brief"},
        {"system": [TEXT]},
        {"system": []},
        {"messages": [{"role": "user", "content": [TEXT]}]},
        {"tools": [TOOL], "tool_choice": {"type": "any", "disable_parallel_tool_use": True}},
    ],
)
def test_what_other_clients_can_say_too(more):
    assert specifics_of({"max_tokens": 9, "messages": [TURN], **more}) == {}


@pytest.mark.parametrize(
    "more",
    [
        {"messages": [{"role": "user", "content": [TEXT, TEXT]}]},
        {"messages": [{"role": "user", "content": []}]},
        {"messages": [{"role": "user", "content": [IMAGE]}]},
        {"messages": [{"role": "user", "content": [{**TEXT, "cache_control": {}}]}]},
        {"messages": [{**TURN, "name": "me"}]},
        {"system": [TEXT, TEXT]},
        {"tools": [{**TOOL, "type": "custom"}]},
        {"tools": [{**TOOL, "strict": True}]},
        {"tool_choice": {"type": "auto", "x": 1}},
        {"thinking": {"type": "disabled"}},
        {"metadata": {"user_id": "me"}},
        {"output_config": {"effort": "low"}},
        {"something_new": False},
    ],
)
def test_what_they_cannot(more):
    assert specifics_of({"max_tokens": 9, "messages": [TURN], **more}) == more
