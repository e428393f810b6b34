"""What must hold for any bytes of an upstream: they are an error in words, or can be passed on."""

from __future__ import annotations

import itertools

import orjson

from fuzz.formats import CLIENTS, DIALECTS, EMBEDDINGS, UPSTREAMS, splits
from gearshift.dialects.base import FailingWriter, UpstreamDialect
from gearshift.dialects.errors import MAX_MESSAGE_CHARACTERS
from gearshift.dialects.ndjson import LineDecoder
from gearshift.dialects.pieces import joined_calls
from gearshift.dialects.sse import SSEDecoder
from gearshift.dialects.tool_calls import arguments_object
from gearshift.errors import FailureKind, RequestError, UpstreamError
from gearshift.types import EMBEDDING_OPERATIONS, ChatRequest, Chunk, Frame, Operation


def read(dialect: UpstreamDialect, data: bytes) -> None:
    """An upstream's bytes are frames, the same ones however they arrive, and add up."""
    whole = dialect.decode_response(data)
    assert whole.raw == data
    assert whole.error or whole.chunk, whole
    expected = None
    for pieces in splits(data):
        frames = frames_of(dialect, pieces)
        assert b"".join(frame.raw for frame in frames) == data, frames
        said = [
            (frame.chunk, frame.is_end, bool(frame.error))
            for frame in frames
            if frame.chunk or frame.is_end or frame.error
        ]
        expected = said if expected is None else expected
        assert said == expected, (said, expected)
    for frame in [whole, *frames_of(dialect, [data])]:
        _passed_on(frame)


def frames_of(dialect: UpstreamDialect, pieces: list[bytes]) -> list[Frame]:
    """What a stream says that comes in these pieces."""
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
        again = frames_of(reader, [written])
        assert not [one.error for one in again if one.error], written
        content = "".join(one.chunk.content for one in again if one.chunk)
        assert content.startswith(frame.chunk.content), written
        assert content == frame.chunk.content or has_broken_calls(frame.chunk), written


def has_broken_calls(chunk: Chunk) -> bool:
    """Whether a tool call has arguments that are no object, so that Ollama tells it as text."""
    return any(arguments_object(call.arguments) is None for call in joined_calls(chunk.tool_calls))


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


def cut_events(data: bytes) -> None:
    """Server-sent events add up to their stream, and say the same at every split."""
    expected: list[tuple[bytes, bytes]] | None = None
    for pieces in splits(data):
        cutter = SSEDecoder()
        events = [event for piece in pieces for event in cutter.feed(piece)] + cutter.finish()
        assert b"".join(event.raw for event in events) == data
        said = [(event.name, event.data) for event in events if event.data is not None]
        expected = said if expected is None else expected
        assert said == expected, (said, expected)


def cut_lines(data: bytes) -> None:
    """Lines are what is between line feeds."""
    for pieces in splits(data):
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
