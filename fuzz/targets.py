"""What must hold for any bytes: one function each, which raises where it does not.

They need no fuzzer: the ordinary tests call them too, with inputs that hypothesis makes up.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import orjson

from fuzz import seeds
from gearshift import registry
from gearshift.config_file.text import expand, parse_value
from gearshift.dialects.base import ClientDialect, Dialect, FailingWriter, UpstreamDialect
from gearshift.dialects.errors import MAX_MESSAGE_CHARACTERS
from gearshift.dialects.ndjson import LineDecoder
from gearshift.dialects.pieces import joined_calls
from gearshift.dialects.splice import splice_model
from gearshift.dialects.sse import SSEDecoder
from gearshift.dialects.tool_calls import arguments_object
from gearshift.errors import FailureKind, RequestError, UpstreamError
from gearshift.http.server.reader import ParsedRequest, RejectedRequest, RequestReader
from gearshift.http.server.streamed_body import StreamedBody
from gearshift.http.values import HttpLimits
from gearshift.tiered_routing.complexity_scorer import TaskComplexityScorer
from gearshift.types import (
    CHAT_OPERATIONS,
    EMBEDDING_OPERATIONS,
    ChatRequest,
    Chunk,
    Frame,
    Operation,
)

CLIENTS: dict[str, ClientDialect] = {
    name: registry.load(target)() for name, target in registry.CLIENT_DIALECTS.items()
}
UPSTREAMS: dict[str, UpstreamDialect] = {
    name: registry.load(target)() for name, target in registry.UPSTREAM_DIALECTS.items()
}
DIALECTS: dict[str, Dialect] = {
    name: registry.load(target)()
    for name, target in registry.CLIENT_DIALECTS.items()
    if registry.UPSTREAM_DIALECTS.get(name) == target
}
"""Those that are both."""
EMBEDDINGS: dict[str, Any] = {
    name: dialect.embeddings for name, dialect in CLIENTS.items() if hasattr(dialect, "embeddings")
}
"""What those that have them know of embeddings, as clients and as upstreams."""
SCORER = TaskComplexityScorer()
ROLES = ("user", "assistant", "system", "tool", "developer", "", "king")
LIMITS = HttpLimits(max_body_bytes=64, max_header_bytes=512, max_headers=8)


@dataclass(frozen=True, slots=True)
class Target:
    """One property of one part.

    Attributes:
        holds: Raises for an input for which the property does not hold.
        seeds: Inputs to begin with.
        words: What inputs of this kind are made of.
    """

    holds: Callable[[bytes], None]
    seeds: tuple[bytes, ...]
    words: tuple[str, ...] = ()


# --- scorer


def score_text(data: bytes) -> None:
    """Any text has a score that its contributions add up to."""
    _scored(data.decode("utf-8", "replace"))


def score_messages(data: bytes) -> None:
    """So has any conversation: turns that end in NUL, their roles in the first byte."""
    turns = [
        {"role": ROLES[turn[0] % len(ROLES)], "content": turn[1:].decode("utf-8", "replace")}
        for turn in data.split(b"\x00")
        if turn
    ]
    _scored(turns)
    decoded = _json(data)
    if decoded is not None:
        _scored(decoded)


def _scored(value: Any) -> None:
    result = SCORER.score(value)
    assert 0.0 <= result.score <= 10.0, result
    assert abs(sum(result.contributions.values()) - result.score) < 1e-9, result
    assert all(0.0 <= factor <= 3.0 for factor in result.factors.values()), result
    assert result.reasoning, result
    assert "\n" not in result.reasoning, result


# --- requests


def parse(dialect: ClientDialect, data: bytes) -> None:
    """What a client sends is refused in words, or can be sent on in every dialect."""
    for operation in CHAT_OPERATIONS:
        try:
            request = dialect.parse(operation, data)
        except RequestError as error:
            _refused(error)
        else:
            _sent_on(request)
            _answered(dialect, request)


def _refused(error: RequestError) -> None:
    assert 400 <= error.status < 500, error
    for client in CLIENTS.values():
        status, _, body = client.write_error(error)
        assert status == error.status, status
        assert orjson.loads(body)["error"], body


def _sent_on(request: ChatRequest) -> None:
    assert 0.0 <= SCORER.score(request.messages).score <= 10.0
    for upstream in UPSTREAMS.values():
        assert upstream.path(request).startswith("/")
        try:
            sent = upstream.upstream_body(request, "large")
        except UpstreamError as error:
            if error.fault is not FailureKind.INCAPABLE:
                raise
        except RequestError as error:  # nested too deeply to be written
            _refused(error)
        else:
            body = orjson.loads(sent)
            assert body["model"] == "large", sent
            if upstream.name == request.dialect:
                assert body == {**request.body, "model": "large"}, sent


def _answered(dialect: ClientDialect, request: ChatRequest) -> None:
    """An answer can be told, whatever of the request it repeats."""
    chunk = Chunk("a", "b", finish_reason="stop", model="large")
    assert orjson.loads(dialect.encode_response(request, chunk, "id", 0.0))
    writer = dialect.stream_writer(request, "large", "id", 0.0)
    assert writer.write(chunk) + writer.finish()


def parse_embeddings(dialect: str, data: bytes) -> None:
    """A request for vectors is refused in words, or can be sent on in every dialect."""
    for operation in EMBEDDING_OPERATIONS:
        try:
            request = EMBEDDINGS[dialect].parse(operation, data)
        except RequestError as error:
            _refused(error)
            continue
        assert bool(request.inputs) is not request.loads_model
        for name, upstream in EMBEDDINGS.items():
            try:
                sent = orjson.loads(upstream.upstream_body(request, "large"))
            except UpstreamError as error:
                if error.fault is not FailureKind.INCAPABLE:
                    raise
            except RequestError as error:  # nested too deeply to be written
                _refused(error)
            else:
                assert sent["model"] == "large", sent
                assert name != dialect or sent == {**request.body, "model": "large"}, sent


def read_embeddings(dialect: str, data: bytes) -> None:
    """An answer to one is refused in words, or can be told to clients of every dialect."""
    asked = {"input": ["a"], "prompt": "a", "dimensions": 3}
    for operation in EMBEDDING_OPERATIONS:
        for client in EMBEDDINGS.values():
            request = client.parse(operation, orjson.dumps(asked))
            try:
                response = EMBEDDINGS[dialect].decode_response(request, data)
            except ValueError as problem:
                _told(str(problem))
                continue
            assert response.frame.raw == data
            assert len(response.vectors) == 1, response.vectors
            for encoding in ("float", "base64"):
                request.encoding = encoding
                told = orjson.loads(client.encode_response(request, response, "m", 0.0))
                assert told.get("data") or told.get("embeddings") or told.get("embedding"), told


def _told(message: str) -> None:
    for client in CLIENTS.values():
        assert client.write_error(UpstreamError(message, fault=FailureKind.FAILED))[2], message


def splice(data: bytes) -> None:
    """Only the model changes, whatever the object."""
    body = _json(data)
    if not isinstance(body, dict) or not isinstance(body.get("model", ""), str | None):
        return
    for name in ('q"\\ü', ""):
        spliced = splice_model(data, name)
        assert orjson.loads(spliced) == {**body, "model": name}, spliced
        assert splice_model(spliced, name) == spliced


def http_requests(data: bytes) -> None:
    """Bytes of a connection are requests, and at most one refusal, which is the last.

    They are the same requests where bodies are read as they come, which have no limit there.
    """
    for pieces in _splits(data):
        outcomes = _delivered(pieces)
        assert not any(isinstance(outcome, RejectedRequest) for outcome in outcomes[:-1]), outcomes
        whole = [(o.request.path, o.request.body) for o in outcomes if isinstance(o, ParsedRequest)]
        streamed = [_arrived(outcome) for outcome in _delivered(pieces, streamed=(b"/",))]
        assert streamed[: len(whole)] == whole, (streamed, whole)


def _delivered(
    pieces: list[bytes], streamed: tuple[bytes, ...] = ()
) -> list[ParsedRequest | RejectedRequest]:
    outcomes: list[ParsedRequest | RejectedRequest] = []
    reader = RequestReader(LIMITS, outcomes.append, lambda: None, streamed)
    for piece in pieces:
        reader.feed(piece)
    return outcomes


def _arrived(outcome: ParsedRequest | RejectedRequest) -> tuple[str, bytes]:
    request = outcome.request
    stream = request.stream
    return request.path, stream.held if isinstance(stream, StreamedBody) else request.body


# --- answers


def read(dialect: UpstreamDialect, data: bytes) -> None:
    """An upstream's bytes are frames, the same ones however they arrive, and add up."""
    whole = dialect.decode_response(data)
    assert whole.raw == data
    assert whole.error or whole.chunk, whole
    expected = None
    for pieces in _splits(data):
        frames = _frames(dialect, pieces)
        assert b"".join(frame.raw for frame in frames) == data, frames
        said = [
            (frame.chunk, frame.is_end, bool(frame.error))
            for frame in frames
            if frame.chunk or frame.is_end or frame.error
        ]
        expected = said if expected is None else expected
        assert said == expected, (said, expected)
    for frame in [whole, *_frames(dialect, [data])]:
        _passed_on(frame)


