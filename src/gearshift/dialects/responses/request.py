"""Responses' request bodies, read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

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
from gearshift.dialects.responses.items import from_items
from gearshift.dialects.responses.tools import chat_tool, choose, read_tools
from gearshift.errors import RequestError
from gearshift.types import Capability, ChatRequest, Json, JsonObject, Message, Operation

# Sampling under the names of chats: the API's own, and what open models' servers take beside it.
_SAMPLING: Final[dict[str, Rule]] = {
    "temperature": NUMBER,
    "top_p": NUMBER,
    "top_k": NUMBER,
    "min_p": NUMBER,
    "repeat_penalty": NUMBER,
    "presence_penalty": NUMBER,
    "frequency_penalty": NUMBER,
    "seed": WHOLE,
    "stop": either(TEXT, TEXTS),
}
_RULES: Final[dict[str, Rule]] = {
    "model": TEXT,
    "stream": FLAG,
    "instructions": TEXT,
    "tools": OBJECTS,
    "tool_choice": either(TEXT, OBJECT),
    "parallel_tool_calls": FLAG,
    "text": OBJECT,
    "reasoning": OBJECT,
    "max_output_tokens": WHOLE,
    "max_tool_calls": WHOLE,
    "include": TEXTS,
    "top_logprobs": WHOLE,
    "metadata": OBJECT,
    "store": FLAG,
    "background": FLAG,
    "previous_response_id": TEXT,
    "truncation": TEXT,
    "stream_options": OBJECT,
    "service_tier": TEXT,
    "user": TEXT,
    "safety_identifier": TEXT,
    "prompt_cache_key": TEXT,
    **_SAMPLING,
}
_STATELESS: Final = "gearshift keeps no answers. Send the whole conversation in 'input'"
_REFUSED: Final = {
    "previous_response_id": f"names an earlier answer, but {_STATELESS}",
    "conversation": f"names a conversation, but {_STATELESS}",
    "prompt": "names a template that OpenAI keeps; send its text in 'instructions' and 'input'",
    "background": "asks for an answer that is fetched later; leave it out, and wait or stream",
    "moderation": "asks for results that no model here gives; leave it out",
}
"""Leaving one of these out would give another answer than was asked for."""
_CODES: Final = {"previous_response_id": "previous_response_not_found"}
_LOGPROBS: Final = "message.output_text.logprobs"
_OF_REASONING: Final = dict.fromkeys(("effort", "summary", "generate_summary"), TEXT)
_FORMATS: Final = ("text", "json_object", "json_schema")


def parse(raw: bytes, *, is_counted: bool = False) -> ChatRequest:
    """The client's body as a request.

    Args:
        raw: The body.
        is_counted: Its tokens are to be counted, so it needs nothing to answer.

    Raises:
        RequestError: 400 naming the field.
    """
    raw, body = readable_object(raw)
    check_fields(body, _RULES)
    _refuse_state(body)
    metadata = body.get("metadata") or {}
    check_fields(metadata, dict.fromkeys(metadata, TEXT), "metadata.")
    messages = _messages(body, is_counted=is_counted)
    options = _options(body)
    return ChatRequest(
        dialect="responses",
        operation=Operation.CHAT,
        model=body.get("model") or "auto",
        messages=messages,
        stream=body.get("stream") or False,
        options=options,
        body=body,
        raw=raw,
        needs=_needs(options, messages),
    )


def _refuse_state(body: JsonObject) -> None:
    for name, problem in _REFUSED.items():
        given = body.get(name)
        if given is not None and given is not False and given != "":
            raise RequestError(f"'{name}' {problem}.", field=name, code=_CODES.get(name))


def _messages(body: JsonObject, *, is_counted: bool) -> list[Message]:
    given = body.get("input")
    messages = [] if is_counted and given is None else from_items(given)
    if instructions := body.get("instructions"):
        if messages and messages[0]["role"] == "system":
            rest = messages.pop(0)["content"]
            instructions = f"{instructions}\n\n{rest}"
        messages.insert(0, {"role": "system", "content": instructions})
    if not messages and not is_counted:
        raise refuse("input", "has no message, call or result in it that a model could answer")
    return messages


def _options(body: JsonObject) -> JsonObject:
    """Its settings under the names of chats."""
    options = {name: body[name] for name in _SAMPLING if body.get(name) is not None}
    if (limit := body.get("max_output_tokens")) is not None:
        if limit < 1:
            raise refuse("max_output_tokens", f"must be at least 1, but it is {limit}")
        options["max_tokens"] = limit
    if _LOGPROBS in (body.get("include") or ()) or body.get("top_logprobs"):
        options["logprobs"] = True
        options["top_logprobs"] = body.get("top_logprobs") or 0
    reasoning = body.get("reasoning") or {}
    check_fields(reasoning, _OF_REASONING, "reasoning.")
    if reasoning.get("effort"):
        options["reasoning_effort"] = reasoning["effort"]
    return options | _text(body.get("text") or {}) | _tools(body)


def _tools(body: JsonObject) -> JsonObject:
    choice, tools = choose(body.get("tool_choice"), read_tools(body.get("tools")))
    if not tools:
        return {}
    options: JsonObject = {"tools": [chat_tool(tool) for tool in tools]}
    if choice is not None:
        options["tool_choice"] = choice
    if body.get("parallel_tool_calls") is not None:
        options["parallel_tool_calls"] = body["parallel_tool_calls"]
    return options


def _text(text: JsonObject) -> JsonObject:
    check_fields(text, {"format": OBJECT, "verbosity": TEXT}, "text.")
    options = {"verbosity": text["verbosity"]} if text.get("verbosity") else {}
    wanted = text_format(text.get("format"))
    if wanted["type"] == "json_schema":
        schema = {name: value for name, value in wanted.items() if name != "type"}
        options["response_format"] = {"type": "json_schema", "json_schema": schema}
    elif wanted["type"] != "text":
        options["response_format"] = wanted
    return options


def text_format(given: Json) -> JsonObject:
    """The format of a text, with no more than belongs to it.

    Raises:
        RequestError: 400 naming the field.
    """
    if given is None:
        return {"type": "text"}
    kind = given.get("type")
    if kind not in _FORMATS:
        raise refuse("text.format.type", f"must be one of {', '.join(_FORMATS)}")
    if kind != "json_schema":
        return {"type": kind}
    rules = {"schema": OBJECT, "name": TEXT, "description": TEXT, "strict": FLAG}
    check_fields(given, rules, "text.format.")
    if given.get("schema") is None:
        raise refuse("text.format.schema", "is missing; it must be an object: a JSON Schema")
    kept = {name: given[name] for name in rules if given.get(name) is not None}
    return {"type": kind, "name": "answer", **kept}


def _needs(options: Mapping[str, Any], messages: Sequence[Message]) -> frozenset[Capability]:
    needs = set()
    if options.get("tools") and options.get("tool_choice") != "none":
        needs.add(Capability.TOOLS)
    if has_image(messages):
        needs.add(Capability.VISION)
    return frozenset(needs)
