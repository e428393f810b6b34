"""EmbeddedProvider: llama.cpp in child processes, one for each model."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace

from gearshift.constants.model_sizes import parameters_of
from gearshift.errors import FailureKind, UpstreamError
from gearshift.providers.base import Deadlines, Provider, UpstreamConfig
from gearshift.providers.embedded_settings import EmbeddedOptions, EmbeddedSettings
from gearshift.providers.llama_engine import LlamaEngine
from gearshift.providers.openai_compatible import OpenAICompatibleProvider
from gearshift.types import (
    ChatRequest,
    EmbeddingRequest,
    EmbeddingResponse,
    FrameStream,
    ModelInfo,
    UpstreamState,
)


class EmbeddedProvider:
    """Starts an engine for each GGUF file, and speaks to it as to any OpenAI-compatible server."""

    name = "embedded"
    dialect = "openai"
    settings = EmbeddedSettings
    honours_seed = True

    def __init__(self, config: UpstreamConfig, deadlines: Deadlines) -> None:
        self.upstream = config.name
        self._config = config
        options = config.options
        self._options = options if isinstance(options, EmbeddedOptions) else EmbeddedOptions()
        self._deadlines = deadlines
        self._engines: dict[str, LlamaEngine] = {}
        self._servers: dict[str, OpenAICompatibleProvider] = {}
        self._running: Mapping[str, LlamaEngine] = {}

    def reuse_from(self, previous: Provider) -> None:
        """Share the engines that both need, which start and stop with their last user."""
        if isinstance(previous, EmbeddedProvider):
            self._running = dict(previous._engines)

    @property
    def shared_config(self) -> UpstreamConfig:
        """Its configuration with where each engine listens, once started."""
        return replace(self._config, options=replace(self._options, model_urls=self._urls()))

    def _urls(self) -> dict[str, str]:
        return {**self._options.model_urls, **{m: e.url for m, e in self._engines.items()}}

    async def start(self) -> None:
        """Start the engines that do not run yet, side by side.

        Raises:
            GearshiftError: A file or engine cannot be used; the others are stopped again.
        """
        for model, path in self._options.model_paths.items():
            if model not in self._options.model_urls:
                engine = LlamaEngine(
                    path,
                    model,
                    context_tokens=self._options.context_tokens,
                    parallel=self._options.parallel,
                    threads=self._options.threads,
                )
                running = self._running.get(model)
                is_same = running is not None and running.identity == engine.identity
                engine = running if running is not None and is_same else engine
                engine.hold()
                self._engines[model] = engine
        self._running = {}
        results = await asyncio.gather(
            *(engine.start() for engine in self._engines.values()), return_exceptions=True
        )
        for result in results:
            if isinstance(result, BaseException):
                await self.aclose()
                raise result
        for model, url in self._urls().items():
            config = replace(self._config, base_url=f"{url}/v1", models=(), options=None)
            self._servers[model] = OpenAICompatibleProvider(config, self._deadlines)

    async def send(self, request: ChatRequest, model: str) -> FrameStream:
        """Ask the engine of `model`."""
        return await self._server(model).send(request, model)

    async def embed(self, request: EmbeddingRequest, model: str) -> EmbeddingResponse:
        """Ask the engine of `model` for vectors."""
        return await self._server(model).embed(request, model)

    def _server(self, model: str) -> OpenAICompatibleProvider:
        """The engine of a model.

        Raises:
            UpstreamError: There is none, or it restarts.
        """
        server = self._servers.get(model)
        if server is None:
            message = f"no engine for {model!r}; there are: {', '.join(self._servers)}"
            if not self._servers:
                message = (
                    "its engines are not running; use `async with llm:` or `await llm.start()`"
                )
            raise UpstreamError(message, fault=FailureKind.MISSING_MODEL, status=404)
        engine = self._engines.get(model)
        if engine is not None and not engine.is_running:
            raise UpstreamError(f"the engine of {model} is restarting", fault=FailureKind.LOADING)
        return server

    async def count_tokens(self, request: ChatRequest, model: str) -> int | None:
        """The tokens of a prompt, by the engine of `model`."""
        server = self._servers.get(model)
        return None if server is None else await server.count_tokens(request, model)

    async def probe(self) -> UpstreamState:
        """What the engines that run say of themselves; one that restarts is not listed."""
        states = await asyncio.gather(*(server.probe() for server in self._servers.values()))
        models: list[ModelInfo] = []
        for model, state in zip(self._servers, states, strict=True):
            models += [self._named(info, model) for info in state.models[:1]]
        down = [model for model in self._servers if model not in {info.name for info in models}]
        return UpstreamState(
            is_reachable=bool(models),
            is_loading=bool(down) and not models,
            models=tuple(models),
            detail=f"restarting: {', '.join(down)}" if down else "reachable",
        )

    def _named(self, info: ModelInfo, model: str) -> ModelInfo:
        named = parameters_of(model) if self._options.are_stand_ins else None
        return replace(
            info, name=model, parameters=info.parameters if named is None else int(named)
        )

    async def aclose(self) -> None:
        """Close connections and end the child processes."""
        for server in self._servers.values():
            await server.aclose()
        await asyncio.gather(*(engine.stop() for engine in self._engines.values()))
        self._servers.clear()
        self._engines.clear()