def _frames(dialect: UpstreamDialect, pieces: list[bytes]) -> list[Frame]:
    reader = dialect.stream_reader()
    return [frame for piece in pieces for frame in reader.feed(piece)] + reader.finish()


def _passed_on(frame: Frame) -> None:
    """What a frame says can be said to a client of any dialect."""
    if frame.chunk is None:
        return
    for client in CLIENTS.values():
        body = {"stream_options": {"include_usage": True}}
        request = ChatRequest(client.name, Operation.CHAT, "auto", [], body=body)
        whole = client.encode_response(request, frame.chunk, "id", 0.0)
        writer = client.stream_writer(request, "small", "id", 0.0)
        written = writer.write(frame.chunk) + writer.finish()
        broken = client.stream_writer(request, "small", "id", 0.0)
        broken.write(frame.chunk)
        assert not isinstance(broken, FailingWriter) or broken.fail(RequestError("x"))
        reader = DIALECTS.get(client.name)
        if reader is None:
            continue
        assert not reader.decode_response(whole).error
        again = _frames(reader, [written])
        assert not [one.error for one in again if one.error], written
        content = "".join(one.chunk.content for one in again if one.chunk)
        assert content.startswith(frame.chunk.content), written
        assert content == frame.chunk.content or _has_broken_calls(frame.chunk), written


