"""`/v1/messages/count_tokens`: about how many tokens a request has."""

from __future__ import annotations

from gearshift.dialects.anthropic.counting import tokens_of
from gearshift.dialects.anthropic.request import parse
from gearshift.gateway.context import GatewayContext
from gearshift.gateway.json_response import json_response
from gearshift.http.values import HttpRequest, HttpResponse


async def count(context: GatewayContext, received: HttpRequest) -> HttpResponse:
    """The estimate for a request that could be sent to `/v1/messages`, with or without a limit."""
    request = parse(received.body, is_counted=True)
    return json_response({"input_tokens": tokens_of(request)})
