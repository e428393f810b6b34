"""What every dialect must do, for each dialect and each pair of them in the registry."""

import itertools
import json
import pkgutil
from collections.abc import Mapping
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gearshift import registry
from gearshift.dialects.base import Dialect
from gearshift.dialects.errors import OVERLOADED as BUSY
from gearshift.errors import ExhaustedError, FailureKind, RequestError, UpstreamError
from gearshift.types import (
    CHAT_OPERATIONS,
    Capability,
    ChatRequest,
    Chunk,
    Frame,
    Message,
    Operation,
    ToolCall,
    Usage,
)

DIALECTS: dict[str, Dialect] = {
    name: registry.load(target)()
    for name, target in registry.CLIENT_DIALECTS.items()
    if registry.UPSTREAM_DIALECTS.get(name) == target
}
each_dialect = pytest.mark.parametrize("dialect", DIALECTS.values(), ids=DIALECTS.keys())
each_pair = pytest.mark.parametrize(
    ("client", "upstream"),
    list(itertools.product(DIALECTS.values(), repeat=2)),
    ids=["-".join(pair) for pair in itertools.product(DIALECTS, repeat=2)],
)

CONVERSATION: list[Message] = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "What is the weather in Zürich? 😀"},
    {
        "role": "assistant",
        "content": "",
        "tool_calls": [
            {
                "id": "call00001",
                "type": "function",
                "function": {"name": "weather", "arguments": '{"city":"Zürich"}'},
            }
        ],
    },
    {"role": "tool", "content": "sunny", "tool_call_id": "call00001", "name": "weather"},
    {
        "role": "user",
        "content": [
            {"type": "text", "text": "And here?"},
            {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}},
        ],
    },
]
SCHEMA = {"type": "object", "additionalProperties": False}
SETTINGS = {
    "temperature": 0.25,
    "top_p": 0.9,
    "max_tokens": 64,
    "stop": ["END"],
    "seed": 7,
    "tools": [{"type": "function", "function": {"name": "weather", "parameters": SCHEMA}}],
    "response_format": {"type": "json_schema", "json_schema": {"name": "answer", "schema": SCHEMA}},
}
UNSAID = {"anthropic": {"seed", "name"}}
"""Settings, and fields of turns, that a dialect has no words for (docs/dialects.md)."""

CHUNKS = [
    Chunk(reasoning="Let me see."),
    Chunk("Hello"),
    Chunk(" wörld 😀\n\ndata: x\r\n"),
    Chunk(tool_calls=(ToolCall(0, "call_a", "weather", '{"city":'),)),
    Chunk(tool_calls=(ToolCall(0, None, None, '"Zürich"}'),)),
    Chunk(finish_reason="length"),
    Chunk(usage=Usage(11, 7)),
]


def written_for(dialect: Dialect, *, stream: bool = False) -> bytes:
    """The test's conversation as a client of `dialect` would send it."""
    request = ChatRequest(
        "python", Operation.CHAT, "auto", CONVERSATION, stream=stream, options=SETTINGS
    )
    return dialect.upstream_body(request, "auto")


def without(names: set[str], given: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in given.items() if name not in names}


def told(frames: list[Frame]) -> Chunk:
    """What frames say together."""
    assert [frame.error for frame in frames if frame.error] == []
    chunks = [frame.chunk for frame in frames if frame.chunk]
    calls: dict[int, ToolCall] = {}
    for call in (call for chunk in chunks for call in chunk.tool_calls):
        before = calls.get(call.index, ToolCall(call.index))
        calls[call.index] = ToolCall(
            call.index,
            before.id or call.id,
            before.name or call.name,
            before.arguments + call.arguments,
        )
    return Chunk(
        content="".join(chunk.content for chunk in chunks),
        reasoning="".join(chunk.reasoning for chunk in chunks),
        tool_calls=tuple(calls.values()),
        finish_reason=next((c.finish_reason for c in chunks if c.finish_reason), None),
        usage=next((c.usage for c in chunks if c.usage), None),
        model=next((c.model for c in chunks if c.model), None),
    )


