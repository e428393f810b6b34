"""Tool calls and results that stand as parts in a content, as Anthropic and Responses have them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from gearshift.dialects.content import result_content
from gearshift.dialects.tool_calls import arguments_text
from gearshift.types import Json, JsonObject, Message

_CALLS: Final = frozenset({"tool_use", "tool_call", "function_call"})
_RESULTS: Final = frozenset({"tool_result", "function_call_output"})
PARTS_OF_CALLS: Final = _CALLS | _RESULTS


def with_calls_outside(messages: Sequence[Message]) -> list[Message]:
    """A conversation with its calls in `tool_calls`, and its results as turns of their own."""
    return [turn for message in messages for turn in _turns(message)]


def _turns(message: Message) -> Iterator[Message]:
    content = message.get("content")
    parts = content if isinstance(content, list) else []
    results = [_result(part) for part in parts if _is_of(part, _RESULTS)]
    calls = [_call(part) for part in parts if _is_of(part, _CALLS)]
    if not results and not calls:
        yield message
        return
    yield from results
    rest = [part for part in parts if not _is_of(part, PARTS_OF_CALLS)]
    if calls:
        calls = [*(message.get("tool_calls") or ()), *calls]
        yield {**message, "content": rest, "tool_calls": calls}
    elif rest:
        yield {**message, "content": rest}


def _is_of(part: Json, types: frozenset[str]) -> bool:
    return isinstance(part, dict) and part.get("type") in types


def _call(part: JsonObject) -> JsonObject:
    arguments: Json = next((part[key] for key in ("input", "arguments", "args") if key in part), {})
    return {
        "id": _text(part.get("id") or part.get("call_id")),
        "type": "function",
        "function": {"name": _text(part.get("name")), "arguments": arguments_text(arguments)},
    }


def _result(part: JsonObject) -> JsonObject:
    content = part.get("content", part.get("output"))
    given = _text(part.get("tool_use_id") or part.get("call_id"))
    return {"role": "tool", "tool_call_id": given, "content": result_content({"content": content})}


def _text(value: Json) -> str:
    return value if isinstance(value, str) else ""
