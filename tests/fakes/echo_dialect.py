"""A client dialect of its own, small enough to be read at once: questions in, texts out.

    POST /echo/v0/ask  {"prompt": "hi", "stream": false, "model": "auto"}
    200                {"text": "hello", "model": "gemma2:2b"}

A stream is plain lines, each a JSON string that is a piece of the text, and `end` after the last;
an error is `{"wrong": "…"}`, in a stream behind `! `. What it takes of gearshift is all that a
dialect needs: types, the description of its API, and what errors mean.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from gearshift.dialects.base import unknown_time
from gearshift.dialects.client_api import ClientApi, ClientRoute, Entry, model_answer
from gearshift.dialects.errors import reply_to
from gearshift.errors import GearshiftError, RequestError
from gearshift.types import ChatRequest, Chunk, Operation

_LINES: Final = "text/plain; charset=utf-8"

API: Final = ClientApi(
    routes=(
        ClientRoute(
            "POST",
            "/echo/v0/ask",
            Operation.CHAT,
            model_answer(
                "Ask a question",
                "EchoQuestion",
                {"$ref": "#/components/schemas/EchoAnswer"},
                ("text/plain", {"type": "string"}),
            ),
        ),
        ClientRoute(
            "GET",
            "/echo/v0/names",
            "gearshift.gateway.endpoints.models:listing",
            Entry("Every name that `model` may have", {"application/json": {"type": "object"}}),
        ),
    ),
    error_schema="EchoError",
    schemas={
        "EchoQuestion": {
            "type": "object",
            "required": ["prompt"],
            "properties": {"prompt": {"type": "string"}, "stream": {"type": "boolean"}},
        },
        "EchoAnswer": {"type": "object", "properties": {"text": {"type": "string"}}},
        "EchoError": {"type": "object", "properties": {"wrong": {"type": "string"}}},
    },
    prefixes=("/echo/",),
    unavailable={"/echo/v0/shout": "speak softly"},
    models_path="/echo/v0/names",
)


class EchoDialect:
    """What the toy's clients speak; no upstream does."""

    name = "echo"
    api = API
    content_type = "application/json"
    stream_content_type = _LINES

    def parse(self, operation: Operation, raw: bytes) -> ChatRequest:
        """A question as a chat of one turn."""
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
            [{"role": "user", "content": body["prompt"]}] if body["prompt"] else [],
            stream=bool(body.get("stream")),
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
        """All of the text."""
        return json.dumps({"text": chunk.content, "model": chunk.model}).encode()

    def stream_writer(
        self,
        request: ChatRequest,
        model: str,
        answer_id: str,
        now: float,
        elapsed: Callable[[], float] = unknown_time,
    ) -> EchoWriter:
        """A writer of lines."""
        return EchoWriter()

    def write_error(self, error: GearshiftError) -> tuple[int, Mapping[str, str], bytes]:
        """The error's words, with the status that they have in every dialect."""
        reply = reply_to(error)
        return reply.status, reply.headers, _wrong(error)

    def write_stream_error(self, error: GearshiftError) -> bytes:
        """The last line of a stream that broke off."""
        return b"! " + _wrong(error) + b"\n"


class EchoWriter:
    """Writes one line for each piece."""

    def write(self, chunk: Chunk) -> bytes:
        """The piece, if it is one."""
        return json.dumps(chunk.content).encode() + b"\n" if chunk.content else b""

    def finish(self) -> bytes:
        """The line after the last piece."""
        return b"end\n"


def _wrong(error: GearshiftError) -> bytes:
    return json.dumps({"wrong": reply_to(error).message}).encode()
