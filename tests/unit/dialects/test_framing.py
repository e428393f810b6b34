"""Streams in whatever framing: the same frames, and framed for a client as its dialect has it."""

import json

import orjson
import pytest

from gearshift.dialects.base import Dialect
from gearshift.dialects.framing import DocumentCutter
from gearshift.dialects.ollama.dialect import OllamaDialect
from gearshift.dialects.openai.dialect import OpenAIDialect
from gearshift.dialects.pieces import joined
from gearshift.types import Chunk, Frame

DIALECTS: dict[str, Dialect] = {"openai": OpenAIDialect(), "ollama": OllamaDialect()}
TEXT = 'a "quoted"\n\r{line} and data: {"b":1}\n\n €😀'


def openai_pieces() -> list[object]:
    def piece(delta, reason=None):
        return {"model": "m", "choices": [{"index": 0, "delta": delta, "finish_reason": reason}]}

    usage = {"model": "m", "choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 4}}
    first, second = {"role": "assistant", "content": TEXT[:9]}, {"content": TEXT[9:]}
    return [piece(first), piece(second), piece({}, "stop"), usage]


def ollama_pieces() -> list[object]:
    def line(content, **more):
        return {"model": "m", "message": {"content": content}, "done": False, **more}

    end = {"done": True, "done_reason": "stop", "prompt_eval_count": 3, "eval_count": 4}
    return [line(TEXT[:9]), line(TEXT[9:]), line("", **end)]


PIECES = {"openai": openai_pieces(), "ollama": ollama_pieces()}
FRAMINGS = {
    "lines": b"%s\n",
    "lines and blank ones": b"%s\n\n",
    "lines with both ends": b"%s\r\n",
    "lines with returns": b"%s\r",
    "events": b"data: %s\n\n",
    "events with both ends": b"data: %s\r\n\r\n",
    "events with returns": b"data: %s\r\r",
    "events with names": b"id: 7\nevent: message\ndata: %s\n\n",
    "events with comments": b": hm\n\ndata:%s\n\n",
    "data in single lines": b"data: %s\n",
    "data in single lines without space": b"data:%s\n",
    "data in single lines with both ends": b"data: %s\r\n",
    "data in single lines with returns": b"data: %s\r",
    "data in single lines with names": b"event: message\ndata: %s\n",
}


def stream(name: str, framing: bytes, indent: int | None = None) -> bytes:
    pieces = [json.dumps(piece, indent=indent).encode() for piece in PIECES[name]]
    return b"".join(framing % piece for piece in pieces)


def frames_of(dialect: Dialect, *pieces: bytes) -> list[Frame]:
    reader = dialect.stream_reader()
    return [frame for piece in pieces for frame in reader.feed(piece)] + reader.finish()


def told(frames: list[Frame]) -> Chunk:
    assert [frame.error for frame in frames if frame.error] == []
    return joined([frame.chunk for frame in frames if frame.chunk])


def for_client(dialect: Dialect, frames: list[Frame]) -> bytes:
    return b"".join(dialect.framed(f) if f.is_misframed else f.raw for f in frames)


def documents(name: str, sent: bytes) -> list[object]:
    """What a strict client reads."""
    if name == "ollama":
        return [orjson.loads(line) for line in sent.splitlines() if line.strip()]
    blocks = sent.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n\n")
    data = [[x[5:] for x in block.split(b"\n") if x.startswith(b"data:")] for block in blocks]
    assert all(len(lines) <= 1 for lines in data)
    said = [lines[0].strip() for lines in data if lines]
    return [orjson.loads(one) for one in said if one != b"[DONE]"]


@pytest.mark.parametrize("framing", FRAMINGS)
@pytest.mark.parametrize("mark", [b"", b"data: [DONE]\n\n", b"[DONE]\n"])
@pytest.mark.parametrize("name", DIALECTS)
def test_a_stream_in_any_framing(name, mark, framing):
    dialect, sent = DIALECTS[name], stream(name, FRAMINGS[framing]) + mark
    whole = frames_of(dialect, sent)
    bits = frames_of(dialect, *(bytes([byte]) for byte in sent))
    for frames in (whole, bits):
        chunk = told(frames)
        assert (chunk.content, chunk.finish_reason) == (TEXT, "stop")
        assert chunk.usage is not None
        assert (chunk.usage.prompt_tokens, chunk.usage.completion_tokens) == (3, 4)
        assert b"".join(frame.raw for frame in frames) == sent
        assert documents(name, for_client(dialect, frames)) == PIECES[name]


@pytest.mark.parametrize("framing", FRAMINGS)
@pytest.mark.parametrize("name", DIALECTS)
def test_a_stream_in_any_framing_for_a_whole_answer(name, framing):
    dialect, sent = DIALECTS[name], stream(name, FRAMINGS[framing])
    for raw in (sent, b"\xef\xbb\xbf" + sent, b"\n" + sent, sent.rstrip()):
        frame = dialect.decode_response(raw)
        assert (frame.error, frame.is_other_shape) == (None, True)
        assert (frame.chunk or Chunk()).content == TEXT


@pytest.mark.parametrize("name", DIALECTS)
def test_pieces_that_are_indented(name):
    sent = stream(name, b"%s\n", indent=2)
    frames = frames_of(DIALECTS[name], *(bytes([byte]) for byte in sent))
    assert told(frames).content == TEXT
    assert documents(name, for_client(DIALECTS[name], frames)) == PIECES[name]


@pytest.mark.parametrize("framing", ["lines", "data in single lines", "events"])
@pytest.mark.parametrize("name", DIALECTS)
def test_pieces_are_passed_on_as_they_come(name, framing):
    """From the second piece on nothing waits for the next one."""
    reader = DIALECTS[name].stream_reader()
    pieces = [FRAMINGS[framing] % orjson.dumps(piece) for piece in PIECES[name]]
    seen = [len([f for f in reader.feed(piece) if f.chunk]) for piece in pieces]
    assert sum(seen) == len(pieces)
    assert seen[2:] == [1] * len(seen[2:])


@pytest.mark.parametrize("name", DIALECTS)
@pytest.mark.parametrize("framing", [b"data: %s\n", b"%s\n", b"data: %s\n\n"])
def test_an_error_in_any_framing(name, framing):
    sent = framing % b'{"error":{"message":"it broke"}}'
    frames = frames_of(DIALECTS[name], stream(name, framing) + sent)
    assert [frame.error for frame in frames if frame.error] == ["it broke"]


@pytest.mark.parametrize("line", [b"{{{\n", b"{[\n", b"{1,\n", b"{ {\n", b"[{\n"])
def test_a_line_that_begins_no_document_is_not_waited_on(line):
    assert [event.data for event in DocumentCutter().feed(line)] == [line]


@pytest.mark.parametrize("start", [b"{\n", b"{ \r\n", b'{"a": {\n', b'{ "a": 1,\n'])
def test_the_first_line_of_a_document_is_waited_on(start):
    assert DocumentCutter().feed(start) == []
