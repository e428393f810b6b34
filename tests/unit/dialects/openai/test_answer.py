"""OpenAI's answers, whole and streamed, read as liberally as the many servers write them."""

import orjson
import pytest

from gearshift.dialects.openai.dialect import OpenAIDialect
from gearshift.dialects.pieces import joined
from gearshift.types import (
    Chunk,
    Frame,
    Timings,
    ToolCall,
    Usage,
)

DIALECT = OpenAIDialect()


def chunk_of(**data: object) -> Chunk:
    reader = DIALECT.stream_reader()
    (frame,) = reader.feed(b"data: " + orjson.dumps(data) + b"\n\n")
    assert frame.error is None
    assert frame.chunk is not None
    return frame.chunk


@pytest.mark.parametrize(
    ("delta", "chunk"),
    [
        ({"role": "assistant", "content": None}, Chunk()),
        ({"content": "hi"}, Chunk("hi")),
        ({"reasoning_content": "hm"}, Chunk(reasoning="hm")),
        ({"reasoning": "hm"}, Chunk(reasoning="hm")),
        ({"content": [{"type": "text", "text": "a"}, 7]}, Chunk("a")),
        ({"content": 7}, Chunk()),
        (
            {"tool_calls": [{"index": 0, "id": "c", "function": {"name": "f", "arguments": ""}}]},
            Chunk(tool_calls=(ToolCall(0, "c", "f"),)),
        ),
        (
            {"tool_calls": [{"index": 0, "function": {"arguments": "{"}}, 7]},
            Chunk(tool_calls=(ToolCall(0, arguments="{"),)),
        ),
        (
            {"tool_calls": [{"function": {"name": "f", "arguments": {"a": 1}}}]},
            Chunk(tool_calls=(ToolCall(0, None, "f", '{"a":1}'),)),
        ),
        ({"tool_calls": [{}]}, Chunk(tool_calls=(ToolCall(0),))),
        ({"tool_calls": None}, Chunk()),
        (None, Chunk()),
    ],
)
def test_deltas(delta, chunk):
    assert chunk_of(choices=[{"delta": delta}]) == chunk


@pytest.mark.parametrize(
    ("data", "chunk"),
    [
        ({"choices": []}, Chunk()),
        ({"choices": None, "model": "m"}, Chunk(model="m")),
        ({"choices": [{"delta": {}, "finish_reason": "length"}]}, Chunk(finish_reason="length")),
        ({"choices": [{"finish_reason": "function_call"}]}, Chunk(finish_reason="tool_calls")),
        ({"choices": [{"text": "t"}]}, Chunk("t")),
        (
            {"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 2}},
            Chunk(usage=Usage(3, 2)),
        ),
        ({"usage": {"prompt_tokens_details": {"cached_tokens": 2}}}, Chunk(usage=Usage(0, 0, 2))),
        (
            {"usage": {"completion_tokens_details": {"reasoning_tokens": 3}}},
            Chunk(usage=Usage(reasoning_tokens=3)),
        ),
        ({"usage": {"prompt_tokens": None}}, Chunk(usage=Usage())),
        ({"timings": {"cache_n": 5, "prompt_n": 1, "predicted_n": 7}}, Chunk(usage=Usage(6, 7, 5))),
    ],
)
def test_events(data, chunk):
    assert chunk_of(**data) == chunk


def frames_of(stream: bytes) -> list[Frame]:
    reader = DIALECT.stream_reader()
    return reader.feed(stream) + reader.finish()


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (b'data: {"error":{"message":"boom"}}\n\n', "boom"),
        (b'event: error\ndata: {"message":"boom"}\n\n', "boom"),
        (b'data: {"object":"error","message":"boom"}\n\n', "boom"),
        (b"data: {nope\n\n", "not JSON"),
        (b"data: [1]\n\n", "not a JSON object"),
        (b'{"error":{"message":"boom"}}', "boom"),
        (b"<html><body>Bad gateway</body></html>", "not JSON"),
    ],
)
def test_failures_in_a_stream(event, words):
    (frame,) = frames_of(event)
    assert frame.error is not None
    assert words in frame.error
    assert frame.chunk is None


def test_comments_and_the_end():
    comment, end = frames_of(b": keep-alive\n\ndata: [DONE]\n\n")
    assert (comment.chunk, comment.error, comment.is_end) == (None, None, False)
    assert end.is_end


@pytest.mark.parametrize("mark", [b"[DONE]", b"[done]", b"[DON", b"["])
def test_an_end_mark_that_is_written_otherwise_or_cut_off(mark):
    (end,) = frames_of(b"data: " + mark + b"\n\n")
    assert (end.is_end, end.error) == (True, None)
    assert DIALECT.rewrite_model(end, "m") == b"data: [DONE]\n\n"


