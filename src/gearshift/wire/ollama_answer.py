"""Ollama's answers, whole and streamed, read and written."""

from __future__ import annotations

from datetime import UTC, datetime

import orjson

from gearshift.types import (
    ChatRequest,
    Chunk,
    Frame,
    Json,
    JsonObject,
    Operation,
    ToolCall,
    Usage,
)
from gearshift.wire.body import arguments_object, arguments_text
from gearshift.wire.faults import error_of_frame
from gearshift.wire.ndjson import MAX_FRAME_BYTES, LineCutter
from gearshift.wire.openai_answer import count

_NANOSECONDS = 1_000_000_000

# --- reading


def read_answer(raw: bytes) -> Frame:
    """A whole response body as one frame; `error` says why it is no answer."""
    frame = _frame(raw, 0, what="the answer")
    return frame if frame.error else frame._replace(is_end=True)


class OllamaReader:
    """Cuts an NDJSON stream into frames."""

    def __init__(self) -> None:
        self._cutter = LineCutter()
        self._calls = 0  # tool calls seen; each line counts its own from 0

    def feed(self, data: bytes) -> list[Frame]:
        """The frames completed by `data`."""
        return [self._read(line) for line in self._cutter.feed(data)]

    def finish(self) -> list[Frame]:
        """A last line without its newline."""
        return [self._read(line) for line in self._cutter.finish()]

    def _read(self, line: bytes) -> Frame:
        if not line.strip():
            return Frame(line)
        frame = _frame(line, self._calls, what="a line")
        if frame.chunk is not None:
            self._calls += len(frame.chunk.tool_calls)
        return frame


def _frame(raw: bytes, calls_before: int, *, what: str) -> Frame:
    if len(raw) > MAX_FRAME_BYTES:
        return Frame(raw, error=f"{what} is larger than {MAX_FRAME_BYTES} bytes")
    try:
        data = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        return Frame(raw, error=f"{what} is not JSON: {error}")
    if not isinstance(data, dict):
        return Frame(raw, error=f"{what} is not a JSON object")
    if error_text := error_of_frame(data):
        return Frame(raw, error=error_text)
    is_end = data.get("done") is True
    says = isinstance(data.get("message"), dict) or isinstance(data.get("response"), str)
    if not says and not is_end:
        return Frame(raw, error=f"{what} has no message")
    return Frame(raw, _read_chunk(data, calls_before), is_end=is_end)


def _read_chunk(data: JsonObject, calls_before: int) -> Chunk:
    message = data.get("message")
    said = message if isinstance(message, dict) else data
    is_done = data.get("done") is True
    model = data.get("model")
    return Chunk(
        content=_text(said.get("content") or data.get("response")),
        reasoning=_text(said.get("thinking")),
        tool_calls=_tool_calls(said.get("tool_calls"), calls_before),
        finish_reason=_finish_reason(data.get("done_reason")) if is_done else None,
        usage=_usage(data) if is_done else None,
        model=model if isinstance(model, str) else None,
        load_seconds=_seconds(data.get("load_duration")),
    )


def _text(value: Json) -> str:
    return value if isinstance(value, str) else ""


def _finish_reason(value: Json) -> str:
    return "length" if value == "length" else "stop"


def _seconds(nanoseconds: Json) -> float | None:
    return count(nanoseconds) / _NANOSECONDS if nanoseconds is not None else None


def _usage(data: JsonObject) -> Usage | None:
    if "eval_count" not in data and "prompt_eval_count" not in data:
        return None
    return Usage(count(data.get("prompt_eval_count")), count(data.get("eval_count")))


def _tool_calls(value: Json, calls_before: int) -> tuple[ToolCall, ...]:
    if not value or not isinstance(value, list):
        return ()
    calls = [call for call in value if isinstance(call, dict)]
    return tuple(_tool_call(call, calls_before + i) for i, call in enumerate(calls))


def _tool_call(call: JsonObject, index: int) -> ToolCall:
    function = call.get("function")
    function = function if isinstance(function, dict) else {}
    call_id = call.get("id")
    return ToolCall(
        index=index,
        id=call_id if isinstance(call_id, str) and call_id else None,
        name=_text(function.get("name")),
        arguments=arguments_text(function.get("arguments")),
    )


# --- writing


def write_answer(request: ChatRequest, chunk: Chunk, now: float) -> bytes:
    """A whole answer as the body of a response."""
    head = _head(chunk.model or "", now)
    return orjson.dumps({**head, **_said(request, chunk), **_end(chunk)})


def _head(model: str, now: float) -> JsonObject:
    created = datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f000Z")
    return {"model": model, "created_at": created}


def _said(request: ChatRequest, chunk: Chunk) -> JsonObject:
    if request.operation is Operation.COMPLETION:
        said: JsonObject = {"response": chunk.content}
        return said | {"thinking": chunk.reasoning} if chunk.reasoning else said
    message: JsonObject = {"role": "assistant", "content": chunk.content}
    if chunk.reasoning:
        message["thinking"] = chunk.reasoning
    if chunk.tool_calls:
        message["tool_calls"] = [_written_call(call) for call in chunk.tool_calls]
    return {"message": message}


def _written_call(call: ToolCall) -> JsonObject:
    function = {"name": call.name or "", "arguments": arguments_object(call.arguments)}
    return {"id": call.id, "function": function} if call.id else {"function": function}


def _end(chunk: Chunk) -> JsonObject:
    usage = chunk.usage or Usage()
    load = round((chunk.load_seconds or 0) * _NANOSECONDS)
    return {
        "done": True,
        "done_reason": "length" if chunk.finish_reason == "length" else "stop",
        "total_duration": load,
        "load_duration": load,
        "prompt_eval_count": usage.prompt_tokens,
        "prompt_eval_duration": 0,
        "eval_count": usage.completion_tokens,
        "eval_duration": 0,
    }


class OllamaWriter:
    """Writes chunks as an NDJSON stream; tool calls are said whole, before the last line."""

    def __init__(self, request: ChatRequest, model: str, now: float) -> None:
        self._request = request
        self._head = _head(model, now)
        self._calls: dict[int, list[ToolCall]] = {}
        self._end = Chunk()

    def write(self, chunk: Chunk) -> bytes:
        """The lines that say `chunk`; its end waits, because the usage may come later."""
        for call in chunk.tool_calls:
            self._calls.setdefault(call.index, []).append(call)
        self._end = Chunk(
            finish_reason=chunk.finish_reason or self._end.finish_reason,
            usage=chunk.usage or self._end.usage,
            load_seconds=chunk.load_seconds or self._end.load_seconds,
        )
        if not chunk.content and not chunk.reasoning:
            return b""
        return self._line(chunk._replace(tool_calls=()))

    def finish(self) -> bytes:
        """The tool calls, and the line that is `done`."""
        said = b""
        if self._calls:
            calls = tuple(_whole(pieces) for _, pieces in sorted(self._calls.items()))
            said = self._line(Chunk(tool_calls=calls))
        last = {**self._head, **_said(self._request, Chunk()), **_end(self._end)}
        return said + orjson.dumps(last) + b"\n"

    def _line(self, chunk: Chunk) -> bytes:
        line = {**self._head, **_said(self._request, chunk), "done": False}
        return orjson.dumps(line) + b"\n"


def _whole(pieces: list[ToolCall]) -> ToolCall:
    return ToolCall(
        index=pieces[0].index,
        id=next((piece.id for piece in pieces if piece.id), None),
        name=next((piece.name for piece in pieces if piece.name), None),
        arguments="".join(piece.arguments for piece in pieces),
    )
