"""What must hold for any stream that is told to a client, piece by piece."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import count

import orjson

from fuzz.answers import frames_of, has_broken_calls
from fuzz.formats import CLIENTS, DIALECTS, UPSTREAMS
from gearshift.dialects.pieces import joined
from gearshift.dialects.sse import SSEDecoder
from gearshift.errors import RequestError
from gearshift.types import ChatRequest, Chunk, JsonObject, Operation, ToolCall

_PLAIN = {"stream_options": {"include_usage": True}}
_ID, _NOW = "id", 1.0


def told(name: str, data: bytes) -> None:
    """A client is told all that an upstream has said: a body, then behind a NUL its stream."""
    body, _, stream = data.partition(b"\x00")
    request = _request(name, body)
    chunks = [frame.chunk for frame in frames_of(UPSTREAMS["openai"], [stream]) if frame.chunk]
    writer = CLIENTS[name].stream_writer(request, "small", _ID, _NOW)
    written = b"".join([*map(writer.write, chunks), writer.finish()])
    said = joined([chunk for chunk in chunks if not chunk.is_of_another])
    if name in DIALECTS:
        _read_back(name, said, written)
        if _is_named_first(call for chunk in chunks for call in chunk.tool_calls):
            _called(name, said, written)
    else:
        _in_order(written, said)


def _request(name: str, body: bytes) -> ChatRequest:
    try:
        return CLIENTS[name].parse(Operation.CHAT, body)
    except RequestError:
        return ChatRequest(name, Operation.CHAT, "auto", [], stream=True, body=_PLAIN)


def _read_back(name: str, said: Chunk, written: bytes) -> None:
    """The dialect's own reader finds all of it again."""
    frames = frames_of(DIALECTS[name], [written])
    assert not [frame.error for frame in frames if frame.error], written
    again = joined([frame.chunk for frame in frames if frame.chunk])
    assert again.reasoning == said.reasoning, written
    if has_broken_calls(said):  # Ollama tells them as text
        assert again.content.startswith(said.content), written
        return
    assert again.content == said.content, written


def _called(name: str, said: Chunk, written: bytes) -> None:
    """So are the calls."""
    again = joined([f.chunk for f in frames_of(DIALECTS[name], [written]) if f.chunk])
    names = [call.name for call in again.tool_calls]
    assert has_broken_calls(said) or names == [call.name for call in said.tool_calls], written


def _is_named_first(pieces: Iterable[ToolCall]) -> bool:
    """Whether every call has a name, before its arguments; else it is not told."""
    named, begun, given = set[int](), set[int](), set[int]()
    for piece in pieces:
        begun.add(piece.index)
        if piece.name and piece.index in given:
            return False
        if piece.name:
            named.add(piece.index)
        if piece.arguments:
            given.add(piece.index)
    return begun == named


def _in_order(written: bytes, said: Chunk) -> None:
    """Events of Responses: numbered, each item added and done once, and all of them at the end."""
    cutter = SSEDecoder()
    events = [event for event in (*cutter.feed(written), *cutter.finish()) if event.data]
    read = [orjson.loads(event.data or b"") for event in events]
    assert [event.name.decode() for event in events] == [each["type"] for each in read], written
    assert [each["sequence_number"] for each in read] == list(range(len(read))), written
    added = [each["output_index"] for each in read if each["type"].endswith("item.added")]
    assert added == [number for number, _ in zip(count(), added, strict=False)], written
    done = {
        each["output_index"]: each["item"]
        for each in read
        if each["type"] == "response.output_item.done"
    }
    response = read[-1]["response"]
    assert [done[place] for place in added] == response["output"], written
    assert len({item["id"] for item in response["output"]}) == len(added), written
    assert _deltas(read, "output_text") == said.content == _texts(response), written
    thoughts = _deltas(read, "reasoning_text") + _deltas(read, "reasoning_summary_text")
    assert thoughts == said.reasoning, written


def _deltas(events: list[JsonObject], kind: str) -> str:
    deltas = (each["delta"] for each in events if each["type"] == f"response.{kind}.delta")
    return "".join(deltas)


def _texts(response: JsonObject) -> str:
    messages = (item["content"] for item in response["output"] if item["type"] == "message")
    return "".join(part["text"] for content in messages for part in content)
