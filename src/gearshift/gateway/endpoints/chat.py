"""Chat and completion, in every dialect: parse, ask, and write the answer as it comes."""

from __future__ import annotations

import secrets
import time
from collections.abc import Awaitable, Callable

from gearshift.dialects.base import Dialect, StreamWriter
from gearshift.errors import GearshiftError, UpstreamError
from gearshift.gateway.context import GatewayContext
from gearshift.gateway.endpoints import ollama
from gearshift.gateway.headers import decision_headers
from gearshift.http.server.internal_errors import log_internal_error
from gearshift.http.values import HttpRequest, HttpResponse
from gearshift.types import (
    ChatRequest,
    ChatResponse,
    Chunk,
    CompleteResponse,
    Frame,
    FrameStream,
    Operation,
)


def endpoint(
    operation: Operation, dialect: str
) -> Callable[[GatewayContext, HttpRequest], Awaitable[HttpResponse]]:
    """The endpoint of one operation in one dialect."""

    async def answer(context: GatewayContext, received: HttpRequest) -> HttpResponse:
        spoken = context.dialects[dialect]
        request = await context.parse(received, spoken, operation)
        if not request.messages:
            return await ollama.load(context, request)
        response = await context.answer(request)
        try:
            return await _written(request, response, spoken)
        except BaseException:
            await response.frames.aclose()  # nobody else has them yet
            raise

    return answer


async def _written(request: ChatRequest, response: ChatResponse, dialect: Dialect) -> HttpResponse:
    headers = decision_headers(response.decision, response.overhead_seconds)
    if request.stream:
        headers["content-type"] = dialect.stream_content_type
        headers["cache-control"] = "no-cache"
        headers["x-accel-buffering"] = "no"  # nginx would hold events back
        return HttpResponse(200, headers, _Pieces(request, response, dialect))
    headers["content-type"] = "application/json"
    frames = response.frames
    if not isinstance(frames, CompleteResponse):
        frames = CompleteResponse(await _only(frames))
    return HttpResponse(200, headers, _whole(request, response, frames.frame, dialect))


async def _only(frames: FrameStream) -> Frame:
    try:
        frame = await frames.read() or Frame(b"")
        await frames.read()  # its end
        return frame
    finally:
        await frames.aclose()


def _whole(request: ChatRequest, response: ChatResponse, frame: Frame, dialect: Dialect) -> bytes:
    model = response.decision.model
    if response.dialect == dialect.name:
        return dialect.rewrite_model(frame, model)
    chunk = (frame.chunk or Chunk())._replace(model=model)
    elapsed = _elapsed(request)()
    return dialect.encode_response(request, chunk, secrets.token_hex(12), time.time(), elapsed)


def _elapsed(request: ChatRequest) -> Callable[[], float]:
    """Tells the seconds since the request had come."""
    since = request.received_at or time.perf_counter()
    return lambda: time.perf_counter() - since


class _Pieces:
    """A streamed answer as the client's dialect writes it."""

    def __init__(self, request: ChatRequest, response: ChatResponse, dialect: Dialect) -> None:
        self._frames = response.frames
        self._model = response.decision.model
        self._dialect = dialect
        self._is_over = False
        self._has_end = False
        # None where the upstream's own bytes pass through.
        self._writer: StreamWriter | None = None
        if response.dialect != dialect.name:
            answer_id, now = secrets.token_hex(12), time.time()
            self._writer = dialect.stream_writer(
                request, self._model, answer_id, now, _elapsed(request)
            )

    async def read(self) -> bytes | None:
        """The next bytes, `None` at the end; an answer never ends without a word."""
        if self._is_over:
            return None
        try:
            frame = await self._frames.read()
            if frame is not None:
                return self._written(frame)
        except UpstreamError as error:
            self._is_over = True
            return self._dialect.write_stream_error(error)
        except Exception as error:  # noqa: BLE001 - the edge: the client has to hear of it
            self._is_over = True
            return self._dialect.write_stream_error(
                log_internal_error(error, "streaming an answer")
            )
        self._is_over = True
        if self._writer is not None:
            return self._writer.finish()
        return None if self._has_end else self._dialect.end_mark

    def _written(self, frame: Frame) -> bytes:
        if self._writer is None:
            self._has_end = frame.is_end
            return self._dialect.rewrite_model(frame, self._model)
        return b"" if frame.chunk is None else self._writer.write(frame.chunk)

    def abort_marker(self) -> bytes:
        """The bytes that end the answer when the server cannot wait for its end."""
        stopping = GearshiftError("gearshift is stopping; the answer is not complete")
        return self._dialect.write_stream_error(stopping)

    async def aclose(self) -> None:
        """Stop the upstream."""
        await self._frames.aclose()
