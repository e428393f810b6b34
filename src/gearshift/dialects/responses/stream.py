"""Responses' streamed answers, written: named events, each with its number."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import orjson

from gearshift.dialects import openai_errors
from gearshift.dialects.errors import reply_to
from gearshift.dialects.responses.answer import (
    COMPLETED,
    FAILED,
    IN_PROGRESS,
    ResponseObject,
    asks_for_summary,
    call_item,
    message_item,
    reasoning_item,
    status_of,
    text_part,
)
from gearshift.dialects.responses.tools import Tool, arguments_as_text
from gearshift.dialects.responses.writing import (
    MESSAGE,
    NO_ARGUMENTS,
    REASONING,
    id_of_call,
    prefix_of,
    tool_of,
    tools_by_function,
)
from gearshift.dialects.tool_calls import arguments_object
from gearshift.errors import GearshiftError
from gearshift.types import ChatRequest, Chunk, JsonObject, ToolCall, Usage


@dataclass(slots=True)
class _Text:
    """A message, or thoughts, that has begun and not ended."""

    kind: str
    place: JsonObject
    pieces: list[str] = field(default_factory=list)
    logprobs: list[JsonObject] = field(default_factory=list)


@dataclass(slots=True)
class _Call:
    """A call that has begun and not ended."""

    index: int
    id: str = ""
    name: str = ""
    pieces: list[str] = field(default_factory=list)
    tool: Tool | None = None
    place: JsonObject = field(default_factory=dict)

    @property
    def is_complete(self) -> bool:
        if not self.pieces or not self.pieces[-1].rstrip().endswith("}"):
            return False
        return arguments_object("".join(self.pieces)) is not None


class ResponsesWriter:
    """Writes chunks as a stream of named events, each with its number.

    An item ends when another begins, so that a client can act upon a call at once; a call that is
    not complete stays open beside others, as some servers stream several side by side.

    Args:
        request: The client's.
        model: The one that answers.
        answer_id: Unique.
        now: Seconds since 1970.
    """

    def __init__(self, request: ChatRequest, model: str, answer_id: str, now: float) -> None:
        self._response = ResponseObject(request, model, answer_id, now)
        self._answer_id = answer_id
        self._is_summary = asks_for_summary(request)
        self._wants_logprobs = bool(request.options.get("logprobs"))
        self._tools = tools_by_function(request)
        self._events = 0
        self._items = 0
        self._done: dict[int, JsonObject] = {}  # items by their place
        self._text: _Text | None = None
        self._calls: dict[int, _Call] = {}
        self._told_calls: set[int] = set()
        self._finish_reason: str | None = None
        self._usage = Usage()

    def write(self, chunk: Chunk) -> bytes:
        """The events that say `chunk`; its end waits, because the usage may come later."""
        self._finish_reason = chunk.finish_reason or self._finish_reason
        self._usage = chunk.usage or self._usage
        if not chunk.has_content:
            return b""
        events = [self._begun()]
        if chunk.reasoning:
            events.append(self._thought(chunk.reasoning))
        if chunk.content:
            events.append(self._said(chunk.content, chunk.logprobs))
        events += map(self._called, chunk.tool_calls)
        return b"".join(events)

    def finish(self) -> bytes:
        """The ends of what is open, and the whole response."""
        events = [self._begun()]
        if not (self._items or self._calls):
            events.append(self._opened(MESSAGE))
        status = status_of(self._finish_reason)
        events += [self._text_ended(status), *self._calls_ended(status)]
        response = self._response.told(
            status, self._output(), self._usage, finish_reason=self._finish_reason
        )
        return b"".join([*events, self._event(f"response.{status}", response=response)])

    def fail(self, error: GearshiftError) -> bytes:
        """An event that the SDK raises as `APIError`, and the end that other clients wait for."""
        told = {"code": "server_error", "message": reply_to(error).message}
        response = self._response.told(FAILED, self._output(), error=told)
        event = error_event(error, self._events)
        self._events += 1
        return event + self._event("response.failed", response=response)

    def _output(self) -> list[JsonObject]:
        return [self._done[place] for place in sorted(self._done)]

    def _begun(self) -> bytes:
        if self._events:
            return b""
        response = self._response.told(IN_PROGRESS)
        return self._event("response.created", response=response) + self._event(
            "response.in_progress", response=response
        )

    def _said(self, text: str, logprobs: tuple[JsonObject, ...]) -> bytes:
        opening = self._opened(MESSAGE)
        open_text = self._text
        assert open_text is not None
        open_text.pieces.append(text)
        entries = list(logprobs) if self._wants_logprobs else []
        open_text.logprobs += entries
        return opening + self._event(
            "response.output_text.delta", **open_text.place, delta=text, logprobs=entries
        )

    def _thought(self, text: str) -> bytes:
        opening = self._opened(REASONING)
        open_text = self._text
        assert open_text is not None
        open_text.pieces.append(text)
        return opening + self._event(f"{self._thoughts}.delta", **open_text.place, delta=text)

    @property
    def _thoughts(self) -> str:
        return f"response.reasoning_{'summary_' if self._is_summary else ''}text"

    @property
    def _part(self) -> str:
        """What events about the part of the open text are called."""
        is_summary = self._is_summary and self._text is not None and self._text.kind == REASONING
        return "response.reasoning_summary_part" if is_summary else "response.content_part"

    def _opened(self, kind: str) -> bytes:
        """What opens a message or thoughts, unless they are open."""
        if self._text is not None and self._text.kind == kind:
            return b""
        before = self._others_ended()
        number = "summary_index" if kind == REASONING and self._is_summary else "content_index"
        item_id, index = self._place(kind)
        self._text = _Text(kind, {"item_id": item_id, "output_index": index, number: 0})
        item = (
            message_item(item_id, IN_PROGRESS, [])
            if kind == MESSAGE
            else reasoning_item(item_id, IN_PROGRESS, None, is_summary=self._is_summary)
        )
        added = self._event("response.output_item.added", output_index=index, item=item)
        part = self._part_of("")
        return before + added + self._event(f"{self._part}.added", **self._text.place, part=part)

    def _part_of(self, text: str) -> JsonObject:
        assert self._text is not None
        if self._text.kind == MESSAGE:
            return text_part(text, self._text.logprobs)
        return {"type": "summary_text" if self._is_summary else "reasoning_text", "text": text}

    def _text_ended(self, status: str) -> bytes:
        """What closes the message or the thoughts that are open."""
        ended = self._text
        if ended is None:
            return b""
        text, place = "".join(ended.pieces), ended.place
        item_id, index = place["item_id"], place["output_index"]
        part = self._part_of(text)
        if ended.kind == MESSAGE:
            name, more = "response.output_text", {"logprobs": ended.logprobs}
            item = message_item(item_id, status, [part])
        else:
            name, more = self._thoughts, {}
            item = reasoning_item(item_id, status, text, is_summary=self._is_summary)
        events = self._event(f"{name}.done", **place, text=text, **more)
        events += self._event(f"{self._part}.done", **place, part=part)
        self._text = None
        return events + self._item_done(index, item)

    def _called(self, piece: ToolCall) -> bytes:
        """A piece of a call, whose item is added when all of its name has come."""
        if piece.index in self._told_calls:
            return b""  # behind complete arguments nothing belongs to them
        before, call = b"", self._calls.get(piece.index)
        if call is None:
            before = self._others_ended()
            call = self._calls[piece.index] = _Call(piece.index)
        call.id = call.id or piece.id or ""
        call.name += piece.name or ""
        return before + (self._given(call, piece.arguments) if piece.arguments else b"")

    def _given(self, call: _Call, arguments: str) -> bytes:
        adding = self._added(call)
        call.pieces.append(arguments)
        assert call.tool is not None
        if call.tool.is_custom:  # its text is told when it is known
            return adding
        return adding + self._event(
            "response.function_call_arguments.delta", **call.place, delta=arguments
        )

    def _added(self, call: _Call) -> bytes:
        if call.tool is not None:
            return b""
        call.tool = tool_of(self._tools, call.name)
        call.id = call.id or id_of_call(self._answer_id, call.index)
        item_id, index = self._place(prefix_of(call.tool))
        call.place = {"item_id": item_id, "output_index": index}
        item = call_item(item_id, IN_PROGRESS, call.tool, call.id, "")
        return self._event("response.output_item.added", output_index=index, item=item)

    def _call_ended(self, call: _Call, status: str) -> bytes:
        before = self._added(call) if call.pieces else self._given(call, NO_ARGUMENTS)
        assert call.tool is not None
        arguments = "".join(call.pieces)
        if call.tool.is_custom:
            name, text = "response.custom_tool_call_input", arguments_as_text(arguments)
            before += self._event(f"{name}.delta", **call.place, delta=text)
            ended = self._event(f"{name}.done", **call.place, input=text)
        else:
            name = "response.function_call_arguments.done"
            ended = self._event(name, **call.place, arguments=arguments)
        del self._calls[call.index]
        self._told_calls.add(call.index)
        item = call_item(call.place["item_id"], status, call.tool, call.id, arguments)
        return before + ended + self._item_done(call.place["output_index"], item)

    def _others_ended(self) -> bytes:
        """What closes all that is complete where something else begins."""
        ends = [self._text_ended(COMPLETED)]
        complete = [call for call in self._calls.values() if call.is_complete]
        ends += [self._call_ended(call, COMPLETED) for call in complete]
        return b"".join(ends)

    def _calls_ended(self, status: str) -> Iterator[bytes]:
        for call in list(self._calls.values()):
            yield self._call_ended(call, status)

    def _place(self, prefix: str) -> tuple[str, int]:
        index = self._items
        self._items += 1
        return f"{prefix}_{self._answer_id}{index}", index

    def _item_done(self, index: int, item: JsonObject) -> bytes:
        self._done[index] = item
        return self._event("response.output_item.done", output_index=index, item=item)

    def _event(self, name: str, /, **said: object) -> bytes:
        event = _event(name, self._events, said)
        self._events += 1
        return event


def error_event(error: GearshiftError, number: int) -> bytes:
    """An event that reports an error, where the API says, and as it really does.

    SDKs raise what stands in `error`; the rest is what the documentation has.

    Args:
        error: What has happened.
        number: Of the event.
    """
    words = openai_errors.fields(reply_to(error))
    words["code"] = words["code"] or words["type"]
    flat = {name: words[name] for name in ("code", "message", "param")}
    return _event("error", number, {**flat, "error": words})


def _event(name: str, number: int, said: JsonObject) -> bytes:
    data = orjson.dumps({"type": name, "sequence_number": number, **said})
    return b"event: %s\ndata: %s\n\n" % (name.encode(), data)
