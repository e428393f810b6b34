"""Ollama's answers, whole and streamed, written."""

from functools import partial

import orjson
import pytest
from tests.fakes.asking import USER, parsed_by

from gearshift.dialects.ollama.dialect import OllamaDialect
from gearshift.dialects.openai.dialect import OpenAIDialect
from gearshift.types import (
    CHAT_OPERATIONS,
    Chunk,
    Operation,
    Timings,
    ToolCall,
    Usage,
)

DIALECT = OllamaDialect()
OPENAI = OpenAIDialect()
CALL = {"function": {"name": "f", "arguments": {"a": 1}}}
parsed = partial(parsed_by, DIALECT)


def test_every_chat_line_has_a_message_and_the_end_waits_for_the_usage():
    writer = DIALECT.stream_writer(parsed(), "m", "abc", 1_700_000_000.5)
    stream = writer.write(Chunk("a")) + writer.write(Chunk(reasoning="t"))
    stream += writer.write(Chunk(finish_reason="length", load_seconds=0.5))
    stream += writer.write(Chunk(usage=Usage(3, 4))) + writer.finish()
    first, second, last = [orjson.loads(line) for line in stream.splitlines()]
    assert first == {
        "model": "m",
        "created_at": "2023-11-14T22:13:20.500000000Z",
        "message": {"role": "assistant", "content": "a"},
        "done": False,
    }
    assert second["message"] == {"role": "assistant", "content": "", "thinking": "t"}
    assert last["message"] == {"role": "assistant", "content": ""}
    assert last["done_reason"] == "length"
    assert (last["prompt_eval_count"], last["eval_count"]) == (3, 4)
    assert last["load_duration"] == 500_000_000


def test_tool_calls_are_put_together():
    writer = DIALECT.stream_writer(parsed(), "m", "abc", 0.0)
    assert (
        writer.write(Chunk(tool_calls=(ToolCall(0, "c", "f"), ToolCall(1, "d", "g", "{}")))) == b""
    )
    assert writer.write(Chunk(tool_calls=(ToolCall(0, arguments='{"a":'),))) == b""
    assert writer.write(Chunk(tool_calls=(ToolCall(0, arguments="1}"),))) == b""
    said, last = [orjson.loads(line) for line in writer.finish().splitlines()]
    assert said["message"]["tool_calls"] == [
        {"id": "c", **CALL},
        {"id": "d", "function": {"name": "g", "arguments": {}}},
    ]
    assert said["done"] is False
    assert last["done"] is True


def test_generate_is_answered_with_a_response():
    request = parsed(Operation.COMPLETION, prompt="x")
    answer = orjson.loads(DIALECT.encode_response(request, Chunk("a", "t", model="m"), "abc", 0.0))
    assert (answer["response"], answer["thinking"], answer["done"]) == ("a", "t", True)


def test_a_call_whose_arguments_are_none_is_told_as_text():
    chunks = [Chunk(tool_calls=(ToolCall(0, "a", "f", '{"a":'),)), Chunk(finish_reason="length")]
    writer = DIALECT.stream_writer(parsed(), "m", "abc", 1.0)
    lines = (b"".join(map(writer.write, chunks)) + writer.finish()).splitlines()
    said, last = map(orjson.loads, lines)
    assert said["message"] == {"role": "assistant", "content": '{"name": "f", "arguments": {"a":}'}
    assert last["done_reason"] == "length"
    whole = orjson.loads(DIALECT.encode_response(parsed(), chunks[0], "abc", 1.0))
    assert whole["message"] == said["message"]


