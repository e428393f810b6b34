"""The Anthropic dialect: messages over named server-sent events."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import orjson

from gearshift.dialects import errors as faults
from gearshift.dialects.anthropic import answer as anthropic_answer
from gearshift.dialects.anthropic import framing as anthropic_framing
from gearshift.dialects.anthropic import request as anthropic_request
from gearshift.dialects.anthropic import upstream_request
from gearshift.dialects.anthropic import writing as anthropic_writing
from gearshift.dialects.anthropic.answer import AnthropicReader
from gearshift.dialects.anthropic.api import API
from gearshift.dialects.anthropic.specifics import specifics_of
from gearshift.dialects.anthropic.writing import AnthropicWriter
from gearshift.dialects.base import NOTHING, unknown_time
from gearshift.dialects.errors import OVERLOADED, ErrorReply
from gearshift.dialects.splice import splice_model
from gearshift.errors import FailureKind, GearshiftError, UpstreamError
from gearshift.types import ChatRequest, Chunk, Frame, JsonObject, Operation

_BUSY: Final = ("overloaded", "rate limit")
_FORMAT: Final = ("output_config", "output_format")
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
    """What Anthropic's SDKs and Claude Code speak, and Anthropic's API and its like answer in.

    >>> AnthropicDialect().parse(Operation.CHAT, b'{"messages":[]}')
    Traceback (most recent call last):
    gearshift.errors.RequestError: 'max_tokens' is missing; it must be a whole number of at least 1.
    """

    name = "anthropic"
    api = API
    content_type = "application/json"
    stream_content_type = "text/event-stream"
    end_mark = b'event: message_stop\ndata: {"type":"message_stop"}\n\n'

    def parse(self, operation: Operation, raw: bytes) -> ChatRequest:
        """The client's body as a request; Anthropic has one operation, a chat."""
        return anthropic_request.parse(raw)

    def specifics(self, request: ChatRequest) -> JsonObject:
        """What a body says that neither messages nor options tell."""
        return specifics_of(request.body)

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

    def path(self, request: ChatRequest) -> str:
        """The path below a base URL without `/v1`, as Anthropic's own clients have it."""
        return "/v1/messages"

    def upstream_body(
        self, request: ChatRequest, model: str, left_out: frozenset[str] = NOTHING
    ) -> bytes:
        """The client's own bytes but for `model`, or the request in Anthropic's words."""
        if request.dialect == self.name and request.raw:
            return splice_model(request.raw, model)
        return upstream_request.write(request, model, left_out)

    def refused(self, request: ChatRequest, error: UpstreamError) -> frozenset[str]:
        """What the upstream does not take of a translated request."""
        return NOTHING if request.dialect == self.name else upstream_request.refused(request, error)

    def decode_response(self, raw: bytes) -> Frame:
        """A whole response body as one frame."""
        return anthropic_answer.decode_response(raw)

    def stream_reader(self) -> AnthropicReader:
        """A reader for one stream."""
        return AnthropicReader()

    def fault_of(self, status: int, body: bytes) -> tuple[FailureKind, str]:
        """What a non-2xx response means, and the upstream's message in one line."""
        fault, message = faults.fault_of(status, body)
        words = message.lower()
        if status >= 500 and any(sign in words for sign in _BUSY):
            return FailureKind.BUSY, message
        if status == 400 and "credit balance" in words:
            return FailureKind.AUTHENTICATION, message
        if status == 400 and any(sign in words for sign in _FORMAT) and "permitted" in words:
            return FailureKind.INCAPABLE, message  # a model that knows no format
        return fault, message

    def framed(self, frame: Frame) -> bytes:
        """The bytes of a frame as an event with its name, without which clients skip it."""
        return anthropic_framing.framed(frame.raw)

    def rewrite_model(self, frame: Frame, model: str) -> bytes:
        """The frame's bytes with `model` as the name of the model that answered."""
        return anthropic_framing.rewrite_model(frame, model)


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
