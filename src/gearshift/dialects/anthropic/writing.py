"""Anthropic's answers, whole and streamed, written."""

from __future__ import annotations

from typing import Final

import orjson

from gearshift.dialects.tool_calls import arguments_object, call_id, call_in_words
from gearshift.types import Chunk, JsonObject, ToolCall, Usage

_STOP_REASONS: Final = {
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "content_filter": "refusal",
}


def encode_response(chunk: Chunk, answer_id: str) -> bytes:
    """A whole answer as the body of a response."""
    words, calls = [chunk.content], []
    for call in chunk.tool_calls:
        arguments = arguments_object(call.arguments)
        if arguments is None:  # a call that was cut off, or is none: the text that it is
            words.append(call_in_words(call.name, call.arguments))
        else:
            calls.append({**_tool_use(call, answer_id), "input": arguments})
    content: list[JsonObject] = []
    if chunk.reasoning:
        content.append({"type": "thinking", "thinking": chunk.reasoning, "signature": ""})
    if text := "".join(words):
        content.append({"type": "text", "text": text})
    head = _head(chunk.model or "", answer_id)
    end = {"stop_reason": _stop_reason(chunk.finish_reason, bool(calls)), "stop_sequence": None}
    usage = _written_usage(chunk.usage or Usage())
    return orjson.dumps({**head, "content": [*content, *calls], **end, "usage": usage})


def _head(model: str, answer_id: str) -> JsonObject:
    given = answer_id if answer_id.startswith("msg_") else f"msg_{answer_id}"
    return {"id": given, "type": "message", "role": "assistant", "model": model}


def _tool_use(call: ToolCall, answer_id: str) -> JsonObject:
    given = call.id or f"toolu_{call_id(answer_id, call.index)}"
    return {"type": "tool_use", "id": given, "name": call.name or ""}


def _stop_reason(reason: str | None, has_calls: bool) -> str:
    if has_calls and reason in (None, "stop"):
        return "tool_use"
    return _STOP_REASONS.get(reason or "", "end_turn")


def _written_usage(usage: Usage) -> JsonObject:
    """What was read from a cache counts apart."""
    cached = min(usage.cached_tokens, usage.prompt_tokens)
    return {
        "input_tokens": usage.prompt_tokens - cached,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": cached,
        "output_tokens": usage.completion_tokens,
    }