@pytest.mark.parametrize("operation", CHAT_OPERATIONS)
@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({}, (3.0, 0.0, 1.0, 2.0)),
        ({"load_seconds": 0.5}, (3.0, 0.5, 0.5, 2.0)),
        ({"timings": Timings(0.25, 1.5)}, (3.0, 0.0, 0.25, 1.5)),
        ({"timings": Timings(2.0, 4.0)}, (6.0, 0.0, 2.0, 4.0)),
        ({"timings": Timings(0.0, 1.5)}, (3.0, 0.0, 1.0, 1.5)),
        ({"timings": Timings(0.5, 0.0)}, (3.0, 0.0, 0.5, 2.5)),
    ],
)
def test_durations_of_a_stream_are_the_engines_or_our_own(operation, said, expected):
    request, times = parsed(operation, prompt="x"), iter([1.0, 3.0])
    writer = DIALECT.stream_writer(request, "m", "abc", 1.0, lambda: next(times))
    written = writer.write(Chunk("a", usage=Usage(3, 4), **said)) + writer.write(Chunk("b"))
    durations(orjson.loads((written + writer.finish()).splitlines()[-1]), expected)


def test_a_stream_of_one_piece_shares_its_time_out_as_a_whole_answer():
    times = iter([5.0, 5.0])
    writer = DIALECT.stream_writer(parsed(), "m", "abc", 1.0, lambda: next(times))
    written = writer.write(Chunk("a", usage=Usage(10, 4))) + writer.finish()
    durations(orjson.loads(written.splitlines()[-1]), (5.0, 0.0, 1.0, 4.0))


@pytest.mark.parametrize(
    ("chunk", "elapsed", "expected"),
    [
        (Chunk("a", usage=Usage(10, 4)), 5.0, (5.0, 0.0, 1.0, 4.0)),
        (Chunk("a", usage=Usage(10, 4), load_seconds=1.0), 6.0, (6.0, 1.0, 1.0, 4.0)),
        (Chunk("a"), 4.0, (4.0, 0.0, 2.0, 2.0)),
        (Chunk("a", timings=Timings(0.5, 1.0)), 5.0, (5.0, 0.0, 0.5, 1.0)),
        (Chunk("a", timings=Timings(0.0, 1.0)), 5.0, (5.0, 0.0, 2.5, 1.0)),
        (Chunk("a", timings=Timings(1.0, 0.0)), 5.0, (5.0, 0.0, 1.0, 4.0)),
        (Chunk("a"), 0.0, (0.0, 0.0, 0.0, 0.0)),
    ],
)
def test_durations_of_a_whole_answer(chunk, elapsed, expected):
    whole = DIALECT.encode_response(parsed(), chunk, "abc", 1.0, elapsed)
    durations(orjson.loads(whole), expected)


def durations(line, expected):
    names = ("total_duration", "load_duration", "prompt_eval_duration", "eval_duration")
    told = [line[name] for name in names]
    assert all(type(one) is int and one > 0 for one in told)
    assert [one / 1e9 for one in told] == pytest.approx(expected, abs=1e-6)
    assert told[0] >= sum(told[1:])


def test_probabilities_are_passed_on_in_both_dialects():
    entry = {"token": "a", "logprob": -0.5, "bytes": [97], "top_logprobs": []}
    line = orjson.dumps({"message": {"content": "a"}, "done": True, "logprobs": [entry]})
    chunk = DIALECT.decode_response(line).chunk
    assert chunk is not None
    assert chunk.logprobs == (entry,)
    request = OPENAI.parse(Operation.CHAT, orjson.dumps({"messages": [USER]}))
    whole = OPENAI.encode_response(request, chunk, "abc", 1.0)
    assert orjson.loads(whole)["choices"][0]["logprobs"]["content"] == [entry]
    again = OPENAI.decode_response(whole).chunk
    assert again is not None
    assert orjson.loads(DIALECT.encode_response(parsed(), again, "abc", 1.0))["logprobs"] == [entry]
    writer = OPENAI.stream_writer(request, "m", "abc", 1.0)
    told = [
        frame.chunk.logprobs
        for frame in OPENAI.stream_reader().feed(writer.write(chunk))
        if frame.chunk
    ]
    assert (entry,) in told
    text = OPENAI.parse(Operation.COMPLETION, b'{"prompt":"x"}')
    said = orjson.loads(OPENAI.encode_response(text, chunk, "abc", 1.0))["choices"][0]["logprobs"]
    assert (said["tokens"], said["token_logprobs"], said["text_offset"]) == (["a"], [-0.5], [0])
