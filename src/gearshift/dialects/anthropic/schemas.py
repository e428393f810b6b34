"""JSON Schemas of what Anthropic's clients send, and of what they get."""

from __future__ import annotations

from typing import Final

from gearshift.dialects.anthropic.messages import ROLES
from gearshift.dialects.schema import (
    COUNT,
    MAYBE_FLAG,
    MAYBE_NUMBER,
    MAYBE_OBJECT,
    MAYBE_OBJECTS,
    MAYBE_TEXT,
    MAYBE_TEXTS,
    MAYBE_WHOLE,
    MODEL,
    NAME,
    TEXT,
    error_of,
    list_of,
    object_of,
    or_null,
    ref,
)
from gearshift.types import JsonObject

_CHECKED: Final = ("text", "image", "thinking", "tool_use", "tool_result")
_IMAGE_SOURCE: Final[JsonObject] = {
    "anyOf": [
        object_of(("data",), media_type=MAYBE_TEXT, data=TEXT),
        object_of(("url",), url=TEXT),
        object_of(("type",), type={"const": "file"}),
    ]
}
_PLAIN_PARTS: Final[list[JsonObject]] = [
    object_of(("type", "text"), type={"const": "text"}, text=TEXT),
    object_of(("type", "source"), type={"const": "image"}, source=_IMAGE_SOURCE),
    object_of(("type",), type={**TEXT, "not": {"enum": list(_CHECKED)}}),
]
_BLOCK: Final[JsonObject] = {
    "anyOf": [
        *_PLAIN_PARTS,
        object_of(("type", "thinking"), type={"const": "thinking"}, thinking=TEXT),
        object_of(
            ("type", "id", "name"),
            type={"const": "tool_use"},
            id=TEXT,
            name=TEXT,
            input={"type": "object"},
        ),
        object_of(
            ("type", "tool_use_id"),
            type={"const": "tool_result"},
            tool_use_id=TEXT,
            content={"anyOf": [MAYBE_TEXT, list_of({"anyOf": _PLAIN_PARTS})]},
        ),
    ]
}
_TOOL: Final[JsonObject] = {
    "anyOf": [
        object_of(
            ("name", "input_schema"),
            type={"enum": ["custom", None]},
            name=NAME,
            description=MAYBE_TEXT,
            input_schema={"type": "object"},
        ),
        object_of(
            ("type",),
            type={**NAME, "not": {"const": "custom"}},
            name=MAYBE_TEXT,
            description=MAYBE_TEXT,
        ),
    ]
}
_CHOICE: Final[JsonObject] = {
    "anyOf": [
        {"type": "null"},
        object_of(("type",), type={"enum": ["auto", "any", "none"]}),
        object_of(("type", "name"), type={"const": "tool"}, name=NAME),
    ]
}
_ASKED: Final[JsonObject] = {
    "model": MODEL,
    "messages": list_of(ref("AnthropicMessage"), minItems=1),
    "system": {"anyOf": [MAYBE_TEXT, list_of(object_of(("text",), text=TEXT))]},
    "tools": or_null("array", items=ref("AnthropicTool")),
    "tool_choice": _CHOICE,
    "thinking": MAYBE_OBJECT,
    "output_config": MAYBE_OBJECT,
    "output_format": MAYBE_OBJECT,
    "mcp_servers": MAYBE_OBJECTS,
    "metadata": MAYBE_OBJECT,
}
_LIMIT: Final = {"type": "integer", "minimum": 1}
_USAGE: Final = object_of(
    ("input_tokens", "output_tokens"),
    input_tokens=COUNT,
    output_tokens=COUNT,
    cache_creation_input_tokens=COUNT,
    cache_read_input_tokens=COUNT,
)

SCHEMAS: Final[JsonObject] = {
    "ContentBlock": _BLOCK,
    "AnthropicTool": _TOOL,
    "AnthropicMessage": object_of(
        ("role", "content"),
        role={"enum": [*ROLES]},
        content={"anyOf": [TEXT, list_of(ref("ContentBlock"))]},
    ),
    "MessagesRequest": object_of(
        ("messages", "max_tokens"),
        **_ASKED,
        max_tokens=_LIMIT,
        stream=MAYBE_FLAG,
        stop_sequences=MAYBE_TEXTS,
        temperature=MAYBE_NUMBER,
        top_k=MAYBE_WHOLE,
        top_p=MAYBE_NUMBER,
    ),
    "TokenCountRequest": object_of(("messages",), **_ASKED),
    "TokenCount": object_of(("input_tokens",), input_tokens=COUNT),
    "MessageAnswer": object_of(
        ("id", "type", "role", "model", "content", "stop_reason", "stop_sequence", "usage"),
        id=TEXT,
        type={"const": "message"},
        role={"const": "assistant"},
        model=TEXT,
        content=list_of(object_of(("type",), type=TEXT)),
        stop_reason=MAYBE_TEXT,
        stop_sequence=MAYBE_TEXT,
        usage=_USAGE,
    ),
    "MessageEvent": object_of(
        ("event", "data"),
        event={
            **TEXT,
            "description": "`message_start`; for each block `content_block_start`, "
            "`content_block_delta`, `content_block_stop`; `message_delta`; `message_stop`; or "
            "`error`.",
        },
        data={**TEXT, "description": "A JSON object."},
    ),
    "AnthropicError": {
        **error_of(
            object_of(("type", "message"), type=TEXT, message=TEXT),
            "Structured as Anthropic's are.",
        ),
    },
}