@pytest.mark.parametrize("data", [b"data:\n\n", b"data: \n\n", b"data: null\n\n"])
def test_events_that_say_nothing_keep_alive(data):
    (frame,) = frames_of(data)
    assert (frame.chunk, frame.error) == (None, None)
    assert DIALECT.rewrite_model(frame, "m") == b":\n\n"


def test_an_answer_that_ended_in_an_error():
    message, delta = {"message": {"content": "half"}}, {"delta": {"content": "half"}}
    event = b"data: %s\n\n" % orjson.dumps({"choices": [{**delta, "finish_reason": "error"}]})
    (frame,) = frames_of(event)
    whole = DIALECT.decode_response(
        orjson.dumps({"choices": [{**message, "finish_reason": "error"}]})
    )
    assert frame.error is not None
    assert whole.error is not None


def test_a_whole_answer_in_an_event_is_no_stream():
    choice = {"index": 0, "message": {"content": "hi"}, "finish_reason": "stop"}
    (frame,) = frames_of(b"data: %s\n\n" % orjson.dumps({"choices": [choice]}))
    assert frame.is_other_shape
    assert frame.is_end
    assert frame.chunk is not None
    assert frame.chunk.content == "hi"


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"<html>",
        b"[]",
        b"{}",
        b'{"choices":[]}',
        b'{"choices":[{}]}',
        b'{"choices":[7]}',
        b'{"error":{"message":"x"}}',
    ],
)
def test_what_is_no_answer(raw):
    frame = DIALECT.decode_response(raw)
    assert frame.error
    assert frame.chunk is None


@pytest.mark.parametrize("reason", ["", None, "null"])
def test_an_empty_finish_reason_is_no_end(reason):
    said = {"model": "m", "choices": [{"delta": {"content": "a"}, "finish_reason": reason}]}
    assert chunk_of(**said).finish_reason is None


def test_a_call_from_before_there_were_tools():
    call = {"name": "f", "arguments": "{}"}
    chunk = chunk_of(choices=[{"delta": {"function_call": call}, "finish_reason": "function_call"}])
    assert chunk.tool_calls == (ToolCall(0, None, "f", "{}"),)
    assert chunk.finish_reason == "tool_calls"


@pytest.mark.parametrize(
    ("data", "timings"),
    [
        ({"timings": {"prompt_ms": 250.0, "predicted_ms": 1500}}, Timings(0.25, 1.5)),
        ({"usage": {"prompt_time": 0.5, "completion_time": 2}}, Timings(0.5, 2.0)),
        ({"timings": {"prompt_ms": "x", "predicted_ms": True}}, Timings(0.0, 0.0)),
        ({"timings": {}}, None),
        ({"usage": {"prompt_tokens": 1}}, None),
    ],
)
def test_times_that_engines_tell(data, timings):
    assert chunk_of(choices=[], **data).timings == timings


def test_of_several_answers_the_one_with_index_0_is_read_and_all_are_passed_on():
    def event(index, delta, reason=None):
        choice = {"index": index, "delta": delta, "finish_reason": reason}
        return b"data: %s\n\n" % orjson.dumps({"model": "m", "choices": [choice]})

    stream = b"".join(
        (
            event(1, {"role": "assistant", "content": "other"}),
            event(1, {"content": " one"}),
            event(1, {}, "stop"),
            event(0, {"role": "assistant", "content": "the"}),
            event(0, {"content": " first"}),
            event(0, {}, "length"),
        )
    )
    reader = DIALECT.stream_reader()
    frames = reader.feed(stream) + reader.finish()
    chunks = [frame.chunk for frame in frames if frame.chunk]
    assert joined(chunks).content == "the first"
    assert joined(chunks).finish_reason == "length"
    assert [c.finish_reason for c in chunks] == [None] * 5 + ["length"]
    assert chunks[0].has_content  # so that nobody waits for the other one
    assert b"".join(DIALECT.rewrite_model(frame, "m") for frame in frames) == stream


def test_of_several_whole_answers_the_one_with_index_0_is_read():
    choices = [
        {"index": i, "message": {"content": str(i)}, "finish_reason": "stop"} for i in (2, 0, 1)
    ]
    frame = DIALECT.decode_response(orjson.dumps({"choices": choices}))
    assert frame.chunk is not None
    assert frame.chunk.content == "0"
    frame = DIALECT.decode_response(orjson.dumps({"choices": choices[:1]}))
    assert frame.chunk is not None
    assert frame.chunk.content == "2"
