"""Conversations rewritten for chat templates that know only alternating user and assistant."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from gearshift.types import Message

_SYSTEM_ROLES: Final = frozenset({"system", "developer"})
_TURN_ROLES: Final = frozenset({"user", "assistant"})
_TEMPLATE_COMPLAINTS: Final = (
    "system role not supported",
    "system role is not supported",
    "roles must alternate",
    "only user and assistant roles",
    "only user, assistant and tool roles",
    "conversation must start with a user",
    "conversations must start with a user",
    "first message must be from the user",
    "jinja exception",
)


def is_template_error(message: str) -> bool:
    """Whether an upstream's message complains of the roles, which `fold_messages` cures.

    >>> is_template_error("Jinja Exception: System role not supported")
    True
    """
    text = message.lower()
    return any(complaint in text for complaint in _TEMPLATE_COMPLAINTS)


def fold_messages(messages: Sequence[Message]) -> list[Message]:
    r"""The conversation with system text in its first user turn and no role twice in a row.

    Turns that carry tool calls or results stay as they are.

    >>> fold_messages([{"role": "system", "content": "Be brief."},
    ...                {"role": "user", "content": "Hi"}])
    [{'role': 'user', 'content': 'Be brief.\n\nHi'}]
    """
    system = [message for message in messages if message.get("role") in _SYSTEM_ROLES]
    turns = [message for message in messages if message.get("role") not in _SYSTEM_ROLES]
    if turns and turns[0].get("role") != "user":
        turns.insert(0, {"role": "user", "content": ""})
    opening = _joined([message.get("content") for message in system])
    if opening:
        first = turns[0] if turns else {"role": "user", "content": ""}
        content = _joined([opening, first.get("content")])
        turns = [{**first, "content": content}, *turns[1:]]
    return _merged(turns)


def _merged(turns: Sequence[Message]) -> list[Message]:
    merged: list[Message] = []
    for turn in turns:
        last = merged[-1] if merged else {}
        if _is_plain(turn) and _is_plain(last) and last["role"] == turn["role"]:
            content = _joined([last.get("content"), turn.get("content")])
            merged[-1] = {**last, "content": content}
        else:
            merged.append(turn)
    return merged


def _is_plain(turn: Message) -> bool:
    return turn.get("role") in _TURN_ROLES and not turn.get("tool_calls")


def _joined(contents: Sequence[Any]) -> str | list[Any]:
    """Texts with a blank line between them; parts, if any content has parts."""
    present = [content for content in contents if content]
    if all(isinstance(content, str) for content in present):
        return "\n\n".join(present)
    parts: list[Any] = []
    for content in present:
        parts += [{"type": "text", "text": content}] if isinstance(content, str) else content
    return parts
