"""Names of fields in capitals, which Ollama reads as Go does: in any case."""

from __future__ import annotations

from typing import Final

from gearshift.types import Json, JsonObject

# The objects in a body whose fields are Ollama's own; all others (`options`, schemas, arguments)
# have names that mean what they say.
_OWN_OBJECTS: Final = frozenset({"messages", "tool_calls", "function"})


def has_plain_names(body: JsonObject) -> bool:
    """Whether the fields of a body are in small letters, as nearly all clients write them."""
    messages = body.get("messages")
    return _is_plain(body) and (
        not isinstance(messages, list) or all(map(_is_plain_message, messages))
    )


def with_plain_names(body: JsonObject) -> JsonObject:
    """A body with its fields in small letters."""
    return {name.lower(): _value(name.lower(), value) for name, value in body.items()}


def _value(name: str, value: Json) -> Json:
    if name not in _OWN_OBJECTS:
        return value
    if isinstance(value, dict):
        return with_plain_names(value)
    if isinstance(value, list):
        return [with_plain_names(item) if isinstance(item, dict) else item for item in value]
    return value


def _is_plain(value: JsonObject) -> bool:
    return all(name == name.lower() for name in value)


def _is_plain_message(message: Json) -> bool:
    if not isinstance(message, dict):
        return True
    calls = message.get("tool_calls")
    return _is_plain(message) and (
        not isinstance(calls, list)
        or all(
            _is_plain(call)
            and (not isinstance(call.get("function"), dict) or _is_plain(call["function"]))
            for call in calls
            if isinstance(call, dict)
        )
    )
