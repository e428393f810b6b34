"""How much a model may write and think: limits and budgets of tokens, levels of effort."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from gearshift.types import Json, JsonObject, Message

DEFAULT_MAX_TOKENS: Final = 8_192
"""For clients that name no limit: Anthropic wants one, and this is one that every model takes."""

LIMIT_UNLESS_GIVEN: Final = "max_tokens unless given"
"""The option with which a provider says another one; no client has an option of that name."""

BUDGET: Final = "budget_tokens"
"""Newer models have no budget: they think as much as they find right, at a level of effort."""

THINKING: Final = "thinking"
# Tokens to think with, as levels of effort: between the budgets that Anthropic's own clients use.
_LOW_BUDGET: Final = 4_096
_MEDIUM_BUDGET: Final = 16_384
_LEAST_BUDGET: Final = 1_024
_BUDGETS: Final = {
    "minimal": _LEAST_BUDGET,
    "low": 2_048,
    "medium": 8_192,
    "high": _MEDIUM_BUDGET,
    "xhigh": _MEDIUM_BUDGET,
    "max": _MEDIUM_BUDGET,
}
_EFFORTS: Final = {"minimal": "low", "xhigh": "high", "max": "high"}


def effort_of(thinking: JsonObject, effort: Json) -> JsonObject:
    """What an Anthropic client wishes, in OpenAI's words."""
    if thinking.get("type") == "disabled":
        return {"chat_template_kwargs": {"enable_thinking": False}}
    if isinstance(effort, str) and effort:
        return {"reasoning_effort": effort}
    budget = thinking.get("budget_tokens")
    if thinking.get("type") != "enabled" or not isinstance(budget, int | float):
        return {}
    if budget < _LOW_BUDGET:
        return {"reasoning_effort": "low"}
    return {"reasoning_effort": "medium" if budget < _MEDIUM_BUDGET else "high"}


def wished(options: Mapping[str, Any]) -> str | None:
    """The level of effort that a request asks for; `none`, or nothing where it does not say."""
    effort = options.get("reasoning_effort")
    if isinstance(effort, str) and (effort == "none" or effort in _BUDGETS):
        return effort
    template = options.get("chat_template_kwargs")
    thinks = template.get("enable_thinking") if isinstance(template, dict) else None
    if thinks is False:
        return "none"
    return "medium" if thinks is True else None


def thinking_for(
    effort: str | None, limit: int, is_limited: bool, left_out: frozenset[str]
) -> JsonObject:
    """The fields that ask for thoughts, with the limit of tokens, of which thoughts are a part.

    Args:
        effort: The level, `none`, or nothing.
        limit: How many tokens the answer may have.
        is_limited: Whether the client has said so; else the thoughts come on top.
        left_out: What the model does not take.
    """
    fields: JsonObject = {"max_tokens": limit}
    if effort is None or THINKING in left_out:
        return fields
    if effort == "none":
        return {**fields, "thinking": {"type": "disabled"}}
    if BUDGET in left_out:
        level = _EFFORTS.get(effort, effort)
        return {**fields, "thinking": {"type": "adaptive"}, "output_config": {"effort": level}}
    budget = _BUDGETS[effort]
    if is_limited:
        budget = min(budget, limit // 2)
    else:
        fields["max_tokens"] = limit + budget
    if budget < _LEAST_BUDGET:
        return fields
    return {**fields, "thinking": {"type": "enabled", "budget_tokens": budget}}


def is_amid_calls(messages: Sequence[Message]) -> bool:
    """Whether the model is to go on after results of its calls, before a user speaks again.

    Then Anthropic wants to see the thoughts that led to the calls, signed, or none at all.
    """
    return bool(messages) and messages[-1].get("role") == "tool"
