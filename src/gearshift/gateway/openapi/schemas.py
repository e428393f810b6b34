"""JSON Schemas of what the data plane takes and gives, for its OpenAPI document.

They say what gearshift itself checks and promises. Fields that it does not know pass through, so
objects are open; what an upstream makes of a value (a temperature of 900) is the upstream's word.
"""

from __future__ import annotations

from typing import Any, Final

from gearshift.dialects.openai.request import ROLES
from gearshift.types import JsonObject


def ref(name: str) -> JsonObject:
    """A reference to one of `SCHEMAS`."""
    return {"$ref": f"#/components/schemas/{name}"}


def _object(required: tuple[str, ...] = (), /, **properties: JsonObject) -> JsonObject:
    schema: JsonObject = {"type": "object", "properties": properties}
    return {**schema, "required": list(required)} if required else schema


def _list(items: JsonObject, **more: Any) -> JsonObject:
    return {"type": "array", "items": items, **more}


def _or_null(*types: str, **more: Any) -> JsonObject:
    return {"type": [*types, "null"], **more}


_TEXT: Final = {"type": "string"}
_NAME: Final = {"type": "string", "minLength": 1}
_NUMBER: Final = {"type": "number"}
_COUNT: Final = {"type": "integer", "minimum": 0}
_ANY: Final[JsonObject] = {}
_MAYBE_TEXT: Final = _or_null("string")
_MAYBE_FLAG: Final = _or_null("boolean")
_MAYBE_NUMBER: Final = _or_null("number")
_MAYBE_OBJECT: Final = _or_null("object")
_MAYBE_WHOLE: Final = _or_null("integer")
_MAYBE_TEXTS: Final = _or_null("array", items=_TEXT)
_MAYBE_OBJECTS: Final = _or_null("array", items={"type": "object"})
_STOP: Final = _or_null("string", "array", items=_TEXT)

_MODEL: Final = {
    **_MAYBE_TEXT,
    "description": "`auto` (or nothing) is routed; a tier's name forces the tier; any other name "
    "goes to the upstream that has it.",
    "examples": ["auto", "simple", "complex"],
}

# --- conversations

_FUNCTION_CALL: Final = _object(
    ("function",),
    id=_MAYBE_TEXT,
    type={"enum": ["function", "", None]},
    function=_object(("name",), name=_TEXT, arguments=_ANY),
)
_OTHER_CALL: Final = _object(
    ("type",), id=_MAYBE_TEXT, type={**_TEXT, "not": {"enum": ["function", ""]}}
)
_MESSAGE_FIELDS: Final[JsonObject] = {
    "name": _MAYBE_TEXT,
    "reasoning_content": _MAYBE_TEXT,
    "tool_call_id": _MAYBE_TEXT,
    "tool_calls": _or_null("array", items=ref("ToolCall")),
}
_OLLAMA_TURN: Final = {
    **_MESSAGE_FIELDS,
    "images": _MAYBE_TEXTS,
    "thinking": _MAYBE_TEXT,
    "tool_name": _MAYBE_TEXT,
}
_RESULT_ROLES: Final = ("tool", "function")
_OF_PEOPLE: Final = {"enum": [r for r in ROLES if r not in ("assistant", *_RESULT_ROLES)]}
_ASSISTANT: Final = {"const": "assistant"}
_PARTS: Final = _list(ref("ContentPart"))

_CONVERSATION: Final[JsonObject] = {
    "ToolCall": {"anyOf": [_FUNCTION_CALL, _OTHER_CALL]},
    "ContentPart": {
        "anyOf": [
            _object(("type", "text"), type={"const": "text"}, text=_TEXT),
            _object(
                ("type", "image_url"),
                type={"const": "image_url"},
                image_url={"anyOf": [_TEXT, _object(("url",), url=_TEXT)]},
            ),
            _object(("type",), type={**_TEXT, "not": {"enum": ["text", "image_url"]}}),
        ]
    },
    "Message": {
        "anyOf": [
            _object(
                ("role", "content"),
                role=_OF_PEOPLE,
                content={"anyOf": [_TEXT, _PARTS]},
                **_MESSAGE_FIELDS,
            ),
            _object(("role",), role={"enum": [*_RESULT_ROLES]}, content={}, **_MESSAGE_FIELDS),
            _object(
                ("role",),
                role=_ASSISTANT,
                content={"anyOf": [_MAYBE_TEXT, _PARTS]},
                **_MESSAGE_FIELDS,
            ),
        ]
    },
    "OllamaMessage": _object(role=_MAYBE_TEXT, content=_MAYBE_TEXT, **_OLLAMA_TURN),
}

