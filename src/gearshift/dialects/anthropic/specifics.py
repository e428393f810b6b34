"""What of an Anthropic body has no place in OpenAI's words, so that only such clients share it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from gearshift.types import Json, JsonObject

_SAMPLING: Final = ("max_tokens", "temperature", "top_k", "top_p", "stop_sequences")
_TOLD: Final = frozenset({"model", "stream", *_SAMPLING})
_OF_TOOLS: Final = frozenset({"name", "description", "input_schema"})
_OF_CHOICES: Final = frozenset({"type", "name", "disable_parallel_tool_use"})
_OF_TURNS: Final = frozenset({"role", "content"})
_OF_TEXTS: Final = frozenset({"type", "text"})


def specifics_of(body: Mapping[str, Any]) -> JsonObject:
    """All of a body but what has its exact equal among the clients of other dialects.

    A text is the same as a string or as the only block; what else blocks say (several of them,
    images, calls, marks for the server's cache) reaches an Anthropic upstream as it is.

    >>> specifics_of({"max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]})
    {}
    """
    return {
        name: value
        for name, value in body.items()
        if name not in _TOLD and value is not None and not _is_told(name, value)
    }


def _is_told(name: str, value: Json) -> bool:
    match name:
        case "messages":
            return all(message.keys() <= _OF_TURNS and _is_text(message) for message in value)
        case "system":
            return not value or _is_text({"content": value})
        case "tools":
            return all(tool.keys() <= _OF_TOOLS for tool in value)
        case "tool_choice":
            return bool(value.keys() <= _OF_CHOICES)
        case _:
            return False


def _is_text(message: Mapping[str, Json]) -> bool:
    content: Json = message["content"]
    if isinstance(content, str):
        return True
    return len(content) == 1 and content[0].keys() == _OF_TEXTS and content[0]["type"] == "text"
