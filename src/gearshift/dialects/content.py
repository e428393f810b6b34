"""The content of OpenAI's messages and answers: visible text, reasoning, refusals, images."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from gearshift.dialects.body import encode
from gearshift.dialects.images import IMAGE_TYPES
from gearshift.types import Json

_REASONING_TYPES: Final = frozenset(
    {"thinking", "reasoning", "reasoning_text", "redacted_thinking"}
)
_VISIBLE_KEYS: Final = ("text", "refusal")
_REASONING_KEYS: Final = ("thinking", "reasoning", "text")


def said_in(message: Mapping[str, Any]) -> tuple[str, str]:
    """What a message shows (its refusal, where it has one instead), and the reasoning beside it.

    >>> said_in({"content": "Hello", "reasoning": "A greeting."})
    ('Hello', 'A greeting.')
    """
    content, refusal = message.get("content"), message.get("refusal")
    visible, thought = content if isinstance(content, str) else "", ""
    if isinstance(content, list):
        visible = "".join(texts_of(content))
        thought = "".join(reasoning_of(content))
    if not visible and isinstance(refusal, str):
        visible = refusal
    for name in ("reasoning_content", "reasoning"):
        if isinstance(message.get(name), str) and message[name]:
            return visible, message[name]
    return visible, thought


def is_reasoning(part: Json) -> bool:
    """Whether a part of a content is what the model thought, not what it says."""
    return isinstance(part, dict) and part.get("type") in _REASONING_TYPES


def result_content(message: Mapping[str, Any]) -> Json:
    """What a tool said, in the shapes that servers take: nothing, a value, parts of any kind.

    >>> result_content({"content": {"celsius": 5}}), result_content({"content": None})
    ('{"celsius":5}', '')
    """
    content = message.get("content")
    if content is None:
        return ""
    if not isinstance(content, list):
        return _result_text(content)
    if any(isinstance(part, dict) and part.get("type") in IMAGE_TYPES for part in content):
        return content
    return "\n".join(map(_result_text, content))


def _result_text(value: Json) -> str:
    if isinstance(value, str):
        return value
    text = visible_text(value) if isinstance(value, dict) and "type" in value else None
    return encode(value).decode() if text is None else text


def visible_text(part: Mapping[str, Any]) -> str | None:
    """The text of a part, of whatever type (`text`, `refusal`, `output_text` …)."""
    texts = (part.get(key) for key in _VISIBLE_KEYS)
    return next((text for text in texts if isinstance(text, str)), None)


def texts_of(content: list[Json]) -> Iterator[str]:
    """The visible texts of a content in parts."""
    for part in content:
        if isinstance(part, str):
            yield part
        elif isinstance(part, dict) and not is_reasoning(part):
            yield visible_text(part) or ""


def reasoning_of(content: list[Json]) -> Iterator[str]:
    """The reasoning among the parts of a content."""
    for part in content:
        if not is_reasoning(part):
            continue
        for key in _REASONING_KEYS:
            value = part.get(key)
            if isinstance(value, str):
                yield value
                break
            if isinstance(value, list):  # Mistral's: a list of text parts
                yield from texts_of(value)
                break
