"""Anthropic's answers, whole and streamed, read."""

from __future__ import annotations

from typing import Final

from gearshift.dialects.characters import HalfCharacters
from gearshift.dialects.decoding import decode, decode_whole
from gearshift.dialects.errors import error_of_frame
from gearshift.dialects.finish import finish_reason
from gearshift.dialects.framing import FrameCutter, is_stream_of_events
from gearshift.dialects.numbers import count
from gearshift.dialects.pieces import joined_frames
from gearshift.dialects.sse import Event, Form
from gearshift.dialects.tool_calls import arguments_text
from gearshift.types import Chunk, Frame, Json, JsonObject, ToolCall, Usage

MESSAGE: Final = "message"
_INPUT: Final = ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")


def decode_response(raw: bytes) -> Frame:
    """A whole response body as one frame; `error` says why it is no answer.

    A stream, which some servers send whatever they were asked, is put together.
    """
    if is_stream_of_events(raw):
        return _joined_stream(raw)
    try:
        data = decode_whole(raw)
    except ValueError as problem:
        return Frame(raw, error=f"the answer is not JSON: {problem}")
    if not isinstance(data, dict):
        return Frame(raw, error="the answer is not a JSON object")
    if error := _failure(data):
        return Frame(raw, error=error)
    blocks = data.get("content")
    if not isinstance(blocks, list):
        return Frame(raw, error="the answer has no list of content blocks")
    return Frame(raw, _whole(data, [block for block in blocks if isinstance(block, dict)]), True)


def _whole(data: JsonObject, blocks: list[JsonObject]) -> Chunk:
    calls = [block for block in blocks if block.get("type") == "tool_use"]
    return Chunk(
        content="".join(_text(b.get("text")) for b in blocks if b.get("type") == "text"),
        reasoning="".join(_text(b.get("thinking")) for b in blocks if b.get("type") == "thinking"),
        tool_calls=tuple(
            ToolCall(index, _text(call.get("id")) or None, _text(call.get("name")), _input(call))
            for index, call in enumerate(calls)
        ),
        finish_reason=finish_reason(data.get("stop_reason")) or "stop",
        usage=_usage(data.get("usage")),
        model=_text(data.get("model")) or None,
    )


def _joined_stream(raw: bytes) -> Frame:
    reader = AnthropicReader()
    return joined_frames(raw, [*reader.feed(raw), *reader.finish()])


