"""Ollama's endpoints beside chat, generate and show: tags, version, load and unload."""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime
from importlib.metadata import version as package_version
from typing import Final

from gearshift.catalog.served_models import ServedModel
from gearshift.dialects.splice import splice_model
from gearshift.gateway.context import GatewayContext
from gearshift.gateway.json_response import json_response
from gearshift.http.values import HttpRequest, HttpResponse
from gearshift.providers.base import NativeProvider
from gearshift.types import ChatRequest, JsonObject, ModelInfo, Operation

SPOKEN: Final = "0.14.0"
"""The version of Ollama whose API is spoken here, whatever is behind: chat with tools, thinking,
schemas and log probabilities, generate, embed, the models and their changes, and under `/v1` also
responses and messages, which clients take for granted from this version on."""

EPOCH = "2026-01-01T00:00:00Z"


async def root(context: GatewayContext, received: HttpRequest) -> HttpResponse:
    """What Ollama's own clients look for before anything else."""
    return HttpResponse(200, {"content-type": "text/plain; charset=utf-8"}, b"Ollama is running")


async def version(context: GatewayContext, received: HttpRequest) -> HttpResponse:
    """The version of Ollama's API that is spoken; our own is in a header.

    Clients refuse servers that are too old for them. What a newer Ollama behind us understands
    passes through, so its version counts.
    """
    states = context.llm.upstream_states().values()
    newest = max([SPOKEN, *(state.version for state in states if state.version)], key=_numbers)
    response = json_response({"version": newest})
    own = {"x-gearshift-version": package_version("gearshift")}
    return response._replace(headers={**response.headers, **own})


async def tags(context: GatewayContext, received: HttpRequest) -> HttpResponse:
    """The models that may be named: `auto`, the tiers, and the upstreams' own."""
    served_models = context.llm.served_models(received.allowed_tiers)
    return json_response({"models": [tag(served) for served in served_models]})


async def load(context: GatewayContext, request: ChatRequest) -> HttpResponse:
    """A request without a prompt loads a model, or with `keep_alive: 0` unloads it."""
    decision = context.llm.decide(request)
    served = context.llm.provider_of(decision.model, request.allowed_tiers)
    path = "/api/chat" if request.operation is Operation.CHAT else "/api/generate"
    if served is not None and isinstance(served[0], NativeProvider):
        sent = splice_model(request.raw, served[1])
        with context.llm.in_flight.one():
            return passed(await served[0].native("POST", path, sent))
    reason = "unload" if request.body.get("keep_alive") in (0, "0") else "load"
    # Engines of other kinds keep their one model loaded: nothing to be done.
    reply: JsonObject = {"model": decision.model, "created_at": datetime.now(UTC).isoformat()}
    if request.operation is Operation.CHAT:
        reply["message"] = {"role": "assistant", "content": ""}
    else:
        reply["response"] = ""
    return json_response({**reply, "done_reason": reason, "done": True})


def tag(served: ServedModel) -> JsonObject:
    """A model as it stands in Ollama's lists."""
    info = served.info or ModelInfo(served.name)
    own = info.details
    if "digest" in own and "modified_at" in own:  # an Ollama's entry, as it is
        return dict(own)
    return {
        "name": served.name,
        "model": served.name,
        "modified_at": EPOCH,
        "size": info.size_bytes or 0,
        "digest": hashlib.sha256(served.name.encode()).hexdigest(),
        "details": details(info),
    }


def details(info: ModelInfo) -> JsonObject:
    """What Ollama's lists tell of a model beside its name."""
    size = f"{info.parameters / 1e9:.1f}B" if info.parameters else ""
    return {
        "parent_model": "",
        "format": "gguf",
        "family": "gearshift",
        "families": ["gearshift"],
        "parameter_size": size,
        "quantization_level": "",
    }


def _numbers(version: str) -> tuple[int, ...]:
    """A version as it is compared; what comes before or after its release does not count."""
    match = re.match(r"v?(\d+(?:\.\d+)*)", version)
    return tuple(map(int, match[1].split("."))) if match else ()


def passed(answer: tuple[int, str, bytes]) -> HttpResponse:
    """An upstream's own answer, as it is."""
    status, content_type, body = answer
    return HttpResponse(status, {"content-type": content_type}, body)
