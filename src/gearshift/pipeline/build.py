"""The pipeline: the steps around a call, outermost first."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gearshift.cache.store import AnswerStore
from gearshift.cache.vector_store import VectorStore
from gearshift.config.loading import Settings
from gearshift.dialects.loading import client_dialects, upstream_dialects
from gearshift.pipeline.admission import Admission
from gearshift.pipeline.attempts import Attempts, Claim
from gearshift.pipeline.cache import AnswerCache
from gearshift.pipeline.call import Handler
from gearshift.pipeline.carry_over import StatefulStep
from gearshift.pipeline.circuit_breakers import CircuitBreakers
from gearshift.pipeline.embedders import embedders_of
from gearshift.pipeline.embedding_cache import EmbeddingCache
from gearshift.pipeline.fallback import Fallback
from gearshift.pipeline.health import HealthMonitor
from gearshift.pipeline.hedging import Hedging
from gearshift.pipeline.origins import Digests, Origins, servers_of
from gearshift.pipeline.recording import Recording
from gearshift.pipeline.refreshing import Refreshing
from gearshift.pipeline.retries import RetryBudget, RetryPolicy
from gearshift.providers.base import Provider
from gearshift.telemetry.events import Sink


@dataclass(frozen=True, slots=True)
class Pipeline:
    """The steps, put together.

    Attributes:
        handler: Answers a call.
        embedder: Answers one for embeddings.
        refreshing: What goes on in the background, to be closed, where there can be such.
        stateful: Those of them that go on with what they know under other settings.
    """

    handler: Handler
    embedder: Handler
    stateful: tuple[StatefulStep, ...]
    refreshing: Refreshing | None = None


def build(
    settings: Settings,
    providers: Mapping[str, Provider],
    circuits: CircuitBreakers,
    admission: Admission,
    health: HealthMonitor,
    sinks: Sequence[Sink],
    store: AnswerStore | None = None,
    claim: Claim | None = None,
) -> Pipeline:
    """Recording around the cache around fallback (with retries) around hedging around attempts.

    The cache is a step only where there is a `store`. Embeddings have places, circuit breakers and
    repetitions in common with chats, but are not hedged, and cached by each text.
    """
    retries, hedging = settings.retries, settings.hedging
    attempts = Attempts(providers, admission, circuits, health.learn_incapable, claim)
    budget = RetryBudget(retries.budget)
    hedged = Hedging(attempts, circuits, hedging.percentile, budget) if hedging.enabled else None
    dialects = {name: provider.dialect for name, provider in providers.items()}
    policy = RetryPolicy(retries.attempts, retries.backoff_seconds, random.random)
    fallback = Fallback(attempts, dialects, policy=policy, budget=budget, hedging=hedged)
    embedders, learn = embedders_of(providers), health.learn_incapable
    embeds = Attempts(embedders, admission, circuits, learn, claim)
    embedding: Handler = Fallback(embeds, dialects, policy=policy, budget=budget, hedging=None)
    with_prompts = settings.tiered_routing.logging.log_prompts
    ends = circuits.failed, circuits.succeeded
    handler: Handler = fallback
    refreshing: Refreshing | None = None
    digests: tuple[Digests, ...] = ()
    if store is not None:
        digests = (Digests(health.states),)
        spoken = client_dialects()
        origins = Origins(servers_of(health.upstreams, providers), digests[0])
        embedding = EmbeddingCache(
            embedding,
            VectorStore(store.levels),
            settings.cache,
            origins,
            spoken,
        )
        handler = cache = AnswerCache(
            fallback,
            store,
            settings.cache,
            origins,
            spoken,
            upstream_dialects({provider.dialect for provider in providers.values()}),
            [tier.name for tier in settings.tiered_routing.ordered_tiers],
        )
        if settings.cache.stale_seconds:
            recorded = Recording(cache.anew, sinks, *ends, with_prompts=with_prompts)
            refreshing = cache.refreshing = Refreshing(recorded, admission.has_place)
    return Pipeline(
        Recording(handler, sinks, *ends, with_prompts=with_prompts),
        Recording(embedding, sinks, *ends, with_prompts=False),
        (admission, circuits, health, budget, *digests, *([] if hedged is None else [hedged])),
        refreshing,
    )
