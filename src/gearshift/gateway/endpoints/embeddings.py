"""Embeddings, in every dialect that has them: parse, ask, and write the vectors."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable

import orjson

from gearshift.dialects.base import UpstreamDialect
from gearshift.dialects.embedding_format import ClientEmbeddings
from gearshift.dialects.splice import splice_model
from gearshift.gateway.context import GatewayContext
from gearshift.gateway.headers import decision_headers
from gearshift.http.values import HttpRequest, HttpResponse
from gearshift.providers.base import NativeProvider
from gearshift.threads import in_thread_if_large
from gearshift.types import ChatResponse, EmbeddingRequest, EmbeddingResponse, Operation

_JSON = "application/json"


def endpoint(
    operation: Operation, dialect: str, spoken: ClientEmbeddings
) -> Callable[[GatewayContext, HttpRequest], Awaitable[HttpResponse]]:
    """The endpoint of one operation in one dialect.

    Args:
        operation: One of those for embeddings.
        dialect: Its name.
        spoken: Its embeddings.
    """

    async def answer(context: GatewayContext, received: HttpRequest) -> HttpResponse:
        request = await context.parse(received, spoken, operation)
        if request.loads_model:
            return await _load(context, request)
        response = await context.llm.embeddings(request)
        same = context.upstream_dialects.get(dialect) if response.dialect == dialect else None
        headers = decision_headers(response.decision, response.overhead_seconds, response.cache)
        headers["content-type"] = _JSON
        return HttpResponse(200, headers, await _body(request, response, spoken, same))

    return answer


async def _body(
    request: EmbeddingRequest,
    response: ChatResponse,
    spoken: ClientEmbeddings,
    same: UpstreamDialect | None,
) -> bytes:
    """The upstream's own bytes where the client reads them, else the vectors written anew."""
    answer, model = response.frames, response.decision.model
    assert isinstance(answer, EmbeddingResponse)
    size = len(answer.frame.raw) or sum(map(len, answer.vectors))
    if same is not None and not answer.frame.is_other_shape:
        return await in_thread_if_large(size, same.rewrite_model, answer.frame, model)
    elapsed = time.perf_counter() - (request.received_at or time.perf_counter())
    return await in_thread_if_large(size, spoken.encode_response, request, answer, model, elapsed)


async def _load(context: GatewayContext, request: EmbeddingRequest) -> HttpResponse:
    """A request without input loads a model; with `keep_alive: 0` it unloads it."""
    decision = context.llm.decide(request)
    provider = context.llm.providers[decision.upstream]
    if isinstance(provider, NativeProvider) and provider.dialect == request.dialect:
        sent = splice_model(request.raw, decision.model)
        path = "/api/embed" if request.operation is Operation.EMBEDDING else "/api/embeddings"
        with context.llm.in_flight.one():
            status, content_type, body = await provider.native("POST", path, sent)
        return HttpResponse(status, {"content-type": content_type}, body)
    # Engines of other kinds keep their one model loaded: nothing to be done.
    reply = {"model": decision.model, "embeddings": []}
    if request.operation is Operation.PROMPT_EMBEDDING:
        reply = {"embedding": []}
    return HttpResponse(200, {"content-type": _JSON}, orjson.dumps(reply))
