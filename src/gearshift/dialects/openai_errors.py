"""Errors in OpenAI's shape, which its SDKs turn into exceptions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import orjson

from gearshift.dialects import errors as faults
from gearshift.dialects.errors import ErrorReply
from gearshift.dialects.schema import MAYBE_TEXT, TEXT, error_of, object_of
from gearshift.errors import GearshiftError
from gearshift.types import JsonObject

_TYPES: Final = {
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    429: "rate_limit_error",
}
_FIELDS: Final[JsonObject] = {
    "message": TEXT,
    "type": TEXT,
    "param": {**MAYBE_TEXT, "description": "The field that is wrong."},
    "code": MAYBE_TEXT,
}

SCHEMAS: Final[JsonObject] = {
    "OpenAIError": error_of(object_of((*_FIELDS,), **_FIELDS), "An error on OpenAI's paths."),
    "UpstreamRefusal": error_of(
        {"type": "object"}, "The upstream's own error about the client's mistake."
    ),
}
"""They go into `ClientApi.schemas` of a dialect whose errors are written here."""


def written(error: GearshiftError) -> tuple[int, Mapping[str, str], bytes]:
    """Status, extra headers and body; tells the SDK not to repeat what we tried already.

    The upstream's words about a client's mistake stay unchanged if they are OpenAI's already.
    """
    reply = faults.reply_to(error)
    headers = dict(reply.headers)
    if reply.is_upstream:
        headers["x-should-retry"] = "false"
    return reply.status, headers, _own_body(error) or orjson.dumps({"error": fields(reply)})


def fields(reply: ErrorReply) -> JsonObject:
    """What stands in `error`."""
    return {
        "message": reply.message,
        "type": _type(reply),
        "param": reply.param,
        "code": reply.code,
    }


def _own_body(error: GearshiftError) -> bytes:
    body = faults.rejection(error)
    if body is None or body.decoded.get("type") == "error":  # Anthropic's
        return b""
    words = body.decoded.get("error")
    return body.body if words and isinstance(words, dict) else b""


def _type(reply: ErrorReply) -> str:
    if reply.is_upstream and reply.status >= 500:
        return "upstream_error"
    if reply.status >= 500:
        return "server_error"
    return _TYPES.get(reply.status, "invalid_request_error")