# --- requests

_SAMPLING: Final[JsonObject] = {
    "temperature": _MAYBE_NUMBER,
    "top_p": _MAYBE_NUMBER,
    "top_k": _MAYBE_NUMBER,
    "min_p": _MAYBE_NUMBER,
    "repeat_penalty": _MAYBE_NUMBER,
    "presence_penalty": _MAYBE_NUMBER,
    "frequency_penalty": _MAYBE_NUMBER,
    "seed": _MAYBE_WHOLE,
    "stop": _STOP,
}
_OPENAI_FIELDS: Final[JsonObject] = {
    "model": _MODEL,
    "stream": _MAYBE_FLAG,
    "stream_options": _MAYBE_OBJECT,
    **_SAMPLING,
    "max_tokens": _MAYBE_WHOLE,
    "max_completion_tokens": _MAYBE_WHOLE,
    "n": _MAYBE_WHOLE,
    "tools": _MAYBE_OBJECTS,
    "tool_choice": _or_null("string", "object"),
    "parallel_tool_calls": _MAYBE_FLAG,
    "functions": _MAYBE_OBJECTS,
    "response_format": _MAYBE_OBJECT,
    "reasoning_effort": _MAYBE_TEXT,
    "logprobs": _or_null("boolean", "integer"),
    "top_logprobs": _MAYBE_WHOLE,
    "logit_bias": _MAYBE_OBJECT,
    "suffix": _MAYBE_TEXT,
    "user": _MAYBE_TEXT,
}
_OLLAMA_FIELDS: Final[JsonObject] = {
    "model": _MODEL,
    "stream": {**_MAYBE_FLAG, "description": "`false` for a whole answer; streams otherwise."},
    "tools": _MAYBE_OBJECTS,
    "format": _or_null("string", "object"),
    "options": {
        **_MAYBE_OBJECT,
        "properties": {**_SAMPLING, "num_predict": _MAYBE_WHOLE, "num_ctx": _MAYBE_WHOLE},
    },
    "keep_alive": _or_null("string", "number"),
    "think": _or_null("boolean", "string"),
    "logprobs": _MAYBE_FLAG,
    "top_logprobs": _MAYBE_WHOLE,
}
_MESSAGES: Final = _list(ref("Message"), minItems=1)

_REQUESTS: Final[JsonObject] = {
    "ChatCompletionRequest": _object(("messages",), messages=_MESSAGES, **_OPENAI_FIELDS),
    "CompletionRequest": _object(
        ("prompt",),
        prompt={"anyOf": [_TEXT, {"type": "array", "minItems": 1}]},
        **_OPENAI_FIELDS,
    ),
    "OllamaChatRequest": _object(
        messages=_or_null(
            "array",
            items=ref("OllamaMessage"),
            description="None, or an empty list: loads the model, or with `keep_alive: 0` "
            "unloads it.",
        ),
        **_OLLAMA_FIELDS,
    ),
    "OllamaGenerateRequest": _object(
        prompt={**_MAYBE_TEXT, "description": "Nothing: loads or unloads, as in /api/chat."},
        system=_MAYBE_TEXT,
        suffix=_MAYBE_TEXT,
        template=_MAYBE_TEXT,
        raw=_MAYBE_FLAG,
        images=_MAYBE_TEXTS,
        **_OLLAMA_FIELDS,
    ),
    "OllamaShowRequest": {
        **_object(model=_MAYBE_TEXT, name=_MAYBE_TEXT),
        "anyOf": [
            {"required": ["model"], "properties": {"model": _NAME}},
            {"required": ["name"], "properties": {"model": {"enum": ["", None]}, "name": _NAME}},
        ],
    },
}

# --- answers

