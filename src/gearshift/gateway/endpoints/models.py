"""OpenAI's list of models: `auto`, the tiers, and the upstreams' own."""

from __future__ import annotations

from importlib.metadata import version

from gearshift.catalog.served_models import ServedModel, of_name
from gearshift.errors import RequestError
from gearshift.gateway.context import GatewayContext
from gearshift.gateway.json_response import json_response
from gearshift.http.values import HttpRequest, HttpResponse
from gearshift.types import JsonObject

_CREATED = 1767225600  # clients want a number; upstreams rarely say


async def listing(context: GatewayContext, received: HttpRequest) -> HttpResponse:
    """Everything that may stand in `model`."""
    data = [_entry(served) for served in context.llm.served_models(received.allowed_tiers)]
    return json_response({"object": "list", "data": data})


async def one(context: GatewayContext, received: HttpRequest) -> HttpResponse:
    """One of them; a name may hold slashes and colons."""
    name = received.path.partition("/models/")[2].rstrip("/")
    served = of_name(name, context.llm.served_models(received.allowed_tiers))
    if served is not None:
        return json_response(_entry(served))
    raise RequestError(
        f"model '{name[:200]}' not found", status=404, field="model", code="model_not_found"
    )


def _entry(served: ServedModel) -> JsonObject:
    return {
        "id": served.name,
        "object": "model",
        "created": _CREATED,
        # Ours say which gearshift this is.
        "owned_by": served.upstream or f"gearshift {version('gearshift')}",
    }
