"""`/metrics`, in Prometheus' text format."""

from __future__ import annotations

from gearshift.gateway.context import GatewayContext
from gearshift.http.values import HttpRequest, HttpResponse


async def exposition(context: GatewayContext, received: HttpRequest) -> HttpResponse:
    """All metrics of all workers."""
    content_type, text = context.metrics.exposition()
    return HttpResponse(200, {"content-type": content_type}, text)
