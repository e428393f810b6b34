"""Ollama's answers, whole and streamed, read."""

import orjson
import pytest

from gearshift.dialects.ollama.dialect import OllamaDialect
from gearshift.types import (
    Chunk,
    ToolCall,
    Usage,
)

DIALECT = OllamaDialect()
CALL = {"function": {"name": "f", "arguments": {"a": 1}}}


def test_a_last_line():
    frame = DIALECT.stream_reader().feed(
        b'{"model":"m","message":{"role":"assistant","content":""},"done":true,'
        b'"done_reason":"length","load_duration":1500000000,"eval_count":7}\n'
    )[0]
    assert frame.is_end
    assert frame.chunk == Chunk(
        finish_reason="length", usage=Usage(0, 7), model="m", load_seconds=1.5
    )


@pytest.mark.parametrize(
    ("line", "chunk"),
    [
        ({"message": {"content": "a", "thinking": "t"}}, Chunk("a", "t")),
        ({"response": "a", "thinking": "t"}, Chunk("a", "t")),
        ({"message": {"content": None}}, Chunk()),
        ({"message": {"content": "", "tool_calls": None}}, Chunk()),
        ({"done": True, "done_reason": "load"}, Chunk(finish_reason="stop")),
        (
            {"response": "", "done": True, "prompt_eval_count": 3},
            Chunk("", "", (), "stop", Usage(3)),
        ),
    ],
)
def test_lines(line, chunk):
    assert DIALECT.stream_reader().feed(orjson.dumps(line) + b"\n")[0].chunk == chunk


def test_tool_calls_are_counted_over_lines():
    reader = DIALECT.stream_reader()
    line = orjson.dumps({"message": {"content": "", "tool_calls": [CALL, 7]}}) + b"\n"
    calls = [
        call
        for frame in reader.feed(line + b"\n" + line)
        if frame.chunk
        for call in frame.chunk.tool_calls
    ]
    assert calls == [ToolCall(0, None, "f", '{"a":1}'), ToolCall(1, None, "f", '{"a":1}')]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b'{"error":"boom"}\n', "boom"),
        (b'{"error":{"message":"boom"}}\n', "boom"),
        (b"{nope\n", "not JSON"),
        (b"[1]\n", "not a JSON object"),
        (b"<html>\n", "not JSON"),
        (b'{"models":[]}\n', "no message"),
    ],
)
def test_failures(line, words):
    reader = DIALECT.stream_reader()
    (frame,) = reader.feed(line) + reader.finish()
    assert frame.error is not None
    assert words in frame.error
    assert DIALECT.decode_response(line).error


def test_a_line_without_its_newline_is_read_at_the_end():
    reader = DIALECT.stream_reader()
    assert reader.feed(b'{"message":{"content":"a"},"done":true}') == []
    assert reader.finish()[0].is_end


def test_a_huge_answer_is_an_error():
    assert "larger" in (DIALECT.decode_response(b" " * (16 * 1024 * 1024 + 1)).error or "")


def test_an_answer_that_is_not_done_is_not_complete():
    line = b'{"message":{"content":"half"},"done":false}'
    assert "not complete" in (DIALECT.decode_response(line).error or "")
    assert "ends before" in (DIALECT.decode_response(line + b"\n" + line).error or "")
