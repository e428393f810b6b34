"""Anthropic's answers as chunks: whole, streamed, and as servers like it really send them."""

import orjson
import pytest

from gearshift.dialects.anthropic.answer import AnthropicReader, decode_response
from gearshift.types import Chunk, ToolCall, Usage

USAGE = {
    "input_tokens": 10,
    "cache_read_input_tokens": 5,
    "cache_creation_input_tokens": 3,
    "output_tokens": 7,
}
USE = {"type": "tool_use", "id": "toolu_1", "name": "f"}


def whole(*blocks, **more):
    head = {"type": "message", "model": "claude", "stop_reason": "end_turn", "usage": USAGE}
    return orjson.dumps({**head, "content": list(blocks), **more})


def event(kind, **said):
    return b"event: %s\ndata: %s\n\n" % (kind.encode(), orjson.dumps({"type": kind, **said}))


def start(index=0, **block):
    return event("content_block_start", index=index, content_block=block)


def delta(index=0, **said):
    return event("content_block_delta", index=index, delta=said)


def stop(index=0):
    return event("content_block_stop", index=index)


BEGIN = event("message_start", message={"model": "claude", "usage": USAGE})
END = event("message_delta", delta={"stop_reason": "end_turn"}, usage={"output_tokens": 9})
OVER = event("message_stop")


def read(*pieces):
    reader = AnthropicReader()
    return [frame for piece in pieces for frame in reader.feed(piece)] + reader.finish()


def answered(raw):
    return decode_response(raw)


def chunks(*pieces):
    return [frame.chunk for frame in read(*pieces) if frame.chunk and frame.chunk != Chunk()]


def test_a_whole_answer():
    frame = answered(
        whole(
            {"type": "thinking", "thinking": "Hm.", "signature": "s"},
            {"type": "redacted_thinking", "data": "x"},
            {"type": "text", "text": "One "},
            {"type": "text", "text": "moment."},
            {**USE, "input": {"x": 1}},
            {**USE, "id": "toolu_2", "input": {}},
            stop_reason="tool_use",
        )
    )
    calls = (ToolCall(0, "toolu_1", "f", '{"x":1}'), ToolCall(1, "toolu_2", "f", "{}"))
    expected = Chunk("One moment.", "Hm.", calls, "tool_calls", Usage(18, 7, 5), "claude")
    assert (frame.chunk, frame.is_end, frame.error) == (expected, True, None)


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("max_tokens", "length"),
        ("model_context_window_exceeded", "length"),
        ("tool_use", "tool_calls"),
        ("refusal", "content_filter"),
        ("pause_turn", "pause_turn"),
        (None, "stop"),
    ],
)
def test_why_it_ended(reason, told):
    assert answered(whole(stop_reason=reason)).chunk.finish_reason == told


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "not JSON"),
        (b"[]", "not a JSON object"),
        (b'{"hello":"world"}', "no list of content blocks"),
        (b'{"type":"error","error":{"type":"api_error","message":"it broke"}}', "it broke"),
        (b'{"type":"error"}', "error"),
        (
            b'{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}',
            "Overloaded",
        ),
    ],
)
def test_what_is_no_answer_says_why(raw, words):
    assert words in answered(raw).error
    assert any(words in (frame.error or "") for frame in read(raw)) or raw in (b"", b"[]")


def test_a_stream_of_text_and_thoughts():
    said = chunks(
        BEGIN,
        event("ping"),
        start(type="thinking", thinking=""),
        delta(type="thinking_delta", thinking="Hm."),
        delta(type="signature_delta", signature="s"),
        stop(),
        start(1, type="text", text="A"),
        delta(1, type="text_delta", text="B"),
        stop(1),
        END,
        OVER,
    )
    assert said == [
        Chunk(model="claude"),
        Chunk(reasoning="Hm."),
        Chunk("A"),
        Chunk("B"),
        Chunk(finish_reason="stop", usage=Usage(18, 9, 5)),
    ]


def test_the_last_usage_counts_and_what_it_does_not_say_is_the_firsts():
    late = {"input_tokens": 20, "cache_read_input_tokens": None, "output_tokens": 1}
    end = event("message_delta", delta={"stop_reason": "max_tokens"}, usage=late)
    assert chunks(BEGIN, end)[-1] == Chunk(finish_reason="length", usage=Usage(28, 1, 5))


def test_calls_are_numbered_among_themselves():
    said = chunks(
        BEGIN,
        start(0, type="text", text="x"),
        start(1, **USE, input={}),
        delta(1, type="input_json_delta", partial_json=""),
        delta(1, type="input_json_delta", partial_json='{"x":'),
        delta(1, type="input_json_delta", partial_json="1}"),
        stop(1),
        start(2, **{**USE, "id": "toolu_2"}, input={}),
        stop(2),
    )
    calls = [call for chunk in said for call in chunk.tool_calls]
    assert calls == [
        ToolCall(0, "toolu_1", "f"),
        ToolCall(0, arguments='{"x":'),
        ToolCall(0, arguments="1}"),
        ToolCall(1, "toolu_2", "f"),
        ToolCall(1, arguments="{}"),
    ]


def test_arguments_that_come_at_once_are_told_at_the_end_of_the_block():
    said = chunks(start(**USE, input={"x": 1}), stop())
    assert said[-1].tool_calls == (ToolCall(0, arguments='{"x":1}'),)


def test_events_without_their_names_are_misframed_and_those_of_others_say_nothing():
    named, nameless = read(delta(type="text_delta", text="x"))[0], delta(type="text_delta")
    assert not named.is_misframed
    assert read(nameless.partition(b"\n")[2])[0].is_misframed
    assert read(b"data: [DONE]\n\n", b": ping\n\n", event("unheard_of"))[0].chunk is None


def test_a_whole_answer_in_the_place_of_a_stream_and_the_other_way_round():
    (frame,) = read(whole({"type": "text", "text": "A"}))
    assert (frame.chunk.content, frame.is_end, frame.is_other_shape) == ("A", True, True)
    stream = BEGIN + start(type="text", text="A") + stop() + END + OVER
    joined = answered(stream)
    assert (joined.chunk.content, joined.is_end, joined.is_other_shape) == ("A", True, True)
    assert "ends before its end mark" in answered(BEGIN).error


def test_an_error_amid_a_stream_ends_it():
    error = {"type": "overloaded_error", "message": "Overloaded"}
    assert read(BEGIN, event("error", error=error))[-1].error == "Overloaded"
    assert read(b'event: error\ndata: {"message":"it broke"}\n\n')[0].error == "it broke"
