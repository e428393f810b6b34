"""JSON Schemas of what OpenAI's clients send, and of what they get."""

from __future__ import annotations

from typing import Final

from gearshift.dialects.openai.request import ROLES
from gearshift.dialects.openai_errors import SCHEMAS as ERRORS
from gearshift.dialects.schema import (
    COUNT,
    MAYBE_FLAG,
    MAYBE_OBJECT,
    MAYBE_OBJECTS,
    MAYBE_TEXT,
    MAYBE_WHOLE,
    MESSAGE_FIELDS,
    MODEL,
    NAME,
    NUMBER,
    SAMPLING,
    TEXT,
    TOOL_CALL,
    list_of,
    object_of,
    or_null,
    ref,
)
from gearshift.types import JsonObject

_RESULT_ROLES: Final = ("tool", "function")
_OF_PEOPLE: Final = {"enum": [r for r in ROLES if r not in ("assistant", *_RESULT_ROLES)]}
_ASSISTANT: Final = {"const": "assistant"}
_PARTS: Final = list_of(ref("ContentPart"))

_CONVERSATION: Final[JsonObject] = {
    **TOOL_CALL,
    "ContentPart": {
        "anyOf": [
            object_of(("type", "text"), type={"const": "text"}, text=TEXT),
            object_of(
                ("type", "image_url"),
                type={"const": "image_url"},
                image_url={"anyOf": [TEXT, object_of(("url",), url=TEXT)]},
            ),
            object_of(("type",), type={**TEXT, "not": {"enum": ["text", "image_url"]}}),
        ]
    },
    "Message": {
        "anyOf": [
            object_of(
                ("role", "content"),
                role=_OF_PEOPLE,
                content={"anyOf": [TEXT, _PARTS]},
                **MESSAGE_FIELDS,
            ),
            object_of(("role",), role={"enum": [*_RESULT_ROLES]}, content={}, **MESSAGE_FIELDS),
            object_of(
                ("role",),
                role=_ASSISTANT,
                content={"anyOf": [MAYBE_TEXT, _PARTS]},
                **MESSAGE_FIELDS,
            ),
        ]
    },
}

_FIELDS: Final[JsonObject] = {
    "model": MODEL,
    "stream": MAYBE_FLAG,
    "stream_options": MAYBE_OBJECT,
    **SAMPLING,
    "max_tokens": MAYBE_WHOLE,
    "max_completion_tokens": MAYBE_WHOLE,
    "n": MAYBE_WHOLE,
    "tools": MAYBE_OBJECTS,
    "tool_choice": or_null("string", "object"),
    "parallel_tool_calls": MAYBE_FLAG,
    "functions": MAYBE_OBJECTS,
    "response_format": MAYBE_OBJECT,
    "reasoning_effort": MAYBE_TEXT,
    "logprobs": or_null("boolean", "integer"),
    "top_logprobs": MAYBE_WHOLE,
    "logit_bias": MAYBE_OBJECT,
    "suffix": MAYBE_TEXT,
    "user": MAYBE_TEXT,
}
_MESSAGES: Final = list_of(ref("Message"), minItems=1)

_REQUESTS: Final[JsonObject] = {
    "ChatCompletionRequest": object_of(("messages",), messages=_MESSAGES, **_FIELDS),
    "CompletionRequest": object_of(
        ("prompt",),
        prompt={"anyOf": [TEXT, {"type": "array", "minItems": 1}]},
        **_FIELDS,
    ),
}

_TOKENS: Final = list_of({"type": "integer"}, minItems=1)
_EMBEDDINGS: Final[JsonObject] = {
    "EmbeddingRequest": object_of(
        ("input",),
        model={
            **MAYBE_TEXT,
            "description": "A model that some upstream has, or `auto` (or nothing) for "
            "`embeddings.model`.",
        },
        input={
            "anyOf": [
                NAME,
                list_of(NAME, minItems=1),
                _TOKENS,
                list_of(_TOKENS, minItems=1),
            ]
        },
        dimensions=or_null("integer", minimum=1),
        encoding_format={"enum": ["float", "base64", None]},
        user=MAYBE_TEXT,
    ),
    "EmbeddingList": object_of(
        ("object", "data", "model"),
        object={"const": "list"},
        data=list_of(
            object_of(
                ("embedding", "index"),
                object={"const": "embedding"},
                index=COUNT,
                embedding={"anyOf": [list_of(NUMBER), TEXT]},
            )
        ),
        model=TEXT,
        usage=object_of(prompt_tokens=COUNT, total_tokens=COUNT),
    ),
}

_MODEL_ENTRY: Final = object_of(
    ("id", "object", "created", "owned_by"),
    id=TEXT,
    object={"const": "model"},
    created=COUNT,
    owned_by=TEXT,
)
_USAGE: Final = object_of(prompt_tokens=COUNT, completion_tokens=COUNT, total_tokens=COUNT)

_ANSWERS: Final[JsonObject] = {
    "ChatCompletion": object_of(
        ("choices",),
        id=TEXT,
        object=TEXT,
        model={**TEXT, "description": "The model that really answered."},
        choices=list_of(object_of(("message",), message={"type": "object"}), minItems=1),
        usage=_USAGE,
    ),
    "Completion": object_of(
        ("choices",),
        id=TEXT,
        object=TEXT,
        model=TEXT,
        choices=list_of(object_of(("text",), text=TEXT), minItems=1),
        usage=_USAGE,
    ),
    "ModelEntry": _MODEL_ENTRY,
    "ModelList": object_of(
        ("object", "data"), object={"const": "list"}, data=list_of(ref("ModelEntry"), minItems=1)
    ),
    "StreamEvent": object_of(
        ("data",),
        data={**TEXT, "description": "A JSON object (with `error` it is the last), or [DONE]."},
    ),
}

SCHEMAS: Final[JsonObject] = {**_CONVERSATION, **_REQUESTS, **_EMBEDDINGS, **_ANSWERS, **ERRORS}
