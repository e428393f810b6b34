"""What holds for any input: the fuzzers' properties, with inputs that hypothesis makes up."""

import json
from pathlib import Path

import orjson
import pytest
from fuzz import properties
from fuzz.formats import CLIENTS, DIALECTS, EMBEDDINGS
from fuzz.targets import TARGETS
from hypothesis import given, settings
from hypothesis import strategies as st

from gearshift.types import ChatRequest, Chunk, Operation, ToolCall, Usage

each_target = pytest.mark.parametrize("name", TARGETS)
each_dialect = pytest.mark.parametrize("dialect", DIALECTS.values(), ids=DIALECTS.keys())
each_client = pytest.mark.parametrize("dialect", CLIENTS.values(), ids=CLIENTS.keys())
each_way = pytest.mark.parametrize(
    ("client", "between"),
    [(DIALECTS["openai"], DIALECTS["ollama"]), (DIALECTS["ollama"], DIALECTS["openai"])],
    ids=["openai-ollama-openai", "ollama-openai-ollama"],
)

ROOT = Path(__file__).parents[2]
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
NAME = st.text("abcdefgh_", min_size=1, max_size=8)
ARGUMENTS = st.dictionaries(NAME, st.none() | st.booleans() | st.integers(0, 9) | TEXT, max_size=3)
CALLS = st.lists(st.tuples(NAME, ARGUMENTS), max_size=3).map(
    lambda calls: tuple(
        ToolCall(index, f"call_{index}", name, orjson.dumps(arguments).decode())
        for index, (name, arguments) in enumerate(calls)
    )
)
ANSWERS = st.builds(
    Chunk,
    content=TEXT,
    reasoning=TEXT,
    tool_calls=CALLS,
    finish_reason=st.sampled_from(["stop", "length"]),
    # Ollama tells neither cached tokens nor those of thinking.
    usage=st.builds(
        Usage, st.integers(0, 10**9), st.integers(0, 10**9), st.just(0), reasoning_tokens=st.just(0)
    ),
    model=st.just("small"),
    load_seconds=st.none(),
    timings=st.none(),
    logprobs=st.just(()),
)


@st.composite
def inputs(draw, name: str) -> bytes:
    """Bytes of every kind: a target's own seeds and words, cut, joined, and with noise."""
    target = TARGETS[name]
    known = st.sampled_from([*target.seeds, *(word.encode() for word in target.words)])
    slices = known.flatmap(
        lambda text: st.tuples(st.integers(0, len(text)), st.integers(0, len(text))).map(
            lambda edges: text[min(edges) : max(edges)]
        )
    )
    marks = st.sampled_from([b"\n", b"\r", b'"', b"\\", b"{", b"}", b"[", b"]", b",", b":", b"0"])
    return b"".join(draw(st.lists(known | slices | marks | st.binary(max_size=8), max_size=8)))


@each_target
@settings(max_examples=60)
@given(st.data())
def test_no_bytes_break_it(name, data):
    TARGETS[name].holds(data.draw(inputs(name)))


@st.composite
def almost(draw, seed: object) -> object:
    """A JSON value like `seed`, with a part of it exchanged for anything."""
    if isinstance(seed, dict) and seed and draw(st.integers(0, 4)):
        key = draw(st.sampled_from(sorted(seed)))
        return {**seed, key: draw(almost(seed[key]))}
    if isinstance(seed, list) and seed and draw(st.integers(0, 4)):
        return [*seed[1:], draw(almost(seed[0]))]
    return draw(JSON)


