"""LLMInterface: the one way in, for the gateway, for Python programs and for host applications."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from types import TracebackType
from typing import Any, Literal, Self, overload

from gearshift.cache.base import CacheConfig
from gearshift.cache.contents import Selection, cleared, counted
from gearshift.cache.loading import open_backend
from gearshift.cache.store import AnswerStore
from gearshift.catalog.discovery import UNDISCOVERED, discover
from gearshift.catalog.served_models import ServedModel, served_models
from gearshift.client.answer import Answer, AnswerStream
from gearshift.client.embeddings import Embeddings, embedding_request, embeddings_of
from gearshift.client.requests import chat_request
from gearshift.config.loading import Settings
from gearshift.constants.model_constants import AUTO_MODEL
from gearshift.http.client.loop_end import LoopEnd
from gearshift.pipeline.health import DeploymentHealth
from gearshift.pipeline.in_flight import InFlight
from gearshift.pipeline.topology import info_of
from gearshift.pipeline.upstreams import Upstreams
from gearshift.planning.answering import Answering
from gearshift.planning.planner import Planner
from gearshift.planning.router_loading import router_for
from gearshift.providers.base import Provider, UpstreamConfig
from gearshift.shared_state.sessions import Sessions
from gearshift.shared_state.state import SharedState
from gearshift.telemetry.events import Sink
from gearshift.tiered_routing.allowed_tiers import allowed_targets
from gearshift.tiered_routing.tier_config import TierConfig
from gearshift.tiered_routing.tier_router import TieredModelRouter
from gearshift.types import (
    ChatRequest,
    ChatResponse,
    Decision,
    Deployment,
    EmbeddingRequest,
    JsonObject,
    Message,
    ModelInfo,
    UpstreamState,
)


class LLMInterface:
    """Routes requests, sends them, falls back, and reports each finished request to the sinks.

    As an async context manager it also probes the upstreams and starts embedded engines; routing
    needs neither. Routing may be called from any thread; calls that send something belong to the
    event loop they are made in.

    Args:
        config: Routing settings alone, or all settings; the defaults if `None`.
        sinks: Called with every finished request.
        upstreams: Used instead of the configured ones (the gateway's embedded engines).
        router: A router made beforehand for these settings, as loading a scorer may take long.
        previous: An interface whose unchanged upstreams are reused, with their connections,
            engines and health; it owns them until its `hand_over`.

    Attributes:
        settings: All settings, whichever were given.
        router: Scores, and chooses a tier.
        planner: Makes decisions.
        providers: The code that speaks to each upstream, by the upstream's name.
        circuits: The circuit breakers of all deployments.
        admission: Queues in front of the upstreams.
        health: What is known of the upstreams.
        in_flight: The requests that are being answered.
        shared_state: What other processes know, too; `None` where nothing is shared.
        notices: What `start` has to say to people: which engine was found, what is missing.

    Raises:
        ConfigError: A scorer or a cache back end of the user's own cannot be loaded.
        MissingExtraError: The cache needs an optional package that is not installed.
        PluginError: Another package's provider cannot be made.

    Example:
        >>> llm = LLMInterface()
        >>> llm._determine_provider_and_model(messages="What time is it?")
        ('ollama', 'gemma2:2b')
    """

    def __init__(
        self,
        config: TierConfig | Settings | None = None,
        *,
        sinks: Sequence[Sink] = (),
        upstreams: Sequence[UpstreamConfig] | None = None,
        router: TieredModelRouter | None = None,
        previous: LLMInterface | None = None,
    ) -> None:
        if isinstance(config, TierConfig):
            config = Settings(tiered_routing=config)
        self.settings = config or Settings()
        before = None if previous is None else previous.router
        self.router: TieredModelRouter = router or router_for(self.settings.tiered_routing, before)
        self.notices: tuple[str, ...] = ()
        self.in_flight = InFlight()
        self._loop_end = LoopEnd(self._close)
        self._sinks = (self.in_flight.ended, *sinks)
        given = self.settings.upstream_configs() if upstreams is None else tuple(upstreams)
        self._must_discover = not given
        self._store, self._owns_store = self._opened_store(previous)
        self.shared_state, self._owns_state = self._opened_state(previous)
        self._sessions = self._opened_sessions(previous)
        self.planner = Planner(self.router, self.settings.config_hash, self.settings.quality)
        self._connect(given or (UNDISCOVERED,), previous)

    def _connect(
        self, configs: Sequence[UpstreamConfig], previous: LLMInterface | None = None
    ) -> None:
        before = None if previous is None else previous._upstreams
        self._upstreams: Upstreams = Upstreams(
            self.settings, configs, self._sinks, self._store, before, self.shared_state
        )
        upstreams = self._upstreams
        self.providers, self.circuits = upstreams.providers, upstreams.circuits
        self.admission, self.health = upstreams.admission, upstreams.health
        self._answering = Answering(
            self.planner, upstreams, self.in_flight, self._sessions, self.router.tiers
        )

    def _opened_store(self, previous: LLMInterface | None) -> tuple[AnswerStore | None, bool]:
        """Where answers are kept, and whether it is opened here: the previous one's goes on."""
        cache = self.settings.cache
        if not cache.enabled:
            return None, False
        if previous is not None and cache.keeps_as(previous.settings.cache):
            return previous._store, False
        configs = ((name, CacheConfig(cache.max_bytes, at)) for name, at in cache.places())
        return AnswerStore(*(partial(open_backend, name, config) for name, config in configs)), True

    def _opened_state(self, previous: LLMInterface | None) -> tuple[SharedState | None, bool]:
        """What other processes know, too, and whether it is opened here."""
        url = self.settings.shared_state.redis_url
        if url is None:
            return None, False
        if previous is not None and previous.settings.shared_state.redis_url == url:
            return previous.shared_state, False
        return SharedState(url), True

    def _opened_sessions(self, previous: LLMInterface | None) -> Sessions | None:
        if self.shared_state is None:
            return None
        if previous is not None and previous.shared_state is self.shared_state:
            return previous._sessions
        return Sessions(self.shared_state)

    def hand_over(self, successor: LLMInterface) -> None:
        """Leave the reused upstreams to the interface that reuses them: it closes them from now on.

        Args:
            successor: The interface that was made with this one as `previous`.

        Example:
            >>> old = LLMInterface()
            >>> new = LLMInterface(old.settings, previous=old)
            >>> old.hand_over(new)
            >>> new.providers == old.providers
            True
        """
        self._upstreams.hand_over(successor._upstreams)
        if self._store is successor._store:
            self._owns_store, successor._owns_store = False, True
        state = self.shared_state
        if state is not None and state is successor.shared_state:
            self._owns_state, successor._owns_state = False, True
            state.detach(*self._upstreams.shared_parts)
            state.attach(*successor._upstreams.shared_parts)

    async def start(self) -> Self:
        """Discover the upstreams if none is configured, start them, and probe each once.

        Raises:
            UpstreamError: An embedded engine cannot be started.

        Example:
            >>> import asyncio
            >>> async def main() -> list[str]:
            ...     llm = await LLMInterface().start()
            ...     await llm.aclose()
            ...     return list(llm.providers)
            >>> asyncio.run(main())
            ['ollama']
        """
        if self._must_discover:
            discovery = await discover(self.settings)
            self._must_discover = False
            self.notices = discovery.notices
            self._connect(discovery.upstreams)
        try:
            if self.shared_state is not None and self._owns_state:
                self.shared_state.attach(*self._upstreams.shared_parts)
                await self.shared_state.start()
            await self._upstreams.start()
        except BaseException:
            await self.aclose()
            raise
        if self._store is not None:
            self._store.start(self.settings.cache.timeout_seconds)
        # `asyncio.run(llm.start())` must leave neither tasks nor engines behind.
        self._loop_end = LoopEnd(self._close)
        await self._loop_end.arm()
        return self

    async def cache_contents(self, which: Selection, *, clear: bool = False) -> list[JsonObject]:
        """What this process keeps in its memory for repeated requests, counted.

        Args:
            which: Tier, model or kind; everything by default.
            clear: Forget it.

        Example:
            >>> import asyncio
            >>> from gearshift.cache.contents import Selection
            >>> asyncio.run(LLMInterface().cache_contents(Selection()))
            []
        """
        act = cleared if clear else counted
        levels = () if self._store is None else self._store.levels
        return [await act(one.name, one.backend, which) for one in levels if one.is_local]

    async def aclose(self) -> None:
        """Stop probing, close connections, end child processes; it may be started again.

        Example:
            >>> import asyncio
            >>> asyncio.run(LLMInterface().aclose())
        """
        await self._close()
        await self._loop_end.disarm()

    async def _close(self) -> None:
        await self._upstreams.aclose()
        if self._store is not None and self._owns_store:
            await self._store.close()
        if self.shared_state is not None and self._owns_state:
            await self.shared_state.aclose()
            self.shared_state.detach(*self._upstreams.shared_parts)

    async def __aenter__(self) -> Self:
        return await self.start()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()

    # --- the choice

    def _determine_provider_and_model(
        self,
        *,
        messages: str | Sequence[Message],
        model: str = AUTO_MODEL,
        tier: str | None = None,
    ) -> tuple[str, str]:
        """The provider and model for a text or a conversation: the one place of choice.

        It does no I/O. An explicit `model` or `tier` wins over the score.

        Args:
            messages: A text, or turns in OpenAI's shape.
            model: `auto`, a tier, or a model that some upstream has.
            tier: Forces a tier.

        Returns:
            The upstream's kind and the model's name, such as `("ollama", "gemma2:2b")`.

        Raises:
            RequestError: Unknown model or tier.

        Example:
            >>> LLMInterface()._determine_provider_and_model(messages="hi", tier="complex")
            ('ollama', 'mistral:7b-instruct')
        """
        decision = self.decide(chat_request(messages, model=model, tier=tier))
        return decision.provider, decision.model

    def decide(self, request: ChatRequest) -> Decision:
        """Where a request would go, and why; nothing is sent.

        Args:
            request: A parsed request, such as `chat_request` of `gearshift.client.requests` makes;
                one for embeddings, too.

        Raises:
            RequestError: 404 for a model that no upstream has, 400 for an unknown tier, 403 for
                what the client may not use.

        Example:
            >>> from gearshift.client.requests import chat_request
            >>> LLMInterface().decide(chat_request("Explain async vs threads")).tier
            'complex'
        """
        planner, topology = self.planner, self.health.topology
        if isinstance(request, EmbeddingRequest):
            return planner.plan_embedding(request, topology).decision
        return planner.plan(request, topology).decision

    # --- the call

    async def complete(self, request: ChatRequest) -> ChatResponse:
        """Answer a request; returns when the first content has arrived, so no fallback can follow.

        The caller must read the frames to their end, or close them.

        Args:
            request: A parsed request, such as `chat_request` of `gearshift.client.requests` makes.

        Raises:
            RequestError: It cannot be routed.
            UpstreamError: It cannot be answered; `ExhaustedError` if every deployment failed.

        Example:
            >>> import asyncio
            >>> from gearshift.client.requests import chat_request
            >>> async def main() -> str:
            ...     async with LLMInterface() as llm:
            ...         response = await llm.complete(chat_request("What time is it?"))
            ...         frame = await response.frames.read()
            ...         await response.frames.aclose()
            ...         return frame.chunk.content
            >>> asyncio.run(main())
            'It is noon.'
        """
        return await self._answering.answer(request)

    async def recall(self, request: ChatRequest) -> None:
        """Note in a request where its conversation was answered last, where processes share that.

        Args:
            request: One for `decide`; `complete` does it itself.

        Example:
            >>> import asyncio
            >>> from gearshift.client.requests import chat_request
            >>> request = chat_request("What time is it?")
            >>> asyncio.run(LLMInterface().recall(request))
            >>> request.kept is None
            True
        """
        await self._answering.recall(request)

    @overload
    async def chat_completion(
        self,
        messages: str | Sequence[Message],
        *,
        model: str = ...,
        tier: str | None = ...,
        stream: Literal[False] = ...,
        **options: Any,
    ) -> Answer: ...

    @overload
    async def chat_completion(
        self,
        messages: str | Sequence[Message],
        *,
        model: str = ...,
        tier: str | None = ...,
        stream: Literal[True],
        **options: Any,
    ) -> AnswerStream: ...

    async def chat_completion(
        self,
        messages: str | Sequence[Message],
        *,
        model: str = AUTO_MODEL,
        tier: str | None = None,
        stream: bool = False,
        **options: Any,
    ) -> Answer | AnswerStream:
        """Route a conversation and answer it.

        Args:
            messages: A text, or turns in OpenAI's shape.
            model: `auto`, a tier, or a model that some upstream has.
            tier: Forces a tier.
            stream: Return an async iterator of chunks instead of the complete answer.
            options: Fields of OpenAI's chat completion (`temperature`, `max_tokens` …).

        Returns:
            An `Answer`, or an `AnswerStream` if `stream` is true.

        Raises:
            RequestError: The request is malformed or names an unknown model or tier.
            UpstreamError: It cannot be answered; `ExhaustedError` if every deployment failed.

        Example:
            >>> import asyncio
            >>> async def main() -> None:
            ...     async with LLMInterface() as llm:
            ...         answer = await llm.chat_completion("What time is it?", temperature=0)
            ...         print(answer.model, answer)
            >>> asyncio.run(main())
            gemma2:2b It is noon.
        """
        request = chat_request(messages, model=model, tier=tier, stream=stream, options=options)
        answer = AnswerStream(await self.complete(request))
        return answer if stream else await answer.collect()

    async def embeddings(self, request: EmbeddingRequest) -> ChatResponse:
        """Have all inputs of a request turned into vectors, by the deployments of its model.

        Args:
            request: A parsed request, such as `embedding_request` of
                `gearshift.client.embeddings` makes.

        Returns:
            A response whose `frames` are an `EmbeddingResponse`.

        Raises:
            RequestError: It cannot be sent to any model.
            UpstreamError: It cannot be answered; `ExhaustedError` if every deployment failed.

        Example:
            >>> import asyncio
            >>> from gearshift.client.embeddings import embedding_request
            >>> async def main() -> int:
            ...     async with LLMInterface() as llm:
            ...         request = embedding_request(["one", "two"], model="gemma2:2b")
            ...         return len((await llm.embeddings(request)).frames.vectors)
            >>> asyncio.run(main())
            2
        """
        return await self._answering.embed(request)

    async def embed(
        self, inputs: str | Sequence[str], *, model: str = AUTO_MODEL, **options: Any
    ) -> Embeddings:
        """Turn texts into vectors.

        Args:
            inputs: One text or more; none of them empty.
            model: A model that some upstream has, or `auto` for the setting `embeddings.model`.
            options: Fields of OpenAI's embeddings, such as `dimensions`.

        Raises:
            RequestError: The request is malformed, or names an unknown model.
            UpstreamError: It cannot be answered; `ExhaustedError` if every deployment failed.

        Example:
            >>> import asyncio
            >>> async def main() -> None:
            ...     async with LLMInterface() as llm:
            ...         found = await llm.embed(["one", "two"], model="gemma2:2b")
            ...         print(found.model, found.vectors)
            >>> asyncio.run(main())
            gemma2:2b [[0.6, 0.8], [0.8, 0.6]]
        """
        request = embedding_request(inputs, model=model, options=options)
        return embeddings_of(await self.embeddings(request))

    # --- what there is

    def served_models(self, allowed_tiers: frozenset[str] | None = None) -> list[ServedModel]:
        """Every name that a client may put into `model`: `auto`, the tiers, the upstreams' models.

        Args:
            allowed_tiers: The tiers that the client may use; `None` for all.

        Example:
            >>> [model.name for model in LLMInterface().served_models()]
            ['auto', 'simple', 'complex', 'gemma2:2b', 'mistral:7b-instruct']
        """
        return served_models(self.health.topology, self.health.states, allowed_tiers)

    def model_info(self, deployment: Deployment) -> ModelInfo | None:
        """What the upstream reports of a model; `None` if nothing, or before the first probe.

        Args:
            deployment: The upstream and the model, under any name that the upstream accepts.

        Example:
            >>> LLMInterface().model_info(Deployment("ollama", "gemma2:2b")) is None
            True
        """
        return info_of(deployment, self.health.states)

    def tier_health(self) -> dict[str, list[DeploymentHealth]]:
        """The health of every tier's deployments, by tier, in the order they are tried in.

        Example:
            >>> health = LLMInterface().tier_health()
            >>> health["simple"][0].readiness.value
            'unknown'
        """
        return self.health.tier_health()

    def embeddings_health(self) -> list[DeploymentHealth]:
        """The health of the deployments of `embeddings.model`; empty where none is set.

        Example:
            >>> LLMInterface().embeddings_health()
            []
        """
        return self.health.embeddings_health()

    def upstream_states(self) -> Mapping[str, UpstreamState]:
        """What the latest probe of each upstream found, by the upstream's name.

        Example:
            >>> import asyncio
            >>> async def main() -> bool:
            ...     async with LLMInterface() as llm:
            ...         return llm.upstream_states()["ollama"].is_reachable
            >>> asyncio.run(main())
            True
        """
        return self.health.states

    def running_upstreams(self) -> tuple[UpstreamConfig, ...]:
        """The upstreams with the addresses of engines started here, for other processes.

        Example:
            >>> [upstream.name for upstream in LLMInterface().running_upstreams()]
            ['ollama']
        """
        return self._upstreams.running()

    def provider_of(
        self, model: str, allowed_tiers: frozenset[str] | None = None
    ) -> tuple[Provider, str] | None:
        """The provider that serves a model, and the model's name there; `None` if none does.

        Args:
            model: A model's name, not a tier.
            allowed_tiers: The tiers that the client may use; `None` for all.

        Example:
            >>> LLMInterface().provider_of("gemma2:2b")[1]
            'gemma2:2b'
            >>> LLMInterface().provider_of("nobody-has-this") is None
            True
        """
        topology = self.health.topology
        targets = allowed_targets(topology.of_model(model), topology.tiers, allowed_tiers)
        if not targets:
            return None
        deployment = targets[0].deployment
        return self.providers[deployment.upstream], deployment.model
