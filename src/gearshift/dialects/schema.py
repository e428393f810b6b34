"""What the JSON Schemas of several dialects are built of.

They say what gearshift itself checks and promises. Fields that it does not know pass through, so
objects are open; what an upstream makes of a value (a temperature of 900) is the upstream's word.
"""

from __future__ import annotations

from typing import Any, Final

from gearshift.types import JsonObject


def ref(name: str) -> JsonObject:
    """A reference to a schema of the document."""
    return {"$ref": f"#/components/schemas/{name}"}


def any_of(*names: str) -> JsonObject:
    """A reference to one of several schemas; the same name counts once."""
    refs = [ref(name) for name in dict.fromkeys(names)]
    return refs[0] if len(refs) == 1 else {"anyOf": refs}


def object_of(required: tuple[str, ...] = (), /, **properties: JsonObject) -> JsonObject:
    """An object that may have other properties too."""
    schema: JsonObject = {"type": "object", "properties": properties}
    return {**schema, "required": list(required)} if required else schema


def list_of(items: JsonObject, **more: Any) -> JsonObject:
    """A list of the same things."""
    return {"type": "array", "items": items, **more}


def or_null(*types: str, **more: Any) -> JsonObject:
    """A value of these JSON types, or `null`."""
    return {"type": [*types, "null"], **more}


def error_of(schema: JsonObject, description: str) -> JsonObject:
    """An object with `error`, as every dialect here reports errors.

    Args:
        schema: The schema of `error`.
        description: A sentence about it.
    """
    return {"description": description, **object_of(("error",), error=schema)}


TEXT: Final = {"type": "string"}
NAME: Final = {"type": "string", "minLength": 1}
NUMBER: Final = {"type": "number"}
COUNT: Final = {"type": "integer", "minimum": 0}
ANY: Final[JsonObject] = {}
MAYBE_TEXT: Final = or_null("string")
MAYBE_FLAG: Final = or_null("boolean")
MAYBE_NUMBER: Final = or_null("number")
MAYBE_OBJECT: Final = or_null("object")
MAYBE_WHOLE: Final = or_null("integer")
MAYBE_TEXTS: Final = or_null("array", items=TEXT)
MAYBE_OBJECTS: Final = or_null("array", items={"type": "object"})
STOP: Final = or_null("string", "array", items=TEXT)

MODEL: Final = {
    **MAYBE_TEXT,
    "description": "`auto` (or nothing) is routed; a tier's name forces the tier; any other name "
    "goes to the upstream that has it.",
    "examples": ["auto", "simple", "complex"],
}

_FUNCTION_CALL: Final = object_of(
    ("function",),
    id=MAYBE_TEXT,
    type={"enum": ["function", "", None]},
    function=object_of(("name",), name=TEXT, arguments=ANY),
)
_OTHER_CALL: Final = object_of(
    ("type",), id=MAYBE_TEXT, type={**TEXT, "not": {"enum": ["function", ""]}}
)
MESSAGE_FIELDS: Final[JsonObject] = {
    "name": MAYBE_TEXT,
    "reasoning_content": MAYBE_TEXT,
    "tool_call_id": MAYBE_TEXT,
    "tool_calls": or_null("array", items=ref("ToolCall")),
}
SAMPLING: Final[JsonObject] = {
    "temperature": MAYBE_NUMBER,
    "top_p": MAYBE_NUMBER,
    "top_k": MAYBE_NUMBER,
    "min_p": MAYBE_NUMBER,
    "repeat_penalty": MAYBE_NUMBER,
    "presence_penalty": MAYBE_NUMBER,
    "frequency_penalty": MAYBE_NUMBER,
    "seed": MAYBE_WHOLE,
    "stop": STOP,
}

TOOL_CALL: Final[JsonObject] = {"ToolCall": {"anyOf": [_FUNCTION_CALL, _OTHER_CALL]}}
"""The schema that `MESSAGE_FIELDS` refers to; goes into `ClientApi.schemas` with them."""
