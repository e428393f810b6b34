"""Health: `live` while the process answers, `ready` while every tier can."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gearshift.http.readiness import readiness
from gearshift.http.values import HttpRequest, HttpResponse

if TYPE_CHECKING:
    from gearshift.gateway.app import Gateway


async def live(gateway: Gateway, received: HttpRequest) -> HttpResponse:
    """The process answers."""
    return HttpResponse(200, {"content-type": "application/json"}, b'{"status":"live"}')


async def ready(gateway: Gateway, received: HttpRequest) -> HttpResponse:
    """200 when every tier has a deployment that is ready, else 503; says which is how."""
    return readiness(gateway.llm)
