"""Anthropic's request bodies, read."""

from __future__ import annotations

from typing import Final

from gearshift.dialects.anthropic.messages import from_anthropic
from gearshift.dialects.anthropic.thinking import effort_of
from gearshift.dialects.anthropic.tools import choice_from_anthropic, tools_from_anthropic
from gearshift.dialects.body import (
    FLAG,
    NUMBER,
    OBJECT,
    OBJECTS,
    TEXT,
    TEXTS,
    WHOLE,
    Rule,
    check_fields,
    either,
    readable_object,
    refuse,
)
from gearshift.dialects.images import has_image
from gearshift.types import Capability, ChatRequest, Json, JsonObject, Message, Operation

_RULES: Final[dict[str, Rule]] = {
    "model": TEXT,
    "max_tokens": WHOLE,
    "stream": FLAG,
    "system": either(TEXT, OBJECTS),
    "stop_sequences": TEXTS,
    "temperature": NUMBER,
    "top_k": WHOLE,
    "top_p": NUMBER,
    "tools": OBJECTS,
    "tool_choice": OBJECT,
    "thinking": OBJECT,
    "output_config": OBJECT,
    "output_format": OBJECT,
    "metadata": OBJECT,
    "mcp_servers": OBJECTS,
}
_SAME_NAME: Final = ("max_tokens", "temperature", "top_p", "top_k")


def parse(raw: bytes, *, is_counted: bool = False) -> ChatRequest:
    """The client's body as a request.

    Args:
        raw: The body.
        is_counted: Its tokens are to be counted, so it needs no limit.

    Raises:
        RequestError: 400 naming the field.
    """
    raw, body = readable_object(raw)
    check_fields(body, _RULES)
    if not is_counted:
        _check_limit(body)
    messages = conversation(body)
    return ChatRequest(
        dialect="anthropic",
        operation=Operation.CHAT,
        model=body.get("model") or "auto",
        messages=messages,
        stream=body.get("stream") or False,
        options=_options(body),
        body=body,
        raw=raw,
        needs=_needs(body, messages),
    )


def conversation(body: JsonObject) -> list[Message]:
    """The system prompt and the turns of a body, in OpenAI's shape.

    Raises:
        RequestError: 400 naming the field.
    """
    return [*_system(body.get("system")), *from_anthropic(body.get("messages"))]


def _check_limit(body: JsonObject) -> None:
    limit = body.get("max_tokens")
    if limit is None:
        raise refuse("max_tokens", "is missing; it must be a whole number of at least 1")
    if limit < 1:
        raise refuse("max_tokens", f"must be at least 1, but it is {limit}")


def _system(given: Json) -> list[Message]:
    """The system prompt as a turn; blocks are told apart by a blank line."""
    if not given:
        return []
    if isinstance(given, str):
        return [{"role": "system", "content": given}]
    texts = []
    for index, block in enumerate(given):
        if not isinstance(block.get("text"), str):
            raise refuse(f"system.{index}.text", "must be a string")
        texts.append(block["text"])
    return [{"role": "system", "content": "\n\n".join(texts)}]


def _options(body: JsonObject) -> JsonObject:
    """Anthropic's settings under OpenAI's names."""
    options = {name: body[name] for name in _SAME_NAME if body.get(name) is not None}
    if body.get("stop_sequences"):
        options["stop"] = body["stop_sequences"]
    if tools := tools_from_anthropic(body.get("tools"), body.get("mcp_servers")):
        options["tools"] = tools
    options |= choice_from_anthropic(body.get("tool_choice"))
    config = body.get("output_config") or {}
    if wanted := _response_format(config.get("format") or body.get("output_format")):
        options["response_format"] = wanted
    return options | effort_of(body.get("thinking") or {}, config.get("effort"))


def _response_format(given: Json) -> JsonObject | None:
    schema = given.get("schema") if isinstance(given, dict) else None
    if not isinstance(schema, dict):
        return None
    return {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema}}


def _needs(body: JsonObject, messages: list[Message]) -> frozenset[Capability]:
    needs = set()
    if body.get("tools") and (body.get("tool_choice") or {}).get("type") != "none":
        needs.add(Capability.TOOLS)
    if has_image(messages):
        needs.add(Capability.VISION)
    return frozenset(needs)
