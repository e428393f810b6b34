"""OpenAI's answers, whole and streamed, read."""

from __future__ import annotations

from typing import Final

import orjson

from gearshift.types import (
    Chunk,
    Frame,
    Json,
    JsonObject,
    ToolCall,
    Usage,
)
from gearshift.wire.body import arguments_text
from gearshift.wire.faults import error_of_frame
from gearshift.wire.sse import Event, EventCutter

# More than any answer has; sums of larger ones could not be written as JSON.
_MOST: Final = 10**15


def read_answer(raw: bytes) -> Frame:
    """A whole response body as one frame; `error` says why it is no answer."""
    try:
        data = orjson.loads(raw)
    except orjson.JSONDecodeError as problem:
        return Frame(raw, error=f"the answer is not JSON: {problem}")
    if not isinstance(data, dict):
        return Frame(raw, error="the answer is not a JSON object")
    plain = _plain_answer(data)
    if plain is not None:
        return Frame(raw, plain, True)
    if error := error_of_frame(data):
        return Frame(raw, error=error)
    choice = _first_choice(data)
    if not isinstance(choice.get("message"), dict) and not isinstance(choice.get("text"), str):
        return Frame(raw, error="the answer has no choices with a message")
    return Frame(raw, read_chunk(data), is_end=True)


def read_chunk(data: JsonObject) -> Chunk:
    """What one decoded object says: a whole answer, or an event of a stream."""
    plain = _plain_delta(data)
    if plain is not None:
        return plain
    choice = _first_choice(data)
    said = choice.get("delta") or choice.get("message")
    if not isinstance(said, dict):
        said = {}
    model = data.get("model")
    return Chunk(
        content=_text(said.get("content") or said.get("refusal") or choice.get("text")),
        reasoning=_text(said.get("reasoning_content") or said.get("reasoning")),
        tool_calls=_tool_calls(said.get("tool_calls")),
        finish_reason=_finish_reason(choice.get("finish_reason")),
        usage=_usage(data),
        model=model if isinstance(model, str) else None,
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
        sent, said = usage["prompt_tokens"], usage["completion_tokens"]
    except (KeyError, ValueError, TypeError):
        return None
    if (
        type(content) is not str
        or type(model) is not str
        or finish not in ("stop", "length")
        or type(sent) is not int
        or type(said) is not int
        or min(sent, said) < 0
        or usage.get("prompt_tokens_details")
        or not (len(message) == 1 or (len(message) == 2 and "role" in message))
        or data.get("error")
        or data.get("object") == "error"
    ):
        return None
    return Chunk(content, "", (), finish, Usage(sent, said), model)


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
        or data.get("usage") is not None
        or data.get("timings") is not None
        or not (len(delta) == 1 or (len(delta) == 2 and "role" in delta))
    ):
        return None
    return Chunk(content, model=model)


class OpenAIReader:
    """Cuts an SSE stream into frames."""

    def __init__(self) -> None:
        self._cutter = EventCutter()

    def feed(self, data: bytes) -> list[Frame]:
        """The frames completed by `data`."""
        return [_frame(event) for event in self._cutter.feed(data)]

    def finish(self) -> list[Frame]:
        """A last event without its blank line."""
        return [_frame(event) for event in self._cutter.finish()]


def _frame(event: Event) -> Frame:
    if event.error is not None:
        return Frame(event.raw, error=event.error)
    if event.data is None and event.raw.lstrip()[:1] in (b"{", b"<"):
        return Frame(event.raw, error=read_answer(event.raw).error or "the answer is no stream")
    if not event.data:
        return Frame(event.raw)
    if event.data.strip() == b"[DONE]":
        return Frame(event.raw, is_end=True)
    try:
        data = orjson.loads(event.data)
    except orjson.JSONDecodeError as problem:
        return Frame(event.raw, error=f"an event is not JSON: {problem}")
    if not isinstance(data, dict):
        return Frame(event.raw, error="an event is not a JSON object")
    failure = error_of_frame(data)
    if failure is None and event.name == b"error":
        failure = error_of_frame({"error": data})
    return Frame(event.raw, error=failure) if failure else Frame(event.raw, read_chunk(data))


def _first_choice(data: JsonObject) -> JsonObject:
    choices = data.get("choices")
    first = choices[0] if isinstance(choices, list) and choices else None
    return first if isinstance(first, dict) else {}


def _text(value: Json) -> str:
    if isinstance(value, str):
        return value
    if not isinstance(value, list):
        return ""
    texts = (part.get("text") for part in value if isinstance(part, dict))
    return "".join(text for text in texts if isinstance(text, str))


def _finish_reason(value: Json) -> str | None:
    if not isinstance(value, str):
        return None
    return "tool_calls" if value == "function_call" else value


def _tool_calls(value: Json) -> tuple[ToolCall, ...]:
    if not value or not isinstance(value, list):
        return ()
    return tuple(
        _tool_call(call, position) for position, call in enumerate(value) if isinstance(call, dict)
    )


def _tool_call(call: JsonObject, position: int) -> ToolCall:
    function = call.get("function")
    function = function if isinstance(function, dict) else {}
    index, call_id = call.get("index"), call.get("id")
    name, arguments = function.get("name"), function.get("arguments")
    if isinstance(arguments, dict):  # some servers answer as Ollama does
        arguments = arguments_text(arguments)
    return ToolCall(
        index=index if isinstance(index, int) else position,
        id=call_id if isinstance(call_id, str) and call_id else None,
        name=name if isinstance(name, str) and name else None,
        arguments=arguments if isinstance(arguments, str) else "",
    )


def _usage(data: JsonObject) -> Usage | None:
    usage = data.get("usage")
    if isinstance(usage, dict):
        details = usage.get("prompt_tokens_details")
        details = details if isinstance(details, dict) else {}
        return Usage(
            count(usage.get("prompt_tokens")),
            count(usage.get("completion_tokens")),
            count(details.get("cached_tokens")),
        )
    timings = data.get("timings")  # llama.cpp's, on the last event even where no usage is asked
    if isinstance(timings, dict):
        cached = count(timings.get("cache_n"))
        prompt = count(timings.get("prompt_n")) + cached
        return Usage(prompt, count(timings.get("predicted_n")), cached)
    return None


def count(value: Json) -> int:
    """A number of tokens or nanoseconds, in bounds; 0 where an engine left it out."""
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        return 0
    return min(value, _MOST)
