"""`/v1/messages/count_tokens`: how many tokens a request has, by the upstream or about."""

from __future__ import annotations

import asyncio
from typing import Final

from gearshift.dialects.anthropic.counting import tokens_of
from gearshift.dialects.anthropic.request import parse
from gearshift.errors import RequestError, UpstreamError
from gearshift.gateway.context import GatewayContext
from gearshift.gateway.forwarding import forwarded_headers
from gearshift.gateway.json_response import json_response
from gearshift.http.values import HttpRequest, HttpResponse
from gearshift.providers.base import CountingProvider
from gearshift.types import ChatRequest

# Clients ask before each turn, and wait for it.
_PATIENCE_SECONDS: Final = 2.0


async def count(context: GatewayContext, received: HttpRequest) -> HttpResponse:
    """The tokens of a request that could be sent to `/v1/messages`, with or without a limit."""
    request = parse(received.body, is_counted=True)
    request.allowed_tiers = received.allowed_tiers
    request.headers = forwarded_headers(received.headers)
    counted = await _counted(context, request)
    return json_response({"input_tokens": tokens_of(request) if counted is None else counted})


async def _counted(context: GatewayContext, request: ChatRequest) -> int | None:
    """By whoever would answer; `None` where that is nobody, or it cannot say in time."""
    try:
        decision = context.llm.decide(request)
    except RequestError:
        return None
    provider = context.llm.providers.get(decision.upstream)
    if not isinstance(provider, CountingProvider):
        return None
    try:
        with context.llm.in_flight.one():
            async with asyncio.timeout(_PATIENCE_SECONDS):
                return await provider.count_tokens(request, decision.model)
    except (TimeoutError, UpstreamError):
        return None
