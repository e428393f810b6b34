"""`/api/show`: what a model is and can do, in the fields that Ollama's clients read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gearshift.catalog.served_models import ServedModel, of_name
from gearshift.dialects.body import decode_object, encode, refuse, text_field
from gearshift.dialects.ollama.names import with_plain_names
from gearshift.errors import RequestError
from gearshift.gateway.context import GatewayContext
from gearshift.gateway.endpoints.ollama import EPOCH, details, passed
from gearshift.gateway.json_response import json_response
from gearshift.http.values import HttpRequest, HttpResponse
from gearshift.providers.base import NativeProvider
from gearshift.tiered_routing.candidates import Candidate
from gearshift.types import Capability, JsonObject, ModelInfo

_ARCHITECTURE = "gearshift"


async def show(context: GatewayContext, received: HttpRequest) -> HttpResponse:
    """What a model is and can do; an Ollama behind us answers for its own."""
    body = with_plain_names(decode_object(received.body))
    name = text_field(body, "model") or text_field(body, "name")
    if not name:
        raise refuse("model", "is missing; it must be a name from the list of models")
    provided = context.llm.provider_of(name, received.allowed_tiers)
    if provided is not None and isinstance(provided[0], NativeProvider):
        sent = encode({**body, "model": provided[1]})
        with context.llm.in_flight.one():
            return passed(await provided[0].native("POST", "/api/show", sent))
    served = of_name(name, context.llm.served_models(received.allowed_tiers))
    if served is not None:
        return json_response(_shown(served, _known(context, served, received.allowed_tiers)))
    raise RequestError(
        f"model '{name[:200]}' not found", status=404, field="model", code="model_not_found"
    )


def _known(
    context: GatewayContext, served: ServedModel, allowed_tiers: frozenset[str] | None
) -> ModelInfo:
    """What is known of a model; of `auto` and a tier, what their models can do together.

    A request goes to a model that can answer it, so one of them is enough.
    """
    if served.info is not None or served.kind == "model":
        return served.info or ModelInfo(served.name)
    infos = [
        candidate
        for tier, targets in context.llm.health.topology.tiers.items()
        if served.name == tier
        or (served.kind == "auto" and (allowed_tiers is None or tier in allowed_tiers))
        for candidate in targets
    ]
    able = [candidate.capabilities for candidate in infos]
    listed = [each for each in able if each is not None]
    return ModelInfo(
        served.name,
        parameters=max(_parameters(context, infos), default=None),
        context_length=max((t.context_length for t in infos if t.context_length), default=None),
        capabilities=frozenset().union(*listed) if listed and len(listed) == len(able) else None,
    )


def _parameters(context: GatewayContext, candidates: list[Candidate]) -> Iterator[int]:
    for candidate in candidates:
        info = context.llm.model_info(candidate.deployment)
        if info is not None and info.parameters:
            yield info.parameters


def _shown(served: ServedModel, info: ModelInfo) -> JsonObject:
    able = frozenset(Capability) if info.capabilities is None else info.capabilities
    # Copilot shows the base name, and looks for what follows it under the architecture.
    facts: dict[str, Any] = {
        "general.architecture": _ARCHITECTURE,
        "general.basename": served.name,
        "general.name": served.name,
    }
    if info.parameters:
        facts["general.parameter_count"] = info.parameters
    if info.context_length:
        facts[f"{_ARCHITECTURE}.context_length"] = info.context_length
    return {
        "modelfile": f"# {served.name}: routed by gearshift",
        "parameters": "",
        "template": "{{ .Prompt }}",
        "details": details(info),
        "model_info": facts,
        "capabilities": ["completion", *sorted(capability.value for capability in able)],
        "modified_at": EPOCH,
    }
