"""OpenAI's answers, whole and streamed, written."""

from __future__ import annotations

import orjson

from gearshift.dialects.sse import read_event
from gearshift.dialects.tool_calls import call_id, function_of, pieces_in
from gearshift.types import ChatRequest, Chunk, Json, JsonObject, Operation, ToolCall, Usage


def encode_response(request: ChatRequest, chunk: Chunk, answer_id: str, now: float) -> bytes:
    """A whole answer as the body of a response."""
    finish = _written_finish(chunk.finish_reason, bool(chunk.tool_calls))
    choice: JsonObject
    if request.operation is Operation.COMPLETION:
        probabilities = _text_logprobs(chunk)
        content = {"text": chunk.content, "logprobs": probabilities}
        choice = {"index": 0, **content, "finish_reason": finish}
    else:
        choice = {"index": 0, "message": _message(chunk, answer_id), "finish_reason": finish}
        if chunk.logprobs:
            choice["logprobs"] = _logprobs(chunk)
    head = _head(request, chunk.model or "", answer_id, now)
    usage = _written_usage(chunk.usage or Usage())
    return orjson.dumps({**head, "choices": [choice], "usage": usage})


def _message(chunk: Chunk, answer_id: str) -> JsonObject:
    message: JsonObject = {"role": "assistant", "content": chunk.content}
    if chunk.reasoning:
        message["reasoning_content"] = chunk.reasoning
    if chunk.tool_calls:
        message["content"] = chunk.content or None
        calls = [_written_call(call, answer_id) for call in chunk.tool_calls]
        message["tool_calls"] = [
            {key: value for key, value in call.items() if key != "index"} for call in calls
        ]
    return message


def _head(request: ChatRequest, model: str, answer_id: str, now: float) -> JsonObject:
    if request.operation is Operation.COMPLETION:
        prefix, kind = "cmpl-", "text_completion"
    else:
        prefix = "chatcmpl-"
        kind = "chat.completion"
    given = answer_id if answer_id.startswith(prefix) else prefix + answer_id
    return {"id": given, "object": kind, "created": int(now), "model": model}


def _written_finish(reason: str | None, has_tool_calls: bool) -> str:
    if has_tool_calls and reason in (None, "stop"):
        return "tool_calls"
    return reason or "stop"


def _written_usage(usage: Usage) -> JsonObject:
    written: JsonObject = {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": usage.prompt_tokens + usage.completion_tokens,
    }
    if usage.cached_tokens:
        written["prompt_tokens_details"] = {"cached_tokens": usage.cached_tokens}
    if usage.reasoning_tokens:
        written["completion_tokens_details"] = {"reasoning_tokens": usage.reasoning_tokens}
    return written


def _written_call(call: ToolCall, answer_id: str) -> JsonObject:
    function: JsonObject = {"arguments": call.arguments}
    written: JsonObject = {"index": call.index, "function": function}
    if call.name is not None:  # the first piece of a call names it
        function["name"] = call.name
        written |= {"id": call.id or call_id(answer_id, call.index), "type": "function"}
    return written


def _logprobs(chunk: Chunk) -> JsonObject | None:
    return {"content": list(chunk.logprobs), "refusal": None} if chunk.logprobs else None


def _text_logprobs(chunk: Chunk) -> JsonObject | None:
    """The same as completions have them: a list for each thing that is said of a token."""
    if not chunk.logprobs:
        return None
    return {
        "tokens": [entry.get("token") for entry in chunk.logprobs],
        "token_logprobs": [entry.get("logprob") for entry in chunk.logprobs],
        "top_logprobs": [_alternatives(entry.get("top_logprobs")) for entry in chunk.logprobs],
        "text_offset": _offsets([entry.get("token") for entry in chunk.logprobs]),
    }


def _alternatives(entries: Json) -> JsonObject:
    entries = entries if isinstance(entries, list) else []
    return {
        str(entry.get("token")): entry.get("logprob")
        for entry in entries
        if isinstance(entry, dict)
    }


def _offsets(tokens: list[Json]) -> list[int]:
    offsets, offset = [], 0
    for token in tokens:
        offsets.append(offset)
        offset += len(token) if isinstance(token, str) else 0
    return offsets


def without_words(raw: bytes, *, is_end: bool) -> bytes:
    r"""An event that says nothing, as clients can read it: they take all data but the end for JSON.

    >>> without_words(b"data: null\n\n", is_end=False), without_words(b"data: [DO", is_end=True)
    (b':\n\n', b'data: [DONE]\n\n')
    """
    if is_end:
        return raw if b"[DONE]" in raw else b"data: [DONE]\n\n"
    return b":\n\n" if raw.split() in ([b"data:"], [b"data:", b"null"]) else raw


