"""Conversations between Ollama's shape and OpenAI's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from gearshift.dialects.body import TEXT, TEXTS, check_fields, refuse
from gearshift.dialects.call_parts import PARTS_OF_CALLS, with_calls_outside
from gearshift.dialects.content import is_reasoning, said_in, visible_text
from gearshift.dialects.images import as_base64, as_url, image_url
from gearshift.dialects.tool_calls import (
    OpenCalls,
    arguments_object,
    arguments_text,
    call_id,
    call_in_words,
)
from gearshift.dialects.tool_fields import check_tool_fields
from gearshift.errors import UntranslatableError
from gearshift.types import Json, JsonObject, Message

_SHOWN_CHARACTERS: Final = 100
_OLLAMA_ROLES: Final = {"developer": "system", "function": "tool"}

# --- from Ollama


def from_ollama(messages: Sequence[Json]) -> list[Message]:
    """Ollama's messages in OpenAI's shape; ids are invented where calls have none.

    Raises:
        RequestError: 400 naming the field.
    """
    open_calls: list[tuple[str, str]] = []  # name and id of calls not answered yet
    converted: list[Message] = []
    for index, message in enumerate(messages):
        _check(message, f"messages.{index}")
        converted.append(_from_ollama(message, index, open_calls))
    return converted


def _check(message: Json, where: str) -> None:
    """Refuse what Ollama would: wrong types. It takes any role, and none, and no content."""
    if not isinstance(message, dict):
        raise refuse(where, "must be an object with 'role' and 'content'")
    rules = {"role": TEXT, "content": TEXT, "thinking": TEXT, "images": TEXTS, "tool_name": TEXT}
    check_fields(message, rules, f"{where}.")
    if len(message) > 2 or "content" not in message:
        check_tool_fields(message, where)


def _from_ollama(message: JsonObject, index: int, open_calls: list[tuple[str, str]]) -> Message:
    role = (message.get("role") or "").lower() or "user"
    converted: JsonObject = {"role": role, "content": message.get("content") or ""}
    if images := message.get("images"):
        converted["content"] = content_with_images(message.get("content") or "", images)
    if message.get("thinking"):
        converted["reasoning_content"] = message["thinking"]
    if calls := message.get("tool_calls"):
        converted["tool_calls"] = [
            _call_from_ollama(call, call_id(index, position)) for position, call in enumerate(calls)
        ]
        open_calls[:] = [(c["function"]["name"], c["id"]) for c in converted["tool_calls"]]
    if role == "tool":
        name = message.get("tool_name") or message.get("name")
        given = message.get("tool_call_id")
        converted["tool_call_id"] = given or _answered(name, open_calls) or call_id(index)
        if name:
            converted["name"] = name
    return converted


def _answered(name: Json, open_calls: list[tuple[str, str]]) -> str | None:
    """The id of the open call that a result belongs to: by name, else the oldest."""
    for position, (called, its_id) in enumerate(open_calls):
        if name in (None, "", called):
            del open_calls[position]
            return its_id
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
    return parts + [{"type": "image_url", "image_url": {"url": as_url(i)}} for i in images]


# --- to Ollama


def to_ollama(messages: Sequence[Message]) -> list[JsonObject]:
    """OpenAI's messages in Ollama's shape.

    Raises:
        UpstreamError: `INCAPABLE`, for parts that Ollama does not take.
    """
    names = OpenCalls()
    return [_to_ollama(message, names) for message in with_calls_outside(messages)]


def _to_ollama(message: Message, names: OpenCalls) -> JsonObject:
    role = str(message["role"]).lower()
    text, images = text_and_images(message.get("content"), role)
    converted: JsonObject = {
        "role": _OLLAMA_ROLES.get(role, role),
        "content": text or ("" if images else said_in(message)[0]),
    }
    if images:
        converted["images"] = images
    if thought := said_in(message)[1]:
        converted["thinking"] = thought
    if calls := message.get("tool_calls"):
        _add_calls(converted, calls)
        names.begin([(call.get("id") or "", _function(call).get("name") or "") for call in calls])
    if converted["role"] == "tool":
        answered = message.get("tool_call_id")
        called = names.answered(answered or "")
        if name := message.get("name") or called:
            converted["tool_name"] = name
        if answered:
            converted["tool_call_id"] = answered
    return converted


def _add_calls(converted: JsonObject, calls: Sequence[JsonObject]) -> None:
    """The calls of a turn; one whose arguments are no object is told as the text that it was."""
    results = []
    for call in calls:
        function = _function(call)
        name, arguments = function.get("name") or "", arguments_object(function.get("arguments"))
        if arguments is None:
            converted["content"] += call_in_words(name, function.get("arguments"))
            continue
        written: JsonObject = {"function": {"name": name, "arguments": arguments}}
        results.append({"id": call["id"], **written} if call.get("id") else written)
    if results:
        converted["tool_calls"] = results


def text_and_images(content: Json, role: str = "user") -> tuple[str, list[str]]:
    """The texts of a content, and its images in base64.

    What a model has said is history: of that, parts without words are left out.

    Raises:
        UntranslatableError: For what a user shows and Ollama cannot be told, and for images that
            are not in the request.
    """
    if content is None or isinstance(content, str):
        return content or "", []
    texts, images = [], []
    for part in content:
        if (url := image_url(part)) is not None:
            images.append(_picture(url))
        elif is_reasoning(part) or part.get("type") in PARTS_OF_CALLS:
            continue
        elif (shown := visible_text(part)) is not None:
            texts.append(shown)
        elif role != "assistant":
            raise unable(f"content of type {part.get('type')!r}")
    return "\n".join(texts), images


def unable(what: str) -> UntranslatableError:
    """The error that says what Ollama has no words for."""
    return UntranslatableError(f"Ollama does not take {what}")


def _picture(url: str) -> str:
    picture = as_base64(url)
    if picture is None:
        raise unable(
            f"images by URL ({url[:_SHOWN_CHARACTERS]}); send the image itself as a base64 data URL"
        )
    return picture


def _function(call: Json) -> JsonObject:
    function = call.get("function") if isinstance(call, dict) else None
    return function if isinstance(function, dict) else {}
