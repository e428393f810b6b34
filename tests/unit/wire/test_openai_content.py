"""What a message of OpenAI's shows, and what its model only thought."""

import orjson
import pytest

from gearshift.types import (
    Chunk,
)
from gearshift.wire.openai import OpenAIDialect

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