def a_request(dialect: Dialect, operation: Operation = Operation.CHAT) -> ChatRequest:
    body = {
        "messages": [{"role": "user", "content": "hi"}],
        "prompt": "hi",
        "max_tokens": 9,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    return dialect.parse(operation, orjson.dumps(body))


def a_stream(dialect: Dialect, chunks: list[Chunk]) -> bytes:
    writer = dialect.stream_writer(a_request(dialect), "small", "abc", 1_700_000_000.0)
    return b"".join(map(writer.write, chunks)) + writer.finish()


def frames_of(dialect: Dialect, *pieces: bytes) -> list[Frame]:
    reader = dialect.stream_reader()
    return [frame for piece in pieces for frame in reader.feed(piece)] + reader.finish()


# --- requests


@each_pair
@pytest.mark.parametrize("stream", [True, False])
def test_a_conversation_survives_translation(client, upstream, stream):
    request = client.parse(Operation.CHAT, written_for(client, stream=stream))
    again = upstream.parse(Operation.CHAT, upstream.upstream_body(request, "large"))
    assert again.model == "large"
    assert again.stream is stream
    assert again.needs == request.needs == {Capability.TOOLS, Capability.VISION}
    unsaid = UNSAID.get(client.name, set()) | UNSAID.get(upstream.name, set())
    assert dict(again.options) == without(unsaid, SETTINGS)
    turns = [without(unsaid - set(again.messages[3]), turn) for turn in CONVERSATION]
    assert list(again.messages) == turns


@each_dialect
@pytest.mark.parametrize("model", ["gemma2:2b", 'a"b\\c', "ünï"])
def test_the_clients_bytes_are_kept_but_for_the_model(dialect, model):
    raw = (
        b'{"x": 1.0, "max_tokens": 9, "model" : "auto", '
        b'"messages":[{"role":"user","content":"\\u00e4 \\"model\\""}'
        b'],\n "prompt":"p", "metadata":{"model":"mine"}, "x": 1e2}'
    )
    for operation in CHAT_OPERATIONS:
        sent = dialect.upstream_body(dialect.parse(operation, raw), model)
        assert sent == raw.replace(b'"auto"', orjson.dumps(model))


@each_pair
@pytest.mark.parametrize("operation", CHAT_OPERATIONS)
def test_every_operation_has_a_path_everywhere(client, upstream, operation):
    request = a_request(client, operation)
    assert upstream.path(request).startswith("/")
    body = orjson.loads(upstream.upstream_body(request, "large"))
    assert body["model"] == "large"
    assert "messages" in body or body["prompt"] == "hi"


@each_dialect
@pytest.mark.parametrize("operation", CHAT_OPERATIONS)
@given(raw=st.binary(max_size=80))
def test_no_bytes_raise_anything_but_a_request_error(dialect, operation, raw):
    try:
        dialect.parse(operation, raw)
    except RequestError as error:
        assert 400 <= error.status < 500  # noqa: PT017


REQUEST_FIELDS = ["model", "messages", "stream", "stream_options", "options", "stop", "n", "tools"]
SETTING_FIELDS = ["temperature", "num_predict", "tool_choice", "format", "response_format", "think"]
GENERATE_FIELDS = ["prompt", "system", "suffix", "raw", "keep_alive", "json_schema", "schema"]
MESSAGE_FIELDS = ["role", "content", "type", "text", "image_url", "url", "images", "thinking"]
CALL_FIELDS = ["tool_calls", "function", "arguments", "id", "name", "tool_call_id", "tool_name"]
FIELD = st.sampled_from(
    [*REQUEST_FIELDS, *SETTING_FIELDS, *GENERATE_FIELDS, *MESSAGE_FIELDS, *CALL_FIELDS]
)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-2, 2**63)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["user", "assistant", "tool", "text", "image_url", "auto", "", "\x00"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(FIELD, inner, max_size=4),
    max_leaves=12,
)
CALL = st.fixed_dictionaries(
    {"function": st.fixed_dictionaries({"name": JSON}, optional={"arguments": JSON})},
    optional={"id": JSON, "type": st.sampled_from(["function", "custom", 7])},
)
TURN = st.dictionaries(FIELD, JSON, max_size=4).map(
    lambda message: {"role": "user", "content": "x", **message}
) | st.fixed_dictionaries(
    {"role": st.sampled_from(["user", "assistant", "tool"])},
    optional={
        "content": JSON,
        "tool_calls": st.lists(CALL, max_size=2),
        "tool_call_id": JSON,
        "name": JSON,
        "images": JSON,
    },
)
BODY = st.dictionaries(FIELD, JSON, max_size=5) | st.builds(
    lambda body, turns: {"prompt": "x", **body, "messages": turns},
    st.dictionaries(FIELD, JSON, max_size=3),
    st.lists(TURN, min_size=1, max_size=3),
)


