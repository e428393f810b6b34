"""AskDialect: clients that send a prompt and get a text.

    POST /ask  {"prompt": "hi", "stream": false, "model": "auto"}
    200        {"text": "hello"}

A stream is the text itself, as it comes; an error is `{"wrong": "…"}`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from gearshift.dialects.base import unknown_time
from gearshift.dialects.client_api import ClientApi, ClientRoute, model_answer
from gearshift.dialects.errors import reply_to
from gearshift.errors import GearshiftError, RequestError
from gearshift.types import ChatRequest, Chunk, Operation


class AskDialect:
    """What clients of `/ask` speak."""

    name = "ask"
    content_type = "application/json"
    stream_content_type = "text/plain; charset=utf-8"
    api = ClientApi(
        routes=(
            ClientRoute(
                "POST",
                "/ask",
                Operation.CHAT,
                model_answer(
                    "Ask a question",
                    "AskQuestion",
                    {"$ref": "#/components/schemas/AskAnswer"},
                    ("text/plain", {"type": "string"}),
                ),
            ),
        ),
        error_schema="AskError",
        schemas={
            "AskQuestion": {
                "type": "object",
                "required": ["prompt"],
                "properties": {"prompt": {"type": "string"}, "stream": {"type": "boolean"}},
            },
            "AskAnswer": {"type": "object", "properties": {"text": {"type": "string"}}},
            "AskError": {"type": "object", "properties": {"wrong": {"type": "string"}}},
        },
        prefixes=("/ask",),
    )

    def parse(self, operation: Operation, raw: bytes) -> ChatRequest:
        """A prompt as a conversation of one turn."""
        try:
            body: Any = json.loads(raw)
        except ValueError as error:
            raise RequestError(f"the body is not valid JSON: {error}") from error
        if not isinstance(body, dict) or not isinstance(body.get("prompt"), str):
            raise RequestError("'prompt' must be a string.", field="prompt")
        return ChatRequest(
            self.name,
            operation,
            str(body.get("model") or "auto"),
            [{"role": "user", "content": body["prompt"]}],
            stream=body.get("stream") is True,
            body=body,
            raw=raw,
        )

    def encode_response(
        self,
        request: ChatRequest,
        chunk: Chunk,
        answer_id: str,
        now: float,
        elapsed_seconds: float = 0.0,
    ) -> bytes:
        """A whole answer."""
        return json.dumps({"text": chunk.content}).encode()

    def stream_writer(
        self,
        request: ChatRequest,
        model: str,
        answer_id: str,
        now: float,
        elapsed: Callable[[], float] = unknown_time,
    ) -> TextWriter:
        """What writes a stream, piece by piece."""
        return TextWriter()

    def write_error(self, error: GearshiftError) -> tuple[int, Mapping[str, str], bytes]:
        """Status, headers and body of an error."""
        reply = reply_to(error)
        return reply.status, reply.headers, _wrong(error)

    def write_stream_error(self, error: GearshiftError) -> bytes:
        """What a stream that breaks off ends with."""
        return b"\n" + _wrong(error)


class TextWriter:
    """Writes the pieces as they are."""

    def write(self, chunk: Chunk) -> bytes:
        """One piece."""
        return chunk.content.encode()

    def finish(self) -> bytes:
        """What comes after the last one: nothing."""
        return b""


def _wrong(error: GearshiftError) -> bytes:
    return json.dumps({"wrong": reply_to(error).message}).encode()
