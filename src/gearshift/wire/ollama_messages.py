"""Conversations between Ollama's shape and OpenAI's."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from gearshift.errors import Fault, UpstreamError
from gearshift.types import Json, JsonObject, Message
from gearshift.wire.body import TEXT, TEXTS, arguments_object, arguments_text, check_fields, refuse
from gearshift.wire.openai_request import check_role, check_tool_fields, image_url

ROLES: Final = ("system", "developer", "user", "assistant", "tool", "function")
_OLLAMA_ROLES: Final = {"developer": "system", "function": "tool"}
_DATA_URL: Final = re.compile(r"data:[^,]{0,200};base64,")
_IMAGE_TYPES: Final = (
    ("/9j/", "image/jpeg"),
    ("R0lG", "image/gif"),
    ("UklG", "image/webp"),
)

# --- from Ollama


def from_ollama(messages: Sequence[Json]) -> list[Message]:
    """Ollama's messages in OpenAI's shape; ids are invented where calls have none.

    Raises:
        RequestError: 400 naming the field.
    """
    open_calls: list[tuple[str, str]] = []  # name and id of calls not answered yet
    converted: list[Message] = []
    for index, message in enumerate(messages):
        check_role(message, index, ROLES)
        _check(message, f"messages.{index}")
        converted.append(_from_ollama(message, index, open_calls))
    return converted


def _check(message: JsonObject, where: str) -> None:
    check_fields(
        message,
        {"content": TEXT, "thinking": TEXT, "images": TEXTS, "tool_name": TEXT},
        f"{where}.",
    )
    is_empty = message.get("content") is None and not message.get("images")
    if is_empty and message["role"] != "assistant":
        is_null = "content" in message
        raise refuse(f"{where}.content", "must not be null" if is_null else "is missing")
    if len(message) > 2 or "content" not in message:
        check_tool_fields(message, where)


def _from_ollama(message: JsonObject, index: int, open_calls: list[tuple[str, str]]) -> Message:
    role = message["role"]
    converted: JsonObject = {"role": role, "content": message.get("content")}
    if images := message.get("images"):
        converted["content"] = content_with_images(message.get("content") or "", images)
    if message.get("thinking"):
        converted["reasoning_content"] = message["thinking"]
    if calls := message.get("tool_calls"):
        converted["tool_calls"] = [
            _call_from_ollama(call, f"call_{index}_{position}")
            for position, call in enumerate(calls)
        ]
        open_calls[:] = [(c["function"]["name"], c["id"]) for c in converted["tool_calls"]]
    if role == "tool":
        name = message.get("tool_name") or message.get("name")
        given = message.get("tool_call_id")
        converted["tool_call_id"] = given or _answered(name, open_calls) or f"call_{index}"
        if name:
            converted["name"] = name
    return converted


def _answered(name: Json, open_calls: list[tuple[str, str]]) -> str | None:
    """The id of the open call that a result belongs to: by name, else the oldest."""
    for position, (called, call_id) in enumerate(open_calls):
        if name in (None, "", called):
            del open_calls[position]
            return call_id
    return None


def _call_from_ollama(call: JsonObject, invented_id: str) -> JsonObject:
    function = call["function"] if isinstance(call.get("function"), dict) else {}
    return {
        "id": call.get("id") or invented_id,
        "type": "function",
        "function": {
            "name": function.get("name") or "",
            "arguments": arguments_text(function.get("arguments")),
        },
    }


def content_with_images(text: str, images: Sequence[str]) -> list[JsonObject]:
    """A text and base64 images as OpenAI's parts."""
    parts: list[JsonObject] = [{"type": "text", "text": text}] if text else []
    return parts + [{"type": "image_url", "image_url": {"url": _as_data_url(i)}} for i in images]


def _as_data_url(image: str) -> str:
    if image.startswith("data:"):
        return image
    kind = next((kind for start, kind in _IMAGE_TYPES if image.startswith(start)), "image/png")
    return f"data:{kind};base64,{image}"


# --- to Ollama


def to_ollama(messages: Sequence[Message]) -> list[JsonObject]:
    """OpenAI's messages in Ollama's shape.

    Raises:
        UpstreamError: `INCAPABLE`, for parts that Ollama does not take.
    """
    names = {
        call.get("id"): _function(call).get("name")
        for message in messages
        for call in message.get("tool_calls") or ()
    }
    return [_to_ollama(message, names) for message in messages]


def _to_ollama(message: Message, names: Mapping[Any, Any]) -> JsonObject:
    role = message["role"]
    text, images = text_and_images(message.get("content"))
    converted: JsonObject = {"role": _OLLAMA_ROLES.get(role, role), "content": text}
    if images:
        converted["images"] = images
    if message.get("reasoning_content"):
        converted["thinking"] = message["reasoning_content"]
    if calls := message.get("tool_calls"):
        converted["tool_calls"] = [_call_to_ollama(call) for call in calls]
    if converted["role"] == "tool":
        call_id = message.get("tool_call_id")
        if name := message.get("name") or names.get(call_id):
            converted["tool_name"] = name
        if call_id:
            converted["tool_call_id"] = call_id
    return converted


def text_and_images(content: Json) -> tuple[str, list[str]]:
    """The texts of a content, and its images in base64.

    Raises:
        UpstreamError: `INCAPABLE`, for other parts and for images that are not in the request.
    """
    if content is None or isinstance(content, str):
        return content or "", []
    texts, images = [], []
    for part in content:
        if (url := image_url(part)) is not None:
            images.append(_as_base64(url))
        elif isinstance(part.get("text"), str):
            texts.append(part["text"])
        else:
            raise unable(f"content of type {part.get('type')!r}")
    return "\n".join(texts), images


def unable(what: str) -> UpstreamError:
    """The error that says what Ollama has no words for."""
    return UpstreamError(f"Ollama does not take {what}", fault=Fault.INCAPABLE, status=400)


def _as_base64(url: str) -> str:
    start = _DATA_URL.match(url)
    if start is None:
        raise unable("images by URL; send the image itself as a base64 data URL")
    return url[start.end() :]


def _function(call: Json) -> JsonObject:
    function = call.get("function") if isinstance(call, dict) else None
    return function if isinstance(function, dict) else {}


def _call_to_ollama(call: JsonObject) -> JsonObject:
    function = _function(call)
    converted: JsonObject = {
        "function": {
            "name": function.get("name") or "",
            "arguments": arguments_object(function.get("arguments")),
        }
    }
    return {"id": call["id"], **converted} if call.get("id") else converted