@each_pair
@pytest.mark.parametrize("operation", CHAT_OPERATIONS)
@settings(max_examples=150)
@given(body=BODY)
def test_what_is_accepted_can_be_sent(client, upstream, operation, body):
    try:
        request = client.parse(operation, orjson.dumps(body))
    except RequestError as error:
        assert error.status == 400  # noqa: PT017
        return
    try:
        sent = upstream.upstream_body(request, "large")
    except UpstreamError as error:
        assert error.fault is FailureKind.INCAPABLE  # noqa: PT017
    else:
        assert orjson.loads(sent)["model"] == "large"


@each_dialect
@pytest.mark.parametrize(
    ("raw", "field"),
    [
        (b'{"model":["auto"],"messages":[{"role":"user","content":"x"}]}', "model"),
        (b'{"stream":"true","messages":[{"role":"user","content":"x"}]}', "stream"),
        (b'{"messages":"x"}', "messages"),
        (b'{"messages":[7]}', "messages.0"),
        (b'{"messages":[{"role":"user","content":7}]}', "messages.0.content"),
        (b'{"messages":[{"role":7,"content":"x"}]}', "messages.0.role"),
        (b'{"tools":7,"messages":[{"role":"user","content":"x"}]}', "tools"),
        (b"not json", None),
        (b'{"x":' + b"[" * 10_000 + b"]" * 10_000 + b"}", None),
        (b'{"x":"a\tb"}', None),
    ],
)
def test_bad_input_is_named(dialect, raw, field):
    with pytest.raises(RequestError) as caught:
        dialect.parse(Operation.CHAT, raw.replace(b'{"m', b'{"max_tokens":9,"m', 1))
    assert caught.value.status == 400
    assert caught.value.field == field
    assert field is None or field in caught.value.message


@each_dialect
def test_a_million_letters_and_nuls_are_text(dialect):
    text = "a" * 1_000_000 + "\x00"
    raw = orjson.dumps({"messages": [{"role": "user", "content": text}], "max_tokens": 9})
    assert dialect.parse(Operation.CHAT, raw).messages[0]["content"] == text


# --- answers


@each_dialect
def test_a_stream_says_what_was_written(dialect):
    frames = frames_of(dialect, a_stream(dialect, CHUNKS))
    assert told(frames) == Chunk(
        content="Hello wörld 😀\n\ndata: x\r\n",
        reasoning="Let me see.",
        tool_calls=(ToolCall(0, "call_a", "weather", '{"city":"Zürich"}'),),
        finish_reason="length",
        usage=Usage(11, 7),
        model="small",
    )
    assert [frame.is_end for frame in frames].count(True) == 1
    assert frames[-1].is_end


@each_pair
def test_a_stream_survives_translation(client, upstream):
    frames = frames_of(upstream, a_stream(upstream, CHUNKS))
    chunks = [frame.chunk for frame in frames if frame.chunk]
    assert told(frames_of(client, a_stream(client, chunks))) == told(frames)


@each_pair
def test_an_answer_survives_translation(client, upstream):
    chunk = told(frames_of(upstream, a_stream(upstream, CHUNKS)))
    raw = upstream.encode_response(a_request(upstream), chunk, "abc", 1_700_000_000.0)
    frame = upstream.decode_response(raw)
    assert frame.chunk is not None
    translated = client.encode_response(a_request(client), frame.chunk, "abc", 1_700_000_000.0)
    again = client.decode_response(translated)
    assert again.is_end
    assert again.error is None
    assert told([again]) == chunk


@each_dialect
def test_frames_are_the_same_at_every_split(dialect):
    stream = a_stream(dialect, CHUNKS)
    whole = [frame for frame in frames_of(dialect, stream) if frame.chunk or frame.is_end]
    for place in range(len(stream) + 1):
        frames = frames_of(dialect, stream[:place], stream[place:])
        assert b"".join(frame.raw for frame in frames) == stream
        assert [frame for frame in frames if frame.chunk or frame.is_end] == whole
    assert frames_of(dialect, *(bytes([byte]) for byte in stream)) == frames_of(dialect, stream)


@each_dialect
@given(pieces=st.lists(st.binary(max_size=30) | st.sampled_from([b"\n", b"data: ", b"{}"])))
def test_frames_add_up_to_the_stream_whatever_it_is(dialect, pieces):
    frames = frames_of(dialect, *pieces)
    assert b"".join(frame.raw for frame in frames) == b"".join(pieces)


