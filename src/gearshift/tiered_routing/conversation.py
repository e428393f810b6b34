"""Which words of a conversation are scored: the user's last turn, without what harnesses add."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be scored.

    Attributes:
        text: The user's words in the last turn.
        context: Earlier user turns that a short follow-up continues; empty otherwise.
        is_side_call: A chat front end's own call for a title, tags or a completion.
        note: One phrase for `reasoning`; empty when there is nothing to say.
    """

    text: str
    context: str = ""
    is_side_call: bool = False
    note: str = ""


def task_of(text_or_messages: str | Sequence[Mapping[str, Any]]) -> Task:
    """The task of a text or a conversation."""
    if isinstance(text_or_messages, str):
        return Task(text_or_messages.strip())
    for m in reversed(text_or_messages):
        if m.get("role") == "user":
            return Task(str(m["content"]).strip())
    return Task("")
