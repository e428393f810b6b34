"""The objects of Responses' answers: the response and its output items."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import orjson

from gearshift.dialects.responses.request import text_format
from gearshift.dialects.responses.tools import Tool, active_tools, arguments_as_text
from gearshift.types import ChatRequest, JsonObject, Usage

COMPLETED: Final = "completed"
IN_PROGRESS: Final = "in_progress"
INCOMPLETE: Final = "incomplete"
FAILED: Final = "failed"
_REASONS: Final = {"length": "max_output_tokens", "content_filter": "content_filter"}
_SAME: Final = (
    *("instructions", "max_output_tokens", "max_tool_calls", "prompt_cache_key"),
    *("safety_identifier", "temperature", "top_p", "user"),
)


class ResponseObject:
    """The response that all events of an answer, and the whole answer, have in them.

    Args:
        request: The client's.
        model: The one that answers.
        answer_id: Unique.
        now: Seconds since 1970.
    """

    def __init__(self, request: ChatRequest, model: str, answer_id: str, now: float) -> None:
        given = answer_id if answer_id.startswith("resp_") else f"resp_{answer_id}"
        self._head = {"id": given, "object": "response", "created_at": int(now)}
        self._told = {"model": model, **_told(request)}

    def told(
        self,
        status: str,
        output: Sequence[JsonObject] = (),
        usage: Usage | None = None,
        *,
        finish_reason: str | None = None,
        error: JsonObject | None = None,
    ) -> JsonObject:
        """The object as far as the answer has come."""
        reason = _REASONS.get(finish_reason or "") if status == INCOMPLETE else None
        return {
            **self._head,
            "status": status,
            "background": False,
            "error": error,
            "incomplete_details": {"reason": reason} if reason else None,
            **self._told,
            "output": list(output),
            "usage": None if usage is None else _written_usage(usage),
        }


def _told(request: ChatRequest) -> JsonObject:
    """What the request has settled; the large ones encoded once, whatever number of events."""
    body = request.body
    text, reasoning = body.get("text") or {}, body.get("reasoning") or {}
    tools = orjson.Fragment(orjson.dumps(active_tools(body.get("tools") or ())))
    flag = body.get("parallel_tool_calls")
    return {
        **{name: body.get(name) for name in _SAME},
        "metadata": body.get("metadata") or {},
        "parallel_tool_calls": True if flag is None else flag,
        "previous_response_id": None,
        "reasoning": {"effort": reasoning.get("effort"), "summary": reasoning.get("summary")},
        "service_tier": None,
        "store": False,
        "text": {
            "format": orjson.Fragment(orjson.dumps(text_format(text.get("format")))),
            "verbosity": text.get("verbosity") or "medium",
        },
        "tool_choice": _choice(body.get("tool_choice")),
        "tools": tools,
        "top_logprobs": body.get("top_logprobs") or 0,
        "truncation": "disabled",
    }


def _choice(choice: Any) -> Any:
    """The choice of tools, with no more than belongs to it."""
    if not isinstance(choice, dict):
        return choice or "auto"
    told = {name: choice[name] for name in ("type", "name", "mode") if choice.get(name)}
    if isinstance(choice.get("tools"), list):
        told["tools"] = [
            {name: tool.get(name) for name in ("type", "name")} for tool in choice["tools"]
        ]
    return told


def status_of(finish_reason: str | None) -> str:
    """The status of an answer that has ended."""
    return INCOMPLETE if finish_reason in _REASONS else COMPLETED


def _written_usage(usage: Usage) -> JsonObject:
    return {
        "input_tokens": usage.prompt_tokens,
        "input_tokens_details": {
            "cached_tokens": min(usage.cached_tokens, usage.prompt_tokens),
            "cache_write_tokens": 0,
        },
        "output_tokens": usage.completion_tokens,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning_tokens},
        "total_tokens": usage.prompt_tokens + usage.completion_tokens,
    }


def text_part(text: str, logprobs: Sequence[JsonObject] = ()) -> JsonObject:
    """The content of a message."""
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": list(logprobs)}


def message_item(item_id: str, status: str, content: Sequence[JsonObject]) -> JsonObject:
    """What a model says."""
    return {
        "id": item_id,
        "type": "message",
        "status": status,
        "role": "assistant",
        "content": list(content),
    }


def reasoning_item(item_id: str, status: str, text: str | None, *, is_summary: bool) -> JsonObject:
    """What a model thinks: as it is, or where the client has asked for a summary, as that."""
    item: JsonObject = {"id": item_id, "type": "reasoning", "status": status, "summary": []}
    if text is None:
        return item
    if is_summary:
        return {**item, "summary": [{"type": "summary_text", "text": text}]}
    return {**item, "content": [{"type": "reasoning_text", "text": text}]}


def call_item(item_id: str, status: str, tool: Tool, call_id: str, arguments: str) -> JsonObject:
    """A call; arguments that a server left out are those of a function that needs none."""
    item = {"id": item_id, "status": status, "call_id": call_id, "name": tool.name}
    if tool.namespace is not None:
        item["namespace"] = tool.namespace
    if tool.is_custom:
        return {**item, "type": "custom_tool_call", "input": arguments_as_text(arguments)}
    return {**item, "type": "function_call", "arguments": arguments}


def asks_for_summary(request: ChatRequest) -> bool:
    """Whether a client shows summaries of thoughts; other clients show thoughts."""
    reasoning = request.body.get("reasoning") or {}
    asked = reasoning.get("summary") or reasoning.get("generate_summary")
    return bool(asked) and asked != "none"