@each_dialect
@given(
    content=st.text(st.characters(exclude_categories=["Cs"]), min_size=1),
    reasoning=st.text(st.characters(exclude_categories=["Cs"])),
)
def test_any_text_survives(dialect, content, reasoning):
    chunk = told(frames_of(dialect, a_stream(dialect, [Chunk(content, reasoning)])))
    assert (chunk.content, chunk.reasoning) == (content, reasoning)
    assert chunk.finish_reason == "stop"


@each_dialect
@given(raw=st.binary(max_size=60) | JSON.map(orjson.dumps))
def test_no_body_makes_reading_fail(dialect, raw):
    frame = dialect.decode_response(raw)
    assert frame.raw == raw
    assert frame.error or frame.chunk


@each_dialect
def test_a_web_page_is_no_answer(dialect):
    page = b"<!doctype html><html><body>It works!</body></html>\n"
    assert dialect.decode_response(page).error
    assert any(frame.error for frame in frames_of(dialect, page))


@each_dialect
def test_the_model_that_answered_is_named(dialect):
    for frame in frames_of(dialect, a_stream(dialect, CHUNKS)):
        named = dialect.rewrite_model(frame, "large")
        assert named == frame.raw.replace(b'"small"', b'"large"')
        assert dialect.rewrite_model(frame, "small") is frame.raw


@each_dialect
def test_the_model_is_named_in_a_whole_answer(dialect):
    raw = dialect.encode_response(a_request(dialect), Chunk('"small"', model="small"), "abc", 0.0)
    named = dialect.decode_response(dialect.rewrite_model(dialect.decode_response(raw), "large"))
    assert named.chunk is not None
    assert (named.chunk.model, named.chunk.content) == ("large", '"small"')


def cut_in_two(dialect: Dialect, text: str) -> bytes:
    """A stream of `text` whose letters beyond the first plane are cut into two pieces each."""
    stream = a_stream(dialect, [Chunk(f"<{i}>") for i in range(2 * len(text))])
    for i, letter in enumerate(text):
        high, low = orjson.loads(b"[%d, %d]" % _surrogates(letter))
        stream = stream.replace(b"<%d>" % (2 * i), b"\\u%04x" % high)
        stream = stream.replace(b"<%d>" % (2 * i + 1), b"\\u%04x" % low)
    return stream


def _surrogates(letter: str) -> tuple[int, int]:
    pair = letter.encode("utf-16-be")
    return int.from_bytes(pair[:2]), int.from_bytes(pair[2:])


@each_pair
def test_halves_of_characters_in_two_pieces_come_out_whole(client, upstream):
    stream = cut_in_two(upstream, "😀🦜")
    frames = frames_of(upstream, *(bytes([byte]) for byte in stream))
    chunks = [frame.chunk for frame in frames if frame.chunk]
    assert told(frames).content == "😀🦜"
    assert told(frames_of(client, a_stream(client, chunks))).content == "😀🦜"
    assert b"".join(upstream.rewrite_model(frame, "small") for frame in frames) == stream


@each_dialect
@pytest.mark.parametrize("cut", [b"\xc3", b"\xf0\x9f", b"\\ud83d", b"\\udc00"])
def test_what_is_no_character_is_replaced_and_the_rest_is_kept(dialect, cut):
    stream = a_stream(dialect, [Chunk("one <cut>"), Chunk(" two")]).replace(b"<cut>", cut)
    frames = frames_of(dialect, stream)
    content = told(frames).content
    assert content.replace("\ufffd", "") == "one  two"
    assert "\ufffd" in content
    whole = dialect.encode_response(a_request(dialect), Chunk("one <cut>"), "abc", 1.0)
    frame = dialect.decode_response(whole.replace(b"<cut>", cut))
    assert frame.chunk is not None
    assert "\ufffd" in frame.chunk.content


@each_dialect
def test_a_stream_for_a_whole_answer_is_put_together(dialect):
    frame = dialect.decode_response(b"\xef\xbb\xbf" + a_stream(dialect, CHUNKS))
    assert frame.is_other_shape
    assert told([frame]) == told(frames_of(dialect, a_stream(dialect, CHUNKS)))