def relabelled(raw: bytes, calls: tuple[ToolCall, ...]) -> bytes:
    """An upstream's bytes, with tool calls as OpenAI has them where the upstream has not.

    Their index is right, they are a list of objects with a function, and arguments are a text.

    Args:
        raw: An event of a stream, or a whole answer.
        calls: The calls in it, or their pieces, as they were read.
    """
    event = read_event(raw)
    try:
        data = orjson.loads(event.data if event.data is not None else raw)
        choice = next((c for c in data["choices"] if not c.get("index")), data["choices"][0])
        turn = choice.get("delta") or choice["message"]
        given = turn["tool_calls"]
        pieces = pieces_in(turn)
    except (ValueError, LookupError, TypeError, AttributeError):
        return raw
    is_streamed = bool(choice.get("delta"))
    turn["tool_calls"] = [
        _as_openai_has_it(piece, call, is_streamed)
        for piece, call in zip(pieces, calls, strict=False)
    ]
    if turn["tool_calls"] == given:
        return raw
    if event.data is None:
        return orjson.dumps(data)
    name = b"event: %s\n" % event.name if event.name else b""
    return name + _event(data)


def _as_openai_has_it(piece: JsonObject, call: ToolCall, is_streamed: bool) -> JsonObject:
    """A call, or its piece, with what clients of OpenAI rely on; all else is left as it was."""
    function = function_of(piece)
    if isinstance(function.get("arguments"), dict):
        function = {**function, "arguments": call.arguments}
    if not isinstance(piece.get("function"), dict):
        piece = {key: value for key, value in piece.items() if key not in function}
    if function or "function" in piece:
        piece = {**piece, "function": function}
    return {**piece, "index": call.index} if is_streamed else piece


class OpenAIWriter:
    """Writes chunks as an SSE stream."""

    def __init__(self, request: ChatRequest, model: str, answer_id: str, now: float) -> None:
        self._is_chat = request.operation is not Operation.COMPLETION
        self._head = _head(request, model, answer_id, now)
        if self._is_chat:
            self._head["object"] = "chat.completion.chunk"
        self._answer_id = answer_id
        stream_options = request.body.get("stream_options")
        self._wants_usage = isinstance(stream_options, dict) and bool(
            stream_options.get("include_usage")
        )
        self._usage: Usage | None = None
        self._has_begun = False
        self._has_finished = False
        self._has_tool_calls = False

    def write(self, chunk: Chunk) -> bytes:
        """The events that say `chunk`."""
        self._usage = chunk.usage or self._usage
        self._has_tool_calls |= bool(chunk.tool_calls)
        events = []
        if chunk.has_content or chunk.logprobs:
            events.append(self._said(chunk))
        if chunk.finish_reason and not self._has_finished:
            events.append(self._finished(chunk.finish_reason))
        return b"".join(events)

    def finish(self) -> bytes:
        """The last delta if still unsaid, the usage if asked for, and the end mark."""
        events = [] if self._has_finished else [self._finished(None)]
        if self._wants_usage:
            usage = _written_usage(self._usage or Usage())
            events.append(_event({**self._head, "choices": [], "usage": usage}))
        return b"".join((*events, b"data: [DONE]\n\n"))

    def _said(self, chunk: Chunk) -> bytes:
        if not self._is_chat:
            return self._choice({"text": chunk.content}, None, _text_logprobs(chunk))
        delta: JsonObject = {}
        if chunk.content:
            delta["content"] = chunk.content
        if chunk.reasoning:
            delta["reasoning_content"] = chunk.reasoning
        if chunk.tool_calls:
            delta["tool_calls"] = [_written_call(c, self._answer_id) for c in chunk.tool_calls]
        return self._opening() + self._choice({"delta": delta}, None, _logprobs(chunk))

    def _finished(self, reason: str | None) -> bytes:
        self._has_finished = True
        finish = _written_finish(reason, self._has_tool_calls)
        if not self._is_chat:
            return self._choice({"text": ""}, finish)
        return self._opening() + self._choice({"delta": {}}, finish)

    def _opening(self) -> bytes:
        if self._has_begun:
            return b""
        self._has_begun = True
        return self._choice({"delta": {"role": "assistant", "content": ""}}, None)

    def _choice(
        self, delta: JsonObject, finish_reason: str | None, logprobs: JsonObject | None = None
    ) -> bytes:
        choice = {"index": 0, **delta, "logprobs": logprobs, "finish_reason": finish_reason}
        event = {**self._head, "choices": [choice]}
        if self._wants_usage:
            event["usage"] = None
        return _event(event)


def _event(data: JsonObject) -> bytes:
    return b"data: " + orjson.dumps(data) + b"\n\n"
