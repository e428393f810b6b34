"""Chat and completion, in every dialect: parse, ask, and write the answer as it comes."""

from __future__ import annotations

import secrets
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from gearshift.errors import GearshiftError, UpstreamError
from gearshift.gateway import ollama
from gearshift.gateway.headers import decision_headers
from gearshift.http.defects import defect
from gearshift.http.values import HttpRequest, HttpResponse
from gearshift.types import ChatRequest, ChatResponse, Chunk, Operation
from gearshift.wire.base import Dialect

if TYPE_CHECKING:
    from gearshift.gateway.app import Gateway


def endpoint(
    operation: Operation, dialect: str
) -> Callable[[Gateway, HttpRequest], Awaitable[HttpResponse]]:
    """The endpoint of one operation in one dialect."""

    async def answer(gateway: Gateway, received: HttpRequest) -> HttpResponse:
        spoken = gateway.dialects[dialect]
        request = await gateway.parse(received, spoken, operation)
        if not request.messages:
            return await ollama.load(gateway, request)
        response = await gateway.llm.complete(request)
        headers = decision_headers(response.decision, response.overhead_seconds)
        if request.stream:
            headers["content-type"] = spoken.stream_content_type
            headers["cache-control"] = "no-cache"
            headers["x-accel-buffering"] = "no"  # nginx would hold events back
            pieces = _stream(request, response, spoken)
            stopping = GearshiftError("gearshift is stopping; the answer is not complete")
            last = spoken.write_stream_error(stopping)
            return HttpResponse(200, headers, pieces, response.frames.aclose, last)
        headers["content-type"] = "application/json"
        return HttpResponse(200, headers, await _whole(request, response, spoken))

    return answer


async def _whole(request: ChatRequest, response: ChatResponse, dialect: Dialect) -> bytes:
    model = response.decision.model
    try:
        (frame,) = [frame async for frame in response.frames]
    finally:
        await response.frames.aclose()
    if response.dialect == dialect.name:
        return dialect.with_model(frame, model)
    chunk = replace(frame.chunk or Chunk(), model=model)
    return dialect.write_answer(request, chunk, secrets.token_hex(12), time.time())


async def _stream(
    request: ChatRequest, response: ChatResponse, dialect: Dialect
) -> AsyncGenerator[bytes]:
    model = response.decision.model
    is_same = response.dialect == dialect.name
    writer = dialect.stream_writer(request, model, secrets.token_hex(12), time.time())
    try:
        async for frame in response.frames:
            if is_same:
                yield dialect.with_model(frame, model)
            elif frame.chunk is not None and (data := writer.write(frame.chunk)):
                yield data
        if not is_same:
            yield writer.finish()
    except UpstreamError as error:
        yield dialect.write_stream_error(error)
    except Exception as error:  # noqa: BLE001 - the edge: an answer never ends without a word
        yield dialect.write_stream_error(defect(error, "streaming an answer"))
