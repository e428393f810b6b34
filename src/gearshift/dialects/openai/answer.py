"""OpenAI's answers, whole and streamed, read."""

from __future__ import annotations

from typing import Final

from gearshift.dialects.characters import HalfCharacters
from gearshift.dialects.content import said_in
from gearshift.dialects.decoding import decode, decode_whole
from gearshift.dialects.errors import error_of_frame
from gearshift.dialects.finish import FAILED, finish_reason
from gearshift.dialects.framing import FrameCutter, is_stream_of_events
from gearshift.dialects.logprobs import complete_logprobs
from gearshift.dialects.numbers import count, seconds
from gearshift.dialects.pieces import joined_frames
from gearshift.dialects.sse import END_MARK, Event, Form
from gearshift.dialects.tool_calls import CallPieces, pieces_in
from gearshift.types import Chunk, Frame, Json, JsonObject, Timings, ToolCall, Usage

_FAILED: Final = "the upstream says that its answer ended in an error (finish_reason)"


def decode_response(raw: bytes) -> Frame:
    """A whole response body as one frame; `error` says why it is no answer.

    A stream, which some servers send whatever they were asked, is put together.
    """
    if is_stream_of_events(raw):
        return _joined_stream(raw)
    try:
        data = decode_whole(raw)
    except ValueError as problem:
        if _is_stream_of_lines(raw):
            return _joined_stream(raw)
        return Frame(raw, error=f"the answer is not JSON: {problem}")
    if not isinstance(data, dict):
        return Frame(raw, error="the answer is not a JSON object")
    return _read_whole(raw, data)


def _read_whole(raw: bytes, data: JsonObject) -> Frame:
    plain = _plain_answer(data)
    if plain is not None:
        return Frame(raw, plain, True)
    if error := error_of_frame(data):
        return Frame(raw, error=error)
    choice = _first_choice(data)
    if not isinstance(choice.get("message"), dict) and not isinstance(choice.get("text"), str):
        return Frame(raw, error="the answer has no choices with a message")
    chunk = read_chunk(data, CallPieces())
    if chunk.finish_reason == FAILED:
        return Frame(raw, error=_FAILED)
    return Frame(raw, chunk, is_end=True)


def _is_stream_of_lines(raw: bytes) -> bool:
    lines = raw.strip().splitlines()
    try:
        first = decode_whole(lines[0]) if len(lines) > 1 else None
    except ValueError:
        return False
    return isinstance(first, dict) and _is_piece(first)


def _joined_stream(raw: bytes) -> Frame:
    reader = OpenAIReader()
    return joined_frames(raw, [*reader.feed(raw), *reader.finish()])


def read_chunk(data: JsonObject, calls: CallPieces) -> Chunk:
    """What one decoded object says: a whole answer, or an event of a stream.

    Args:
        data: The object.
        calls: Knows the tool calls that have begun before it.
    """
    plain = _plain_delta(data)
    if plain is not None:
        return plain
    choice = _first_choice(data)
    is_of_another = not choice and bool(data.get("choices"))
    turn = choice.get("delta") or choice.get("message")
    if not isinstance(turn, dict):
        turn = {}
    content, reasoning = said_in(turn)
    model, text = data.get("model"), choice.get("text")
    return Chunk(
        content=content or (text if isinstance(text, str) else ""),
        reasoning=reasoning,
        tool_calls=_tool_calls(turn, calls),
        finish_reason=finish_reason(choice.get("finish_reason")),
        usage=_usage(data),
        model=model if isinstance(model, str) else None,
        timings=_timings(data),
        logprobs=_logprobs(choice.get("logprobs")),
        is_of_another=is_of_another,
    )


def _plain_answer(data: JsonObject) -> Chunk | None:
    """The chunk of an answer that is nothing but a text and its usage, as most are."""
    try:
        (choice,) = data["choices"]
        message, finish, usage, model = (
            choice["message"],
            choice["finish_reason"],
            data["usage"],
            data["model"],
        )
        content = message["content"]
        sent, completion_tokens = usage["prompt_tokens"], usage["completion_tokens"]
    except (KeyError, ValueError, TypeError):
        return None
    if (
        type(content) is not str
        or type(model) is not str
        or finish not in ("stop", "length")
        or type(sent) is not int
        or type(completion_tokens) is not int
        or min(sent, completion_tokens) < 0
        or usage.get("prompt_tokens_details")
        or usage.get("completion_tokens_details")
        or "completion_time" in usage
        or "timings" in data
        or choice.get("logprobs")
        or not (len(message) == 1 or (len(message) == 2 and "role" in message))
        or data.get("error")
        or data.get("object") == "error"
    ):
        return None
    return Chunk(content, "", (), finish, Usage(sent, completion_tokens), model)


def _plain_delta(data: JsonObject) -> Chunk | None:
    """The chunk of an event that says nothing but a piece of text, as nearly all do."""
    try:
        choice = data["choices"][0]
        delta = choice["delta"]
        content = delta["content"]
        model = data["model"]
    except (KeyError, IndexError, TypeError):
        return None
    if (
        type(content) is not str
        or type(model) is not str
        or choice.get("finish_reason") is not None
        or choice.get("index")
        or data.get("usage") is not None
        or data.get("timings") is not None
        or choice.get("logprobs")
        or not (len(delta) == 1 or (len(delta) == 2 and "role" in delta))
    ):
        return None
    return Chunk(content, model=model)


