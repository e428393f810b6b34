"""Error responses and the decision's headers, for the data plane's OpenAPI document."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from gearshift.dialects.base import ClientDialect
from gearshift.dialects.schema import TEXT, any_of
from gearshift.gateway.context import OWN_DIALECT
from gearshift.types import JsonObject

_STATUSES: Final = {
    400: "The request is wrong; the message names the field. Also when no model can do what is "
    "asked (tools, images, length).",
    401: "The API key is missing or unknown.",
    403: "The API key does not permit this, or the web page is not allowed.",
    404: "The path is unknown, or no upstream has the model.",
    405: "The method is not allowed; `Allow` lists those that are.",
    408: "The request did not arrive in time.",
    413: "The body is larger than `limits.max_body_bytes`, or has too many values.",
    414: "The request line is too long.",
    415: "The body's encoding is not supported.",
    417: "The expectation in `Expect` cannot be met.",
    422: "The upstream rejects the request.",
    429: "Too many requests, from this key or in total.",
    431: "The headers are too long, or too many.",
    500: "An internal error of gearshift; the message has a reference to the log.",
    501: "The body's transfer coding is not supported, or no upstream can do what is asked.",
    502: "Every deployment failed; the message says what each one reported.",
    503: "Every deployment is busy or loading, or gearshift itself is full or stopping.",
    504: "Every deployment was too slow.",
    505: "This version of HTTP is not supported.",
}
WIRE_STATUSES: Final = (400, 403, 408, 413, 414, 415, 417, 431, 500, 501, 503, 505)
"""What any request may be answered with, before or whatever its path is."""

_HEADERS: Final = {
    401: {"WWW-Authenticate": "How to send the key."},
    405: {"Allow": "The allowed methods."},
    429: {"Retry-After": "Seconds to wait."},
    503: {"Retry-After": "Seconds to wait."},
}
# Refused while the path may not be known yet.
_MAY_PRECEDE_PATH: Final = frozenset({400, 408, 414, 417, 431, 501, 503, 505})


def errors_of(dialects: Mapping[str, ClientDialect]) -> JsonObject:
    """Every error in every dialect, under `<dialect>_<status>`; `4XX` is an upstream's own."""
    default = dialects[OWN_DIALECT].api.error_schema
    errors: JsonObject = {}
    for name, dialect in dialects.items():
        kind, own = dialect.content_type, dialect.api.error_schema
        for status, description in {**_STATUSES, **dialect.api.statuses}.items():
            maybe = [default] if status in _MAY_PRECEDE_PATH else []
            errors[f"{name}_{status}"] = _response(description, kind, any_of(own, *maybe), status)
    for name, dialect in dialects.items():
        schema = any_of(dialect.api.error_schema, *dialect.api.rejection_schemas, default)
        description = "The upstream rejects the request; this is its own error."
        errors[f"{name}_4XX"] = _response(description, dialect.content_type, schema)
    return errors


def errors_in_either(one: ClientDialect, other: ClientDialect) -> JsonObject:
    """What is wrong with a question, where clients of two dialects ask it."""
    schema = any_of(one.api.error_schema, other.api.error_schema)
    return {
        str(status): _response(_STATUSES[status], one.content_type, schema) for status in (400, 404)
    }


def _response(
    description: str, content_type: str, schema: JsonObject, status: int = 0
) -> JsonObject:
    response: JsonObject = {
        "description": description,
        "content": {content_type: {"schema": schema}},
    }
    if status in _HEADERS:
        response["headers"] = {
            name: {"description": meaning, "schema": TEXT}
            for name, meaning in _HEADERS[status].items()
        }
    return response


def error_responses(dialect: str, statuses: Iterable[int], *, may_be_forwarded: bool) -> JsonObject:
    """References to the errors that a path may answer with.

    Args:
        dialect: The path's.
        statuses: Those of gearshift.
        may_be_forwarded: Whether an upstream's own refusal (any 4xx) may come back.
    """
    responses: JsonObject = {str(s): _reference(f"{dialect}_{s}") for s in sorted(statuses)}
    if may_be_forwarded:
        passed = _reference(f"{dialect}_4XX")
        # An upstream may say 400 or 422 as well as we: its shape holds for those too.
        responses |= {"400": passed, "404": passed, "422": passed, "4XX": passed}
    return responses


def _reference(name: str) -> JsonObject:
    return {"$ref": f"#/components/responses/{name}"}


def decision_headers(*, are_certain: bool) -> JsonObject:
    """The `x-gearshift-*` headers of a routed answer.

    Args:
        are_certain: Whether every answer has them.
    """
    printable = {**TEXT, "pattern": "^[ -~]*$"}
    always = {
        "decision-id": ({**TEXT, "pattern": "^dec-[0-9a-f]{24}$"}, "As in the log."),
        "tier": (printable, "The tier that answered."),
        "model": (printable, "The model that answered."),
        "upstream": (printable, "The upstream that answered."),
        "reason": (printable, "Why, percent-encoded."),
        "scorer": (printable, "What scored."),
        "threshold": ({"type": "number"}, "The score from which the next tier begins."),
        "cache": ({"enum": ["hit", "miss", "bypass"]}, "Where the answer came from."),
    }
    sometimes = {
        "score": ({"type": "number", "minimum": 0, "maximum": 10}, "Absent if not scored."),
        "fallback": (printable, "`simple->complex`, if the first choice failed."),
        "overhead-us": ({"type": "integer", "minimum": 0}, "Microseconds spent in gearshift."),
    }
    return {
        f"x-gearshift-{name}": {
            "description": description,
            "schema": schema,
            "required": are_certain and name in always,
        }
        for name, (schema, description) in {**always, **sometimes}.items()
    }
