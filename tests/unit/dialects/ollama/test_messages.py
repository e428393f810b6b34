"""Conversations between Ollama's shape and OpenAI's."""

import re
from functools import partial

import pytest
from tests.fakes.asking import USER, parsed_by, sent_by

from gearshift.dialects.ollama.dialect import OllamaDialect
from gearshift.dialects.openai.dialect import OpenAIDialect

DIALECT = OllamaDialect()
OPENAI = OpenAIDialect()
CALL = {"function": {"name": "f", "arguments": {"a": 1}}}
parsed = partial(parsed_by, DIALECT)
from_openai = partial(sent_by, DIALECT, OPENAI)


@pytest.mark.parametrize(
    ("image", "url"),
    [
        ("iVBORw", "data:image/png;base64,iVBORw"),
        ("/9j/4A", "data:image/jpeg;base64,/9j/4A"),
        ("R0lGOD", "data:image/gif;base64,R0lGOD"),
        ("UklGRg", "data:image/webp;base64,UklGRg"),
        ("data:image/png;base64,AA", "data:image/png;base64,AA"),
    ],
)
def test_images_become_data_urls(image, url):
    request = parsed(messages=[{"role": "user", "images": [image]}])
    assert request.messages[0]["content"] == [{"type": "image_url", "image_url": {"url": url}}]


def test_tool_calls_get_ids_and_results_find_theirs():
    request = parsed(
        messages=[
            USER,
            {"role": "assistant", "tool_calls": [CALL, {"function": {"name": "g"}}]},
            {"role": "tool", "content": "1", "tool_name": "g"},
            {"role": "tool", "content": "2"},
            {"role": "tool", "content": "3", "tool_call_id": "given"},
            {"role": "tool", "content": "4"},
        ]
    )
    calls = request.messages[1]["tool_calls"]
    assert [c["function"]["arguments"] for c in calls] == ['{"a":1}', "{}"]
    first, second = (c["id"] for c in calls)
    ids = [message.get("tool_call_id") for message in request.messages[2:]]
    assert ids[:3] == [second, first, "given"]
    assert len({first, second, *ids}) == 4
    assert all(re.fullmatch("[0-9A-Za-z]{9}", str(one)) for one in (first, second, ids[3]))


def test_messages_get_ollamas_shape():
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": '{"a":1}'}}
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA"}}
    sent = from_openai(
        messages=[
            {"role": "developer", "content": "s"},
            {"role": "user", "content": [{"type": "text", "text": "a"}, picture]},
            {"role": "assistant", "content": None, "reasoning_content": "r", "tool_calls": [call]},
            {"role": "tool", "content": "1", "tool_call_id": "c"},
            {"role": "function", "content": "2", "name": "g"},
        ]
    )
    assert sent["messages"] == [
        {"role": "system", "content": "s"},
        {"role": "user", "content": "a", "images": ["AA"]},
        {"role": "assistant", "content": "", "thinking": "r", "tool_calls": [{"id": "c", **CALL}]},
        {"role": "tool", "content": "1", "tool_name": "f", "tool_call_id": "c"},
        {"role": "tool", "content": "2", "tool_name": "g"},
    ]


def test_refusals_are_said_and_thoughts_are_not():
    parts = [{"type": "refusal", "refusal": "No."}, {"type": "reasoning", "text": "Hm."}]
    turns = [
        {"role": "assistant", "content": parts},
        {"role": "assistant", "content": None, "refusal": "No."},
        {"role": "assistant", "content": "A", "reasoning": "Hm."},
        {"role": "assistant", "content": [{"type": "thinking", "thinking": [{"text": "Hm."}]}]},
    ]
    assert from_openai(messages=[USER, *turns])["messages"] == [
        USER,
        {"role": "assistant", "content": "No.", "thinking": "Hm."},
        {"role": "assistant", "content": "No."},
        {"role": "assistant", "content": "A", "thinking": "Hm."},
        {"role": "assistant", "content": "", "thinking": "Hm."},
    ]


def test_a_call_in_the_history_whose_arguments_are_none_is_told_as_text():
    broken = {"id": "c", "type": "function", "function": {"name": "f", "arguments": '{"a":'}}
    good = {"id": "d", "type": "function", "function": {"name": "g", "arguments": "{}"}}
    turn = {"role": "assistant", "content": "x ", "tool_calls": [broken, good]}
    sent = from_openai(messages=[USER, turn])["messages"]
    assert isinstance(sent, list)
    assert sent[1]["content"] == 'x {"name": "f", "arguments": {"a":}'
    assert [call["function"]["name"] for call in sent[1]["tool_calls"]] == ["g"]
