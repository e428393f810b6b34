"""`/metrics`, in Prometheus' text format."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gearshift.http.values import HttpRequest, HttpResponse

if TYPE_CHECKING:
    from gearshift.gateway.app import Gateway


async def exposition(gateway: Gateway, received: HttpRequest) -> HttpResponse:
    """All metrics of all workers."""
    content_type, text = gateway.metrics.exposition()
    return HttpResponse(200, {"content-type": content_type}, text)
