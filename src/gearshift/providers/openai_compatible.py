"""OpenAICompatibleProvider: vLLM, llama.cpp, LM Studio, OpenAI, OpenRouter and their like."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson

from gearshift.errors import Fault, UpstreamError
from gearshift.providers.base import Deadlines, UpstreamConfig
from gearshift.providers.client import MAX_ANSWER_BYTES
from gearshift.providers.http_provider import HttpProvider
from gearshift.types import ModelInfo, UpstreamState

_PROBE_SECONDS = 5.0


class OpenAICompatibleProvider(HttpProvider):
    """An upstream whose base URL ends in `/v1` (or whatever stands for it there)."""

    name = "openai"
    dialect = "openai"

    def __init__(self, config: UpstreamConfig, deadlines: Deadlines) -> None:
        super().__init__(config, deadlines)
        self._only_models: frozenset[str] | None = None

    def check_model(self, model: str) -> None:
        """A server that would answer with another model is not asked."""
        if self._only_models is not None and model not in self._only_models:
            message = f"model {model!r} not found; it serves {', '.join(sorted(self._only_models))}"
            raise UpstreamError(message, fault=Fault.MISSING_MODEL, status=404)

    async def probe(self) -> UpstreamState:
        """Ask `/models`, and `/health` where the server has one."""
        try:
            status, body = await self._get("/models")
        except UpstreamError as error:
            return UpstreamState(is_reachable=False, detail=error.message)
        if status == 503:
            _, message = self._wire.fault_of(status, body)
            return UpstreamState(is_reachable=True, is_loading=True, detail=message)
        listed = _models(body) if status == 200 else ()
        # llama.cpp's server answers with the model it has, whatever name it is asked for.
        ignores_names = bool(listed) and not self._config.models and _is_llama_cpp(listed)
        self._only_models = frozenset(i.name for i in listed) if ignores_names else None
        declared = tuple(_described(name, listed) for name in self._config.models)
        if not declared and status != 200:
            _, message = self._wire.fault_of(status, body)
            return UpstreamState(is_reachable=False, detail=f"{status}: {message}")
        if await self._is_unhealthy():
            return UpstreamState(
                is_reachable=False, detail="its /health says that it cannot answer"
            )
        return UpstreamState(is_reachable=True, models=declared or listed, detail="reachable")

    async def _is_unhealthy(self) -> bool:
        """A hung vLLM goes on listing its models, but its `/health` turns 5xx."""
        try:
            status, _ = await self._get("/health", from_root=True)
        except UpstreamError:
            return False  # `/models` has just answered
        return status in (500, 502, 503)

    async def _get(self, path: str, *, from_root: bool = False) -> tuple[int, bytes]:
        try:
            async with asyncio.timeout(_PROBE_SECONDS):
                response = await self._client.request("GET", path, from_root=from_root)
                try:
                    return response.status, await response.body(MAX_ANSWER_BYTES)
                finally:
                    await response.aclose()
        except TimeoutError as error:
            message = f"no answer within {_PROBE_SECONDS:g} s"
            raise UpstreamError(message, fault=Fault.TIMEOUT) from error


def _is_llama_cpp(listed: tuple[ModelInfo, ...]) -> bool:
    return all(info.details.get("owned_by") == "llamacpp" for info in listed)


def _models(body: bytes) -> tuple[ModelInfo, ...]:
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        return ()
    entries = document.get("data") if isinstance(document, dict) else None
    if not isinstance(entries, list):
        return ()
    return tuple(
        _info(entry)
        for entry in entries
        if isinstance(entry, dict) and isinstance(entry.get("id"), str)
    )


def _info(entry: dict[str, Any]) -> ModelInfo:
    meta = entry.get("meta")
    meta = meta if isinstance(meta, dict) else {}
    return ModelInfo(
        name=entry["id"],
        parameters=_positive(meta.get("n_params")),
        size_bytes=_positive(meta.get("size")),
        # What the server was started with, where it says so, counts before what was trained.
        context_length=_positive(meta.get("n_ctx"))
        or _positive(entry.get("max_model_len"))
        or _positive(meta.get("n_ctx_train")),
        is_resident=True,
        details=entry,
    )


def _described(name: str, listed: tuple[ModelInfo, ...]) -> ModelInfo:
    return next((info for info in listed if info.name == name), ModelInfo(name))


def _positive(value: Any) -> int | None:
    return value if isinstance(value, int) and value > 0 else None