@each_dialect
def test_a_stream_that_breaks_off_is_no_whole_answer(dialect):
    stream = a_stream(dialect, [Chunk("one"), Chunk("two"), Chunk("three")])
    for end in range(1, len(stream) - len(stream.splitlines()[-1]) - 1):
        frame = dialect.decode_response(stream[:end])
        assert frame.error or (frame.chunk and frame.chunk.finish_reason), stream[:end]


@each_dialect
@pytest.mark.parametrize("indent", [None, 2])
def test_a_whole_answer_for_a_stream_is_one_frame(dialect, indent):
    chunk = told(frames_of(dialect, a_stream(dialect, CHUNKS)))
    raw = dialect.encode_response(a_request(dialect), chunk, "abc", 1.0)
    raw = json.dumps(json.loads(raw), indent=indent).encode()
    for mark in (b"", b"\xef\xbb\xbf"):
        pieces = [bytes([byte]) for byte in mark + raw]
        assert told(frames_of(dialect, mark + raw)) == told(frames_of(dialect, *pieces))
        content = told(frames_of(dialect, mark + raw)).content
        assert content == chunk.content


# --- the official clients' own types read what is written


@pytest.mark.parametrize(
    ("name", "operation", "kind"),
    [
        ("openai", Operation.CHAT, "openai.types.chat:ChatCompletionChunk"),
        ("ollama", Operation.CHAT, "ollama:ChatResponse"),
        ("ollama", Operation.COMPLETION, "ollama:GenerateResponse"),
    ],
)
def test_official_clients_read_streams(name: str, operation: Operation, kind: str):
    dialect = DIALECTS[name]
    writer = dialect.stream_writer(a_request(dialect, operation), "small", "abc", 1.0)
    stream = b"".join(map(writer.write, CHUNKS)) + writer.finish()
    lines = [line.removeprefix(b"data: ") for line in stream.splitlines() if line]
    read = [
        pkgutil.resolve_name(kind).model_validate_json(line) for line in lines if line != b"[DONE]"
    ]
    assert len(read) > len(CHUNKS) - 3


@pytest.mark.parametrize(
    ("name", "operation", "kind"),
    [
        ("openai", Operation.CHAT, "openai.types.chat:ChatCompletion"),
        ("openai", Operation.COMPLETION, "openai.types:Completion"),
        ("ollama", Operation.CHAT, "ollama:ChatResponse"),
        ("ollama", Operation.COMPLETION, "ollama:GenerateResponse"),
    ],
)
def test_official_clients_read_answers(name: str, operation: Operation, kind: str):
    dialect = DIALECTS[name]
    chunk = told(frames_of(dialect, a_stream(dialect, CHUNKS)))
    raw = dialect.encode_response(a_request(dialect, operation), chunk, "abc", 1.0)
    assert pkgutil.resolve_name(kind).model_validate_json(raw).model_dump()["model"] == "small"


# --- errors


@each_dialect
@pytest.mark.parametrize(
    ("error", "status"),
    [
        (RequestError("bad", field="messages"), 400),
        (RequestError("model 'x' not found", status=404, code="model_not_found"), 404),
        (RequestError("full", status=429, headers={"Retry-After": "2"}), 429),
        (UpstreamError("late", fault=FailureKind.TIMEOUT), 504),
        (UpstreamError("full", fault=FailureKind.BUSY, retry_after_seconds=2), 503),
        (ExhaustedError([("a/b", UpstreamError("gone", fault=FailureKind.UNREACHABLE))]), 502),
    ],
)
def test_an_error_is_read_as_it_was_written(dialect, error, status):
    written, headers, body = dialect.write_error(error)
    assert written == (BUSY if dialect.name == "anthropic" and status == 503 else status)
    assert headers.get("Retry-After") == ("2" if status in (429, 503) else None)
    message = dialect.fault_of(written, body)[1]
    assert str(error) == message
    assert dialect.decode_response(body).error == message


@each_dialect
def test_an_error_ends_a_stream_that_had_begun(dialect):
    error = UpstreamError("the upstream\nbroke off", fault=FailureKind.CUT_OFF)
    (frame,) = frames_of(dialect, dialect.write_stream_error(error))
    assert frame.error == "the upstream broke off"
    assert not frame.is_end


@each_dialect
@given(status=st.integers(300, 599), body=st.binary(max_size=60) | JSON.map(orjson.dumps))
def test_every_failure_has_a_meaning_and_a_message(dialect, status, body):
    fault, message = dialect.fault_of(status, body)
    assert isinstance(fault, FailureKind)
    assert message
    assert "\n" not in message
