"""How many tokens a request of Anthropic or of Responses has, by the upstream or about."""

from __future__ import annotations

import asyncio
from typing import Final, Protocol

from gearshift.dialects.anthropic import request as messages
from gearshift.dialects.counting import tokens_of
from gearshift.dialects.responses import request as items
from gearshift.errors import RequestError, UpstreamError
from gearshift.gateway.context import GatewayContext
from gearshift.gateway.json_response import json_response
from gearshift.http.values import HttpRequest, HttpResponse
from gearshift.providers.base import CountingProvider
from gearshift.types import ChatRequest, Operation

# Clients ask before each turn, and wait for it.
_PATIENCE_SECONDS: Final = 2.0


async def of_messages(context: GatewayContext, received: HttpRequest) -> HttpResponse:
    """The tokens of what could be sent to `/v1/messages`, with or without a limit."""
    return json_response({"input_tokens": await _tokens(context, received, messages.parse)})


async def of_items(context: GatewayContext, received: HttpRequest) -> HttpResponse:
    """The tokens of what could be sent to `/v1/responses`, or of its instructions and tools."""
    tokens = await _tokens(context, received, items.parse)
    return json_response({"object": "response.input_tokens", "input_tokens": tokens})


class _Read(Protocol):
    """Reads a body, or one whose tokens are counted."""

    def __call__(self, raw: bytes, *, is_counted: bool) -> ChatRequest: ...


class _CountedParser:
    """Reads bodies whose tokens are counted.

    Args:
        read: Of their dialect.
    """

    def __init__(self, read: _Read) -> None:
        self._read = read

    def parse(self, operation: Operation, raw: bytes) -> ChatRequest:
        """The client's body as a request."""
        return self._read(raw, is_counted=True)


async def _tokens(context: GatewayContext, received: HttpRequest, read: _Read) -> int:
    request = await context.parse(received, _CountedParser(read), Operation.CHAT)
    counted = await _counted(context, request)
    return tokens_of(request) if counted is None else counted


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
