"""OpenAICompatibleProvider: vLLM, llama.cpp, LM Studio, OpenAI, OpenRouter and their like."""

from __future__ import annotations

import time
from typing import Final

from gearshift.errors import Fault, UpstreamError
from gearshift.providers.base import Deadlines, UpstreamConfig
from gearshift.providers.http_provider import HttpProvider
from gearshift.providers.probing import asked, positive, trouble_at
from gearshift.types import ChatRequest, FrameStream, JsonObject, ModelInfo, UpstreamState
from gearshift.wire.decoding import decode_whole
from gearshift.wire.model_list import listed_models

# Servers whose `/health` is known to cost nothing, by what they call themselves. Not among them:
# LiteLLM, SGLang and TGI, which may have a model answer something for it.
_FREE_HEALTH: Final = {"llamacpp": "/health", "vllm": "/health"}
# A list of models is asked for again after as many seconds as it has kilobytes, within these.
_LIST_SECONDS: Final = (60.0, 600.0)
_LIST_BYTES_PER_SECOND: Final = 1_000.0
_SIGNS_OF_TROUBLE: Final = frozenset(
    {
        *(Fault.UNREACHABLE, Fault.TIMEOUT, Fault.FAILED, Fault.GARBAGE),
        *(Fault.LOADING, Fault.MISSING_MODEL),
    }
)


class OpenAICompatibleProvider(HttpProvider):
    """An upstream whose base URL ends in `/v1` (or whatever stands for it there)."""

    name = "openai"
    dialect = "openai"

    def __init__(self, config: UpstreamConfig, deadlines: Deadlines) -> None:
        super().__init__(config, deadlines)
        self._only_models: frozenset[str] | None = None
        self._health_path = config.health_path
        # What the list said; `None` where it is to be asked for, whatever the time.
        self._known: UpstreamState | None = None
        self._known_until = 0.0

    def check_model(self, model: str) -> None:
        """A server that would answer with another model is not asked."""
        if self._only_models is not None and model not in self._only_models:
            message = f"model {model!r} not found; it serves {', '.join(sorted(self._only_models))}"
            raise UpstreamError(message, fault=Fault.MISSING_MODEL, status=404)

    async def send(self, request: ChatRequest, model: str) -> FrameStream:
        """Ask `model`; what goes wrong has the next probe look more closely."""
        try:
            return await super().send(request, model)
        except UpstreamError as error:
            if error.fault in _SIGNS_OF_TROUBLE:
                self._known = None
            raise

    async def probe(self) -> UpstreamState:
        """Whether it is there, and now and then what it serves; no model works for it.

        Between two questions for `/models` only a health path is asked, the configured one or one
        that is known to be free, else whether a connection can be had.
        """
        known, is_fresh = self._known, time.monotonic() < self._known_until
        if known and is_fresh and not await trouble_at(self._client, self._health_path):
            return known
        self._known = None
        state = await self._listed()
        if state.is_reachable and not state.is_loading:
            self._known = state
        return state

    async def _listed(self) -> UpstreamState:
        try:
            status, body = await asked(self._client, "/models")
        except UpstreamError as error:
            return UpstreamState(is_reachable=False, detail=error.message)
        if status == 503:
            _, message = self._wire.fault_of(status, body)
            return UpstreamState(is_reachable=True, is_loading=True, detail=message)
        listed = _models(body) if status == 200 else ()
        kind = _kind(listed)
        # llama.cpp's server answers with the model it has, whatever name it is asked for.
        ignores_names = kind == "llamacpp" and not self._config.models
        self._only_models = frozenset(i.name for i in listed) if ignores_names else None
        declared = tuple(_described(name, listed) for name in self._config.models)
        if not declared and status != 200:
            _, message = self._wire.fault_of(status, body)
            return UpstreamState(is_reachable=False, detail=f"{status}: {message}")
        self._health_path = self._config.health_path or _FREE_HEALTH.get(kind)
        # A hung vLLM goes on listing its models, but its `/health` turns 5xx.
        if self._health_path and (said := await trouble_at(self._client, self._health_path)):
            return UpstreamState(is_reachable=False, detail=said)
        shortest, longest = _LIST_SECONDS
        seconds = longest if declared else len(body) / _LIST_BYTES_PER_SECOND
        self._known_until = time.monotonic() + min(max(seconds, shortest), longest)
        return UpstreamState(
            is_reachable=True, models=declared or listed, detail=f"reachable{self._client.way}"
        )


def _kind(listed: tuple[ModelInfo, ...]) -> str:
    """Whose server it is, if all its models say the same."""
    owners = {str(info.details.get("owned_by")) for info in listed}
    return owners.pop() if len(owners) == 1 else ""


def _models(body: bytes) -> tuple[ModelInfo, ...]:
    try:
        document = decode_whole(body)
    except ValueError:
        return ()
    return tuple(_info(name, entry) for name, entry in listed_models(document).items())


def _info(name: str, entry: JsonObject) -> ModelInfo:
    meta = entry.get("meta")
    meta = meta if isinstance(meta, dict) else {}
    return ModelInfo(
        name=name,
        parameters=positive(meta.get("n_params")),
        size_bytes=positive(meta.get("size")),
        # What the server was started with, where it says so, counts before what was trained.
        context_length=positive(meta.get("n_ctx"))
        or positive(entry.get("max_model_len"))
        or positive(meta.get("n_ctx_train")),
        is_resident=True,
        details=entry,
    )


def _described(name: str, listed: tuple[ModelInfo, ...]) -> ModelInfo:
    return next((info for info in listed if info.name == name), ModelInfo(name))