class OpenAIReader:
    """Cuts a stream into frames, however it is framed; a whole answer in its place is one frame."""

    def __init__(self) -> None:
        self._cutter = FrameCutter(Form.EVENT)
        self._calls = CallPieces()
        self._halves = HalfCharacters()

    def feed(self, data: bytes) -> list[Frame]:
        """The frames completed by `data`."""
        return [self._frame(event) for event in self._cutter.feed(data)]

    def finish(self) -> list[Frame]:
        """A last event without its blank line, or the whole answer."""
        return [self._frame(event) for event in self._cutter.finish()]

    def _frame(self, event: Event) -> Frame:
        if event.error is not None:
            return Frame(event.raw, error=event.error)
        if event.data is None and event.raw.lstrip()[:1] == b"<":
            return Frame(
                event.raw, error=decode_response(event.raw).error or "the answer is not a stream"
            )
        if event.data is None:
            return Frame(event.raw)
        data = event.data.strip()
        if data in (b"", b"null"):
            return Frame(event.raw)
        if END_MARK.startswith(data.upper()):  # or what has come of it
            return Frame(event.raw, self._rest(), is_end=True, is_misframed=_is_misframed(event))
        return self._said(event, event.data)

    def _said(self, event: Event, payload: bytes) -> Frame:
        try:
            data, is_clean = decode(payload)
        except ValueError as problem:
            return Frame(event.raw, error=f"an event is not JSON: {problem}")
        if failure := _failure(event, data):
            return Frame(event.raw, error=failure)
        if event.form.is_bare and not _is_piece(data):
            return decode_response(payload)._replace(raw=event.raw, is_other_shape=True)
        chunk = read_chunk(data, self._calls)
        if chunk.finish_reason == FAILED:
            return Frame(event.raw, error=_FAILED)
        if not is_clean or self._halves.is_waiting:
            chunk = self._halves.joined(chunk, is_last=chunk.finish_reason is not None)
        if chunk.finish_reason is not None and _is_whole_choice(_first_choice(data)):
            return Frame(event.raw, chunk, is_end=True, is_other_shape=True)
        return Frame(event.raw, chunk, is_misframed=_is_misframed(event))

    def _rest(self) -> Chunk | None:
        """Half of a character that nothing has completed."""
        return self._halves.joined(Chunk(), is_last=True) if self._halves.is_waiting else None


def _failure(event: Event, data: Json) -> str | None:
    """Why an event says nothing of an answer."""
    if not isinstance(data, dict):
        return "an event is not a JSON object"
    named = {"error": data} if event.name == b"error" else {}
    return error_of_frame(data) or error_of_frame(named)


def _is_misframed(event: Event) -> bool:
    return event.form is not Form.EVENT


def _is_piece(data: JsonObject) -> bool:
    """Whether an object is a piece of a stream rather than a whole answer."""
    choice = _first_choice(data)
    return (
        (not choice and bool(data.get("choices")))
        or isinstance(choice.get("delta"), dict)
        or data.get("choices") == []
        or str(data.get("object")).endswith(".chunk")
        or (isinstance(choice.get("text"), str) and choice.get("finish_reason") is None)
    )


def _first_choice(data: JsonObject) -> JsonObject:
    """The choice that is the answer: of several streamed ones any may come first."""
    choices = data.get("choices")
    choices = [c for c in choices if isinstance(c, dict)] if isinstance(choices, list) else []
    # A whole answer is one, whatever number it has.
    of_a_whole = [c for c in choices if "delta" not in c]
    return next((c for c in choices if not c.get("index")), (*of_a_whole, {})[0])


def _is_whole_choice(choice: JsonObject) -> bool:
    """Whether an event has a whole answer in it, as of servers that only seem to stream."""
    return not choice.get("delta") and isinstance(choice.get("message"), dict)


def _tool_calls(turn: JsonObject, calls: CallPieces) -> tuple[ToolCall, ...]:
    pieces = pieces_in(turn)
    if not pieces and isinstance(turn.get("function_call"), dict):
        pieces = [{"index": 0, "function": turn["function_call"]}]  # before there were tools
    return calls.read(pieces) if pieces else ()


def _logprobs(value: Json) -> tuple[JsonObject, ...]:
    return complete_logprobs(value.get("content")) if isinstance(value, dict) else ()


def _timings(data: JsonObject) -> Timings | None:
    timings = data.get("timings")  # llama.cpp's
    if isinstance(timings, dict) and timings.get("predicted_ms"):
        return Timings(
            seconds(timings.get("prompt_ms"), 1e3), seconds(timings.get("predicted_ms"), 1e3)
        )
    usage = data.get("usage")  # Groq's and Cerebras' have them beside the tokens
    if isinstance(usage, dict) and usage.get("completion_time"):
        return Timings(seconds(usage.get("prompt_time")), seconds(usage.get("completion_time")))
    return None


def _detail(usage: JsonObject, group: str, name: str) -> Json:
    details = usage.get(group)
    return details.get(name) if isinstance(details, dict) else None


def _usage(data: JsonObject) -> Usage | None:
    usage = data.get("usage")
    if isinstance(usage, dict):
        return Usage(
            count(usage.get("prompt_tokens")),
            count(usage.get("completion_tokens")),
            count(_detail(usage, "prompt_tokens_details", "cached_tokens")),
            count(_detail(usage, "completion_tokens_details", "reasoning_tokens")),
        )
    timings = data.get("timings")  # llama.cpp's, on the last event even where no usage is asked
    if isinstance(timings, dict):
        cached = count(timings.get("cache_n"))
        prompt = count(timings.get("prompt_n")) + cached
        return Usage(prompt, count(timings.get("predicted_n")), cached)
    return None
