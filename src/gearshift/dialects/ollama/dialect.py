"""The Ollama dialect: chat and generate over newline-delimited JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import orjson

from gearshift.dialects import errors as faults
from gearshift.dialects.base import NOTHING, unknown_time
from gearshift.dialects.decoding import BOM
from gearshift.dialects.ollama import answer as ollama_answer
from gearshift.dialects.ollama import request as ollama_request
from gearshift.dialects.ollama import upstream_request
from gearshift.dialects.ollama import writing as ollama_writing
from gearshift.dialects.ollama.answer import OllamaReader
from gearshift.dialects.ollama.api import API
from gearshift.dialects.ollama.embeddings import OllamaEmbeddings
from gearshift.dialects.ollama.writing import OllamaWriter
from gearshift.dialects.splice import splice_model
from gearshift.dialects.sse import document_in
from gearshift.errors import FailureKind, GearshiftError, UpstreamError
from gearshift.types import ChatRequest, Chunk, Frame, JsonObject, Operation


class OllamaDialect:
    """Ollama's native API.

    >>> OllamaDialect().parse(Operation.CHAT, b'{"messages":[]}').stream
    True
    """

    name = "ollama"
    api = API
    embeddings = OllamaEmbeddings()
    content_type = "application/json"
    stream_content_type = "application/x-ndjson"
    end_mark = b""  # the last line says "done": true itself

    def parse(self, operation: Operation, raw: bytes) -> ChatRequest:
        """The client's body as a request; no messages: it asks to load or unload a model."""
        return ollama_request.parse(operation, raw)

    def specifics(self, request: ChatRequest) -> JsonObject:
        """What a body says that neither messages nor options tell."""
        return ollama_request.specifics(request)

    def encode_response(
        self,
        request: ChatRequest,
        chunk: Chunk,
        answer_id: str,
        now: float,
        elapsed_seconds: float = 0.0,
    ) -> bytes:
        """A whole answer as the body of a response; Ollama's answers have no id."""
        return ollama_writing.encode_response(request, chunk, now, elapsed_seconds)

    def stream_writer(
        self,
        request: ChatRequest,
        model: str,
        answer_id: str,
        now: float,
        elapsed: Callable[[], float] = unknown_time,
    ) -> OllamaWriter:
        """A writer for one streamed answer."""
        return OllamaWriter(request, model, now, elapsed)

    def write_error(self, error: GearshiftError) -> tuple[int, Mapping[str, str], bytes]:
        """Status, extra headers and body."""
        reply = faults.reply_to(error)
        return reply.status, reply.headers, _own_body(error) or _error_body(reply.message)

    def write_stream_error(self, error: GearshiftError) -> bytes:
        """A line that the client raises as `ResponseError`."""
        return _error_body(faults.reply_to(error).message) + b"\n"

    def path(self, request: ChatRequest) -> str:
        """The path below a base URL that ends in the port."""
        return "/api/chat" if request.operation is Operation.CHAT else "/api/generate"

    def upstream_body(
        self, request: ChatRequest, model: str, left_out: frozenset[str] = NOTHING
    ) -> bytes:
        """The client's own bytes but for `model`, or the request in Ollama's words."""
        if request.dialect == self.name and request.raw:
            return splice_model(request.raw, model)
        return upstream_request.write(request, model, left_out)

    def refused(self, request: ChatRequest, error: UpstreamError) -> frozenset[str]:
        """What the upstream does not take of a translated request."""
        return NOTHING if request.dialect == self.name else upstream_request.refused(request, error)

    def decode_response(self, raw: bytes) -> Frame:
        """A whole response body as one frame."""
        return ollama_answer.decode_response(raw)

    def stream_reader(self) -> OllamaReader:
        """A reader for one stream."""
        return OllamaReader()

    def fault_of(self, status: int, body: bytes) -> tuple[FailureKind, str]:
        """What a non-2xx response means, and the upstream's message in one line."""
        return faults.fault_of(status, body)

    def framed(self, frame: Frame) -> bytes:
        """The bytes of a frame as one line; nothing for the comments of another framing."""
        return document_in(frame.raw) + b"\n" if frame.chunk else b""

    def rewrite_model(self, frame: Frame, model: str) -> bytes:
        """The frame's bytes with `model` as the name of the model that answered."""
        raw = frame.raw.removeprefix(BOM)
        if frame.chunk is None or frame.chunk.model is None or frame.chunk.model == model:
            return raw
        return splice_model(raw, model)


def _own_body(error: GearshiftError) -> bytes:
    """The upstream's words about a client's mistake, unchanged if they are Ollama's already."""
    body = faults.rejection(error)
    words = body.decoded.get("error") if body else None
    return body.body if body and words and isinstance(words, str) else b""


def _error_body(message: str) -> bytes:
    return orjson.dumps({"error": message})
