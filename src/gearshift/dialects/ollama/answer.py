"""Ollama's answers, whole and streamed, read."""

from __future__ import annotations

from gearshift.dialects.characters import HalfCharacters
from gearshift.dialects.decoding import BOM, decode, decode_whole
from gearshift.dialects.errors import error_of_frame
from gearshift.dialects.finish import finish_reason
from gearshift.dialects.framing import FrameCutter, is_stream_of_events
from gearshift.dialects.logprobs import complete_logprobs
from gearshift.dialects.ndjson import MAX_FRAME_BYTES
from gearshift.dialects.numbers import count, seconds
from gearshift.dialects.pieces import joined_frames
from gearshift.dialects.sse import END_MARK, Event, Form
from gearshift.dialects.tool_calls import arguments_text
from gearshift.types import Chunk, Frame, Json, JsonObject, Timings, ToolCall, Usage

_NANOSECONDS = 1e9


def decode_response(raw: bytes) -> Frame:
    """A whole response body as one frame; `error` says why it is no answer.

    A stream, which some servers send whatever they were asked, is put together.
    """
    if len(raw) > MAX_FRAME_BYTES:
        return Frame(raw, error=f"the answer is larger than {MAX_FRAME_BYTES} bytes")
    try:
        data = decode_whole(raw)
    except ValueError as problem:
        streamed = _joined_stream(raw)
        return streamed or Frame(raw, error=f"the answer is not JSON: {problem}")
    frame = _frame(raw, data, 0, what="the answer")
    if frame.error is None and data.get("done") is False:
        return Frame(raw, error="the answer is not complete: it says that it is not done")
    return frame if frame.error else frame._replace(is_end=True)


def _joined_stream(raw: bytes) -> Frame | None:
    """The pieces of a stream as one frame; `None` if they are none."""
    if not raw.removeprefix(BOM).lstrip().startswith(b"{") and not is_stream_of_events(raw):
        return None
    reader = OllamaReader()
    frames = [*reader.feed(raw), *reader.finish()]
    first = next((frame for frame in frames if frame.chunk or frame.error), None)
    if first is None or first.error is not None:
        return first and (first._replace(raw=raw) if is_stream_of_events(raw) else None)
    return joined_frames(raw, frames)


class OllamaReader:
    """Cuts a stream into frames, however it is framed; an answer over many lines is one frame."""

    def __init__(self) -> None:
        self._cutter = FrameCutter(Form.LINE)
        self._halves = HalfCharacters()
        self._calls = 0  # tool calls seen; each line counts its own from 0

    def feed(self, data: bytes) -> list[Frame]:
        """The frames completed by `data`."""
        return [self._read(event) for event in self._cutter.feed(data)]

    def finish(self) -> list[Frame]:
        """A last line without its newline."""
        return [self._read(event) for event in self._cutter.finish()]

    def _read(self, event: Event) -> Frame:
        raw, document = event.raw, event.data
        if event.error is not None:
            return Frame(raw, error=event.error)
        if document is None or document.strip() in (b"", b"null", END_MARK):
            return Frame(raw, is_misframed=bool(raw.strip()))
        try:
            data, is_clean = decode(document)
        except ValueError as problem:
            return Frame(raw, error=f"a line is not JSON: {problem}")
        frame = _frame(raw, data, self._calls, what="a line")
        if frame.chunk is None:
            return frame
        chunk = frame.chunk
        self._calls += len(chunk.tool_calls)
        if event.form is not Form.LINE:
            frame = frame._replace(is_misframed=True)
        if is_clean and not self._halves.is_waiting:
            return frame
        return frame._replace(chunk=self._halves.joined(chunk, is_last=frame.is_end))


def _frame(raw: bytes, data: Json, calls_before: int, *, what: str) -> Frame:
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
    turn = message if isinstance(message, dict) else data
    is_done = data.get("done") is True
    model, load = data.get("model"), data.get("load_duration")
    return Chunk(
        content=_text(turn.get("content") or data.get("response")),
        reasoning=_text(turn.get("thinking")),
        tool_calls=_tool_calls(turn.get("tool_calls"), calls_before),
        finish_reason=(finish_reason(data.get("done_reason")) or "stop") if is_done else None,
        usage=_usage(data) if is_done else None,
        model=model if isinstance(model, str) else None,
        load_seconds=None if load is None else seconds(load, _NANOSECONDS),
        timings=_timings(data) if is_done else None,
        logprobs=complete_logprobs(data.get("logprobs")),
    )


def _text(value: Json) -> str:
    return value if isinstance(value, str) else ""


def _timings(data: JsonObject) -> Timings | None:
    prompt, completion = data.get("prompt_eval_duration"), data.get("eval_duration")
    if not prompt and not completion:
        return None
    return Timings(seconds(prompt, _NANOSECONDS), seconds(completion, _NANOSECONDS))


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
