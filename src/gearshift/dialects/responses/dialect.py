"""The dialect of OpenAI's Responses API: items in, items out, named events between."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from gearshift.dialects import openai_errors
from gearshift.dialects.base import unknown_time
from gearshift.dialects.responses import request as responses_request
from gearshift.dialects.responses import stream as responses_stream
from gearshift.dialects.responses import writing as responses_writing
from gearshift.dialects.responses.api import API
from gearshift.dialects.responses.stream import ResponsesWriter
from gearshift.errors import GearshiftError
from gearshift.types import ChatRequest, Chunk, Operation


class ResponsesDialect:
    """What Codex and newer clients of OpenAI's SDKs speak.

    Not a part of `openai`, though of the same vendor: upstreams are asked for chats, whose frames
    are none of this dialect's events.

    >>> ResponsesDialect().parse(Operation.CHAT, b'{"input":[]}')
    Traceback (most recent call last):
    gearshift.errors.RequestError: 'input' must be a string or a list of at least one item.
    """

    name = "responses"
    api = API
    content_type = "application/json"
    stream_content_type = "text/event-stream"

    def parse(self, operation: Operation, raw: bytes) -> ChatRequest:
        """The client's body as a request; there is one operation, a chat."""
        return responses_request.parse(raw)

    def specifics(self, request: ChatRequest) -> Mapping[str, Any]:
        """Nothing: no upstream is told more than messages and options."""
        return {}

    def encode_response(
        self,
        request: ChatRequest,
        chunk: Chunk,
        answer_id: str,
        now: float,
        elapsed_seconds: float = 0.0,
    ) -> bytes:
        """A whole answer as the body of a response."""
        return responses_writing.encode_response(request, chunk, answer_id, now)

    def stream_writer(
        self,
        request: ChatRequest,
        model: str,
        answer_id: str,
        now: float,
        elapsed: Callable[[], float] = unknown_time,
    ) -> ResponsesWriter:
        """A writer for one streamed answer."""
        return ResponsesWriter(request, model, answer_id, now)

    def write_error(self, error: GearshiftError) -> tuple[int, Mapping[str, str], bytes]:
        """Status, extra headers and body, as of OpenAI's other paths."""
        return openai_errors.written(error)

    def write_stream_error(self, error: GearshiftError) -> bytes:
        """An event that the SDK raises as `APIError`, where nothing of the answer is known."""
        return responses_stream.error_event(error, 0)
