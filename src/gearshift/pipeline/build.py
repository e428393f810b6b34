"""The pipeline: the steps around a call, outermost first."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

from gearshift.pipeline.admission import Admission, admitted
from gearshift.pipeline.call import Handler
from gearshift.pipeline.circuits import Circuits
from gearshift.pipeline.fallback import Fallback
from gearshift.pipeline.health import HealthMonitor
from gearshift.pipeline.hedging import Hedging
from gearshift.pipeline.recording import Recording
from gearshift.pipeline.retries import RetryBudget, RetryPolicy
from gearshift.providers.base import Provider
from gearshift.settings import Settings
from gearshift.telemetry.events import Sink


def build(
    settings: Settings,
    providers: Mapping[str, Provider],
    circuits: Circuits,
    admission: Admission,
    health: HealthMonitor,
    sinks: Sequence[Sink],
) -> Handler:
    """Recording around fallback (with retries) around hedging around admission to providers."""
    retries, hedging = settings.retries, settings.hedging
    ask = admitted(providers, admission)
    budget = RetryBudget(retries.budget)
    fallback = Fallback(
        ask,
        {name: provider.dialect for name, provider in providers.items()},
        circuits,
        policy=RetryPolicy(retries.attempts, retries.backoff_seconds, random.random),
        budget=budget,
        hedging=Hedging(ask, hedging.percentile, budget) if hedging.enabled else None,
        learn_incapable=health.learn_incapable,
    )
    with_prompts = settings.tiered_routing.logging.log_prompts
    return Recording(fallback, sinks, circuits.failed, with_prompts=with_prompts)