class AnthropicReader:
    """Cuts a stream into frames, however it is framed; a whole answer in its place is one frame."""

    def __init__(self) -> None:
        self._cutter = FrameCutter(Form.EVENT)
        self._halves = HalfCharacters()
        self._usage: JsonObject = {}  # what the start said, which the end may correct
        self._begun = 0  # tool calls
        self._open_calls: dict[int | None, _OpenCall] = {}  # by the number of the block

    def feed(self, data: bytes) -> list[Frame]:
        """The frames completed by `data`."""
        return [self._frame(event) for event in self._cutter.feed(data)]

    def finish(self) -> list[Frame]:
        """A last event without its blank line, or the whole answer."""
        return [self._frame(event) for event in self._cutter.finish()]

    def _frame(self, event: Event) -> Frame:
        raw = event.raw
        if event.error is not None:
            return Frame(raw, error=event.error)
        if event.data is None and raw.lstrip()[:1] == b"<":
            return Frame(raw, error=decode_response(raw).error or "the answer is not a stream")
        payload = (event.data or b"").strip()
        if payload in (b"", b"null", b"[DONE]"):  # the last is OpenAI's, as some gateways add it
            return Frame(raw)
        try:
            data, is_clean = decode(payload)
        except ValueError as problem:
            return Frame(raw, error=f"an event is not JSON: {problem}")
        if not isinstance(data, dict):
            return Frame(raw, error="an event is not a JSON object")
        if error := _failure(data, is_error=event.name == b"error"):
            return Frame(raw, error=error)
        return self._said(event, data, is_clean=is_clean)

    def _said(self, event: Event, data: JsonObject, *, is_clean: bool) -> Frame:
        raw, kind = event.raw, kind_of(event, data)
        if kind == MESSAGE or (not kind and event.form.is_bare):
            return decode_response(event.data or b"")._replace(raw=raw, is_other_shape=True)
        chunk, is_end = self._chunk(kind, data), kind == "message_stop"
        is_last = is_end or (chunk is not None and chunk.finish_reason is not None)
        if (chunk is not None or is_end) and (not is_clean or self._halves.is_waiting):
            chunk = self._halves.joined(chunk or Chunk(), is_last=is_last)
        # Clients skip events that are not named.
        is_named = event.form is Form.EVENT and event.name == kind.encode(errors="replace")
        return Frame(raw, chunk, is_end, is_misframed=not is_named and bool(kind))

    def _chunk(self, kind: str, data: JsonObject) -> Chunk | None:
        match kind:
            case "content_block_delta":
                return self._continued(data)
            case "content_block_start":
                return self._opened(data)
            case "content_block_stop":
                return self._closed(data)
            case "message_start":
                return self._started(data)
            case "message_delta":
                return self._ended(data)
        return None  # `ping`, the end mark, and what there may be one day

    def _started(self, data: JsonObject) -> Chunk:
        message = _object(data.get("message"))
        self._usage = _object(message.get("usage"))
        return Chunk(model=_text(message.get("model")) or None)

    def _opened(self, data: JsonObject) -> Chunk:
        block = _object(data.get("content_block"))
        match block.get("type"):
            case "text":
                return Chunk(_text(block.get("text")))
            case "thinking":
                return Chunk(reasoning=_text(block.get("thinking")))
            case "tool_use":
                call = _OpenCall(self._begun, _object(block.get("input")))
                self._begun += 1
                self._open_calls[_number(data)] = call
                given = _text(block.get("id")) or None
                begun = ToolCall(call.index, given, _text(block.get("name")))
                return Chunk(tool_calls=(begun,))
        return Chunk()

    def _continued(self, data: JsonObject) -> Chunk:
        delta = _object(data.get("delta"))
        match delta.get("type"):
            case "text_delta":
                return Chunk(_text(delta.get("text")))
            case "thinking_delta":
                return Chunk(reasoning=_text(delta.get("thinking")))
            case "input_json_delta":
                call, text = self._open_calls.get(_number(data)), _text(delta.get("partial_json"))
                if call is not None and text:
                    call.has_arguments = True
                    return Chunk(tool_calls=(ToolCall(call.index, arguments=text),))
        return Chunk()

    def _closed(self, data: JsonObject) -> Chunk:
        """A call that had no arguments has an object of none; some servers send it whole."""
        call = self._open_calls.get(_number(data))
        if call is None or call.has_arguments:
            return Chunk()
        call.has_arguments = True
        return Chunk(tool_calls=(ToolCall(call.index, arguments=arguments_text(call.input)),))

    def _ended(self, data: JsonObject) -> Chunk:
        delta, usage = _object(data.get("delta")), _object(data.get("usage"))
        told = {name: value for name, value in usage.items() if value is not None}
        self._usage = {**self._usage, **told}
        reason = finish_reason(delta.get("stop_reason"))
        return Chunk(finish_reason=reason, usage=_usage(self._usage) if told or reason else None)


class _OpenCall:
    __slots__ = ("has_arguments", "index", "input")

    def __init__(self, index: int, given: JsonObject) -> None:
        self.index, self.input, self.has_arguments = index, given, False


def kind_of(event: Event, data: JsonObject) -> str:
    """What an event calls itself, in its data or else before it."""
    return _text(data.get("type")) or event.name.decode(errors="replace")


def _failure(data: JsonObject, *, is_error: bool = False) -> str | None:
    """What went wrong, by an event or a body that says so."""
    is_error = is_error or data.get("type") == "error"
    return error_of_frame({"error": data.get("error") or data} if is_error else data)


def _usage(given: Json) -> Usage | None:
    """All of the prompt's tokens; those that were read from a cache cost no compute."""
    usage = _object(given)
    if not usage:
        return None
    prompt = sum(count(usage.get(name)) for name in _INPUT)
    cached = count(usage.get("cache_read_input_tokens"))
    return Usage(prompt, count(usage.get("output_tokens")), cached)


def _input(call: JsonObject) -> str:
    return arguments_text(call.get("input"))


def _number(data: JsonObject) -> int | None:
    index = data.get("index")
    return index if isinstance(index, int) else None


def _object(value: Json) -> JsonObject:
    return value if isinstance(value, dict) else {}


def _text(value: Json) -> str:
    return value if isinstance(value, str) else ""
