"""Ollama's answers, whole and streamed, written."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

import orjson

from gearshift.dialects.pieces import joined_calls
from gearshift.dialects.tool_calls import arguments_object, call_in_words
from gearshift.types import ChatRequest, Chunk, JsonObject, Operation, Timings, ToolCall, Usage

_NANOSECONDS: Final = 1_000_000_000
# For a whole answer only all of its time is known. Engines read a prompt about ten times as fast
# as they write.
_PROMPT_TOKENS_PER_TOKEN: Final = 10


def encode_response(
    request: ChatRequest, chunk: Chunk, now: float, elapsed_seconds: float
) -> bytes:
    """A whole answer as the body of a response."""
    end = _end(chunk, elapsed_seconds, _prompt_seconds(chunk, elapsed_seconds))
    return orjson.dumps({**_head(chunk.model or "", now), **_said(request, chunk), **end})


def _prompt_seconds(chunk: Chunk, elapsed_seconds: float) -> float:
    """The share of the prompt in the time of an answer that came in one piece."""
    usage = chunk.usage or Usage()
    prompt = usage.prompt_tokens / _PROMPT_TOKENS_PER_TOKEN
    share = prompt / (prompt + usage.completion_tokens) if usage.completion_tokens else 0.5
    return share * max(0.0, elapsed_seconds - (chunk.load_seconds or 0.0))


def _head(model: str, now: float) -> JsonObject:
    created = datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f000Z")
    return {"model": model, "created_at": created}


def _said(request: ChatRequest, chunk: Chunk) -> JsonObject:
    if request.operation is Operation.COMPLETION:
        fields: JsonObject = {"response": chunk.content}
        if chunk.reasoning:
            fields["thinking"] = chunk.reasoning
    else:
        fields = {"message": _message(chunk)}
    if chunk.logprobs:
        fields["logprobs"] = list(chunk.logprobs)
    return fields


def _message(chunk: Chunk) -> JsonObject:
    calls, words = [], [chunk.content]
    for call in chunk.tool_calls:
        arguments = arguments_object(call.arguments)
        if arguments is None:
            # A call that was cut off, or is none: Ollama, too, tells it as the text that it is.
            words.append(call_in_words(call.name, call.arguments))
        else:
            calls.append(_written_call(call, arguments))
    message: JsonObject = {"role": "assistant", "content": "".join(words)}
    if chunk.reasoning:
        message["thinking"] = chunk.reasoning
    if calls:
        message["tool_calls"] = calls
    return message


def _written_call(call: ToolCall, arguments: JsonObject) -> JsonObject:
    function = {"name": call.name or "", "arguments": arguments}
    return {"id": call.id, "function": function} if call.id else {"function": function}


def _end(chunk: Chunk, elapsed_seconds: float, prompt_seconds: float) -> JsonObject:
    """The last fields; durations are never 0, because clients divide by them.

    Args:
        chunk: What the upstream has said of tokens and times.
        elapsed_seconds: Since the request came.
        prompt_seconds: How much of it was the prompt's, where the upstream has not said that.
    """
    usage = chunk.usage or Usage()
    load = chunk.load_seconds or 0.0
    # Some engines time only one of both.
    told = chunk.timings or Timings()
    prompt = told.prompt_seconds or prompt_seconds
    completion = told.completion_seconds or elapsed_seconds - load - prompt
    parts = [max(1, round(part * _NANOSECONDS)) for part in (load, prompt, completion)]
    return {
        "done": True,
        "done_reason": _done_reason(chunk.finish_reason),
        "total_duration": max(round(elapsed_seconds * _NANOSECONDS), sum(parts)),
        "load_duration": parts[0],
        "prompt_eval_count": usage.prompt_tokens,
        "prompt_eval_duration": parts[1],
        "eval_count": usage.completion_tokens,
        "eval_duration": parts[2],
    }


def _done_reason(reason: str | None) -> str:
    return "stop" if reason in (None, "tool_calls") else reason or "stop"


class OllamaWriter:
    """Writes chunks as an NDJSON stream; tool calls are said whole, before the last line.

    Args:
        request: The client's.
        model: The one that answers.
        now: Seconds since 1970.
        elapsed: Seconds since the request came, when called. The writer is made when the first
            piece is there.
    """

    def __init__(
        self, request: ChatRequest, model: str, now: float, elapsed: Callable[[], float]
    ) -> None:
        self._request = request
        self._head = _head(model, now)
        self._elapsed = elapsed
        self._first_seconds = elapsed()
        self._pieces = 0
        self._calls: list[ToolCall] = []
        self._end = Chunk()

    def write(self, chunk: Chunk) -> bytes:
        """The lines that say `chunk`; its end waits, because the usage may come later."""
        self._calls += chunk.tool_calls
        self._pieces += chunk.has_content
        self._end = Chunk(
            finish_reason=chunk.finish_reason or self._end.finish_reason,
            usage=chunk.usage or self._end.usage,
            load_seconds=chunk.load_seconds or self._end.load_seconds,
            timings=chunk.timings or self._end.timings,
        )
        if not chunk.content and not chunk.reasoning and not chunk.logprobs:
            return b""
        return self._line(chunk._replace(tool_calls=()))

    def finish(self) -> bytes:
        """The tool calls, and the line that is `done`."""
        line = self._line(Chunk(tool_calls=joined_calls(self._calls))) if self._calls else b""
        elapsed = self._elapsed()
        prompt_seconds = max(0.0, self._first_seconds - (self._end.load_seconds or 0.0))
        if self._pieces <= 1:  # all that was said came at once
            prompt_seconds = _prompt_seconds(self._end, elapsed)
        end = _end(self._end, elapsed, prompt_seconds)
        last = {**self._head, **_said(self._request, Chunk()), **end}
        return line + orjson.dumps(last) + b"\n"

    def _line(self, chunk: Chunk) -> bytes:
        line = {**self._head, **_said(self._request, chunk), "done": False}
        return orjson.dumps(line) + b"\n"
