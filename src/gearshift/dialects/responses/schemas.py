"""JSON Schemas of what Responses' clients send, and of what they get."""

from __future__ import annotations

from typing import Final

from gearshift.dialects.openai_errors import SCHEMAS as ERRORS
from gearshift.dialects.responses.items import ROLES
from gearshift.dialects.schema import (
    COUNT,
    MAYBE_FLAG,
    MAYBE_OBJECT,
    MAYBE_TEXT,
    MAYBE_TEXTS,
    MAYBE_WHOLE,
    MODEL,
    NAME,
    SAMPLING,
    TEXT,
    list_of,
    object_of,
    or_null,
    ref,
)
from gearshift.types import JsonObject

_PART: Final[JsonObject] = {
    "anyOf": [
        object_of(("type", "text"), type={"enum": ["input_text", "output_text"]}, text=TEXT),
        object_of(("type", "image_url"), type={"const": "input_image"}, image_url=TEXT),
        object_of(
            ("type", "file_data"),
            type={"const": "input_file"},
            file_data=TEXT,
            filename=MAYBE_TEXT,
        ),
    ]
}
_TEXT_PART: Final = _PART["anyOf"][0]
_OUTPUT: Final[JsonObject] = {
    "description": "A text, a value that the model is told as JSON, or parts.",
    "anyOf": [
        {"type": ["string", "object", "number", "boolean", "null"]},
        list_of(_PART),
    ],
}
_ITEM: Final[JsonObject] = {
    "anyOf": [
        object_of(
            ("role", "content"),
            type={"enum": ["message", None]},
            role={"const": "user"},
            content={"anyOf": [TEXT, list_of(_PART)]},
        ),
        object_of(
            ("role", "content"),
            type={"enum": ["message", None]},
            role={"enum": [role for role in ROLES if role != "user"]},
            content={"anyOf": [TEXT, list_of(_TEXT_PART)]},
        ),
        object_of(
            ("type",),
            type={"const": "reasoning"},
            summary=or_null("array"),
            content=or_null("array"),
        ),
        object_of(
            ("type", "call_id", "name", "arguments"),
            type={"const": "function_call"},
            call_id=NAME,
            name=NAME,
            namespace=MAYBE_TEXT,
            arguments=TEXT,
        ),
        object_of(
            ("type", "call_id", "name", "input"),
            type={"const": "custom_tool_call"},
            call_id=NAME,
            name=NAME,
            input=TEXT,
        ),
        object_of(
            ("type", "call_id", "output"),
            type={"enum": ["function_call_output", "custom_tool_call_output"]},
            call_id=NAME,
            output=_OUTPUT,
        ),
    ]
}
_FUNCTION: Final = object_of(
    ("type", "name"),
    type={"const": "function"},
    name=NAME,
    description=MAYBE_TEXT,
    parameters=MAYBE_OBJECT,
    strict=MAYBE_FLAG,
)
_CUSTOM: Final = object_of(
    ("type", "name"),
    type={"const": "custom"},
    name=NAME,
    description=MAYBE_TEXT,
    format=MAYBE_OBJECT,
)
_TOOL: Final[JsonObject] = {
    "anyOf": [
        _FUNCTION,
        _CUSTOM,
        object_of(
            ("type", "name", "tools"),
            type={"const": "namespace"},
            name=NAME,
            tools=list_of({"anyOf": [_FUNCTION, _CUSTOM]}),
        ),
        object_of(("type",), type={"const": "web_search", "description": "Left out."}),
    ]
}
_FORMAT: Final[JsonObject] = {
    "anyOf": [
        {"type": "null"},
        object_of(("type",), type={"enum": ["text", "json_object"]}),
        object_of(
            ("type", "schema"),
            type={"const": "json_schema"},
            name=MAYBE_TEXT,
            description=MAYBE_TEXT,
            schema={"type": "object"},
            strict=MAYBE_FLAG,
        ),
    ]
}
_TEXT: Final[JsonObject] = {
    "anyOf": [{"type": "null"}, object_of(format=_FORMAT, verbosity=MAYBE_TEXT)]
}
_REASONING: Final[JsonObject] = {
    "anyOf": [
        {"type": "null"},
        object_of(effort=MAYBE_TEXT, summary=MAYBE_TEXT, generate_summary=MAYBE_TEXT),
    ]
}
_NOT_KEPT: Final = "gearshift keeps no answers; must be absent or null."
_USAGE: Final = object_of(
    ("input_tokens", "output_tokens", "total_tokens"),
    input_tokens=COUNT,
    input_tokens_details=object_of(("cached_tokens",), cached_tokens=COUNT),
    output_tokens=COUNT,
    output_tokens_details=object_of(("reasoning_tokens",), reasoning_tokens=COUNT),
    total_tokens=COUNT,
)

_INPUT: Final[JsonObject] = {"anyOf": [TEXT, list_of(ref("InputItem"), minItems=1)]}
_ASKED: Final[JsonObject] = {
    "model": MODEL,
    "input": _INPUT,
    "instructions": MAYBE_TEXT,
    "tools": or_null("array", items=ref("ResponsesTool")),
    "tool_choice": {"enum": ["auto", "none", None]},
    "parallel_tool_calls": MAYBE_FLAG,
    "text": _TEXT,
    "reasoning": _REASONING,
    "previous_response_id": {"enum": [None, ""], "description": _NOT_KEPT},
    "conversation": {"enum": [None, "", False], "description": _NOT_KEPT},
    "truncation": MAYBE_TEXT,
}

SCHEMAS: Final[JsonObject] = {
    **ERRORS,
    "InputItem": _ITEM,
    "ResponsesTool": _TOOL,
    "ResponseRequest": object_of(
        ("input",),
        **_ASKED,
        stream=MAYBE_FLAG,
        max_output_tokens=or_null("integer", minimum=1),
        include=MAYBE_TEXTS,
        top_logprobs=MAYBE_WHOLE,
        metadata=or_null("object", additionalProperties=MAYBE_TEXT),
        store={**MAYBE_FLAG, "description": "Whatever it says, nothing is stored."},
        prompt={"enum": [None, "", False], "description": "gearshift has no templates."},
        background={"enum": [False, None]},
        max_tool_calls=MAYBE_WHOLE,
        stream_options=MAYBE_OBJECT,
        service_tier=MAYBE_TEXT,
        user=MAYBE_TEXT,
        safety_identifier=MAYBE_TEXT,
        prompt_cache_key=MAYBE_TEXT,
        **SAMPLING,
    ),
    "InputTokenCountRequest": object_of(
        **{**_ASKED, "input": {"anyOf": [{"type": "null"}, *_INPUT["anyOf"]]}}
    ),
    "InputTokenCount": object_of(
        ("object", "input_tokens"),
        object={"const": "response.input_tokens"},
        input_tokens=COUNT,
    ),
    "Response": object_of(
        ("id", "object", "status", "model", "output", "usage"),
        id=TEXT,
        object={"const": "response"},
        created_at=COUNT,
        status={"enum": ["completed", "incomplete"]},
        model={**TEXT, "description": "The model that really answered."},
        output=list_of(object_of(("type",), type=TEXT), minItems=1),
        usage=_USAGE,
        store={"const": False},
    ),
    "ResponseEvent": object_of(
        ("event", "data"),
        event={
            **TEXT,
            "description": "`response.created`; for each item `response.output_item.added`, "
            "deltas, `response.output_item.done`; `response.completed` or `.incomplete`; or "
            "`error`, then `response.failed`.",
        },
        data={**TEXT, "description": "A JSON object with its `sequence_number`."},
    ),
}
