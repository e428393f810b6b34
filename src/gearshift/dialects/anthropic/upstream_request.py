"""Anthropic's request bodies, written, where a client's own bytes cannot be passed on."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from gearshift.dialects.anthropic import request as anthropic_request
from gearshift.dialects.anthropic.thinking import (
    BUDGET,
    DEFAULT_MAX_TOKENS,
    LIMIT_UNLESS_GIVEN,
    THINKING,
    is_amid_calls,
    thinking_for,
    wished,
)
from gearshift.dialects.anthropic.tools import choice_to_anthropic, tools_to_anthropic
from gearshift.dialects.anthropic.upstream_messages import to_anthropic, unable
from gearshift.dialects.body import encode
from gearshift.errors import UpstreamError
from gearshift.types import ChatRequest, Json, JsonObject

_EITHER: Final = "top_p beside temperature"  # newer models take one of them
_SAMPLING: Final = ("temperature", "top_p", "top_k")
_REFUSES: Final = re.compile(
    r"not (?:be )?(?:support|permit|allow|accept)|n't support|unsupported|deprecated|unexpected"
    r"|cannot|unrecogni[sz]ed|unknown|must (?:not )?be (?:set to 1|unset)"
)
_ADAPTIVE: Final = re.compile(r"thinking\.type\.enabled|budget_tokens|adaptive")


def write(request: ChatRequest, model: str, left_out: frozenset[str]) -> bytes:
    """The body anew: for a request of another dialect, or one that was not raw bytes.

    Args:
        request: What is asked.
        model: Of whom.
        left_out: What `refused` has named.

    Raises:
        UntranslatableError: Where Anthropic has no words for it.
    """
    if request.dialect == "anthropic" and request.body:
        return encode(_own(request) | {"model": model})
    return encode({"model": model, **_translated(request, left_out)})


def _own(request: ChatRequest) -> JsonObject:
    """An Anthropic client's body, its turns as they came unless they were changed."""
    body: JsonObject = dict(request.body)
    if list(request.messages) != anthropic_request.conversation(body):
        system, body["messages"] = to_anthropic(request.messages)
        body.pop("system", None)
        body |= {"system": system} if system else {}
    if request.stream:
        return body | {"stream": True}
    return {name: value for name, value in body.items() if name != "stream"}


def _translated(request: ChatRequest, left_out: frozenset[str]) -> JsonObject:
    options = request.options
    _check(request)
    system, messages = to_anthropic(request.messages)
    body: JsonObject = {"messages": messages}
    if system:
        body["system"] = system
    if request.stream:
        body["stream"] = True
    body |= _tools(request)
    effort = wished(options)
    is_forced = body.get("tool_choice", {}).get("type") in ("any", "tool")
    has_to_show_thoughts = BUDGET not in left_out and is_amid_calls(request.messages)
    if effort != "none" and (is_forced or has_to_show_thoughts):
        effort = None
    limit = options.get("max_tokens")
    tokens = options.get(LIMIT_UNLESS_GIVEN, DEFAULT_MAX_TOKENS) if limit is None else int(limit)
    body |= thinking_for(effort, max(1, tokens), limit is not None, left_out)
    if body.get("thinking", {}).get("type") in (None, "disabled"):
        body |= _sampling(options, left_out)
    if stops := _stops(options.get("stop")):
        body["stop_sequences"] = stops
    if (wanted := _format(options.get("response_format"))) is not None:
        body["output_config"] = {**body.get("output_config", {}), "format": wanted}
    return body


def _check(request: ChatRequest) -> None:
    """Refuse what only other upstreams can do."""
    options, prompts = request.options, request.body.get("prompt")
    if (options.get("n") or 1) != 1:
        raise unable("'n' above 1")
    if options.get("suffix") or request.body.get("raw") is True:
        raise unable("a text to be continued; it answers chats only")
    if isinstance(prompts, list) and not (len(prompts) == 1 and isinstance(prompts[0], str)):
        raise unable("several prompts or token ids in one request")


def _tools(request: ChatRequest) -> JsonObject:
    """The tools, and the choice among them.

    A conversation with calls needs the tools that were called, even if no more are to be.
    """
    options = request.options
    tools = tools_to_anthropic(options.get("tools") or ())
    if tools:
        choice = choice_to_anthropic(options.get("tool_choice"), options.get("parallel_tool_calls"))
        return {"tools": tools, **({"tool_choice": choice} if choice else {})}
    functions = [
        call.get("function")
        for message in request.messages
        for call in message.get("tool_calls") or ()
    ]
    names = [function.get("name") for function in functions if isinstance(function, dict)]
    called = dict.fromkeys(name for name in names if isinstance(name, str) and name)
    if not called:
        return {}
    schema = {"type": "object"}
    return {
        "tools": [{"name": name, "input_schema": schema} for name in called],
        "tool_choice": {"type": "none"},
    }


def _sampling(options: Mapping[str, Any], left_out: frozenset[str]) -> JsonObject:
    """Settings in Anthropic's bounds; those that mean nothing there are left out."""
    given = {
        name: options[name]
        for name in _SAMPLING
        if options.get(name) is not None and name not in left_out
    }
    if "temperature" in given:
        given["temperature"] = min(max(given["temperature"], 0), 1)
        if _EITHER in left_out:
            given.pop("top_p", None)
    if "top_k" in given:
        given["top_k"] = int(given["top_k"])
        if given["top_k"] < 1:  # all of them, which is the default
            del given["top_k"]
    return given


def _stops(given: Json) -> list[str]:
    stops = [given] if isinstance(given, str) else given or []
    return [stop for stop in stops if stop.strip()]


def _format(given: Json) -> JsonObject | None:
    if not isinstance(given, dict) or given.get("type") in (None, "text"):
        return None
    described = given.get("json_schema")
    schema = described.get("schema") if isinstance(described, dict) else None
    if given.get("type") != "json_schema" or not isinstance(schema, dict):
        kind = str(given.get("type"))[:40]
        raise unable(f"'response_format' {kind!r} without a schema; use 'json_schema'")
    return {"type": "json_schema", "schema": _closed(schema)}


def _closed(schema: Json) -> Json:
    """A schema whose objects have no other properties where it does not say: Anthropic insists."""
    if isinstance(schema, list):
        return [_closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {name: _closed(value) for name, value in schema.items()}
    if schema.get("type") == "object" and "additionalProperties" not in schema:
        closed["additionalProperties"] = False
    return closed


def refused(request: ChatRequest, error: UpstreamError) -> frozenset[str]:
    """Which settings of a translated request the model does not take, by the upstream's words."""
    message = error.message.lower()
    if error.status != 400:
        return frozenset()
    if THINKING in message and wished(request.options):
        if _ADAPTIVE.search(message):
            return frozenset({BUDGET})
        is_demanded = bool(request.body.get("think"))
        return frozenset() if is_demanded else frozenset({THINKING})
    if not _REFUSES.search(message):
        return frozenset()
    named = _named(message, [n for n in _SAMPLING if request.options.get(n) is not None])
    return frozenset({_EITHER}) if {"temperature", "top_p"} <= named else named


def _named(message: str, names: Sequence[str]) -> frozenset[str]:
    return frozenset(name for name in names if re.search(rf"\b{name}\b", message))
