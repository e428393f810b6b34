"""Health: `live` while the process answers, `ready` while every tier can."""

from __future__ import annotations

from gearshift.gateway.context import GatewayContext
from gearshift.gateway.readiness import readiness
from gearshift.http.values import HttpRequest, HttpResponse


async def live(context: GatewayContext, received: HttpRequest) -> HttpResponse:
    """The process answers."""
    return HttpResponse(200, {"content-type": "application/json"}, b'{"status":"live"}')


async def ready(context: GatewayContext, received: HttpRequest) -> HttpResponse:
    """200 when every tier has a deployment that is ready, else 503; says which is how."""
    return readiness(context.llm, is_leaving=context.is_leaving)
