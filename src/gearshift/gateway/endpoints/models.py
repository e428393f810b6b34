"""The list of models: `auto`, the tiers, and the upstreams' own; as OpenAI or Anthropic has it."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version

from gearshift.catalog.served_models import ServedModel, of_name
from gearshift.errors import RequestError
from gearshift.gateway.context import GatewayContext
from gearshift.gateway.endpoints.anthropic_models import entry_of, page_of, speaks_anthropic
from gearshift.gateway.json_response import json_response
from gearshift.http.values import HttpRequest, HttpResponse
from gearshift.types import JsonObject

_CREATED = 1767225600  # clients want a number; upstreams rarely say


async def listing(context: GatewayContext, received: HttpRequest) -> HttpResponse:
    """Everything that may stand in `model`."""
    models = context.llm.served_models(received.allowed_tiers)
    if speaks_anthropic(received):
        return _in_anthropics_words(context, lambda: page_of(models, received.query))
    data = [_entry(served) for served in models]
    return json_response({"object": "list", "data": data})


async def one(context: GatewayContext, received: HttpRequest) -> HttpResponse:
    """One of them; a name may hold slashes and colons."""
    if speaks_anthropic(received):
        return _in_anthropics_words(context, lambda: entry_of(_named(context, received)))
    return json_response(_entry(_named(context, received)))


def _named(context: GatewayContext, received: HttpRequest) -> ServedModel:
    name = received.path.partition("/models/")[2].rstrip("/")
    served = of_name(name, context.llm.served_models(received.allowed_tiers))
    if served is not None:
        return served
    raise RequestError(
        f"model '{name[:200]}' not found", status=404, field="model", code="model_not_found"
    )


def _in_anthropics_words(context: GatewayContext, answer: Callable[[], JsonObject]) -> HttpResponse:
    """An answer, or what is wrong with the question, on a path that is OpenAI's as well."""
    dialect = context.dialects["anthropic"]
    try:
        return json_response(answer())
    except RequestError as error:
        status, headers, body = dialect.write_error(error)
        return HttpResponse(status, {"content-type": dialect.content_type, **headers}, body)


def _entry(served: ServedModel) -> JsonObject:
    return {
        "id": served.name,
        "object": "model",
        "created": _CREATED,
        # Ours say which gearshift this is.
        "owned_by": served.upstream or f"gearshift {version('gearshift')}",
    }
