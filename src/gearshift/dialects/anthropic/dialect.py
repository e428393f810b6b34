"""The Anthropic dialect: messages over named server-sent events."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import orjson

from gearshift.dialects import errors as faults
from gearshift.dialects.anthropic import request as anthropic_request
from gearshift.dialects.anthropic import writing as anthropic_writing
from gearshift.dialects.anthropic.api import API
from gearshift.dialects.anthropic.writing import AnthropicWriter
from gearshift.dialects.base import unknown_time
from gearshift.dialects.errors import ErrorReply
from gearshift.errors import GearshiftError
from gearshift.types import ChatRequest, Chunk, JsonObject, Operation

OVERLOADED: Final = 529
_TYPES: Final = {
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    504: "timeout_error",
    OVERLOADED: "overloaded_error",
}


class AnthropicDialect:
    """What Anthropic's SDKs and Claude Code speak.

    >>> AnthropicDialect().parse(Operation.CHAT, b'{"messages":[]}')
    Traceback (most recent call last):
    gearshift.errors.RequestError: 'max_tokens' is missing; it must be a whole number of at least 1.
    """

    name = "anthropic"
    api = API
    content_type = "application/json"
    stream_content_type = "text/event-stream"

    def parse(self, operation: Operation, raw: bytes) -> ChatRequest:
        """The client's body as a request; Anthropic has one operation, a chat."""
        return anthropic_request.parse(raw)

    def encode_response(
        self,
        request: ChatRequest,
        chunk: Chunk,
        answer_id: str,
        now: float,
        elapsed_seconds: float = 0.0,
    ) -> bytes:
        """A whole answer as the body of a response; Anthropic's tell no times."""
        return anthropic_writing.encode_response(chunk, answer_id)

    def stream_writer(
        self,
        request: ChatRequest,
        model: str,
        answer_id: str,
        now: float,
        elapsed: Callable[[], float] = unknown_time,
    ) -> AnthropicWriter:
        """A writer for one streamed answer."""
        return AnthropicWriter(model, answer_id)

    def write_error(self, error: GearshiftError) -> tuple[int, Mapping[str, str], bytes]:
        """Status, extra headers and body; tells the SDK not to repeat what we tried already.

        Where everybody is busy, the status is Anthropic's own for that, 529.
        """
        reply = faults.reply_to(error)
        headers = dict(reply.headers)
        if reply.is_upstream:
            headers["x-should-retry"] = "false"
        status = OVERLOADED if reply.status == 503 else reply.status
        return status, headers, _own_body(error) or orjson.dumps(_error_body(reply))

    def write_stream_error(self, error: GearshiftError) -> bytes:
        """An event that the SDK raises as `APIStatusError`; no `message_stop` follows."""
        data = orjson.dumps(_error_body(faults.reply_to(error)))
        return b"event: error\ndata: " + data + b"\n\n"


def _own_body(error: GearshiftError) -> bytes:
    """The upstream's words about a client's mistake, unchanged if they are Anthropic's already."""
    body = faults.rejection(error)
    is_own = body is not None and body.decoded.get("type") == "error"
    return body.body if body and is_own and isinstance(body.decoded.get("error"), dict) else b""


def _error_body(reply: ErrorReply) -> JsonObject:
    return {"type": "error", "error": {"type": _type(reply.status), "message": reply.message}}


def _type(status: int) -> str:
    status = OVERLOADED if status == 503 else status
    return _TYPES.get(status, "api_error" if status >= 500 else "invalid_request_error")
