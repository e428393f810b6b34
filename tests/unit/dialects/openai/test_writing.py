"""OpenAI's answers, whole and streamed, written."""

from functools import partial

import orjson
import pytest
from tests.fakes.asking import parsed_by

from gearshift.dialects.openai.dialect import OpenAIDialect
from gearshift.dialects.openai.writing import relabelled, without_words
from gearshift.dialects.tool_calls import call_id
from gearshift.types import (
    Chunk,
    Frame,
    Operation,
    ToolCall,
    Usage,
)

DIALECT = OpenAIDialect()
parsed = partial(parsed_by, DIALECT)


def frames_of(stream: bytes) -> list[Frame]:
    reader = DIALECT.stream_reader()
    return reader.feed(stream) + reader.finish()


OBJECT = {"id": "a", "type": "function", "function": {"name": "f", "arguments": {"a": 1}}}
FLAT = {"id": "a", "type": "function", "name": "f", "arguments": '{"a":1}'}
WRITTEN = {"id": "a", "type": "function", "function": {"name": "f", "arguments": '{"a":1}'}}


@pytest.mark.parametrize("given", [OBJECT, FLAT, WRITTEN, [OBJECT], [None, FLAT]])
def test_tool_calls_pass_on_as_clients_read_them(given):
    delta = {"choices": [{"index": 0, "delta": {"tool_calls": given}}]}
    (frame,) = frames_of(b"data: %s\n\n" % orjson.dumps(delta))
    passed = orjson.loads(DIALECT.rewrite_model(frame, "m")[6:])
    assert passed["choices"][0]["delta"]["tool_calls"] == [{**WRITTEN, "index": 0}]
    message = {"choices": [{"message": {"tool_calls": given}, "finish_reason": "stop"}]}
    passed = orjson.loads(
        DIALECT.rewrite_model(DIALECT.decode_response(orjson.dumps(message)), "m")
    )
    assert passed["choices"][0]["message"]["tool_calls"] == [WRITTEN]


def test_a_stream_of_tool_calls():
    writer = DIALECT.stream_writer(parsed(stream=True), "m", "abc", 5.0)
    stream = writer.write(Chunk(tool_calls=(ToolCall(0, None, "f", "{}"),)))
    stream += writer.write(Chunk(finish_reason="stop")) + writer.finish()
    events = [e for e in stream.split(b"\n\n") if e]
    first, call, last, end = events
    assert orjson.loads(first[6:])["choices"][0]["delta"] == {"role": "assistant", "content": ""}
    assert orjson.loads(call[6:])["choices"][0]["delta"]["tool_calls"] == [
        {
            "index": 0,
            "id": call_id("abc", 0),
            "type": "function",
            "function": {"name": "f", "arguments": "{}"},
        }
    ]
    assert orjson.loads(last[6:])["choices"][0]["finish_reason"] == "tool_calls"
    assert end == b"data: [DONE]"


def test_usage_comes_last_and_only_if_asked():
    request = parsed(stream=True, stream_options={"include_usage": True})
    writer = DIALECT.stream_writer(request, "m", "abc", 5.0)
    stream = (
        writer.write(Chunk("x", finish_reason="stop", usage=Usage(1, 2, 1, 2))) + writer.finish()
    )
    *others, usage, _ = [e[6:] for e in stream.split(b"\n\n")][:-1]
    assert orjson.loads(usage)["choices"] == []
    assert orjson.loads(usage)["usage"] == {
        "prompt_tokens": 1,
        "completion_tokens": 2,
        "total_tokens": 3,
        "prompt_tokens_details": {"cached_tokens": 1},
        "completion_tokens_details": {"reasoning_tokens": 2},
    }
    assert all(orjson.loads(event)["usage"] is None for event in others)


def test_a_completion_is_written_as_text():
    request = parsed(Operation.COMPLETION, prompt="x")
    answer = orjson.loads(DIALECT.encode_response(request, Chunk("t", model="m"), "abc", 5.0))
    assert answer["object"] == "text_completion"
    assert answer["id"] == "cmpl-abc"
    assert answer["choices"][0]["text"] == "t"
    writer = DIALECT.stream_writer(request, "m", "abc", 5.0)
    events = (writer.write(Chunk("t")) + writer.finish()).split(b"\n\n")
    assert orjson.loads(events[0][6:])["choices"][0]["text"] == "t"


