"""Chat and completion, in every dialect: parse, ask, and write the answer as it comes."""

from __future__ import annotations

import secrets
import time
from collections.abc import Awaitable, Callable

from gearshift.dialects.base import ClientDialect, FailingWriter, StreamWriter, UpstreamDialect
from gearshift.errors import GearshiftError, UpstreamError
from gearshift.gateway.context import GatewayContext
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

Load = Callable[[GatewayContext, ChatRequest], Awaitable[HttpResponse]]
"""Answers requests that only load a model."""


def endpoint(
    operation: Operation, dialect: str, load: Load | None = None
) -> Callable[[GatewayContext, HttpRequest], Awaitable[HttpResponse]]:
    """The endpoint of one operation in one dialect."""

    async def answer(context: GatewayContext, received: HttpRequest) -> HttpResponse:
        spoken = context.dialects[dialect]
        request = await context.parse(received, spoken, operation)
        if load is not None and request.loads_model:
            return await load(context, request)
        response = await context.answer(request)
        # Whose frames go to the client with the bytes that they came in.
        same = context.upstream_dialects.get(dialect) if response.dialect == dialect else None
        try:
            return await _written(request, response, spoken, same)
        except BaseException:
            await response.frames.aclose()  # nobody else has them yet
            raise

    return answer


async def _written(
    request: ChatRequest,
    response: ChatResponse,
    dialect: ClientDialect,
    same: UpstreamDialect | None,
) -> HttpResponse:
    headers = decision_headers(response.decision, response.overhead_seconds, response.cache)
    if request.stream:
        headers["content-type"] = dialect.stream_content_type
        headers["cache-control"] = "no-cache"
        headers["x-accel-buffering"] = "no"  # nginx would hold events back
        return HttpResponse(200, headers, _Pieces(request, response, dialect, same))
    headers["content-type"] = dialect.content_type
    frames = response.frames
    if not isinstance(frames, CompleteResponse):
        frames = CompleteResponse(await _only(frames))
    frame, model = frames.frame, response.decision.model
    if same is not None and not frame.is_other_shape:
        return HttpResponse(200, headers, same.rewrite_model(frame, model))
    chunk = (frame.chunk or Chunk())._replace(model=model)
    answer_id, now, elapsed = secrets.token_hex(12), time.time(), _elapsed(request)()
    return HttpResponse(
        200, headers, dialect.encode_response(request, chunk, answer_id, now, elapsed)
    )


async def _only(frames: FrameStream) -> Frame:
    try:
        frame = await frames.read() or Frame(b"")
        await frames.read()  # its end
        return frame
    finally:
        await frames.aclose()


def _elapsed(request: ChatRequest) -> Callable[[], float]:
    """Tells the seconds since the request had come."""
    since = request.received_at or time.perf_counter()
    return lambda: time.perf_counter() - since


class _Pieces:
    """A streamed answer as the client's dialect writes it."""

    def __init__(
        self,
        request: ChatRequest,
        response: ChatResponse,
        dialect: ClientDialect,
        same: UpstreamDialect | None,
    ) -> None:
        self._request = request
        self._frames = response.frames
        self._model = response.decision.model
        self._dialect = dialect
        self._same = same
        self._is_over = False
        self._has_end = False
        # None where the upstream's own bytes pass through.
        self._writer: StreamWriter | None = self._new_writer() if same is None else None

    def _new_writer(self) -> StreamWriter:
        answer_id, now = secrets.token_hex(12), time.time()
        return self._dialect.stream_writer(
            self._request, self._model, answer_id, now, _elapsed(self._request)
        )

    async def read(self) -> bytes | None:
        """The next bytes, `None` at the end; an answer never ends without a word."""
        if self._is_over:
            return None
        try:
            frame = await self._frames.read()
            if frame is not None:
                return self._written(frame)
            self._is_over = True
            return self._end()
        except UpstreamError as error:
            self._is_over = True
            return self._failed(error)
        except Exception as error:  # noqa: BLE001 - the edge: the client has to hear of it
            self._is_over = True
            return self._failed(log_internal_error(error, "streaming an answer"))

    def _failed(self, error: GearshiftError) -> bytes:
        if isinstance(self._writer, FailingWriter):
            return self._writer.fail(error)
        return self._dialect.write_stream_error(error)

    def _end(self) -> bytes | None:
        if self._writer is not None:
            return self._writer.finish()
        return None if self._same is None or self._has_end else self._same.end_mark

    def _written(self, frame: Frame) -> bytes:
        if self._same is not None:
            if frame.is_other_shape:  # a whole answer, as of servers that only seem to stream
                self._same, self._writer = None, self._new_writer()
            else:
                self._has_end = frame.is_end
                return self._same.rewrite_model(frame, self._model)
        assert self._writer is not None
        return b"" if frame.chunk is None else self._writer.write(frame.chunk)

    def abort_marker(self) -> bytes:
        """The bytes that end the answer when the server cannot wait for its end."""
        stopping = GearshiftError("gearshift is stopping; the answer is not complete")
        return self._failed(stopping)

    async def aclose(self) -> None:
        """Stop the upstream."""
        await self._frames.aclose()
