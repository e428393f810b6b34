"""`/api/ps`: the models in memory, as the Ollamas behind us say it, and of other engines."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from typing import Any, Final

from gearshift.catalog.served_models import ServedModel
from gearshift.dialects.decoding import decode_whole
from gearshift.dialects.model_list import listed_models
from gearshift.errors import UpstreamError
from gearshift.gateway.context import GatewayContext
from gearshift.gateway.endpoints.ollama import tag
from gearshift.gateway.json_response import json_response
from gearshift.http.values import HttpRequest, HttpResponse
from gearshift.pipeline.topology import canonical
from gearshift.providers.base import NativeProvider
from gearshift.providers.probing import PROBE_SECONDS
from gearshift.types import JsonObject

_NAMES: Final = ("name", "model")
# Engines of other kinds keep their models until they end: what Ollama's clients show as "forever".
_FOREVER_SECONDS: Final = 100 * 365 * 86_400


async def running(context: GatewayContext, received: HttpRequest) -> HttpResponse:
    """The models in memory, those first that stay longest.

    A model that several upstreams have in memory stands there for each of them.
    """
    served = context.llm.served_models(received.allowed_tiers)
    usable = {canonical(each.name) for each in served if each.kind == "model"}
    native = {
        name: provider
        for name, provider in context.llm.providers.items()
        if isinstance(provider, NativeProvider)
    }
    with context.llm.in_flight.one():
        answers = await asyncio.gather(*map(_loaded, native.values()))
    entries = [e for answer in answers for n, e in answer.items() if canonical(n) in usable]
    entries += [
        _resident(each)
        for each in served
        if each.upstream not in native and each.info is not None and each.info.is_resident
    ]
    return json_response({"models": sorted(entries, key=_expiry, reverse=True)})


async def _loaded(provider: NativeProvider) -> dict[str, JsonObject]:
    """What one upstream says; nothing where it does not answer, which its health tells."""
    try:
        async with asyncio.timeout(PROBE_SECONDS):
            status, _, body = await provider.native("GET", "/api/ps")
        return listed_models(decode_whole(body), _NAMES) if status == 200 else {}
    except (TimeoutError, UpstreamError, ValueError):
        return {}


def _resident(served: ServedModel) -> JsonObject:
    until = datetime.fromtimestamp(time.time() + _FOREVER_SECONDS, UTC).isoformat()
    context = served.info.context_length if served.info else None
    entry = {name: value for name, value in tag(served).items() if name != "modified_at"}
    return {**entry, "expires_at": until, "size_vram": 0, "context_length": context or 0}


def _expiry(entry: JsonObject) -> float:
    said: Any = entry.get("expires_at")
    try:
        return datetime.fromisoformat(said).timestamp()
    except (TypeError, ValueError):
        return 0.0
