"""The pipeline: the steps around a call, outermost first."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gearshift.config.loading import Settings
from gearshift.pipeline.admission import Admission
from gearshift.pipeline.attempts import Attempts
from gearshift.pipeline.call import Handler
from gearshift.pipeline.carry_over import StatefulStep
from gearshift.pipeline.circuit_breakers import CircuitBreakers
from gearshift.pipeline.fallback import Fallback
from gearshift.pipeline.health import HealthMonitor
from gearshift.pipeline.hedging import Hedging
from gearshift.pipeline.recording import Recording
from gearshift.pipeline.retries import RetryBudget, RetryPolicy
from gearshift.providers.base import Provider
from gearshift.telemetry.events import Sink


@dataclass(frozen=True, slots=True)
class Pipeline:
    """The steps, put together.

    Attributes:
        handler: Answers a call.
        stateful: Those of them that go on with what they know under other settings.
    """

    handler: Handler
    stateful: tuple[StatefulStep, ...]


def build(
    settings: Settings,
    providers: Mapping[str, Provider],
    circuits: CircuitBreakers,
    admission: Admission,
    health: HealthMonitor,
    sinks: Sequence[Sink],
) -> Pipeline:
    """Recording around fallback (with retries) around hedging around attempts at providers."""
    retries, hedging = settings.retries, settings.hedging
    attempts = Attempts(providers, admission, circuits, health.learn_incapable)
    budget = RetryBudget(retries.budget)
    hedged = Hedging(attempts, circuits, hedging.percentile, budget) if hedging.enabled else None
    fallback = Fallback(
        attempts,
        {name: provider.dialect for name, provider in providers.items()},
        policy=RetryPolicy(retries.attempts, retries.backoff_seconds, random.random),
        budget=budget,
        hedging=hedged,
    )
    with_prompts = settings.tiered_routing.logging.log_prompts
    ends = circuits.failed, circuits.succeeded
    return Pipeline(
        Recording(fallback, sinks, *ends, with_prompts=with_prompts),
        (admission, circuits, health, budget, *([] if hedged is None else [hedged])),
    )
