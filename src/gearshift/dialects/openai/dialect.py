"""The OpenAI dialect: chat completions and completions over server-sent events."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import orjson

from gearshift.dialects import errors as faults
from gearshift.dialects import openai_errors
from gearshift.dialects.base import NOTHING, unknown_time
from gearshift.dialects.decoding import BOM
from gearshift.dialects.openai import answer as openai_answer
from gearshift.dialects.openai import request as openai_request
from gearshift.dialects.openai import translation as openai_translation
from gearshift.dialects.openai import writing as openai_writing
from gearshift.dialects.openai.answer import OpenAIReader
from gearshift.dialects.openai.api import API
from gearshift.dialects.openai.embeddings import OpenAIEmbeddings
from gearshift.dialects.openai.writing import OpenAIWriter
from gearshift.dialects.refusals import refused_fields
from gearshift.dialects.splice import splice_model
from gearshift.dialects.sse import framed
from gearshift.errors import FailureKind, GearshiftError, UpstreamError
from gearshift.types import ChatRequest, Chunk, Frame, JsonObject, Operation


class OpenAIDialect:
    """What OpenAI, vLLM, llama.cpp, LM Studio and most clients speak.

    >>> OpenAIDialect().parse(Operation.CHAT, b'{"messages":[]}')
    Traceback (most recent call last):
    gearshift.errors.RequestError: 'messages' must be a list of at least one message.
    """

    name = "openai"
    api = API
    embeddings = OpenAIEmbeddings()
    content_type = "application/json"
    stream_content_type = "text/event-stream"
    end_mark = b"data: [DONE]\n\n"

    def parse(self, operation: Operation, raw: bytes) -> ChatRequest:
        """The client's body as a request."""
        return openai_request.parse(operation, raw)

    def specifics(self, request: ChatRequest) -> JsonObject:
        """What a body says that neither messages nor options tell."""
        return openai_request.specifics(request)

    def encode_response(
        self,
        request: ChatRequest,
        chunk: Chunk,
        answer_id: str,
        now: float,
        elapsed_seconds: float = 0.0,
    ) -> bytes:
        """A whole answer as the body of a response; OpenAI's tell no durations."""
        return openai_writing.encode_response(request, chunk, answer_id, now)

    def stream_writer(
        self,
        request: ChatRequest,
        model: str,
        answer_id: str,
        now: float,
        elapsed: Callable[[], float] = unknown_time,
    ) -> OpenAIWriter:
        """A writer for one streamed answer."""
        return OpenAIWriter(request, model, answer_id, now)

    def write_error(self, error: GearshiftError) -> tuple[int, Mapping[str, str], bytes]:
        """Status, extra headers and body; tells the SDK not to repeat what we tried already."""
        return openai_errors.written(error)

    def write_stream_error(self, error: GearshiftError) -> bytes:
        """An event that the SDK raises as `APIError`; no `[DONE]` follows."""
        words = {"error": openai_errors.fields(faults.reply_to(error))}
        return b"data: " + orjson.dumps(words) + b"\n\n"

    def path(self, request: ChatRequest) -> str:
        """The path below a base URL that ends in `/v1`."""
        if openai_translation.is_text_completion(request):
            return "/completions"
        return "/chat/completions"

    def upstream_body(
        self, request: ChatRequest, model: str, left_out: frozenset[str] = NOTHING
    ) -> bytes:
        """The client's own bytes but for `model`, or the request in OpenAI's words."""
        if request.dialect == self.name and request.raw:
            return splice_model(request.raw, model)
        return openai_translation.write(request, model, left_out)

    def refused(self, request: ChatRequest, error: UpstreamError) -> frozenset[str]:
        """What the upstream does not take of a translated request."""
        return NOTHING if request.dialect == self.name else refused_fields(request, error)

    def decode_response(self, raw: bytes) -> Frame:
        """A whole response body as one frame."""
        return openai_answer.decode_response(raw)

    def stream_reader(self) -> OpenAIReader:
        """A reader for one stream."""
        return OpenAIReader()

    def fault_of(self, status: int, body: bytes) -> tuple[FailureKind, str]:
        """What a non-2xx response means, and the upstream's message in one line."""
        return faults.fault_of(status, body)

    def framed(self, frame: Frame) -> bytes:
        """The bytes of a frame as an event with its blank line."""
        return framed(frame.raw)

    def rewrite_model(self, frame: Frame, model: str) -> bytes:
        """The frame's bytes with `model` as the name of the model that answered."""
        raw, chunk = frame.raw.removeprefix(BOM), frame.chunk
        if chunk is None:
            return openai_writing.without_words(raw, is_end=frame.is_end)
        if chunk.tool_calls:
            raw = openai_writing.relabelled(raw, chunk.tool_calls)
        if chunk.model is None or chunk.model == model:
            return raw
        return splice_model(raw, model)
