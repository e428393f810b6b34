"""Responses' whole answers, written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

import orjson

from gearshift.dialects.responses.answer import (
    COMPLETED,
    ResponseObject,
    asks_for_summary,
    call_item,
    message_item,
    reasoning_item,
    status_of,
    text_part,
)
from gearshift.dialects.responses.tools import Tool, read_tools
from gearshift.dialects.tool_calls import call_id
from gearshift.types import ChatRequest, Chunk, JsonObject, Usage

NO_ARGUMENTS: Final = "{}"
MESSAGE: Final = "msg"
REASONING: Final = "rs"


def encode_response(request: ChatRequest, chunk: Chunk, answer_id: str, now: float) -> bytes:
    """A whole answer as the body of a response."""
    status = status_of(chunk.finish_reason)
    output = list(_output(request, chunk, answer_id, status))
    response = ResponseObject(request, chunk.model or "", answer_id, now)
    usage, reason = chunk.usage or Usage(), chunk.finish_reason
    return orjson.dumps(response.told(status, output, usage, finish_reason=reason))


def _output(
    request: ChatRequest, chunk: Chunk, answer_id: str, status: str
) -> Iterator[JsonObject]:
    if chunk.reasoning:
        is_summary = asks_for_summary(request)
        yield reasoning_item(
            f"{REASONING}_{answer_id}", COMPLETED, chunk.reasoning, is_summary=is_summary
        )
    if chunk.content or not (chunk.reasoning or chunk.tool_calls):
        logprobs = chunk.logprobs if request.options.get("logprobs") else ()
        yield message_item(f"{MESSAGE}_{answer_id}", status, [text_part(chunk.content, logprobs)])
    tools = tools_by_function(request)
    for call in chunk.tool_calls:
        tool = tool_of(tools, call.name)
        given = call.id or id_of_call(answer_id, call.index)
        item_id = f"{prefix_of(tool)}_{answer_id}{call.index}"
        yield call_item(item_id, status, tool, given, call.arguments or NO_ARGUMENTS)


def tools_by_function(request: ChatRequest) -> Mapping[str, Tool]:
    """The tools that a client offers, by the names of the functions that stand for them."""
    return {tool.function: tool for tool in read_tools(request.body.get("tools"))}


def tool_of(tools: Mapping[str, Tool], name: str | None) -> Tool:
    """The tool that a model calls, be it one that nobody has offered."""
    return tools.get(name or "") or Tool(name or "", None, False, {})


def prefix_of(tool: Tool) -> str:
    """How the ids of its calls begin."""
    return "ctc" if tool.is_custom else "fc"


def id_of_call(answer_id: str, index: int) -> str:
    """The id of a call whose server gives none."""
    return f"call_{call_id(answer_id, index)}"
