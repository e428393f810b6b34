"""`/v1/route`: the decision for a chat body, with nothing sent upstream."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from gearshift.gateway.headers import decision_headers
from gearshift.http.values import HttpRequest, HttpResponse
from gearshift.types import Operation

if TYPE_CHECKING:
    from gearshift.gateway.app import Gateway


async def decision(gateway: Gateway, received: HttpRequest) -> HttpResponse:
    """Where this chat would go, and why."""
    request = await gateway.parse(received, gateway.dialects["openai"], Operation.CHAT)
    decided = gateway.llm.decide(request)
    headers = {**decision_headers(decided), "content-type": "application/json"}
    return HttpResponse(200, headers, orjson.dumps(decided.to_json()))
