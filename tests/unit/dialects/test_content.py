"""What a message of OpenAI's shows, and what its model only thought."""

import orjson
import pytest

from gearshift.dialects.content import is_reasoning, result_content, said_in
from gearshift.dialects.openai.dialect import OpenAIDialect
from gearshift.types import (
    Chunk,
)

DIALECT = OpenAIDialect()


def chunk_of(**data: object) -> Chunk:
    reader = DIALECT.stream_reader()
    (frame,) = reader.feed(b"data: " + orjson.dumps(data) + b"\n\n")
    assert frame.error is None
    assert frame.chunk is not None
    return frame.chunk


@pytest.mark.parametrize(
    ("delta", "content", "reasoning"),
    [
        ({"refusal": "No."}, "No.", ""),
        ({"content": "A", "reasoning_content": "R"}, "A", "R"),
        ({"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "R"}]}]}, "", "R"),
        (
            {"content": [{"type": "reasoning", "text": "R"}, {"type": "text", "text": "A"}]},
            "A",
            "R",
        ),
    ],
)
def test_reasoning_is_kept_apart_from_what_is_said(delta, content, reasoning):
    chunk = chunk_of(choices=[{"delta": delta}])
    assert (chunk.content, chunk.reasoning) == (content, reasoning)


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ({}, ("", "")),
        ({"content": None, "refusal": "No."}, ("No.", "")),
        ({"content": "Yes.", "refusal": "No."}, ("Yes.", "")),
        ({"content": "a", "reasoning": "r", "reasoning_content": "c"}, ("a", "c")),
        ({"content": "a", "reasoning_content": "", "reasoning": "r"}, ("a", "r")),
        ({"content": [{"type": "text", "text": "a"}, "b", 7, None]}, ("ab", "")),
        ({"content": [{"type": "refusal", "refusal": "No."}]}, ("No.", "")),
        ({"content": [{"type": "thinking", "thinking": "t"}], "reasoning": "r"}, ("", "r")),
        ({"content": {"text": "a"}}, ("", "")),
    ],
)
def test_what_a_message_shows_and_what_was_thought(message, said):
    assert said_in(message) == said


@pytest.mark.parametrize(
    ("part", "is_thought"),
    [
        ({"type": "thinking"}, True),
        ({"type": "redacted_thinking"}, True),
        ({"type": "reasoning_text", "text": "x"}, True),
        ({"type": "text", "text": "x"}, False),
        ({"text": "x"}, False),
        ("thinking", False),
        (None, False),
    ],
)
def test_only_a_part_of_such_a_type_was_thought(part, is_thought):
    assert is_reasoning(part) is is_thought


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, ""),
        ("text", "text"),
        ({"celsius": 5}, '{"celsius":5}'),
        (5, "5"),
        ([], ""),
        ([{"type": "text", "text": "a"}, "b", {"c": 1}], 'a\nb\n{"c":1}'),
    ],
)
def test_what_a_tool_said_is_a_text(content, told):
    assert result_content({"content": content}) == told


def test_a_picture_that_a_tool_gave_stays_one():
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA"}}
    content = [{"type": "text", "text": "see"}, picture]
    assert result_content({"content": content}) is content
