"""Conversations in Anthropic's shape, read into OpenAI's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from gearshift.dialects.body import OBJECT, TEXT, check_fields, refuse
from gearshift.dialects.images import image_url
from gearshift.dialects.tool_calls import arguments_text
from gearshift.types import Json, JsonObject, Message

ROLES: Final = ("user", "assistant", "system")
"""Claude Code sends system turns amid the conversation, beside the system prompt before it."""

# What must stand in a block of each type; other types are taken as they are.
_TEXTS_OF: Final = {
    "text": ("text",),
    "thinking": ("thinking",),
    "tool_use": ("id", "name"),
    "tool_result": ("tool_use_id",),
}


def from_anthropic(messages: Json) -> list[Message]:
    """Anthropic's turns in OpenAI's shape: results of tools become turns of their own.

    Raises:
        RequestError: 400 naming the field.
    """
    if messages is None:
        raise refuse("messages", "is missing; it must be a list of at least one message")
    if not isinstance(messages, list) or not messages:
        raise refuse("messages", "must be a list of at least one message")
    return [
        turn
        for index, message in enumerate(messages)
        for turn in _turns(_checked(message, f"messages.{index}"))
    ]


def _checked(message: Json, where: str) -> JsonObject:
    if not isinstance(message, dict):
        raise refuse(where, "must be an object with 'role' and 'content'")
    role, content = message.get("role"), message.get("content")
    if role not in ROLES:
        shown = f"is {role[:40]!r}" if isinstance(role, str) else "is missing or not a string"
        raise refuse(f"{where}.role", f"{shown}; it must be one of {', '.join(ROLES)}")
    if isinstance(content, list):
        for index, block in enumerate(content):
            _check_block(block, f"{where}.content.{index}")
    elif not isinstance(content, str):
        is_there = "must be a string or a list of blocks" if "content" in message else "is missing"
        raise refuse(f"{where}.content", is_there)
    return message


def _check_block(block: Json, where: str) -> None:
    if not isinstance(block, dict) or not isinstance(block.get("type"), str):
        raise refuse(where, "must be an object with a 'type'")
    kind = block["type"]
    for name in _TEXTS_OF.get(kind, ()):
        if not isinstance(block.get(name), str):
            raise refuse(f"{where}.{name}", "must be a string")
    if kind == "image" and image_url(block) is None and _source(block).get("type") != "file":
        raise refuse(f"{where}.source", "must be an object with 'data' or a 'url'")
    if kind == "tool_use":
        check_fields(block, {"input": OBJECT}, f"{where}.")
    if kind == "tool_result":
        _check_result(block, where)


def _check_result(block: JsonObject, where: str) -> None:
    content = block.get("content")
    if not isinstance(content, list):
        check_fields(block, {"content": TEXT}, f"{where}.")
        return
    for index, part in enumerate(content):
        _check_block(part, f"{where}.content.{index}")


def _turns(message: JsonObject) -> Iterator[Message]:
    content = message["content"]
    if isinstance(content, str):
        yield {"role": message["role"], "content": content}
    elif message["role"] == "assistant":
        yield _answer(content)
    elif message["role"] == "system":
        yield {"role": "system", "content": "\n\n".join(_texts(content))}
    else:
        yield from _question(content)


def _texts(blocks: Sequence[JsonObject]) -> Iterator[str]:
    return (block["text"] for block in blocks if block["type"] == "text")


def _answer(blocks: Sequence[JsonObject]) -> Message:
    """A model's turn: what it said, thought and called; what its own servers did is left out."""
    turn: JsonObject = {
        "role": "assistant",
        "content": "".join(_texts(blocks)),
    }
    thoughts = [block["thinking"] for block in blocks if block["type"] == "thinking"]
    if thoughts:
        turn["reasoning_content"] = "".join(thoughts)
    calls = [block for block in blocks if block["type"] == "tool_use"]
    if calls:
        turn["tool_calls"] = [
            {
                "id": call["id"],
                "type": "function",
                "function": {
                    "name": call["name"],
                    "arguments": arguments_text(call.get("input") or {}),
                },
            }
            for call in calls
        ]
    return turn


def _question(blocks: Sequence[JsonObject]) -> Iterator[Message]:
    """A user's turn: first the results of tools, then the rest, with the images of the results."""
    rest: list[JsonObject] = []
    for block in blocks:
        if block["type"] != "tool_result":
            rest.append(_part(block))
            continue
        text, images = _result(block)
        yield {"role": "tool", "tool_call_id": block["tool_use_id"], "content": text}
        rest += images
    if not rest:
        return
    if all(part["type"] == "text" for part in rest) and len(rest) == 1:
        yield {"role": "user", "content": rest[0]["text"]}
    else:
        yield {"role": "user", "content": rest}


def _result(block: JsonObject) -> tuple[str, list[JsonObject]]:
    """What a tool said, and the images that it has made."""
    content = block.get("content")
    parts = [] if content is None or isinstance(content, str) else [_part(one) for one in content]
    texts = [content] if isinstance(content, str) else []
    texts += [part["text"] for part in parts if part["type"] == "text"]
    text = "\n".join(texts)
    if block.get("is_error") is True and "error" not in text[:40].lower():
        text = f"Error: {text}"
    return text, [part for part in parts if part["type"] != "text"]


def _part(block: JsonObject) -> JsonObject:
    """A block of a user as one of OpenAI's parts; one that OpenAI has no words for as it is."""
    if block["type"] == "text":
        return {"type": "text", "text": block["text"]}
    if (url := image_url(block)) is not None:
        return {"type": "image_url", "image_url": {"url": url}}
    if block["type"] == "document":
        return _document(block)
    if block["type"] == "search_result":
        return _titled(block, block.get("content"))
    return block


def _document(block: JsonObject) -> JsonObject:
    source = _source(block)
    data, kind = source.get("data"), source.get("type")
    if kind == "text" and isinstance(data, str):
        return _titled(block, data)
    if kind == "content":
        return _titled(block, source.get("content"))
    if kind == "base64" and isinstance(data, str):
        media = source.get("media_type") or "application/pdf"
        file: JsonObject = {"file_data": f"data:{media};base64,{data}"}
        if isinstance(block.get("title"), str):
            file["filename"] = block["title"]
        return {"type": "file", "file": file}
    return block


def _titled(block: JsonObject, content: Json) -> JsonObject:
    """Texts as one part, below their title."""
    blocks = content if isinstance(content, list) else [{"text": content}]
    texts = [block.get(name) for name in ("title", "source", "context")]
    texts += [one.get("text") for one in blocks if isinstance(one, dict)]
    return {"type": "text", "text": "\n".join(t for t in texts if isinstance(t, str) and t)}


def _source(block: JsonObject) -> JsonObject:
    source = block.get("source")
    return source if isinstance(source, dict) else {}