REQUESTS = {
    "openai": {
        "model": "auto",
        "stream": True,
        "stream_options": {"include_usage": True},
        "messages": [
            {"role": "user", "content": [{"type": "text", "text": "a"}]},
            {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:"}}]},
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [
                    {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
                ],
            },
            {"role": "tool", "content": "3", "tool_call_id": "c", "name": "f"},
        ],
        "prompt": ["a", "b"],
        "temperature": 0.5,
        "max_tokens": 9,
        "stop": ["x"],
        "n": 1,
        "tools": [{"type": "function", "function": {"name": "f", "parameters": {}}}],
        "tool_choice": "auto",
        "response_format": {"type": "json_schema", "json_schema": {"schema": {}}},
        "logit_bias": {"1": 2},
    },
    "ollama": {
        "model": "auto",
        "stream": False,
        "messages": [
            {"role": "user", "content": "a", "images": ["AA=="]},
            {
                "role": "assistant",
                "thinking": "b",
                "tool_calls": [{"id": "c", "function": {"name": "f", "arguments": {"x": 1}}}],
            },
            {"role": "tool", "content": "3", "tool_name": "f"},
        ],
        "prompt": "a",
        "system": "b",
        "suffix": "c",
        "images": ["AA=="],
        "options": {"temperature": 0.5, "num_predict": 9, "stop": ["x"], "seed": 1},
        "tools": [{"type": "function", "function": {"name": "f", "parameters": {}}}],
        "format": {"type": "object"},
        "think": "high",
        "keep_alive": "5m",
    },
    "anthropic": {
        "model": "auto",
        "max_tokens": 9,
        "stream": True,
        "system": [{"type": "text", "text": "a"}],
        "messages": [
            {"role": "user", "content": [{"type": "text", "text": "a"}]},
            {
                "role": "user",
                "content": [
                    {"type": "image", "source": {"type": "base64", "data": "AA=="}},
                    {"type": "document", "title": "b", "source": {"type": "text", "data": "c"}},
                ],
            },
            {
                "role": "assistant",
                "content": [
                    {"type": "thinking", "thinking": "b", "signature": "s"},
                    {"type": "tool_use", "id": "c", "name": "f", "input": {"x": 1}},
                ],
            },
            {
                "role": "user",
                "content": [
                    {
                        "type": "tool_result",
                        "tool_use_id": "c",
                        "content": [{"type": "text", "text": "3"}],
                        "is_error": True,
                    }
                ],
            },
            {"role": "system", "content": "d"},
        ],
        "stop_sequences": ["x"],
        "temperature": 0.5,
        "thinking": {"type": "enabled", "budget_tokens": 1024},
        "output_config": {"effort": "low", "format": {"type": "json_schema", "schema": {}}},
        "tools": [{"name": "f", "description": "g", "input_schema": {}}],
        "tool_choice": {"type": "tool", "name": "f", "disable_parallel_tool_use": True},
        "mcp_servers": [{"name": "h"}],
    },
    "responses": {
        "model": "auto",
        "stream": True,
        "instructions": "a",
        "input": [
            {"role": "developer", "content": [{"type": "input_text", "text": "b"}]},
            {"role": "user", "content": [{"type": "input_image", "image_url": "data:"}]},
            {"type": "reasoning", "summary": [{"type": "summary_text", "text": "c"}]},
            {"type": "message", "role": "assistant", "content": "d"},
            {"type": "function_call", "call_id": "e", "name": "f", "arguments": "{}"},
            {"type": "function_call_output", "call_id": "e", "output": [{"type": "input_text"}]},
            {"type": "custom_tool_call", "call_id": "g", "name": "h", "input": "i"},
            {"type": "custom_tool_call_output", "call_id": "g", "output": "j"},
        ],
        "tools": [
            {"type": "function", "name": "f", "description": "k", "parameters": {}},
            {"type": "custom", "name": "h", "format": {"type": "grammar", "definition": "l"}},
            {"type": "namespace", "name": "m", "tools": [{"type": "function", "name": "n"}]},
        ],
        "tool_choice": {"type": "allowed_tools", "tools": [{"type": "function", "name": "f"}]},
        "text": {"format": {"type": "json_schema", "schema": {}}, "verbosity": "low"},
        "reasoning": {"effort": "low", "summary": "auto"},
        "max_output_tokens": 9,
        "metadata": {"o": "p"},
        "include": ["message.output_text.logprobs"],
        "previous_response_id": None,
    },
}


@each_client
@settings(max_examples=200)
@given(data=st.data())
def test_what_is_almost_a_request_is_refused_in_words_or_can_be_sent(dialect, data):
    body = data.draw(almost(REQUESTS[dialect.name]))
    raw = json.dumps(body, ensure_ascii=data.draw(st.booleans())).encode()
    TARGETS[f"parse-{dialect.name}"].holds(raw)
    if isinstance(body, dict):
        TARGETS["splice"].holds(raw)


TEXTS = {
    "model": "auto",
    "input": ["a", "b"],
    "prompt": "a",
    "dimensions": 3,
    "encoding_format": "base64",
    "user": "u",
    "truncate": True,
    "options": {"num_ctx": 9},
    "keep_alive": "5m",
}
VECTORS = {
    "object": "list",
    "data": [{"object": "embedding", "index": 0, "embedding": [0.5, 1]}],
    "embeddings": [[0.5, 1]],
    "embedding": [0.5, 1],
    "model": "m",
    "usage": {"prompt_tokens": 3},
    "load_duration": 5,
    "prompt_eval_count": 3,
}
each_with_embeddings = pytest.mark.parametrize("name", EMBEDDINGS)


@each_with_embeddings
@settings(max_examples=20)
@given(data=st.data())
def test_what_is_almost_a_request_for_vectors_is_refused_in_words_or_can_be_sent(name, data):
    raw = json.dumps(data.draw(almost(TEXTS)), ensure_ascii=data.draw(st.booleans())).encode()
    TARGETS[f"parse-embeddings-{name}"].holds(raw)


@each_with_embeddings
@settings(max_examples=20)
@given(data=st.data())
def test_what_is_almost_an_answer_with_vectors_is_refused_or_can_be_told(name, data):
    raw = json.dumps(data.draw(almost(VECTORS)), ensure_ascii=data.draw(st.booleans())).encode()
    TARGETS[f"read-embeddings-{name}"].holds(raw)


@each_dialect
@given(st.data())
def test_what_is_almost_an_answer_is_a_frame(dialect, data):
    request = ChatRequest(dialect.name, Operation.CHAT, "auto", [])
    chunk = data.draw(ANSWERS)
    whole = dialect.encode_response(request, chunk, "id", 1.0)
    TARGETS[f"read-{dialect.name}"].holds(
        json.dumps(data.draw(almost(orjson.loads(whole)))).encode()
    )
    writer = dialect.stream_writer(request, "small", "id", 1.0)
    stream = writer.write(chunk) + writer.finish()
    start, end = sorted(data.draw(st.lists(st.integers(0, len(stream)), min_size=2, max_size=2)))
    TARGETS[f"read-{dialect.name}"].holds(stream[:start] + stream[end:])


@each_way
@given(ANSWERS)
def test_a_translated_answer_says_the_same(client, between, chunk):
    for dialect in (between, client):
        request = ChatRequest(dialect.name, Operation.CHAT, "auto", [])
        frame = dialect.decode_response(dialect.encode_response(request, chunk, "id", 1.0))
        assert frame.error is None
        assert frame.chunk is not None
        assert frame.chunk.content == chunk.content
        assert frame.chunk.reasoning == chunk.reasoning
        assert _called(frame.chunk) == _called(chunk)
        assert _finish(frame.chunk) == _finish(chunk)
        assert frame.chunk.usage == chunk.usage
        chunk = frame.chunk


def _called(chunk: Chunk) -> list[object]:
    return [(call.id, call.name, orjson.loads(call.arguments)) for call in chunk.tool_calls]


def _finish(chunk: Chunk) -> str | None:
    """Ollama has no word for the end by tool calls."""
    return "stop" if chunk.finish_reason == "tool_calls" else chunk.finish_reason


HUGE = 2**64 - 1


@pytest.mark.parametrize(
    ("name", "raw"),
    [
        ("openai", {"choices": [{"text": ""}], "usage": {"prompt_tokens": HUGE}}),
        ("openai", {"choices": [{"text": ""}], "timings": {"cache_n": HUGE, "prompt_n": HUGE}}),
        ("ollama", {"done": True, "load_duration": HUGE, "eval_count": HUGE}),
        ("ollama", {"done": True, "prompt_eval_count": HUGE, "eval_count": 1}),
    ],
)
def test_counts_beyond_reason_can_be_said_to_the_client(name, raw):
    TARGETS[f"read-{name}"].holds(orjson.dumps(raw))


@pytest.mark.parametrize("body", [b'{"error":""}', b'{"error":{}}', b'{"error":{"message":""}}'])
def test_an_error_without_words_is_told_in_words(body):
    TARGETS["errors"].holds(b"d" + body)


@each_dialect
def test_an_error_in_a_stream_needs_no_words(dialect):
    said = b'{"object":"error","error":""}'
    framed = b"data: " + said + b"\n\n" if dialect.name == "openai" else said + b"\n"
    (frame,) = dialect.stream_reader().feed(framed)
    assert frame.error == "an error without a message"


def test_the_fuzzers_know_where_the_tests_are():
    assert [place for place in properties.TESTS if not (ROOT / place).exists()] == []