@pytest.mark.parametrize("indexes", [(0, 0), (None, None), (1, 1)])
def test_streamed_calls_reach_openai_clients_with_the_right_indexes(indexes):
    calls = [
        {"id": i, "type": "function", "function": {"name": i, "arguments": "{}"}} for i in "ab"
    ]
    labelled = [
        call | ({} if index is None else {"index": index})
        for call, index in zip(calls, indexes, strict=True)
    ]
    stream = b"".join(
        b"data: "
        + orjson.dumps({"model": "m", "choices": [{"delta": {"tool_calls": [c]}}]})
        + b"\n\n"
        for c in labelled
    )
    written = [DIALECT.rewrite_model(frame, "large") for frame in frames_of(stream)]
    told = [orjson.loads(event[6:]) for event in written]
    assert [said["model"] for said in told] == ["large", "large"]
    passed = [said["choices"][0]["delta"]["tool_calls"][0] for said in told]
    assert passed == [{**call, "index": index} for index, call in enumerate(calls)]


def test_streamed_calls_with_right_indexes_pass_as_they_are():
    event = (
        b'data: {"choices":[{ "delta":{"tool_calls":[{"index":0,"id":"a","function":'
        b'{"name":"f","arguments":""}}]}}]}\n\n'
    )
    (frame,) = frames_of(event)
    assert DIALECT.rewrite_model(frame, "m") is event


@pytest.mark.parametrize(
    ("raw", "is_end", "written"),
    [
        (b"data: [DONE]\n\n", True, b"data: [DONE]\n\n"),
        (b"data: [DONE]\r\n\r\n", True, b"data: [DONE]\r\n\r\n"),
        (b"data: [done]\n\n", True, b"data: [DONE]\n\n"),
        (b"data:\n\n", False, b":\n\n"),
        (b"data:  null \n\n", False, b":\n\n"),
        (b": ping\n\n", False, b": ping\n\n"),
        (b"event: ping\n\n", False, b"event: ping\n\n"),
    ],
)
def test_events_without_words_are_what_clients_can_read(raw, is_end, written):
    assert without_words(raw, is_end=is_end) == written


def test_an_answers_id_has_its_prefix_once():
    for given in ("abc", "chatcmpl-abc"):
        whole = orjson.loads(DIALECT.encode_response(parsed(), Chunk("a", model="m"), given, 5.9))
        assert (whole["id"], whole["created"], whole["model"]) == ("chatcmpl-abc", 5, "m")
        assert whole["object"] == "chat.completion"


@pytest.mark.parametrize(
    ("chunk", "finish"),
    [
        (Chunk("a"), "stop"),
        (Chunk("a", finish_reason="length"), "length"),
        (Chunk(tool_calls=(ToolCall(0, "c", "f", "{}"),)), "tool_calls"),
        (Chunk(tool_calls=(ToolCall(0, "c", "f", "{}"),), finish_reason="stop"), "tool_calls"),
        (Chunk(tool_calls=(ToolCall(0, "c", "f", "{"),), finish_reason="length"), "length"),
    ],
)
def test_why_an_answer_ended(chunk, finish):
    whole = orjson.loads(DIALECT.encode_response(parsed(), chunk, "abc", 0.0))
    assert whole["choices"][0]["finish_reason"] == finish


def test_a_call_without_words_has_no_content_and_one_beside_words_keeps_them():
    call = (ToolCall(0, "c", "f", "{}"),)
    for words in ("", "Wait."):
        whole = orjson.loads(
            DIALECT.encode_response(parsed(), Chunk(words, tool_calls=call), "abc", 0.0)
        )
        message = whole["choices"][0]["message"]
        assert message["content"] == (words or None)
        assert message["tool_calls"] == [
            {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
        ]


def test_probabilities_of_a_completion_are_lists_side_by_side():
    request = parsed(Operation.COMPLETION, prompt="x")
    entries = (
        {"token": "ab", "logprob": -0.5, "top_logprobs": [{"token": "ab", "logprob": -0.5}, 7]},
        {"token": "c", "logprob": -1.0},
    )
    whole = orjson.loads(DIALECT.encode_response(request, Chunk("abc", logprobs=entries), "i", 0.0))
    assert whole["choices"][0]["logprobs"] == {
        "tokens": ["ab", "c"],
        "token_logprobs": [-0.5, -1.0],
        "top_logprobs": [{"ab": -0.5}, {}],
        "text_offset": [0, 2],
    }


def test_what_is_no_event_with_calls_passes_as_it_is():
    for raw in (b"data: {nope\n\n", b'data: {"choices":[]}\n\n', b"data: 7\n\n", b""):
        assert relabelled(raw, (ToolCall(0),)) is raw
