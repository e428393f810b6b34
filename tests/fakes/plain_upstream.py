"""An upstream dialect of its own, and its provider: no client speaks it.

    POST /ask  {"q": "hi", "model": "large", "stream": false}
    200        {"t": "hello"}

A stream is plain lines, each a JSON string that is a piece of the text; the last one is `null`.
"""

from __future__ import annotations

import json
from typing import Any

from gearshift.dialects.base import NOTHING
from gearshift.dialects.errors import fault_of
from gearshift.dialects.ndjson import LineDecoder
from gearshift.errors import FailureKind, UpstreamError
from gearshift.providers.openai_compatible import OpenAICompatibleProvider
from gearshift.types import ChatRequest, Chunk, Frame


class PlainDialect:
    """What the toy's upstream speaks."""

    name = "plain"
    end_mark = b"null\n"

    def path(self, request: ChatRequest) -> str:
        """One for all."""
        return "/ask"

    def upstream_body(
        self, request: ChatRequest, model: str, left_out: frozenset[str] = NOTHING
    ) -> bytes:
        """The last turn."""
        question = request.messages[-1]["content"]
        return json.dumps({"q": question, "model": model, "stream": request.stream}).encode()

    def decode_response(self, raw: bytes) -> Frame:
        """All of the text."""
        try:
            text = json.loads(raw)["t"]
        except (ValueError, KeyError, TypeError) as error:
            return Frame(raw, error=f"the answer is not one: {error!r}")
        return Frame(raw, Chunk(text, finish_reason="stop"), is_end=True)

    def stream_reader(self) -> PlainReader:
        """A reader of lines."""
        return PlainReader()

    def refused(self, request: ChatRequest, error: UpstreamError) -> frozenset[str]:
        """Nothing: there is nothing that could be left out."""
        return NOTHING

    def fault_of(self, status: int, body: bytes) -> tuple[FailureKind, str]:
        """What it means in most dialects."""
        return fault_of(status, body)

    def framed(self, frame: Frame) -> bytes:
        """As it came."""
        return frame.raw

    def rewrite_model(self, frame: Frame, model: str) -> bytes:
        """As it came: no model is named."""
        return frame.raw


class PlainReader:
    """Reads one piece a line."""

    def __init__(self) -> None:
        self._lines = LineDecoder()

    def feed(self, data: bytes) -> list[Frame]:
        """The pieces completed by `data`."""
        return [self._frame(line) for line in self._lines.feed(data)]

    def finish(self) -> list[Frame]:
        """A last piece without its newline."""
        return [self._frame(line) for line in self._lines.finish()]

    def _frame(self, line: bytes) -> Frame:
        said: Any = json.loads(line)
        if said is None:
            return Frame(line, Chunk(finish_reason="stop"), is_end=True)
        return Frame(line, Chunk(said))


class PlainProvider(OpenAICompatibleProvider):
    """One that is found as others are, and asked in its own words."""

    name = "plain"
    dialect = "plain"