def _has_broken_calls(chunk: Chunk) -> bool:
    """Whether a tool call has arguments that are no object, so that Ollama tells it as text."""
    return any(arguments_object(call.arguments) is None for call in joined_calls(chunk.tool_calls))


def cut_events(data: bytes) -> None:
    """Server-sent events add up to their stream, and say the same at every split."""
    expected: list[tuple[bytes, bytes]] | None = None
    for pieces in _splits(data):
        cutter = SSEDecoder()
        events = [event for piece in pieces for event in cutter.feed(piece)] + cutter.finish()
        assert b"".join(event.raw for event in events) == data
        said = [(event.name, event.data) for event in events if event.data is not None]
        expected = said if expected is None else expected
        assert said == expected, (said, expected)


def cut_lines(data: bytes) -> None:
    """Lines are what is between line feeds."""
    for pieces in _splits(data):
        cutter = LineDecoder()
        lines = [line for piece in pieces for line in cutter.feed(piece)] + cutter.finish()
        assert b"".join(lines) == data
        assert all(b"\n" not in line[:-1] for line in lines), lines


def errors(data: bytes) -> None:
    """Any error body of an upstream is told to a client of any dialect in one bounded line."""
    status = 300 + (data[0] if data else 0)
    for upstream, client in itertools.product(UPSTREAMS.values(), CLIENTS.values()):
        fault, message = upstream.fault_of(status, data[1:])
        assert 0 < len(message) <= MAX_MESSAGE_CHARACTERS, message
        assert message.isprintable(), message
        error = UpstreamError(message, fault=fault, status=status, body=data[1:])
        told, _, body = client.write_error(error)
        assert 400 <= told < 600, told
        assert orjson.loads(body)["error"], body
        assert client.write_stream_error(error)


# --- configuration


def config_text(data: bytes) -> None:
    """Any text is a value or a `ValueError`; what is expanded is found again."""
    text = data.decode("utf-8", "replace")
    try:
        value = parse_value(text)
    except ValueError:
        value = None
    expand(value, {"A": "${B}", "B": ""})
    escaped, problems = expand(text.replace("${", "$${"), {})
    assert escaped == text, escaped
    assert not problems, problems


# --- pieces


def _json(data: bytes) -> Any:
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        return None


def _splits(data: bytes) -> Iterator[list[bytes]]:
    """The bytes at once, one by one, and in pieces whose sizes they say themselves."""
    yield [data]
    if len(data) > 1:
        yield [bytes([byte]) for byte in data]
        yield list(_pieces(data))


def _pieces(data: bytes) -> Iterator[bytes]:
    start = 0
    while start < len(data):
        size = 1 + data[-1 - start] % 7
        yield data[start : start + size]
        start += size


TARGETS: dict[str, Target] = {
    "score-text": Target(score_text, (b"Explain async vs threads",), seeds.TASKS),
    "score-messages": Target(score_messages, (b"\x00hi\x00\x01yes", seeds.CHAT), seeds.TASKS),
    "splice": Target(
        splice, (seeds.CHAT, b'{"x":{"model":"a"},"model":null}'), ("model", "\\u006d")
    ),
    "cut-events": Target(cut_events, (seeds.SSE,), ("data: ", "event: ", "\r\n")),
    "cut-lines": Target(cut_lines, (seeds.NDJSON,)),
    "errors": Target(errors, (b'd{"error":{"message":"model not found"}}',), seeds.SAID),
    "config-text": Target(
        config_text, seeds.YAML, ("${", "!!int", "!!timestamp", "<<: ", "&a", "*a")
    ),
    "http-requests": Target(http_requests, seeds.HTTP, ("content-length: ", "chunked", "upgrade")),
    **{
        f"parse-{name}": Target(
            partial(parse, dialect),
            (seeds.CHAT, seeds.TOOLS, seeds.BLOCKS, seeds.ITEMS, b'{"prompt":"x"}'),
            seeds.WORDS,
        )
        for name, dialect in CLIENTS.items()
    },
    **{
        f"read-{name}": Target(
            partial(read, dialect), (seeds.SSE, seeds.NDJSON, seeds.EVENTS), seeds.SAID
        )
        for name, dialect in UPSTREAMS.items()
    },
    **{
        f"parse-embeddings-{name}": Target(
            partial(parse_embeddings, name), (seeds.TEXTS, seeds.TOKENS), seeds.OF_TEXTS
        )
        for name in EMBEDDINGS
    },
    **{
        f"read-embeddings-{name}": Target(
            partial(read_embeddings, name), seeds.VECTORS, seeds.OF_VECTORS
        )
        for name in EMBEDDINGS
    },
}