class AnthropicWriter:
    """Writes chunks as a stream of named events: blocks that open, grow and close in turn.

    Only one block is open at a time, as clients rely on. What comes while a call is not complete
    and belongs to another call, or to none, waits for the end.

    Args:
        model: The one that answers.
        answer_id: Unique.
    """

    def __init__(self, model: str, answer_id: str) -> None:
        self._head = _head(model, answer_id)
        self._answer_id = answer_id
        self._has_begun = False
        self._blocks = 0  # opened so far
        self._open = ""  # the type of the block that is open
        self._call = ToolCall(-1)  # the call that is open
        self._is_named = False  # whether its block has been started
        self._waiting: list[Chunk] = []
        self._told_calls: set[int] = set()  # whose blocks are closed
        self._finish_reason: str | None = None
        self._usage = Usage()

    def write(self, chunk: Chunk) -> bytes:
        """The events that say `chunk`; its end waits, because the usage may come later."""
        self._finish_reason = chunk.finish_reason or self._finish_reason
        self._usage = chunk.usage or self._usage
        if not chunk.has_content:
            return b""
        pieces = []
        if chunk.reasoning:
            pieces.append(Chunk(reasoning=chunk.reasoning))
        if chunk.content:
            pieces.append(Chunk(chunk.content))
        pieces += [Chunk(tool_calls=(call,)) for call in chunk.tool_calls]
        return b"".join(map(self._said, pieces))

    def finish(self) -> bytes:
        """What waits, the end of the last block, why the answer ended, and the end of it."""
        events = [self._begun(), self._closed()]
        while self._waiting:
            waiting = sorted(self._waiting, key=_call_index)
            self._waiting = []
            events += [*map(self._said, waiting), self._closed()]
        reason = _stop_reason(self._finish_reason, bool(self._told_calls))
        delta = {"stop_reason": reason, "stop_sequence": None}
        usage = _written_usage(self._usage)
        events.append(_event("message_delta", {"delta": delta, "usage": usage}))
        return b"".join([*events, _event("message_stop", {})])

    def _said(self, piece: Chunk) -> bytes:
        """The events for one thing that is said, or nothing if its turn has not come."""
        is_next = _call_index(piece) != self._call.index
        if self._open == "tool_use" and is_next and (self._waiting or not self._is_complete()):
            self._waiting.append(piece)
            return b""
        if piece.tool_calls:
            return self._called(piece.tool_calls[0])
        if piece.reasoning:
            opening = self._opened({"type": "thinking", "thinking": "", "signature": ""})
            return opening + self._delta("thinking_delta", "thinking", piece.reasoning)
        opening = self._opened({"type": "text", "text": ""})
        return opening + self._delta("text_delta", "text", piece.content)

    def _called(self, piece: ToolCall) -> bytes:
        """A piece of a call, whose block is started when all of its name has come."""
        if piece.index in self._told_calls:
            return b""  # behind complete arguments nothing belongs to them
        before = b""
        if self._open != "tool_use" or piece.index != self._call.index:
            before = self._begun() + self._closed()
            self._open, self._call, self._is_named = "tool_use", ToolCall(piece.index), False
        call = self._call
        self._call = ToolCall(
            piece.index,
            call.id or piece.id,
            f"{call.name or ''}{piece.name or ''}",
            call.arguments + piece.arguments,
        )
        if not piece.arguments:
            return before
        before += self._named()
        return before + self._delta("input_json_delta", "partial_json", piece.arguments)

    def _is_complete(self) -> bool:
        return bool(self._call.arguments) and arguments_object(self._call.arguments) is not None

    def _begun(self) -> bytes:
        if self._has_begun:
            return b""
        self._has_begun = True
        end = {"stop_reason": None, "stop_sequence": None, "usage": _written_usage(Usage())}
        return _event("message_start", {"message": {**self._head, "content": [], **end}})

    def _opened(self, block: JsonObject) -> bytes:
        """What opens a block of text or thoughts, unless it is open."""
        if self._open == block["type"]:
            return b""
        before = self._begun() + self._closed()
        self._open = block["type"]
        return before + self._start(block)

    def _named(self) -> bytes:
        """What opens the block of the call, unless it is open."""
        if self._is_named:
            return b""
        self._is_named = True
        return self._start({**_tool_use(self._call, self._answer_id), "input": {}})

    def _start(self, block: JsonObject) -> bytes:
        self._blocks += 1
        return self._numbered("content_block_start", {"content_block": block})

    def _delta(self, kind: str, name: str, text: str) -> bytes:
        return self._numbered("content_block_delta", {"delta": {"type": kind, name: text}})

    def _closed(self) -> bytes:
        """What closes the block that is open."""
        if not self._open:
            return b""
        before = b""
        if self._open == "tool_use":
            before = self._named()
            self._told_calls.add(self._call.index)
        self._open, self._call = "", ToolCall(-1)
        return before + self._numbered("content_block_stop", {})

    def _numbered(self, name: str, events: JsonObject) -> bytes:
        return _event(name, {"index": self._blocks - 1, **events})


def _call_index(piece: Chunk) -> int:
    """The number of the call that a piece belongs to; -2 for texts."""
    return piece.tool_calls[0].index if piece.tool_calls else -2


def _event(name: str, event: JsonObject) -> bytes:
    data = orjson.dumps({"type": name, **event})
    return b"event: %s\ndata: %s\n\n" % (name.encode(), data)