_MODEL_ENTRY: Final = _object(
    ("id", "object", "created", "owned_by"),
    id=_TEXT,
    object={"const": "model"},
    created=_COUNT,
    owned_by=_TEXT,
)
_TAG: Final = _object(("name", "model"), name=_TEXT, model=_TEXT, size=_COUNT, digest=_TEXT)
_USAGE: Final = _object(prompt_tokens=_COUNT, completion_tokens=_COUNT, total_tokens=_COUNT)
_OLLAMA_ANSWER: Final[JsonObject] = {
    "model": _TEXT,
    "created_at": _TEXT,
    "done": {"type": "boolean"},
    "done_reason": _TEXT,
    "prompt_eval_count": _COUNT,
    "eval_count": _COUNT,
}
_DECISION: Final[JsonObject] = {
    "id": {**_TEXT, "pattern": "^dec-[0-9a-f]{24}$"},
    "time": _NUMBER,
    "tier": _TEXT,
    "model": _TEXT,
    "upstream": _TEXT,
    "provider": _TEXT,
    "score": _or_null("number", minimum=0, maximum=10),
    "factors": ref("Factors"),
    "contributions": {**ref("Factors"), "description": "They add up to the score."},
    "reason": _TEXT,
    "cause": _TEXT,
    "scorer": _TEXT,
    "scorer_version": _TEXT,
    "threshold": _NUMBER,
    "config_hash": _TEXT,
    "session": _MAYBE_TEXT,
    "propensity": {"type": "number", "exclusiveMinimum": 0, "maximum": 1},
    "fallback": _MAYBE_TEXT,
    "arms": _MAYBE_TEXT,
    "drawn": {"type": ["number", "null"], "exclusiveMinimum": 0, "maximum": 1},
    "movable": {"type": "boolean"},
}

_ANSWERS: Final[JsonObject] = {
    "ChatCompletion": _object(
        ("choices",),
        id=_TEXT,
        object=_TEXT,
        model={**_TEXT, "description": "The model that really answered."},
        choices=_list(_object(("message",), message={"type": "object"}), minItems=1),
        usage=_USAGE,
    ),
    "Completion": _object(
        ("choices",),
        id=_TEXT,
        object=_TEXT,
        model=_TEXT,
        choices=_list(_object(("text",), text=_TEXT), minItems=1),
        usage=_USAGE,
    ),
    "ModelEntry": _MODEL_ENTRY,
    "ModelList": _object(
        ("object", "data"), object={"const": "list"}, data=_list(ref("ModelEntry"), minItems=1)
    ),
    "StreamEvent": _object(
        ("data",),
        data={**_TEXT, "description": "A JSON object (with `error` it is the last), or [DONE]."},
    ),
    "OllamaChatAnswer": _object(("model", "done"), message={"type": "object"}, **_OLLAMA_ANSWER),
    "OllamaGenerateAnswer": _object(("model", "done"), response=_TEXT, **_OLLAMA_ANSWER),
    "OllamaModel": _object(
        ("details", "model_info"),
        details={"type": "object"},
        model_info={"type": "object"},
        capabilities=_list(_TEXT),
    ),
    "OllamaModels": _object(("models",), models=_list(_TAG)),
    "OllamaVersion": _object(("version",), version=_TEXT),
    "Factors": {
        "type": "object",
        "description": "By factor: length, code, technical, multi_step, question. Empty where "
        "nothing was scored.",
        "additionalProperties": _NUMBER,
    },
    "Decision": _object(tuple(_DECISION), **_DECISION),
    "Feedback": _object(
        ("decision_id", "verdict"),
        decision_id={"type": "string", "minLength": 1, "maxLength": 40, "pattern": "^[!-~]+$"},
        verdict={"enum": ["good", "bad"]},
        comment=_MAYBE_TEXT,
    ),
    "Live": _object(("status",), status={"const": "live"}),
    "Readiness": _object(
        ("status", "tiers"),
        status={"enum": ["ready", "not ready"]},
        tiers={"type": "object", "additionalProperties": _list({"type": "object"})},
    ),
}

SCHEMAS: Final[JsonObject] = {**_CONVERSATION, **_REQUESTS, **_ANSWERS}
