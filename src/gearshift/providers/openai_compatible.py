"""OpenAICompatibleProvider: vLLM, llama.cpp, LM Studio, OpenAI, OpenRouter and their like."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Final

import orjson

from gearshift.errors import FailureKind, UpstreamError
from gearshift.providers.base import Deadlines, UpstreamConfig
from gearshift.providers.http_provider import HttpProvider
from gearshift.providers.openai_models import described, kind_of, read_models
from gearshift.providers.openai_settings import OpenAISettings
from gearshift.providers.probing import asked, told_of, trouble_at
from gearshift.providers.settings import UpstreamSettings
from gearshift.types import (
    ChatRequest,
    EmbeddingRequest,
    EmbeddingResponse,
    FrameStream,
    ModelInfo,
    UpstreamState,
)

# Servers whose `/health` is known to cost nothing, by what they call themselves. Not among them:
# LiteLLM, SGLang and TGI, which may have a model answer something for it.
_FREE_HEALTH: Final = {"llamacpp": "/health", "vllm": "/health"}
# A list of models is asked for again after as many seconds as it has kilobytes, within these.
_LIST_SECONDS: Final = (60.0, 600.0)
_LIST_BYTES_PER_SECOND: Final = 1_000.0
# The server is busy with others: what it has said before still holds.
_ASK_LATER: Final = frozenset({408, 429})
_NOT_BUILT: Final = 501
_SIGNS_OF_TROUBLE: Final = frozenset(
    {
        *(FailureKind.UNREACHABLE, FailureKind.TIMEOUT, FailureKind.FAILED, FailureKind.GARBAGE),
        *(FailureKind.LOADING, FailureKind.MISSING_MODEL),
    }
)


class OpenAICompatibleProvider(HttpProvider):
    """An upstream whose base URL ends in `/v1` (or whatever stands for it there)."""

    name = "openai"
    dialect = "openai"
    settings: type[UpstreamSettings] = OpenAISettings
    models_path = "/models"
    """Where it lists its models, below the base URL."""

    def __init__(self, config: UpstreamConfig, deadlines: Deadlines) -> None:
        super().__init__(config, deadlines)
        self._only_models: frozenset[str] | None = None
        self._health_path = config.health_path
        # What the list said; `None` where it is to be asked for, whatever the time.
        self._known: UpstreamState | None = None
        self._known_until = 0.0
        self._listed: tuple[ModelInfo, ...] | None = None  # `None`: it has not said
        # What requests have shown, which counts more than any list.
        self._answered: set[str] = set()
        self._missing: set[str] = set()

    def check_model(self, model: str) -> None:
        """A server that would answer with another model is not asked."""
        if self._only_models is not None and model not in self._only_models:
            message = f"model {model!r} not found; it serves {', '.join(sorted(self._only_models))}"
            raise UpstreamError(message, fault=FailureKind.MISSING_MODEL, status=404)

    async def send(self, request: ChatRequest, model: str) -> FrameStream:
        """Ask `model`; what goes wrong has the next probe look more closely."""
        try:
            frames = await super().send(request, model)
        except UpstreamError as error:
            self._failed(model, error)
            raise
        self._answered.add(model)
        self._missing.discard(model)
        return frames

    async def count_tokens(self, request: ChatRequest, model: str) -> int | None:
        """The tokens of a prompt, where this is llama.cpp's server: by its template and its model.

        Images and tools that the template does not take make it refuse: then it cannot say.
        """
        if kind_of(self._listed or ()) != "llamacpp":
            return None
        chat = self._wire.upstream_body(request, model)
        prompt = (await told_of(self._client, "/apply-template", chat, is_at_root=True)).get(
            "prompt"
        )
        if not isinstance(prompt, str):
            return None
        text = orjson.dumps({"content": prompt, "add_special": True, "parse_special": True})
        told = await told_of(self._client, "/tokenize", text, is_at_root=True)
        return len(told["tokens"]) if isinstance(told.get("tokens"), list) else None

    async def embed(self, request: EmbeddingRequest, model: str) -> EmbeddingResponse:
        """Ask `model` for vectors, with the same consequences."""
        try:
            response = await super().embed(request, model)
        except UpstreamError as error:
            self._failed(model, error)
            raise
        self._answered.add(model)
        self._missing.discard(model)
        return response

    def _failed(self, model: str, error: UpstreamError) -> None:
        if error.fault in _SIGNS_OF_TROUBLE:
            self._known = None
        if error.fault in _SIGNS_OF_TROUBLE or error.fault is FailureKind.AUTHENTICATION:
            self._answered.discard(model)
        if error.fault is FailureKind.MISSING_MODEL:
            self._missing.add(model)

    async def probe(self) -> UpstreamState:
        """Whether it is there, and now and then what it serves; no model works for it.

        Between two questions for `/models` only a health path is asked, the configured one or one
        that is known to be free, else whether a connection can be had.
        """
        return self._as_shown(await self._probed())

    async def _probed(self) -> UpstreamState:
        listed, is_fresh = self._known, time.monotonic() < self._known_until
        if listed and listed.refuses_key and self._answered:
            listed = None
        if listed and is_fresh and not await trouble_at(self._client, self._health_path):
            return listed
        self._known = None
        state = await self._asked()
        if state.is_reachable and not state.is_loading:
            self._known = state
        return state

    def _as_shown(self, state: UpstreamState) -> UpstreamState:
        """The state with what requests have shown: a model that answered is there."""
        if not state.is_reachable:
            return state
        unlisted = self._answered.difference(info.name for info in state.models)
        models = (*state.models, *map(ModelInfo, sorted(unlisted)))
        return replace(state, models=models, missing=frozenset(self._missing))

    async def _asked(self) -> UpstreamState:
        try:
            status, body = await self._list()
        except UpstreamError as error:
            return UpstreamState(is_reachable=False, detail=error.message)
        self._learn(status, body)
        state = self._state(status, self._mask.hidden(body))
        if not state.is_reachable or state.is_loading:
            return state
        # A hung vLLM goes on listing its models, but its `/health` turns 5xx.
        if self._health_path and (trouble := await trouble_at(self._client, self._health_path)):
            return UpstreamState(is_reachable=False, detail=trouble)
        shortest, longest = _LIST_SECONDS
        seconds = longest if self._config.models else len(body) / _LIST_BYTES_PER_SECOND
        self._known_until = time.monotonic() + min(max(seconds, shortest), longest)
        return state

    async def _list(self) -> tuple[int, bytes]:
        """Status and body of the answer to the question for models.

        Raises:
            UpstreamError: There was none in time.
        """
        return await asked(self._client, self.models_path)

    def _learn(self, status: int, body: bytes) -> None:
        """Keep the list, if this is one, and what follows from whose it is."""
        if status in _ASK_LATER or status >= 500:
            return
        self._learn_list(read_models(body) if status == 200 else None)

    def inform(self, state: UpstreamState) -> None:
        """Know what a probe of another process has found."""
        if state.is_reachable:
            self._learn_list(state.models if state.lists_models else None)

    def _learn_list(self, listed: tuple[ModelInfo, ...] | None) -> None:
        if listed != self._listed:
            self._missing.clear()  # what was not there may have come
        self._listed = listed
        kind = kind_of(listed or ())
        # llama.cpp's server answers with the model it has, whatever name it is asked for.
        ignores_names = kind == "llamacpp" and not self._config.models
        self._only_models = frozenset(i.name for i in listed or ()) if ignores_names else None
        self._health_path = self._config.health_path or _FREE_HEALTH.get(kind)

    def _state(self, status: int, body: bytes) -> UpstreamState:
        """What the answer to the question for models says (docs/fallback.md has it as a table)."""
        fault, message = self._wire.fault_of(status, body)
        answer = f"{status}: {message}"
        if status == 503 and (fault is FailureKind.LOADING or not self._answered):
            return UpstreamState(is_reachable=True, is_loading=True, detail=message)
        declared = tuple(described(name, self._listed or ()) for name in self._config.models)
        can_answer = bool(declared or self._answered)
        if status >= 500 and status != _NOT_BUILT and not can_answer:
            return UpstreamState(is_reachable=False, detail=answer)
        detail = f"reachable{self._client.way}"
        if fault is FailureKind.AUTHENTICATION:
            detail += f", but it refuses to list its models ({answer}); is its api_key right?"
        elif self._listed is None and not declared:
            shown = answer if status != 200 else "200 without a list"
            detail += (
                f", but it does not list its models ({shown}); it is assumed to have those "
                "that you name"
            )
        return UpstreamState(
            is_reachable=True,
            models=declared or self._listed or (),
            detail=detail,
            lists_models=bool(declared) or self._listed is not None,
            refuses_key=fault is FailureKind.AUTHENTICATION and not can_answer,
        )
