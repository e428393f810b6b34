"""`/v1/route`: the decision for a chat body, with nothing sent upstream."""

from __future__ import annotations

import orjson

from gearshift.gateway.context import OWN_DIALECT, GatewayContext
from gearshift.gateway.headers import decision_headers
from gearshift.http.values import HttpRequest, HttpResponse
from gearshift.types import Operation


async def decision(context: GatewayContext, received: HttpRequest) -> HttpResponse:
    """Where this chat would go, and why."""
    request = await context.parse(received, context.dialects[OWN_DIALECT], Operation.CHAT)
    llm = context.llm
    await llm.recall(request)
    decided = llm.decide(request)
    headers = {**decision_headers(decided), "content-type": "application/json"}
    return HttpResponse(200, headers, orjson.dumps(decided.to_json()))
