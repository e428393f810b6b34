"""The features, each with one value, and what a declaration has to offer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Protocol

Features = dict[str, Any]
NOTHING: Mapping[str, Any] = MappingProxyType({})

PIXEL = "iVBORw0KGgoAAAANSUhEUg=="
SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "additionalProperties": False,
}
TOOL = {"name": "weather", "schema": SCHEMA}
CALL = ("weather", {"city": "Zürich"})
CALLS = [CALL, ("weather", {"city": "Basel"})]
TEXT = "Where is it ☂ sunny?"

QUESTIONS: Mapping[str, Any] = {
    "system": "Be brief.",
    "image": PIXEL,
    "image by address": "https://host/a.png",
    "tools": [TOOL],
    "a forced tool": "required",
    "one call at a time": True,
    "calls and results": [(*CALL, "sunny"), (*CALLS[1], "rainy")],
    "JSON Schema": SCHEMA,
    "JSON": True,
    "thinking": True,
    "temperature": 0.5,
    "top_p": 0.25,
    "top_k": 40,
    "seed": 7,
    "frequency penalty": 0.5,
    "stop sequences": ["END"],
    "limit of tokens": 4096,
    "logprobs": True,
    "several answers": 2,
    "logit_bias": {"1": 2},
}
"""What may be asked beside a text."""

TOGETHER: Mapping[str, Sequence[str]] = {
    "a forced tool": ("tools",),
    "one call at a time": ("tools",),
    "calls and results": ("tools",),
}
"""What is asked only along with something else."""

LOGPROBS = [("It", -0.5), (" is", -0.25)]
ANSWERS: Mapping[str, Features] = {
    "text": {"text": "It is ☂.", "finish": "stop"},
    "thinking": {"thinking": "Let me see.", "text": "It is.", "finish": "stop"},
    "tool call": {"calls": [CALL], "finish": "tool_calls"},
    "text and tool call": {"text": "One moment.", "calls": [CALL], "finish": "tool_calls"},
    "parallel tool calls": {"calls": CALLS, "finish": "tool_calls"},
    "call without arguments": {"calls": [("now", {})], "finish": "tool_calls"},
    "stop by length": {"text": "It", "finish": "length"},
    "refusal": {"text": "No.", "finish": "content_filter"},
    "usage": {"text": "It is.", "finish": "stop", "usage": (20, 4)},
    "cached tokens": {"text": "It is.", "finish": "stop", "usage": (20, 4), "cached": 8},
    "reasoning tokens": {"text": "It is.", "finish": "stop", "usage": (20, 4), "reasoned": 3},
    "logprobs": {"text": "It is", "finish": "stop", "logprobs": LOGPROBS},
}


@dataclass(frozen=True)
class Losses:
    """What a side cannot say, by feature; the rest it keeps.

    Attributes:
        left_out: Not told to the other side.
        refused: This side is not asked at all.
    """

    left_out: frozenset[str] = field(default_factory=frozenset)
    refused: frozenset[str] = field(default_factory=frozenset)


class Client(Protocol):
    """How a client of one dialect asks and reads.

    Attributes:
        path: Where it asks.
        always: What it asks for each time.
        unasked: The features of a question that it has no words for.
        unread: Of an answer.
    """

    path: str
    always: Mapping[str, Any]
    unasked: frozenset[str]
    unread: frozenset[str]

    def ask(self, features: Features, *, stream: bool) -> Features:
        """The body that asks for features."""
        ...

    def read_whole(self, body: bytes) -> Features:
        """What an answer says, by the vendor's type."""
        ...

    def read_stream(self, body: bytes) -> Features:
        """The same of a stream; `error` where it ends in one."""
        ...

    def read_error(self, body: bytes) -> str:
        """The message of an error."""
        ...


class Upstream(Protocol):
    """How a server of one dialect understands and answers.

    Attributes:
        losses: What it is not told of a question.
        unsaid: The features of an answer that it has no words for.
    """

    losses: Losses
    unsaid: frozenset[str]

    def documents(self, model: str) -> Mapping[str, Any]:
        """What it says of itself, by path."""
        ...

    def understood(self, body: Features) -> Features:
        """The features that a body asks for, and whether it is streamed."""
        ...

    def whole(self, model: str, answer: Features) -> bytes:
        """An answer."""
        ...

    def stream(self, model: str, answer: Features) -> Sequence[bytes]:
        """The pieces of the same answer, the last one its end."""
        ...


def function(tool: Features) -> Features:
    """A tool as OpenAI and Ollama have it."""
    return {"type": "function", "function": {"name": tool["name"], "parameters": tool["schema"]}}


def present(**features: Any) -> Features:
    """The features that are there."""
    return {
        name.replace("_", " ") if name not in ("top_p", "top_k", "logit_bias") else name: value
        for name, value in features.items()
        if value not in (None, [], False)
    }
