"""Ollama's endpoints beside chat and generate: tags, ps, show, version, load and unload."""

from __future__ import annotations

import hashlib
import time
from datetime import UTC, datetime
from importlib.metadata import version as package_version
from typing import TYPE_CHECKING, Any

import orjson

from gearshift.errors import RequestError
from gearshift.http.values import HttpRequest, HttpResponse
from gearshift.interface import ServedModel
from gearshift.providers.base import NativeProvider
from gearshift.types import Capability, ChatRequest, JsonObject, ModelInfo, Operation
from gearshift.wire.body import decode_object, refuse, text_field
from gearshift.wire.splice import splice_model

if TYPE_CHECKING:
    from gearshift.gateway.app import Gateway

# As long as Ollama keeps a model when nothing else is said.
_KEPT_SECONDS = 300
_EPOCH = "2026-01-01T00:00:00Z"


async def root(gateway: Gateway, received: HttpRequest) -> HttpResponse:
    """What Ollama's own clients look for before anything else."""
    return HttpResponse(200, {"content-type": "text/plain; charset=utf-8"}, b"Ollama is running")


async def version(gateway: Gateway, received: HttpRequest) -> HttpResponse:
    """The version of the Ollama behind us, else our own."""
    states = gateway.llm.upstream_states().values()
    known = [state.version for state in states if state.version]
    return _json({"version": known[0] if known else package_version("gearshift")})


async def tags(gateway: Gateway, received: HttpRequest) -> HttpResponse:
    """The models that may be named: `auto`, the tiers, and the upstreams' own."""
    served_models = gateway.llm.served_models(received.allowed_tiers)
    return _json({"models": [_tag(served) for served in served_models]})


async def running(gateway: Gateway, received: HttpRequest) -> HttpResponse:
    """The models in memory."""
    until = datetime.fromtimestamp(time.time() + _KEPT_SECONDS, UTC).isoformat()
    return _json(
        {
            "models": [
                {
                    **_tag(served),
                    "expires_at": until,
                    "size_vram": 0,
                    "context_length": served.info.context_length or 0,
                }
                for served in gateway.llm.served_models(received.allowed_tiers)
                if served.info is not None and served.info.is_resident
            ]
        }
    )


async def show(gateway: Gateway, received: HttpRequest) -> HttpResponse:
    """What a model can do; an Ollama behind us answers for its own."""
    body = decode_object(received.body)
    name = text_field(body, "model") or text_field(body, "name")
    if not name:
        raise refuse("model", "is missing; it must be a name from the list of models")
    found = gateway.llm.provider_of(name, received.allowed_tiers)
    if found is not None and isinstance(found[0], NativeProvider):
        sent = splice_model(received.body, found[1])
        with gateway.llm.in_flight.one():
            return _passed(await found[0].native("POST", "/api/show", sent))
    short = name.removesuffix(":latest")
    for served in gateway.llm.served_models(received.allowed_tiers):
        if served.name in (name, short):
            return _json(_shown(served))
    raise RequestError(
        f"model '{name[:200]}' not found", status=404, field="model", code="model_not_found"
    )


async def load(gateway: Gateway, request: ChatRequest) -> HttpResponse:
    """A request without a prompt loads a model, or with `keep_alive: 0` unloads it."""
    decision = gateway.llm.decide(request)
    found = gateway.llm.provider_of(decision.model, request.allowed_tiers)
    path = "/api/chat" if request.operation is Operation.CHAT else "/api/generate"
    if found is not None and isinstance(found[0], NativeProvider):
        sent = splice_model(request.raw, found[1])
        with gateway.llm.in_flight.one():
            return _passed(await found[0].native("POST", path, sent))
    reason = "unload" if request.body.get("keep_alive") in (0, "0") else "load"
    # Engines of other kinds keep their one model loaded: nothing to be done.
    said: JsonObject = {"model": decision.model, "created_at": datetime.now(UTC).isoformat()}
    if request.operation is Operation.CHAT:
        said["message"] = {"role": "assistant", "content": ""}
    else:
        said["response"] = ""
    return _json({**said, "done_reason": reason, "done": True})


def _tag(served: ServedModel) -> JsonObject:
    info = served.info or ModelInfo(served.name)
    own = info.details
    if "digest" in own and "modified_at" in own:  # an Ollama's entry, as it is
        return dict(own)
    return {
        "name": served.name,
        "model": served.name,
        "modified_at": _EPOCH,
        "size": info.size_bytes or 0,
        "digest": hashlib.sha256(served.name.encode()).hexdigest(),
        "details": _details(info),
    }


def _details(info: ModelInfo) -> JsonObject:
    size = f"{info.parameters / 1e9:.1f}B" if info.parameters else ""
    return {
        "parent_model": "",
        "format": "gguf",
        "family": "gearshift",
        "families": ["gearshift"],
        "parameter_size": size,
        "quantization_level": "",
    }


def _shown(served: ServedModel) -> JsonObject:
    info = served.info or ModelInfo(served.name)
    able = frozenset(Capability) if info.capabilities is None else info.capabilities
    facts: dict[str, Any] = {"general.architecture": "gearshift"}
    if info.parameters:
        facts["general.parameter_count"] = info.parameters
    if info.context_length:
        facts["gearshift.context_length"] = info.context_length
    return {
        "modelfile": f"# {served.name}: routed by gearshift",
        "parameters": "",
        "template": "{{ .Prompt }}",
        "details": _details(info),
        "model_info": facts,
        "capabilities": ["completion", *sorted(capability.value for capability in able)],
        "modified_at": _EPOCH,
    }


def _passed(answer: tuple[int, str, bytes]) -> HttpResponse:
    status, content_type, body = answer
    return HttpResponse(status, {"content-type": content_type}, body)


def _json(value: JsonObject) -> HttpResponse:
    return HttpResponse(200, {"content-type": "application/json"}, orjson.dumps(value))
